"""Orders entered by hand: totals and every problem before they are placed."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.orders.builders import SHIP_TO, document, line, master_data
from tests.package_app import http_client, package_app

from openiom.master_data import KINDS
from openiom.orders import EVENT_TITLES, OrderIntake, order_router
from openiom.platform.clock import utc_now
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database

CHECK = "/api/v1/orders/check"


@pytest.fixture
def permissions() -> set[str]:
    return {"orders.read", "orders.write"}


@pytest.fixture
def client(database: Database, permissions: set[str]) -> Iterator[TestClient]:
    master_data(database)
    app = package_app(
        database,
        order_router(EVENT_TITLES),
        permissions=permissions,
        order_intake=OrderIntake(database),
    )
    with http_client(app) as made:
        yield made


def order(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An order without a number and a total."""
    entered = document("by-hand", *lines, **more)
    del entered["number"], entered["total_amount"]
    return entered


def check(client: TestClient, entered: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(CHECK, json={"order": entered})
    assert answer.status_code == 200, answer.text
    return answer.json()


def problems(client: TestClient, entered: dict[str, Any]) -> dict[str, str]:
    return {found["where"]: found["what"] for found in check(client, entered)["problems"]}


def test_the_totals_of_an_order_are_computed(client: TestClient) -> None:
    entered = order(
        line(quantity=3, unit_price="19.99", discount="5.00", tax="4.50"),
        line("Lamp", 2, unit_price="7.25"),
        shipping_amount="8.00",
        discount_amount="2.50",
    )
    checked = check(client, entered)

    assert checked["problems"] == []
    assert [row["amount"] for row in checked["lines"]] == ["54.97", "14.50"]
    assert {name: checked[name] for name in ("subtotal", "shipping", "discount", "tax")} == {
        "subtotal": "69.47",
        "shipping": "8.00",
        "discount": "2.50",
        "tax": "4.50",
    }
    assert checked["total"] == "79.47"


def test_a_checked_order_is_placed_with_its_number_and_total(client: TestClient) -> None:
    entered = order(line(quantity=2))
    checked = check(client, entered)
    placed = {**entered, "number": checked["number"], "total_amount": checked["total"]}
    headers = {"Idempotency-Key": "by-hand"}
    body = {"instance": "manual", "orders": [placed]}
    first = client.post("/api/v1/orders", json=body, headers=headers).json()["results"]
    assert client.post("/api/v1/orders", json=body, headers=headers).json()["results"] == first

    found = client.get(f"/api/v1/orders/{first[0]['id']}").json()
    assert (found["number"], found["amounts"]["total"], found["amounts"]["difference"]) == (
        checked["number"],
        "20.00",
        "0.00",
    )


def test_numbers_are_given_once_and_kept(client: TestClient) -> None:
    first, second = check(client, order())["number"], check(client, order())["number"]

    assert (first[0], int(second[1:])) == ("M", int(first[1:]) + 1)
    assert check(client, {**order(), "number": first})["number"] == first


def test_every_problem_is_reported_at_its_field(client: TestClient) -> None:
    lines = [line("Nothing"), line("Lamp", quantity="1.5")]
    entered = order(*lines, currency="XTS", ship_to={**SHIP_TO, "city": " "})

    assert problems(client, entered) == {
        "currency": "there is no currency XTS",
        "lines[0].product": "there is no product Nothing",
        "lines[1].quantity": "the quantity 1.5 is too fine: ea allows whole numbers only",
        "ship_to.city": "is missing",
    }


def test_malformed_values_are_problems_and_count_as_zero(client: TestClient) -> None:
    entered = order(shipping_amount="NaN", discount_amount="5")
    entered["lines"] = [line(unit_price="many")]
    checked = check(client, entered)

    assert checked["total"] == "-5.00"
    wheres = {found["where"] for found in checked["problems"]}
    assert wheres == {"lines[0].unit_price", "shipping_amount", "discount_amount"}


def test_an_order_without_lines_can_be_checked(client: TestClient) -> None:
    assert problems(client, {**order(), "lines": []}) == {"lines": "has nothing in it"}
    assert "lines" in problems(client, {"lines": "none"})


def test_lines_have_the_decimals_of_their_unit(client: TestClient, database: Database) -> None:
    configuration = Configuration()
    configuration.register(*KINDS)
    unit = {"kind": "unit", "name": "kg", "body": {"title": "Kilogram", "decimals": 3}}
    product = {"kind": "product", "name": "Flour", "body": {"name": "Flour", "unit": "kg"}}
    with database.unit_of_work() as session:
        configuration.apply(session, [unit, product], at=utc_now(), actor="test")

    entered = order(line("Flour", "0.75", unit="kg", unit_price="3.20"))
    checked = check(client, entered)
    assert checked["problems"] == []
    assert checked["lines"] == [{"unit_decimals": 3, "amount": "2.40"}]


@pytest.mark.parametrize("permissions", [{"orders.read"}])
def test_checking_needs_the_permission_to_place_orders(client: TestClient) -> None:
    assert client.post(CHECK, json={"order": order()}).status_code == 403
