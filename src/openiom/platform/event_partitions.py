"""Monthly partitions of the business event log."""

from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from .bulk import execute


class Month(NamedTuple):
    """A partition of the event log: [first, following)."""

    partition: str
    first: date
    following: date


def months_from(day: date, count: int) -> list[Month]:
    """Return the partitions of `count` months, beginning with the month of `day`."""
    months: list[Month] = []
    first = day.replace(day=1)
    for _ in range(count):
        following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        partition = f"business_event_{first.year}_{first.month:02d}"
        months.append(Month(partition, first, following))
        first = following

    return months


def ensure_partitions(session: Session, *, today: date, months: int = 3) -> None:
    """Create the partitions of this month and the next ones.

    Events outside all of them are stored in the default partition.
    """
    execute(
        session,
        "CREATE TABLE IF NOT EXISTS platform.business_event_default"
        " PARTITION OF platform.business_event DEFAULT",
    )
    for month in months_from(today, months):
        execute(
            session,
            f"CREATE TABLE IF NOT EXISTS platform.{month.partition}"
            " PARTITION OF platform.business_event"
            f" FOR VALUES FROM ('{month.first} 00:00+00') TO ('{month.following} 00:00+00')",
        )
