"""Events start flow runs once, tokens go where their flow says, and a bad subject stops nobody else."""

import pytest
from tests.orchestration.toys import Toys, action

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


def only_us(toys: Toys) -> None:
    body = policy(
        "only_us",
        columns=[Column(name="Country", field="country")],
        rows=[Row(when={"Country": "'US'"}, outcome="pass")],
        otherwise=Row(outcome="fail", reason=Formula(formula="'not to ' + country")),
    )
    toys.apply("policy", "only_us", body)


def test_an_order_goes_from_its_event_to_the_end_in_one_wave(toys: Toys) -> None:
    toys.flow("simple", *STEPS)
    toys.place("A")
    toys.run(toys.dispatcher)
    assert toys.where() == {"A": ("running", "ready at start")}
    assert toys.steps.run_once(toys.database, limit=10, now=toys.now).rows == 1
    assert toys.where() == {"A": ("completed",)}
    assert toys.history("A") == ["first: succeeded", "second: succeeded"]
    assert toys.ran() == {("count", "A"): 2}


def test_a_thousand_tokens_move_in_one_wave_with_a_handful_of_statements(toys: Toys) -> None:
    only_us(toys)
    check = {
        "id": "check",
        "kind": "policies",
        "policies": ["only_us"],
        "events": {"passed": "order.checked"},
    }
    toys.flow("simple", check, *STEPS)
    toys.place(*[f"N{i}" for i in range(1000)])
    toys.run(toys.dispatcher, limit=1000)
    assert toys.steps.run_once(toys.database, limit=1000, now=toys.now).rows == 1000
    assert toys.rows("SELECT state, count(*) FROM orchestration.flow_run GROUP BY 1") == [
        ("completed", 1000)
    ]
    assert toys.rows("SELECT count(*) FROM orchestration.token") == [(0,)]
    assert toys.rows(
        "SELECT count(*), sum(jsonb_array_length(entries)) FROM orchestration.step_result"
    ) == [(1000, 3000)]
    assert toys.rows("SELECT count(*) FROM public.toy_ran") == [(2000,)]
    assert toys.rows("SELECT counts FROM orchestration.step_tally") == [
        ({"check": {"passed": 1000}, "first": {"succeeded": 1000}, "second": {"succeeded": 1000}},)
    ]


def test_reading_the_log_again_starts_nothing_twice(toys: Toys) -> None:
    toys.flow("simple", *STEPS)
    toys.place("A", "B")
    toys.run()
    with toys.database.unit_of_work() as session:
        execute(session, "UPDATE platform.event_consumer SET xid = '0', event_id = 0")
    toys.run()
    assert toys.where() == {"A": ("completed",), "B": ("completed",)}
    assert toys.ran() == {("count", "A"): 2, ("count", "B"): 2}


def test_the_first_flow_that_matches_takes_the_order_and_an_also_flow_runs_beside_it(
    toys: Toys,
) -> None:
    toys.flow(
        "canada", action("c", "canada"), trigger={"condition": "country == 'CA'", "priority": 10}
    )
    toys.flow("rest", action("r", "rest"), trigger={"priority": 20})
    toys.flow("never", action("n", "never"), trigger={"priority": 30})
    toys.flow("watch", action("w", "watch"), trigger={"also": True, "priority": 40})
    toys.place("CA1", country="CA")
    toys.place("US1")
    toys.run()
    assert toys.ran() == {
        ("canada", "CA1"): 1,
        ("rest", "US1"): 1,
        ("watch", "CA1"): 1,
        ("watch", "US1"): 1,
    }


def test_a_trigger_condition_without_an_answer_is_seen_and_can_be_reprocessed(toys: Toys) -> None:
    toys.flow("odd", *STEPS, trigger={"condition": "number + 1 > 3"})
    toys.place("A")
    toys.run()
    assert toys.where() == {"A": ("failed", "failed at start")}
    [(error,)] = toys.rows("SELECT error FROM orchestration.token")
    assert error["what"].startswith("the trigger's condition has no answer")


