"""Waves take many, and one bad row never stops the rest."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from openiom.kernel import Invalid
from openiom.platform.batches import BatchSize, BatchWorker, WorkerPool, drain
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database


@pytest.fixture
def jobs(database: Database) -> Database:
    with database.unit_of_work() as session:
        session.execute(text("DROP TABLE IF EXISTS public.wave_test"))
        session.execute(
            text("CREATE TABLE public.wave_test (id int primary key, state text, error text)")
        )
        session.execute(
            text(
                "INSERT INTO public.wave_test SELECT i, 'ready', NULL FROM generate_series(1, 1000) i"
            )
        )
    return database


def claim(session: Session, limit: int) -> Sequence[int]:
    query = "SELECT id FROM public.wave_test WHERE state = 'ready' ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED"
    return [row[0] for row in fetch(session, query, (limit,))]


def process(session: Session, rows: Sequence[int], now: datetime) -> None:
    execute(session, "UPDATE public.wave_test SET state = 'done' WHERE id = ANY(%s)", (list(rows),))
    if 667 in rows:
        raise Invalid("667 is poison")


def park(session: Session, row: int, error: Exception, now: datetime) -> None:
    execute(
        session,
        "UPDATE public.wave_test SET state = 'parked', error = %s WHERE id = %s",
        (str(error), row),
    )


def counts(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return dict(fetch(session, "SELECT state, count(*) FROM public.wave_test GROUP BY 1"))  # type: ignore[arg-type]


WAVE = BatchWorker("jobs", claim, process, park)


def test_one_poison_row_in_a_thousand_is_parked_and_999_pass(jobs: Database) -> None:
    drain(jobs, [WAVE], limit=1000)
    assert counts(jobs) == {"done": 999, "parked": 1}
    with jobs.reading() as session:
        assert fetch(session, "SELECT id, error FROM public.wave_test WHERE state = 'parked'") == [
            (667, "667 is poison")
        ]


def test_two_processes_share_the_rows_without_waiting_for_each_other(jobs: Database) -> None:
    with jobs.unit_of_work() as first, jobs.unit_of_work() as second:
        assert claim(first, 400) == list(range(1, 401))
        assert claim(second, 400) == list(range(401, 801))


def test_a_running_wave_is_woken_by_notify(jobs: Database) -> None:
    runner = WorkerPool(jobs, [WAVE], idle_seconds=60)
    runner.start()
    try:
        deadline = 200
        while counts(jobs).get("ready") and deadline:
            deadline -= 1
        assert counts(jobs) == {"done": 999, "parked": 1}
    finally:
        runner.stop()


def test_a_wave_takes_all_that_waits_and_shrinks_while_waves_are_slow() -> None:
    size = BatchSize(limit=500, target_seconds=0.5)
    assert size.next() == 500
    size.learn(rows=500, seconds=2.0)
    assert size.next() == 250
    size.learn(rows=250, seconds=0.1)
    assert size.next() == 500
    size.learn(rows=1, seconds=2.0)
    assert size.next() == 500
