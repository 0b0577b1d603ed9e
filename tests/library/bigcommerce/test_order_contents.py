"""What orders of the store mean: all their lines, where they go, and what is to be done."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from openiom.kernel import ProviderRejected
from openiom.library.bigcommerce import PROVIDER
from openiom.library.bigcommerce.connector import BigCommerce
from openiom.library.bigcommerce.order_contents import (
    StatusMeanings,
    flatten_consignments,
    is_incomplete,
    with_variant,
)
from openiom.library.bigcommerce.order_reader import OrderPage, OrderReader
from openiom.library.bigcommerce.settings import BigCommerceParameters
from openiom.policies import Transformation, TransformationDocument
from openiom.provider_contract import Call, RawMessage
from openiom.testing import connect
from openiom_simulators import RunningServer, StoreOptions, running, store_application

TOKEN = "token"
BILLING = {"first_name": "Jane", "city": "Bellevue", "zip": "98007", "country_iso2": "us"}
LOCATION = {"code": "SHOP-2", "name": "Austin shop", "city": "Austin", "country_alpha2": "US"}
ACTIONS = {action.name: action for action in PROVIDER.actions}


@pytest.fixture(scope="module")
def store() -> Iterator[RunningServer]:
    with running(store_application(StoreOptions(store_hash="shop", token=TOKEN))) as (server,):
        products = [
            {"id": 1, "sku": "LAMP", "name": "Lamp", "price": 5000, "weight": 100},
            {"id": 2, "sku": "PDF", "name": "Guide", "price": 900, "weight": 0, "type": "digital"},
        ]
        load = {"products": products, "customers": [], "orders": []}
        httpx.post(f"{server.url}/_sim/load", json=load).raise_for_status()
        yield server


@pytest.fixture
def shop(store: RunningServer) -> Iterator[BigCommerce]:
    given = {"api_url": store.url, "store_hash": "shop", "access_token": TOKEN, "webhook_key": "k"}
    with closing(connect(PROVIDER, given)) as connector:
        yield connector


def api(store: RunningServer, method: str, path: str, body: Any = None) -> Any:
    url = f"{store.url}/stores/shop/{path}"
    response = httpx.request(method, url, json=body, headers={"X-Auth-Token": TOKEN})
    response.raise_for_status()
    return response.json() if response.content else None


def place(store: RunningServer, **document: Any) -> str:
    order = {"status_id": 11, "billing_address": BILLING, **document}
    return str(api(store, "POST", "v2/orders", order)["id"])


def read(shop: BigCommerce, number: str) -> RawMessage:
    """Return the last message of an order in a poll that is not the first."""
    since = orjson.dumps({"since": "2026-01-01T00:00:00+00:00", "after": None}).decode()
    found = [m for page in shop.pull("order", since) for m in page.messages if m.key == number]
    return found[-1]


def document(message: RawMessage) -> dict[str, Any]:
    (kind,) = (one for one in PROVIDER.messages if one.name == "order")
    transformation = Transformation(TransformationDocument.model_validate(kind.transformation))
    [made] = transformation.transform_many([message.payload])
    return dict(made.document)  # type: ignore[union-attr]


@pytest.mark.parametrize("count", [51, 200, 251])
def test_all_lines_of_a_long_order_are_read(
    store: RunningServer, shop: BigCommerce, count: int
) -> None:
    number = place(store, products=[{"product_id": 1, "quantity": 1}] * count)
    order = document(read(shop, number))
    assert (len(order["lines"]), order["expected_line_count"]) == (count, count)
    assert len({line["external_id"] for line in order["lines"]}) == count


def meanings() -> StatusMeanings:
    given = BigCommerceParameters()
    return StatusMeanings(frozenset(given.take_in), frozenset(given.hold), frozenset(given.cancel))


def test_an_order_whose_other_lines_the_store_refuses_is_not_taken_for_whole() -> None:
    changed = datetime(2026, 6, 5, 8, 30, tzinfo=UTC)
    lines = [{"id": number, "quantity": 1} for number in range(50)]
    shipping = {"id": 1, "line_items": lines, "__warning__": {"message": "only 50"}}
    row = {
        "id": 7,
        "status_id": 11,
        "date_modified": format_datetime(changed),
        "consignments": {"shipping": [shipping]},
    }

    def refuse(order_id: str) -> list[dict[str, Any]]:
        raise ProviderRejected(f"order {order_id} is not found")

    reader = OrderReader(lambda query: OrderPage([row], changed), refuse, 250, meanings())
    [message] = next(reader.pages("")).messages
    assert (len(message.payload["products"]), message.payload["line_count"]) == (50, 51)


def test_an_order_with_fewer_units_than_stated_is_incomplete() -> None:
    shipping = [{"line_items": [{"quantity": 2}]}]
    row = {"id": 7, "items_total": 2, "consignments": {"shipping": shipping}}
    assert not is_incomplete(row)
    assert is_incomplete({**row, "items_total": 3})


@pytest.mark.parametrize(
    ("row", "disposition"),
    [
        *[({"status_id": status}, "hold") for status in (0, 1, 7, 12, 13)],
        *[({"status_id": status}, "cancel") for status in (4, 5, 6)],
        *[({"status_id": status}, "update") for status in (2, 3, 8, 9, 10)],
        ({"status_id": 11}, "accept"),
        ({"status_id": 11, "is_deleted": True}, "cancel"),
        ({"status_id": 14}, "accept"),
        ({"status_id": 14, "items_shipped": 1}, "update"),
        ({"status_id": 14, "date_shipped": "Fri, 05 Jun 2026 08:30:00 +0000"}, "update"),
        ({}, "update"),
    ],
)
def test_every_status_says_what_is_to_be_done(row: dict[str, Any], disposition: str) -> None:
    assert meanings().disposition(row) == disposition


def test_a_withdrawn_order_has_a_fallback(store: RunningServer, shop: BigCommerce) -> None:
    number = place(store, products=[{"product_id": 1, "quantity": 1}], status_id=6)
    message = read(shop, number)
    expected = {"external_id": number, "external_status": "Declined", "disposition": "cancel"}
    assert message.fallback == expected
    assert document(message)["disposition"] == "cancel"
    api(store, "PUT", f"v2/orders/{number}", {"status_id": 11})
    assert read(shop, number).fallback is None


def test_a_first_poll_leaves_out_what_others_fulfill(
    store: RunningServer, shop: BigCommerce
) -> None:
    number = place(store, products=[{"product_id": 1, "quantity": 1}], status_id=10)
    first = {m.key for page in shop.pull("order", "") for m in page.messages}
    assert number not in first
    assert read(shop, number).payload["disposition"] == "update"


@pytest.mark.parametrize("scope", ["store/order/archived", "store/order/deleted"])
def test_a_webhook_of_a_removed_order_cancels_it(shop: BigCommerce, scope: str) -> None:
    body = orjson.dumps({"scope": scope, "data": {"type": "order", "id": 77}, "created_at": 9})
    received = shop.receive({"x-openiom-key": "k"}, body)
    [message] = received.messages
    assert (message.key, message.sequence, received.poll_now) == ("77", 9, True)
    assert message.fallback == {
        "external_id": "77",
        "external_status": "Archived",
        "disposition": "cancel",
    }


def test_quantities_refunded_and_shipped_are_read(store: RunningServer, shop: BigCommerce) -> None:
    number = place(store, products=[{"product_id": 1, "quantity": 3}])
    [line] = api(store, "GET", f"v2/orders/{number}/products")
    refund = {"items": [{"item_type": "PRODUCT", "item_id": line["id"], "quantity": 1}]}
    api(store, "POST", f"v3/orders/{number}/payment_actions/refunds", refund)
    shipment = {"items": [{"order_product_id": line["id"], "quantity": 2}]}
    api(store, "POST", f"v2/orders/{number}/shipments", shipment)
    [found] = document(read(shop, number))["lines"]
    assert (found["quantity"], found["canceled_quantity"], found["shipped_quantity"]) == (3, 1, 2)


def test_lines_of_a_second_address_have_their_own(store: RunningServer, shop: BigCommerce) -> None:
    shipping = [
        {**BILLING, "line_items": [{"product_id": 1, "quantity": 1}]},
        {
            "first_name": "Bob",
            "street_1": "9 Elm St",
            "city": "Dallas",
            "zip": "75201",
            "country_iso2": "US",
            "line_items": [{"product_id": 1, "quantity": 2}],
        },
    ]
    number = place(store, consignments={"shipping": shipping})
    order = document(read(shop, number))
    first, second = order["lines"]
    assert order["ship_to"]["city"] == "Bellevue"
    assert "ship_to" not in first
    address = {"name": "Bob", "line1": "9 Elm St", "city": "Dallas", "postal_code": "75201"}
    assert {name: second["ship_to"][name] for name in address} == address
    assert first["external_id"].split("-")[0] != second["external_id"].split("-")[0]


def test_pickups_and_downloads_are_not_parcels(store: RunningServer, shop: BigCommerce) -> None:
    consignments = {
        "pickups": [{"location": LOCATION, "line_items": [{"product_id": 1, "quantity": 1}]}],
        "downloads": [{"line_items": [{"product_id": 2, "quantity": 1}]}],
    }
    number = place(store, consignments=consignments)
    message = read(shop, number)
    pickup, download = document(message)["lines"]
    assert (pickup["delivery"], pickup["ship_to"]["city"]) == ("pickup", "Austin")
    assert (download["delivery"], "ship_to" in download) == ("digital", False)
    codes = [line.get("pickup_code") for line in message.payload["products"]]
    assert codes == ["SHOP-2", None]


def test_lines_read_outside_their_consignments_are_the_same(
    store: RunningServer, shop: BigCommerce
) -> None:
    line = {"product_id": 1, "quantity": 1}
    consignments = {
        "shipping": [
            {**BILLING, "line_items": [line]},
            {**BILLING, "city": "Dallas", "line_items": [line]},
        ],
        "downloads": [{"line_items": [{"product_id": 2, "quantity": 1}]}],
    }
    number = place(store, consignments=consignments)
    query = "include=consignments.line_items&consignment_structure=object"
    row = api(store, "GET", f"v2/orders/{number}?{query}")
    products = api(store, "GET", f"v2/orders/{number}/products")
    assert flatten_consignments(row, products) == flatten_consignments(row)


def test_a_gift_certificate_is_a_line_without_goods() -> None:
    certificate = {"id": 5, "type": "giftcertificate", "quantity": 1}
    email = {"gift_certificates": [{"recipient_email": "a@b.example", "line_items": certificate}]}
    [line] = flatten_consignments({"id": 1, "consignments": {"email": email}})["products"]
    assert (line["id"], line["delivery"]) == (5, "digital")


def test_discounts_fees_and_credit_are_added_up(store: RunningServer, shop: BigCommerce) -> None:
    number = place(
        store,
        products=[{"product_id": 1, "quantity": 2, "wrapping_cost_ex_tax": 3}],
        coupon_discount="10.0000",
        discount_amount="2.5000",
        handling_cost_ex_tax=4,
        store_credit_amount=20,
        gift_certificate_amount=5,
    )
    order = document(read(shop, number))
    amounts = (order["discount_amount"], order["fees_amount"], order["credit_amount"])
    assert amounts == ("12.5000", "7.0000", "25.0000")
    assert order["total_amount"] == "94.5000"


def test_an_amount_that_is_no_number_is_left_for_its_document() -> None:
    order = flatten_consignments({"id": 1, "discount_amount": "ten", "coupon_discount": "1"})
    assert order["discount_total"] == "ten"
    fees = [{"cost_ex_tax": "4.0000"}, {"cost_exc_tax": "12.3000"}]
    assert flatten_consignments({"id": 1, "fees": fees})["fee_total"] == "16.3000"


def test_a_collected_order_awaits_its_pickup(store: RunningServer, shop: BigCommerce) -> None:
    pickups = [{"location": LOCATION, "line_items": [{"product_id": 1, "quantity": 1}]}]
    number = place(store, consignments={"pickups": pickups})
    payload = {"order_id": number, "order_address_id": 0, "items": []}
    [result] = ACTIONS["push_shipment"].run(shop, [Call("key", payload)])
    assert (result.error, result.response) == (None, {"status_id": 8})


@pytest.mark.parametrize(
    ("state", "reason", "status"),
    [("on_hold", "Backorder Hold", 11), ("canceled", "Fulfilled upstream", 2)],
)
def test_a_status_that_is_sent_is_not_read_as_a_change_by_the_store(
    store: RunningServer, shop: BigCommerce, state: str, reason: str, status: int
) -> None:
    number = place(store, products=[{"product_id": 1, "quantity": 1}])
    payload = {"order_id": number, "state": state, "state_reason": reason}
    [result] = ACTIONS["push_status"].run(shop, [Call("key", payload)])
    assert result.response["status_id"] == status


def option(name: str, value: str) -> dict[str, Any]:
    return {"display_name": name, "display_value": value, "type": "Swatch"}


@pytest.mark.parametrize(
    ("options", "variant"),
    [
        ([option("Size", "M"), option("COLOR", "Red")], {"size": "M", "color": "Red"}),
        ([option(" colour ", "Navy ")], {"color": "Navy"}),
        (
            [option("Style", "Slim"), option("configuration", "Left")],
            {"style": "Slim", "configuration": "Left"},
        ),
        ([option("Color", "Red"), option("Colour", "Blue")], {"color": "Red"}),
        ([option("Engraving", "For Ann"), option("Size", "")], None),
        ([], None),
        (None, None),
    ],
)
def test_product_options_become_the_variant_of_a_line(
    options: list[dict[str, Any]] | None, variant: dict[str, str] | None
) -> None:
    line = {"id": 7, "sku": "ABS", "quantity": 2, "product_options": options}
    order = {"id": 1, "consignments": {"shipping": [{"city": "Bellevue", "line_items": [line]}]}}

    (read,) = flatten_consignments(order)["products"]

    assert read.get("variant") == variant
    assert {name: read[name] for name in line} == line


def test_an_order_line_document_has_the_variant_of_its_options() -> None:
    golden = Path(__file__).with_name("golden") / "message.order.json"
    order = orjson.loads(golden.read_bytes())["given"]
    line = {**order["products"][0], "product_options": [option("Size", "XL")]}
    order["products"][0] = with_variant(line)
    (message,) = (one for one in PROVIDER.messages if one.name == "order")
    transformation = Transformation(TransformationDocument.model_validate(message.transformation))

    (made,) = transformation.transform_many([order])

    first, second = made.document["lines"]  # type: ignore[union-attr]
    assert first["variant"] == {"size": "XL"}
    assert "variant" not in second