def test_one_poison_order_is_parked_at_its_step_and_the_others_pass(toys: Toys) -> None:
    toys.flow("fragile", action("first"), action("second", "fragile"), action("third"))
    toys.place(*[f"N{i}" for i in range(50)], "poison")
    toys.run()
    assert toys.rows(
        "SELECT state, count(*) FROM orchestration.flow_run GROUP BY 1 ORDER BY 1"
    ) == [
        ("completed", 50),
        ("failed", 1),
    ]
    assert toys.where()["poison"] == ("failed", "failed at second")
    assert toys.history("poison") == ["first: succeeded", "second: error"]
    [(error,)] = toys.rows("SELECT error FROM orchestration.token")
    assert error == {
        "what": "RuntimeError: cannot digest poison",
        "where": "second",
        "why": "the step could not be run",
        "remedy": "correct the cause and reprocess, or skip the step",
        "step": "second",
    }
    assert toys.ran()["count", "poison"] == 1
    assert toys.ran()["fragile", "poison"] == 0


def test_a_refusal_takes_the_failed_port_where_there_is_one_and_stops_the_token_where_not(
    toys: Toys,
) -> None:
    toys.flow(
        "wired",
        action("pick", "picky", to={"failed": "sorry"}),
        action("good", to={"succeeded": "end"}),
        action("sorry", "sorry"),
    )
    toys.place("bad1", "fine")
    toys.run()
    assert toys.history("bad1") == ["pick: failed", "sorry: succeeded"]
    assert toys.history("fine") == ["pick: succeeded", "good: succeeded"]
    toys.flow("wired", action("pick", "picky"), action("good"))
    toys.place("bad2")
    toys.run()
    assert toys.where()["bad2"] == ("failed", "failed at pick")


def test_a_step_may_say_how_to_go_on_after_an_error(toys: Toys) -> None:
    resume = {"event": "order.noted", "port": "succeeded"}
    toys.flow(
        "brave",
        action("pick", "picky", resume_on_error=resume),
        action("on", "fragile", resume_on_error=resume),
    )
    toys.place("bad", "poison")
    toys.run()
    assert toys.where() == {"bad": ("completed",), "poison": ("completed",)}
    assert toys.rows("SELECT number, state FROM public.toy_order ORDER BY 1") == [
        ("bad", "noted"),
        ("poison", "noted"),
    ]


def test_policies_check_set_and_announce_and_a_failing_one_stops_its_order_only(toys: Toys) -> None:
    only_us(toys)
    body = policy(
        "sourcing",
        columns=[Column(name="Number", field="number")],
        rows=[Row(when={"Number": "'A'"}, set={"source": "seattle"})],
        otherwise=Row(set={"source": "chicago"}),
    )
    toys.apply("policy", "sourcing", body)
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
    toys.flow(
        "checked", check, split, action("e", "east", to={"succeeded": "end"}), action("w", "west")
    )
    toys.place("A", "B")
    toys.place("C", country="CA")
    toys.run()
    assert toys.where() == {
        "A": ("completed",),
        "B": ("completed",),
        "C": ("failed", "failed at check"),
    }
    assert toys.ran() == {("east", "A"): 1, ("west", "B"): 1}
    assert toys.rows("SELECT number, state, source FROM public.toy_order ORDER BY 1") == [
        ("A", "checked", "seattle"),
        ("B", "checked", "chicago"),
        ("C", "refused", None),
    ]
    [(error,)] = toys.rows("SELECT error FROM orchestration.token")
    assert error["what"] == "only_us: not to CA"


