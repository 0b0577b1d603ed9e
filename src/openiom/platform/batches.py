"""
Background work in waves: claim up to N waiting rows, load what they need in a few set-based queries, decide in
pure code, write, announce and commit, once.

A wave is one row when idle and hundreds under load. A row that fails does not fail its wave: the wave is halved
inside savepoints until the bad row stands alone, and it is parked with its error while the rest go through.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event as Flag
from threading import Thread
from time import monotonic, sleep
from typing import Generic, Protocol, TypeVar

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from .clock import utc_now
from .database import Database
from .write_behind import savepoint

Row = TypeVar("Row")
log = structlog.get_logger("waves")

CHANNEL = "openiom_wave"
HELD_BACK_SECONDS, HELD_BACK_MOST = 0.015, 0.12
"""Rows that a transaction in flight holds back are looked for again, ever more seldom; its commit wakes us as well."""
LINGER_SECONDS = 0.02
"""Small waves in close succession wait this long for company: under load one of 200 costs a third of ten of 20."""
_TRANSIENT = {
    "40001",
    "40P01",
    "55P03",
    "57P01",
    "57P02",
    "57P03",
    "08000",
    "08003",
    "08006",
    "53300",
}


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What one turn did: rows it took, and whether more are known to wait."""

    rows: int
    more: bool


class Worker(Protocol):
    """Anything a worker can run again and again."""

    @property
    def kind(self) -> str:
        """What `wake(session, kind)` names."""

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult: ...


@dataclass(frozen=True)
class BatchWorker(Generic[Row]):
    """A turn whose rows are claimed, processed and parked in one transaction.

    claim    (session, limit) -> rows, locked with FOR UPDATE SKIP LOCKED
    process  (session, rows, now) -> None; loads, decides, writes, announces; all or nothing
    park     (session, row, error, now) -> None; puts one row where a person sees it
    then     (session, now) -> None; goes on from what all of them left, in the same transaction
    """

    kind: str
    claim: Callable[[Session, int], Sequence[Row]]
    process: Callable[[Session, Sequence[Row], datetime], None]
    park: Callable[[Session, Row, Exception, datetime], None]
    then: Callable[[Session, datetime], None] | None = None

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        """One wave. Raises only what waiting may cure (lost connection, deadlock): then nothing was done."""
        with database.unit_of_work() as session:
            rows = self.claim(session, limit)
            if rows:
                process_or_quarantine(session, rows, process=self.process, park=self.park, now=now)
                if self.then:
                    self.then(session, now)
            return BatchResult(len(rows), len(rows) >= limit)


def process_or_quarantine(
    session: Session,
    rows: Sequence[Row],
    *,
    process: Callable[[Session, Sequence[Row], datetime], None],
    park: Callable[[Session, Row, Exception, datetime], None],
    now: datetime,
) -> None:
    """Process all rows in one savepoint; on failure halve until the bad ones stand alone, and park those."""
    try:
        with savepoint(session):
            process(session, rows, now)
    except Exception as error:
        if is_transient(error):
            raise
        if len(rows) == 1:
            log.warning("row_parked", error=str(error)[:500], kind=type(error).__name__)
            with savepoint(session):
                park(session, rows[0], error, now)
            return
        middle = len(rows) // 2
        for half in (rows[:middle], rows[middle:]):
            process_or_quarantine(session, half, process=process, park=park, now=now)


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed if simply done again."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, psycopg.Error):
        return cause.sqlstate in _TRANSIENT or (
            isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None
        )
    return isinstance(error, OperationalError)


@dataclass
class BatchSize:
    """How many rows the next wave may take: all that wait, up to the limit; halved when slow, doubled when quick."""

    limit: int
    target_seconds: float = 1.0
    size: int = 0

    def __post_init__(self) -> None:
        self.size = self.size or self.limit

    def next(self) -> int:
        return min(self.size, self.limit)

    def learn(self, *, rows: int, seconds: float) -> None:
        if seconds > 2 * self.target_seconds and rows > 1:
            self.size = max(1, self.size // 2)
        elif rows >= self.size and seconds < self.target_seconds:
            self.size = min(self.limit, self.size * 2)


@dataclass
class WorkerPool:
    """Runs turns, one thread a turn, until stopped; woken by NOTIFY, and by a timer in case one was missed."""

    database: Database
    workers: Sequence[Worker]
    limit: int = 500
    idle_seconds: float = 1.0
    _flags: dict[str, list[Flag]] = field(default_factory=dict)
    _threads: list[Thread] = field(default_factory=list)
    _stop: Flag = field(default_factory=Flag)

    def start(self) -> None:
        for turn in self.workers:
            flag = Flag()
            self._flags.setdefault(turn.kind, []).append(flag)
            self._threads.append(
                Thread(target=self._loop, args=(turn, flag), name=turn.kind, daemon=True)
            )
        self._threads.append(Thread(target=self._listen, name="listen", daemon=True))
        for thread in self._threads:
            thread.start()

    def stop(self, *, timeout: float = 10.0) -> None:
        """Finish the waves in hand and end; what is not over after `timeout` seconds in all is left behind."""
        deadline = monotonic() + timeout
        self._stop.set()
        for flags in self._flags.values():
            for flag in flags:
                flag.set()
        for thread in self._threads:
            thread.join(max(0.0, deadline - monotonic()))

    def _loop(self, turn: Worker, flag: Flag) -> None:
        size = BatchSize(self.limit)
        failures, last, held_back = 0, 0.0, HELD_BACK_SECONDS
        while not self._stop.is_set():
            flag.clear()
            started = monotonic()
            try:
                ran = turn.run_once(self.database, limit=size.next(), now=utc_now())
            except Exception as error:
                failures += 1
                pause = min(5.0, 0.01 * 2 ** min(failures, 9))
                level = log.info if is_transient(error) else log.error
                level("wave_failed", kind=turn.kind, error=str(error)[:500], again_in=pause)
                self._stop.wait(pause)
                continue
            failures = 0
            ended = monotonic()
            size.learn(rows=ran.rows, seconds=ended - started)
            if ran.rows:
                held_back = HELD_BACK_SECONDS
                if ran.rows < self.limit // 4 and started - last < LINGER_SECONDS:
                    self._stop.wait(LINGER_SECONDS)
                last = monotonic()
                continue
            flag.wait(held_back if ran.more else self.idle_seconds)
            held_back = min(2 * held_back, HELD_BACK_MOST) if ran.more else HELD_BACK_SECONDS

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                with self.database.connect() as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    for flags in self._flags.values():
                        for flag in flags:
                            flag.set()
                    while not self._stop.is_set():
                        for notice in connection.notifies(timeout=0.5):
                            for flag in self._flags.get(notice.payload, ()):
                                flag.set()
            except psycopg.Error as error:
                log.info("listen_lost", error=str(error)[:200])
                sleep(0.5)


def drain(
    database: Database, workers: Sequence[Worker], *, limit: int = 500, now: datetime | None = None
) -> int:
    """Run turns in this thread until none finds a row; for tests and one-shot commands. Returns rows taken."""
    total = 0
    while True:
        taken = 0
        for turn in workers:
            ran = turn.run_once(database, limit=limit, now=now or utc_now())
            taken += ran.rows
        total += taken
        if not taken:
            return total
