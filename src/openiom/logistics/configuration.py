"""The documents calendar, carrier and pickup schedule."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

import holidays
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.orm import Session

from openiom.kernel import Day, Problem
from openiom.platform.configuration import DocumentKind, current_documents

from .calendars import DAY_MINUTES, HolidayRule, Spans, WorkingCalendar
from .carriers import Band, CarrierService
from .pickups import PickupSchedule, rule_problem

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
WallTime = Annotated[
    str,
    Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$", description="Local time, 24-hour HH:MM"),
]


def _known_zone(name: str) -> str:
    if name and name not in available_timezones():
        raise ValueError(f"{name} is not a time zone; use a name such as Europe/Berlin")
    return name


ZoneName = Annotated[str, AfterValidator(_known_zone)]


class Hours(BaseModel):
    model_config = ConfigDict(extra="forbid")

    opens: WallTime
    closes: WallTime

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if minutes_of(self.opens) >= minutes_of(self.closes):
            raise ValueError("closes before it opens; enter hours past midnight on the next day")
        return self


class HolidayRuleBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    country: str = Field(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2")
    subdivision: str = Field("", description="State or province as the country writes it, e.g. CA")

    @model_validator(mode="after")
    def _known(self) -> Self:
        countries = holidays.list_supported_countries()
        if self.country not in countries:
            raise ValueError(f"no public holidays are known for {self.country}; use closures")
        known = countries[self.country]
        if self.subdivision in ("", *known):
            return self
        raise ValueError(f"{self.country} has no subdivision {self.subdivision}; known: {known}")

    def rule(self) -> HolidayRule:
        return HolidayRule(self.country, self.subdivision)


class Closure(BaseModel):
    """A period in which the source is closed; both days are included."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_: Day = Field(alias="from")
    to: Day
    reason: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to < self.from_:
            raise ValueError("ends before it begins")
        return self

    def days(self) -> tuple[date, date]:
        """Return the first and the last day."""
        return self.from_, self.to


class Opening(BaseModel):
    """Hours of one day that replace the usual ones, also on holidays and during closures."""

    model_config = ConfigDict(extra="forbid")

    date: Day
    hours: list[Hours] = Field(min_length=1)


def _weekly() -> dict[Weekday, list[Hours]]:
    return {day: [Hours(opens="08:00", closes="17:00")] for day in WEEKDAYS[:5]}


class CalendarBody(BaseModel):
    """The working hours of a source."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1)
    time_zone: ZoneName = "UTC"
    hours: dict[Weekday, list[Hours]] = Field(
        default_factory=_weekly,
        description="By weekday; one left out is closed. Monday to Friday 08:00-17:00 if empty",
    )
    holidays: list[HolidayRuleBody] = []
    closures: list[Closure] = []
    openings: list[Opening] = []

    @model_validator(mode="after")
    def _no_overlap(self) -> Self:
        for weekday, hours in self.hours.items():
            _refuse_overlap(weekday, hours)
        for opening in self.openings:
            _refuse_overlap(str(opening.date), opening.hours)
        return self

    def calendar(self) -> WorkingCalendar:
        """Return the calendar that the document describes.

        Of two openings on one day, the later in the document counts.
        """
        weekly: list[Spans] = []
        for day in WEEKDAYS:
            weekly.append(_spans(self.hours.get(day, [])))

        openings: dict[date, Spans] = {}
        for opening in self.openings:
            openings[opening.date] = _spans(opening.hours)

        return WorkingCalendar(
            zone=ZoneInfo(self.time_zone),
            weekly=tuple(weekly),
            holidays=_rules(self.holidays),
            closures=tuple(map(Closure.days, self.closures)),
            openings=openings,
        )


class BandBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    up_to_km: float | None = Field(
        None, gt=0, description="Great-circle kilometers; empty is any distance"
    )
    zone: str = ""
    days: int = Field(ge=0, le=120, description="Transit days")


class ServiceBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    title: str = Field(min_length=1)
    bands: list[BandBody] = Field(min_length=1, description="Ascending; the last has no distance")
    moves: list[Weekday] = Field(
        list(WEEKDAYS[:5]), min_length=1, description="Days that count as transit"
    )
    delivers: list[Weekday] = Field(list(WEEKDAYS[:5]), min_length=1)
    early_days: int = Field(0, ge=0, le=30, description="Transit days it may take less")
    spread_days: int = Field(
        1, ge=0, le=30, description="Transit days it may take more before it counts as late"
    )
    rate_table: str = Field(
        "", description="Prices of this service; empty is the rate table of the strategy"
    )
    slip: float = Field(0.05, ge=0, lt=1, description="Chance that one transit day slips by a day")

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        *limits, last = [band.up_to_km for band in self.bands]
        if last is not None or None in limits:
            raise ValueError("bands: leave up_to_km of the last band, and only of that one, empty")
        if limits != sorted(set(filter(None, limits))):
            raise ValueError("bands: up_to_km must ascend")
        return self

    def to_service(self, carrier: str, holidays: tuple[HolidayRule, ...]) -> CarrierService:
        """Return the service that the document describes."""
        bands: list[Band] = []
        for band in self.bands:
            bands.append(Band(band.up_to_km, band.zone, band.days))

        return CarrierService(
            carrier=carrier,
            name=self.name,
            title=self.title,
            bands=tuple(bands),
            moves=_mask(self.moves),
            delivers=_mask(self.delivers),
            early_days=self.early_days,
            spread_days=self.spread_days,
            slip=self.slip,
            rate_table=self.rate_table,
            holidays=holidays,
        )


class CarrierBody(BaseModel):
    """A carrier, its services and their transit times."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1)
    services: list[ServiceBody] = Field(min_length=1)
    holidays: list[HolidayRuleBody] = []
    live_rates: str = Field(
        "", description="Installed provider that rates parcels live; empty rates by table"
    )

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = {service.name for service in self.services}
        if len(names) < len(self.services):
            raise ValueError("services: names must be unique")
        return self

    def to_services(self, carrier: str) -> tuple[CarrierService, ...]:
        """Return the services of the carrier of this name, in order."""
        rules = _rules(self.holidays)
        return tuple(service.to_service(carrier, rules) for service in self.services)


