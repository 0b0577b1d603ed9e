"""Liveness, readiness and metrics."""

from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from openiom.app import health
from openiom.app.application import Application
from openiom.platform.database import Database
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


def test_a_process_is_ready_when_the_schema_is_current(
    anonymous_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "current", lambda database: health.heads())

    response = anonymous_client.get("/ready")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ready",
        "database": "reachable",
        "schema_version": ", ".join(health.heads()),
        "remedy": "",
    }


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
