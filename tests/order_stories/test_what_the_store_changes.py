"""What the store took back, changed or sends elsewhere is not shipped as it was first ordered."""

from typing import Any

import httpx
import pytest
from tests.order_stories.conftest import Fabrikam

from openiom.app.invariants import check_invariants
from openiom.kernel import Refused
from openiom.platform.bulk import execute
from openiom.platform.clock import utc_now

HEADERS = {"X-Auth-Token": "store-token"}
SHOPPER = {
    "first_name": "Richard",
    "last_name": "Miles",
    "street_1": "1 Microsoft Way",
    "city": "Redmond",
    "state": "Washington",
    "zip": "98052",
    "country": "United States",
    "country_iso2": "US",
}
DALLAS = {**SHOPPER, "street_1": "9 Elm St", "city": "Dallas", "state": "Texas", "zip": "75201"}
SCALE = {"id": 77, "sku": "ABS", "name": "Accu Scale", "price": 5000, "weight": 1200}
FAR_TOO_MANY = 7_000


@pytest.fixture
def shop(fabrikam: Fabrikam) -> Fabrikam:
    """The store with one product, and a guide to download."""
    guide = {**SCALE, "id": 78, "name": "Guide", "type": "digital"}
    load = {"products": [SCALE, guide], "customers": [], "orders": []}
    httpx.post(f"{fabrikam.store.url}/_sim/load", json=load).raise_for_status()
    return fabrikam


def call(shop: Fabrikam, method: str, path: str, body: Any = None) -> Any:
    url = f"{shop.store.url}/stores/fabrikam/{path}"
    response = httpx.request(method, url, json=body, headers=HEADERS)
    response.raise_for_status()
    return response.json() if response.content else None


def place(shop: Fabrikam, *quantities: int, **more: Any) -> str:
    order: dict[str, Any] = {"status_id": 11, "billing_address": SHOPPER, **more}
    if quantities:
        order["products"] = [{"product_id": 77, "quantity": units} for units in quantities]
    return str(call(shop, "POST", "v2/orders", order)["id"])


def store_lines(shop: Fabrikam, number: str) -> list[dict[str, Any]]:
    return list(call(shop, "GET", f"v2/orders/{number}/products?limit=250"))


def refund(shop: Fabrikam, number: str, units: int) -> None:
    [line] = store_lines(shop, number)
    items = [{"item_type": "PRODUCT", "item_id": line["id"], "quantity": units}]
    call(shop, "POST", f"v3/orders/{number}/payment_actions/refunds", {"items": items})


def shipped(shop: Fabrikam, number: str) -> tuple[str, int, int]:
    """Return the state of an order with its shipped and canceled units."""
    order = shop.order(number)
    units = [(line["shipped"], line["canceled"]) for line in order["lines"]]
    return order["state"], sum(s for s, _ in units), sum(c for _, c in units)


def sent(shop: Fabrikam) -> list[dict[str, Any]]:
    """Return the orders of the 3PL."""
    headers = {"Authorization": "Bearer warehouse-token"}
    body = httpx.get(f"{shop.warehouse.url}/v1/orders", headers=headers).json()
    return list(body["orders"])


def violations(shop: Fabrikam) -> list[str]:
    return [c.name for c in check_invariants(shop.application.database) if c.violations]


def test_orders_first_seen_as_taken_back_are_canceled(shop: Fabrikam) -> None:
    numbers = [place(shop, 2, status_id=status) for status in (4, 5, 6)]
    shop.settle()
    assert [shipped(shop, number) for number in numbers] == [("canceled", 0, 2)] * 3
    assert sent(shop) == []


def test_orders_first_seen_in_other_statuses_are_ignored(shop: Fabrikam) -> None:
    for status in (0, 1, 2, 3, 7, 8, 9, 10, 12, 13):
        place(shop, 2, status_id=status)

    shop.settle()
    assert shop.fetch("SELECT count(*) FROM orders.order") == [(0,)]
    assert sent(shop) == []


def test_waiting_orders_that_are_taken_back_are_canceled(shop: Fabrikam) -> None:
    numbers = [place(shop, FAR_TOO_MANY) for _ in range(3)]
    shop.settle()
    for number, status in zip(numbers, (4, 5, 6), strict=True):
        call(shop, "PUT", f"v2/orders/{number}", {"status_id": status})

    shop.settle()
    taken_back = [shipped(shop, number) for number in numbers]
    assert taken_back == [("canceled", 0, FAR_TOO_MANY)] * 3
    assert violations(shop) == []


