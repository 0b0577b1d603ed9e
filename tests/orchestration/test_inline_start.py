"""The short cuts and the long way beside them: begun where the event is told, carried on where a call is recorded."""

import pytest
from tests.orchestration.builders import SEND, action
from tests.orchestration.entities import place_orders
from tests.orchestration.harness import Harness

from openiom.orchestration import pause, resume, start_inline


def take_in(harness: Harness, *numbers: str, items: tuple[int, ...] = ()) -> None:
    """Orders placed as an intake does it: told and begun in one transaction."""
    with harness.database.unit_of_work() as session:
        place_orders(session, numbers, items=items)
        start_inline(harness.engine)(session, harness.now)


def test_orders_are_at_the_outbound_queue_when_their_intake_commits(harness: Harness) -> None:
    harness.flow("out", action("first"), SEND, action("on"))
    take_in(harness, "A", "B", items=(1, 2))
    assert harness.positions() == {
        "A": ("running", "waiting at send"),
        "B": ("running", "waiting at send"),
    }
    assert harness.rows("SELECT state, count(*) FROM orchestration.provider_call GROUP BY 1") == [
        ("ready", 4)
    ]
    assert harness.history("A") == ["first: succeeded"]


def test_the_dispatcher_begins_nothing_again_that_was_begun_at_once(harness: Harness) -> None:
    harness.flow("simple", action("first"))
    take_in(harness, "A", "B")
    assert harness.positions() == {"A": ("completed",), "B": ("completed",)}
    harness.run()
    assert harness.ran() == {("count", "A"): 1, ("count", "B"): 1}
    assert harness.rows("SELECT count(*) FROM orchestration.flow_run") == [(2,)]


def test_what_crashes_is_left_to_the_long_way_which_tells_the_bad_one_from_the_good(
    harness: Harness,
) -> None:
    harness.flow("simple", action("first"), action("second", "fragile"))
    take_in(harness, "A", "poison", "B")
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


def test_orders_of_a_paused_flow_are_begun_and_held_until_it_is_resumed(harness: Harness) -> None:
    harness.flow("simple", action("first"))
    with harness.database.unit_of_work() as session:
        pause(session, names=["simple"], now=harness.now)
    take_in(harness, "A")
    harness.run()
    assert harness.positions() == {"A": ("running", "held at start")}
    with harness.database.unit_of_work() as session:
        resume(session, names=["simple"], now=harness.now)
    harness.run()
    assert harness.positions() == {"A": ("completed",)}


def test_the_turn_that_called_carries_the_order_on(harness: Harness) -> None:
    wait = {"id": "wait", "kind": "wait", "events": ["item.shipped"]}
    harness.flow("out", SEND, action("on"), wait)
    take_in(harness, "A", items=(1, 2))
    harness.run(harness.calls)
    assert harness.positions() == {"A": ("running", "waiting at wait")}
    assert harness.history("A") == ["send: succeeded", "on: succeeded"]


@pytest.mark.parametrize("number", ["poison", "A"])
def test_a_crash_behind_the_call_leaves_the_call_recorded_and_the_order_to_the_step_wave(
    harness: Harness, number: str
) -> None:
    harness.flow("out", SEND, action("on", "fragile"))
    take_in(harness, number, "B", items=(1,))
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


def test_a_flow_published_after_an_order_was_begun_does_not_take_it_again(harness: Harness) -> None:
    harness.flow("simple", action("first"), trigger={"priority": 5})
    take_in(harness, "A")
    harness.flow("other", action("second", "other"), trigger={"priority": 1})
    harness.run()
    assert harness.ran() == {("count", "A"): 1}
