"""Which tokens can be executed now, and what becomes of work that fails inline."""

from uuid import UUID

import psycopg
import pytest
from tests.orchestration.builders import action, splitter
from tests.orchestration.harness import Harness

from openiom.orchestration import StepWorker, pause
from openiom.orchestration.runtime import step_worker
from openiom.orchestration.runtime.execution import in_savepoint, lock_executable
from openiom.orchestration.runtime.token_store import claim_due_tokens
from openiom.platform.bulk import execute, fetch


def lockable(harness: Harness) -> tuple[list[UUID], list[UUID], int]:
    """The flow runs that can be executed, those that are paused, and how many were claimed."""
    with harness.session() as session:
        claimed = claim_due_tokens(session, now=harness.now, limit=10)
        executable, paused = lock_executable(harness.engine, session, claimed)
    return [t.run_id for t in executable], [t.run_id for t in paused], len(claimed)


def test_tokens_of_paused_flows_are_returned_apart(harness: Harness) -> None:
    harness.flow("fast", action("a"))
    harness.flow("slow", action("a"), trigger={"parallel": True})
    harness.place("A")
    harness.run(harness.dispatcher)
    with harness.session() as session:
        pause(session, names=["slow"], now=harness.now)
    runs = dict(harness.rows("SELECT flow, id FROM orchestration.flow_run"))
    assert lockable(harness) == ([runs["fast"]], [runs["slow"]], 2)


def test_a_flow_run_that_is_executed_elsewhere_is_left_out_when_it_can_split(
    harness: Harness,
) -> None:
    harness.flow("fork", splitter(("left", "true", "a")), action("a"))
    harness.place("A", "B")
    harness.run(harness.dispatcher)

    runs = harness.run_ids()
    with harness.session() as session:
        fetch(
            session, "SELECT 1 FROM orchestration.flow_run WHERE id = %s FOR UPDATE", (runs["A"],)
        )
        assert lockable(harness) == ([runs["B"]], [], 2)

    assert len(lockable(harness)[0]) == 2


def test_a_flow_run_that_cannot_split_needs_no_lock(harness: Harness) -> None:
    harness.flow("simple", action("a"))
    harness.place("A")
    harness.run(harness.dispatcher)
    with harness.session() as session:
        fetch(session, "SELECT 1 FROM orchestration.flow_run FOR UPDATE")
        assert len(lockable(harness)[0]) == 1


def test_no_tokens_are_executable_when_none_is_given(harness: Harness) -> None:
    with harness.session() as session:
        assert lock_executable(harness.engine, session, []) == ([], [])


def test_work_that_succeeds_returns_its_result(harness: Harness) -> None:
    with harness.session() as session:
        assert in_savepoint(session, lambda: 5, left_to="step worker") == 5


def test_work_that_fails_is_rolled_back_and_left_to_a_worker(harness: Harness) -> None:
    with harness.session() as session:
        execute(session, "INSERT INTO public.ran VALUES ('before', NULL, '')")

        def fail() -> None:
            execute(session, "INSERT INTO public.ran VALUES ('inside', NULL, '')")
            raise RuntimeError("no")

        assert in_savepoint(session, fail, left_to="step worker") is None

    assert harness.rows("SELECT action FROM public.ran") == [("before",)]


def test_a_transient_error_is_raised(harness: Harness) -> None:
    def deadlock() -> None:
        raise psycopg.errors.DeadlockDetected("deadlock detected")

    with harness.session() as session, pytest.raises(psycopg.errors.DeadlockDetected):
        in_savepoint(session, deadlock, left_to="step worker")


def test_a_token_whose_batch_fails_outside_of_a_step_stops_in_place(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise ValueError("no such flow")

    harness.flow("simple", action("first"))
    harness.place("A")
    harness.run(harness.dispatcher)
    monkeypatch.setattr(step_worker, "execute_tokens", broken)
    StepWorker(harness.engine).run_once(harness.database, limit=10, now=harness.now)
    assert harness.positions() == {"A": ("failed", "failed at start")}
    assert harness.token_error() == {
        "what": "no such flow",
        "where": "start",
        "why": "the batch failed with ValueError",
        "remedy": "correct the cause and reprocess",
        "step": "start",
    }


def test_a_step_worker_without_due_tokens_does_nothing(harness: Harness) -> None:
    result = harness.steps.run_once(harness.database, limit=10, now=harness.now)
    assert (result.rows, result.more) == (0, False)
