"""What the store changes on a sourced order is followed until its fulfiller has it."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.order_stories.conftest import Fabrikam
from tests.order_stories.test_what_the_store_changes import (
    DALLAS,
    SHOPPER,
    call,
    place,
    sent,
    shop,
    store_lines,
    violations,
)

from openiom.platform.bulk import execute

__all__ = ["shop"]

Edit = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
"""The products of a change of an order, from its lines in the store."""


def edit(shop: Fabrikam, number: str, change: Edit) -> None:
    products = change(store_lines(shop, number))
    call(shop, "PUT", f"v2/orders/{number}", {"products": products})


def units(shop: Fabrikam, number: str) -> list[tuple[int, int, int]]:
    """Return the ordered, canceled and fulfilled units of the lines of an order."""
    lines = shop.order(number)["lines"]
    return [(x["quantity"], x["canceled"], x["in_fulfillment"] + x["shipped"]) for x in lines]


def reserved(shop: Fabrikam) -> list[int]:
    """Return the open reserved units by order line; what stock has reserved is the same."""
    rows = shop.fetch(
        "SELECT sum(open)::int FROM inventory_visibility.reservation GROUP BY line_id"
        " HAVING sum(open) > 0 ORDER BY 1"
    )
    found = [row[0] for row in rows]
    in_stock = "SELECT sum(reserved)::int FROM inventory_visibility.stock"
    assert shop.fetch(in_stock) == [(sum(found),)]
    return found


def fulfillment_orders(shop: Fabrikam) -> list[tuple[str, int]]:
    """Return the states of the fulfillment orders with their units, oldest first."""
    return shop.fetch(
        "SELECT f.state, sum(l.quantity)::int FROM fulfillment.fulfillment_order f"
        " JOIN fulfillment.fulfillment_order_line l ON l.fulfillment_order_id = f.id"
        " GROUP BY f.id ORDER BY f.id"
    )


def repeat_last_message(shop: Fabrikam) -> None:
    """Process the last message of the store once more."""
    with shop.application.database.unit_of_work() as session:
        last = "(SELECT max(id) FROM providers.message WHERE instance = 'fabrikam-store')"
        again = f"UPDATE providers.message SET state = 'received' WHERE id = {last}"
        assert execute(session, again) == 1


def resize(*quantities: int) -> Edit:
    """Return the change that gives lines other quantities; 0 removes a line."""

    def change(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        pairs = zip(lines, quantities, strict=True)
        return [{"id": line["id"], "quantity": quantity} for line, quantity in pairs]

    return change


def add_four(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"product_id": 77, "quantity": 4}]


EDITS = {
    "quantity up": (resize(5, 2), [(5, 0, 5), (2, 0, 2)], "350.00"),
    "quantity down": (resize(1, 2), [(1, 0, 1), (2, 0, 2)], "150.00"),
    "line removed": (resize(0, 2), [(3, 3, 0), (2, 0, 2)], "100.00"),
    "line added": (add_four, [(3, 0, 3), (2, 0, 2), (4, 0, 4)], "450.00"),
}


@pytest.mark.parametrize(("change", "lines", "total"), EDITS.values(), ids=list(EDITS))
def test_an_edit_of_a_sourced_order_is_applied_and_the_order_sourced_again(
    shop: Fabrikam, change: Edit, lines: list[tuple[int, int, int]], total: str
) -> None:
    number = place(shop, 3, 2)
    shop.settle(calls=False)
    assert (units(shop, number), reserved(shop)) == ([(3, 0, 3), (2, 0, 2)], [2, 3])
    assert fulfillment_orders(shop) == [("new", 5)]

    edit(shop, number, change)
    shop.settle(calls=False)

    wanted = sorted(fulfilled for _, _, fulfilled in lines if fulfilled)
    assert (units(shop, number), reserved(shop)) == (lines, wanted)
    assert fulfillment_orders(shop) == [("canceled", 5), ("new", sum(wanted))]
    order = shop.order(number)
    assert (order["state_reason"], order["total_amount"]) == ("Inventory Check Successful", total)
    assert shop.fetch("SELECT source_changes FROM orders.order") == [(None,)]
    assert violations(shop) == []

    repeat_last_message(shop)
    shop.settle(calls=False)
    assert shop.events(number).count("order.modified") == 1
    assert fulfillment_orders(shop) == [("canceled", 5), ("new", sum(wanted))]

    shop.settle()
    assert fulfillment_orders(shop) == [("canceled", 5), ("shipped", sum(wanted))]
    (received,) = sent(shop)
    assert sorted(line["quantity"] for line in received["lines"]) == wanted
    assert (shop.order(number)["state"], units(shop, number)) == ("completed", lines)
    assert violations(shop) == []


def test_a_new_price_reaches_the_fulfiller_with_a_new_fulfillment_order(shop: Fabrikam) -> None:
    """A queued call has the prices of its time, and fulfillers may declare them to customs."""
    number = place(shop, 3, 2)
    shop.settle(calls=False)
    edit(
        shop,
        number,
        lambda lines: [{"id": lines[0]["id"], "quantity": 3, "price_ex_tax": 45}],
    )
    shop.settle(calls=False)

    order = shop.order(number)
    assert [line["unit_price"] for line in order["lines"]] == ["45.00", "50.00"]
    assert (order["subtotal"], order["total_amount"]) == ("235.00", "235.00")
    assert fulfillment_orders(shop) == [("canceled", 5), ("new", 5)]
    assert reserved(shop) == [2, 3]
    shop.settle()
    assert fulfillment_orders(shop) == [("canceled", 5), ("shipped", 5)]
    assert len(sent(shop)) == 1
    assert violations(shop) == []


def place_for_two_towns(shop: Fabrikam) -> str:
    """Order 1 unit for Redmond and 2 for Dallas: two fulfillment orders."""
    shipping = [
        {**SHOPPER, "line_items": [{"product_id": 77, "quantity": 1}]},
        {**DALLAS, "line_items": [{"product_id": 77, "quantity": 2}]},
    ]
    return place(shop, consignments={"shipping": shipping})


def delay_calls(shop: Fabrikam, city: str) -> None:
    """Let the queued calls for a town be due in an hour only."""
    with shop.application.database.unit_of_work() as session:
        statement = (
            "UPDATE orchestration.provider_call SET due_at = due_at + interval '1h'"
            " WHERE entity_id IN (SELECT id FROM fulfillment.fulfillment_order"
            " WHERE ship_to ->> 'city' = %s)"
        )
        assert execute(session, statement, (city,)) == 1


def test_of_an_order_released_in_part_the_rest_can_still_be_removed(shop: Fabrikam) -> None:
    number = place_for_two_towns(shop)
    shop.settle(calls=False)
    delay_calls(shop, "Dallas")
    shop.settle()
    assert fulfillment_orders(shop) == [("shipped", 1), ("new", 2)]

    edit(shop, number, resize(1, 0))
    shop.settle()

    assert fulfillment_orders(shop) == [("shipped", 1), ("canceled", 2)]
    assert units(shop, number) == [(1, 0, 1), (2, 2, 0)]
    assert (shop.order(number)["state"], reserved(shop)) == ("completed", [])
    assert [line["quantity"] for order in sent(shop) for line in order["lines"]] == [1]
    assert violations(shop) == []


def test_of_an_order_released_in_part_an_increase_is_left_to_a_person(shop: Fabrikam) -> None:
    number = place_for_two_towns(shop)
    shop.settle(calls=False)
    delay_calls(shop, "Dallas")
    shop.settle()
    edit(shop, number, resize(1, 6))
    shop.settle()

    assert fulfillment_orders(shop) == [("shipped", 1), ("new", 2)]
    ((changes,),) = shop.fetch("SELECT source_changes FROM orders.order")
    assert [(change["what"], change.get("here")) for change in changes][0] == ("line", 2)
    assert changes[0]["source"] == 6
