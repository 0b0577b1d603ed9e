"""Each call to the outside is effective once, whatever dies in between."""

import pytest
from tests.orchestration.toys import DOWN, Toys, action

from openiom.kernel import ProviderDown, ProviderRejected
from openiom.orchestration import ProviderCallWorker, pause, reprocess, resume, skip, workers
from openiom.platform.bulk import execute

SEND = {
    "id": "send",
    "kind": "provider_action",
    "instance": "east",
    "action": "send",
    "for_each": "item",
}
TELL = {"id": "tell", "kind": "provider_action", "instance": "east", "action": "tell"}


def states(toys: Toys) -> list[tuple[str, int]]:
    return [
        (state, attempts)
        for state, attempts in toys.rows(
            "SELECT state, attempts FROM orchestration.provider_call ORDER BY id"
        )
    ]


def test_all_items_of_a_wave_go_out_in_one_claim_and_the_order_goes_on_when_all_are_done(
    toys: Toys,
) -> None:
    toys.flow("out", SEND, action("on"))
    toys.place("A", "B", items=[1, 2])
    toys.run(toys.dispatcher, toys.steps)
    assert toys.where() == {
        "A": ("running", "waiting at send"),
        "B": ("running", "waiting at send"),
    }
    assert toys.calls.run_once(toys.database, limit=500, now=toys.now).rows == 4
    assert [len(keys) for keys in toys.provider.requests] == [4]
    toys.run()
    assert toys.where() == {"A": ("completed",), "B": ("completed",)}
    assert set(toys.provider.effects.values()) == {1}
    assert toys.rows("SELECT DISTINCT state FROM public.toy_item") == [("sent",)]
    assert toys.history("A") == ["send: succeeded", "on: succeeded"]
    [(key,)] = toys.rows(
        "SELECT p.key = p.run_id || ':send:' || p.entity_id || ':1' FROM orchestration.provider_call p LIMIT 1"
    )
    assert key is True


@pytest.mark.parametrize("when", ["die_before", "die_after"])
def test_a_worker_killed_around_its_call_leaves_a_lease_and_the_call_is_repeated_with_its_key(
    toys: Toys, when: str
) -> None:
    toys.flow("out", SEND)
    toys.place("A", items=[1, 2])
    toys.run(toys.dispatcher, toys.steps)
    setattr(toys.provider, when, 1)
    with pytest.raises(KeyboardInterrupt):
        toys.calls.run_once(toys.database, limit=500, now=toys.now)
    assert states(toys) == [("leased", 1), ("leased", 1)]
    assert toys.run() == 0
    toys.later(seconds=1000)
    toys.run()
    assert states(toys) == [("done", 2), ("done", 2)]
    assert toys.where() == {"A": ("completed",)}
    assert len(toys.provider.effects) == 2
    assert set(toys.provider.effects.values()) == ({1} if when == "die_before" else {2})
    keys = {tuple(sorted(request)) for request in toys.provider.requests}
    assert len(keys) == 1
    assert toys.rows("SELECT count(*) FROM platform.business_event WHERE name = 'item.sent'") == [
        (2,)
    ]


def test_a_worker_that_outlives_its_lease_records_nothing(toys: Toys) -> None:
    toys.flow("out", TELL)
    toys.place("A")
    toys.run(toys.dispatcher, toys.steps)
    call = toys.provider.call

    def overtaken(database, instance, action, calls):  # type: ignore[no-untyped-def]
        toys.provider.call = call  # type: ignore[method-assign]
        toys.later(seconds=10_000)
        toys.run(ProviderCallWorker(toys.engine))  # another process
        return call(database, instance, action, calls)

    toys.provider.call = overtaken  # type: ignore[method-assign]
    toys.calls.run_once(toys.database, limit=10, now=toys.now)
    assert states(toys) == [("done", 2)]
    assert toys.rows("SELECT count(*) FROM platform.business_event WHERE name = 'order.told'") == [
        (1,)
    ]
    assert list(toys.provider.effects.values()) == [2]


def test_a_provider_that_is_down_is_asked_again_later_and_not_before_it_wants(toys: Toys) -> None:
    toys.flow("out", TELL)
    [order] = toys.place("A")
    toys.provider.answers[str(order)] = ProviderDown("busy", retry_after=60)
    toys.run()
    assert states(toys) == [("ready", 1)]
    toys.later(seconds=59)
    toys.run()
    assert states(toys) == [("ready", 1)]
    del toys.provider.answers[str(order)]
    toys.later(seconds=2)
    toys.run()
    assert states(toys) == [("done", 2)]
    assert toys.where() == {"A": ("completed",)}