def test_waiting_orders_are_on_hold_while_the_store_reviews_them(shop: Fabrikam) -> None:
    statuses = (0, 1, 7, 12, 13)
    numbers = [place(shop, FAR_TOO_MANY) for _ in statuses]
    shop.settle()
    for number, status in zip(numbers, statuses, strict=True):
        call(shop, "PUT", f"v2/orders/{number}", {"status_id": status})

    shop.settle()
    assert {shop.order(number)["state_reason"] for number in numbers} == {"Held upstream"}
    for number in numbers:
        call(shop, "PUT", f"v2/orders/{number}", {"status_id": 11})

    shop.settle()
    assert {shop.order(number)["state_reason"] for number in numbers} == {"Inventory not found"}


def test_an_archived_order_is_canceled_by_its_webhook(shop: Fabrikam) -> None:
    number = place(shop, FAR_TOO_MANY)
    shop.settle()
    call(shop, "DELETE", f"v2/orders/{number}")
    shop.hear_of_archived_orders([int(number)])
    shop.settle()
    assert shipped(shop, number) == ("canceled", 0, FAR_TOO_MANY)


@pytest.mark.parametrize("is_archived", [True, False])
def test_an_order_taken_back_before_it_is_sent_is_canceled_with_its_downloads(
    shop: Fabrikam, is_archived: bool
) -> None:
    products = [{"product_id": 77, "quantity": 2}, {"product_id": 78, "quantity": 3}]
    number = place(shop, products=products)
    shop.settle(calls=False)
    if is_archived:
        call(shop, "DELETE", f"v2/orders/{number}")
        shop.hear_of_archived_orders([int(number)])
    else:
        call(shop, "PUT", f"v2/orders/{number}", {"status_id": 5})

    shop.settle()
    order = shop.order(number)
    assert (order["state"], order["state_reason"]) == ("canceled", "Canceled upstream")
    assert [(x["canceled"], x["shipped"]) for x in order["lines"]] == [(2, 0), (3, 0)]
    assert sent(shop) == []
    assert violations(shop) == []


def test_refunded_units_are_not_shipped(shop: Fabrikam) -> None:
    number = place(shop, 2)
    refund(shop, number, 1)
    shop.settle()
    assert shipped(shop, number) == ("completed", 1, 1)
    assert [line["quantity"] for order in sent(shop) for line in order["lines"]] == [1]


def test_a_refund_while_the_order_waits_is_followed(shop: Fabrikam) -> None:
    """What is left after a refund ships once there is enough stock for it."""
    numbers = [place(shop, FAR_TOO_MANY), place(shop, FAR_TOO_MANY)]
    shop.settle()
    refund(shop, numbers[0], FAR_TOO_MANY - 2)
    refund(shop, numbers[1], FAR_TOO_MANY)
    shop.settle()
    assert shipped(shop, numbers[0]) == ("completed", 2, FAR_TOO_MANY - 2)
    assert shipped(shop, numbers[1]) == ("canceled", 0, FAR_TOO_MANY)
    assert violations(shop) == []


def test_units_that_the_store_has_shipped_are_not_shipped_again(shop: Fabrikam) -> None:
    number = place(shop, 3)
    [line] = store_lines(shop, number)
    shipment = {"items": [{"order_product_id": line["id"], "quantity": 1}]}
    call(shop, "POST", f"v2/orders/{number}/shipments", shipment)
    call(shop, "PUT", f"v2/orders/{number}", {"status_id": 11})
    shop.settle()
    assert shipped(shop, number) == ("completed", 2, 1)
    [line] = store_lines(shop, number)
    assert line["quantity_shipped"] == 3


def test_all_lines_of_a_long_order_are_sent(shop: Fabrikam) -> None:
    number = place(shop, *[1] * 51)
    shop.settle()
    assert shipped(shop, number) == ("completed", 51, 0)
    assert sum(len(order["lines"]) for order in sent(shop)) == 51


def test_each_address_gets_its_own_parcel_and_is_reported_to_the_store(shop: Fabrikam) -> None:
    shipping = [
        {**SHOPPER, "line_items": [{"product_id": 77, "quantity": 1}]},
        {**DALLAS, "line_items": [{"product_id": 77, "quantity": 2}]},
    ]
    number = place(shop, consignments={"shipping": shipping})
    shop.settle()
    assert shipped(shop, number) == ("completed", 3, 0)
    cities = shop.fetch("SELECT ship_to->>'city' FROM fulfillment.fulfillment_order ORDER BY 1")
    assert cities == [("Dallas",), ("Redmond",)]
    shipments = call(shop, "GET", f"v2/orders/{number}/shipments")
    addresses = sorted(line["order_address_id"] for line in store_lines(shop, number))
    assert sorted(s["order_address_id"] for s in shipments) == addresses
    assert call(shop, "GET", f"v2/orders/{number}")["status"] == "Shipped"


