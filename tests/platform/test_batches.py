"""Batch workers: one bad row does not stop the others, and workers share rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event
from time import monotonic, sleep

import psycopg
import pytest
from sqlalchemy.orm import Session

from openiom.kernel import Invalid
from openiom.platform import batches
from openiom.platform.batches import (
    BatchResult,
    BatchSize,
    BatchWorker,
    WorkerPool,
    drain,
    process_or_quarantine,
)
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database
from openiom.platform.events import notify
from openiom.platform.write_behind import savepoint

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
BAD = 667


@pytest.fixture
def rows(database: Database) -> Database:
    """A table of 1,000 rows that are ready."""
    with database.unit_of_work() as session:
        execute(session, "DROP TABLE IF EXISTS public.batch_test")
        execute(
            session,
            "CREATE TABLE public.batch_test (id int PRIMARY KEY, state text, error text)",
        )
        execute(
            session,
            "INSERT INTO public.batch_test SELECT i, 'ready', NULL FROM generate_series(1, 1000) i",
        )

    return database


def claim(session: Session, limit: int) -> Sequence[int]:
    claimed = fetch(
        session,
        "SELECT id FROM public.batch_test WHERE state = 'ready' ORDER BY id LIMIT %s"
        " FOR UPDATE SKIP LOCKED",
        (limit,),
    )
    return [row_id for (row_id,) in claimed]


def process(session: Session, ids: Sequence[int], now: datetime) -> None:
    execute(session, "UPDATE public.batch_test SET state = 'done' WHERE id = ANY(%s)", (list(ids),))
    if BAD in ids:
        raise Invalid(f"{BAD} is bad")


def park(session: Session, row_id: int, error: Exception, now: datetime) -> None:
    execute(
        session,
        "UPDATE public.batch_test SET state = 'parked', error = %s WHERE id = %s",
        (str(error), row_id),
    )


WORKER = BatchWorker("batch_test", claim, process, park)


def counts(database: Database) -> dict[str, int]:
    with database.reading() as session:
        rows = fetch(session, "SELECT state, count(*) FROM public.batch_test GROUP BY 1")
        return {state: count for state, count in rows}


def wait_until_done(database: Database) -> bool:
    deadline = monotonic() + 30
    while counts(database).get("ready"):
        if monotonic() > deadline:
            return False
        sleep(0.02)
    return True


def test_one_bad_row_of_a_thousand_is_parked_and_the_others_are_done(rows: Database) -> None:
    assert drain(rows, [WORKER], limit=1000) == 1000

    assert counts(rows) == {"done": 999, "parked": 1}
    with rows.reading() as session:
        parked = fetch(session, "SELECT id, error FROM public.batch_test WHERE state = 'parked'")
    assert parked == [(BAD, f"{BAD} is bad")]


def test_a_bad_row_is_isolated_by_halving(rows: Database) -> None:
    sizes: list[int] = []

    def recorded(session: Session, ids: Sequence[int], now: datetime) -> None:
        sizes.append(len(ids))
        process(session, ids, now)

    with rows.unit_of_work() as session:
        process_or_quarantine(session, range(660, 676), process=recorded, park=park, now=NOW)

    assert sizes == [16, 16, 8, 4, 4, 2, 2, 1, 1, 8]


def test_a_failure_that_the_batch_survives_is_repeated_with_savepoints(rows: Database) -> None:
    attempts: list[int] = []

    def with_fallback(session: Session, ids: Sequence[int], now: datetime) -> None:
        attempts.append(len(ids))
        try:
            with savepoint(session):
                process(session, ids, now)
        except Invalid:
            process(session, [row_id for row_id in ids if row_id != BAD], now)

    with rows.unit_of_work() as session:
        process_or_quarantine(session, range(660, 676), process=with_fallback, park=park, now=NOW)

    assert attempts == [16, 16]
    assert counts(rows) == {"done": 15, "ready": 985}


def test_what_follows_a_batch_is_repeated_with_it(rows: Database) -> None:
    followed: list[int] = []

    def count_done(session: Session, now: datetime) -> None:
        [(done,)] = fetch(session, "SELECT count(*) FROM public.batch_test WHERE state = 'done'")
        followed.append(done)

    with rows.unit_of_work() as session:
        process_or_quarantine(
            session, range(1, 5), process=process, park=park, after_batch=count_done, now=NOW
        )
        process_or_quarantine(
            session, [BAD], process=process, park=park, after_batch=count_done, now=NOW
        )

    assert followed == [4, 4]


@pytest.mark.parametrize(("limit", "rows_done", "more"), [(400, 400, True), (2000, 1000, False)])
def test_a_run_returns_its_rows_and_whether_more_may_wait(
    rows: Database, limit: int, rows_done: int, more: bool
) -> None:
    assert WORKER.run_once(rows, limit=limit, now=NOW) == BatchResult(rows_done, more)


def test_a_full_batch_may_be_followed_by_more(rows: Database) -> None:
    assert WORKER.run_once(rows, limit=1000, now=NOW) == BatchResult(1000, True)
    assert WORKER.run_once(rows, limit=1000, now=NOW) == BatchResult(0, False)


def test_two_workers_claim_different_rows(rows: Database) -> None:
    with rows.unit_of_work() as first, rows.unit_of_work() as second:
        assert claim(first, 400) == list(range(1, 401))
        assert claim(second, 400) == list(range(401, 801))


def test_work_after_a_batch_runs_once_and_only_when_rows_were_claimed(rows: Database) -> None:
    times: list[datetime] = []
    worker = BatchWorker(
        "batch_test", claim, process, park, after_batch=lambda session, now: times.append(now)
    )

    worker.run_once(rows, limit=1000, now=NOW)
    worker.run_once(rows, limit=1000, now=NOW)

    assert times == [NOW]


def test_a_transient_error_undoes_the_batch_and_is_raised(rows: Database) -> None:
    def lose_connection(session: Session, ids: Sequence[int], now: datetime) -> None:
        process(session, [1], now)
        raise psycopg.errors.DeadlockDetected("deadlock")

    worker = BatchWorker("batch_test", claim, lose_connection, park)

    with pytest.raises(psycopg.errors.DeadlockDetected):
        worker.run_once(rows, limit=10, now=NOW)

    assert counts(rows) == {"ready": 1000}


@dataclass
class Scripted:
    """A worker that returns or raises what a test lists, and records its limits."""

    script: list[BatchResult | Exception]
    kind: str = "scripted"
    limits: list[int] = field(default_factory=list)
    finished: Event = field(default_factory=Event)

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        self.limits.append(limit)
        if not self.script:
            self.finished.set()
            return BatchResult(0, False)
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step


def test_draining_runs_every_worker_until_none_finds_a_row(database: Database) -> None:
    first = Scripted([BatchResult(3, True), BatchResult(0, False), BatchResult(2, False)])
    second = Scripted([BatchResult(0, False), BatchResult(4, False)])

    assert drain(database, [first, second], limit=7) == 9
    assert first.limits == [7] * 4
    assert second.limits == [7] * 4


def test_a_pool_processes_rows_until_it_is_stopped(rows: Database) -> None:
    pool = WorkerPool(rows, [WORKER], idle_seconds=60)
    pool.start()
    try:
        assert wait_until_done(rows)
    finally:
        pool.stop()

    assert counts(rows) == {"done": 999, "parked": 1}


def test_an_idle_worker_is_woken_by_a_notification(rows: Database) -> None:
    with rows.unit_of_work() as session:
        execute(session, "UPDATE public.batch_test SET state = 'later'")

    pool = WorkerPool(rows, [WORKER], idle_seconds=600)
    pool.start()

    try:
        sleep(1.0)
        with rows.unit_of_work() as session:
            execute(session, "UPDATE public.batch_test SET state = 'ready' WHERE id <= 10")
            notify(session, "batch_test")

        assert wait_until_done(rows)
    finally:
        pool.stop()

    assert counts(rows) == {"later": 990, "done": 10}


@pytest.mark.parametrize(
    ("error", "limits"),
    [
        (psycopg.errors.QueryCanceled("statement timeout"), [50, 25, 25]),
        (psycopg.errors.OutOfMemory("x"), [50, 25, 25]),
        (psycopg.errors.DeadlockDetected("x"), [50, 50, 50]),
        (psycopg.errors.DiskFull("x"), [50, 50, 50]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_batch_that_is_too_large_for_the_database_is_repeated_with_half_the_rows(
    database: Database, error: Exception, limits: list[int]
) -> None:
    worker = Scripted([error, BatchResult(1, False)])
    pool = WorkerPool(database, [worker], limit=50)
    pool.start()

    try:
        assert worker.finished.wait(20)
    finally:
        pool.stop()

    assert worker.limits[:3] == limits


def test_a_pool_goes_on_after_failures(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Scripted(
        [ValueError("a bug"), psycopg.errors.DeadlockDetected("x"), BatchResult(1, False)]
    )
    pool = WorkerPool(database, [worker], limit=50)
    pool.start()

    try:
        assert worker.finished.wait(20)
    finally:
        pool.stop()

    assert worker.limits[:4] == [50, 50, 50, 50]


def test_a_pool_polls_for_rows_of_a_transaction_in_flight(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Scripted([BatchResult(0, True)] * 5)
    pool = WorkerPool(database, [worker], idle_seconds=600)
    started = monotonic()
    pool.start()

    try:
        assert worker.finished.wait(20)
    finally:
        pool.stop()

    expected = batches.IN_FLIGHT_POLL_SECONDS * (1 + 2 + 4 + 8) + 0.12
    assert monotonic() - started < 10 + expected


def test_stopping_waits_for_the_running_batch(database: Database) -> None:
    started = Event()
    finished = Event()

    class Slow:
        kind = "slow"

        def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
            started.set()
            sleep(0.3)
            finished.set()
            return BatchResult(0, False)

    pool = WorkerPool(database, [Slow()])
    pool.start()
    assert started.wait(20)

    pool.stop()

    assert finished.is_set()


def test_a_batch_is_halved_while_batches_are_slow_and_doubled_again() -> None:
    size = BatchSize(limit=500, target_seconds=0.5)
    assert size.next() == 500

    size.learn(rows=500, seconds=1.0)
    assert size.next() == 500
    size.learn(rows=500, seconds=1.01)
    assert size.next() == 250
    size.learn(rows=250, seconds=0.5)
    assert size.next() == 250
    size.learn(rows=249, seconds=0.1)
    assert size.next() == 250
    size.learn(rows=250, seconds=0.49)
    assert size.next() == 500


def test_a_batch_has_at_least_one_row_and_at_most_the_limit() -> None:
    size = BatchSize(limit=3, target_seconds=1.0)
    for _ in range(5):
        size.learn(rows=2, seconds=60)

    assert size.next() == 1
    size.learn(rows=1, seconds=60)
    assert size.next() == 1

    for _ in range(5):
        size.learn(rows=size.next(), seconds=0)

    assert size.next() == 3


def test_a_single_slow_row_does_not_shrink_the_batch() -> None:
    size = BatchSize(limit=500)
    size.learn(rows=1, seconds=100)
    assert size.next() == 500