def test_after_the_last_attempt_it_fails_by_its_port_and_says_so(toys: Toys) -> None:
    toys.flow(
        "out",
        {**TELL, "retry": {"max_attempts": 2}, "to": {"failed": "sorry"}},
        action("sorry", "sorry"),
    )
    good, bad = toys.place("A", "B")
    toys.provider.answers[str(bad)] = DOWN
    for _ in range(4):
        toys.run()
        toys.later(minutes=10)
    assert toys.where() == {"A": ("completed",), "B": ("completed",)}
    assert toys.history("B") == ["tell: failed", "sorry: succeeded"]
    assert toys.ran()["sorry", "B"] == 1
    assert states(toys) == [("done", 1), ("failed", 2)]
    assert toys.rows(
        "SELECT name FROM platform.business_event WHERE root_id = %s ORDER BY id", bad
    ) == [
        ("order.created",),
        ("order.told.failed",),
    ]
    assert good != bad


def test_a_rejection_is_not_tried_again_and_reprocess_repeats_only_what_failed_under_the_same_key(
    toys: Toys,
) -> None:
    toys.flow("out", action("before"), SEND, action("after"))
    [order] = toys.place("A", items=[1, 2])
    items = [str(row[0]) for row in toys.rows("SELECT id FROM public.toy_item ORDER BY n")]
    toys.provider.answers[items[1]] = ProviderRejected(
        "no such street", remedy="correct the address"
    )
    toys.run()
    assert toys.where() == {"A": ("failed", "failed at send")}
    assert states(toys) == [("done", 1), ("failed", 1)]
    [(error,)] = toys.rows("SELECT error FROM orchestration.token")
    assert error["what"] == "no such street"
    first_keys = sorted(toys.provider.requests[0])
    del toys.provider.answers[items[1]]
    with toys.database.unit_of_work() as session:
        [done] = reprocess(session, root_ids=[order], now=toys.now)
        assert (done.ok, done.reason) == (True, "")
    toys.run()
    assert toys.where() == {"A": ("completed",)}
    assert states(toys) == [("done", 1), ("done", 1)]
    assert len(toys.provider.requests) == 2
    assert toys.provider.requests[1] == [key for key in first_keys if items[1] in key]
    assert set(toys.provider.effects.values()) == {1}
    assert toys.ran() == {("count", "A"): 2}
    with toys.database.unit_of_work() as session:
        assert (
            reprocess(session, root_ids=[order], now=toys.now)[0].reason
            == "nothing of it has failed"
        )


def test_a_payload_that_cannot_be_built_stops_its_order_before_anything_is_sent(toys: Toys) -> None:
    toys.flow("out", SEND)
    toys.place("A", "B", items=[1, 2])
    bad = toys.rows(
        "SELECT i.id FROM public.toy_item i JOIN public.toy_order o ON o.id = order_id ORDER BY number, n"
    )
    toys.provider.unmapped.add(str(bad[1][0]))
    toys.run()
    assert toys.where() == {"A": ("failed", "failed at send"), "B": ("completed",)}
    assert len(toys.provider.effects) == 2
    [(error,)] = toys.rows("SELECT error FROM orchestration.token")
    assert (error["where"], error["remedy"]) == ("sku", "map it")


def test_items_that_the_expression_does_not_want_are_not_sent(toys: Toys) -> None:
    toys.flow("out", {**SEND, "when": "quantity > 1"})
    toys.place("A", items=[1, 2, 3])
    toys.place("B", items=[1])
    toys.run()
    assert toys.where() == {"A": ("completed",), "B": ("completed",)}
    assert len(toys.provider.effects) == 2


def test_a_loop_calls_again_with_a_key_of_its_own(toys: Toys) -> None:
    wait = {"id": "wait", "kind": "wait", "events": ["order.noted"], "to": {"happened": "tell"}}
    done = {
        "id": "done",
        "kind": "condition",
        "when": "source == 'enough'",
        "to": {"yes": "end", "no": "wait"},
    }
    toys.flow("round", TELL, done, wait)
    [order] = toys.place("A")
    toys.run()
    toys.happen("order.noted", order)
    toys.run()
    assert toys.where() == {"A": ("running", "waiting at wait")}
    assert sorted(key[-2:] for key in toys.provider.effects) == [":1", ":2"]


