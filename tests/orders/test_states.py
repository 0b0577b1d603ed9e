"""The golden transition table, and what an order's story may do to its state."""

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

import pytest
from tests.orders.builders import (
    NOW,
    available,
    event_names,
    facts,
    happen,
    line,
    master_data,
    placed,
    receive,
    sourced,
    state_of,
    stock,
)
from tests.orders.builders import document as order_document

from openiom.kernel import Invalid, new_id
from openiom.orders import (
    LINE_TABLE,
    ORDER_TABLE,
    LineCancellation,
    cancel_lines,
    cancel_orders,
    confirm_billing,
    hold_orders,
    line_facts,
    raise_line_events,
    raise_order_events,
    record_shipped,
    release_holds,
    release_to_fulfillment,
    set_line_fields,
    set_order_fields,
)
from openiom.orders.facts import children_of_orders
from openiom.orders.queries import count_orders, get_order
from openiom.platform.bulk import fetch
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database
from openiom.provider_contract import EventRequest
from openiom.state_framework import advance, states_kind

RECOMMENDED = [
    (None, "order.created", "new", "New sales order"),
    ("new", "order.header_validation.succeeded", "in_progress", "Order Validation Success"),
    ("in_progress", "order.header_validation.succeeded", "in_progress", "Order Validation Success"),
    ("new", "order.header_validation.failed", "on_hold", "Order Validation Failed"),
    ("in_progress", "order.header_validation.failed", "on_hold", "Order Validation Failed"),
    ("in_progress", "order.lines_validation.succeeded", "in_progress", "Ready To Be Fulfilled"),
    ("in_progress", "order.lines_validation.failed", "on_hold", "Order Validation Failed"),
    ("on_hold", "order.lines_validation.failed", "on_hold", "Order Validation Failed"),
    (
        "in_progress",
        "fulfillment.optimization.succeeded",
        "fulfillment_in_process",
        "Inventory Check Successful",
    ),
    ("on_hold", "onhand.check.succeeded", "fulfillment_in_process", "Inventory Check Successful"),
    ("in_progress", "fulfillment.optimization.failed", "on_hold", "Inventory not found"),
    ("in_progress", "onhand.check.failed", "on_hold", "Backorder Hold"),
    (
        "fulfillment_in_process",
        "order.sent_to_fulfillment",
        "fulfillment_in_process",
        "Sent To Fulfillment",
    ),
    ("fulfillment_in_process", "order.picked", "fulfillment_in_process", "Picked"),
    ("fulfillment_in_process", "order.shipped", "fulfillment_in_process", "Shipped"),
    ("fulfillment_in_process", "order.delivered", "fulfillment_in_process", "Delivered"),
    ("fulfillment_in_process", "order.invoiced", "completed", "Fulfilled"),
    ("new", "order.hold_placed", "on_hold", "Manual hold"),
    ("on_hold", "order.hold_placed", "on_hold", "Manual hold"),
    ("in_progress", "order.hold_placed", "on_hold", "Manual hold"),
    ("fulfillment_in_process", "order.hold_placed", "on_hold", "Manual hold"),
    ("fulfillment_in_process", "order.canceled", "canceled", "Canceled"),
    ("new", "order.canceled", "canceled", "Canceled"),
    ("on_hold", "order.canceled", "canceled", "Canceled"),
    ("in_progress", "order.canceled", "canceled", "Canceled"),
]


@pytest.mark.parametrize(("state", "event", "target", "reason"), RECOMMENDED)
def test_the_recommended_table_holds(
    state: str | None, event: str, target: str, reason: str
) -> None:
    assert advance(ORDER_TABLE, event=event, state=state) == (target, reason)


def test_the_bar_shows_the_states_in_their_order() -> None:
    assert [(s.timeline_position, s.name, s.label) for s in ORDER_TABLE.timeline()] == [
        (10, "new", "New sales order"),
        (20, "on_hold", "Sales Order On Hold"),
        (30, "in_progress", "Sales Order In Progress"),
        (40, "fulfillment_in_process", "Sales Order Fulfillment in Process"),
        (50, "completed", "Sales Order Completed"),
        (60, "canceled", "Sales Order Canceled"),
    ]
    assert LINE_TABLE.timeline()[0].label == "New Sales Order Product"


