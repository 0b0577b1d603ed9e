"""Events start flow runs once, tokens go where their flow says, and a bad subject stops nobody else."""

import pytest
from tests.orchestration.builders import action
from tests.orchestration.harness import Harness

from openiom.kernel import Invalid
from openiom.platform.bulk import execute
from openiom.policies import Column, Formula, Row, decision_table

STEPS = (action("first"), action("second"))


def policy(
    name, *, entity="order", kind="execution", criticality="critical", columns, rows, otherwise=None
):
    content = decision_table(columns=columns, rows=rows, otherwise=otherwise)
    return {
        "name": name,
        "type": kind,
        "entity": entity,
        "criticality": criticality,
        "content": content,
    }


def only_us(harness: Harness) -> None:
    body = policy(
        "only_us",
        columns=[Column(name="Country", field="country")],
        rows=[Row(when={"Country": "'US'"}, outcome="pass")],
        otherwise=Row(outcome="fail", reason=Formula(formula="'not to ' + country")),
    )
    harness.apply("policy", "only_us", body)


def test_an_order_goes_from_its_event_to_the_end_in_one_wave(harness: Harness) -> None:
    harness.flow("simple", *STEPS)
    harness.place("A")
    harness.run(harness.dispatcher)
    assert harness.positions() == {"A": ("running", "ready at start")}
    assert harness.steps.run_once(harness.database, limit=10, now=harness.now).rows == 1
    assert harness.positions() == {"A": ("completed",)}
    assert harness.history("A") == ["first: succeeded", "second: succeeded"]
    assert harness.ran() == {("count", "A"): 2}


def test_a_thousand_tokens_move_in_one_wave_with_a_handful_of_statements(harness: Harness) -> None:
    only_us(harness)
    check = {
        "id": "check",
        "kind": "policies",
        "policies": ["only_us"],
        "events": {"passed": "order.checked"},
    }
    harness.flow("simple", check, *STEPS)
    harness.place(*[f"N{i}" for i in range(1000)])
    harness.run(harness.dispatcher, limit=1000)
    assert harness.steps.run_once(harness.database, limit=1000, now=harness.now).rows == 1000
    assert harness.rows("SELECT state, count(*) FROM orchestration.flow_run GROUP BY 1") == [
        ("completed", 1000)
    ]
    assert harness.rows("SELECT count(*) FROM orchestration.token") == [(0,)]
    assert harness.rows(
        "SELECT count(*), sum(jsonb_array_length(entries)) FROM orchestration.step_result"
    ) == [(1000, 3000)]
    assert harness.rows("SELECT count(*) FROM public.ran") == [(2000,)]
    assert harness.rows("SELECT counts FROM orchestration.step_tally") == [
        ({"check": {"passed": 1000}, "first": {"succeeded": 1000}, "second": {"succeeded": 1000}},)
    ]


def test_reading_the_log_again_starts_nothing_twice(harness: Harness) -> None:
    harness.flow("simple", *STEPS)
    harness.place("A", "B")
    harness.run()
    with harness.database.unit_of_work() as session:
        execute(session, "UPDATE platform.event_consumer SET xid = '0', event_id = 0")
    harness.run()
    assert harness.positions() == {"A": ("completed",), "B": ("completed",)}
    assert harness.ran() == {("count", "A"): 2, ("count", "B"): 2}


def test_the_first_flow_that_matches_takes_the_order_and_a_parallel_flow_runs_beside_it(
    harness: Harness,
) -> None:
    harness.flow(
        "canada", action("c", "canada"), trigger={"condition": "country == 'CA'", "priority": 10}
    )
    harness.flow("rest", action("r", "rest"), trigger={"priority": 20})
    harness.flow("never", action("n", "never"), trigger={"priority": 30})
    harness.flow("watch", action("w", "watch"), trigger={"parallel": True, "priority": 40})
    harness.place("CA1", country="CA")
    harness.place("US1")
    harness.run()
    assert harness.ran() == {
        ("canada", "CA1"): 1,
        ("rest", "US1"): 1,
        ("watch", "CA1"): 1,
        ("watch", "US1"): 1,
    }


