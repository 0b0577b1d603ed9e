"""Each call to the outside is effective once, whatever dies in between."""

import pytest
from tests.orchestration.builders import NOTIFY, SEND, action
from tests.orchestration.harness import Harness

from openiom.kernel import ProviderDown, ProviderRejected
from openiom.orchestration import ProviderCallWorker, pause, reprocess, resume, skip, workers
from openiom.platform.bulk import execute


def states(harness: Harness) -> list[tuple[str, int]]:
    return [
        (state, attempts)
        for state, attempts in harness.rows(
            "SELECT state, attempts FROM orchestration.provider_call ORDER BY id"
        )
    ]


def test_all_items_of_a_wave_go_out_in_one_claim_and_the_order_goes_on_when_all_are_done(
    harness: Harness,
) -> None:
    harness.flow("out", SEND, action("on"))
    harness.place("A", "B", items=[1, 2])
    harness.run(harness.dispatcher, harness.steps)
    assert harness.positions() == {
        "A": ("running", "waiting at send"),
        "B": ("running", "waiting at send"),
    }
    assert harness.calls.run_once(harness.database, limit=500, now=harness.now).rows == 4
    assert [len(keys) for keys in harness.provider.requests] == [4]
    harness.run()
    assert harness.positions() == {"A": ("completed",), "B": ("completed",)}
    assert set(harness.provider.effects.values()) == {1}
    assert harness.rows("SELECT DISTINCT state FROM public.sample_item") == [("sent",)]
    assert harness.history("A") == ["send: succeeded", "on: succeeded"]
    [(key,)] = harness.rows(
        "SELECT p.key = p.run_id || ':send:' || p.entity_id || ':1' FROM orchestration.provider_call p LIMIT 1"
    )
    assert key is True


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_killed_around_its_call_leaves_a_lease_and_the_call_is_repeated_with_its_key(
    harness: Harness, when: str
) -> None:
    harness.flow("out", SEND)
    harness.place("A", items=[1, 2])
    harness.run(harness.dispatcher, harness.steps)
    harness.provider.crashes[when] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        harness.calls.run_once(harness.database, limit=500, now=harness.now)
    assert states(harness) == [("leased", 1), ("leased", 1)]
    assert harness.run() == 0
    harness.advance_clock(seconds=1000)
    harness.run()
    assert states(harness) == [("done", 2), ("done", 2)]
    assert harness.positions() == {"A": ("completed",)}
    assert len(harness.provider.effects) == 2
    assert set(harness.provider.effects.values()) == ({1} if when == "before" else {2})
    keys = {tuple(sorted(request)) for request in harness.provider.requests}
    assert len(keys) == 1
    assert harness.rows(
        "SELECT count(*) FROM platform.business_event WHERE name = 'item.sent'"
    ) == [(2,)]


def test_a_worker_that_outlives_its_lease_records_nothing(harness: Harness) -> None:
    harness.flow("out", NOTIFY)
    harness.place("A")
    harness.run(harness.dispatcher, harness.steps)

    def overtaken(instance, calls):  # type: ignore[no-untyped-def]
        harness.provider.respond = harness.provider.answer
        harness.advance_clock(seconds=10_000)
        harness.run(ProviderCallWorker(harness.engine))  # another process
        return harness.provider.answer(instance, calls)

    harness.provider.respond = overtaken
    harness.calls.run_once(harness.database, limit=10, now=harness.now)
    assert states(harness) == [("done", 2)]
    assert harness.rows(
        "SELECT count(*) FROM platform.business_event WHERE name = 'order.notified'"
    ) == [(1,)]
    assert list(harness.provider.effects.values()) == [2]


def test_a_provider_that_is_down_is_asked_again_later_and_not_before_it_wants(
    harness: Harness,
) -> None:
    harness.flow("out", NOTIFY)
    [order] = harness.place("A")
    harness.provider.errors[str(order)] = ProviderDown("busy", retry_after=60)
    harness.run()
    assert states(harness) == [("ready", 1)]
    harness.advance_clock(seconds=59)
    harness.run()
    assert states(harness) == [("ready", 1)]
    del harness.provider.errors[str(order)]
    harness.advance_clock(seconds=2)
    harness.run()
    assert states(harness) == [("done", 2)]
    assert harness.positions() == {"A": ("completed",)}


def test_after_the_last_attempt_it_fails_by_its_port_and_says_so(harness: Harness) -> None:
    harness.flow(
        "out",
        {**NOTIFY, "retry": {"max_attempts": 2}, "to": {"failed": "sorry"}},
        action("sorry", "sorry"),
    )
    good, bad = harness.place("A", "B")
    harness.provider.errors[str(bad)] = ProviderDown("try later")
    for _ in range(4):
        harness.run()
        harness.advance_clock(minutes=10)
    assert harness.positions() == {"A": ("completed",), "B": ("completed",)}
    assert harness.history("B") == ["notify: failed", "sorry: succeeded"]
    assert harness.ran()["sorry", "B"] == 1
    assert states(harness) == [("done", 1), ("failed", 2)]
    assert harness.rows(
        "SELECT name FROM platform.business_event WHERE root_id = %s ORDER BY id", bad
    ) == [
        ("order.created",),
        ("order.notified.failed",),
    ]
    assert good != bad


