"""Changes by customers that are repeated, outdated or concurrent, in several currencies."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from tests.fulfillment.builders import broken_invariants
from tests.orders.builders import NOW, event_names, line, master_data, placed
from tests.self_service.builders import (
    ADDRESS,
    PUBLIC,
    link_of,
    order_at,
    post,
    read,
    returned_line,
    version_of,
)

from openiom.master_data import KINDS
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database

ONE_UNIT = [{"line": 1, "quantity": 1}]


@pytest.fixture
def order(database: Database) -> UUID:
    """An order of 3 scales and 2 lamps, of which nothing is in fulfillment."""
    return order_at(database, "new")


def test_a_repeated_cancellation_has_one_effect(
    client: TestClient, order: UUID, database: Database
) -> None:
    token = link_of(client, order)
    body = {"lines": ONE_UNIT, "version": version_of(client, token, ONE_UNIT)}
    answers = [post(client, f"{token}/cancellation", body, "key").json() for _ in range(3)]
    assert answers[0]["difference"] == "-10.00"
    assert answers[1:] == answers[:1] * 2
    assert read(client, token)["lines"][0]["cancelable"] == 2
    assert event_names(database, order).count("order.changed") == 1


def test_a_key_is_not_used_for_another_body_or_another_change(
    client: TestClient, order: UUID
) -> None:
    token = link_of(client, order)
    body = {"lines": ONE_UNIT, "version": version_of(client, token, ONE_UNIT)}
    assert post(client, f"{token}/cancellation", body, "key").status_code == 200
    before = read(client, token)
    version = version_of(client, token)
    more = {"lines": [{"line": 1, "quantity": 2}], "version": version}
    assert post(client, f"{token}/cancellation", more, "key").status_code == 409
    moved = {"address": ADDRESS, "version": version}
    assert post(client, f"{token}/address", moved, "key").status_code == 409
    assert read(client, token) == before
    assert post(client, f"{token}/address", moved, "another key").status_code == 200


def test_a_key_belongs_to_one_order(client: TestClient, order: UUID, database: Database) -> None:
    other = placed(database, line(quantity=2), external_id="2002")
    for one in (order, other):
        token = link_of(client, one)
        body = {"lines": ONE_UNIT, "version": version_of(client, token, ONE_UNIT)}
        assert post(client, f"{token}/cancellation", body, "same").status_code == 200
    left = [read(client, link_of(client, one))["lines"][0] for one in (order, other)]
    assert [one["cancelable"] for one in left] == [2, 1]


def test_a_refused_change_leaves_its_key_free(client: TestClient, order: UUID) -> None:
    token = link_of(client, order)
    old = {"address": ADDRESS, "version": "1-x"}
    assert post(client, f"{token}/address", old, "key").status_code == 409
    current = {"address": ADDRESS, "version": version_of(client, token)}
    assert post(client, f"{token}/address", current, "key").status_code == 200
    assert read(client, token)["ship_to"]["city"] == "Tacoma"


@pytest.mark.parametrize("action", ["address", "cancellation", "returns"])
@pytest.mark.parametrize("key", ["", "k" * 201], ids=["none", "too long"])
def test_a_change_needs_a_key(client: TestClient, order: UUID, action: str, key: str) -> None:
    token = link_of(client, order)
    before = read(client, token)
    version = version_of(client, token)
    bodies: dict[str, dict[str, Any]] = {
        "address": {"address": ADDRESS, "version": version},
        "cancellation": {"version": version},
        "returns": {"lines": [returned_line(before["lines"][0]["id"])]},
    }
    headers = {"Idempotency-Key": key} if key else {}
    answer = client.post(f"{PUBLIC}/{token}/{action}", json=bodies[action], headers=headers)
    assert answer.status_code in (409, 422), answer.text
    assert "idempotency-key" in answer.text.lower()
    assert read(client, token) == before


@pytest.mark.parametrize("lines", [[], ONE_UNIT], ids=["order", "line"])
def test_an_outdated_version_is_refused(
    client: TestClient, order: UUID, lines: list[dict[str, int]]
) -> None:
    token = link_of(client, order)
    version = version_of(client, token)
    assert post(client, f"{token}/address", {"address": ADDRESS, "version": version}).is_success
    before = read(client, token)
    refused = post(client, f"{token}/cancellation", {"lines": lines, "version": version})
    assert (refused.status_code, refused.json()["where"]) == (409, "version")
    assert refused.json()["detail"] == "the order has changed since you looked at it"
    assert read(client, token) == before


@pytest.mark.parametrize("lines", [[], ONE_UNIT], ids=["order", "line"])
@pytest.mark.parametrize("keys", ["one", "several"])
def test_concurrent_cancellations_have_one_effect(
    client: TestClient, order: UUID, database: Database, lines: list[dict[str, int]], keys: str
) -> None:
    token = link_of(client, order)
    body = {"lines": lines, "version": version_of(client, token, lines)}

    def run(number: int) -> int:
        key = "same" if keys == "one" else f"key {number}"
        return post(client, f"{token}/cancellation", body, key).status_code

    with ThreadPoolExecutor(4) as people:
        answers = sorted(people.map(run, range(4)))
    assert answers == ([200] * 4 if keys == "one" else [200, 409, 409, 409])
    seen = read(client, token)
    assert [one["canceled"] for one in seen["lines"]] == ([0, 0] if lines else [3, 2])
    assert seen["amounts"]["kept"] == ("40.00" if lines else "0.00")
    name = "order.changed" if lines else "order.canceled"
    assert event_names(database, order).count(name) == 1
    assert broken_invariants(database) == []


@pytest.mark.parametrize(
    ("currency", "price", "before", "after", "zero"),
    [
        ("USD", "10.00", "30.00", "20.00", "0.00"),
        ("JPY", "1500", "4500", "3000", "0"),
        ("KWD", "1.125", "3.375", "2.250", "0.000"),
    ],
)
def test_money_has_the_decimals_of_its_currency(
    client: TestClient,
    database: Database,
    currency: str,
    price: str,
    before: str,
    after: str,
    zero: str,
) -> None:
    order = _priced(database, currency, price)
    token = link_of(client, order)
    seen = read(client, token)
    assert (seen["currency"], seen["amounts"]["total"]) == (currency, before)
    assert (seen["lines"][0]["total"], seen["amounts"]["tax"]) == (before, zero)
    body = {"lines": ONE_UNIT, "version": version_of(client, token, ONE_UNIT)}
    effect = post(client, f"{token}/cancellation", body).json()
    assert (effect["total_before"], effect["total_after"]) == (before, after)
    assert (effect["difference"], effect["currency"]) == (f"-{price}", currency)
    assert read(client, token)["amounts"]["kept"] == after

    rest = post(client, f"{token}/cancellation", {"version": version_of(client, token)}).json()
    assert (rest["difference"], rest["total_after"]) == (f"-{after}", zero)
    assert read(client, token)["amounts"]["kept"] == zero


def _priced(database: Database, currency: str, price: str) -> UUID:
    """Return an order of 3 scales at a price in a currency."""
    master_data(database)
    configuration = Configuration()
    configuration.register(*KINDS)
    with database.unit_of_work() as session:
        one = {"kind": "currency", "name": currency, "body": {"title": currency}}
        configuration.apply(session, [one], at=NOW, actor="test")
    return placed(database, line(quantity=3, unit_price=price), currency=currency)


@pytest.mark.parametrize(
    "body",
    [
        {"version": "1-x", "lines": [{"line": 0, "quantity": 1}]},
        {"version": "1-x", "lines": [{"line": 1, "quantity": 0}]},
        {"version": "1-x", "lines": [{"line": 1, "quantity": -1}]},
        {"version": "", "lines": []},
        {"version": "1-x", "reason": "of the shop"},
        {"lines": []},
    ],
    ids=["line", "zero", "negative", "no version", "unknown field", "version is missing"],
)
def test_a_wrong_body_is_refused(client: TestClient, order: UUID, body: dict[str, Any]) -> None:
    token = link_of(client, order)
    before = read(client, token)
    assert post(client, f"{token}/cancellation", body, str(uuid4())).status_code == 422
    assert read(client, token) == before