def test_policies_over_items_raise_events_on_each_and_one_on_the_order(toys: Toys) -> None:
    body = policy(
        "enough",
        entity="item",
        columns=[Column(name="Quantity", field="quantity")],
        rows=[Row(when={"Quantity": ">= 5"}, outcome="pass")],
    )
    toys.apply("policy", "enough", body)
    check = {
        "id": "check",
        "kind": "policies",
        "entity": "item",
        "policies": ["enough"],
        "events": {"passed": "order.checked", "failed": "order.refused"},
        "child_events": {"passed": "item.checked", "failed": "item.refused"},
    }
    toys.flow("lines", check)
    toys.place("A", items=[5, 6])
    toys.place("B", items=[5, 1])
    toys.place("C")
    toys.run()
    assert toys.where() == {
        "A": ("completed",),
        "B": ("failed", "failed at check"),
        "C": ("completed",),
    }
    assert toys.rows(
        "SELECT o.number, o.state, i.state FROM public.toy_order o LEFT JOIN public.toy_item i ON i.order_id = o.id"
        " ORDER BY o.number, i.n"
    ) == [
        ("A", "checked", "checked"),
        ("A", "checked", "checked"),
        ("B", "refused", "checked"),
        ("B", "refused", "refused"),
        ("C", "new", None),
    ]


def test_an_informational_policy_is_noted_and_a_filter_policy_skips(toys: Toys) -> None:
    us = [Row(when={"Country": "'US'"}, outcome="pass")]
    columns = [Column(name="Country", field="country")]
    toys.apply(
        "policy", "note", policy("note", criticality="information", columns=columns, rows=us)
    )
    toys.apply("policy", "us_only", policy("us_only", kind="filter", columns=columns, rows=us))
    only_us(toys)
    toys.flow(
        "soft",
        {"id": "soft", "kind": "policies", "policies": ["note"]},
        {"id": "hard", "kind": "policies", "filter": "us_only", "policies": ["only_us"]},
    )
    toys.place("C", country="CA")
    toys.run()
    assert toys.where() == {"C": ("completed",)}
    [(entries,)] = toys.rows("SELECT entries FROM orchestration.step_result")
    assert entries[0]["details"]["policies"][0]["passed"] is False
    assert entries[1] | {"ms": 0} == {
        "step": "hard",
        "port": "passed",
        "reason": "skipped: not for us_only",
        "ms": 0,
    }


def test_an_action_for_each_item_succeeds_when_all_of_them_do(toys: Toys) -> None:
    each = {"id": "each", "kind": "action", "action": "toy.count_item", "for_each": "item"}
    toys.flow("each", each)
    toys.place("A", items=[1, 2, 3])
    toys.run()
    assert toys.where() == {"A": ("completed",)}
    assert toys.rows("SELECT count(*) FROM public.toy_ran") == [(3,)]


def test_an_event_in_cancel_on_ends_the_journeys_of_its_subject(toys: Toys) -> None:
    wait = {"id": "wait", "kind": "wait", "events": ["order.approved"]}
    toys.flow("patient", wait, cancel_on=["order.canceled"])
    first, _ = toys.place("A", "B")
    toys.run()
    toys.happen("order.canceled", first)
    toys.run()
    assert toys.where() == {"A": ("canceled",), "B": ("running", "waiting at wait")}


def test_an_order_under_way_keeps_its_version(toys: Toys) -> None:
    wait = {"id": "wait", "kind": "wait", "events": ["order.approved"]}
    toys.flow("changing", wait, action("old", "old"))
    [order] = toys.place("A")
    toys.run()
    toys.flow("changing", wait, action("new", "new"))
    [other] = toys.place("B")
    toys.run()
    toys.happen("order.approved", order, other)
    toys.run()
    assert toys.ran() == {("old", "A"): 1, ("new", "B"): 1}


def test_an_invalid_flow_publishes_nothing(toys: Toys) -> None:
    with pytest.raises(Invalid):
        toys.flow("broken", action("a", to={"succeeded": "nowhere"}))
    assert toys.rows("SELECT count(*) FROM orchestration.flow_version") == [(0,)]
