"""Facts of orders and lines: JSON values with exactly the fields that are read."""

from decimal import Decimal
from uuid import UUID

import pytest
from tests.orders.builders import NOW, SHIP_TO, happen, line, master_data, placed, sourced, stock

from openiom.orders import header_facts, hold_orders, line_facts, money_text, order_facts
from openiom.orders.actions import ENTITIES
from openiom.orders.facts import (
    children_of_orders,
    line_labels,
    line_roots,
    order_labels,
    order_roots,
)
from openiom.orders.locks import lock_orders
from openiom.platform.bulk import fetch
from openiom.platform.database import Database

DECIMALS = [
    ("12.3", "12.30"),
    ("12.3000", "12.30"),
    ("0.125", "0.125"),
    ("7", "7.00"),
    ("-4.5", "-4.50"),
    ("100.0000", "100.00"),
]


@pytest.fixture
def order(database: Database) -> UUID:
    master_data(database)
    stock(database, Accu_Scale__SEA=10, Lamp__SEA=10)
    return placed(
        database,
        line("Accu Scale", 2, unit_price="7.50", tax="1.20"),
        line("Lamp", 1, unit_price="0.125", requested_delivery_date="2026-12-24"),
        shipping_amount="5.00",
        origin="web",
    )


def line_ids(database: Database, order: UUID) -> list[UUID]:
    query = "SELECT id FROM orders.order_line WHERE order_id = %s ORDER BY line_number"
    with database.reading() as session:
        return [line_id for (line_id,) in fetch(session, query, (order,))]


@pytest.mark.parametrize(("amount", "text"), DECIMALS)
def test_money_keeps_its_digits_and_has_at_least_two(amount: str, text: str) -> None:
    assert money_text(Decimal(amount)) == text


def test_an_order_is_read_with_its_lines_as_text_and_numbers(
    database: Database, order: UUID
) -> None:
    with database.reading() as session:
        found = order_facts(session, [order])[order]

    assert found["id"] == str(order)
    assert (found["shipping_amount"], found["tax_amount"]) == ("5.00", "1.20")
    assert (found["state"], found["state_reason"], found["manual_hold"]) == (
        "new",
        "New sales order",
        False,
    )
    assert found["ship_to"]["city"] == SHIP_TO["city"]
    assert found["bill_to"] is None
    assert found["fulfillment_sources"] == []
    first, second = found["lines"]
    assert (first["unit_price"], first["quantity"], first["in_fulfillment"]) == ("7.50", 2, 0)
    assert (second["unit_price"], second["requested_delivery_date"]) == ("0.125", "2026-12-24")
    assert "order_id" not in first


def test_only_the_named_fields_are_read(database: Database, order: UUID) -> None:
    with database.reading() as session:
        assert order_facts(session, [order], ["number", "total_amount"])[order] == {
            "id": str(order),
            "number": "1001",
            "total_amount": "15.125",
        }
        assert set(order_facts(session, [order], ["state"])[order]) == {"id", "state"}
        with_lines = order_facts(session, [order], ["lines"])[order]
        assert set(with_lines) == {"id", "lines", "fulfillment_sources"}
        assert len(with_lines["lines"]) == 2


def test_unknown_fields_and_orders_are_left_out(database: Database, order: UUID) -> None:
    unknown = UUID(int=1)
    with database.reading() as session:
        assert order_facts(session, [order], ["shoe_size"])[order] == {"id": str(order)}
        assert order_facts(session, [unknown]) == {}
        assert line_facts(session, [unknown]) == {}
        assert header_facts(session, []) == {}


def test_a_line_is_read_with_the_header_of_its_order(database: Database, order: UUID) -> None:
    _, lamp = line_ids(database, order)
    with database.reading() as session:
        found = line_facts(session, [lamp])[lamp]
        short = line_facts(session, [lamp], ["product"])[lamp]
        header = line_facts(session, [lamp], ["order"])[lamp]

    assert (found["line_number"], found["product"]) == (2, "Lamp")
    assert found["order"]["number"] == "1001"
    assert "lines" not in found["order"]
    assert short == {"id": str(lamp), "order_id": str(order), "product": "Lamp"}
    assert set(header) == {"id", "order_id", "order"}


def test_facts_of_one_transaction_show_its_own_changes(database: Database, order: UUID) -> None:
    with database.unit_of_work() as session:
        happen(session, order, "order.header_validation.succeeded")
        hold_orders(session, [order], NOW, "ann")
        found = order_facts(session, [order])[order]
    assert (found["state"], found["manual_hold"]) == ("on_hold", True)


def test_sources_of_lines_are_listed_once(database: Database, order: UUID) -> None:
    sourced(database, [order])
    with database.reading() as session:
        assert order_facts(session, [order])[order]["fulfillment_sources"] == ["SEA"]


def test_children_are_the_lines_by_number_whether_locked_or_not(
    database: Database, order: UUID
) -> None:
    expected = {order: line_ids(database, order)}
    with database.unit_of_work() as session:
        assert children_of_orders(session, [order]) == expected
        lock_orders(session, [order])
        assert children_of_orders(session, [order]) == expected
        assert children_of_orders(session, [UUID(int=1)]) == {}


def test_labels_and_roots_name_orders_and_lines(database: Database, order: UUID) -> None:
    scale, lamp = line_ids(database, order)
    with database.reading() as session:
        assert order_labels(session, [order]) == {order: "1001"}
        assert order_roots(session, [order]) == {order: order}
        assert line_labels(session, [scale, lamp]) == {
            scale: "1001, line 1: Accu Scale",
            lamp: "1001, line 2: Lamp",
        }
        assert line_roots(session, [lamp]) == {lamp: order}


def test_flows_can_run_for_orders_and_lines() -> None:
    assert [(entity.name, entity.title) for entity in ENTITIES] == [
        ("order", "Order"),
        ("order_line", "Order line"),
    ]
    assert set(ENTITIES[0].children) == {"order_line"}
