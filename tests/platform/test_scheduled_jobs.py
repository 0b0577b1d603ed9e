"""Scheduled jobs run once per due time, are retried, and show their failures."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from openiom.platform import scheduled_jobs
from openiom.platform.bulk import execute
from openiom.platform.database import Database
from openiom.platform.retry import RetryPolicy
from openiom.platform.scheduled_jobs import (
    JobStatus,
    ScheduledJob,
    ScheduledJobWorker,
    job_statuses,
    next_due,
    request_run,
)

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
STEADY = RetryPolicy(first_seconds=10, max_seconds=900, jitter=0)


class Clock:
    """Records the times at which a job ran."""

    def __init__(self) -> None:
        self.runs: list[datetime] = []

    def __call__(self, database: Database, now: datetime) -> None:
        self.runs.append(now)


def status_of(database: Database, name: str) -> JobStatus:
    with database.reading() as session:
        [status] = [one for one in job_statuses(session) if one.name == name]
        return status


def run(worker: ScheduledJobWorker, database: Database, now: datetime) -> int:
    return worker.run_once(database, limit=10, now=now).rows


def test_a_new_job_runs_after_its_first_interval_and_then_once_per_interval(
    database: Database,
) -> None:
    clock = Clock()
    worker = ScheduledJobWorker([ScheduledJob("sweep", HOUR, clock)])

    assert run(worker, database, NOW) == 0
    assert run(worker, database, NOW + HOUR - timedelta(seconds=1)) == 0
    assert run(worker, database, NOW + HOUR) == 1
    assert run(worker, database, NOW + HOUR) == 0
    assert run(worker, database, NOW + 2 * HOUR) == 1
    assert clock.runs == [NOW + HOUR, NOW + 2 * HOUR]


def test_the_outcome_of_a_run_is_stored(database: Database) -> None:
    worker = ScheduledJobWorker([ScheduledJob("sweep", HOUR, Clock())])
    run(worker, database, NOW)
    run(worker, database, NOW + HOUR)

    status = status_of(database, "sweep")
    assert status.last_run_at == NOW + HOUR
    assert status.next_run_at == NOW + 2 * HOUR
    assert (status.last_error, status.failures) == ("", 0)
    assert 0 <= status.last_seconds < 5


def test_a_job_that_fails_shows_its_error_and_is_retried_until_it_succeeds(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        scheduled_jobs,
        "next_due",
        lambda now, **given: next_due(now, **given, policy=STEADY),
    )
    healthy = False

    def work(database: Database, now: datetime) -> None:
        if not healthy:
            raise ValueError("disk is full")

    worker = ScheduledJobWorker([ScheduledJob("sweep", HOUR, work)])
    run(worker, database, NOW)
    due = NOW + HOUR
    assert run(worker, database, due) == 1

    status = status_of(database, "sweep")
    assert (status.last_error, status.failures) == ("ValueError: disk is full", 1)
    assert status.next_run_at == due + timedelta(seconds=10)

    assert run(worker, database, due + timedelta(seconds=9)) == 0
    assert run(worker, database, due + timedelta(seconds=10)) == 1
    assert status_of(database, "sweep").failures == 2
    assert status_of(database, "sweep").next_run_at == due + timedelta(seconds=30)

    healthy = True
    assert run(worker, database, due + timedelta(seconds=30)) == 1
    status = status_of(database, "sweep")
    assert (status.last_error, status.failures) == ("", 0)
    assert status.next_run_at == NOW + 2 * HOUR


def test_a_failing_job_does_not_keep_the_others_from_running(database: Database) -> None:
    def fail(database: Database, now: datetime) -> None:
        raise ValueError("no")

    clock = Clock()
    worker = ScheduledJobWorker(
        [ScheduledJob("bad", HOUR, fail), ScheduledJob("good", HOUR, clock)]
    )
    run(worker, database, NOW)

    assert [run(worker, database, NOW + HOUR) for _ in range(3)] == [1, 1, 0]
    assert clock.runs == [NOW + HOUR]


def test_of_many_workers_one_runs_a_due_job(database: Database) -> None:
    clock = Clock()
    jobs = [ScheduledJob("sweep", HOUR, clock)]
    run(ScheduledJobWorker(jobs), database, NOW)

    def attempt(_: int) -> int:
        return run(ScheduledJobWorker(jobs), database, NOW + HOUR)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(8))) == [0] * 7 + [1]

    assert clock.runs == [NOW + HOUR]


def test_a_running_job_is_leased_and_a_job_of_a_dead_worker_runs_again(
    database: Database,
) -> None:
    started, finish = Event(), Event()

    def work(database: Database, now: datetime) -> None:
        started.set()
        finish.wait(20)

    jobs = [ScheduledJob("sweep", HOUR, work)]
    run(ScheduledJobWorker(jobs), database, NOW)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run, ScheduledJobWorker(jobs), database, NOW + HOUR)
        assert started.wait(20)
        assert run(ScheduledJobWorker(jobs), database, NOW + HOUR) == 0

        with database.unit_of_work() as session:
            execute(session, "UPDATE platform.scheduled_job SET lease_until = now() - %s", (HOUR,))

        clock = Clock()
        rescue = ScheduledJobWorker([ScheduledJob("sweep", HOUR, clock)])
        assert run(rescue, database, NOW + HOUR) == 1
        assert clock.runs == [NOW + HOUR]
        recorded = status_of(database, "sweep")

        finish.set()
        assert running.result(20) == 1

    assert status_of(database, "sweep") == recorded


def test_jobs_of_other_programs_are_left_alone(database: Database) -> None:
    run(ScheduledJobWorker([ScheduledJob("other", HOUR, Clock())]), database, NOW)

    clock = Clock()
    worker = ScheduledJobWorker([ScheduledJob("ours", HOUR, clock)])
    run(worker, database, NOW)
    assert run(worker, database, NOW + HOUR) == 1
    assert run(worker, database, NOW + HOUR) == 0
    assert status_of(database, "other").last_run_at is None


def test_a_job_can_be_requested_now(database: Database) -> None:
    clock = Clock()
    worker = ScheduledJobWorker([ScheduledJob("sweep", HOUR, clock)])
    run(worker, database, NOW)

    with database.unit_of_work() as session:
        assert request_run(session, "sweep", now=NOW)
        assert not request_run(session, "unknown", now=NOW)

    assert run(worker, database, NOW) == 1
    assert status_of(database, "sweep").next_run_at == NOW + HOUR


@pytest.mark.parametrize(
    ("minutes_past", "due_minutes"), [(0, 60), (1, 60), (59, 60), (60, 120), (61, 120), (250, 300)]
)
def test_regular_due_times_are_multiples_of_the_interval(
    minutes_past: int, due_minutes: int
) -> None:
    now = NOW + timedelta(minutes=minutes_past)

    assert next_due(now, every=HOUR) == NOW + timedelta(minutes=due_minutes)


@pytest.mark.parametrize(("failures", "seconds"), [(1, 10), (2, 20), (5, 160), (8, 900), (40, 900)])
def test_retries_are_spaced_by_the_policy(failures: int, seconds: int) -> None:
    due = next_due(NOW, every=HOUR, failures=failures, policy=STEADY)

    assert due == NOW + timedelta(seconds=seconds)


def test_a_retry_is_never_later_than_the_next_regular_run() -> None:
    every = timedelta(minutes=5)

    assert next_due(NOW, every=every, failures=9, policy=STEADY) == NOW + every