class Pickup(BaseModel):
    model_config = ConfigDict(extra="forbid")

    weekdays: list[Weekday] = Field(min_length=1)
    at: WallTime

    @model_validator(mode="after")
    def _time_of_day(self) -> Self:
        if self.at == "24:00":
            raise ValueError("use 00:00 of the next day")
        return self


class PickupScheduleBody(BaseModel):
    """The pickups of a carrier at the sources that name this schedule."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1)
    carrier: str = Field(min_length=1)
    time_zone: ZoneName = Field("", description="Empty is the zone of the source")
    pickups: list[Pickup] = []
    rule: str = Field(
        "",
        description="RFC 5545 recurrence, "
        "e.g. FREQ=WEEKLY;BYDAY=TU,FR;BYHOUR=16;BYMINUTE=30;BYSECOND=0",
    )

    @model_validator(mode="after")
    def _has_pickups(self) -> Self:
        if self.rule:
            problem = rule_problem(self.rule)
            if problem:
                raise ValueError(f"rule: {problem}")
        elif not self.pickups:
            raise ValueError("give pickups, a rule, or both")
        return self

    def schedule(self) -> PickupSchedule:
        """Return the schedule that the document describes."""
        zone = ZoneInfo(self.time_zone) if self.time_zone else None
        weekly = tuple(map(self._minutes, WEEKDAYS))
        return PickupSchedule(
            carrier=self.carrier,
            weekly=weekly,
            rule=self.rule,
            zone=zone,
        )

    def _minutes(self, weekday: Weekday) -> tuple[int, ...]:
        """Return the pickups of a weekday in minutes after midnight, ascending."""
        minutes: set[int] = set()
        for pickup in self.pickups:
            if weekday in pickup.weekdays:
                minutes.add(minutes_of(pickup.at))
        return tuple(sorted(minutes))


def minutes_of(wall: str) -> int:
    """Return the minutes after midnight of a wall time HH:MM."""
    hours, minutes = wall.split(":")
    return int(hours) * 60 + int(minutes)


def _spans(hours: Sequence[Hours]) -> Spans:
    spans: list[tuple[int, int]] = []
    for span in hours:
        opens, closes = minutes_of(span.opens), minutes_of(span.closes)
        assert 0 <= opens < closes <= DAY_MINUTES
        spans.append((opens, closes))
    return tuple(sorted(spans))


def _rules(bodies: Sequence[HolidayRuleBody]) -> tuple[HolidayRule, ...]:
    return tuple(body.rule() for body in bodies)


def _refuse_overlap(name: str, hours: Sequence[Hours]) -> None:
    spans = _spans(hours)
    for (_, closes), (opens, _) in pairwise(spans):
        if opens < closes:
            raise ValueError(f"hours of {name} overlap")


def _mask(days: Sequence[Weekday]) -> tuple[bool, ...]:
    return tuple(day in days for day in WEEKDAYS)


def _check_pickup_schedule(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    if not current_documents(session, "carrier", names=[body["carrier"]]):
        return [Problem("carrier", f"no carrier named {body['carrier']}", "create it first")]
    return []


KINDS = (
    DocumentKind("calendar", CalendarBody, 16),
    DocumentKind(
        "carrier", CarrierBody, 16, references={"rate_table": ("$.services[*].rate_table",)}
    ),
    DocumentKind(
        "pickup_schedule",
        PickupScheduleBody,
        17,
        check=_check_pickup_schedule,
        references={"carrier": ("$.carrier",)},
    ),
)
