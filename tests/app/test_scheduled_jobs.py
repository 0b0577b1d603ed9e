"""The scheduled jobs of the application."""

from datetime import UTC, datetime, timedelta

import pytest

from openiom.administration import latest_invariant_results, upsert_users
from openiom.administration.service import sign_in
from openiom.app import scheduled_jobs
from openiom.app.application import Application
from openiom.app.invariants import CheckedInvariant, invariant_names
from openiom.app.scheduled_jobs import SCHEDULED_JOBS
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database
from openiom.platform.scheduled_jobs import ScheduledJobWorker, job_statuses

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
JOBS = {job.name: job for job in SCHEDULED_JOBS}


def test_every_job_has_a_name_of_its_own_and_an_interval() -> None:
    assert {name: job.every for name, job in JOBS.items()} == {
        "event_partitions": timedelta(days=1),
        "invariants": timedelta(minutes=5),
        "authorization_expiry": timedelta(minutes=5),
        "expired_sessions": timedelta(hours=1),
        "old_provider_calls": timedelta(hours=1),
        "overdue_returns": timedelta(hours=1),
    }
    assert len(JOBS) == len(SCHEDULED_JOBS)


def test_a_worker_process_runs_the_scheduled_jobs(application: Application) -> None:
    [worker] = [one for one in application.workers() if isinstance(one, ScheduledJobWorker)]

    assert tuple(worker.jobs) == SCHEDULED_JOBS


def test_all_jobs_run_one_after_the_other_and_none_fails(database: Database) -> None:
    worker = ScheduledJobWorker(SCHEDULED_JOBS)
    worker.run_once(database, limit=10, now=NOW)
    tomorrow = NOW + timedelta(days=1)

    runs = 0
    while worker.run_once(database, limit=10, now=tomorrow).more:
        runs += 1

    assert runs == len(SCHEDULED_JOBS)
    with database.reading() as session:
        statuses = job_statuses(session)
        assert {status.name: status.last_error for status in statuses} == dict.fromkeys(JOBS, "")
        assert len(latest_invariant_results(session)) == len(invariant_names())


def test_partitions_of_the_coming_months_are_created(database: Database) -> None:
    JOBS["event_partitions"].run(database, datetime(2031, 11, 30, 23, tzinfo=UTC))

    with database.unit_of_work() as session:
        rows = fetch(
            session,
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = 'platform.business_event'::regclass",
        )
        for month in ("2031_11", "2031_12", "2032_01"):
            assert (f"platform.business_event_{month}",) in rows
            execute(session, f"DROP TABLE platform.business_event_{month}")


def test_a_violated_invariant_is_stored_with_its_rows(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    violated = CheckedInvariant(
        name="stock_is_not_negative",
        promise="Stock is never negative.",
        violations=2,
        columns=("product", "on_hand"),
        rows=(("LAMP", -1), ("DESK", -2)),
        seconds=0.25,
    )
    monkeypatch.setattr(scheduled_jobs, "check_invariants", lambda database: [violated])

    JOBS["invariants"].run(database, NOW)

    with database.reading() as session:
        [result] = latest_invariant_results(session)
        assert (result.name, result.violations, result.checked_at) == (
            "stock_is_not_negative",
            2,
            NOW,
        )
        assert result.rows == [
            {"product": "LAMP", "on_hand": -1},
            {"product": "DESK", "on_hand": -2},
        ]


def test_expired_sessions_are_deleted(database: Database) -> None:
    with database.unit_of_work() as session:
        upsert_users(session, [("ana@example.com", "Ana", "correct horse", ["viewer"])])
        sign_in(session, email="ana@example.com", password="correct horse", now=NOW, hours=1)

    def sessions() -> int:
        with database.reading() as session:
            return int(fetch(session, "SELECT count(*) FROM administration.session")[0][0])

    JOBS["expired_sessions"].run(database, NOW + timedelta(minutes=59))
    assert sessions() == 1
    JOBS["expired_sessions"].run(database, NOW + timedelta(minutes=61))
    assert sessions() == 0


def test_provider_calls_older_than_two_weeks_are_deleted_in_portions(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openiom.providers.scheduled_jobs.ROWS_PER_TRANSACTION", 2)
    with database.unit_of_work() as session:
        execute(
            session,
            "INSERT INTO providers.outbound_request"
            " (instance, method, url, started_at, milliseconds, attempt, error)"
            " SELECT 'store', 'GET', 'http://store', %s - d * interval '1 day', 100, 1, ''"
            " FROM unnest(ARRAY[1, 13, 15, 16, 17, 18, 19]) d",
            (NOW,),
        )

    JOBS["old_provider_calls"].run(database, NOW)

    with database.reading() as session:
        assert fetch(session, "SELECT count(*) FROM providers.outbound_request") == [(2,)]
