"""The day a source ships what is ordered now, by the documents in use."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy.orm import Session

from openiom.platform.compiled_documents import Bodies, CompiledConfiguration

from .promises import handover
from .timetable import TIMETABLE_KINDS, Timetable, read_timetable


def _compile(session: Session, bodies: Bodies) -> Timetable:
    return read_timetable(bodies)


_TIMETABLE = CompiledConfiguration(TIMETABLE_KINDS, _compile)


def planned_ship_dates(
    session: Session, sources: Collection[str], now: datetime
) -> dict[str, date]:
    """Return the local day on which each source hands goods ordered `now` to its carrier.

    It is the ship date of a quote: by calendar, cut-off, processing time and pickup schedule. A
    source that does not exist or never opens is absent.
    """
    timings = _TIMETABLE.current(session).sources
    days = {}
    for name in sources:
        timing = timings.get(name)
        given = handover(timing, now) if timing else None
        if given is not None:
            days[name] = given.ship_date

    return days
