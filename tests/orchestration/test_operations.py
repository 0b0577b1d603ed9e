"""Manual operations: reprocess, skip, cancel, pause and resume."""

from uuid import UUID

import pytest
from tests.orchestration.builders import NOTIFY, SEND, action, wait
from tests.orchestration.harness import Harness

from openiom.kernel import NotFound, ProviderDown, new_id
from openiom.orchestration import (
    OperationResult,
    cancel,
    pause,
    reprocess,
    resume,
    resume_calls_to,
    skip,
)
from openiom.providers import pause_instance, resume_instance

UNKNOWN = UUID(int=1)


def call_states(harness: Harness) -> list[tuple[str, int]]:
    return harness.rows(  # type: ignore[return-value]
        "SELECT state, attempts FROM orchestration.provider_call ORDER BY id"
    )


def pause_flow(harness: Harness, name: str) -> None:
    with harness.session() as session:
        pause(session, names=[name], now=harness.now)


def resume_flow(harness: Harness, name: str) -> int:
    with harness.session() as session:
        return resume(session, names=[name], now=harness.now)


def reprocess_runs(harness: Harness, *run_ids: UUID) -> list[OperationResult]:
    with harness.session() as session:
        return reprocess(session, run_ids=run_ids, now=harness.now)


def skip_runs(harness: Harness, *run_ids: UUID) -> list[OperationResult]:
    with harness.session() as session:
        return skip(session, harness.engine, run_ids=run_ids, now=harness.now)


def cancel_runs(harness: Harness, *run_ids: UUID) -> list[OperationResult]:
    with harness.session() as session:
        return cancel(session, run_ids=run_ids, now=harness.now)


def test_reprocessing_runs_the_failed_step_again(harness: Harness) -> None:
    harness.flow("simple", action("first"), action("second", "picky"), action("third"))
    harness.place("bad")
    harness.run()
    harness.execute("UPDATE public.sample_order SET number = 'good'")
    [run] = harness.run_ids().values()
    assert reprocess_runs(harness, run) == [OperationResult(run, True)]
    assert harness.positions() == {"good": ("running", "ready at second")}
    harness.run()
    assert harness.positions() == {"good": ("completed",)}
    assert harness.history("good") == [
        "first: succeeded",
        "second: error",
        "second: succeeded",
        "third: succeeded",
    ]


def test_reprocessing_an_order_covers_all_its_failed_flow_runs(harness: Harness) -> None:
    harness.flow("main", action("m", "picky"))
    harness.flow("watch", action("w", "picky"), trigger={"parallel": True})
    [bad, good] = harness.place("bad", "good")
    harness.run()

    with harness.session() as session:
        results = reprocess(session, root_ids=[bad, good, UNKNOWN], now=harness.now)

    assert results == [
        OperationResult(bad, True),
        OperationResult(good, False, "nothing has failed that could run again"),
        OperationResult(UNKNOWN, False, "nothing has failed that could run again"),
    ]
    assert harness.run_states() == {"completed": 2, "running": 2}


@pytest.mark.parametrize("operation", [reprocess_runs, skip_runs, cancel_runs])
def test_an_operation_says_why_it_refuses_a_flow_run(harness: Harness, operation) -> None:
    harness.flow("simple", action("first"))
    harness.place("A")
    harness.run()
    [run] = harness.run_ids().values()
    assert operation(harness, run, UNKNOWN) == [
        OperationResult(run, False, "the flow run is completed"),
        OperationResult(UNKNOWN, False, "no such flow run"),
    ]


def test_an_operation_returns_one_result_per_id_in_order(harness: Harness) -> None:
    harness.flow("simple", action("first", "picky"), wait())
    harness.place("A", "bad")
    harness.run()
    runs = harness.run_ids()
    unknown = new_id()
    assert reprocess_runs(harness, unknown, runs["bad"], runs["A"]) == [
        OperationResult(unknown, False, "no such flow run"),
        OperationResult(runs["bad"], True),
        OperationResult(runs["A"], False, "the flow run is running"),
    ]


def test_skipping_leaves_by_the_first_port(harness: Harness) -> None:
    pick = action("pick", "picky", to={"succeeded": "good"})
    harness.flow("simple", pick, action("good", "good"))
    harness.place("bad")
    harness.run()
    [run] = harness.run_ids().values()
    assert skip_runs(harness, run) == [OperationResult(run, True)]
    harness.run()
    assert harness.positions() == {"bad": ("completed",)}
    assert harness.history("bad") == ["pick: error", "pick: succeeded", "good: succeeded"]
    assert harness.entries("bad")[1]["reason"] == "skipped by hand"


