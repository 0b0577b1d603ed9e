"""Liveness, readiness and metrics."""

from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from openiom.app.application import Application
from openiom.app.migrate import head
from openiom.kernel import Event, new_id
from openiom.platform.bulk import execute
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.platform.events import append_events, ensure_consumer
from openiom.platform.installation import declare_restored
from openiom.platform.scheduled_jobs import ScheduledJob, ScheduledJobWorker

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def figures(client: TestClient) -> dict[str, float]:
    """Return the figures of a scrape by name and labels."""
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")

    found: dict[str, float] = {}
    for line in response.text.splitlines():
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            found[name] = float(value)

    return found


def test_a_process_that_responds_is_alive(anonymous_client: TestClient) -> None:
    assert anonymous_client.get("/health").json() == {"status": "ok"}


@pytest.fixture
def migrated(database: Database) -> Database:
    """A database that records the newest migration."""
    with database.unit_of_work() as session:
        execute(
            session,
            "INSERT INTO platform.schema_version (revision, compatible_with) VALUES (%s, %s)",
            (head(), head()),
        )

    return database


def test_a_process_is_ready_when_the_schema_is_current(
    migrated: Database, anonymous_client: TestClient
) -> None:
    response = anonymous_client.get("/ready")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ready",
        "database": "reachable",
        "schema_version": head(),
        "remedy": "",
        "lag_seconds": 0.0,
    }


def test_a_database_without_tables_is_not_ready(anonymous_client: TestClient) -> None:
    response = anonymous_client.get("/ready")

    assert response.status_code == 503
    assert response.json()["schema_version"] == "none"
    assert response.json()["remedy"] == "run: iom migrate"


@pytest.mark.parametrize(("seconds", "status"), [(30, "ready"), (300, "degraded")])
def test_a_consumer_that_is_behind_degrades_the_process(
    migrated: Database, anonymous_client: TestClient, seconds: int, status: str
) -> None:
    order = new_id()
    with migrated.unit_of_work() as session:
        ensure_consumer(session, "orchestration")
        at = utc_now() - timedelta(seconds=seconds)
        happened = Event(name="a", subject_type="order", subject_id=order, root_id=order, data={})
        append_events(session, [happened], at=at, actor="test")

    response = anonymous_client.get("/ready")

    assert response.status_code == 200
    body = response.json()
    assert body["status"] == status
    assert seconds <= body["lag_seconds"] < seconds + 20
    assert bool(body["remedy"]) == (status == "degraded")
    lag = figures(anonymous_client)['openiom_event_lag_seconds{consumer="orchestration"}']
    assert seconds <= lag < seconds + 20


def test_a_copy_says_that_it_is_one(migrated: Database, anonymous_client: TestClient) -> None:
    declare_restored(migrated, live=False, now=NOW)

    body = anonymous_client.get("/ready").json()

    assert (body["status"], body["remedy"]) == (
        "degraded",
        "this is a copy; if it is the live installation now, run: iom restored --live",
    )


def test_an_unreachable_database_is_reported(
    application: Application, anonymous_client: TestClient
) -> None:
    unreachable = Database("postgresql://127.0.0.1:1/none")
    anonymous_client.app.state.database = unreachable  # type: ignore[attr-defined]

    try:
        response = anonymous_client.get("/ready")
    finally:
        unreachable.close()

    assert response.status_code == 503
    assert response.json() == {
        "status": "not ready",
        "database": "unreachable",
        "schema_version": "unknown",
        "remedy": "check that PostgreSQL is running",
        "lag_seconds": 0.0,
    }


def test_queues_of_all_packages_are_measured(anonymous_client: TestClient) -> None:
    found = figures(anonymous_client)

    for queue in ("inbox", "parked_messages", "tokens_ready", "provider_calls"):
        assert found[f'openiom_queue_depth{{queue="{queue}"}}'] == 0
    assert found["openiom_events"] >= 0
    assert found["openiom_event_listeners"] == 0


def test_failing_scheduled_jobs_are_measured(
    database: Database, anonymous_client: TestClient
) -> None:
    def fail(database: Database, now: datetime) -> None:
        raise ValueError("disk is full")

    worker = ScheduledJobWorker(
        [ScheduledJob("sweep", HOUR, fail), ScheduledJob("count", HOUR, lambda *_: None)]
    )
    worker.run_once(database, limit=1, now=NOW)

    for _ in range(2):
        worker.run_once(database, limit=1, now=NOW + HOUR)

    found = figures(anonymous_client)

    assert found['openiom_scheduled_job_failures{job="sweep"}'] == 1
    assert found['openiom_scheduled_job_failures{job="count"}'] == 0
