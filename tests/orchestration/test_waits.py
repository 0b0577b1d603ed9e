"""An event that has happened is never missed, whichever of the two comes first."""

from datetime import timedelta
from threading import Event as Flag
from threading import Thread

from tests.orchestration.toys import NOW, Toys, action, happen

from openiom.orchestration import StepWorker, waits
from openiom.platform.batches import drain
from openiom.provider_contract import Action, ActionCall, NoParameters, Outcome

WAIT = {"id": "wait", "kind": "wait", "events": ["order.approved", "item.shipped"]}


def test_a_waiting_order_costs_one_token_and_goes_on_when_it_happens(toys: Toys) -> None:
    toys.flow("patient", WAIT, action("on"))
    [order] = toys.place("A")
    toys.run()
    assert toys.rows("SELECT step, state, awaits, due_at FROM orchestration.token") == [
        ("wait", "waiting", ["order.approved", "item.shipped"], None)
    ]
    toys.happen("order.approved", order)
    toys.run()
    assert toys.where() == {"A": ("completed",)}
    assert toys.history("A") == ["wait: happened", "on: succeeded"]


def test_an_event_before_the_token_came_to_its_wait_counts(toys: Toys) -> None:
    toys.flow("late", action("first"), WAIT)
    [order] = toys.place("A")
    toys.run(toys.dispatcher)
    toys.happen("order.approved", order)
    toys.run(toys.dispatcher)
    toys.run(toys.steps)
    assert toys.where() == {"A": ("completed",)}


def test_an_event_before_the_flow_run_does_not_count_and_one_event_satisfies_one_wait(
    toys: Toys,
) -> None:
    second = {"id": "again", "kind": "wait", "events": ["order.approved"]}
    toys.flow("twice", WAIT, second)
    [order] = toys.place("A", event="order.approved")
    toys.happen("order.created", order)
    toys.run()
    assert toys.where() == {"A": ("running", "waiting at wait")}
    toys.happen("order.approved", order)
    toys.run()
    assert toys.where() == {"A": ("running", "waiting at again")}
    toys.happen("order.approved", order)
    toys.run()
    assert toys.where() == {"A": ("completed",)}


def test_two_events_in_one_batch_satisfy_two_waits(toys: Toys) -> None:
    toys.flow("twice", WAIT, {"id": "again", "kind": "wait", "events": ["order.approved"]})
    [order] = toys.place("A")
    toys.run()
    toys.happen("order.approved", order, order)
    toys.run()
    assert toys.where() == {"A": ("completed",)}


def test_another_orders_event_wakes_nobody(toys: Toys) -> None:
    toys.flow("patient", WAIT)
    _, other = toys.place("A", "B")
    toys.run()
    toys.happen("order.approved", other)
    toys.run()
    assert toys.where() == {"A": ("running", "waiting at wait"), "B": ("completed",)}


def test_an_event_that_commits_while_the_wait_is_being_registered_is_not_missed(
    toys: Toys, monkeypatch
) -> None:
    """The registration has looked at the log and not committed; the event commits and is dispatched meanwhile."""
    toys.flow("race", WAIT)
    [order] = toys.place("A")
    toys.run(toys.dispatcher)
    registering, looked, go_on = slow_registration(toys, monkeypatch)
    with toys.database.unit_of_work() as slow:
        # the event's transaction is older than the registration's and commits after its look
        from_before(slow, order)
        registering.start()
        assert looked.wait(10)
    dispatching = Thread(target=lambda: drain(toys.database, [toys.dispatcher], now=toys.now))
    dispatching.start()
    dispatching.join(0.3)
    go_on.set()
    registering.join(10)
    dispatching.join(10)
    monkeypatch.undo()
    toys.run(toys.dispatcher)
    assert toys.where() == {"A": ("running", "ready at wait")}
    toys.run()
    assert toys.where() == {"A": ("completed",)}


def slow_registration(toys, monkeypatch):  # type: ignore[no-untyped-def]
    """A thread that registers the wait; the flag it sets once it has looked at the log; the one it then waits for."""
    looked, go_on = Flag(), Flag()
    look = waits.already_happened

    def slow_look(*args):  # type: ignore[no-untyped-def]
        found = look(*args)
        looked.set()
        assert go_on.wait(10)
        return found

    monkeypatch.setattr(waits, "already_happened", slow_look)
    registering = Thread(
        target=lambda: StepWorker(toys.engine).run_once(toys.database, limit=10, now=toys.now)
    )
    return registering, looked, go_on


