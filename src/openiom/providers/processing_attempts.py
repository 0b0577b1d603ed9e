"""Attempts at batches of messages, counted before the work, so that a lost worker leaves a trace.

A message can end the process that works on it: an expression exhausts the memory, the system kills
it. The transaction of its batch is then rolled back, and the message would be claimed again for
ever, with every other message of its batch. An attempt is therefore stored and committed before
the work, and deleted with it. What is found later belongs to a process that was lost:

1. The messages of a lost attempt are processed one at a time.
2. A message that was lost alone three times is parked, so that a person sees it. A process that
   was lost with many messages, or once or twice, may have ended for another reason: restarts
   follow each other, and the message that waits longest is in work each time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, TypeVar
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from openiom.kernel import Invalid, new_id
from openiom.platform.batches import BatchResult, BatchWorker, process_or_quarantine
from openiom.platform.bulk import execute, fetch_as
from openiom.platform.database import Database

log = structlog.get_logger("inbox")
LOST_BEFORE_PARKED = 3

_FIND_LOST = """
SELECT message_id, count(*) FILTER (WHERE cardinality(message_ids) = 1) AS alone
FROM providers.processing_attempt, unnest(message_ids) AS message_id
WHERE message_ids && %(ids)s::bigint[] AND message_id = ANY(%(ids)s::bigint[])
GROUP BY message_id ORDER BY message_id
"""
_BEGIN = """
INSERT INTO providers.processing_attempt (id, message_ids, started_at)
VALUES (%s, %s::bigint[], %s)
"""
_END = "DELETE FROM providers.processing_attempt WHERE id = %s"
_FORGET = """
DELETE FROM providers.processing_attempt a
WHERE message_ids && %(ids)s::bigint[] AND NOT EXISTS (
  SELECT 1 FROM providers.message m
  WHERE m.id = ANY(a.message_ids) AND m.state = 'received' AND m.id <> ALL(%(ids)s::bigint[]))
"""


class _Identified(Protocol):
    @property
    def id(self) -> int: ...


Row = TypeVar("Row", bound=_Identified)


class LostMessage(NamedTuple):
    """A claimed message of attempts whose processes were lost, `alone` of them with it alone."""

    message_id: int
    alone: int

    @property
    def is_to_be_parked(self) -> bool:
        return self.alone >= LOST_BEFORE_PARKED


@dataclass(frozen=True)
class CountedBatchWorker(BatchWorker[Row], Generic[Row]):
    """A batch worker that stores an attempt before it processes its rows."""

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        """Process one batch, or one row of a batch that was lost before."""
        with database.unit_of_work() as session:
            claimed = self.claim(session, limit)
            if not claimed:
                return BatchResult(0, False)

            lost = find_lost(session, claimed)
            rows, process = self._next_work(claimed, lost)
            attempt = begin_attempt(database, rows, now)
            try:
                process_or_quarantine(
                    session,
                    rows,
                    process=process,
                    park=self.park,
                    after_batch=self.after_batch,
                    now=now,
                )
            except BaseException:
                # Before the rollback, which lets another worker claim the rows.
                end_attempt(database, attempt)
                raise

            execute(session, _END, (attempt,))
            if lost:
                execute(session, _FORGET, {"ids": [row.id for row in rows]})

            return BatchResult(len(rows), len(claimed) >= limit or len(rows) < len(claimed))

    def _next_work(
        self, claimed: Sequence[Row], lost: Sequence[LostMessage]
    ) -> tuple[Sequence[Row], Callable[[Session, Sequence[Row], datetime], None]]:
        """Return the rows of the next attempt, and how they are processed."""
        if not lost:
            return claimed, self.process

        first = lost[0]
        rows = [row for row in claimed if row.id == first.message_id]
        if not first.is_to_be_parked:
            return rows, self.process

        log.error("message_ends_workers", message=first.message_id, attempts=first.alone)
        return rows, _refuse


def find_lost(session: Session, claimed: Sequence[Row]) -> list[LostMessage]:
    """Return those of the claimed rows that a lost process has worked on, by id.

    The rows are locked, so no attempt that includes one of them is still under way.
    """
    ids = [row.id for row in claimed]
    return fetch_as(session, LostMessage, _FIND_LOST, {"ids": ids})


def begin_attempt(database: Database, rows: Sequence[Row], now: datetime) -> UUID:
    """Store an attempt at these rows and return its id.

    It outlives a process at once; the server may lose it with a fraction of a second of its own.
    """
    attempt = new_id()
    with database.unit_of_work() as session:
        execute(session, "SET LOCAL synchronous_commit = off")
        execute(session, _BEGIN, (attempt, [row.id for row in rows], now))
    return attempt


def end_attempt(database: Database, attempt: UUID) -> None:
    """Delete an attempt whose process has survived it."""
    with database.unit_of_work() as session:
        execute(session, _END, (attempt,))


def _refuse(session: Session, rows: Sequence[Row], now: datetime) -> None:
    raise Invalid(
        f"its processing ended a worker process {LOST_BEFORE_PARKED} times",
        remedy="look for an expression of its transformation that makes very large lists, correct"
        " it, and replay the message",
    )
