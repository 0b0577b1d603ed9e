"""Later deliveries of an order: withdrawn, held, edited, refunded and shipped by its source."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from tests.orders.builders import (
    NOW,
    SHIP_TO,
    available,
    document,
    event_names,
    facts,
    line,
    master_data,
    placed,
    receive,
    sourced,
    state_of,
    stock,
)

from openiom.orders import hold_orders, release_holds, release_to_fulfillment
from openiom.orders.queries import OrderFilter, get_order, list_orders
from openiom.orders.service.apply_withdrawal import dismiss_differences
from openiom.platform.bulk import fetch
from openiom.platform.database import Database
from openiom.platform.events import timeline


def lines_of(database: Database, order: UUID) -> list[tuple[Any, ...]]:
    """Return product, ordered, canceled, shipped and state of the lines of an order."""
    found = facts(database, order)["lines"]
    return [(x["product"], x["quantity"], x["canceled"], x["shipped"], x["state"]) for x in found]


def source_changes(database: Database, order: UUID) -> list[dict[str, Any]]:
    with database.reading() as session:
        changes = get_order(session, order, now=NOW).source_changes
    return [change.model_dump(exclude_defaults=True) for change in changes]


def in_fulfillment(database: Database, order: UUID) -> None:
    """Release the open units of a sourced order to fulfillment."""
    with database.unit_of_work() as session:
        rows = fetch(
            session,
            "SELECT id, quantity - canceled FROM orders.order_line WHERE order_id = %s",
            (order,),
        )
        release_to_fulfillment(session, dict(rows), NOW, "flow")


def modified(database: Database, order: UUID) -> dict[str, Any]:
    """Return the data of the last change by the source."""
    with database.reading() as session:
        found = [e for e in timeline(session, [order]) if e.name == "order.modified"]
    return found[0].data


def test_an_order_first_seen_as_partly_refunded_has_the_rest(database: Database) -> None:
    master_data(database)
    order = placed(
        database, line(quantity=2, canceled_quantity=1), line("Lamp", 3, shipped_quantity=1)
    )
    assert lines_of(database, order) == [("Accu Scale", 2, 1, 0, "new"), ("Lamp", 3, 1, 0, "new")]
    assert state_of(database, order) == ("new", "New sales order")


def test_a_wholly_refunded_line_is_canceled_and_its_order_goes_on(database: Database) -> None:
    master_data(database)
    order = placed(database, line(quantity=2, canceled_quantity=2), line("Lamp", 1))
    assert lines_of(database, order) == [
        ("Accu Scale", 2, 2, 0, "canceled"),
        ("Lamp", 1, 0, 0, "new"),
    ]


@pytest.mark.parametrize(
    ("quantities", "reason"),
    [
        ({"canceled_quantity": 2}, "Canceled upstream"),
        ({"shipped_quantity": 2}, "Fulfilled upstream"),
        ({"canceled_quantity": 1, "shipped_quantity": 1}, "Fulfilled upstream"),
    ],
)
def test_an_order_of_which_nothing_is_left_starts_nothing(
    database: Database, quantities: dict[str, int], reason: str
) -> None:
    master_data(database)
    order = placed(database, line(quantity=2, **quantities))
    assert state_of(database, order) == ("canceled", reason)
    assert event_names(database, order) == ["order.canceled"]


def test_a_quantity_finer_than_its_unit_is_refused_where_it_is(database: Database) -> None:
    master_data(database)
    [refused] = receive(database, document("1", line(quantity=2, canceled_quantity="0.5")))
    assert (refused.ok, refused.where) == (False, "lines[0].canceled_quantity")


@pytest.mark.parametrize("disposition", ["update", "hold"])
def test_an_order_that_is_not_to_be_fulfilled_now_is_ignored(
    database: Database, disposition: str
) -> None:
    master_data(database)
    [result] = receive(database, document(disposition=disposition))
    assert (result.ok, result.ignored, result.entity_id) == (True, True, "")
    with database.reading() as session:
        assert fetch(session, "SELECT count(*) FROM orders.order") == [(0,)]


def test_an_order_is_on_hold_until_its_source_accepts_it_again(database: Database) -> None:
    master_data(database)
    order = placed(database)
    assert receive(database, document(disposition="hold"))[0].ok
    assert state_of(database, order) == ("on_hold", "Held upstream")
    assert receive(database, document(disposition="update", note="still"))[0].ok
    assert state_of(database, order) == ("on_hold", "Held upstream")
    assert receive(database, document(note="paid"))[0].ok
    assert state_of(database, order) == ("new", "New sales order")
    assert event_names(database, order) == [
        "order.created",
        "order.hold_placed",
        "order.modified",
        "order.modified",
        "order.hold_released",
    ]


def test_a_hold_of_a_person_is_not_released_by_the_source(database: Database) -> None:
    master_data(database)
    order = placed(database)
    with database.unit_of_work() as session:
        assert hold_orders(session, [order], NOW, "clerk")[0].ok

    assert receive(database, document(note="paid"))[0].ok
    assert state_of(database, order) == ("on_hold", "Manual hold")


def test_a_refund_while_the_order_waits_cancels_units_and_their_stock(database: Database) -> None:
    master_data(database)
    order = placed(database, line(quantity=5), line("Lamp", 1))
    edited = [line(quantity=5, canceled_quantity=2), line("Lamp", 1, canceled_quantity=1)]
    assert receive(database, document("1001", *edited))[0].ok
    assert lines_of(database, order) == [
        ("Accu Scale", 5, 2, 0, "new"),
        ("Lamp", 1, 1, 0, "canceled"),
    ]
    assert receive(database, document("1001", *edited, note="again"))[0].ok
    assert lines_of(database, order)[0] == ("Accu Scale", 5, 2, 0, "new")


def test_units_that_the_source_ships_itself_are_not_shipped_here(database: Database) -> None:
    master_data(database)
    order = placed(database, line(quantity=3))
    assert receive(database, document("1001", line(quantity=3, shipped_quantity=1)))[0].ok
    assert lines_of(database, order) == [("Accu Scale", 3, 1, 0, "new")]
    assert receive(database, document("1001", line(quantity=3, shipped_quantity=3)))[0].ok
    assert state_of(database, order) == ("canceled", "Fulfilled upstream")


def test_lines_are_edited_added_removed_and_repriced_before_release(database: Database) -> None:
    master_data(database)
    order = placed(database, line(quantity=5), line("Lamp", 2))
    edited = document(
        "1001",
        line(quantity=3, unit_price="8.00", tax="1.20"),
        line(quantity=4, external_id="added"),
        shipping_amount="5.00",
        total_amount="70.20",
    )
    assert receive(database, edited)[0].ok
    assert lines_of(database, order) == [
        ("Accu Scale", 3, 0, 0, "new"),
        ("Lamp", 2, 2, 0, "canceled"),
        ("Accu Scale", 4, 0, 0, "new"),
    ]
    found = facts(database, order)
    amounts = (found["subtotal"], found["shipping_amount"], found["tax_amount"])
    assert amounts == ("64.00", "5.00", "1.20")
    assert (found["total_amount"], found["lines"][0]["unit_price"]) == ("70.20", "8.00")
    assert modified(database, order) == {
        "number": "1001",
        "changed": ["lines", "amounts"],
        "not_applied": [],
    }
    with database.reading() as session:
        rows = fetch(session, "SELECT line_count, total_difference FROM orders.order")
    assert rows == [(3, Decimal(0))]


def test_an_increase_after_a_decrease_is_applied(database: Database) -> None:
    master_data(database)
    order = placed(database, line(quantity=5))
    for quantity in (3, 4, 9):
        assert receive(database, document("1001", line(quantity=quantity)))[0].ok
        assert lines_of(database, order) == [("Accu Scale", quantity, 0, 0, "new")]


def test_all_lines_are_replaced_without_canceling_the_order(database: Database) -> None:
    master_data(database)
    order = placed(database, line(quantity=5))
    assert receive(database, document("1001", line("Lamp", 1)))[0].ok
    assert state_of(database, order)[0] == "new"
    assert lines_of(database, order) == [
        ("Accu Scale", 5, 5, 0, "canceled"),
        ("Lamp", 1, 0, 0, "new"),
    ]


def test_a_changed_variant_replaces_the_line(database: Database) -> None:
    master_data(database)
    order = placed(database, line(variant={"size": "M"}))
    assert receive(database, document("1001", line(variant={"size": "L"})))[0].ok
    sizes = [(x["variant"]["size"], x["canceled"]) for x in facts(database, order)["lines"]]
    assert sizes == [("M", 1), ("L", 0)]


def test_changes_after_release_are_kept_for_a_person(database: Database) -> None:
    master_data(database)
    stock(database, Accu_Scale__SEA=5)
    order = placed(database, line(quantity=2))
    sourced(database, [order])
    in_fulfillment(database, order)
    edited = document("1001", line(quantity=5), line("Lamp", 1), total_amount="60.00")
    assert receive(database, edited)[0].ok
    assert lines_of(database, order) == [("Accu Scale", 2, 0, 0, "fulfillment_in_process")]
    lines = [
        {
            "what": "line",
            "external_id": "Accu Scale",
            "product": "Accu Scale",
            "here": 2,
            "source": 5,
        },
        {"what": "line", "external_id": "Lamp", "product": "Lamp", "here": 0, "source": 1},
    ]
    found = source_changes(database, order)
    assert found[:2] == lines
    assert (found[2]["what"], found[2]["here"]["total"], found[2]["source"]["total"]) == (
        "amounts",
        "20.0000",
        "60.0000",
    )
    assert modified(database, order)["not_applied"] == ["lines", "amounts"]
    with database.reading() as session:
        listed = list_orders(session, OrderFilter(source_changed=True), after=None, limit=5)
        assert [row.id for row in listed] == [order]

    assert receive(database, document("1001", line(quantity=2)))[0].ok
    assert source_changes(database, order) == []


def test_a_person_dismisses_changes_that_came_too_late(database: Database) -> None:
    master_data(database)
    stock(database, Accu_Scale__SEA=5)
    order = placed(database, line(quantity=2))
    sourced(database, [order])
    in_fulfillment(database, order)
    assert receive(database, document("1001", line(quantity=2, canceled_quantity=1)))[0].ok
    assert [(c["here"], c["source"]) for c in source_changes(database, order)] == [(2, 1)]

    with database.unit_of_work() as session:
        first, again = (dismiss_differences(session, [order], NOW, "clerk")[0] for _ in range(2))

    assert (first.ok, again.reason) == (True, "the order has no changes to dismiss")
    assert source_changes(database, order) == []
    assert event_names(database, order)[-1] == "order.source_changes_dismissed"


def test_a_cancellation_after_release_asks_for_a_recall(database: Database) -> None:
    master_data(database)
    stock(database, Accu_Scale__SEA=5)
    order = placed(database)
    sourced(database, [order])
    in_fulfillment(database, order)
    assert receive(database, document(disposition="cancel"))[0].ok
    assert event_names(database, order)[-1] == "order.cancellation_requested"
    assert source_changes(database, order) == []


def test_a_cancellation_needs_nothing_else_of_its_document(database: Database) -> None:
    master_data(database)
    order = placed(database, line(quantity=2))
    [result, unknown] = receive(
        database,
        {"external_id": "1001", "disposition": "cancel"},
        {"external_id": "1002", "disposition": "cancel"},
    )
    assert (result.ok, result.entity_id) == (True, str(order))
    assert (unknown.ok, unknown.ignored) == (True, True)
    assert state_of(database, order) == ("canceled", "Canceled upstream")


def test_a_line_without_goods_is_delivered_at_once(database: Database) -> None:
    master_data(database)
    order = placed(database, line(quantity=2), line("Lamp", 1, delivery="digital"))
    assert lines_of(database, order) == [
        ("Accu Scale", 2, 0, 0, "new"),
        ("Lamp", 1, 0, 1, "completed"),
    ]
    assert receive(database, document("1001", disposition="cancel"))[0].ok
    assert lines_of(database, order) == [
        ("Accu Scale", 2, 2, 0, "canceled"),
        ("Lamp", 1, 1, 0, "canceled"),
    ]


def test_an_order_without_goods_is_complete(database: Database) -> None:
    master_data(database)
    order = placed(database, line(quantity=2, delivery="digital"))
    assert state_of(database, order) == ("completed", "Delivered digitally")
    assert event_names(database, order) == ["order.delivered_digitally"]


def test_an_order_is_complete_once_its_goods_are_canceled(database: Database) -> None:
    master_data(database)
    order = placed(database, line(quantity=2), line("Lamp", 1, delivery="digital"))
    lines = [line(quantity=2, canceled_quantity=2), line("Lamp", 1, delivery="digital")]
    assert receive(database, document("1001", *lines))[0].ok
    assert state_of(database, order) == ("completed", "Delivered digitally")


def test_a_pickup_is_collected_at_its_source(database: Database) -> None:
    master_data(database)
    store = SHIP_TO | {"city": "Tacoma"}
    order = placed(
        database, line(quantity=1, delivery="pickup", pickup_source="SEA", ship_to=store)
    )
    with database.reading() as session:
        [found] = get_order(session, order, now=NOW).lines
    assert (found.source, found.source_reason) == ("SEA", "pickup location")
    assert found.ship_to is not None
    assert (found.delivery, found.ship_to.city) == ("pickup", "Tacoma")


def test_more_of_a_line_that_was_refunded_is_a_line_of_its_own(database: Database) -> None:
    master_data(database)
    order = placed(database, line(quantity=5), line("Lamp", 1))
    for quantity, canceled in ((5, 2), (2, 2), (6, 2), (4, 2)):
        edited = line(quantity=quantity, canceled_quantity=canceled)
        assert receive(database, document("1001", edited, line("Lamp", 1)))[0].ok

    wanted = [(x[0], x[1] - x[2]) for x in lines_of(database, order)]
    assert wanted == [("Accu Scale", 0), ("Lamp", 1), ("Accu Scale", 2)]


def test_an_order_on_hold_is_complete_once_its_goods_are_canceled(database: Database) -> None:
    master_data(database)
    guide = line("Lamp", 1, delivery="digital")
    order = placed(database, line(quantity=2), guide)
    refunded = line(quantity=2, canceled_quantity=2)
    assert receive(database, document("1001", line(quantity=2), guide, disposition="hold"))[0].ok
    assert receive(database, document("1001", refunded, guide, disposition="hold"))[0].ok
    assert state_of(database, order) == ("completed", "Delivered digitally")


def test_an_order_keeps_the_name_of_its_customer_when_it_is_delivered_again(
    database: Database,
) -> None:
    master_data(database)
    nameless = {
        "customer": {"name": "", "company": "", "email": "dock@example.com"},
        "ship_to": {**SHIP_TO, "name": "", "company": "Contoso Receiving"},
    }
    order = placed(database, line(), **nameless)
    assert receive(database, document("1001", line(), note="call first", **nameless))[0].ok
    with database.reading() as session:
        assert get_order(session, order, now=NOW).customer_name == "Contoso Receiving"


def test_units_added_to_a_sourced_order_have_it_sourced_again(database: Database) -> None:
    master_data(database)
    stock(database, Accu_Scale__SEA=5, Lamp__SEA=5)
    order = placed(database, line(quantity=2), line("Lamp", 1))
    sourced(database, [order])
    assert available(database, "Accu Scale", "SEA") == 3

    news = document("1001", line(quantity=4), line("Lamp", 1))
    assert receive(database, news)[0].ok

    assert state_of(database, order) == ("in_progress", "Fulfillment Declined")
    assert lines_of(database, order) == [
        ("Accu Scale", 4, 0, 0, "in_progress"),
        ("Lamp", 1, 0, 0, "in_progress"),
    ]
    found = facts(database, order)
    assert [x["source"] for x in found["lines"]] == [None, None]
    assert found["total_amount"] == "50.00"
    assert [available(database, name, "SEA") for name in ("Accu Scale", "Lamp")] == [5, 5]
    assert event_names(database, order).count("order.fulfillment_declined") == 1
    assert receive(database, news)[0].duplicate
    assert source_changes(database, order) == []


def test_units_removed_from_a_sourced_order_leave_the_others_with_their_source(
    database: Database,
) -> None:
    master_data(database)
    stock(database, Accu_Scale__SEA=5, Lamp__SEA=5)
    order = placed(database, line(quantity=2), line("Lamp", 1))
    sourced(database, [order])
    assert receive(database, document("1001", line(quantity=1, unit_price="8.00")))[0].ok

    assert state_of(database, order) == ("fulfillment_in_process", "Inventory Check Successful")
    found = facts(database, order)
    assert [(x["quantity"], x["canceled"], x["source"]) for x in found["lines"]] == [
        (1, 0, "SEA"),
        (1, 1, "SEA"),
    ]
    assert (found["lines"][0]["unit_price"], found["total_amount"]) == ("8.00", "8.00")
    assert [available(database, name, "SEA") for name in ("Accu Scale", "Lamp")] == [4, 5]


def test_a_held_sourced_order_is_sourced_again_after_its_hold(database: Database) -> None:
    master_data(database)
    stock(database, Accu_Scale__SEA=5)
    order = placed(database, line(quantity=2))
    sourced(database, [order])
    with database.unit_of_work() as session:
        assert hold_orders(session, [order], NOW, "ann")[0].ok

    news = document("1001", line(quantity=2), ship_to=SHIP_TO | {"city": "Tacoma"})
    assert receive(database, news)[0].ok
    assert state_of(database, order) == ("on_hold", "Manual hold")
    assert available(database, "Accu Scale", "SEA") == 5
    with database.unit_of_work() as session:
        assert release_holds(session, [order], NOW, "ann")[0].ok

    assert state_of(database, order) == ("in_progress", "Fulfillment Declined")
