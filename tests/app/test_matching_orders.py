"""Actions on all orders that a filter matches: portions, grouped refusals, permissions."""

from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.orders.builders import NOW, document, line, master_data, receive

from openiom.app.application import Application
from openiom.app.matching_orders import ACTIONS, MAX_EXAMPLES, group_refusals
from openiom.kernel import new_id
from openiom.orders import OrderReference, cancel_orders
from openiom.platform.bulk import fetch_column
from openiom.provider_contract import Outcome


@pytest.fixture
def orders(application: Application) -> Application:
    """Seven orders, of which the third is canceled."""
    master_data(application.database)
    receive(application.database, *(document(str(i), line("Lamp")) for i in range(7)))
    with application.database.unit_of_work() as session:
        canceled = fetch_column(session, "SELECT id FROM orders.order WHERE number = '2'")
        assert cancel_orders(session, canceled, NOW, "ann")[0].ok
    return application


def act(client: TestClient, action: str, **body: Any) -> dict[str, Any]:
    response = client.post(f"/api/v1/orders/matching/{action}", json={"filter": {}, **body})
    assert response.status_code == 200, response.text
    result: dict[str, Any] = response.json()
    return result


def test_portions_reach_every_order_once(client: TestClient, orders: Application) -> None:
    first = act(client, "hold", limit=3, reason="recount")
    second = act(client, "hold", limit=3, after=first["next"])
    third = act(client, "hold", limit=3, after=second["next"])

    assert [(p["matched"], p["changed"]) for p in (first, second, third)] == [
        (3, 3),
        (3, 2),
        (1, 1),
    ]
    assert third["next"] is None
    (group,) = second["refused"]
    assert (group["reason"], group["count"]) == ("the order is canceled", 1)
    assert [order["number"] for order in group["orders"]] == ["2"]
    assert client.get("/api/v1/orders/matching?manual_hold=true").json()["count"] == 6


def test_orders_that_no_longer_match_are_not_skipped(
    client: TestClient, orders: Application
) -> None:
    act(client, "hold")
    released = act(client, "release", filter={"manual_hold": True}, limit=4)
    rest = act(client, "release", filter={"manual_hold": True}, limit=4, after=released["next"])
    assert (released["changed"], rest["changed"], rest["next"]) == (4, 2, None)


def test_equal_refusals_are_one_group(client: TestClient, orders: Application) -> None:
    act(client, "hold")
    again = act(client, "hold")
    assert [(group["reason"], group["count"]) for group in again["refused"]] == [
        ("the order is already on manual hold", 6),
        ("the order is canceled", 1),
    ]


@pytest.mark.parametrize("action", ["recall", "recall_cancel", "reprocess", "cancel"])
def test_every_action_takes_a_filter(client: TestClient, orders: Application, action: str) -> None:
    result = act(client, action, filter={"search": "2", "state": "canceled"})
    assert (result["matched"], result["changed"], len(result["refused"])) == (1, 0, 1)
    assert result["refused"][0]["reason"][0].islower()


def test_nothing_matches(client: TestClient, orders: Application) -> None:
    assert act(client, "hold", filter={"search": "nobody"}) == {
        "matched": 0,
        "changed": 0,
        "refused": [],
        "next": None,
    }


def test_an_unknown_action_or_filter_is_refused(client: TestClient, orders: Application) -> None:
    path = "/api/v1/orders/matching"
    assert client.post(f"{path}/delete", json={"filter": {}}).status_code == 422
    assert client.post(f"{path}/hold", json={"filter": {}, "limit": 501}).status_code == 422
    assert client.post(f"{path}/hold", json={}).status_code == 422


def test_an_action_requires_its_permission(
    client: TestClient, anonymous_client: TestClient, orders: Application
) -> None:
    body = {"title": "Order reader", "permissions": ["orders.read"]}
    role = {"kind": "role", "name": "order_reader", "body": body}
    client.post("/api/v1/configuration/apply", json={"documents": [role]})
    issued = client.post("/api/v1/api-tokens", json={"name": "reader", "roles": ["order_reader"]})
    headers = {"authorization": f"Bearer {issued.json()['token']}"}

    for action in ACTIONS:
        path = f"/api/v1/orders/matching/{action}"
        refused = anonymous_client.post(path, json={"filter": {}}, headers=headers)
        assert refused.status_code == 403


def test_a_group_lists_some_orders_and_counts_all() -> None:
    acted_on = [OrderReference(new_id(), str(i)) for i in range(30)]
    results = [Outcome(i < 5, "shipped") for i in range(30)]
    (group,) = group_refusals(acted_on, results)
    assert (group.count, len(group.orders), group.orders[0].number) == (25, MAX_EXAMPLES, "5")
