"""Daily capacity: the parcels and order lines planned from a source on its own day.

Rows are locked before a plan is made and changed in the same transaction, so that two transactions
together never exceed a source's limit. Locks are taken in the order of source names, after those of
orders and before those of stock. `capacity_usage` records which lines were counted.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.snapshot import PlanningSource, StrategyConfig
from openiom.platform.bulk import execute, fetch_as


class CapacityUsage(NamedTuple):
    """Parcels and order lines of one source and day."""

    parcels: int = 0
    lines: int = 0

    def plus(self, other: "CapacityUsage") -> "CapacityUsage":
        """Return the sum."""
        return CapacityUsage(self.parcels + other.parcels, self.lines + other.lines)

    def minus(self, other: "CapacityUsage") -> "CapacityUsage":
        """Return the difference."""
        return CapacityUsage(self.parcels - other.parcels, self.lines - other.lines)


class SourceUsage(NamedTuple):
    """The usage of one source."""

    source: str
    parcels: int
    lines: int

    @property
    def usage(self) -> CapacityUsage:
        """Parcels and order lines without the source."""
        return CapacityUsage(self.parcels, self.lines)


def capacity_limited_sources(settings: Iterable[StrategyConfig]) -> dict[str, PlanningSource]:
    """Return the sources whose daily usage must be counted.

    They limit their parcels or order lines, or a constraint limits their order lines.
    """
    found: dict[str, PlanningSource] = {}
    for setting in settings:
        for site in _limited_sources(setting):
            found[site.name] = site

    return found


def _limited_sources(setting: StrategyConfig) -> list[PlanningSource]:
    constrained = _line_limited_sources(setting)
    found: list[PlanningSource] = []
    for site in setting.sources:
        if _has_daily_limit(site) or site.name in constrained:
            found.append(site)

    return found


def _has_daily_limit(site: PlanningSource) -> bool:
    return site.daily_parcels is not None or site.body.daily_lines is not None


def _line_limited_sources(setting: StrategyConfig) -> set[str]:
    """Return the sources whose daily order lines a constraint of the strategy limits."""
    return setting.line_limited_sources()


def local_day(time_zone: str, now: datetime) -> date:
    """Return the day it is at `now` in a time zone."""
    return now.astimezone(ZoneInfo(time_zone)).date()


def usage_of(rows: Iterable[SourceUsage]) -> dict[str, CapacityUsage]:
    """Return usage by source."""
    return {row.source: row.usage for row in rows}


def lock_daily_usage(
    session: Session, sites: Mapping[str, PlanningSource], now: datetime
) -> dict[str, CapacityUsage]:
    """Return today's usage of each source, locked until the transaction ends."""
    if not sites:
        return {}

    names = sorted(sites)
    days = [local_day(sites[name].time_zone, now) for name in names]
    execute(
        session,
        "INSERT INTO fulfillment_optimization.source_daily_usage (source, day)"
        " SELECT source, day FROM unnest(%s::text[], %s::date[]) AS d(source, day)"
        " ORDER BY source ON CONFLICT DO NOTHING",
        (names, days),
    )
    rows = fetch_as(
        session,
        SourceUsage,
        "SELECT s.source, s.parcels, s.lines FROM fulfillment_optimization.source_daily_usage s"
        " JOIN unnest(%s::text[], %s::date[]) AS d(source, day) USING (source, day)"
        " ORDER BY s.source FOR UPDATE OF s",
        (names, days),
    )
    return usage_of(rows)


def daily_usage(
    session: Session, zones: Sequence[tuple[str, str]], now: datetime
) -> dict[str, CapacityUsage]:
    """Return today's usage of sources given as (name, time zone).

    Nothing is locked; sources without a row are absent.
    """
    today: dict[str, date] = {}
    names: list[str] = []
    days: list[date] = []
    for name, zone in zones:
        if zone not in today:
            today[zone] = local_day(zone, now)

        names.append(name)
        days.append(today[zone])

    rows = fetch_as(
        session,
        SourceUsage,
        "SELECT s.source, s.parcels, s.lines FROM fulfillment_optimization.source_daily_usage s"
        " JOIN unnest(%s::text[], %s::date[]) AS d(source, day) USING (source, day)",
        (names, days),
    )
    return usage_of(rows)
