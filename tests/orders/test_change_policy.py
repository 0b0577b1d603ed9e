"""The order change policy: how often people change items, for what, and when they cancel."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from tests.orders.builders import NOW, document, line, placed, receive
from tests.orders.changeable_order import change_client, five_scales

from openiom.kernel import Invalid
from openiom.orders import KINDS
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database

FEWER = {"kind": "change_quantity", "line": 1, "quantity": 3}
MOVE = {"kind": "set_requested_date", "date": "2026-12-24"}


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    with change_client(database) as opened:
        yield opened


@pytest.fixture
def order(database: Database) -> UUID:
    return five_scales(database)


def limit(database: Database, name: str = "default", **policy: Any) -> None:
    configuration = Configuration()
    configuration.register(*KINDS)
    documents = [{"kind": "order_change_policy", "name": name, "body": policy}]
    with database.unit_of_work() as session:
        configuration.apply(session, documents, at=NOW, actor="test")


def apply(client: TestClient, order: UUID, *operations: dict[str, Any]) -> Any:
    body = {"ids": [str(order)], "operations": list(operations)}
    [result] = client.post("/api/v1/orders/changes", json=body).json()["results"]
    return result


def cancel(client: TestClient, *orders: UUID, reason: str = "") -> list[Any]:
    body = {"ids": [str(order) for order in orders], "reason": reason}
    results: list[Any] = client.post("/api/v1/orders/cancel", json=body).json()["results"]
    return results


def test_items_change_once_and_other_fields_as_often_as_wanted(
    client: TestClient, database: Database, order: UUID
) -> None:
    limit(database, item_changes=1)
    assert apply(client, order, MOVE)["ok"]
    assert apply(client, order, FEWER)["ok"]
    refused = apply(client, order, {**FEWER, "quantity": 2})
    assert not refused["ok"]
    assert "may be changed once" in refused["reason"]
    preview = client.post(
        f"/api/v1/orders/{order}/changes/preview", json={"operations": [{**FEWER, "quantity": 2}]}
    )
    assert (preview.status_code, "may be changed once" in preview.text) == (409, True)
    assert apply(client, order, {**MOVE, "date": "2026-12-25"})["ok"]


def test_an_undone_change_of_items_does_not_count(
    client: TestClient, database: Database, order: UUID
) -> None:
    limit(database, item_changes=1)
    assert apply(client, order, FEWER)["ok"]
    [change] = client.get(f"/api/v1/orders/{order}/changes").json()["changes"]
    undone = client.post(f"/api/v1/orders/{order}/changes/{change['id']}/undo")
    assert undone.status_code == 200
    assert apply(client, order, {**FEWER, "quantity": 2})["ok"]
    assert not apply(client, order, FEWER)["ok"]


def test_a_source_changes_items_whatever_the_policy_says(
    client: TestClient, database: Database, order: UUID
) -> None:
    limit(database, item_changes=0)
    assert not apply(client, order, FEWER)["ok"]
    [result] = receive(database, document("1001", line(quantity=4), external_version=2))
    assert result.ok
    [changed] = client.get(f"/api/v1/orders/{order}").json()["lines"]
    assert changed["quantity"] == 4


@pytest.mark.parametrize(
    "operation",
    [
        {"kind": "exchange_line", "line": 1, "product": "Lamp"},
        {"kind": "substitute_line", "line": 1, "candidates": ["Lamp"]},
    ],
    ids=["exchange", "substitution"],
)
def test_a_line_is_exchanged_for_a_variant_of_its_product_only(
    client: TestClient, database: Database, order: UUID, operation: dict[str, Any]
) -> None:
    limit(database, exchange_within_product=True)
    refused = apply(client, order, operation)
    assert not refused["ok"]
    assert "only for a variant of Accu Scale" in refused["reason"]
    red = {"kind": "exchange_line", "line": 1, "product": "Accu Scale", "variant": {"color": "red"}}
    second = {"kind": "exchange_line", "line": 2, "product": "Lamp"}
    assert not apply(client, order, red, second)["ok"]
    assert apply(client, order, red)["ok"]


def test_orders_are_canceled_for_the_reasons_of_the_policy_one_result_each(
    client: TestClient, database: Database, order: UUID
) -> None:
    limit(database, cancel_reasons=["by mistake"], cancel_after_item_change=False)
    other = placed(database, line(quantity=1), external_id="1002")
    assert apply(client, order, FEWER)["ok"]

    wrong = cancel(client, order, other, reason="just so")
    assert ["by mistake" in result["reason"] for result in wrong] == [True, True]
    changed, canceled = cancel(client, order, other, reason="by mistake")
    assert (changed["ok"], canceled["ok"]) == (False, True)
    assert "items were changed" in changed["reason"]


def test_there_is_one_policy(database: Database) -> None:
    with pytest.raises(Invalid, match="only one order change policy"):
        limit(database, "mine", item_changes=1)
