"""Why a line waits, in words; what holds promise; and the queue of promise dates with kits."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from tests.orders.builders import NOW, line, master_data, placed, stock
from tests.orders.waiting_builders import TODAY, apply, prefer, turn, unserved, waiting

from openiom.inventory_visibility import StockReservationRequest, reserve
from openiom.inventory_visibility.reservations.expiry import ReservationExpiryWorker
from openiom.inventory_visibility.supply import (
    SupplyDocument,
    SupplyLineDocument,
    upsert_supply_orders,
)
from openiom.kernel import Problem, new_id
from openiom.orders.backorder.queries import WaitingRow, waiting_reason
from openiom.orders.service.validate_documents import refusal
from openiom.platform.batches import drain
from openiom.platform.database import Database


def row(**changes: Any) -> WaitingRow:
    fields: dict[str, Any] = {
        "line_id": new_id(),
        "order_id": new_id(),
        "order_number": "1001",
        "customer_name": "Ann",
        "instance": "store",
        "manual_hold": False,
        "line_number": 1,
        "product": "LAMP",
        "name": "Lamp",
        "unit": "ea",
        "variant": {},
        "quantity": 4,
        "stock_quantity": 4,
        "kind": "backorder",
        "state": "waiting",
        "since": NOW,
        "released_at": None,
        "expires_at": None,
        "launch_date": None,
        "available_on": None,
        "confidence": None,
    }
    return WaitingRow(**(fields | changes))


LAUNCH = {"kind": "preorder", "launch_date": TODAY + timedelta(days=1)}


@pytest.mark.parametrize(
    ("changes", "most", "others", "reason"),
    [
        ({"manual_hold": True, "state": "released"}, 9, [], "its order is on manual hold"),
        ({"state": "released"}, 0, [], "released; it will be sourced"),
        (LAUNCH, 9, [], f"launches on {TODAY + timedelta(days=1)}"),
        (LAUNCH | {"launch_date": TODAY}, 0, [], "no source has any available"),
        (
            {"kind": "capacity", "retry_at": NOW + timedelta(days=1), "note": "A is full"},
            9,
            [],
            f"A is full; tried again at {NOW + timedelta(days=1):%Y-%m-%d %H:%M} UTC",
        ),
        (
            {"kind": "capacity", "retry_at": NOW, "note": "A is full"},
            9,
            [],
            "in stock; it is released with the next check",
        ),
        ({}, 0, ["DESK"], "no source has any available"),
        ({}, 3, [], "needs 4 from one source; the most one has available is 3"),
        ({"lines_before": 1}, 3, [], "needs 4 from one source; the most one has available is 3"),
        ({"lines_before": 1}, 4, ["DESK"], "in stock, but others wait longer for it"),
        ({"source": "SEA"}, 3, [], "needs 4 from SEA, which has 3 available"),
        ({"source": "SEA"}, 4, [], "in stock; it is released with the next check"),
        ({}, 4, ["DESK"], "in stock; its order also waits for DESK"),
        ({}, 4, ["A", "B", "C", "D"], "in stock; its order also waits for A, B, C"),
        ({}, 4, [], "in stock; it is released with the next check"),
    ],
)
def test_the_first_reason_that_applies_is_given(
    changes: dict[str, Any], most: int, others: list[str], reason: str
) -> None:
    assert waiting_reason(row(**changes), most, others, NOW) == reason


def test_a_refusal_says_the_first_problem_and_how_many_more() -> None:
    first = Problem("lines[0].unit", "there is no unit box", "add the unit")
    second = Problem("currency", "there is no currency XXX", "add the currency")
    one, two = refusal([first]), refusal([first, second])
    assert (one.ok, one.error, one.where, one.remedy) == (
        False,
        "there is no unit box",
        "lines[0].unit",
        "add the unit",
    )
    assert two.error == (
        "there is no unit box (and 1 more: currency: there is no currency XXX (add the currency))"
    )


@pytest.fixture
def shop(database: Database) -> Database:
    master_data(database, "Lamp", "Desk")
    prefer(database, backorder=True, backorder_sla_days=30)
    kit = {
        "name": "Set",
        "components": [{"product": "Lamp", "quantity": 2}, {"product": "Desk", "quantity": 1}],
    }
    apply(database, {"kind": "product", "name": "Set", "body": kit})
    return database


def scheduled(database: Database, number: str, product: str, quantity: int, days: int) -> None:
    lines = [SupplyLineDocument(1, product, "SEA", Decimal(quantity), TODAY + timedelta(days=days))]
    with database.unit_of_work() as session:
        documents = [SupplyDocument("purchase", number, lines)]
        assert upsert_supply_orders(session, documents, NOW, "test") == [""]


def days(database: Database) -> dict[UUID, date | None]:
    return {one.order_id: one.available_on for one in waiting(database)}


def test_kits_and_single_units_queue_for_the_same_parts(shop: Database) -> None:
    stock(shop, Desk__SEA=9)
    kits = placed(shop, line("Set", 2), external_id="1")
    lamps = placed(shop, line("Lamp", 3), external_id="2")
    unserved(shop, kits)
    unserved(shop, lamps, now=NOW + timedelta(minutes=1))
    scheduled(shop, "PO-1", "Lamp", 6, 5)
    scheduled(shop, "PO-2", "Lamp", 1, 9)
    turn(shop)
    assert days(shop) == {
        kits: TODAY + timedelta(days=5),
        lamps: TODAY + timedelta(days=9),
    }, "the kits need four of the first six lamps, so the last lamp comes with the second receipt"


def test_a_new_line_is_promised_after_all_lines_that_wait(shop: Database) -> None:
    scheduled(shop, "PO-1", "Lamp", 4, 5)
    first = placed(shop, line("Lamp", 3), external_id="1")
    unserved(shop, first)
    second = placed(shop, line("Lamp", 2), external_id="2")
    third = placed(shop, line("Lamp", 1), external_id="3")
    unserved(shop, second, now=NOW + timedelta(minutes=1))
    unserved(shop, third, now=NOW + timedelta(minutes=2))
    assert days(shop) == {first: TODAY + timedelta(days=5), second: None, third: None}


def test_dates_are_renewed_for_the_products_of_the_event_only(shop: Database) -> None:
    lamps = placed(shop, line("Lamp", 1), external_id="1")
    desks = placed(shop, line("Desk", 1), external_id="2")
    unserved(shop, lamps, desks)
    scheduled(shop, "PO-1", "Desk", 5, 7)
    turn(shop)
    assert days(shop) == {lamps: None, desks: TODAY + timedelta(days=7)}


def test_a_line_keeps_its_expiry_when_it_waits_again(shop: Database) -> None:
    order = placed(shop, line("Lamp", 2))
    unserved(shop, order)
    stock(shop, Lamp__SEA=2)
    turn(shop)
    later = NOW + timedelta(days=3)
    drain(shop, [ReservationExpiryWorker()], now=later)

    with shop.unit_of_work() as session:
        other = StockReservationRequest(new_id(), "Lamp", "SEA", 2)
        assert reserve(session, [other], later, "another order") == [True]

    assert unserved(shop, order, now=later)[0].ok
    (found,) = waiting(shop)
    assert (found.since, found.expires_at) == (NOW, NOW + timedelta(days=30))
    assert (found.state, found.released_at) == ("waiting", None)
