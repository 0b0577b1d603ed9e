"""Failed flow runs try again after events; calls that were not made yet are withdrawn."""

from uuid import UUID

from tests.orchestration.builders import SEND, action, wait
from tests.orchestration.entities import raise_order_event
from tests.orchestration.harness import Harness

from openiom.kernel import Event, new_id
from openiom.orchestration import withdraw_calls
from openiom.platform.events import append_events


def corrected(harness: Harness) -> None:
    """Remove the cause for which orders called `bad` fail."""
    harness.execute("UPDATE public.sample_order SET number = 'good'")


def test_an_event_in_retry_on_runs_the_failed_step_again(harness: Harness) -> None:
    harness.flow("simple", action("first"), action("second", "picky"), retry_on=["order.noted"])
    [order] = harness.place("bad")
    harness.run()
    assert harness.positions() == {"bad": ("failed", "failed at second")}
    corrected(harness)

    harness.raise_event("order.checked", order)
    harness.run()
    assert harness.positions() == {"good": ("failed", "failed at second")}

    harness.raise_event("order.noted", order)
    harness.run()
    assert harness.positions() == {"good": ("completed",)}
    assert harness.history("good") == ["first: succeeded", "second: error", "second: succeeded"]


def test_an_event_below_the_subject_counts_too(harness: Harness) -> None:
    harness.flow("simple", action("only", "picky"), retry_on=["item.shipped"])
    [order] = harness.place("bad", items=[1])
    harness.run()
    corrected(harness)
    event = Event(
        name="item.shipped", subject_type="item", subject_id=new_id(), root_id=order, data={}
    )
    with harness.session() as session:
        append_events(session, [event], at=harness.now, actor="warehouse")
    harness.run()
    assert harness.positions() == {"good": ("completed",)}


def test_what_a_flow_raises_itself_does_not_retry_it(harness: Harness) -> None:
    harness.flow("simple", action("only", "picky"), retry_on=["order.noted"])
    [order] = harness.place("bad")
    harness.run()
    corrected(harness)
    event = Event(
        name="order.noted", subject_type="order", subject_id=order, root_id=order, data={}
    )
    with harness.session() as session:
        append_events(session, [event], at=harness.now, actor="flow:simple")
    harness.run()
    assert harness.positions() == {"good": ("failed", "failed at only")}


def test_runs_that_did_not_fail_and_other_flows_are_left_alone(harness: Harness) -> None:
    harness.flow("patient", wait(), retry_on=["order.noted"])
    harness.flow("other", action("only", "picky"), trigger={"parallel": True})
    [order] = harness.place("bad")
    harness.run()
    corrected(harness)
    harness.raise_event("order.noted", order)
    harness.run()
    states = harness.rows("SELECT flow, state FROM orchestration.flow_run ORDER BY 1")
    assert states == [("other", "failed"), ("patient", "running")]


def items(harness: Harness, order: UUID) -> list[UUID]:
    rows = harness.rows("SELECT id FROM public.sample_item WHERE order_id = %s ORDER BY n", order)
    return [item for (item,) in rows]


def withdraw(harness: Harness, order: UUID, *entity_ids: UUID) -> set[UUID]:
    with harness.session() as session:
        return withdraw_calls(
            session, entity="item", entity_ids=entity_ids, root_ids=[order], now=harness.now
        )


def call_states(harness: Harness) -> list[str]:
    rows = harness.rows("SELECT state FROM orchestration.provider_call ORDER BY id")
    return [state for (state,) in rows]


def test_a_withdrawn_call_is_not_made_and_the_others_continue(harness: Harness) -> None:
    harness.flow("out", SEND, action("on"))
    [order] = harness.place("A", items=[1, 2])
    harness.run(harness.dispatcher, harness.steps)
    first, second = items(harness, order)

    assert withdraw(harness, order, first) == set()

    assert call_states(harness) == ["canceled", "ready"]
    assert harness.positions() == {"A": ("running", "waiting at send")}
    harness.run()
    assert harness.positions() == {"A": ("completed",)}
    sent = harness.rows("SELECT id FROM public.sample_item WHERE state = 'sent'")
    assert sent == [(second,)]


def test_a_token_without_another_call_continues_at_once(harness: Harness) -> None:
    harness.flow("out", SEND, action("on"))
    [order] = harness.place("A", items=[1])
    harness.run(harness.dispatcher, harness.steps)

    assert withdraw(harness, order, *items(harness, order)) == set()

    assert harness.positions() == {"A": ("running", "ready at send")}
    harness.run()
    assert (harness.positions(), harness.provider.requests) == ({"A": ("completed",)}, [])


def test_a_call_that_may_have_been_made_is_reported_and_kept(harness: Harness) -> None:
    harness.flow("out", SEND)
    [order] = harness.place("A", items=[1, 2, 3])
    harness.run(harness.dispatcher, harness.steps)
    leased, attempted, ready = items(harness, order)
    harness.execute(
        "UPDATE orchestration.provider_call SET state = 'leased', attempts = 1,"
        " lease_until = now() + interval '1 hour' WHERE entity_id = %s",
        leased,
    )
    harness.execute(
        "UPDATE orchestration.provider_call SET attempts = 1 WHERE entity_id = %s", attempted
    )

    assert withdraw(harness, order, leased, attempted, ready) == {leased, attempted}
    assert call_states(harness) == ["leased", "ready", "canceled"]
    assert withdraw(harness, new_id(), leased) == set()


def test_a_call_that_another_transaction_has_locked_counts_as_in_flight(harness: Harness) -> None:
    harness.flow("out", SEND)
    [order] = harness.place("A", items=[1])
    harness.run(harness.dispatcher, harness.steps)
    (item,) = items(harness, order)

    with harness.session() as session:
        raise_order_event(session, "order.noted", [order])
        session.connection().exec_driver_sql(
            "SELECT id FROM orchestration.provider_call FOR UPDATE"
        )
        assert withdraw(harness, order, item) == {item}

    assert call_states(harness) == ["ready"]
    assert withdraw(harness, order, item) == set()