def test_nothing_leaves_a_final_state() -> None:
    for table in (ORDER_TABLE, LINE_TABLE):
        assert not [t for t in table.transitions if t.source in ("completed", "canceled")]


def test_a_wrong_event_is_refused_for_its_order_alone(database: Database) -> None:
    master_data(database)
    first, second = placed(database, external_id="1"), placed(database, external_id="2")

    with database.unit_of_work() as session:
        happen(session, first, "order.header_validation.succeeded", "onhand.check.succeeded")
        outcomes = raise_order_events(
            session,
            [
                EventRequest(first, "order.lines_validation.failed"),
                EventRequest(second, "order.lines_validation.failed"),
                EventRequest(new_id(), "order.lines_validation.failed"),
            ],
            NOW,
            "ann",
        )

    assert [o.ok for o in outcomes] == [False, True, False]
    assert (
        "order.lines_validation.failed cannot happen while fulfillment_in_process"
        in outcomes[0].reason
    )
    assert "there is no order" in outcomes[2].reason
    assert state_of(database, first)[0] == "fulfillment_in_process"
    assert "order.lines_validation.failed" not in event_names(database, first)


def test_an_event_the_table_does_not_know_is_logged_and_moves_nothing(database: Database) -> None:
    master_data(database)
    order = placed(database)
    with database.unit_of_work() as session:
        happen(session, order, "order.email_sent")
    assert state_of(database, order) == ("new", "New sales order")
    assert event_names(database, order) == ["order.created", "order.email_sent"]


def test_a_release_returns_to_where_the_hold_found_the_order(database: Database) -> None:
    master_data(database)
    order = placed(database)

    with database.unit_of_work() as session:
        happen(session, order, "order.header_validation.failed")
        assert not release_holds(session, [order], NOW, "ann")[0].ok
        assert hold_orders(session, [order], NOW, "ann", reason="call the customer")[0].ok
        again = hold_orders(session, [order], NOW, "ann")[0]
        assert (again.ok, "manual hold" in again.reason) == (False, True)
        refused = raise_order_events(
            session, [EventRequest(order, "order.header_validation.succeeded")], NOW, "flow"
        )[0]
        assert not refused.ok

    assert state_of(database, order) == ("on_hold", "Manual hold")
    assert facts(database, order)["manual_hold"]

    with database.unit_of_work() as session:
        assert release_holds(session, [order], NOW, "ann")[0].ok

    assert state_of(database, order) == ("on_hold", "Order Validation Failed")
    assert not facts(database, order)["manual_hold"]

    with database.unit_of_work() as session:
        happen(session, order, "order.header_validation.succeeded")

    assert state_of(database, order) == ("in_progress", "Order Validation Success")


def test_header_failure_leaves_lines_alone_and_line_failure_marks_its_line(
    database: Database,
) -> None:
    master_data(database)
    bad_header = placed(database, external_id="1")
    bad_line = placed(database, line(), line("Lamp"), external_id="2")

    with database.unit_of_work() as session:
        happen(session, bad_header, "order.header_validation.failed")
        happen(session, bad_line, "order.header_validation.succeeded")
        second = children_of_orders(session, [bad_line])[bad_line][1]
        outcomes = raise_line_events(
            session,
            [EventRequest(second, "order_line.validation.failed", reason="quantity below 5")],
            NOW,
            "flow",
        )
        assert [o.reason for o in outcomes] == ["quantity below 5"]
        happen(session, bad_line, "order.lines_validation.failed")

    assert [x["state"] for x in facts(database, bad_header)["lines"]] == ["new"]
    assert [(x["state"], x["state_reason"]) for x in facts(database, bad_line)["lines"]] == [
        ("new", "New Order Line"),
        ("on_hold", "Order Line Validation Failed"),
    ]
    assert state_of(database, bad_line) == ("on_hold", "Order Validation Failed")

    with database.reading() as session:
        assert line_facts(session, [second])[second]["order"]["number"] == "2"


def to_new(database: Database, order: UUID) -> None:
    pass


def to_on_hold(database: Database, order: UUID) -> None:
    with database.unit_of_work() as session:
        happen(session, order, "order.header_validation.failed")


def to_in_progress(database: Database, order: UUID) -> None:
    with database.unit_of_work() as session:
        happen(session, order, "order.header_validation.succeeded")


def to_manual_hold(database: Database, order: UUID) -> None:
    with database.unit_of_work() as session:
        hold_orders(session, [order], NOW, "ann")


