"""The BigCommerce sample, end to end: ordered, sourced, shipped by the 3PL, sent to the store."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import httpx
import pytest

from openiom.app.invariants import check_invariants
from openiom.inventory_visibility import (
    StockChange,
    SupplyDocument,
    SupplyLineDocument,
    SupplyLineKey,
    SupplyMovement,
    change_on_hand,
    receive_supply,
    upsert_supply_orders,
)
from openiom.orchestration import reprocess
from openiom.orders import cancel_orders
from openiom.platform.batches import drain
from openiom.platform.clock import utc_now
from openiom.providers import MappingBody, parked_totals
from openiom.providers.mapping_release import accepted_orders, preview_release
from openiom_simulators.seed import seed_company

SHOPPER = {
    "first_name": "Richard",
    "last_name": "Miles",
    "company": "TestBCAccount",
    "street_1": "1 Microsoft Way",
    "city": "Redmond",
    "state": "Washington",
    "zip": "98052",
    "country": "United States",
    "country_iso2": "US",
    "email": "richard@example.com",
}


@pytest.fixture
def shop(fabrikam):
    """The store, with the sample's one product."""
    scale = {
        "id": 77,
        "sku": "ABS",
        "name": "Accu Scale",
        "price": 3999,
        "weight": 1200,
        "inventory_level": 50,
    }
    loaded = httpx.post(
        f"{fabrikam.store.url}/_sim/load", json={"products": [scale], "customers": [], "orders": []}
    )
    assert loaded.status_code == 200
    return fabrikam


def place(shop, *lines) -> str:
    """Enter an order in the store's back office; returns its number."""
    body = {
        "billing_address": SHOPPER,
        "products": [*lines],
        "payment_method": "Manual",
        "status_id": 11,
    }
    answer = httpx.post(
        f"{shop.store.url}/stores/fabrikam/v2/orders",
        json=body,
        headers={"X-Auth-Token": "store-token"},
    )
    assert answer.status_code in (200, 201), answer.text
    return str(answer.json()["id"])


def in_store(shop, number: str) -> dict:
    return httpx.get(
        f"{shop.store.url}/stores/fabrikam/v2/orders/{number}",
        headers={"X-Auth-Token": "store-token"},
    ).json()


def test_the_sample_order_goes_all_the_way_and_the_store_learns_of_it(shop):
    number = place(shop, {"product_id": 77, "quantity": 2})

    shop.settle()

    order = shop.order(number)
    assert (order["state"], order["state_reason"]) == ("completed", "Fulfilled")
    assert (order["account"], order["price_list"]) == ("TestBCAccount", "MasterPriceList")
    assert [
        (x["product"], x["unit"], x["quantity"], x["shipped"], x["source"]) for x in order["lines"]
    ] == [
        ("Accu Scale", "ea", 2, 2, "SEA")  # Redmond is next to Seattle
    ]
    events = shop.events(number)
    assert [
        events.count(name) for name in ("order.created", "order.shipped", "shipment.pushed")
    ] == [1, 1, 1]
    told = in_store(shop, number)
    assert (told["status"], told["items_shipped"]) == ("Shipped", 2)
    shipments = httpx.get(
        f"{shop.store.url}/stores/fabrikam/v2/orders/{number}/shipments",
        headers={"X-Auth-Token": "store-token"},
    ).json()
    kept = shop.fetch("SELECT tracking_number FROM fulfillment.shipment")
    assert [(s["tracking_number"],) for s in shipments] == kept
    seattle = (
        "SELECT on_hand::int, reserved::int FROM inventory_visibility.stock"
        " WHERE source = %s AND product = %s"
    )
    assert shop.fetch(seattle, "SEA", "Accu Scale") == [(998, 0)]
    assert [c.name for c in check_invariants(shop.application.database) if c.violations] == []


