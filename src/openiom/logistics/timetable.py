"""The timing of every source and the services of every carrier, parsed once for each state of the documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch
from openiom.platform.configuration import current_documents

from .calendars import WorkingCalendar
from .carriers import STANDARD_SERVICE, CarrierService
from .configuration import CalendarBody, CarrierBody, PickupScheduleBody, minutes_of
from .pickups import PickupSchedule
from .promises import SourceTiming

TIMETABLE_KINDS = ("calendar", "carrier", "pickup_schedule", "source")
Token = tuple[int, int]
_KEPT: dict[Token, "Timetable"] = {}
_MOST_KEPT = 4


@dataclass(frozen=True)
class Timetable:
    """
    `sources` by source name; `carriers` by carrier name, services in their document's order; `live_rates` is the
    provider instance that rates for a carrier, where one does.
    """

    sources: Mapping[str, SourceTiming] = field(default_factory=dict)
    carriers: Mapping[str, tuple[CarrierService, ...]] = field(default_factory=dict)
    live_rates: Mapping[str, str] = field(default_factory=dict)

    def of(self, names: Sequence[str]) -> list[SourceTiming]:
        """The timings of these sources, in order; one that is not configured works at all hours, a day for an order."""
        return [self.sources.get(name, DEFAULT_TIMING) for name in names]

    def service(self, carrier: str = "", service: str = "") -> CarrierService:
        """The named service, a carrier's first one, or the standard one where neither is configured."""
        found = self.carriers.get(carrier, ())
        return next((s for s in found if not service or s.name == service), STANDARD_SERVICE)


DEFAULT_TIMING = SourceTiming()


def documents_token(session: Session, kinds: Sequence[str]) -> Token:
    """Two numbers that change whenever a document of these kinds does, whatever wrote it: (how many, hash of all)."""
    rows = fetch(
        session,
        "SELECT count(*), coalesce(bit_xor(hashtextextended(kind || ' ' || name || ' ' || digest, 0)), 0)"
        " FROM platform.configuration_document WHERE current AND NOT deleted AND kind = ANY(%s)",
        (list(kinds),),
    )
    return rows[0][0], rows[0][1]


def timetable(session: Session) -> Timetable:
    """Every source's timing and every carrier's services as configured now; parsed again only when they changed."""
    token = documents_token(session, TIMETABLE_KINDS)
    found = _KEPT.get(token)
    if found is None:
        found = read_timetable({kind: _bodies(session, kind) for kind in TIMETABLE_KINDS})
        while len(_KEPT) >= _MOST_KEPT:
            _KEPT.pop(next(iter(_KEPT)), None)
        _KEPT[token] = found
    return found


def read_timetable(documents: Mapping[str, Mapping[str, dict[str, Any]]]) -> Timetable:
    """The timetable of documents given as kind -> name -> body. Equal timings are one object. Pure."""
    calendars = {
        n: CalendarBody.model_validate(b).calendar()
        for n, b in documents.get("calendar", {}).items()
    }
    pickups = {
        n: PickupScheduleBody.model_validate(b).schedule()
        for n, b in documents.get("pickup_schedule", {}).items()
    }
    bodies = {n: CarrierBody.model_validate(b) for n, b in documents.get("carrier", {}).items()}
    carriers = {n: body.parsed(n) for n, body in bodies.items()}
    same: dict[tuple[object, ...], SourceTiming] = {}
    sources = {}
    for name, body in documents.get("source", {}).items():
        key = tuple(
            body.get(part)
            for part in (
                "calendar",
                "cutoff",
                "processing_hours",
                "processing_days",
                "pickup_schedule",
                "time_zone",
            )
        )
        if key not in same:
            same[key] = source_timing(body, calendars, pickups)
        sources[name] = same[key]
    return Timetable(
        sources, carriers, {n: body.live_rates for n, body in bodies.items() if body.live_rates}
    )


def source_timing(
    body: Mapping[str, Any],
    calendars: Mapping[str, WorkingCalendar],
    pickups: Mapping[str, PickupSchedule],
) -> SourceTiming:
    """The timing of a source's document. One without a calendar is open at all hours of its time zone."""
    zone = ZoneInfo(body.get("time_zone") or "UTC")
    calendar = calendars.get(body.get("calendar") or "") or _always_open(zone)
    hours = body.get("processing_hours")
    return SourceTiming(
        calendar=calendar,
        cutoff=_wall(body.get("cutoff")),
        processing_hours=None if hours is None else float(hours),
        processing_days=int(body.get("processing_days", 1)),
        pickup=pickups.get(body.get("pickup_schedule") or ""),
    )


@lru_cache(maxsize=700)
def _always_open(zone: ZoneInfo) -> WorkingCalendar:
    return replace(WorkingCalendar(), zone=zone)


def _wall(text: str | None) -> time | None:
    if not text or text == "24:00":
        return None
    minutes = minutes_of(text)
    return time(minutes // 60, minutes % 60)


def _bodies(session: Session, kind: str) -> dict[str, dict[str, Any]]:
    return {document.name: document.body for document in current_documents(session, kind)}
