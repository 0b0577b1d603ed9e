"""The short cuts and the long way beside them: begun where the event is told, carried on where a call is recorded."""

import pytest
from tests.orchestration.test_provider_calls import SEND
from tests.orchestration.toys import Toys, action, place

from openiom.orchestration import pause, resume, start_inline


def take_in(toys: Toys, *numbers: str, items: tuple[int, ...] = ()) -> None:
    """Orders placed as an intake does it: told and begun in one transaction."""
    with toys.database.unit_of_work() as session:
        place(session, numbers, items=items)
        start_inline(toys.engine)(session, toys.now)


def test_orders_are_at_the_outbound_queue_when_their_intake_commits(toys: Toys) -> None:
    toys.flow("out", action("first"), SEND, action("on"))
    take_in(toys, "A", "B", items=(1, 2))
    assert toys.where() == {
        "A": ("running", "waiting at send"),
        "B": ("running", "waiting at send"),
    }
    assert toys.rows("SELECT state, count(*) FROM orchestration.provider_call GROUP BY 1") == [
        ("ready", 4)
    ]
    assert toys.history("A") == ["first: succeeded"]


def test_the_dispatcher_begins_nothing_again_that_was_begun_at_once(toys: Toys) -> None:
    toys.flow("simple", action("first"))
    take_in(toys, "A", "B")
    assert toys.where() == {"A": ("completed",), "B": ("completed",)}
    toys.run()
    assert toys.ran() == {("count", "A"): 1, ("count", "B"): 1}
    assert toys.rows("SELECT count(*) FROM orchestration.flow_run") == [(2,)]


def test_what_crashes_is_left_to_the_long_way_which_tells_the_bad_one_from_the_good(
    toys: Toys,
) -> None:
    toys.flow("simple", action("first"), action("second", "fragile"))
    take_in(toys, "A", "poison", "B")
    assert toys.where() == {}
    assert toys.rows("SELECT count(*) FROM public.toy_order") == [(3,)]
    toys.run()
    assert toys.where() == {
        "A": ("completed",),
        "B": ("completed",),
        "poison": ("failed", "failed at second"),
    }
    assert toys.ran() == {
        (name, number): 1 for name in ("count", "fragile") for number in ("A", "B")
    } | {("count", "poison"): 1}


def test_orders_of_a_paused_flow_are_begun_and_held_until_it_is_resumed(toys: Toys) -> None:
    toys.flow("simple", action("first"))
    with toys.database.unit_of_work() as session:
        pause(session, names=["simple"], now=toys.now)
    take_in(toys, "A")
    toys.run()
    assert toys.where() == {"A": ("running", "held at start")}
    with toys.database.unit_of_work() as session:
        resume(session, names=["simple"], now=toys.now)
    toys.run()
    assert toys.where() == {"A": ("completed",)}


def test_the_turn_that_called_carries_the_order_on(toys: Toys) -> None:
    wait = {"id": "wait", "kind": "wait", "events": ["item.shipped"]}
    toys.flow("out", SEND, action("on"), wait)
    take_in(toys, "A", items=(1, 2))
    toys.run(toys.calls)
    assert toys.where() == {"A": ("running", "waiting at wait")}
    assert toys.history("A") == ["send: succeeded", "on: succeeded"]


@pytest.mark.parametrize("number", ["poison", "A"])
def test_a_crash_behind_the_call_leaves_the_call_recorded_and_the_order_to_the_step_wave(
    toys: Toys, number: str
) -> None:
    toys.flow("out", SEND, action("on", "fragile"))
    take_in(toys, number, "B", items=(1,))
    toys.run(toys.calls)
    assert toys.rows(
        "SELECT state, announced, count(*) FROM orchestration.provider_call GROUP BY 1, 2"
    ) == [("done", True, 2)]
    if number == "poison":
        assert toys.where() == {
            "B": ("running", "ready at send"),
            "poison": ("running", "ready at send"),
        }
    toys.run()
    ended = {
        "B": ("completed",),
        number: ("failed", "failed at on") if number == "poison" else ("completed",),
    }
    assert toys.where() == ended
    assert set(toys.provider.effects.values()) == {1}


def test_a_flow_published_after_an_order_was_begun_does_not_take_it_again(toys: Toys) -> None:
    toys.flow("simple", action("first"), trigger={"priority": 5})
    take_in(toys, "A")
    toys.flow("other", action("second", "other"), trigger={"priority": 1})
    toys.run()
    assert toys.ran() == {("count", "A"): 1}
