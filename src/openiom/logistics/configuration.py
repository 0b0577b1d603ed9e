"""What planners configure about time: calendars, carriers and their pickup schedules."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

import holidays
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.orm import Session

from openiom.kernel import Problem
from openiom.platform.configuration import DocumentKind, current_documents

from .calendars import DAY_MINUTES, HolidayRule, Spans, WorkingCalendar
from .carriers import WORKDAYS, Band, CarrierService
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


def _zone(name: str) -> str:
    if name and name not in available_timezones():
        raise ValueError(f"{name} is not a time zone; use a name such as Europe/Berlin")
    return name


ZoneName = Annotated[str, AfterValidator(_zone)]


class Hours(BaseModel):
    model_config = ConfigDict(extra="forbid")

    opens: WallTime
    closes: WallTime

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if minutes_of(self.opens) >= minutes_of(self.closes):
            raise ValueError("closes before it opens; hours past midnight stand on the next day")
        return self


class HolidayRuleBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    country: str = Field(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2")
    subdivision: str = Field("", description="State or province as the country writes it, e.g. CA")

    @model_validator(mode="after")
    def _known(self) -> Self:
        known = holidays.list_supported_countries()
        if self.country not in known:
            raise ValueError(f"no public holidays are known for {self.country}; use closures")
        if self.subdivision and self.subdivision not in known[self.country]:
            raise ValueError(
                f"{self.country} has no subdivision {self.subdivision}; known: {known[self.country]}"
            )
        return self

    def rule(self) -> HolidayRule:
        return HolidayRule(self.country, self.subdivision)


class Closure(BaseModel):
    """Closed from one day to another, both included."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_: date = Field(alias="from")
    to: date
    reason: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to < self.from_:
            raise ValueError("ends before it begins")
        return self


class Opening(BaseModel):
    """Hours of one day that replace the usual ones, holidays and closures included."""

    model_config = ConfigDict(extra="forbid")

    date: date
    hours: list[Hours] = Field(min_length=1)


def _weekly() -> dict[Weekday, list[Hours]]:
    return {day: [Hours(opens="08:00", closes="17:00")] for day in WEEKDAYS[:5]}


class CalendarBody(BaseModel):
    """When a source works."""

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
        for name, hours in [*self.hours.items(), *((str(o.date), o.hours) for o in self.openings)]:
            spans = _spans(hours)
            if any(later[0] < earlier[1] for earlier, later in zip(spans, spans[1:], strict=False)):
                raise ValueError(f"hours of {name} overlap")
        return self

    def calendar(self) -> WorkingCalendar:
        return WorkingCalendar(
            zone=ZoneInfo(self.time_zone),
            weekly=tuple(_spans(self.hours.get(day, [])) for day in WEEKDAYS),
            holidays=tuple(rule.rule() for rule in self.holidays),
            closures=tuple((c.from_, c.to) for c in self.closures),
            openings={o.date: _spans(o.hours) for o in self.openings},
        )


class BandBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    up_to_km: float | None = Field(
        None, gt=0, description="Great-circle kilometres; empty is any distance"
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
        edges = [band.up_to_km for band in self.bands]
        if edges[-1] is not None or None in edges[:-1]:
            raise ValueError("bands: the last one, and only it, leaves up_to_km empty")
        inner = [edge for edge in edges if edge is not None]
        if any(b <= a for a, b in zip(inner, inner[1:], strict=False)):
            raise ValueError("bands: up_to_km must ascend")
        return self


class CarrierBody(BaseModel):
    """A carrier, its services and how long they take."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1)
    services: list[ServiceBody] = Field(min_length=1)
    holidays: list[HolidayRuleBody] = []
    live_rates: str = Field(
        "", description="Installed provider that rates parcels live; empty rates by table"
    )

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [service.name for service in self.services]
        if len(set(names)) < len(names):
            raise ValueError("services: a name stands twice")
        return self

    def parsed(self, carrier: str) -> tuple[CarrierService, ...]:
        rules = tuple(rule.rule() for rule in self.holidays)
        return tuple(
            CarrierService(
                carrier=carrier,
                name=s.name,
                title=s.title,
                bands=tuple(Band(b.up_to_km, b.zone, b.days) for b in s.bands),
                moves=_mask(s.moves),
                delivers=_mask(s.delivers),
                early_days=s.early_days,
                spread_days=s.spread_days,
                slip=s.slip,
                rate_table=s.rate_table,
                holidays=rules,
            )
            for s in self.services
        )


class Pickup(BaseModel):
    model_config = ConfigDict(extra="forbid")

    weekdays: list[Weekday] = Field(min_length=1)
    at: WallTime

    @model_validator(mode="after")
    def _a_time(self) -> Self:
        if self.at == "24:00":
            raise ValueError("use 00:00 of the next day")
        return self


class PickupScheduleBody(BaseModel):
    """When a carrier calls at the sources that name this schedule."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1)
    carrier: str = Field(min_length=1)
    time_zone: ZoneName = Field("", description="Empty is the zone of the source")
    pickups: list[Pickup] = []
    rule: str = Field(
        "",
        description="RFC 5545 recurrence, e.g. FREQ=WEEKLY;BYDAY=TU,FR;BYHOUR=16;BYMINUTE=30;BYSECOND=0",
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.pickups and not self.rule:
            raise ValueError("give pickups, a rule, or both")
        problem = rule_problem(self.rule) if self.rule else ""
        if problem:
            raise ValueError(f"rule: {problem}")
        return self

    def schedule(self) -> PickupSchedule:
        times: list[set[int]] = [set() for _ in WEEKDAYS]
        for pickup in self.pickups:
            for day in pickup.weekdays:
                times[WEEKDAYS.index(day)].add(minutes_of(pickup.at))
        return PickupSchedule(
            carrier=self.carrier,
            weekly=tuple(tuple(sorted(day)) for day in times),
            rule=self.rule,
            zone=ZoneInfo(self.time_zone) if self.time_zone else None,
        )


def minutes_of(wall: str) -> int:
    hours, minutes = wall.split(":")
    return int(hours) * 60 + int(minutes)


def _spans(hours: Sequence[Hours]) -> Spans:
    spans = tuple(sorted((minutes_of(h.opens), minutes_of(h.closes)) for h in hours))
    assert all(0 <= a < b <= DAY_MINUTES for a, b in spans)
    return spans


def _mask(days: Sequence[Weekday]) -> tuple[bool, ...]:
    return WORKDAYS if not days else tuple(day in days for day in WEEKDAYS)


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