def test_a_rejection_is_not_tried_again_and_reprocess_repeats_only_what_failed_under_the_same_key(
    harness: Harness,
) -> None:
    harness.flow("out", action("before"), SEND, action("after"))
    [order] = harness.place("A", items=[1, 2])
    items = [str(row[0]) for row in harness.rows("SELECT id FROM public.sample_item ORDER BY n")]
    harness.provider.errors[items[1]] = ProviderRejected(
        "no such street", remedy="correct the address"
    )
    harness.run()
    assert harness.positions() == {"A": ("failed", "failed at send")}
    assert states(harness) == [("done", 1), ("failed", 1)]
    [(error,)] = harness.rows("SELECT error FROM orchestration.token")
    assert error["what"] == "no such street"
    first_keys = sorted(harness.provider.requests[0])
    del harness.provider.errors[items[1]]
    with harness.database.unit_of_work() as session:
        [done] = reprocess(session, root_ids=[order], now=harness.now)
        assert (done.ok, done.reason) == (True, "")
    harness.run()
    assert harness.positions() == {"A": ("completed",)}
    assert states(harness) == [("done", 1), ("done", 1)]
    assert len(harness.provider.requests) == 2
    assert harness.provider.requests[1] == [key for key in first_keys if items[1] in key]
    assert set(harness.provider.effects.values()) == {1}
    assert harness.ran() == {("count", "A"): 2}
    with harness.database.unit_of_work() as session:
        assert (
            reprocess(session, root_ids=[order], now=harness.now)[0].reason
            == "no flow run of it has failed"
        )


def test_a_payload_that_cannot_be_built_stops_its_order_before_anything_is_sent(
    harness: Harness,
) -> None:
    harness.flow("out", SEND)
    harness.place("A", "B", items=[1, 2])
    bad = harness.rows(
        "SELECT i.id FROM public.sample_item i JOIN public.sample_order o ON o.id = order_id ORDER BY number, n"
    )
    harness.execute("UPDATE public.sample_item SET sku = NULL WHERE id = %s", bad[1][0])
    harness.run()
    assert harness.positions() == {"A": ("failed", "failed at send"), "B": ("completed",)}
    assert len(harness.provider.effects) == 2
    [(error,)] = harness.rows("SELECT error FROM orchestration.token")
    assert error["where"] == "sku"


def test_items_that_the_expression_does_not_want_are_not_sent(harness: Harness) -> None:
    harness.flow("out", {**SEND, "when": "quantity > 1"})
    harness.place("A", items=[1, 2, 3])
    harness.place("B", items=[1])
    harness.run()
    assert harness.positions() == {"A": ("completed",), "B": ("completed",)}
    assert len(harness.provider.effects) == 2


def test_a_loop_calls_again_with_a_key_of_its_own(harness: Harness) -> None:
    wait = {"id": "wait", "kind": "wait", "events": ["order.noted"], "to": {"happened": "notify"}}
    done = {
        "id": "done",
        "kind": "condition",
        "when": "source == 'enough'",
        "to": {"yes": "end", "no": "wait"},
    }
    harness.flow("round", NOTIFY, done, wait)
    [order] = harness.place("A")
    harness.run()
    harness.raise_event("order.noted", order)
    harness.run()
    assert harness.positions() == {"A": ("running", "waiting at wait")}
    assert sorted(key[-2:] for key in harness.provider.effects) == [":1", ":2"]


def test_calls_of_a_paused_flow_are_held_and_go_out_in_order_after_resume(harness: Harness) -> None:
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


def test_a_wait_that_times_out_while_paused_times_out_after_resume(harness: Harness) -> None:
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


def test_a_skipped_step_is_left_behind_and_its_call_is_not_made(harness: Harness) -> None:
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
    assert states(harness) == [("canceled", 1)]


def test_an_event_that_cannot_be_told_stops_the_token_and_reprocess_does_not_call_again(
    harness: Harness,
) -> None:
    harness.flow("out", NOTIFY)
    [order] = harness.place("A")
    harness.run(harness.dispatcher, harness.steps)
    with harness.database.unit_of_work() as session:
        execute(
            session,
            "ALTER TABLE public.sample_order ADD CONSTRAINT no_told CHECK (state <> 'notified')",
        )
    harness.run()
    assert harness.positions() == {"A": ("failed", "failed at notify")}
    assert states(harness) == [("done", 1)]
    with harness.database.unit_of_work() as session:
        execute(session, "ALTER TABLE public.sample_order DROP CONSTRAINT no_told")
        reprocess(session, root_ids=[order], now=harness.now)
    harness.run()
    assert harness.positions() == {"A": ("completed",)}
    assert len(harness.provider.requests) == 1
    assert harness.rows("SELECT state FROM public.sample_order") == [("notified",)]


def test_a_slow_provider_holds_up_one_caller_and_the_other_serves_the_rest(
    harness: Harness,
) -> None:
    east, west = {**NOTIFY, "id": "east"}, {**NOTIFY, "id": "west", "instance": "west"}
    harness.flow("first", east, trigger={"condition": "number == 'E'"})
    harness.flow("second", west)
    harness.place("E")
    harness.place("W")
    harness.run(harness.dispatcher, harness.steps)
    _, _, one, two = workers(harness.engine)
    seen = []

    def slow(instance, calls):  # type: ignore[no-untyped-def]
        seen.append(instance)
        if instance == "east":
            harness.place("E")
            harness.run(harness.dispatcher, harness.steps)
            assert two.run_once(harness.database, limit=10, now=harness.now).rows == 1
            assert two.run_once(harness.database, limit=10, now=harness.now).rows == 0
        return harness.provider.answer(instance, calls)

    harness.provider.respond = slow
    assert one.run_once(harness.database, limit=1, now=harness.now).rows == 1
    assert seen == ["east", "west"]
    harness.provider.respond = harness.provider.answer
    harness.run()
    assert harness.rows("SELECT state, count(*) FROM orchestration.flow_run GROUP BY 1") == [
        ("completed", 3)
    ]