def test_a_trigger_condition_without_an_answer_is_seen_and_can_be_reprocessed(
    harness: Harness,
) -> None:
    harness.flow("odd", *STEPS, trigger={"condition": "number + 1 > 3"})
    harness.place("A")
    harness.run()
    assert harness.positions() == {"A": ("failed", "failed at start")}
    [(error,)] = harness.rows("SELECT error FROM orchestration.token")
    assert error["what"].startswith("the trigger's condition has no result")


def test_one_poison_order_is_parked_at_its_step_and_the_others_pass(harness: Harness) -> None:
    harness.flow("fragile", action("first"), action("second", "fragile"), action("third"))
    harness.place(*[f"N{i}" for i in range(50)], "poison")
    harness.run()
    assert harness.rows(
        "SELECT state, count(*) FROM orchestration.flow_run GROUP BY 1 ORDER BY 1"
    ) == [
        ("completed", 50),
        ("failed", 1),
    ]
    assert harness.positions()["poison"] == ("failed", "failed at second")
    assert harness.history("poison") == ["first: succeeded", "second: error"]
    [(error,)] = harness.rows("SELECT error FROM orchestration.token")
    assert error == {
        "what": "RuntimeError: cannot digest poison",
        "where": "second",
        "why": "the step could not be run",
        "remedy": "correct the cause and reprocess, or skip the step",
        "step": "second",
    }
    assert harness.ran()["count", "poison"] == 1
    assert harness.ran()["fragile", "poison"] == 0


def test_a_refusal_takes_the_failed_port_where_there_is_one_and_stops_the_token_where_not(
    harness: Harness,
) -> None:
    harness.flow(
        "wired",
        action("pick", "picky", to={"failed": "sorry"}),
        action("good", to={"succeeded": "end"}),
        action("sorry", "sorry"),
    )
    harness.place("bad1", "fine")
    harness.run()
    assert harness.history("bad1") == ["pick: failed", "sorry: succeeded"]
    assert harness.history("fine") == ["pick: succeeded", "good: succeeded"]
    harness.flow("wired", action("pick", "picky"), action("good"))
    harness.place("bad2")
    harness.run()
    assert harness.positions()["bad2"] == ("failed", "failed at pick")


def test_a_step_may_say_how_to_go_on_after_an_error(harness: Harness) -> None:
    resume = {"event": "order.noted", "port": "succeeded"}
    harness.flow(
        "brave",
        action("pick", "picky", resume_on_error=resume),
        action("on", "fragile", resume_on_error=resume),
    )
    harness.place("bad", "poison")
    harness.run()
    assert harness.positions() == {"bad": ("completed",), "poison": ("completed",)}
    assert harness.rows("SELECT number, state FROM public.sample_order ORDER BY 1") == [
        ("bad", "noted"),
        ("poison", "noted"),
    ]


def test_policies_check_set_and_announce_and_a_failing_one_stops_its_order_only(
    harness: Harness,
) -> None:
    only_us(harness)
    body = policy(
        "sourcing",
        columns=[Column(name="Number", field="number")],
        rows=[Row(when={"Number": "'A'"}, set={"source": "seattle"})],
        otherwise=Row(set={"source": "chicago"}),
    )
    harness.apply("policy", "sourcing", body)
    check = {
        "id": "check",
        "kind": "policies",
        "policies": ["only_us", "sourcing"],
        "events": {"passed": "order.checked", "failed": "order.refused"},
    }
    split = {
        "id": "east",
        "kind": "condition",
        "when": "source == 'seattle'",
        "to": {"yes": "e", "no": "w"},
    }
    harness.flow(
        "checked", check, split, action("e", "east", to={"succeeded": "end"}), action("w", "west")
    )
    harness.place("A", "B")
    harness.place("C", country="CA")
    harness.run()
    assert harness.positions() == {
        "A": ("completed",),
        "B": ("completed",),
        "C": ("failed", "failed at check"),
    }
    assert harness.ran() == {("east", "A"): 1, ("west", "B"): 1}
    assert harness.rows("SELECT number, state, source FROM public.sample_order ORDER BY 1") == [
        ("A", "checked", "seattle"),
        ("B", "checked", "chicago"),
        ("C", "refused", None),
    ]
    [(error,)] = harness.rows("SELECT error FROM orchestration.token")
    assert error["what"] == "only_us: not to CA"