def test_the_options_of_a_product_reach_the_3pl_as_its_variant(shop):
    options = [
        {"display_name": "Size", "display_value": "XL"},
        {"display_name": "Colour", "display_value": "Red"},
        {"display_name": "Gift note", "display_value": "Happy birthday"},
    ]
    number = place(shop, {"product_id": 77, "quantity": 2, "product_options": options})

    shop.settle()

    (line,) = shop.order(number)["lines"]
    variant = {"size": "XL", "color": "Red", "style": "", "configuration": ""}
    assert (line["variant"], line["quantity"], line["shipped"]) == (variant, 2, 2)
    headers = {"Authorization": "Bearer warehouse-token"}
    orders = httpx.get(f"{shop.warehouse.url}/v1/orders", headers=headers).json()["orders"]
    (sent,) = orders[-1]["lines"]
    assert (sent["quantity"], sent["unit"], sent["variant"]) == (2, "ea", variant)


def test_an_unknown_sku_is_parked_with_its_key_and_goes_on_by_itself_once_it_is_mapped(shop):
    mystery = {"id": 78, "sku": "MYST", "name": "Mystery", "price": 500, "weight": 100}
    httpx.post(
        f"{shop.store.url}/_sim/load", json={"products": [mystery], "customers": [], "orders": []}
    )
    unknown, known = (
        place(shop, {"product_id": 78, "quantity": 1}),
        place(shop, {"product_id": 77, "quantity": 1}),
    )
    shop.settle()

    assert shop.order(known)["state"] == "completed"
    assert shop.fetch(
        "SELECT key, error->>'what' FROM providers.message WHERE state = 'parked'"
    ) == [(unknown, 'no mapping for product with sku "MYST"')]
    mapping = {"table": "product", "field": "sku", "value": "MYST", "internal": "Accu Scale"}
    document = {"kind": "mapping", "name": "product/default/sku=MYST", "body": mapping}
    (parked,) = shop.fetch("SELECT id FROM providers.message WHERE state = 'parked'")
    registry = shop.application.registry

    with shop.application.database.unit_of_work() as session:
        release = preview_release(session, registry, [MappingBody.model_validate(mapping)])
        assert accepted_orders(session, registry, parked) == []
        (total,) = parked_totals(session, limit=9)
        assert (total.currency, Decimal(total.amount), total.orders) == (
            release.amounts[0].currency,
            release.amounts[0].amount,
            1,
        )
        shop.application.configuration.apply(session, [document], at=utc_now(), actor="a person")

    shop.settle()

    order = shop.order(unknown)
    assert order["state"] == "completed"
    assert in_store(shop, unknown)["status"] == "Shipped"
    assert release.amounts[0].amount == Decimal(order["total_amount"])
    assert release.model_dump(mode="json") == {
        "messages": 1,
        "needing_more": 0,
        "orders": 1,
        "amounts": [{"currency": "USD", "amount": "5.0000", "orders": 1}],
        "amounts_complete": True,
        "external": [
            {"value": "MYST", "name": "Mystery", "unit_price": "5.0000", "currency": "USD"}
        ],
    }
    with shop.application.database.reading() as session:
        (taken_in,) = accepted_orders(session, registry, parked)
    assert (taken_in.id, taken_in.number) == (order["id"], unknown)


def test_more_than_there_is_waits_where_a_person_sees_it_and_goes_on_after_new_stock(shop):
    number = place(shop, {"product_id": 77, "quantity": 7_000})
    shop.settle()

    order = shop.order(number)
    assert (order["state"], order["state_reason"]) == ("on_hold", "Inventory not found")
    assert shop.fetch("SELECT sum(reserved)::int FROM inventory_visibility.stock") == [(0,)]
    assert shop.fetch(
        "SELECT step, error->>'what' FROM orchestration.token WHERE state = 'failed'"
    ) == [
        (
            "await_stock",
            "no source can serve Accu Scale, and backorders are not accepted;"
            " add stock and reprocess, or accept backorders",
        )
    ]

    arrived = [StockChange("Accu Scale", "DAL", Decimal(7_000))]

    with shop.application.database.unit_of_work() as session:
        change_on_hand(
            session, arrived, mode="change", cause="t", document="t", now=utc_now(), actor="t"
        )
        assert reprocess(session, root_ids=[UUID(order["id"])], now=utc_now())[0].ok

    shop.settle()

    order = shop.order(number)
    assert (order["state"], order["lines"][0]["source"]) == ("completed", "DAL")
    assert in_store(shop, number)["status"] == "Shipped"


