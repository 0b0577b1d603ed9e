"""Shops as JSON objects, and the generator's catalog, customers and orders."""

import random
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from openiom_simulators.generator import DAY, catalog, customers, generate, placed_orders, places
from openiom_simulators.names import GOODS, MATERIALS, US_STATES
from openiom_simulators.shop_data import (
    Address,
    PlacedLine,
    address_from,
    customers_from,
    placed_order_from,
    products_from,
)

NOW = 1_767_225_600


def order_document(**more: Any) -> dict[str, Any]:
    return {
        "customer_id": 7,
        "currency": "USD",
        "created": NOW,
        "shipping": {"first_name": "Ada", "zip": "98101"},
        "lines": [{"sku": "LAMP", "name": "Lamp", "quantity": 2, "price": 1999}],
        **more,
    }


def test_an_address_ignores_unknown_keys_and_fills_absent_ones() -> None:
    address = address_from({"first_name": "Ada", "zip": 98101, "planet": "Earth", "city": None})

    assert address == Address(first_name="Ada", zip="98101")


def test_an_order_is_billed_to_where_it_ships_unless_it_says_otherwise() -> None:
    same = placed_order_from(order_document())
    other = placed_order_from(order_document(billing={"first_name": "Bob"}))

    assert same.billing == same.shipping == Address(first_name="Ada", zip="98101")
    assert other.billing == Address(first_name="Bob")
    assert same.lines == [PlacedLine("LAMP", "Lamp", 2, 1999)]
    assert (same.status_id, same.shipping_cost, same.payment_method) == (11, 0, "Credit Card")


def test_plain_fields_of_an_order_are_kept() -> None:
    order = placed_order_from(
        order_document(status_id=4, shipping_cost=499, external_order_id="X-1")
    )

    assert (order.status_id, order.shipping_cost, order.external_order_id) == (4, 499, "X-1")


@pytest.mark.parametrize("missing", ["shipping", "lines"])
def test_an_order_without_a_required_part_is_refused(missing: str) -> None:
    document = order_document()
    del document[missing]

    with pytest.raises(KeyError, match=missing):
        placed_order_from(document)


def test_a_line_with_an_unknown_field_is_refused() -> None:
    with pytest.raises(TypeError, match="color"):
        placed_order_from(order_document(lines=[{"sku": "A", "color": "red"}]))


def test_products_and_customers_are_read_from_their_fields() -> None:
    (product,) = products_from(
        [{"id": 101, "sku": "LAMP", "name": "Lamp", "price": 1999, "weight": 800}]
    )
    (customer,) = customers_from(
        [
            {
                "id": 1,
                "first_name": "Ada",
                "last_name": "King",
                "email": "ada@example.com",
                "address": {"city": "London", "country_iso2": "GB"},
            }
        ]
    )

    assert (product.variant_id, product.brand, product.inventory_level) == (1_000_101, "", 0)
    assert customer.address == Address(city="London", country_iso2="GB")


def test_every_product_has_its_own_sku_and_a_plausible_price() -> None:
    products = catalog(products=len(GOODS) * len(MATERIALS) + 5, seed=3)

    assert len({product.sku for product in products}) == len(products) == 305
    assert [product.id for product in products] == list(range(101, 406))
    assert (products[0].name, products[0].sku) == ("Oak Desk Lamp", "LAMP-OAK-01")
    assert (products[300].name, products[300].sku) == ("Oak Desk Lamp No. 2", "LAMP-OAK-02")

    for product, (_, _, low, high, grams) in zip(products, GOODS * 11, strict=False):
        assert low * 100 + 99 <= product.price < high * 100
        assert product.price % 100 == 99
        assert 0.7 * grams - 1 <= product.weight <= 1.4 * grams
        assert 20 <= product.inventory_level < 2_000


def test_places_are_active_zip_codes_of_the_states() -> None:
    found = places()

    assert len(found) > 25_000
    assert len({place.zip for place in found}) == len(found)
    assert {place.state for place in found} == set(US_STATES.values())
    assert len(US_STATES) == 51


def test_customers_live_at_real_places() -> None:
    known = {place.zip: place for place in places()}

    for number, customer in enumerate(customers(count=50, seed=1, created=NOW), start=1):
        place = known[customer.address.zip]
        assert customer.id == number
        assert (customer.address.city, customer.address.state) == (place.city, place.state)
        assert customer.address.email == customer.email
        assert customer.email.endswith(f".{number}@example.com")
        assert customer.created == NOW


def test_orders_are_placed_one_after_the_other_within_thirty_days() -> None:
    products = catalog(products=20, seed=1)
    buyers = customers(count=5, seed=1, created=NOW)
    orders = list(placed_orders(count=300, seed=1, products=products, buyers=buyers, now=NOW))

    assert [order.created for order in orders] == sorted(order.created for order in orders)
    assert orders[0].created == NOW - 30 * DAY
    assert orders[-1].created < NOW
    gaps = {after.created - before.created for before, after in pairwise(orders)}
    assert gaps == {30 * DAY // 300}
    sizes = Counter(len(order.lines) for order in orders)
    assert set(sizes) == {1, 2, 3, 4, 5}
    assert sizes[1] > sizes[2] > sizes[4]
    known = {product.sku: product for product in products}

    for order in orders:
        skus = [line.sku for line in order.lines]
        assert len(set(skus)) == len(skus)

        for line in order.lines:
            assert (line.price, line.weight) == (known[line.sku].price, known[line.sku].weight)
            assert 1 <= line.quantity <= 4


def test_a_shop_with_fewer_products_than_lines_repeats_none() -> None:
    shop = generate(orders=40, seed=1, now=NOW, products=2, buyers=1)

    assert {len(order.lines) for order in shop.orders} == {1, 2}


@pytest.mark.parametrize(
    ("orders", "buyers"), [(0, 20), (30, 20), (63, 21), (15_000, 5_000), (40_000, 5_000)]
)
def test_the_number_of_customers_follows_the_number_of_orders(orders: int, buyers: int) -> None:
    assert len(generate(orders=orders, seed=1, now=NOW, products=1).customers) == buyers


def test_the_generator_does_not_depend_on_the_global_random_state() -> None:
    random.seed(1)
    one = list(generate(orders=20, seed=9, now=NOW).orders)
    random.seed(2)

    assert list(generate(orders=20, seed=9, now=NOW).orders) == one
