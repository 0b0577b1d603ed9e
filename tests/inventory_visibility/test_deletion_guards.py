"""Sources and products that inventory still needs cannot be deleted."""

from datetime import date
from decimal import Decimal

import pytest
from tests.deletion_guards import deletion_problems
from tests.inventory_visibility.builders import NOW, stocked

from openiom.inventory_visibility import (
    DELETION_GUARDS,
    StockReservationRequest,
    SupplyDocument,
    SupplyLineDocument,
    SupplyLineKey,
    SupplyMovement,
    receive_supply,
    reserve,
    upsert_supply_orders,
)
from openiom.kernel import Problem, new_id
from openiom.platform.database import Database

STOCKED = "has stock, or stock promised to orders"
EXPECTED = "expects a purchase or transfer order"


def problems(database: Database, kind: str, *names: str) -> list[Problem]:
    return deletion_problems(database, DELETION_GUARDS, kind, *names)


def order_lamps(database: Database, units: int) -> None:
    line = SupplyLineDocument(1, "LAMP", "SEA", Decimal(units), date(2026, 12, 1))
    with database.unit_of_work() as session:
        orders = [SupplyDocument("purchase", "PO-1", [line])]
        assert upsert_supply_orders(session, orders, NOW, "erp") == [""]


def receive_lamps(database: Database, units: int) -> None:
    movement = SupplyMovement("R-1", SupplyLineKey("purchase", "PO-1", 1), Decimal(units))
    with database.unit_of_work() as session:
        assert receive_supply(session, [movement], NOW, "dock")[0].ok


def test_without_stock_everything_may_be_deleted(database: Database) -> None:
    assert problems(database, "source", "SEA", "CHI") == []
    assert problems(database, "product", "LAMP") == []


def test_stock_keeps_its_source_and_its_product(database: Database) -> None:
    stocked(database, LAMP__SEA=1)
    assert problems(database, "source", "SEA", "CHI") == [
        Problem("source SEA", STOCKED, "move or write off its stock, or make the source inactive")
    ]
    assert problems(database, "product", "LAMP", "DESK") == [
        Problem("product LAMP", STOCKED, "write it off first")
    ]


def test_stock_that_was_written_off_keeps_nothing(database: Database) -> None:
    stocked(database, LAMP__SEA=1)
    stocked(database, LAMP__SEA=0)
    assert problems(database, "source", "SEA") == []
    assert problems(database, "product", "LAMP") == []


def test_a_reservation_keeps_its_source(database: Database) -> None:
    stocked(database, LAMP__SEA=2)
    with database.unit_of_work() as session:
        request = StockReservationRequest(new_id(), "LAMP", "SEA", 2)
        assert reserve(session, [request], NOW, "shop") == [True]
    assert [problem.where for problem in problems(database, "source", "SEA")] == ["source SEA"]


@pytest.mark.parametrize(("received", "expected"), [(0, True), (4, True), (5, False)])
def test_a_source_is_needed_until_what_it_expects_has_arrived(
    database: Database, received: int, expected: bool
) -> None:
    order_lamps(database, 5)
    if received:
        receive_lamps(database, received)
    whats = [problem.what for problem in problems(database, "source", "SEA")]
    assert (EXPECTED in whats) is expected
    assert (STOCKED in whats) is (received > 0)
