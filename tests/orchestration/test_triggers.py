"""Events start flow runs once, cancel them, and choose among flows by priority and condition."""

import pytest
from tests.orchestration.builders import action, flow_body, wait
from tests.orchestration.entities import ORDER, raise_order_event
from tests.orchestration.harness import Harness

from openiom.kernel import Invalid
from openiom.orchestration import Engine
from openiom.platform.bulk import execute
from openiom.platform.write_behind import flush_buffers

STEPS = (action("first"), action("second"))


def reset_consumer(harness: Harness) -> None:
    harness.execute("UPDATE platform.event_consumer SET seen = '1:1:', xid = '0'")


def test_an_event_starts_a_flow_run_with_one_token_at_the_start(harness: Harness) -> None:
    harness.flow("simple", *STEPS)
    harness.place("A")
    harness.run(harness.dispatcher)
    assert harness.positions() == {"A": ("running", "ready at start")}
    [(run, parallel_key, subject_type)] = harness.rows(
        "SELECT flow, parallel_key, subject_type FROM orchestration.flow_run"
    )
    assert (run, parallel_key, subject_type) == ("simple", "", "order")


def test_an_event_of_another_name_or_entity_starts_nothing(harness: Harness) -> None:
    harness.flow("simple", *STEPS, event="item.shipped")
    [order] = harness.place("A")
    harness.raise_event("item.shipped", order)  # about an order, and the flow is about orders
    harness.raise_event("order.noted", order)
    harness.run()
    assert harness.run_states() == {"completed": 1}
    harness.flow("simple", *STEPS, event="order.noted")

    with harness.session() as session:
        raise_order_event(session, "order.noted", [order])
        flush_buffers(session)
        execute(
            session,
            "UPDATE platform.business_event SET subject_type = 'item' WHERE name = 'order.noted'",
        )

    harness.run()
    assert harness.run_states() == {"completed": 1}


def test_events_that_are_read_again_start_nothing_twice(harness: Harness) -> None:
    harness.flow("simple", *STEPS)
    harness.place("A", "B")
    harness.run()
    reset_consumer(harness)
    harness.run()
    assert harness.positions() == {"A": ("completed",), "B": ("completed",)}
    assert harness.ran() == {("count", "A"): 2, ("count", "B"): 2}


