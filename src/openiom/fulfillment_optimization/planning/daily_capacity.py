"""
The day of a source: parcels and order lines taken from it so far, where its day has a limit.

Rows are locked before a plan is made and moved in the same transaction, so that two waves at once never take more
than the day has. Sources are locked by name, after orders and before stock. `places` says which lines were counted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.snapshot import PlanningSource, StrategyConfig
from openiom.platform.bulk import execute, fetch


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """Parcels and order lines."""

    parcels: int
    lines: int


def counted(settings: Iterable[StrategyConfig]) -> dict[str, PlanningSource]:
    """Sources whose day must be counted: of limited capacity, or under a daily cap of order lines."""
    found: dict[str, PlanningSource] = {}
    for setting in settings:
        capped = setting.line_limited_sources()
        for site in setting.sources:
            if (
                site.daily_parcels is not None
                or site.body.daily_lines is not None
                or site.name in capped
            ):
                found[site.name] = site
    return found


def local_day(time_zone: str, now: datetime) -> date:
    return now.astimezone(ZoneInfo(time_zone)).date()


def lock_days(
    session: Session, sites: Mapping[str, PlanningSource], now: datetime
) -> dict[str, IntakeResult]:
    """What each source has taken today, locked until the transaction ends."""
    if not sites:
        return {}
    names = sorted(sites)
    days = [local_day(sites[name].time_zone, now) for name in names]
    execute(
        session,
        "INSERT INTO fulfillment_optimization.source_day (source, day)"
        " SELECT * FROM unnest(%s::text[], %s::date[]) AS d(source, day) ORDER BY 1 ON CONFLICT DO NOTHING",
        (names, days),
    )
    rows = fetch(
        session,
        "SELECT s.source, s.parcels, s.lines FROM fulfillment_optimization.source_day s"
        " JOIN unnest(%s::text[], %s::date[]) AS d(source, day) USING (source, day) ORDER BY s.source FOR UPDATE OF s",
        (names, days),
    )
    return {source: IntakeResult(parcels, lines) for source, parcels, lines in rows}


def days_of(
    session: Session, zones: Sequence[tuple[str, str]], now: datetime
) -> dict[str, IntakeResult]:
    """What sources, given as (name, time zone), have taken today; not locked: for reading only."""
    days = {zone: local_day(zone, now) for zone in {zone for _, zone in zones}}
    rows = fetch(
        session,
        "SELECT s.source, s.parcels, s.lines FROM fulfillment_optimization.source_day s"
        " JOIN unnest(%s::text[], %s::date[]) AS d(source, day) USING (source, day)",
        ([name for name, _ in zones], [days[zone] for _, zone in zones]),
    )
    return {source: IntakeResult(parcels, lines) for source, parcels, lines in rows}
