"""Shoppers find products, fill a cart and place orders on the pages of the store."""

import re
from collections.abc import Iterator

import httpx
import pytest

from openiom_simulators import RunningServer, StoreOptions, running, store_application
from openiom_simulators.shop_data import Product
from openiom_simulators.store.storefront.cart import MOST_LINES, add_to_cart, read_cart, write_cart

ADDRESS = {
    "first_name": "Ana",
    "last_name": "Trujillo",
    "email": "ana@example.com",
    "street_1": "22 Pine Street",
    "city": "Seattle",
    "state": "Washington",
    "zip": "98101",
    "country": "US",
}
PRODUCTS = {
    number: Product(number, f"SKU-{number}", f"Product {number}", 1000, 100)
    for number in range(1, 40)
}


@pytest.fixture(scope="module")
def store() -> Iterator[RunningServer]:
    with running(store_application(StoreOptions(store_hash="s1", token="token"))) as (one,):
        products = [
            {"id": 1, "sku": "LAMP", "name": "Oak <lamp>", "price": 5000, "weight": 100},
            {"id": 2, "sku": "BOWL", "name": "Bowl", "price": 1250, "weight": 400},
        ]
        load = {"products": products, "customers": [], "orders": []}
        httpx.post(f"{one.url}/_sim/load", json=load).raise_for_status()
        yield one


@pytest.fixture
def shopper(store: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{store.url}/shop", follow_redirects=True) as client:
        yield client


def order_of(store: RunningServer, page: httpx.Response) -> dict[str, object]:
    """Return the order of a page as the API of the store has it."""
    number = str(page.url).rpartition("/")[2]
    found = httpx.get(
        f"{store.url}/stores/s1/v2/orders/{number}",
        headers={"X-Auth-Token": "token"},
        params={"include": "consignments.line_items", "consignment_structure": "object"},
    )
    return dict(found.raise_for_status().json())


def test_a_shopper_places_an_order(store: RunningServer, shopper: httpx.Client) -> None:
    assert "Oak &lt;lamp&gt;" in shopper.get("").text
    assert "Bowl" not in shopper.get("", params={"search": "lamp"}).text
    shopper.post("/cart", data={"product": "1", "units": "2"})
    cart = shopper.post("/cart", data={"product": "2", "units": "1"})
    assert "Cart (3)" in cart.text
    assert "112.50 USD" in cart.text

    placed = shopper.post("/checkout", data={**ADDRESS, "delivery": "express"})

    assert re.search(r"Your order is recorded under the number <strong>1\d\d</strong>", placed.text)
    assert "Awaiting Fulfillment" in placed.text
    assert "Cart (0)" in placed.text
    order = order_of(store, placed)
    assert (order["items_total"], order["total_inc_tax"]) == (3, "132.4900")
    assert order["billing_address"]["email"] == "ana@example.com"  # type: ignore[index]


def test_an_order_is_picked_up_in_the_store(store: RunningServer, shopper: httpx.Client) -> None:
    shopper.post("/cart", data={"product": "2", "units": "1"})

    placed = shopper.post("/checkout", data={**ADDRESS, "delivery": "pickup"})

    consignments = order_of(store, placed)["consignments"]
    [pickup] = consignments["pickups"]  # type: ignore[index]
    assert pickup["location"]["code"] == "SEA-STORE"


def test_a_checkout_with_faults_places_nothing(store: RunningServer, shopper: httpx.Client) -> None:
    shopper.post("/cart", data={"product": "1", "units": "1"})
    before = httpx.get(f"{store.url}/_sim/stats").json()["orders"]
    wrong = {**ADDRESS, "email": "ana", "city": "", "country": "XX", "zip": "9" * 200}

    refused = shopper.post("/checkout", data=wrong)

    assert refused.status_code == 422
    for problem in (
        "Your order was not placed",
        "Enter an e-mail address such as ana@example.com.",
        "Enter your city.",
        "Choose a country.",
        "Enter at most 100 characters.",
        'value="Trujillo"',
    ):
        assert problem in refused.text
    assert httpx.get(f"{store.url}/_sim/stats").json()["orders"] == before


def test_an_empty_cart_cannot_be_checked_out(shopper: httpx.Client) -> None:
    assert "Your cart is empty" in shopper.get("/checkout").text
    assert "Your cart is empty" in shopper.post("/checkout", data=ADDRESS).text


def test_a_product_is_removed_from_the_cart(shopper: httpx.Client) -> None:
    shopper.post("/cart", data={"product": "1", "units": "1"})
    assert "Cart (0)" in shopper.post("/cart", data={"product": "1", "action": "remove"}).text


@pytest.mark.parametrize("path", ["/products/99", "/orders/1"])
def test_what_does_not_exist_is_said(shopper: httpx.Client, path: str) -> None:
    answer = shopper.get(path)
    assert answer.status_code == 404
    assert "does not exist" in answer.text


@pytest.mark.parametrize("product", ["", "x", "²", "-1", "99", "9" * 5_000])
def test_an_unknown_product_is_not_added(shopper: httpx.Client, product: str) -> None:
    assert "Cart (0)" in shopper.post("/cart", data={"product": product, "units": "1"}).text


@pytest.mark.parametrize("cookie", ["", "x", "1", "1.", ".1", "99.1", "1.x", "²." + "1", "1.1.1"])
def test_a_changed_cookie_is_an_empty_cart(cookie: str) -> None:
    assert read_cart(cookie, {1: PRODUCTS[1]}) == {}


def test_a_cart_has_limits_and_survives_its_cookie() -> None:
    cart: dict[int, int] = {}
    for number in PRODUCTS:
        cart = add_to_cart(cart, number, 1_000)

    assert len(cart) == MOST_LINES
    assert set(cart.values()) == {99}
    assert read_cart(write_cart(cart), PRODUCTS) == cart
