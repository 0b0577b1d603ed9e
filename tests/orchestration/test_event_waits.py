"""An event that has happened is never missed, whichever of the two comes first."""

from datetime import timedelta
from threading import Event as Flag
from threading import Thread

from tests.orchestration.builders import action
from tests.orchestration.entities import NOW, raise_order_event
from tests.orchestration.harness import Harness

from openiom.orchestration import StepWorker
from openiom.orchestration.runtime import event_waits
from openiom.platform.batches import drain
from openiom.provider_contract import Action, ActionCall, NoParameters, Outcome

WAIT = {"id": "wait", "kind": "wait", "events": ["order.approved", "item.shipped"]}


def test_a_waiting_order_costs_one_token_and_goes_on_when_it_happens(harness: Harness) -> None:
    harness.flow("patient", WAIT, action("on"))
    [order] = harness.place("A")
    harness.run()
    assert harness.rows("SELECT step, state, awaits, due_at FROM orchestration.token") == [
        ("wait", "waiting", ["order.approved", "item.shipped"], None)
    ]
    harness.raise_event("order.approved", order)
    harness.run()
    assert harness.positions() == {"A": ("completed",)}
    assert harness.history("A") == ["wait: happened", "on: succeeded"]


def test_an_event_before_the_token_came_to_its_wait_counts(harness: Harness) -> None:
    harness.flow("late", action("first"), WAIT)
    [order] = harness.place("A")
    harness.run(harness.dispatcher)
    harness.raise_event("order.approved", order)
    harness.run(harness.dispatcher)
    harness.run(harness.steps)
    assert harness.positions() == {"A": ("completed",)}


def test_an_event_before_the_flow_run_does_not_count_and_one_event_satisfies_one_wait(
    harness: Harness,
) -> None:
    second = {"id": "again", "kind": "wait", "events": ["order.approved"]}
    harness.flow("twice", WAIT, second)
    [order] = harness.place("A", event="order.approved")
    harness.raise_event("order.created", order)
    harness.run()
    assert harness.positions() == {"A": ("running", "waiting at wait")}
    harness.raise_event("order.approved", order)
    harness.run()
    assert harness.positions() == {"A": ("running", "waiting at again")}
    harness.raise_event("order.approved", order)
    harness.run()
    assert harness.positions() == {"A": ("completed",)}


def test_two_events_in_one_batch_satisfy_two_waits(harness: Harness) -> None:
    harness.flow("twice", WAIT, {"id": "again", "kind": "wait", "events": ["order.approved"]})
    [order] = harness.place("A")
    harness.run()
    harness.raise_event("order.approved", order, order)
    harness.run()
    assert harness.positions() == {"A": ("completed",)}


def test_another_orders_event_wakes_nobody(harness: Harness) -> None:
    harness.flow("patient", WAIT)
    _, other = harness.place("A", "B")
    harness.run()
    harness.raise_event("order.approved", other)
    harness.run()
    assert harness.positions() == {"A": ("running", "waiting at wait"), "B": ("completed",)}


def test_an_event_that_commits_while_the_wait_is_being_registered_is_not_missed(
    harness: Harness, monkeypatch
) -> None:
    """The registration has looked at the log and not committed; the event commits and is dispatched meanwhile."""
    harness.flow("race", WAIT)
    [order] = harness.place("A")
    harness.run(harness.dispatcher)
    registering, looked, go_on = slow_registration(harness, monkeypatch)
    with harness.database.unit_of_work() as slow:
        # the event's transaction is older than the registration's and commits after its look
        from_before(slow, order)
        registering.start()
        assert looked.wait(10)
    dispatching = Thread(
        target=lambda: drain(harness.database, [harness.dispatcher], now=harness.now)
    )
    dispatching.start()
    dispatching.join(0.3)
    go_on.set()
    registering.join(10)
    dispatching.join(10)
    monkeypatch.undo()
    harness.run(harness.dispatcher)
    assert harness.positions() == {"A": ("running", "ready at wait")}
    harness.run()
    assert harness.positions() == {"A": ("completed",)}


def slow_registration(harness, monkeypatch):  # type: ignore[no-untyped-def]
    """A thread that registers the wait; the flag it sets once it has looked at the log; the one it then waits for."""
    looked, go_on = Flag(), Flag()
    look = event_waits.find_past_events

    def slow_look(*args):  # type: ignore[no-untyped-def]
        found = look(*args)
        looked.set()
        assert go_on.wait(10)
        return found

    monkeypatch.setattr(event_waits, "find_past_events", slow_look)
    registering = Thread(
        target=lambda: StepWorker(harness.engine).run_once(
            harness.database, limit=10, now=harness.now
        )
    )
    return registering, looked, go_on


