"""Migrations: many processes at once, one result; and jobs that commit with their cause."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest

from openiom.app.jobs import SCHEDULE, JobsThread, defer, jobs_app
from openiom.app.migrate import at_head, heads, migrate
from openiom.app.tables import schemas
from openiom.platform.bulk import fetch
from openiom.platform.database import Database
from openiom.platform.embedded import ensure_database


@pytest.fixture
def fresh(postgres_url: str) -> Iterator[Database]:
    """An empty database of its own on the test server."""
    name = f"openiom_fresh_{uuid4().hex[:8]}"
    database = Database(ensure_database(postgres_url, name), threads=4)
    yield database
    database.close()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def test_four_processes_that_migrate_together_end_at_one_schema(fresh: Database) -> None:
    def one(_: int) -> None:
        own = Database(fresh.url, threads=2)
        try:
            migrate(own, consumers=("orchestration",))
        finally:
            own.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(4)))

    assert heads()
    assert at_head(fresh)
    with fresh.reading() as session:
        assert fetch(session, "SELECT name FROM platform.event_consumer") == [("orchestration",)]
        assert fetch(session, "SELECT count(*) FROM public.procrastinate_jobs") == [(0,)]


WRITTEN_IN_SQL = (
    "SELECT pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
    " WHERE n.nspname = ANY(%(schemas)s)",
    "SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND n.nspname = ANY(%(schemas)s)",
)


def test_migrations_make_the_very_triggers_and_functions_the_models_declare(
    fresh: Database, database: Database
) -> None:
    def written(of: Database) -> list[list[str]]:
        with of.reading() as session:
            return [
                sorted(r[0] for r in fetch(session, q, {"schemas": schemas()}))
                for q in WRITTEN_IN_SQL
            ]

    migrate(fresh, consumers=())

    assert written(fresh) == written(database)
    assert all(written(fresh))


def test_a_deferred_job_exists_exactly_when_its_transaction_commits(fresh: Database) -> None:
    migrate(fresh, consumers=())
    with fresh.unit_of_work() as session:
        kept = defer(session, "invariants", timestamp=7)

    def change_ones_mind() -> None:
        with fresh.unit_of_work() as session:
            defer(session, "invariants")
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed my mind"):
        change_ones_mind()

    with fresh.reading() as session:
        rows = fetch(
            session, "SELECT id, task_name, queue_name, args FROM public.procrastinate_jobs"
        )
    assert rows == [(kept, "invariants", "openiom", {"timestamp": 7})]


def test_a_deferred_job_is_run_by_the_worker(fresh: Database) -> None:
    migrate(fresh, consumers=())
    with fresh.unit_of_work() as session:
        defer(session, "invariants")

    app = jobs_app(fresh)

    async def work() -> None:
        async with app.open_async():
            await app.run_worker_async(
                queues=["openiom"], wait=False, install_signal_handlers=False
            )

    asyncio.run(work())

    with fresh.reading() as session:
        done = fetch(
            session,
            "SELECT status::text FROM public.procrastinate_jobs WHERE task_name = 'invariants'",
        )
        kept = fetch(session, "SELECT count(*) > 0 FROM administration.invariant_result")
    assert ("succeeded",) in done
    assert kept == [(True,)]


def test_the_jobs_of_a_worker_outlive_a_lost_connection_and_end_when_told(
    fresh: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openiom.app.jobs.AGAIN_SECONDS", 0.1)
    migrate(fresh, consumers=())
    thread = JobsThread(fresh)
    thread.start()

    def done() -> int:
        with fresh.unit_of_work() as session:
            job = defer(session, "expired_sign_ins")
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with fresh.reading() as session:
                rows = fetch(
                    session,
                    "SELECT status::text FROM public.procrastinate_jobs WHERE id = %s",
                    (job,),
                )
            if rows == [("succeeded",)]:
                return job
            time.sleep(0.05)
        raise AssertionError(f"job {job} was not done: {rows}")

    first = done()
    with psycopg.connect(fresh.url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )
    fresh.engine.dispose()
    second = done()
    thread.stop()

    assert second > first
    assert not thread.alive


def test_every_scheduled_job_is_registered_under_its_name(database: Database) -> None:
    app = jobs_app(database)

    assert set(SCHEDULE) <= set(app.tasks)
