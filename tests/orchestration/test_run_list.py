"""The list of flow runs: found by their tokens while they have not ended, and sorted."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.orchestration.builders import action, wait
from tests.orchestration.harness import Harness
from tests.package_app import http_client, package_app
from tests.sorted_lists import assert_from_index, assert_pages, plan_of

from openiom.orchestration import router
from openiom.orchestration.run_list import FAILED_RUN_SORTS, RunFilter, run_query
from openiom.platform.bulk import execute, fetch

PATH = "/api/v1/runs"
MANY_ENDED_RUNS = """
INSERT INTO orchestration.flow_run (id, flow_version_id, flow, parallel_key, subject_type,
    subject_id, root_id, trigger_event_id, state, started_at)
SELECT gen_random_uuid(), r.flow_version_id, r.flow, '', 'order', gen_random_uuid(),
    gen_random_uuid(), n, 'completed', now()
FROM generate_series(1, 20000) n, (SELECT * FROM orchestration.flow_run LIMIT 1) r
"""
SECOND_FAILED_TOKEN = """
INSERT INTO orchestration.token (id, run_id, flow_version_id, subject_id, root_id, step, state,
    since_id, error, entered_at)
SELECT gen_random_uuid(), run_id, flow_version_id, subject_id, root_id, step, state, since_id,
    error, entered_at
FROM orchestration.token WHERE state = 'failed'
"""


@pytest.fixture
def client(harness: Harness) -> Iterator[TestClient]:
    """Three failed runs, of which the second started failed last, one that waits and one done."""
    harness.flow("demo", action("pick", "picky"), wait("wait"))
    harness.place("bad1", "bad2", "bad3", "A")
    harness.run()
    harness.advance_clock(minutes=5)
    _reprocess_failed(harness, "bad2")
    harness.place("B")
    harness.run()
    with harness.session() as session:
        execute(
            session,
            "UPDATE orchestration.flow_run SET state = 'canceled' WHERE subject_id ="
            " (SELECT id FROM public.sample_order WHERE number = 'B')",
        )
        execute(
            session,
            "DELETE FROM orchestration.token WHERE run_id IN"
            " (SELECT id FROM orchestration.flow_run WHERE state = 'canceled')",
        )

    app = package_app(
        harness.database, router, permissions={"*"}, principal="clerk", engine=harness.engine
    )
    with http_client(app) as http:
        yield http


def _reprocess_failed(harness: Harness, number: str) -> None:
    """Let a run fail again, later than the others."""
    with harness.session() as session:
        execute(
            session,
            "UPDATE orchestration.token SET entered_at = %s WHERE subject_id ="
            " (SELECT id FROM public.sample_order WHERE number = %s)",
            (harness.now, number),
        )


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ({"state": "failed"}, ["bad3", "bad2", "bad1"]),
        ({"state": "failed", "sort": "started"}, ["bad1", "bad2", "bad3"]),
        ({"state": "failed", "sort": "since"}, ["bad1", "bad3", "bad2"]),
        ({"state": "failed", "sort": "-since"}, ["bad2", "bad3", "bad1"]),
        ({"state": "failed", "flow": "demo", "sort": "-since"}, ["bad2", "bad3", "bad1"]),
        ({"state": "failed", "flow": "other"}, []),
        ({"state": "running"}, ["A"]),
        ({"state": "canceled"}, ["B"]),
        ({"sort": "started"}, ["bad1", "bad2", "bad3", "A", "B"]),
        ({}, ["B", "A", "bad3", "bad2", "bad1"]),
    ],
)
def test_every_sort_pages_through_all_runs_once(
    client: TestClient, query: dict[str, Any], subjects: list[str]
) -> None:
    assert_pages(client, PATH, "subject_label", subjects, **query)


def test_only_failed_runs_are_sorted_by_when_they_failed(client: TestClient) -> None:
    assert client.get(f"{PATH}?sort=since").status_code == 422
    assert client.get(f"{PATH}?state=running&sort=since").status_code == 422
    assert client.get(f"{PATH}?state=failed&sort=flow").status_code == 422


def test_a_run_with_two_failed_tokens_is_listed_once(client: TestClient, harness: Harness) -> None:
    with harness.session() as session:
        execute(session, SECOND_FAILED_TOKEN)

    assert_pages(client, PATH, "subject_label", ["bad3", "bad2", "bad1"], state="failed")


def test_failed_runs_are_read_from_an_index_among_many(
    client: TestClient, harness: Harness
) -> None:
    with harness.session() as session:
        execute(session, MANY_ENDED_RUNS)
        execute(session, "ANALYZE orchestration.flow_run; ANALYZE orchestration.token")

    with harness.session() as session:
        for sort in FAILED_RUN_SORTS.names:
            query, parameters = run_query(RunFilter("failed", "", sort), after=None, limit=51)
            plan = "\n".join(row for (row,) in fetch(session, f"EXPLAIN {query}", parameters))
            assert "Seq Scan on flow_run" not in plan, plan

    with harness.session() as session:
        for sort in FAILED_RUN_SORTS.names:
            query, parameters = run_query(RunFilter("failed", "", sort), after=None, limit=51)
            plan = plan_of(session, query, parameters)
            assert "ix_token_failed_" in plan, plan
            assert_from_index(plan)