def test_skipping_ends_a_wait(harness: Harness) -> None:
    harness.flow("patient", wait(), action("on"))
    harness.place("A")
    harness.run()
    [run] = harness.run_ids().values()
    skip_runs(harness, run)
    harness.run()
    assert harness.history("A") == ["wait: happened", "on: succeeded"]


def test_the_call_of_a_skipped_step_is_not_made(harness: Harness) -> None:
    harness.flow("out", NOTIFY, action("on"))
    [order] = harness.place("A")
    harness.provider.errors[str(order)] = ProviderDown("busy", retry_after=600)
    harness.run()
    [(flow_run,)] = harness.rows("SELECT id FROM orchestration.flow_run")

    with harness.database.unit_of_work() as session:
        assert skip(session, harness.engine, run_ids=[flow_run], now=harness.now)[0].ok

    harness.run()
    harness.advance_clock(hours=1)
    harness.run()
    assert harness.positions() == {"A": ("completed",)}
    assert call_states(harness) == [("canceled", 1)]


def test_canceling_ends_tokens_and_calls_that_were_not_made(harness: Harness) -> None:
    harness.flow("out", SEND)
    harness.place("A", "B", items=[1])
    harness.run(harness.dispatcher, harness.steps)
    runs = harness.run_ids()
    assert cancel_runs(harness, runs["A"]) == [OperationResult(runs["A"], True)]
    harness.run()
    assert harness.positions() == {"A": ("canceled",), "B": ("completed",)}
    assert call_states(harness) == [("canceled", 0), ("done", 1)]
    assert len(harness.provider.effects) == 1


def test_a_call_in_flight_is_recorded_after_its_flow_run_was_canceled(harness: Harness) -> None:
    harness.flow("out", NOTIFY)
    harness.place("A")
    harness.run(harness.dispatcher, harness.steps)
    [run] = harness.run_ids().values()

    def cancel_meanwhile(instance, calls):  # type: ignore[no-untyped-def]
        cancel_runs(harness, run)
        return harness.provider.answer(instance, calls)

    harness.provider.respond = cancel_meanwhile
    harness.run_call_worker()
    assert call_states(harness) == [("done", 1)]
    assert harness.positions() == {"A": ("canceled",)}


def test_a_call_that_fails_after_its_flow_run_was_canceled_is_not_retried(
    harness: Harness,
) -> None:
    harness.flow("out", NOTIFY)
    [order] = harness.place("A")
    harness.provider.errors[str(order)] = ProviderDown("down")
    harness.run(harness.dispatcher, harness.steps)
    [run] = harness.run_ids().values()

    def cancel_meanwhile(instance, calls):  # type: ignore[no-untyped-def]
        cancel_runs(harness, run)
        return harness.provider.answer(instance, calls)

    harness.provider.respond = cancel_meanwhile
    harness.run_call_worker()
    assert call_states(harness) == [("canceled", 1)]


def test_canceling_nothing_does_nothing(harness: Harness) -> None:
    assert cancel_runs(harness) == []


def test_calls_of_a_paused_flow_are_held_and_made_in_order_after_a_resume(harness: Harness) -> None:
    harness.flow("out", action("first"), NOTIFY)
    harness.place("A")
    harness.run(harness.dispatcher, harness.steps)

    with harness.database.unit_of_work() as session:
        pause(session, names=["out"], now=harness.now)

    harness.advance_clock(seconds=1)
    harness.place("B")
    harness.advance_clock(seconds=1)
    harness.run()
    harness.place("C")
    harness.advance_clock(seconds=1)
    harness.run()
    assert harness.positions() == {
        "A": ("running", "waiting at notify"),
        "B": ("running", "held at start"),
        "C": ("running", "held at start"),
    }
    assert harness.provider.requests == []

    with harness.database.unit_of_work() as session:
        assert resume(session, names=["out"], now=harness.now) == 2

    while harness.steps.run_once(harness.database, limit=1, now=harness.now).rows:
        pass

    assert harness.rows("SELECT number FROM public.ran") == [("A",), ("B",), ("C",)]
    harness.run()
    assert harness.positions() == {"A": ("completed",), "B": ("completed",), "C": ("completed",)}