def test_a_download_needs_neither_stock_nor_parcel(shop: Fabrikam) -> None:
    consignments = {
        "shipping": [{**SHOPPER, "line_items": [{"product_id": 77, "quantity": 1}]}],
        "downloads": [{"line_items": [{"product_id": 78, "quantity": FAR_TOO_MANY}]}],
    }
    number = place(shop, consignments=consignments)
    shop.settle()
    assert shipped(shop, number) == ("completed", 1 + FAR_TOO_MANY, 0)
    assert [line["quantity"] for order in sent(shop) for line in order["lines"]] == [1]
    only = {"downloads": [{"line_items": [{"product_id": 78, "quantity": 1}]}]}
    number = place(shop, consignments=only)
    shop.settle()
    assert shop.order(number)["state_reason"] == "Delivered digitally"
    assert violations(shop) == []


def test_a_pickup_is_prepared_at_its_location(shop: Fabrikam) -> None:
    mapping = {"table": "warehouse", "field": "pickup_location", "value": "D2", "internal": "DAL"}
    apply(
        shop, {"kind": "mapping", "name": "warehouse/default/pickup_location=D2", "body": mapping}
    )
    location = {"code": "D2", "name": "Dallas shop", "city": "Dallas", "country_alpha2": "US"}
    pickups = [{"location": location, "line_items": [{"product_id": 77, "quantity": 1}]}]
    number = place(shop, consignments={"pickups": pickups})
    shop.settle()
    assert shipped(shop, number) == ("completed", 1, 0)
    query = "SELECT source, ship_to->>'name' FROM fulfillment.fulfillment_order"
    assert shop.fetch(query) == [("DAL", "Dallas shop")]
    assert call(shop, "GET", f"v2/orders/{number}")["status"] == "Awaiting Pickup"


def test_a_coupon_is_a_discount(shop: Fabrikam) -> None:
    number = place(shop, 2, coupon_discount="10.0000")
    shop.settle()
    order = shop.order(number)
    assert (order["discount_amount"], order["total_amount"]) == ("10.00", "90.00")
    assert shop.fetch("SELECT total_difference::float FROM orders.order") == [(0.0,)]


def test_lines_edited_before_release_are_shipped_as_edited(shop: Fabrikam) -> None:
    number = place(shop, FAR_TOO_MANY, 2)
    shop.settle()
    first, second = store_lines(shop, number)
    products = [
        {"id": first["id"], "quantity": 0},
        {"id": second["id"], "quantity": 3, "price_ex_tax": 45},
        {"product_id": 77, "quantity": 4},
    ]
    call(shop, "PUT", f"v2/orders/{number}", {"products": products})
    shop.settle()
    order = shop.order(number)
    lines = [(x["quantity"], x["canceled"], x["unit_price"]) for x in order["lines"]]
    assert lines == [(FAR_TOO_MANY, FAR_TOO_MANY, "50.00"), (3, 0, "45.00"), (4, 0, "50.00")]
    assert (order["subtotal"], order["total_amount"]) == ("335.00", "335.00")
    assert violations(shop) == []


def test_a_cancellation_needs_nothing_else_of_its_message(shop: Fabrikam) -> None:
    apply(shop, {"kind": "currency", "name": "NOK", "body": {"title": "Norwegian krone"}})
    number = place(shop, FAR_TOO_MANY, default_currency_code="NOK")
    shop.settle()
    with pytest.raises(Refused, match="currency NOK: is the currency of orders that are not done"):
        delete(shop, "currency", "NOK")

    with shop.application.database.unit_of_work() as session:
        execute(session, "DELETE FROM master_data.currency WHERE code = %s", ("NOK",))

    call(shop, "PUT", f"v2/orders/{number}", {"status_id": 5})
    shop.settle()
    assert shipped(shop, number) == ("canceled", 0, FAR_TOO_MANY)


def apply(shop: Fabrikam, document: dict[str, Any]) -> None:
    with shop.application.database.unit_of_work() as session:
        shop.application.configuration.apply(session, [document], at=utc_now(), actor="a person")


def delete(shop: Fabrikam, kind: str, name: str) -> None:
    with shop.application.database.unit_of_work() as session:
        shop.application.configuration.remove(
            session, [(kind, name)], at=utc_now(), actor="a person"
        )