def test_calls_of_a_paused_flow_are_held_and_go_out_in_order_after_resume(toys: Toys) -> None:
    toys.flow("out", action("first"), TELL)
    toys.place("A")
    toys.run(toys.dispatcher, toys.steps)
    with toys.database.unit_of_work() as session:
        pause(session, names=["out"], now=toys.now)
    toys.later(seconds=1)
    toys.place("B")
    toys.later(seconds=1)
    toys.run()
    toys.place("C")
    toys.later(seconds=1)
    toys.run()
    assert toys.where() == {
        "A": ("running", "waiting at tell"),
        "B": ("running", "held at start"),
        "C": ("running", "held at start"),
    }
    assert toys.provider.requests == []
    with toys.database.unit_of_work() as session:
        assert resume(session, names=["out"], now=toys.now) == 2
    while toys.steps.run_once(toys.database, limit=1, now=toys.now).rows:
        pass
    assert toys.rows("SELECT number FROM public.toy_ran") == [("A",), ("B",), ("C",)]
    toys.run()
    assert toys.where() == {"A": ("completed",), "B": ("completed",), "C": ("completed",)}


def test_a_wait_that_times_out_while_paused_times_out_after_resume(toys: Toys) -> None:
    to = {"timed_out": "late", "happened": "end"}
    wait = {"id": "wait", "kind": "wait", "events": ["order.approved"], "timeout": "PT1H", "to": to}
    toys.flow("timed", wait, action("late", "late"))
    _, other = toys.place("A", "B")
    toys.run()
    with toys.database.unit_of_work() as session:
        pause(session, names=["timed"], now=toys.now)
    toys.later(hours=2)
    toys.run()
    toys.happen("order.approved", other)
    toys.run()
    assert toys.where() == {"A": ("running", "held at wait"), "B": ("running", "held at wait")}
    with toys.database.unit_of_work() as session:
        resume(session, names=["timed"], now=toys.now)
    toys.run()
    assert toys.ran() == {("late", "A"): 1}
    assert toys.where() == {"A": ("completed",), "B": ("completed",)}


def test_a_skipped_step_is_left_behind_and_its_call_is_not_made(toys: Toys) -> None:
    toys.flow("out", TELL, action("on"))
    [order] = toys.place("A")
    toys.provider.answers[str(order)] = ProviderDown("busy", retry_after=600)
    toys.run()
    [(flow_run,)] = toys.rows("SELECT id FROM orchestration.flow_run")
    with toys.database.unit_of_work() as session:
        assert skip(session, toys.engine, run_ids=[flow_run], now=toys.now)[0].ok
    toys.run()
    toys.later(hours=1)
    toys.run()
    assert toys.where() == {"A": ("completed",)}
    assert states(toys) == [("canceled", 1)]


def test_an_event_that_cannot_be_told_stops_the_token_and_reprocess_does_not_call_again(
    toys: Toys,
) -> None:
    toys.flow("out", TELL)
    [order] = toys.place("A")
    toys.run(toys.dispatcher, toys.steps)
    with toys.database.unit_of_work() as session:
        execute(
            session, "ALTER TABLE public.toy_order ADD CONSTRAINT no_told CHECK (state <> 'told')"
        )
    toys.run()
    assert toys.where() == {"A": ("failed", "failed at tell")}
    assert states(toys) == [("done", 1)]
    with toys.database.unit_of_work() as session:
        execute(session, "ALTER TABLE public.toy_order DROP CONSTRAINT no_told")
        reprocess(session, root_ids=[order], now=toys.now)
    toys.run()
    assert toys.where() == {"A": ("completed",)}
    assert len(toys.provider.requests) == 1
    assert toys.rows("SELECT state FROM public.toy_order") == [("told",)]


def test_a_slow_provider_holds_up_one_caller_and_the_other_serves_the_rest(toys: Toys) -> None:
    east, west = {**TELL, "id": "east"}, {**TELL, "id": "west", "instance": "west"}
    toys.flow("first", east, trigger={"condition": "number == 'E'"})
    toys.flow("second", west)
    toys.place("E")
    toys.place("W")
    toys.run(toys.dispatcher, toys.steps)
    _, _, one, two = workers(toys.engine)
    call, seen = toys.provider.call, []

    def slow(database, instance, action, calls):  # type: ignore[no-untyped-def]
        seen.append(instance)
        if instance == "east":
            toys.place("E")
            toys.run(toys.dispatcher, toys.steps)
            assert two.run_once(toys.database, limit=10, now=toys.now).rows == 1
            assert two.run_once(toys.database, limit=10, now=toys.now).rows == 0
        return call(database, instance, action, calls)

    toys.provider.call = slow  # type: ignore[method-assign]
    assert one.run_once(toys.database, limit=1, now=toys.now).rows == 1
    assert seen == ["east", "west"]
    toys.provider.call = call  # type: ignore[method-assign]
    toys.run()
    assert toys.rows("SELECT state, count(*) FROM orchestration.flow_run GROUP BY 1") == [
        ("completed", 3)
    ]
