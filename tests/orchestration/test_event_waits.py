"""An event that has happened is never missed, whether it comes before or after the wait."""

from datetime import timedelta
from threading import Event as Flag
from threading import Thread

from tests.orchestration.builders import action
from tests.orchestration.entities import raise_order_event
from tests.orchestration.harness import Harness

from openiom.kernel import Event
from openiom.orchestration import StepWorker
from openiom.orchestration.runtime import event_waits
from openiom.platform.batches import drain
from openiom.platform.events import append_events

WAIT = {"id": "wait", "kind": "wait", "events": ["order.approved", "item.shipped"]}


def test_a_waiting_order_costs_one_token_and_continues_when_the_event_happens(
    harness: Harness,
) -> None:
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


def test_an_event_before_the_token_arrived_at_its_wait_counts(harness: Harness) -> None:
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


def test_an_event_of_another_order_wakes_no_token(harness: Harness) -> None:
    harness.flow("patient", WAIT)
    _, other = harness.place("A", "B")
    harness.run()
    harness.raise_event("order.approved", other)
    harness.run()
    assert harness.positions() == {"A": ("running", "waiting at wait"), "B": ("completed",)}


def test_an_event_that_commits_while_the_wait_is_being_registered_is_not_missed(
    harness: Harness, monkeypatch
) -> None:
    """The event commits and is dispatched after the registration looked and before its commit."""
    harness.flow("race", WAIT)
    [order] = harness.place("A")
    harness.run(harness.dispatcher)
    registering, looked, go_on = slow_registration(harness, monkeypatch)

    with harness.database.unit_of_work() as slow:
        # the event's transaction is older than the registration's and commits after its look
        raise_order_event(slow, "order.approved", [order])
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
    """A thread that registers the wait, the flag it sets after its look, the one it waits for."""
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


def test_the_wait_without_the_lock_would_miss_it(harness: Harness, monkeypatch) -> None:
    """The race above is real: without the locks, the same order of events loses the event."""
    harness.flow("race", WAIT)
    [order] = harness.place("A")
    harness.run(harness.dispatcher)
    monkeypatch.setattr(event_waits, "block_dispatcher", lambda session: None)
    registering, looked, go_on = slow_registration(harness, monkeypatch)

    with harness.database.unit_of_work() as slow:
        raise_order_event(slow, "order.approved", [order])
        registering.start()
        assert looked.wait(10)

    drain(harness.database, [harness.dispatcher], now=harness.now)
    go_on.set()
    registering.join(10)
    harness.run()
    assert harness.positions() == {"A": ("running", "waiting at wait")}


def test_a_timeout_leaves_by_its_port_unless_the_event_is_in_the_log(harness: Harness) -> None:
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


def test_a_delay_waits_for_its_duration(harness: Harness) -> None:
    harness.flow("slow", {"id": "nap", "kind": "delay", "duration": "PT15M"}, action("on"))
    harness.place("A")
    harness.run()
    harness.advance_clock(minutes=14)
    harness.run()
    assert harness.positions() == {"A": ("running", "waiting at nap")}
    harness.advance_clock(minutes=2)
    harness.run()
    assert harness.positions() == {"A": ("completed",)}


def test_a_loop_with_a_wait_runs_as_often_as_the_event_happens(harness: Harness) -> None:
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


def test_an_event_below_the_subject_satisfies_a_wait_of_the_root(harness: Harness) -> None:
    harness.flow("patient", WAIT, action("on"))
    [order] = harness.place("A", items=[1])
    harness.run()
    [(item,)] = harness.rows("SELECT id FROM public.sample_item")

    with harness.session() as session:
        event = Event(name="item.shipped", subject_type="item", subject_id=item, root_id=order)
        append_events(session, [event], at=harness.now, actor="test")

    harness.run()
    assert harness.positions() == {"A": ("completed",)}
    assert harness.entries("A")[0]["reason"] == "item.shipped"


def test_an_event_that_is_not_awaited_wakes_no_token(harness: Harness) -> None:
    harness.flow("patient", WAIT)
    [order] = harness.place("A")
    harness.run()
    harness.raise_event("order.noted", order)
    harness.run()
    assert harness.positions() == {"A": ("running", "waiting at wait")}


def test_a_woken_token_is_not_woken_by_a_second_event(harness: Harness) -> None:
    harness.flow("patient", WAIT)
    [order] = harness.place("A")
    harness.run()
    harness.raise_event("order.approved", order)
    harness.run(harness.dispatcher)
    harness.raise_event("order.approved", order)
    harness.run(harness.dispatcher)
    [(consumed, result)] = harness.rows(
        "SELECT consumed_event_ids, step_result FROM orchestration.token"
    )
    assert len(consumed) == 1
    assert result == {"port": "happened", "reason": "order.approved"}


def test_a_wait_with_a_timeout_is_due_then(harness: Harness) -> None:
    harness.flow("timed", {**WAIT, "timeout": "PT1H", "to": {"timed_out": "end"}})
    harness.place("A")
    harness.run()
    [(due_at, entered_at)] = harness.rows("SELECT due_at, entered_at FROM orchestration.token")
    assert (due_at, entered_at) == (harness.now + timedelta(hours=1), harness.now)
    harness.advance_clock(hours=1)
    harness.run()
    [entry] = harness.entries("A")
    assert entry["reason"] == "none of order.approved, item.shipped in time"


def test_waking_without_events_does_nothing(harness: Harness) -> None:
    with harness.session() as session:
        assert event_waits.wake_tokens(session, [], now=harness.now) == 0