def from_before(session, order):  # type: ignore[no-untyped-def]
    raise_order_event(session, "order.approved", [order])


def test_the_wait_without_the_lock_would_miss_it(harness: Harness, monkeypatch) -> None:
    """The race above is real: with the locks taken out, the same interleaving loses the event."""
    harness.flow("race", WAIT)
    [order] = harness.place("A")
    harness.run(harness.dispatcher)
    monkeypatch.setattr(event_waits, "block_dispatcher", lambda session: None)
    registering, looked, go_on = slow_registration(harness, monkeypatch)
    with harness.database.unit_of_work() as slow:
        from_before(slow, order)
        registering.start()
        assert looked.wait(10)
    drain(harness.database, [harness.dispatcher], now=harness.now)
    go_on.set()
    registering.join(10)
    harness.run()
    assert harness.positions() == {"A": ("running", "waiting at wait")}


def test_time_out_takes_its_port_unless_the_event_is_in_the_log(harness: Harness) -> None:
    to = {"timed_out": "gave_up", "happened": "in_time"}
    wait = {
        "id": "wait",
        "kind": "wait",
        "events": ["order.approved"],
        "timeout": "PT48H",
        "to": to,
    }
    harness.flow(
        "timed",
        wait,
        action("in_time", "in time", to={"succeeded": "end"}),
        action("gave_up", "gave up"),
    )
    _, other = harness.place("A", "B")
    harness.run()
    harness.advance_clock(hours=47)
    harness.run()
    assert harness.positions() == {
        "A": ("running", "waiting at wait"),
        "B": ("running", "waiting at wait"),
    }
    harness.raise_event("order.approved", other)  # not dispatched yet when the time is up
    harness.advance_clock(hours=2)
    harness.run(harness.steps)
    assert harness.ran() == {("gave up", "A"): 1, ("in time", "B"): 1}
    harness.run()
    assert harness.positions() == {"A": ("completed",), "B": ("completed",)}


def test_a_delay_sleeps_its_time(harness: Harness) -> None:
    harness.flow("slow", {"id": "nap", "kind": "delay", "duration": "PT15M"}, action("on"))
    harness.place("A")
    harness.run()
    harness.advance_clock(minutes=14)
    harness.run()
    assert harness.positions() == {"A": ("running", "waiting at nap")}
    harness.advance_clock(minutes=2)
    harness.run()
    assert harness.positions() == {"A": ("completed",)}


def test_a_loop_with_a_wait_goes_round_as_often_as_the_event_happens(harness: Harness) -> None:
    wait = {"id": "wait", "kind": "wait", "events": ["order.noted", "order.approved"]}
    done = {
        "id": "done",
        "kind": "condition",
        "when": "source == 'enough'",
        "to": {"yes": "end", "no": "wait"},
    }
    harness.flow("round", wait, action("count"), done)
    [order] = harness.place("A")
    harness.run()
    harness.raise_event("order.noted", order, order, order)
    harness.run()
    assert harness.positions() == {"A": ("running", "waiting at wait")}
    assert harness.ran() == {("count", "A"): 3}


def test_an_action_may_ask_to_be_called_again_later_and_knows_who_has_waited(
    harness: Harness,
) -> None:
    """A batch window: whoever comes is told when it closes; those told are taken then, together with nobody else."""
    calls: list[tuple[int, int]] = []

    def collect(call: ActionCall) -> list[Outcome]:
        calls.append((len(call.subject_ids), len(call.woken)))
        window = NOW + timedelta(minutes=2)
        return [
            Outcome(True) if id in call.woken else Outcome(True, again_at=window)
            for id in call.subject_ids
        ]

    waiting = Action("sample.collect", "Collect", "order", NoParameters, collect)
    harness = Harness(harness.database, actions={"sample.collect": waiting})
    harness.flow(
        "batch", {"id": "collect", "kind": "action", "action": "sample.collect"}, action("on")
    )
    harness.place("A")
    harness.run()
    harness.place("B")
    harness.run()
    assert harness.positions() == {
        "A": ("running", "waiting at collect"),
        "B": ("running", "waiting at collect"),
    }
    harness.advance_clock(seconds=119)
    harness.run()
    assert calls == [(1, 0), (1, 0)]
    harness.advance_clock(seconds=1)
    harness.run()
    assert calls == [(1, 0), (1, 0), (2, 2)]
    assert harness.positions() == {"A": ("completed",), "B": ("completed",)}
    assert harness.history("A") == ["collect: succeeded", "on: succeeded"]
