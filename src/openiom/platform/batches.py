"""Batch workers: claim waiting rows, load, decide in pure code, write, publish, and commit once.

A batch is one row when the queue is short and hundreds under load. A row that fails does not fail
its batch. A batch is tried as a whole first, in one savepoint; if anything fails, it is undone and
repeated the careful way: halved inside savepoints until the bad row is alone and can be quarantined
with its error, while the others go through.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event, Thread
from time import monotonic, sleep
from typing import Generic, Protocol, TypeVar

import psycopg
import structlog
from sqlalchemy.orm import Session

from .clock import utc_now
from .database import Database
from .events import NOTIFY_CHANNEL
from .retry import WORKER_RETRY, is_transient, sqlstate
from .write_behind import BatchFailed, has_one_savepoint, one_savepoint, savepoint

Row = TypeVar("Row")
log = structlog.get_logger("batches")

IN_FLIGHT_POLL_SECONDS = 0.015
"""First pause while rows wait for a transaction in flight; it doubles up to the next constant."""
MAX_IN_FLIGHT_POLL_SECONDS = 0.12
LINGER_SECONDS = 0.02
"""Pause after a small batch in close succession: one batch of 200 costs a third of ten of 20."""
LISTEN_SECONDS = 0.5
TOO_MUCH_AT_ONCE = frozenset(
    (
        "53200",  # out_of_memory
        "53400",  # configuration_limit_exceeded
        "57014",  # query_canceled: statement_timeout
    )
)
"""Errors after which the next batch has half the rows."""


@dataclass(frozen=True, slots=True)
class BatchResult:
    """How many rows a run of a worker processed, and whether more are known to wait."""

    rows: int
    more: bool


class Worker(Protocol):
    """Background work that a `WorkerPool` runs repeatedly."""

    @property
    def kind(self) -> str:
        """The name by which `notify(session, kind)` wakes this worker."""

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        """Process up to `limit` rows."""


@dataclass(frozen=True)
class BatchWorker(Generic[Row]):
    """A worker whose rows are claimed, processed and quarantined in one transaction.

    claim        (session, limit) -> rows, locked with FOR UPDATE SKIP LOCKED
    process      (session, rows, now): load, decide, write and publish, all or nothing
    park         (session, row, error, now): store a row that failed where a person sees it
    after_batch  (session, now): continue with what the whole batch left, in the same transaction
    """

    kind: str
    claim: Callable[[Session, int], Sequence[Row]]
    process: Callable[[Session, Sequence[Row], datetime], None]
    park: Callable[[Session, Row, Exception, datetime], None]
    after_batch: Callable[[Session, datetime], None] | None = None

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        """Process one batch. Raise only transient errors; nothing has been done then."""
        with database.unit_of_work() as session:
            rows = self.claim(session, limit)
            if rows:
                process_or_quarantine(
                    session,
                    rows,
                    process=self.process,
                    park=self.park,
                    after_batch=self.after_batch,
                    now=now,
                )
            return BatchResult(len(rows), len(rows) >= limit)


def process_or_quarantine(
    session: Session,
    rows: Sequence[Row],
    *,
    process: Callable[[Session, Sequence[Row], datetime], None],
    park: Callable[[Session, Row, Exception, datetime], None],
    now: datetime,
    after_batch: Callable[[Session, datetime], None] | None = None,
) -> None:
    """Process rows in one savepoint; on failure repeat them with savepoints, halves at a time.

    A row that fails alone is parked. `after_batch` continues with what the rows have left. Raise
    transient errors.
    """

    def process_together() -> None:
        process(session, rows, now)
        if after_batch:
            after_batch(session, now)

    if succeeds_together(session, process_together):
        return

    _process_carefully(session, rows, process, park, now)
    if after_batch:
        after_batch(session, now)


def succeeds_together(session: Session, work: Callable[[], None]) -> bool:
    """Do the work of a whole batch in one savepoint; return False when it failed and is undone.

    Raise transient errors.
    """
    if has_one_savepoint(session):
        work()
        return True

    try:
        with one_savepoint(session):
            work()
    except BatchFailed as failure:
        error = failure.error
        if is_transient(error):
            raise error from None

        log.info("batch_repeated", error=str(error)[:500], kind=type(error).__name__)
        return False

    return True


def _process_carefully(
    session: Session,
    rows: Sequence[Row],
    process: Callable[[Session, Sequence[Row], datetime], None],
    park: Callable[[Session, Row, Exception, datetime], None],
    now: datetime,
) -> None:
    """Process rows in one savepoint; on failure halve them until each bad row is alone."""
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
            _process_carefully(session, half, process, park, now)


@dataclass
class BatchSize:
    """The size of the next batch: up to `limit` rows, halved while batches are slow."""

    limit: int
    target_seconds: float = 1.0
    size: int = 0

    def __post_init__(self) -> None:
        self.size = self.size or self.limit

    def next(self) -> int:
        """Return the most rows that the next batch may process."""
        return min(self.size, self.limit)

    def shrink(self) -> None:
        """Halve the next batch: a smaller one may end within the limits of the database."""
        self.size = max(1, self.size // 2)

    def learn(self, *, rows: int, seconds: float) -> None:
        """Adapt to a batch of `rows` that took `seconds`."""
        if seconds > 2 * self.target_seconds and rows > 1:
            self.shrink()
        elif rows >= self.size and seconds < self.target_seconds:
            self.size = min(self.limit, self.size * 2)


@dataclass
class _Loop:
    """The state of one worker's thread: its batch size and how it paces itself."""

    worker: Worker
    wake: Event
    size: BatchSize
    failures: int = 0
    last_batch_at: float = 0.0
    in_flight_poll: float = IN_FLIGHT_POLL_SECONDS


