"""Recall of fulfillment orders: at once while unsent, by request afterwards, and its answers."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from tests.fulfillment.builders import (
    broken_invariants,
    create,
    fulfillment_orders,
    parcel,
    ready,
    report,
    send,
    sourced_from,
    update,
)
from tests.orders.builders import (
    NOW,
    available,
    event_names,
    facts,
    line,
    master_data,
    placed,
    sourced,
    state_of,
    stock,
)

from openiom.fulfillment import (
    answer_recalls,
    lift_refusals,
    recall_fulfillment_orders,
    recall_orders,
    source_refusals,
)
from openiom.inventory_visibility import StockChange, change_on_hand
from openiom.kernel import new_id
from openiom.orders import hold_orders, release_holds
from openiom.platform.database import Database
from openiom.platform.events import timeline
from openiom.provider_contract import Outcome


@pytest.fixture
def stocked(database: Database) -> Database:
    master_data(database)
    stock(database, Accu_Scale__SEA=100, Lamp__SEA=100, Lamp__CHI=100)
    return database


def recall(database: Database, *ids: str, units: Any = None, reason: str = "") -> list[Outcome]:
    with database.unit_of_work() as session:
        wanted = [UUID(i) for i in ids]
        return recall_fulfillment_orders(session, wanted, NOW, "ann", units=units, reason=reason)


def answer(database: Database, fulfillment_order: str, answered: Any) -> Outcome:
    with database.unit_of_work() as session:
        return answer_recalls(session, [UUID(fulfillment_order)], answered, NOW, "ann")[0]


def sent_order(database: Database, *lines: dict[str, Any]) -> tuple[UUID, dict[str, Any]]:
    """Return an order and its fulfillment order, which was sent."""
    order = ready(database, *lines)
    create(database, order)
    (found,) = fulfillment_orders(database, order)
    send(database, found["id"])
    return order, fulfillment_orders(database, order)[0]


def test_an_unsent_fulfillment_order_is_canceled_at_once_and_its_units_are_open(
    stocked: Database,
) -> None:
    order = ready(stocked)
    create(stocked, order)
    (found,) = fulfillment_orders(stocked, order)
    assert available(stocked, "Accu Scale", "SEA") == 95

    (outcome,) = recall(stocked, found["id"], reason="wrong address")

    assert outcome == Outcome(True, f"{found['number']}: Canceled")
    (ended,) = fulfillment_orders(stocked, order)
    assert (ended["state"], ended["recall"], ended["recalled_units"]) == (
        "canceled",
        "accepted",
        "source_again",
    )
    assert state_of(stocked, order) == ("in_progress", "Fulfillment Declined")
    only = facts(stocked, order)["lines"][0]
    assert (only["in_fulfillment"], only["canceled"], only["source"]) == (0, 0, None)
    assert available(stocked, "Accu Scale", "SEA") == 100
    assert broken_invariants(stocked) == []


def test_a_recalled_source_is_not_one_that_refused(stocked: Database) -> None:
    order = ready(stocked)
    create(stocked, order)
    recall(stocked, fulfillment_orders(stocked, order)[0]["id"])

    with stocked.reading() as session:
        assert source_refusals(session, [order]) == {}

    sourced(stocked, [order])
    create(stocked, order)
    assert [f["state"] for f in fulfillment_orders(stocked, order)] == ["canceled", "new"]


def test_canceling_the_units_of_an_unsent_fulfillment_order_cancels_its_order(
    stocked: Database,
) -> None:
    order = ready(stocked)
    create(stocked, order)
    (found,) = fulfillment_orders(stocked, order)

    assert recall(stocked, found["id"], units="cancel", reason="Customer request")[0].ok

    assert state_of(stocked, order) == ("canceled", "Customer request")
    only = facts(stocked, order)["lines"][0]
    assert (only["state"], only["canceled"], only["in_fulfillment"]) == ("canceled", 5, 0)
    assert available(stocked, "Accu Scale", "SEA") == 100
    assert broken_invariants(stocked) == []


def test_the_fulfiller_of_a_sent_fulfillment_order_is_asked_and_accepts(stocked: Database) -> None:
    order, found = sent_order(stocked)

    (outcome,) = recall(stocked, found["id"], units="cancel")

    assert outcome == Outcome(True, f"{found['number']}: Recall Requested")
    assert state_of(stocked, order) == ("fulfillment_in_process", "Recall Requested")
    assert event_names(stocked, order)[-2:] == [
        "fulfillment_order.cancellation_requested",
        "order.recall_requested",
    ]
    assert available(stocked, "Accu Scale", "SEA") == 95
    assert broken_invariants(stocked) == []

    assert report(stocked, update(found, "canceled"))[0].ok
    assert state_of(stocked, order)[0] == "canceled"
    assert available(stocked, "Accu Scale", "SEA") == 100
    assert broken_invariants(stocked) == []


def test_a_refused_recall_is_seen_on_the_order_until_it_ships(stocked: Database) -> None:
    order, found = sent_order(stocked)
    recall(stocked, found["id"])

    refused = send(stocked, found["id"], event="fulfillment_order.cancellation_failed")

    assert refused[0].ok
    assert state_of(stocked, order) == ("fulfillment_in_process", "Recall Refused")
    (shown,) = fulfillment_orders(stocked, order)
    assert (shown["state"], shown["state_reason"], shown["recall"]) == (
        "sent",
        "Recall Refused",
        "refused",
    )
    report(stocked, parcel(found, "P1", 5))
    assert state_of(stocked, order) == ("fulfillment_in_process", "Shipped")
    assert fulfillment_orders(stocked, order)[0]["recall"] == "refused"
    assert broken_invariants(stocked) == []


def test_a_person_records_the_answer_of_a_fulfiller_that_cannot_be_asked(
    stocked: Database,
) -> None:
    order, found = sent_order(stocked)
    assert answer(stocked, found["id"], "accepted").reason == f"{found['number']} was not recalled"
    recall(stocked, found["id"])
    assert answer(stocked, found["id"], "refused").ok
    assert answer(stocked, found["id"], "accepted").ok
    assert fulfillment_orders(stocked, order)[0]["state"] == "canceled"
    assert state_of(stocked, order) == ("in_progress", "Fulfillment Declined")


def test_a_withdrawn_recall_changes_nothing_more(stocked: Database) -> None:
    order, found = sent_order(stocked)
    recall(stocked, found["id"], units="cancel")
    assert answer(stocked, found["id"], "withdrawn").ok
    report(stocked, update(found, "canceled"))
    only = facts(stocked, order)["lines"][0]
    assert (only["canceled"], only["in_fulfillment"]) == (0, 0)
    assert state_of(stocked, order) == ("in_progress", "Fulfillment Declined")


def test_recalling_an_order_cancels_what_has_not_left_and_bills_the_rest(
    stocked: Database,
) -> None:
    order, found = sent_order(stocked, line(quantity=5), line("Lamp", 2))
    report(stocked, parcel(found, "P1", 3))

    with stocked.unit_of_work() as session:
        (outcome,) = recall_orders(session, [order], NOW, "ann", units="cancel")

    assert outcome.ok
    report(stocked, update(found, "canceled"))
    lines = facts(stocked, order)["lines"]
    assert [(x["shipped"], x["canceled"], x["state_reason"]) for x in lines] == [
        (3, 2, "Shipped"),
        (0, 2, "Canceled"),
    ]
    assert state_of(stocked, order) == ("fulfillment_in_process", "Shipped")
    assert event_names(stocked, order).count("order.shipped") == 1
    assert broken_invariants(stocked) == []


def test_recalling_an_order_cancels_its_open_lines_too(stocked: Database) -> None:
    order = placed(stocked, line(quantity=2), line("Lamp", 3))
    sourced(stocked, [order], "SEA", only=["Accu Scale"])
    create(stocked, order)

    with stocked.unit_of_work() as session:
        assert recall_orders(session, [order], NOW, "ann", units="cancel")[0].ok

    assert state_of(stocked, order)[0] == "canceled"
    assert [x["canceled"] for x in facts(stocked, order)["lines"]] == [2, 3]
    assert broken_invariants(stocked) == []


def test_what_cannot_be_recalled_says_why_row_by_row(stocked: Database) -> None:
    order, found = sent_order(stocked)
    report(stocked, parcel(found, "P1", 5))
    unknown = new_id()

    outcomes = recall(stocked, found["id"], str(unknown))

    assert [(one.ok, one.reason) for one in outcomes] == [
        (False, f"{found['number']} cannot be recalled: all of its units have shipped"),
        (False, f"there is no fulfillment order {unknown}"),
    ]
    with stocked.unit_of_work() as session:
        (nothing,) = recall_orders(session, [order], NOW, "ann")
    assert nothing == Outcome(False, "the order has no fulfillment order that could be recalled")


def test_an_order_in_fulfillment_is_held_and_reports_still_count(stocked: Database) -> None:
    order, found = sent_order(stocked)
    with stocked.unit_of_work() as session:
        assert hold_orders(session, [order], NOW, "ann")[0].ok
    assert state_of(stocked, order) == ("on_hold", "Manual hold")

    report(stocked, parcel(found, "P1", 5))

    assert state_of(stocked, order) == ("on_hold", "Manual hold")
    assert event_names(stocked, order).count("order.shipped") == 1
    with stocked.unit_of_work() as session:
        assert release_holds(session, [order], NOW, "ann")[0].ok
        refused = hold_orders(session, [order], NOW, "ann")[0]
    assert state_of(stocked, order) == ("fulfillment_in_process", "Shipped")
    assert refused.reason == "every unit of the order has shipped"
    assert broken_invariants(stocked) == []


def test_an_order_on_hold_may_be_recalled(stocked: Database) -> None:
    order, found = sent_order(stocked)
    with stocked.unit_of_work() as session:
        hold_orders(session, [order], NOW, "ann")
    recall(stocked, found["id"], units="cancel")
    report(stocked, update(found, "canceled"))
    assert state_of(stocked, order)[0] == "canceled"
    assert broken_invariants(stocked) == []


def test_a_parcel_after_the_cancellation_releases_what_was_reserved_elsewhere(
    stocked: Database,
) -> None:
    order, found = sent_order(stocked, line("Lamp", 5))
    report(stocked, update(found, "canceled"))
    sourced_from(stocked, order, "CHI")
    assert available(stocked, "Lamp", "CHI") == 95

    assert report(stocked, parcel(found, "P1", 2))[0].ok

    only = facts(stocked, order)["lines"][0]
    assert (only["shipped"], only["in_fulfillment"]) == (2, 0)
    assert available(stocked, "Lamp", "CHI") == 97
    assert available(stocked, "Lamp", "SEA") == 98
    assert fulfillment_orders(stocked, order)[0]["state"] == "closed"
    create(stocked, order)
    second = fulfillment_orders(stocked, order)[1]
    assert (second["source"], second["lines"][0]["quantity"]) == ("CHI", 3)
    assert broken_invariants(stocked) == []


def test_a_refusal_counts_until_stock_arrives_or_a_person_lifts_it(stocked: Database) -> None:
    order, found = sent_order(stocked)
    report(stocked, update(found, "declined"))

    def refusing() -> list[str]:
        with stocked.reading() as session:
            refusals = source_refusals(session, [order])
        return [one.source for lines in refusals.values() for one in lines]

    assert refusing() == ["SEA"]
    with stocked.unit_of_work() as session:
        assert lift_refusals(session, [UUID(found["id"])], NOW, "ann")[0].ok
    assert refusing() == []
    assert event_names(stocked, order)[-1] == "fulfillment_order.refusal_lifted"


def test_only_a_refusal_can_be_lifted(stocked: Database) -> None:
    _, found = sent_order(stocked)
    with stocked.unit_of_work() as session:
        outcomes = lift_refusals(session, [UUID(found["id"]), new_id()], NOW, "ann")
    assert [one.reason for one in outcomes] == [
        f"SEA has refused nothing of {found['number']}",
        "there is no such fulfillment order",
    ]


def arrive(database: Database, product: str, source: str, units: int) -> None:
    """Add stock an hour after everything else."""
    change = StockChange(product, source, Decimal(units))
    later = NOW + timedelta(hours=1)
    with database.unit_of_work() as session:
        change_on_hand(
            session, [change], mode="change", cause="t", document="t", now=later, actor="t"
        )


def test_new_stock_ends_the_refusal_of_its_product_and_source_only(stocked: Database) -> None:
    order, found = sent_order(stocked, line(), line("Lamp"))
    report(stocked, update(found, "declined"))

    def refused_products() -> list[str]:
        with stocked.reading() as session:
            refusals = source_refusals(session, [order])
        return sorted(one.product for lines in refusals.values() for one in lines)

    arrive(stocked, "Lamp", "CHI", 50)
    assert refused_products() == ["Accu Scale", "Lamp"]
    arrive(stocked, "Lamp", "SEA", 50)
    assert refused_products() == ["Accu Scale"]
    arrive(stocked, "Accu Scale", "SEA", -1)
    assert refused_products() == ["Accu Scale"]


def canceled_events(database: Database, order: UUID) -> list[dict[str, Any]]:
    with database.reading() as session:
        found = timeline(session, [order])
    return [event.data for event in found if event.name == "fulfillment_order.canceled"]


def test_the_reason_of_a_recall_is_kept_until_its_fulfiller_agrees(stocked: Database) -> None:
    order, found = sent_order(stocked)
    assert recall(stocked, found["id"], units="cancel", reason="Customer request")[0].ok
    assert recall(stocked, found["id"])[0].ok  # the flow asks again without a reason
    assert fulfillment_orders(stocked, order)[0]["recall_reason"] == "Customer request"

    assert report(stocked, update(found, "canceled"))[0].ok

    (ended,) = fulfillment_orders(stocked, order)
    assert (ended["state"], ended["recall"], ended["recall_reason"]) == (
        "canceled",
        "accepted",
        "Customer request",
    )
    (event,) = canceled_events(stocked, order)
    assert event["reason"] == "Customer request"
    assert state_of(stocked, order) == ("canceled", "Customer request")


def test_the_answer_of_a_fulfiller_and_the_reason_of_its_recall_are_both_kept(
    stocked: Database,
) -> None:
    order, found = sent_order(stocked)
    recall(stocked, found["id"], reason="wrong address")
    report(stocked, update(found, "canceled", reason="taken off the belt"))
    (ended,) = fulfillment_orders(stocked, order)
    assert (ended["state_reason"], ended["recall_reason"]) == (
        "taken off the belt",
        "wrong address",
    )
    assert canceled_events(stocked, order)[0]["reason"] == "taken off the belt"


def test_a_withdrawn_recall_has_no_reason(stocked: Database) -> None:
    order, found = sent_order(stocked)
    recall(stocked, found["id"], reason="wrong address")
    assert answer(stocked, found["id"], "withdrawn").ok
    report(stocked, update(found, "canceled"))
    assert fulfillment_orders(stocked, order)[0]["recall_reason"] == ""
    assert "reason" not in canceled_events(stocked, order)[0]