def test_the_first_flow_that_matches_is_started_and_a_parallel_flow_in_addition(
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
    keys = harness.rows("SELECT flow, parallel_key FROM orchestration.flow_run ORDER BY 1, 2")
    assert set(keys) == {("canada", ""), ("rest", ""), ("watch", "watch")}


def test_a_parallel_flow_of_high_priority_does_not_replace_the_exclusive_one(
    harness: Harness,
) -> None:
    harness.flow("watch", action("w", "watch"), trigger={"parallel": True, "priority": 1})
    harness.flow("main", action("m", "main"), trigger={"priority": 2})
    harness.place("A")
    harness.run()
    assert harness.ran() == {("watch", "A"): 1, ("main", "A"): 1}


def test_flows_of_one_priority_are_evaluated_by_name(harness: Harness) -> None:
    harness.flow("b", action("b", "b"))
    harness.flow("a", action("a", "a"))
    harness.place("A")
    harness.run()
    assert harness.ran() == {("a", "A"): 1}


def test_no_flow_matches_without_its_condition(harness: Harness) -> None:
    harness.flow("canada", action("c"), trigger={"condition": "country == 'CA'"})
    harness.place("US1")
    harness.run()
    assert harness.run_states() == {}


def test_a_subject_that_no_longer_exists_starts_no_flow_with_a_condition(harness: Harness) -> None:
    harness.flow("canada", action("c"), trigger={"condition": "country == 'CA'"})
    harness.place("CA1", country="CA")
    harness.execute("DELETE FROM public.sample_order")
    harness.run()
    assert harness.run_states() == {}


def test_a_trigger_condition_without_a_result_fails_visibly_and_can_be_reprocessed(
    harness: Harness,
) -> None:
    harness.flow("odd", *STEPS, trigger={"condition": "number + 1 > 3"})
    harness.place("A")
    harness.run()
    assert harness.positions() == {"A": ("failed", "failed at start")}
    error = harness.token_error()
    assert error["what"].startswith("the trigger's condition has no result: ")
    assert error["where"] == "trigger, condition"
    assert error["why"] == "{'number': 'A'}"
    assert error["step"] == "start"


def test_a_condition_without_a_result_assigns_the_event_to_its_flow(harness: Harness) -> None:
    harness.flow("odd", *STEPS, trigger={"condition": "number + 1 > 3", "priority": 1})
    harness.flow("rest", action("r", "rest"), trigger={"priority": 2})
    harness.place("A")
    harness.run()
    assert harness.ran() == {}
    assert harness.run_states() == {"failed": 1}


def test_a_trigger_that_cannot_be_evaluated_fails_its_subject_only(harness: Harness) -> None:
    harness.flow("odd", *STEPS, trigger={"condition": "number != ''"})

    def crashing_facts(session, ids, fields=None):  # type: ignore[no-untyped-def]
        facts = ORDER.facts(session, ids, fields)
        if any(record["number"] == "poison" for record in facts.values()):
            raise RuntimeError("cannot read poison")
        return facts

    entities = dict(harness.catalog.entities)
    entities["order"] = type(ORDER)(**{**ORDER.__dict__, "facts": crashing_facts})
    harness.dispatcher.engine = Engine(
        type(harness.catalog)(**{**harness.catalog.__dict__, "entities": entities})
    )
    harness.place("A", "poison", "B")
    harness.run(harness.dispatcher)
    assert harness.positions() == {
        "A": ("running", "ready at start"),
        "B": ("running", "ready at start"),
        "poison": ("failed", "failed at start"),
    }
    error = harness.token_error()
    assert error["what"] == "the trigger could not be evaluated"
    assert error["why"] == "RuntimeError: cannot read poison"


def test_an_event_in_cancel_on_ends_the_flow_runs_of_its_subject(harness: Harness) -> None:
    harness.flow("patient", wait(), cancel_on=["order.canceled"])
    first, _ = harness.place("A", "B")
    harness.run()
    harness.raise_event("order.canceled", first)
    harness.run()
    assert harness.positions() == {"A": ("canceled",), "B": ("running", "waiting at wait")}
    [(finished,)] = harness.rows(
        "SELECT finished_at FROM orchestration.flow_run WHERE state = 'canceled'"
    )
    assert finished == harness.now


def test_a_canceling_event_from_before_the_trigger_does_not_cancel(harness: Harness) -> None:
    harness.flow("patient", wait(), event="order.noted", cancel_on=["order.canceled"])
    [order] = harness.place("A")
    harness.raise_event("order.canceled", order)
    harness.raise_event("order.noted", order)
    harness.run()
    assert harness.positions() == {"A": ("running", "waiting at wait")}


def test_a_canceling_event_leaves_other_flows_alone(harness: Harness) -> None:
    harness.flow("patient", wait(), cancel_on=["order.canceled"])
    harness.flow("watch", wait("watching"), trigger={"parallel": True})
    [order] = harness.place("A")
    harness.run()
    harness.raise_event("order.canceled", order)
    harness.run()
    states = harness.rows("SELECT flow, state FROM orchestration.flow_run ORDER BY 1")
    assert states == [("patient", "canceled"), ("watch", "running")]


def test_an_order_in_progress_keeps_its_version(harness: Harness) -> None:
    harness.flow("changing", wait(), action("old", "old"))
    [order] = harness.place("A")
    harness.run()
    harness.flow("changing", wait(), action("new", "new"))
    [other] = harness.place("B")
    harness.run()
    harness.raise_event("order.approved", order, other)
    harness.run()
    assert harness.ran() == {("old", "A"): 1, ("new", "B"): 1}


def test_a_withdrawn_flow_starts_nothing_and_its_runs_continue(harness: Harness) -> None:
    harness.flow("simple", wait(), action("last"))
    [order] = harness.place("A")
    harness.run()

    with harness.session() as session:
        harness.configuration.kinds["flow"].on_delete(session, ["simple"])  # type: ignore[misc]

    harness.place("B")
    harness.raise_event("order.approved", order)
    harness.run()
    assert harness.positions() == {"A": ("completed",)}


def test_an_invalid_flow_publishes_nothing(harness: Harness) -> None:
    with pytest.raises(Invalid):
        harness.flow("broken", action("a", to={"succeeded": "nowhere"}))
    assert harness.rows("SELECT count(*) FROM orchestration.flow_version") == [(0,)]


def test_a_flow_applied_under_another_name_is_refused(harness: Harness) -> None:
    with pytest.raises(Invalid) as refused:
        harness.apply("flow", "mine", flow_body(action("a"), name="yours"))
    assert "says 'yours', applied as 'mine'" in str(refused.value.problems[0])


def test_versions_record_the_events_they_wait_for(harness: Harness) -> None:
    harness.flow("patient", wait("w", "order.noted", "item.shipped"), wait("again", "order.noted"))
    rows = harness.rows("SELECT name, version, awaits FROM orchestration.flow_version")
    assert rows == [("patient", 1, ["item.shipped", "order.noted"])]


def test_without_any_flow_the_dispatcher_reads_on(harness: Harness) -> None:
    harness.place("A")
    assert harness.dispatcher.run_once(harness.database, limit=10, now=harness.now).rows == 0
    harness.flow("late", action("a"))
    harness.run()
    assert harness.run_states() == {}