def test_policies_over_items_raise_events_on_each_and_one_on_the_order(harness: Harness) -> None:
    body = policy(
        "enough",
        entity="item",
        columns=[Column(name="Quantity", field="quantity")],
        rows=[Row(when={"Quantity": ">= 5"}, outcome="pass")],
    )
    harness.apply("policy", "enough", body)
    check = {
        "id": "check",
        "kind": "policies",
        "entity": "item",
        "policies": ["enough"],
        "events": {"passed": "order.checked", "failed": "order.refused"},
        "child_events": {"passed": "item.checked", "failed": "item.refused"},
    }
    harness.flow("lines", check)
    harness.place("A", items=[5, 6])
    harness.place("B", items=[5, 1])
    harness.place("C")
    harness.run()
    assert harness.positions() == {
        "A": ("completed",),
        "B": ("failed", "failed at check"),
        "C": ("completed",),
    }
    assert harness.rows(
        "SELECT o.number, o.state, i.state FROM public.sample_order o LEFT JOIN public.sample_item i ON i.order_id = o.id"
        " ORDER BY o.number, i.n"
    ) == [
        ("A", "checked", "checked"),
        ("A", "checked", "checked"),
        ("B", "refused", "checked"),
        ("B", "refused", "refused"),
        ("C", "new", None),
    ]


def test_an_informational_policy_is_noted_and_a_filter_policy_skips(harness: Harness) -> None:
    us = [Row(when={"Country": "'US'"}, outcome="pass")]
    columns = [Column(name="Country", field="country")]
    harness.apply(
        "policy", "note", policy("note", criticality="information", columns=columns, rows=us)
    )
    harness.apply("policy", "us_only", policy("us_only", kind="filter", columns=columns, rows=us))
    only_us(harness)
    harness.flow(
        "soft",
        {"id": "soft", "kind": "policies", "policies": ["note"]},
        {"id": "hard", "kind": "policies", "filter": "us_only", "policies": ["only_us"]},
    )
    harness.place("C", country="CA")
    harness.run()
    assert harness.positions() == {"C": ("completed",)}
    [(entries,)] = harness.rows("SELECT entries FROM orchestration.step_result")
    assert entries[0]["details"]["policies"][0]["passed"] is False
    assert entries[1] | {"duration_ms": 0} == {
        "step": "hard",
        "port": "passed",
        "reason": "skipped: not for us_only",
        "duration_ms": 0,
    }


def test_an_action_for_each_item_succeeds_when_all_of_them_do(harness: Harness) -> None:
    each = {"id": "each", "kind": "action", "action": "sample.count_item", "for_each": "item"}
    harness.flow("each", each)
    harness.place("A", items=[1, 2, 3])
    harness.run()
    assert harness.positions() == {"A": ("completed",)}
    assert harness.rows("SELECT count(*) FROM public.ran") == [(3,)]


def test_an_event_in_cancel_on_ends_the_journeys_of_its_subject(harness: Harness) -> None:
    wait = {"id": "wait", "kind": "wait", "events": ["order.approved"]}
    harness.flow("patient", wait, cancel_on=["order.cancel"])
    first, _ = harness.place("A", "B")
    harness.run()
    harness.raise_event("order.cancel", first)
    harness.run()
    assert harness.positions() == {"A": ("canceled",), "B": ("running", "waiting at wait")}


def test_an_order_under_way_keeps_its_version(harness: Harness) -> None:
    wait = {"id": "wait", "kind": "wait", "events": ["order.approved"]}
    harness.flow("changing", wait, action("old", "old"))
    [order] = harness.place("A")
    harness.run()
    harness.flow("changing", wait, action("new", "new"))
    [other] = harness.place("B")
    harness.run()
    harness.raise_event("order.approved", order, other)
    harness.run()
    assert harness.ran() == {("old", "A"): 1, ("new", "B"): 1}


def test_an_invalid_flow_publishes_nothing(harness: Harness) -> None:
    with pytest.raises(Invalid):
        harness.flow("broken", action("a", to={"succeeded": "nowhere"}))
    assert harness.rows("SELECT count(*) FROM orchestration.flow_version") == [(0,)]
