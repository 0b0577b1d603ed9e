"""Policies steps: judge, set fields, raise events, skip by a filter."""

import pytest
from tests.orchestration.builders import ONLY_US, action, condition, policy_body
from tests.orchestration.harness import Harness

from openiom.policies import Column, ComputedValue, Row

NUMBER = Column(name="Number", field="number")
QUANTITY = Column(name="Quantity", field="quantity")
US = [Row(when={"Country": "'US'"}, outcome="pass")]
ENOUGH = policy_body(
    "enough",
    entity="item",
    column=QUANTITY,
    rows=[Row(when={"Quantity": ">= 5"}, outcome="pass")],
)


def check(*policies: str, **more):
    return {"id": "check", "kind": "policies", "policies": list(policies), **more}


def test_policies_check_set_and_raise_events_and_a_failing_one_stops_its_order_only(
    harness: Harness,
) -> None:
    harness.policy(ONLY_US)
    harness.policy(
        policy_body(
            "sourcing",
            column=NUMBER,
            rows=[Row(when={"Number": "'A'"}, set={"source": "seattle"})],
            otherwise=Row(set={"source": "chicago"}),
        )
    )
    events = {"passed": "order.checked", "failed": "order.refused"}
    harness.flow(
        "checked",
        check("only_us", "sourcing", events=events),
        condition("east", "source == 'seattle'", yes="e", no="w"),
        action("e", "east", to={"succeeded": "end"}),
        action("w", "west"),
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
    orders = harness.rows("SELECT number, state, source FROM public.sample_order ORDER BY 1")
    assert orders == [
        ("A", "checked", "seattle"),
        ("B", "checked", "chicago"),
        ("C", "refused", None),
    ]
    assert harness.token_error()["what"] == "only_us: not to CA"


def test_the_history_shows_every_verdict(harness: Harness) -> None:
    harness.policy(ONLY_US)
    harness.policy(
        policy_body(
            "assign", column=NUMBER, rows=[Row(when={"Number": "'A'"}, set={"source": "x"})]
        )
    )
    harness.flow("checked", check("only_us", "assign"))
    harness.place("A")
    harness.run()
    [entry] = harness.entries("A")
    assert entry["details"] == {
        "policies": [
            {
                "policy": "only_us",
                "passed": True,
                "reason": "Country = 'US'",
                "values": {"country": "US"},
                "row": 1,
            },
            {
                "policy": "assign",
                "passed": True,
                "reason": "Number = 'A'",
                "values": {"number": "A"},
                "row": 1,
                "sets": {"source": "x"},
            },
        ]
    }


def test_a_policy_that_fails_keeps_later_ones_from_being_evaluated(harness: Harness) -> None:
    harness.policy(ONLY_US)
    harness.policy(
        policy_body("assign", column=NUMBER, rows=[], otherwise=Row(set={"source": "x"}))
    )
    harness.flow("checked", check("only_us", "assign", to={"failed": "end"}))
    harness.place("C", country="CA")
    harness.run()
    assert harness.history("C") == ["check: failed"]
    assert harness.rows("SELECT source FROM public.sample_order") == [(None,)]
    [entry] = harness.entries("C")
    assert [verdict["policy"] for verdict in entry["details"]["policies"]] == ["only_us"]


def test_a_later_policy_reads_what_an_earlier_one_has_set(harness: Harness) -> None:
    harness.policy(
        policy_body("assign", column=NUMBER, rows=[], otherwise=Row(set={"source": "x"}))
    )
    harness.policy(
        policy_body(
            "assigned",
            column=Column(name="Source", field="source"),
            rows=[Row(when={"Source": "'x'"}, outcome="pass")],
        )
    )
    harness.flow("checked", check("assign", "assigned"))
    harness.place("A")
    harness.run()
    assert harness.positions() == {"A": ("completed",)}


def test_policies_over_items_raise_events_on_each_and_one_on_the_order(harness: Harness) -> None:
    harness.policy(ENOUGH)
    step = check(
        "enough",
        entity="item",
        events={"passed": "order.checked", "failed": "order.refused"},
        child_events={"passed": "item.checked", "failed": "item.refused"},
    )
    harness.flow("lines", step)
    harness.place("A", items=[5, 6])
    harness.place("B", items=[5, 1])
    harness.place("C")
    harness.run()
    assert harness.positions() == {
        "A": ("completed",),
        "B": ("failed", "failed at check"),
        "C": ("completed",),
    }
    states = harness.rows(
        "SELECT o.number, o.state, i.state FROM public.sample_order o"
        " LEFT JOIN public.sample_item i ON i.order_id = o.id ORDER BY o.number, i.n"
    )
    assert states == [
        ("A", "checked", "checked"),
        ("A", "checked", "checked"),
        ("B", "refused", "checked"),
        ("B", "refused", "refused"),
        ("C", "new", None),
    ]
    [entry] = harness.entries("C")
    assert (entry["port"], entry["reason"]) == ("passed", "skipped: nothing to judge")


def test_verdicts_on_items_name_the_item(harness: Harness) -> None:
    harness.policy(ENOUGH)
    harness.flow("lines", check("enough", entity="item"))
    harness.place("A", items=[5])
    harness.run()
    [(item,)] = harness.rows("SELECT id::text FROM public.sample_item")
    [verdict] = harness.entries("A")[0]["details"]["policies"]
    assert (verdict["id"], verdict["passed"]) == (item, True)


def test_events_that_are_not_named_are_not_raised(harness: Harness) -> None:
    harness.policy(ENOUGH)
    child_events = {"failed": "item.refused"}
    harness.flow("lines", check("enough", entity="item", child_events=child_events))
    harness.place("A", items=[5, 1])
    harness.run()
    names = harness.rows("SELECT name FROM platform.business_event ORDER BY id")
    assert names == [("order.created",), ("item.refused",)]
    [(reason,)] = harness.rows(
        "SELECT data ->> 'reason' FROM platform.business_event WHERE name = 'item.refused'"
    )
    assert reason == "enough: no row matches: quantity = 1"


def test_an_informational_policy_is_recorded_and_a_filter_policy_skips(harness: Harness) -> None:
    harness.policy(policy_body("note", criticality="information", rows=US))
    harness.policy(policy_body("us_only", type="filter", rows=US))
    harness.policy(ONLY_US)
    harness.flow(
        "soft",
        {**check("note"), "id": "soft"},
        {**check("only_us", filter="us_only"), "id": "hard"},
    )
    harness.place("C", country="CA")
    harness.run()
    assert harness.positions() == {"C": ("completed",)}
    soft, hard = harness.entries("C")
    assert soft["details"]["policies"][0]["passed"] is False
    assert (hard["port"], hard["reason"]) == ("passed", "skipped: not for us_only")
    assert "details" not in hard


def test_a_skipped_record_leaves_by_the_skipped_port_where_there_is_one(harness: Harness) -> None:
    harness.policy(policy_body("us_only", type="filter", rows=US))
    harness.policy(ONLY_US)
    step = check("only_us", filter="us_only", events={"passed": "order.checked"})
    step["to"] = {"skipped": "aside"}
    harness.flow("soft", step, action("main", "main", to={"succeeded": "end"}), action("aside"))
    harness.place("A")
    harness.place("C", country="CA")
    harness.run()
    assert harness.history("C") == ["check: skipped", "aside: succeeded"]
    assert harness.history("A") == ["check: passed", "main: succeeded"]
    states = harness.rows("SELECT number, state FROM public.sample_order ORDER BY 1")
    assert states == [("A", "checked"), ("C", "new")]


def test_an_item_that_the_filter_skips_raises_no_event(harness: Harness) -> None:
    harness.policy({**ENOUGH, "name": "large", "type": "filter"})
    harness.policy(
        policy_body("any", entity="item", column=QUANTITY, rows=[], otherwise=Row(outcome="pass"))
    )
    step = check("any", filter="large", entity="item", child_events={"passed": "item.checked"})
    harness.flow("lines", step)
    harness.place("A", items=[5, 1])
    harness.run()
    states = harness.rows("SELECT state FROM public.sample_item ORDER BY n")
    assert states == [("checked",), ("new",)]


def test_a_filter_that_cannot_be_evaluated_fails_its_record(harness: Harness) -> None:
    rows = [Row(when={"Number": "> 5"}, outcome="pass")]
    harness.policy(policy_body("odd", type="filter", column=NUMBER, rows=rows))
    harness.policy(ONLY_US)
    harness.flow("soft", check("only_us", filter="odd"))
    harness.place("A")
    harness.run()
    assert harness.positions() == {"A": ("failed", "failed at check")}
    assert harness.token_error()["what"].startswith("odd: row 1, column Number: number is the text")


def test_a_refused_event_stops_the_token(harness: Harness) -> None:
    harness.policy(ONLY_US)
    harness.flow("checked", check("only_us", events={"passed": "order.checked"}))
    harness.place("A", "B")
    harness.execute("UPDATE public.sample_order SET state = 'canceled' WHERE number = 'A'")
    harness.run()
    assert harness.positions() == {"A": ("failed", "failed at check"), "B": ("completed",)}
    error = harness.token_error()
    assert error["what"] == "order.checked cannot happen while canceled"
    assert error["why"] == "the event after passed was refused"


def test_a_refused_event_on_an_item_stops_the_token(harness: Harness) -> None:
    harness.policy(ENOUGH)
    step = check("enough", entity="item", child_events={"passed": "item.checked"})
    harness.flow("lines", step)
    harness.place("A", items=[5, 6])
    harness.execute("UPDATE public.sample_item SET state = 'canceled' WHERE n = 1")
    harness.run()
    assert harness.positions() == {"A": ("failed", "failed at check")}
    assert harness.token_error()["what"] == "item.checked cannot happen while canceled"


def test_a_record_that_no_longer_exists_fails(harness: Harness) -> None:
    harness.policy(ONLY_US)
    harness.flow("checked", check("only_us"))
    harness.place("A")
    harness.run(harness.dispatcher)
    harness.execute("DELETE FROM public.sample_order")
    harness.run()
    assert harness.token_error()["what"] == "the order no longer exists"


@pytest.mark.parametrize("country", ["US", "CA"])
def test_a_new_version_of_a_policy_applies_to_runs_in_progress(
    harness: Harness, country: str
) -> None:
    harness.policy(ONLY_US)
    harness.flow("checked", {"id": "nap", "kind": "delay", "duration": "PT1H"}, check("only_us"))
    harness.place("A", country=country)
    harness.run()
    anywhere = policy_body("only_us", rows=[], otherwise=Row(outcome="pass"))
    harness.policy(anywhere)
    harness.advance_clock(hours=2)
    harness.run()
    assert harness.positions() == {"A": ("completed",)}


def test_a_reason_can_be_computed(harness: Harness) -> None:
    otherwise = Row(outcome="fail", reason=ComputedValue(formula="'no ' + number"))
    harness.policy(policy_body("never", column=NUMBER, rows=[], otherwise=otherwise, title="Never"))
    harness.flow("checked", check("never"))
    harness.place("A")
    harness.run()
    assert harness.token_error()["what"] == "Never: no A"