def test_a_backorder_goes_on_by_itself_when_its_purchase_order_is_received(shop):
    body = {"backorder": True, "backorder_sla_days": 60}
    seed_company(shop.application, [{"kind": "order_preferences", "name": "default", "body": body}])
    number = place(shop, {"product_id": 77, "quantity": 7_000})
    shop.settle()

    order = shop.order(number)
    assert (order["state"], order["state_reason"]) == ("on_hold", "Backorder Hold")
    assert shop.fetch("SELECT state, step FROM orchestration.token") == [("waiting", "waiting")]
    coming = SupplyLineDocument(
        1, "Accu Scale", "DAL", Decimal(7_000), utc_now().date() + timedelta(days=3)
    )

    with shop.application.database.unit_of_work() as session:
        assert upsert_supply_orders(
            session, [SupplyDocument("purchase", "PO-7", [coming])], utc_now(), "t"
        ) == [""]

    shop.settle()
    assert shop.fetch("SELECT available_on FROM orders.waiting_line") == [(coming.expected_date,)]
    assert shop.order(number)["state"] == "on_hold"

    receipt = SupplyMovement("R-1", SupplyLineKey("purchase", "PO-7", 1), Decimal(7_000))

    with shop.application.database.unit_of_work() as session:
        assert receive_supply(session, [receipt], utc_now(), "t")[0].ok

    shop.settle()

    order = shop.order(number)
    assert (order["state"], order["lines"][0]["source"]) == ("completed", "DAL")
    assert in_store(shop, number)["status"] == "Shipped"
    events = shop.events(number)
    assert [
        events.count(e) for e in ("order.backorder_hold_placed", "order.backorder_hold_released")
    ] == [1, 1]
    assert [c.name for c in check_invariants(shop.application.database) if c.violations] == []


def test_a_preorder_waits_for_its_launch_and_is_canceled_with_its_order(shop):
    launch = (utc_now() + timedelta(days=9)).date()
    body = {"name": "Accu Scale", "preorder_eligible": True, "launch_date": str(launch)}
    seed_company(shop.application, [{"kind": "product", "name": "Accu Scale", "body": body}])
    waiting, given_up = (
        place(shop, {"product_id": 77, "quantity": 1}),
        place(shop, {"product_id": 77, "quantity": 1}),
    )
    shop.settle()
    assert shop.order(waiting)["state_reason"] == "Preorder Hold"

    with shop.application.database.unit_of_work() as session:
        assert cancel_orders(session, [UUID(shop.order(given_up)["id"])], utc_now(), "clerk")[0].ok

    shop.settle()
    assert shop.fetch("SELECT count(*) FROM orders.waiting_line") == [(1,)]
    drain(shop.application.database, shop.application.workers(), now=utc_now() + timedelta(days=9))
    shop.settle()
    assert shop.order(waiting)["state"] == "completed"
    assert shop.order(given_up)["state"] == "canceled"
    assert [c.name for c in check_invariants(shop.application.database) if c.violations] == []


def test_a_parcel_split_by_the_3pl_reaches_the_store_as_two_shipments(shop):
    httpx.put(f"{shop.warehouse.url}/_sim/behavior", json={"partial_ratio": 1.0})
    number = place(shop, {"product_id": 77, "quantity": 3})

    shop.settle()

    assert shop.order(number)["state"] == "completed"
    assert in_store(shop, number)["items_shipped"] == 3
    assert shop.fetch("SELECT count(*) FROM fulfillment.shipment") == [(2,)]
    events = shop.events(number)
    assert (events.count("order.partially_shipped"), events.count("order.shipped")) == (1, 1)
    assert events.count("shipment.pushed") == 2


