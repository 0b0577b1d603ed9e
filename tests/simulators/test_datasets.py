"""Generated and recorded data of a shop; the same seed gives the same shop."""

import httpx
import pytest
import zipcodes
from tests.external_data import external_path

from openiom_simulators import StoreOptions, running, store_application
from openiom_simulators.generator import generate
from openiom_simulators.olist import OlistAbsent, read_olist

NOW = 1_767_225_600


def test_the_same_seed_gives_the_same_shop_and_another_seed_another():
    one, same, other = (generate(orders=200, seed=seed, now=NOW) for seed in (5, 5, 6))
    orders = list(one.orders)
    assert (one.products, one.customers, orders) == (
        same.products,
        same.customers,
        list(same.orders),
    )
    assert orders != list(other.orders)


def test_generated_orders_have_one_to_five_lines_at_real_zip_codes():
    shop = generate(orders=500, seed=1, now=NOW)
    orders = list(shop.orders)
    assert len({product.sku for product in shop.products}) == len(shop.products) == 300
    assert {len(order.lines) for order in orders} == {1, 2, 3, 4, 5}
    assert all(order.created <= NOW for order in orders)
    for order in orders[:25]:
        (place,) = zipcodes.matching(order.shipping.zip)
        assert place["city"] == order.shipping.city


def test_olist_orders_have_the_data_of_the_marketplace():
    shop = read_olist(external_path("data/olist"), orders=1_000)
    orders = list(shop.orders)
    assert len(orders) == len(shop.customers) == 1_000
    assert (shop.currency, shop.country_iso2) == ("BRL", "BR")
    first = orders[0]
    assert (first.external_order_id, first.shipping.zip, first.shipping.state) == (
        "OLIST-1",
        "02308-000",
        "São Paulo",
    )
    assert [(line.sku, line.quantity, line.price) for line in first.lines] == [
        ("HOUSEWARES-0560", 1, 2999)
    ]
    catalog = {product.id: product.sku for product in shop.products}
    assert all(catalog[line.product_id] == line.sku for order in orders for line in order.lines)


def test_a_store_with_olist_orders_has_their_currency():
    with running(store_application(StoreOptions(store_hash="s1", token="t"))) as (store,):
        load = {"source": "olist", "path": str(external_path("data/olist")), "orders": 300}
        loaded = httpx.post(f"{store.url}/_sim/load", json=load, timeout=60).json()
        assert (loaded["orders"], loaded["customers"]) == (300, 300)
        order = httpx.get(
            f"{store.url}/stores/s1/v2/orders/100", headers={"X-Auth-Token": "t"}
        ).json()
        assert (order["currency_code"], order["external_order_id"]) == ("BRL", "OLIST-1")


def test_a_folder_without_olist_is_refused_with_the_missing_files(tmp_path):
    with pytest.raises(OlistAbsent, match="lacks orders_delivered.parquet"):
        read_olist(tmp_path)