def to_sourced(database: Database, order: UUID) -> None:
    sourced(database, [order])


def to_canceled(database: Database, order: UUID) -> None:
    with database.unit_of_work() as session:
        cancel_orders(session, [order], NOW, "ann")


def to_completed(database: Database, order: UUID) -> None:
    sourced(database, [order])
    with database.unit_of_work() as session:
        lines = children_of_orders(session, [order])[order]
        release_to_fulfillment(session, dict.fromkeys(lines, 2), NOW, "flow")
        record_shipped(session, [(i, 2) for i in lines], NOW, "3pl")
        assert confirm_billing(session, [order], NOW, "erp")[0].ok


@pytest.mark.parametrize(
    ("reach", "allowed", "after"),
    [
        (to_new, True, "canceled"),
        (to_on_hold, True, "canceled"),
        (to_in_progress, True, "canceled"),
        (to_manual_hold, True, "canceled"),
        (to_sourced, True, "canceled"),
        (to_canceled, False, "canceled"),
        (to_completed, False, "completed"),
    ],
)
def test_cancel_at_every_state(
    database: Database, reach: Callable[[Database, UUID], None], allowed: bool, after: str
) -> None:
    master_data(database)
    stock(database, Accu_Scale__SEA=10)
    order = placed(database, line(quantity=2))
    reach(database, order)
    events = event_names(database, order)

    with database.unit_of_work() as session:
        assert (
            cancel_orders(session, [order], NOW, "ann", reason="changed her mind")[0].ok is allowed
        )

    assert state_of(database, order)[0] == after
    assert facts(database, order)["lines"][0]["canceled"] == (2 if after == "canceled" else 0)
    assert event_names(database, order) == events + (["order.canceled"] if allowed else [])


def test_canceling_gives_the_reservation_back(database: Database) -> None:
    master_data(database)
    stock(database, Accu_Scale__SEA=10)
    order = placed(database, line(quantity=4))
    sourced(database, [order])
    assert available(database, "Accu Scale", "SEA") == 6

    with database.unit_of_work() as session:
        happen(session, order, "order.fulfillment_declined")
        assert cancel_orders(session, [order], NOW, "ann")[0].ok is True

    assert available(database, "Accu Scale", "SEA") == 10


def test_units_of_lines_are_canceled_until_none_is_left(database: Database) -> None:
    master_data(database)
    order = placed(database, line(quantity=5), line("Lamp"))
    scale, lamp = (UUID(x["id"]) for x in facts(database, order)["lines"])

    def cancel(line_id: UUID, quantity: int | None) -> str:
        cancellation = LineCancellation(line_id, None if quantity is None else Decimal(quantity))
        with database.unit_of_work() as session:
            return cancel_lines(session, [cancellation], NOW, "ann")[0].reason

    assert cancel(scale, 2) == "2 canceled"
    assert cancel(scale, 4) == "3 units left to cancel, 4 requested"
    assert cancel(scale, 0) == "0 units cannot be canceled; cancel more than 0"
    assert cancel(scale, None) == "3 canceled"
    assert cancel(scale, None) == "is canceled already"
    assert state_of(database, order)[0] == "new"
    assert cancel(lamp, None) == "1 canceled"
    assert state_of(database, order) == ("canceled", "All lines canceled")
    assert event_names(database, order)[-2:] == ["order_line.canceled", "order.canceled"]
    assert cancel(new_id(), 1).startswith("there is no order line")


def test_units_a_fulfillment_order_holds_keep_the_order_from_being_canceled_or_billed(
    database: Database,
) -> None:
    master_data(database)
    order = placed(database, line(quantity=2))
    scale = UUID(facts(database, order)["lines"][0]["id"])

    with database.unit_of_work() as session:
        happen(session, order, "order.header_validation.succeeded")
        release_to_fulfillment(session, {scale: 2}, NOW, "flow")
        canceled = cancel_orders(session, [order], NOW, "ann")[0]
        assert canceled.reason == "units of the order are in a fulfillment order; recall it first"
        happen(session, order, "order.sent_to_fulfillment")
        billed = confirm_billing(session, [order], NOW, "erp")[0]
        assert billed.reason == "2 units of the order are not shipped yet"
        record_shipped(session, [(scale, 1)], NOW, "3pl")
        record_shipped(session, [(scale, 1)], NOW, "3pl")
        assert confirm_billing(session, [order], NOW, "erp")[0].ok

    assert state_of(database, order) == ("completed", "Fulfilled")
    assert facts(database, order)["lines"][0]["state"] == "completed"
    assert event_names(database, order)[2:] == [
        "order.sent_to_fulfillment",
        "order_line.shipped",
        "order.partially_shipped",
        "order_line.shipped",
        "order.shipped",
        "order.invoiced",
    ]


