"""A pickup whose location lacks the stock waits for it there, and is never sent from elsewhere."""

from typing import Any
from uuid import UUID

import pytest
from tests.fulfillment.builders import create, fulfillment_orders, report, send, update
from tests.fulfillment_optimization.sourcing_setup import SourcingSetup, sourcing_setup
from tests.orders.builders import NOW, line, placed, state_of
from tests.orders.waiting_builders import prefer, turn, waiting

from openiom.orders.backorder.place_on_hold import await_stock
from openiom.platform.database import Database


@pytest.fixture
def shops(database: Database) -> SourcingSetup:
    """A, B and C; the orders of these tests are collected at B."""
    made = sourcing_setup(database)
    prefer(database, backorder=True)
    return made


def pickup(product: str = "LAMP", quantity: int = 1) -> dict[str, Any]:
    return line(product, quantity, delivery="pickup", pickup_source="B")


def sourced_or_waiting(shops: SourcingSetup, order: UUID) -> str:
    """Source the order, and hold it for stock where sourcing fails, as its flow does."""
    outcome = shops.source(order)[0]
    if outcome.ok:
        return outcome.reason

    with shops.database.unit_of_work() as session:
        held = await_stock(session, [order], NOW, "flow")[0]

    assert held.ok, held.reason
    return held.reason


def test_a_pickup_waits_for_stock_at_its_location_and_is_collected_there(
    shops: SourcingSetup,
) -> None:
    shops.stock(LAMP_A=5, LAMP_C=5)
    order = placed(shops.database, pickup())
    reason = sourced_or_waiting(shops, order)
    assert reason == "waits for LAMP at B: no scheduled receipt covers it"
    assert state_of(shops.database, order)[0] == "on_hold"
    assert [row.reason for row in waiting(shops.database)] == [
        "needs 1 from B, which has 0 available"
    ]
    shops.stock(LAMP_A=9)
    turn(shops.database)
    assert state_of(shops.database, order)[0] == "on_hold"

    shops.stock(LAMP_B=1)
    turn(shops.database)
    assert sourced_or_waiting(shops, order) == "sourced from B"
    assert create(shops.database, order)[0].ok
    [found] = fulfillment_orders(shops.database, order)
    assert found["source"] == "B"


def test_parts_of_an_order_to_collect_and_to_send_wait_for_each_other(
    shops: SourcingSetup,
) -> None:
    shops.stock(LAMP_A=5, RUG_A=5, RUG_B=1, LAMP_B=1)
    order = placed(shops.database, pickup("LAMP", 2), line("RUG"))
    assert sourced_or_waiting(shops, order).startswith("waits for LAMP at B: ")
    [row] = waiting(shops.database)
    assert (row.product, row.source) == ("LAMP", "B")
    assert row.reason == "needs 2 from B, which has 1 available"

    shops.stock(LAMP_B=2)
    turn(shops.database)
    assert sourced_or_waiting(shops, order).startswith("sourced from ")
    assert shops.sources(order)["LAMP"] == "B"


def test_without_backorders_the_refusal_says_where_the_stock_is_missing(
    shops: SourcingSetup,
) -> None:
    prefer(shops.database, backorder=False)
    shops.stock(LAMP_A=5)
    order = placed(shops.database, pickup())
    assert not shops.source(order)[0].ok

    with shops.database.unit_of_work() as session:
        refused = await_stock(session, [order], NOW, "flow")[0]

    assert (refused.ok, refused.reason) == (
        False,
        "no source can serve LAMP at B, and backorders are not accepted;"
        " add stock and reprocess, or accept backorders",
    )
    assert shops.reserved(order) == []


def test_a_pickup_is_not_moved_to_a_cheaper_source(shops: SourcingSetup) -> None:
    shops.strategy(reoptimize={"enabled": True, "minimum_saving": 0.01})
    shops.stock(LAMP_A=5, LAMP_B=1)
    order = placed(shops.database, pickup())
    assert sourced_or_waiting(shops, order) == "sourced from B"
    assert shops.reoptimize() == 0
    assert shops.sources(order) == {"LAMP": "B"}


def test_a_pickup_that_its_location_declines_is_not_shipped_from_elsewhere(
    shops: SourcingSetup,
) -> None:
    shops.stock(LAMP_A=5, LAMP_B=1)
    order = placed(shops.database, pickup())
    shops.source(order)
    create(shops.database, order)
    [found] = fulfillment_orders(shops.database, order)
    send(shops.database, found["id"])
    assert report(shops.database, update(found, "declined", reason="damaged"))[0].ok
    outcome = shops.source(order)[0]
    assert (outcome.ok, outcome.reason) == (
        False,
        "Inventory not found: no source can serve LAMP",
    )
    assert shops.sources(order) == {"LAMP": "B"}
    assert shops.reserved(order) == []
