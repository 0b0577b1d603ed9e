"""Each provider call takes effect once, whatever dies in between."""

import pytest
from tests.orchestration.builders import NOTIFY, SEND, action, policy_body
from tests.orchestration.harness import Harness

from openiom.kernel import NotFound, ProviderDown, ProviderRejected
from openiom.orchestration import ProviderCallWorker, reprocess, workers
from openiom.orchestration.runtime.calls import worker
from openiom.platform.bulk import execute
from openiom.policies import Column, Row


def states(harness: Harness) -> list[tuple[str, int]]:
    return [
        (state, attempts)
        for state, attempts in harness.rows(
            "SELECT state, attempts FROM orchestration.provider_call ORDER BY id"
        )
    ]


def test_all_items_of_a_batch_are_sent_in_one_claim_and_the_order_continues_after_the_last(
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
        "SELECT p.key = p.run_id || ':send:' || p.entity_id || ':1'"
        " FROM orchestration.provider_call p LIMIT 1"
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


def test_a_provider_that_is_down_is_called_again_and_not_before_it_requested(
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


def test_after_the_last_attempt_the_token_leaves_by_failed_and_the_event_is_raised(
    harness: Harness,
) -> None:
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


def test_a_rejection_is_final_and_reprocessing_repeats_only_what_failed_under_its_key(
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
            == "nothing has failed that could run again"
        )


def test_a_payload_that_cannot_be_built_stops_its_order_before_anything_is_sent(
    harness: Harness,
) -> None:
    harness.flow("out", SEND)
    harness.place("A", "B", items=[1, 2])
    bad = harness.rows(
        "SELECT i.id FROM public.sample_item i JOIN public.sample_order o ON o.id = order_id"
        " ORDER BY number, n"
    )
    harness.execute("UPDATE public.sample_item SET sku = NULL WHERE id = %s", bad[1][0])
    harness.run()
    assert harness.positions() == {"A": ("failed", "failed at send"), "B": ("completed",)}
    assert len(harness.provider.effects) == 2
    [(error,)] = harness.rows("SELECT error FROM orchestration.token")
    assert error["where"] == "sku"


def test_items_that_do_not_match_the_expression_are_not_sent(harness: Harness) -> None:
    harness.flow("out", {**SEND, "when": "quantity > 1"})
    harness.place("A", items=[1, 2, 3])
    harness.place("B", items=[1])
    harness.run()
    assert harness.positions() == {"A": ("completed",), "B": ("completed",)}
    assert len(harness.provider.effects) == 2


def test_each_visit_of_a_loop_calls_with_its_own_key(harness: Harness) -> None:
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


def test_an_event_that_cannot_be_raised_stops_the_token_and_reprocessing_does_not_call_again(
    harness: Harness,
) -> None:
    harness.flow("out", NOTIFY)
    [order] = harness.place("A")
    harness.run(harness.dispatcher, harness.steps)

    with harness.database.unit_of_work() as session:
        execute(
            session,
            "ALTER TABLE public.sample_order ADD CONSTRAINT no CHECK (state <> 'notified')",
        )

    harness.run()
    assert harness.positions() == {"A": ("failed", "failed at notify")}
    assert states(harness) == [("done", 1)]

    with harness.database.unit_of_work() as session:
        execute(session, "ALTER TABLE public.sample_order DROP CONSTRAINT no")
        reprocess(session, root_ids=[order], now=harness.now)

    harness.run()
    assert harness.positions() == {"A": ("completed",)}
    assert len(harness.provider.requests) == 1
    assert harness.rows("SELECT state FROM public.sample_order") == [("notified",)]


def test_a_slow_provider_occupies_one_worker_and_the_other_calls_the_rest(
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


LARGE = policy_body(
    "large",
    type="filter",
    entity="item",
    column=Column(name="Quantity", field="quantity"),
    rows=[Row(when={"Quantity": "> 1"}, outcome="pass")],
)


def test_items_that_fail_the_filter_policy_are_not_sent(harness: Harness) -> None:
    harness.policy(LARGE)
    harness.flow("out", {**SEND, "filter": "large"})
    harness.place("A", items=[1, 2, 3])
    harness.run()
    assert harness.positions() == {"A": ("completed",)}
    assert len(harness.provider.effects) == 2


def test_an_order_with_nothing_to_send_leaves_by_the_skipped_port(harness: Harness) -> None:
    step = {**SEND, "when": "quantity > 1", "to": {"skipped": "aside"}}
    harness.flow("out", step, action("sent", to={"succeeded": "end"}), action("aside", "aside"))
    harness.place("A", items=[1])
    harness.place("B")
    harness.run()
    assert harness.ran() == {("aside", "A"): 1, ("aside", "B"): 1}
    assert harness.entries("A")[0]["reason"] == "nothing to send"


def test_an_expression_without_a_result_stops_its_order(harness: Harness) -> None:
    harness.flow("out", {**SEND, "when": "quantity + sku > 1"})
    harness.place("A", items=[1, 2])
    harness.run()
    assert harness.positions() == {"A": ("failed", "failed at send")}
    assert harness.token_error()["what"].startswith("`quantity + sku > 1` has no result: ")


def test_a_filter_that_cannot_be_evaluated_stops_its_order(harness: Harness) -> None:
    harness.policy(
        policy_body(
            "odd",
            type="filter",
            entity="item",
            column=Column(name="SKU", field="sku"),
            rows=[Row(when={"SKU": "> 1"}, outcome="pass")],
        )
    )
    harness.flow("out", {**SEND, "filter": "odd"})
    harness.place("A", items=[1])
    harness.run()
    assert harness.token_error()["what"].startswith("odd: row 1, column SKU: sku is the text")


def test_an_instance_that_was_removed_stops_tokens_that_arrive(harness: Harness) -> None:
    harness.flow("out", NOTIFY)
    harness.place("A")
    remove_instance(harness, "east")
    harness.run()
    assert harness.positions() == {"A": ("failed", "failed at notify")}
    assert harness.token_error()["what"] == "no provider_instance named east"


def test_calls_of_an_instance_that_was_removed_are_retried_later(harness: Harness) -> None:
    harness.flow("out", NOTIFY)
    harness.place("A")
    harness.run(harness.dispatcher, harness.steps)
    remove_instance(harness, "east")
    assert harness.run_call_worker() == 1
    assert states(harness) == [("ready", 1)]
    [(error,)] = harness.rows("SELECT error FROM orchestration.provider_call")
    assert error["what"] == "no provider_instance named east"
    assert harness.provider.requests == []


def remove_instance(harness: Harness, name: str) -> None:
    harness.execute(
        "UPDATE platform.configuration_document SET deleted = true"
        " WHERE kind = 'provider_instance' AND name = %s",
        name,
    )


def test_a_provider_whose_code_breaks_fails_the_call(harness: Harness) -> None:
    def broken(instance, calls):  # type: ignore[no-untyped-def]
        raise ZeroDivisionError("no")

    harness.flow("out", NOTIFY)
    harness.place("A")
    harness.provider.respond = broken
    harness.run()
    [(error,)] = harness.rows("SELECT error FROM orchestration.provider_call")
    assert "ZeroDivisionError" in error["what"]


def test_a_crash_around_the_call_is_retried(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*args: object) -> None:
        raise NotFound("no such thing", remedy="look elsewhere")

    harness.flow("out", NOTIFY)
    harness.place("A")
    harness.run(harness.dispatcher, harness.steps)
    monkeypatch.setattr(worker, "call_provider", crash)
    assert harness.run_call_worker() == 1
    assert states(harness) == [("ready", 1)]
    [(error,)] = harness.rows("SELECT error FROM orchestration.provider_call")
    assert (error["what"], error["where"]) == ("no such thing", "east")


def test_retry_settings_of_the_step_override_those_of_the_action(harness: Harness) -> None:
    retry = {"max_attempts": 7, "first_delay_seconds": 0.5}
    harness.flow("out", {**NOTIFY, "retry": retry})
    harness.flow("plain", NOTIFY, trigger={"parallel": True})
    harness.place("A")
    harness.run(harness.dispatcher, harness.steps)
    settings = harness.rows(
        "SELECT flow, max_attempts, first_delay_seconds FROM orchestration.provider_call"
        " ORDER BY flow"
    )
    assert settings == [("out", 7, 0.5), ("plain", 3, 2.0)]


def test_the_result_of_a_call_is_stored_and_shown(harness: Harness) -> None:
    harness.flow("out", NOTIFY)
    [order] = harness.place("A")
    harness.run()
    external_id = f"X-{str(order)[-4:]}"
    [(response, stored_id, event_raised)] = harness.rows(
        "SELECT response, external_id, event_raised FROM orchestration.provider_call"
    )
    assert (response, stored_id, event_raised) == ({"ok": True}, external_id, True)
    [entry] = harness.entries("A")
    assert entry["details"] == {"calls": 1, "attempts": 1, "external_ids": [external_id]}
    [(data, actor)] = harness.rows(
        "SELECT data, actor FROM platform.business_event WHERE name = 'order.notified'"
    )
    assert data == {
        "instance": "east",
        "action": "notify",
        "external_id": external_id,
        "reason": "",
    }
    assert actor == "flow:out"


def test_the_event_of_a_failed_call_says_why(harness: Harness) -> None:
    harness.flow("out", {**NOTIFY, "to": {"failed": "end"}})
    [order] = harness.place("A")
    harness.provider.errors[str(order)] = ProviderRejected("no such street")
    harness.run()
    [(data,)] = harness.rows(
        "SELECT data FROM platform.business_event WHERE name = 'order.notified.failed'"
    )
    assert data["error"] == data["reason"] == "no such street"
    assert harness.entries("A")[0]["reason"] == "no such street"


def test_the_reasons_of_several_failed_calls_are_joined(harness: Harness) -> None:
    harness.flow("out", {**SEND, "to": {"failed": "end"}})
    harness.place("A", items=[1, 2, 3])
    [(first,), (second,), _] = harness.rows("SELECT id FROM public.sample_item ORDER BY n")
    harness.provider.errors[str(first)] = ProviderRejected("a")
    harness.provider.errors[str(second)] = ProviderRejected("b")
    harness.run()
    [entry] = harness.entries("A")
    assert (entry["port"], entry["reason"]) == ("failed", "a; b")


def test_an_idle_call_worker_makes_no_call(harness: Harness) -> None:
    result = harness.calls.run_once(harness.database, limit=10, now=harness.now)
    assert (result.rows, result.more) == (0, False)