def from_before(session, order):  # type: ignore[no-untyped-def]
    happen(session, "order.approved", [order])


def test_the_wait_without_the_lock_would_miss_it(toys: Toys, monkeypatch) -> None:
    """The race above is real: with the locks taken out, the same interleaving loses the event."""
    toys.flow("race", WAIT)
    [order] = toys.place("A")
    toys.run(toys.dispatcher)
    monkeypatch.setattr(waits, "hold_dispatcher", lambda session: None)
    registering, looked, go_on = slow_registration(toys, monkeypatch)
    with toys.database.unit_of_work() as slow:
        from_before(slow, order)
        registering.start()
        assert looked.wait(10)
    drain(toys.database, [toys.dispatcher], now=toys.now)
    go_on.set()
    registering.join(10)
    toys.run()
    assert toys.where() == {"A": ("running", "waiting at wait")}


def test_time_out_takes_its_port_unless_the_event_is_in_the_log(toys: Toys) -> None:
    to = {"timed_out": "gave_up", "happened": "in_time"}
    wait = {
        "id": "wait",
        "kind": "wait",
        "events": ["order.approved"],
        "timeout": "PT48H",
        "to": to,
    }
    toys.flow(
        "timed",
        wait,
        action("in_time", "in time", to={"succeeded": "end"}),
        action("gave_up", "gave up"),
    )
    _, other = toys.place("A", "B")
    toys.run()
    toys.later(hours=47)
    toys.run()
    assert toys.where() == {
        "A": ("running", "waiting at wait"),
        "B": ("running", "waiting at wait"),
    }
    toys.happen("order.approved", other)  # not dispatched yet when the time is up
    toys.later(hours=2)
    toys.run(toys.steps)
    assert toys.ran() == {("gave up", "A"): 1, ("in time", "B"): 1}
    toys.run()
    assert toys.where() == {"A": ("completed",), "B": ("completed",)}


def test_a_delay_sleeps_its_time(toys: Toys) -> None:
    toys.flow("slow", {"id": "nap", "kind": "delay", "duration": "PT15M"}, action("on"))
    toys.place("A")
    toys.run()
    toys.later(minutes=14)
    toys.run()
    assert toys.where() == {"A": ("running", "waiting at nap")}
    toys.later(minutes=2)
    toys.run()
    assert toys.where() == {"A": ("completed",)}


def test_a_loop_with_a_wait_goes_round_as_often_as_the_event_happens(toys: Toys) -> None:
    wait = {"id": "wait", "kind": "wait", "events": ["order.noted", "order.approved"]}
    done = {
        "id": "done",
        "kind": "condition",
        "when": "source == 'enough'",
        "to": {"yes": "end", "no": "wait"},
    }
    toys.flow("round", wait, action("count"), done)
    [order] = toys.place("A")
    toys.run()
    toys.happen("order.noted", order, order, order)
    toys.run()
    assert toys.where() == {"A": ("running", "waiting at wait")}
    assert toys.ran() == {("count", "A"): 3}


def test_an_action_may_ask_to_be_called_again_later_and_knows_who_has_waited(toys: Toys) -> None:
    """A batch window: whoever comes is told when it closes; those told are taken then, together with nobody else."""
    calls: list[tuple[int, int]] = []

    def collect(call: ActionCall) -> list[Outcome]:
        calls.append((len(call.subject_ids), len(call.resumed)))
        window = NOW + timedelta(minutes=2)
        return [
            Outcome(True) if id in call.resumed else Outcome(True, retry_at=window)
            for id in call.subject_ids
        ]

    waiting = Action("toy.collect", "Collect", "order", NoParameters, collect)
    toys = Toys(toys.database, actions={"toy.collect": waiting})
    toys.flow("batch", {"id": "collect", "kind": "action", "action": "toy.collect"}, action("on"))
    toys.place("A")
    toys.run()
    toys.place("B")
    toys.run()
    assert toys.where() == {
        "A": ("running", "waiting at collect"),
        "B": ("running", "waiting at collect"),
    }
    toys.later(seconds=119)
    toys.run()
    assert calls == [(1, 0), (1, 0)]
    toys.later(seconds=1)
    toys.run()
    assert calls == [(1, 0), (1, 0), (2, 2)]
    assert toys.where() == {"A": ("completed",), "B": ("completed",)}
    assert toys.history("A") == ["collect: succeeded", "on: succeeded"]