def test_a_wait_that_times_out_while_paused_times_out_after_a_resume(harness: Harness) -> None:
    to = {"timed_out": "late", "happened": "end"}
    wait = {"id": "wait", "kind": "wait", "events": ["order.approved"], "timeout": "PT1H", "to": to}
    harness.flow("timed", wait, action("late", "late"))
    _, other = harness.place("A", "B")
    harness.run()

    with harness.database.unit_of_work() as session:
        pause(session, names=["timed"], now=harness.now)

    harness.advance_clock(hours=2)
    harness.run()
    harness.raise_event("order.approved", other)
    harness.run()
    assert harness.positions() == {
        "A": ("running", "held at wait"),
        "B": ("running", "held at wait"),
    }

    with harness.database.unit_of_work() as session:
        resume(session, names=["timed"], now=harness.now)

    harness.run()
    assert harness.ran() == {("late", "A"): 1}
    assert harness.positions() == {"A": ("completed",), "B": ("completed",)}


def test_a_paused_flow_does_not_hold_others(harness: Harness) -> None:
    harness.flow("slow", action("s", "slow"), trigger={"parallel": True})
    harness.flow("fast", action("f", "fast"))
    pause_flow(harness, "slow")
    harness.place("A")
    harness.run()
    assert harness.ran() == {("fast", "A"): 1}
    assert resume_flow(harness, "slow") == 1
    harness.run()
    assert harness.ran() == {("fast", "A"): 1, ("slow", "A"): 1}


def test_a_delay_that_ends_while_paused_continues_after_a_resume(harness: Harness) -> None:
    nap = {"id": "nap", "kind": "delay", "duration": "PT1H"}
    harness.flow("slow", nap, action("on"))
    harness.place("A")
    harness.run()
    pause_flow(harness, "slow")
    harness.advance_clock(hours=2)
    harness.run()
    assert harness.positions() == {"A": ("running", "held at nap")}
    assert resume_flow(harness, "slow") == 1
    harness.run()
    assert harness.positions() == {"A": ("completed",)}


def test_calls_to_a_paused_instance_are_held_and_made_once_after_it_resumes(
    harness: Harness,
) -> None:
    west = {**NOTIFY, "id": "west", "instance": "west"}
    harness.flow("out", NOTIFY)
    harness.flow("other", west, trigger={"parallel": True})
    with harness.session() as session:
        pause_instance(session, "east", actor="test", now=harness.now)

    harness.place("A", "B")
    harness.run()
    assert call_states(harness).count(("held", 0)) == 2
    assert call_states(harness).count(("done", 1)) == 2
    errors = harness.rows(
        "SELECT DISTINCT error ->> 'what' FROM orchestration.provider_call WHERE state = 'held'"
    )
    assert errors == [("east is paused",)]

    harness.advance_clock(hours=30)
    with harness.session() as session:
        resume_instance(session, "east")
        assert resume_calls_to(session, "east") == 2

    harness.run()
    assert call_states(harness) == [("done", 1)] * 4
    assert set(harness.positions().values()) == {("completed",)}


def test_calls_of_a_paused_flow_wait_for_the_flow_when_their_instance_resumes(
    harness: Harness,
) -> None:
    harness.flow("out", NOTIFY)
    harness.place("A")
    harness.run(harness.dispatcher, harness.steps)
    pause_flow(harness, "out")
    with harness.session() as session:
        pause_instance(session, "east", actor="test", now=harness.now)

    harness.run()
    with harness.session() as session:
        resume_instance(session, "east")
        resume_calls_to(session, "east")

    harness.run()
    assert call_states(harness) == [("held", 0)]
    assert harness.provider.requests == []
    resume_flow(harness, "out")
    harness.run()
    assert call_states(harness) == [("done", 1)]


def test_resuming_a_flow_with_nothing_held_releases_nothing(harness: Harness) -> None:
    harness.flow("simple", action("first"))
    assert resume_flow(harness, "simple") == 0


@pytest.mark.parametrize("operation", [pause, resume])
def test_an_unknown_flow_cannot_be_switched(harness: Harness, operation) -> None:
    harness.flow("simple", action("first"))
    with (
        pytest.raises(NotFound, match="no flow named missing, other"),
        harness.session() as session,
    ):
        operation(session, names=["other", "simple", "missing"], now=harness.now)
