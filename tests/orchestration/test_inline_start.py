"""Flow runs start where their event is emitted and continue where their calls are recorded."""

import psycopg
import pytest
from tests.orchestration.builders import SEND, action
from tests.orchestration.harness import Harness

from openiom.orchestration import pause, resume, start_inline
from openiom.orchestration.runtime import inline_start


def test_orders_are_at_the_outbound_queue_when_their_intake_commits(harness: Harness) -> None:
    harness.flow("out", action("first"), SEND, action("on"))
    harness.place_and_start("A", "B", items=(1, 2))
    assert harness.positions() == {
        "A": ("running", "waiting at send"),
        "B": ("running", "waiting at send"),
    }
    assert harness.rows("SELECT state, count(*) FROM orchestration.provider_call GROUP BY 1") == [
        ("ready", 4)
    ]
    assert harness.history("A") == ["first: succeeded"]


def test_the_dispatcher_does_not_start_again_what_was_started_inline(harness: Harness) -> None:
    harness.flow("simple", action("first"))
    harness.place_and_start("A", "B")
    assert harness.positions() == {"A": ("completed",), "B": ("completed",)}
    harness.run()
    assert harness.ran() == {("count", "A"): 1, ("count", "B"): 1}
    assert harness.rows("SELECT count(*) FROM orchestration.flow_run") == [(2,)]


def test_a_crash_is_left_to_the_dispatcher_and_the_step_worker_isolates_it(
    harness: Harness,
) -> None:
    harness.flow("simple", action("first"), action("second", "fragile"))
    harness.place_and_start("A", "poison", "B")
    assert harness.positions() == {}
    assert harness.rows("SELECT count(*) FROM public.sample_order") == [(3,)]
    harness.run()
    assert harness.positions() == {
        "A": ("completed",),
        "B": ("completed",),
        "poison": ("failed", "failed at second"),
    }
    assert harness.ran() == {
        (name, number): 1 for name in ("count", "fragile") for number in ("A", "B")
    } | {("count", "poison"): 1}


def test_orders_of_a_paused_flow_are_started_and_held_until_it_is_resumed(harness: Harness) -> None:
    harness.flow("simple", action("first"))
    with harness.database.unit_of_work() as session:
        pause(session, names=["simple"], now=harness.now)

    harness.place_and_start("A")
    harness.run()
    assert harness.positions() == {"A": ("running", "held at start")}

    with harness.database.unit_of_work() as session:
        resume(session, names=["simple"], now=harness.now)

    harness.run()
    assert harness.positions() == {"A": ("completed",)}


def test_the_call_worker_continues_the_order(harness: Harness) -> None:
    wait = {"id": "wait", "kind": "wait", "events": ["item.shipped"]}
    harness.flow("out", SEND, action("on"), wait)
    harness.place_and_start("A", items=(1, 2))
    harness.run(harness.calls)
    assert harness.positions() == {"A": ("running", "waiting at wait")}
    assert harness.history("A") == ["send: succeeded", "on: succeeded"]


@pytest.mark.parametrize("number", ["poison", "A"])
def test_a_crash_behind_a_call_leaves_the_call_recorded_and_the_order_to_the_step_worker(
    harness: Harness, number: str
) -> None:
    harness.flow("out", SEND, action("on", "fragile"))
    harness.place_and_start(number, "B", items=(1,))
    harness.run(harness.calls)
    assert harness.rows(
        "SELECT state, event_raised, count(*) FROM orchestration.provider_call GROUP BY 1, 2"
    ) == [("done", True, 2)]
    if number == "poison":
        assert harness.positions() == {
            "B": ("running", "ready at send"),
            "poison": ("running", "ready at send"),
        }

    harness.run()
    ended = {
        "B": ("completed",),
        number: ("failed", "failed at on") if number == "poison" else ("completed",),
    }
    assert harness.positions() == ended
    assert set(harness.provider.effects.values()) == {1}


def test_a_flow_published_after_an_order_was_started_does_not_start_it_again(
    harness: Harness,
) -> None:
    harness.flow("simple", action("first"), trigger={"priority": 5})
    harness.place_and_start("A")
    harness.flow("other", action("second", "other"), trigger={"priority": 1})
    harness.run()
    assert harness.ran() == {("count", "A"): 1}


def test_a_parallel_flow_starts_inline_too(harness: Harness) -> None:
    harness.flow("main", action("m", "main"))
    harness.flow("watch", action("w", "watch"), trigger={"parallel": True})
    harness.place_and_start("A")
    assert harness.ran() == {("main", "A"): 1, ("watch", "A"): 1}
    assert harness.run_states() == {"completed": 2}


def test_a_trigger_without_a_result_fails_inline_and_the_others_continue(harness: Harness) -> None:
    condition = "number == 'A' ? true : number + 1 > 2"
    harness.flow("odd", action("first"), trigger={"condition": condition})
    harness.place_and_start("A", "B")
    assert harness.positions() == {"A": ("completed",), "B": ("failed", "failed at start")}


def test_a_transaction_without_events_starts_nothing(harness: Harness) -> None:
    harness.flow("simple", action("first"))
    with harness.session() as session:
        start_inline(harness.engine)(session, harness.now)
    assert harness.run_states() == {}


def test_without_flows_an_intake_only_stores(harness: Harness) -> None:
    harness.place_and_start("A")
    assert harness.run_states() == {}
    assert harness.rows("SELECT count(*) FROM public.sample_order") == [(1,)]


def test_a_transient_error_is_raised_so_that_the_intake_is_repeated(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deadlock(*args: object, **kwargs: object) -> None:
        raise psycopg.errors.DeadlockDetected("deadlock detected")

    harness.flow("simple", action("first"))
    monkeypatch.setattr(inline_start, "start_runs", deadlock)

    with pytest.raises(psycopg.errors.DeadlockDetected):
        harness.place_and_start("A")

    assert harness.rows("SELECT count(*) FROM public.sample_order") == [(0,)]