def sources_of(shop, number: str) -> list[tuple[str, str]]:
    return shop.fetch(
        "SELECT f.source, f.state FROM fulfillment.fulfillment_order f"
        " JOIN orders.order o ON o.id = f.order_id"
        " WHERE o.number = %s ORDER BY f.created_at, f.id",
        number,
    )


def test_what_the_3pl_declines_is_sourced_again_from_elsewhere(shop):
    httpx.put(f"{shop.warehouse.url}/_sim/behavior", json={"accept_after": 3_600})
    number = place(shop, {"product_id": 77, "quantity": 2})
    shop.settle()
    assert sources_of(shop, number) == [("SEA", "sent")]

    order_port = httpx.Client(
        base_url=f"{shop.warehouse.url}/v1/", headers={"Authorization": "Bearer warehouse-token"}
    )
    with order_port:
        (theirs,) = order_port.get("orders").json()["orders"]
        declined = order_port.post(f"orders/{theirs['id']}/decline", json={"reason": "damaged"})

    assert declined.status_code == 200, declined.text

    httpx.put(f"{shop.warehouse.url}/_sim/behavior", json={"accept_after": 0})
    shop.settle()

    first, second = sources_of(shop, number)
    assert (first, second[0] != "SEA", second[1]) == (("SEA", "declined"), True, "shipped")
    assert shop.order(number)["state"] == "completed"
    events = shop.events(number)
    assert (events.count("order.fulfillment_declined"), events.count("order.shipped")) == (1, 1)
    assert [c.name for c in check_invariants(shop.application.database) if c.violations] == []


def test_an_order_every_source_declines_stops_where_a_person_sees_it(shop):
    httpx.put(f"{shop.warehouse.url}/_sim/behavior", json={"decline_ratio": 1.0})
    number = place(shop, {"product_id": 77, "quantity": 1})
    shop.settle(rounds=60)

    asked = sources_of(shop, number)
    assert len({source for source, _ in asked}) == len(asked) > 1
    assert {state for _, state in asked} == {"declined"}
    assert shop.order(number)["state"] == "on_hold"
    assert shop.fetch("SELECT step FROM orchestration.token WHERE state = 'failed'") == [
        ("await_stock",)
    ]
    assert shop.fetch("SELECT sum(reserved)::int FROM inventory_visibility.stock") == [(0,)]


def test_an_order_that_waits_for_a_product_continues_once_it_is_added(shop):
    mapping = {"table": "product", "field": "sku", "value": "*", "internal": "*"}
    document = {"kind": "mapping", "name": "product/default/sku=*", "body": mapping}

    with shop.application.database.unit_of_work() as session:
        shop.application.configuration.apply(session, [document], at=utc_now(), actor="a person")

    fresh = {"id": 79, "sku": "NEW", "name": "Brand new", "price": 500, "weight": 100}
    httpx.post(
        f"{shop.store.url}/_sim/load", json={"products": [fresh], "customers": [], "orders": []}
    )
    number = place(shop, {"product_id": 79, "quantity": 1})
    shop.settle()
    assert shop.fetch("SELECT error->>'what' FROM providers.message WHERE state = 'parked'") == [
        ("there is no product NEW",)
    ]

    product = {"kind": "product", "name": "NEW", "body": {"name": "Brand new", "unit": "ea"}}
    arrived = [StockChange("NEW", "SEA", Decimal(5))]

    with shop.application.database.unit_of_work() as session:
        shop.application.configuration.apply(session, [product], at=utc_now(), actor="a person")
        change_on_hand(
            session, arrived, mode="set", cause="t", document="t", now=utc_now(), actor="t"
        )

    shop.settle()

    assert shop.order(number)["state"] == "completed"
    assert shop.fetch("SELECT count(*) FROM providers.unmapped_key") == [(0,)]