@dataclass
class WorkerPool:
    """Runs workers, one thread each, until stopped.

    A worker is woken by NOTIFY, and by a timer of `idle_seconds` in case a notification was missed.
    """

    database: Database
    workers: Sequence[Worker]
    limit: int = 500
    idle_seconds: float = 1.0
    _wakes: dict[str, list[Event]] = field(default_factory=dict)
    _threads: list[Thread] = field(default_factory=list)
    _stop: Event = field(default_factory=Event)

    def start(self) -> None:
        """Start the threads."""
        for worker in self.workers:
            loop = _Loop(worker, Event(), BatchSize(self.limit))
            self._wakes.setdefault(worker.kind, []).append(loop.wake)
            thread = Thread(
                target=self._run,
                args=(loop,),
                name=worker.kind,
                daemon=True,
            )
            self._threads.append(thread)

        self._threads.append(Thread(target=self._listen, name="listen", daemon=True))
        for thread in self._threads:
            thread.start()

    def stop(self, *, timeout: float = 10.0) -> None:
        """Finish the running batches; threads that exceed `timeout` seconds are abandoned."""
        deadline = monotonic() + timeout
        self._stop.set()
        self._wake_all()
        for thread in self._threads:
            thread.join(max(0.0, deadline - monotonic()))

    def _run(self, loop: _Loop) -> None:
        while not self._stop.is_set():
            loop.wake.clear()
            started = monotonic()
            try:
                result = loop.worker.run_once(self.database, limit=loop.size.next(), now=utc_now())
            except Exception as error:
                self._pause_after(loop, error)
                continue

            loop.failures = 0
            loop.size.learn(rows=result.rows, seconds=monotonic() - started)
            if result.rows:
                self._linger(loop, result, started)
            else:
                self._wait(loop, result)

    def _pause_after(self, loop: _Loop, error: Exception) -> None:
        loop.failures += 1
        if sqlstate(error) in TOO_MUCH_AT_ONCE:
            loop.size.shrink()

        seconds = WORKER_RETRY.delay(loop.failures)
        write = log.info if is_transient(error) else log.error
        write(
            "batch_failed",
            kind=loop.worker.kind,
            error=str(error)[:500],
            retry_in=round(seconds, 3),
        )
        self._stop.wait(seconds)

    def _linger(self, loop: _Loop, result: BatchResult, started: float) -> None:
        """Let rows gather for a moment after a small batch that followed another closely."""
        loop.in_flight_poll = IN_FLIGHT_POLL_SECONDS
        is_small = result.rows < self.limit // 4
        if is_small and started - loop.last_batch_at < LINGER_SECONDS:
            self._stop.wait(LINGER_SECONDS)
        loop.last_batch_at = monotonic()

    def _wait(self, loop: _Loop, result: BatchResult) -> None:
        """Wait for a notification, or poll when rows wait for a transaction in flight."""
        if not result.more:
            loop.wake.wait(self.idle_seconds)
            loop.in_flight_poll = IN_FLIGHT_POLL_SECONDS
            return
        loop.wake.wait(loop.in_flight_poll)
        loop.in_flight_poll = min(2 * loop.in_flight_poll, MAX_IN_FLIGHT_POLL_SECONDS)

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                self._listen_until_lost()
            except psycopg.Error as error:
                log.info("listen_lost", error=str(error)[:200])
                sleep(LISTEN_SECONDS)

    def _listen_until_lost(self) -> None:
        """Forward notifications over one connection. Raise `psycopg.Error` when it is lost."""
        with self.database.connect() as connection:
            connection.execute(f"LISTEN {NOTIFY_CHANNEL}".encode())
            self._wake_all()
            self._forward_notifications(connection)

    def _forward_notifications(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        while not self._stop.is_set():
            for notification in connection.notifies(timeout=LISTEN_SECONDS):
                for wake in self._wakes.get(notification.payload, ()):
                    wake.set()

    def _wake_all(self) -> None:
        for wakes in self._wakes.values():
            for wake in wakes:
                wake.set()


def drain(
    database: Database, workers: Sequence[Worker], *, limit: int = 500, now: datetime | None = None
) -> int:
    """Run workers in this thread until none finds a row, and return how many rows they processed.

    For tests and one-shot commands.
    """
    total = 0
    processed = _run_each_once(database, workers, limit, now)

    while processed:
        total += processed
        processed = _run_each_once(database, workers, limit, now)

    return total


def _run_each_once(
    database: Database, workers: Sequence[Worker], limit: int, now: datetime | None
) -> int:
    """Run each worker once and return how many rows they processed."""
    processed = 0
    for worker in workers:
        processed += worker.run_once(database, limit=limit, now=now or utc_now()).rows
    return processed