def test_policies_may_set_some_fields_and_no_others(database: Database) -> None:
    master_data(database)
    order = placed(database, line(), line("Lamp"))
    lamp = UUID(facts(database, order)["lines"][1]["id"])

    with database.unit_of_work() as session:
        set_order_fields(session, {order: {"company": "Fabrikam", "source": "SEA"}}, NOW, "policy")
        set_line_fields(
            session,
            {lamp: {"source": "CHI", "requested_delivery_date": "2026-12-01"}},
            NOW,
            "policy",
        )

    found = facts(database, order)
    assert found["company"] == "Fabrikam"
    assert [x["source"] for x in found["lines"]] == ["SEA", "CHI"]
    assert found["fulfillment_sources"] == ["CHI", "SEA"]
    assert found["lines"][1]["requested_delivery_date"] == "2026-12-01"

    with pytest.raises(Invalid, match="state: cannot be set"), database.unit_of_work() as session:
        set_order_fields(session, {order: {"state": "completed"}}, NOW, "policy")

    with pytest.raises(Invalid, match="company: cannot be 5"), database.unit_of_work() as session:
        set_order_fields(session, {order: {"company": 5}}, NOW, "policy")


def test_counts_follow_every_move_and_fold(database: Database) -> None:
    master_data(database)
    receive(database, *(order_document(str(i)) for i in range(300)))

    with database.reading() as session:
        ids = [row[0] for row in fetch(session, "SELECT id FROM orders.order ORDER BY id")]

    with database.unit_of_work() as session:
        hold_orders(session, ids[:10], NOW, "ann")
        raise_order_events(
            session,
            [EventRequest(i, "order.header_validation.failed") for i in ids[10:30]],
            NOW,
            "flow",
        )
        cancel_orders(session, ids[:3], NOW, "ann")

    for i in ids[100:400]:
        with database.unit_of_work() as session:
            raise_order_events(
                session, [EventRequest(i, "order.header_validation.succeeded")], NOW, "flow"
            )

    with database.reading() as session:
        counts = count_orders(session)
        rows = fetch(session, "SELECT count(*) FROM orders.order_count_delta")[0][0]

    assert counts.states == {
        "new": 70,
        "on_hold": 27,
        "in_progress": 200,
        "fulfillment_in_process": 0,
        "completed": 0,
        "canceled": 3,
    }
    assert (counts.manual_hold, counts.failed) == (7, 20)
    assert rows < 300


def test_rows_a_user_added_move_orders_and_shipped_ones_still_do(database: Database) -> None:
    master_data(database)
    order = placed(database)
    configuration = Configuration()
    configuration.register(states_kind({"order": ORDER_TABLE, "order_line": LINE_TABLE}))

    added = {
        "states": [{"name": "fraud_review", "label": "Fraud Review", "timeline_position": 15}],
        "transitions": [
            {
                "event": "fraud.suspected",
                "source": "new",
                "target": "fraud_review",
                "reason": "Suspicious",
            },
            {
                "event": "fraud.cleared",
                "source": "fraud_review",
                "target": "new",
                "reason": "Cleared",
            },
        ],
    }
    with database.unit_of_work() as session:
        configuration.apply(
            session, [{"kind": "states", "name": "order", "body": added}], at=NOW, actor="ann"
        )

    with database.unit_of_work() as session:
        happen(session, order, "fraud.suspected")
        assert not raise_order_events(
            session, [EventRequest(order, "fraud.suspected")], NOW, "flow"
        )[0].ok

    assert state_of(database, order) == ("fraud_review", "Suspicious")
    with database.unit_of_work() as session:
        assert get_order(session, order, now=NOW).state_label == "Fraud Review"
        happen(session, order, "fraud.cleared", "order.header_validation.succeeded")

    assert state_of(database, order) == ("in_progress", "Order Validation Success")
