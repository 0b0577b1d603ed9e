"""Positions in the event log: what a reader has read, as a snapshot of PostgreSQL.

A snapshot says which transactions had ended when it was made: those with an id below `xmax` that
are not `in_flight`. A reader whose position is a snapshot has read their events and no others. It
reads next what a newer snapshot sees in addition. So nothing waits for a transaction in flight, in
this database or another one of the server: its events are read once it has ended.
"""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogPosition:
    """Everything that a snapshot sees has been read. See the module."""

    xmax: int
    in_flight: frozenset[int] = frozenset()

    @classmethod
    def parse(cls, snapshot: str) -> "LogPosition":
        """Return the position of a `pg_snapshot`, which is written `xmin:xmax:xid,xid`."""
        _, xmax, in_flight = snapshot.split(":")
        return cls(int(xmax), frozenset(map(int, filter(None, in_flight.split(",")))))

    def __str__(self) -> str:
        """Return the position as a `pg_snapshot`."""
        in_flight = sorted(self.in_flight)
        xmin = in_flight[0] if in_flight else self.xmax
        return f"{xmin}:{self.xmax}:{','.join(map(str, in_flight))}"


@dataclass(frozen=True, slots=True)
class PartialPosition:
    """A position, and one transaction in flight of which the events up to `event_id` were read."""

    position: LogPosition
    xid: int = 0
    event_id: int = 0


@dataclass(frozen=True, slots=True)
class LogWindow:
    """The transactions that `end` sees and `start` does not, in the order in which they are read.

    The rest of the transaction that was read in part is first. Those that were in flight at the
    start and have ended since follow, and then those that began since, both by their ids.
    """

    start: PartialPosition
    end: LogPosition

    @property
    def ended(self) -> list[int]:
        """Return the transactions that were in flight at the start and have ended since."""
        ended = []
        for xid in self.start.position.in_flight - self.end.in_flight:
            if xid < self.end.xmax:
                ended.append(xid)

        return sorted(ended)

    @property
    def has_new(self) -> bool:
        """Return whether transactions may have begun and ended in the window."""
        return self.start.position.xmax < self.end.xmax

    def position_at(self, xid: int, event_id: int) -> PartialPosition:
        """Return the position of a reader that has read up to an event of the window."""
        start = self.start.position
        if xid == self.start.xid:
            return PartialPosition(start, xid, event_id)

        if xid < start.xmax:
            read = _below(self.ended, xid) | {self.start.xid}
            return PartialPosition(LogPosition(start.xmax, start.in_flight - read), xid, event_id)

        in_flight = _below(self.end.in_flight, xid) | {xid}
        return PartialPosition(LogPosition(xid + 1, in_flight), xid, event_id)


def _below(xids: Collection[int], limit: int) -> frozenset[int]:
    return frozenset(xid for xid in xids if xid < limit)
