"""Purchase and transfer orders over HTTP."""

from datetime import date, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from openiom.platform.clock import utc_now

URL = "/api/v1/inventory/supply-orders"


def on(days: int) -> date:
    return utc_now().date() + timedelta(days=days)


def line(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "line_number": number,
        "product": "LAMP",
        "source": "CHI",
        "quantity": "10",
        "expected_date": on(5).isoformat(),
        **more,
    }


def post(client: TestClient, path: str, **body: Any) -> list[dict[str, Any]]:
    answer = client.post(f"{URL}{path}", json=body)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def put(client: TestClient, *orders: tuple[str, str, list[dict[str, Any]]]) -> list[str]:
    bodies = [{"kind": kind, "number": number, "lines": lines} for kind, number, lines in orders]
    results = post(client, "", orders=bodies)
    assert [one["index"] for one in results] == list(range(len(orders)))
    assert all(one["ok"] is (not one["reason"]) for one in results)
    return [one["reason"] for one in results]


def listed(client: TestClient, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(URL, params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def named(kind: str, number: str, line_number: int = 1, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "number": number, "line_number": line_number, **more}


@pytest.fixture
def ordered(client: TestClient) -> TestClient:
    """A purchase order of two lines and a transfer from SEA."""
    reasons = put(
        client,
        ("purchase", "PO-1", [line(), line(2, expected_date=on(3).isoformat(), confidence="0.8")]),
        ("transfer", "T-1", [line(origin="SEA", ship_date=on(1).isoformat(), quantity="6")]),
    )
    assert reasons == ["", ""]
    return client


def test_orders_are_listed_by_expected_date(ordered: TestClient) -> None:
    rows = listed(ordered)
    assert [(row["number"], row["line_number"]) for row in rows][0] == ("PO-1", 2)
    assert {row["number"] for row in rows[1:]} == {"PO-1", "T-1"}
    (transfer,) = listed(ordered, source="SEA")
    assert (transfer["kind"], transfer["origin"], transfer["to_ship"]) == ("transfer", "SEA", 6)
    assert (transfer["open"], transfer["ship_date"]) == (6, on(1).isoformat())
    assert (rows[0]["confidence"], rows[0]["quantity"], rows[0]["open"]) == (0.8, 10, 10)


def test_the_list_continues_page_by_page(ordered: TestClient) -> None:
    seen, after = [], None
    while True:
        query = {"limit": 1, **({"after": after} if after else {})}
        page = ordered.get(URL, params=query).json()
        seen += [row["id"] for row in page["items"]]
        after = page["next"]
        if after is None:
            break

    assert seen == [row["id"] for row in listed(ordered)]


def test_a_refused_order_does_not_stop_the_others(client: TestClient) -> None:
    reasons = put(
        client,
        ("purchase", "PO-1", [line(origin="SEA")]),
        ("purchase", "PO-2", [line()]),
        ("purchase", "PO-2", [line(2)]),
    )
    assert reasons == [
        "line 1 of a purchase order names an origin; only a transfer order has one",
        "",
        "purchase PO-2 appears twice in this request",
    ]
    assert [row["number"] for row in listed(client)] == ["PO-2"]


def test_units_are_received_once_per_id(ordered: TestClient) -> None:
    receipt = named("purchase", "PO-1", id="r-1", quantity="4")
    results = post(
        ordered,
        "/receive",
        receipts=[receipt, receipt, {**receipt, "id": "r-2", "line_number": 9}],
    )
    assert [(one["ok"], one["duplicate"], one["reason"]) for one in results] == [
        (True, False, ""),
        (True, True, ""),
        (False, False, "there is no such line"),
    ]
    assert post(ordered, "/receive", receipts=[receipt])[0]["duplicate"]
    (row,) = [one for one in listed(ordered) if one["line_number"] == 1 and one["origin"] == ""]
    assert (row["received"], row["open"]) == (4, 6)
    stock = ordered.get("/api/v1/inventory", params={"product": "LAMP", "source": "CHI"}).json()
    assert stock["items"][0]["on_hand"] == 4


def test_units_of_a_transfer_are_shipped_from_its_origin(ordered: TestClient) -> None:
    shipment = named("transfer", "T-1", id="s-1", quantity="2")
    purchase = named("purchase", "PO-1", id="s-1", quantity="2")
    results = post(ordered, "/ship", shipments=[shipment, purchase])
    assert [one["reason"] for one in results] == ["", "the line names no origin to ship from"]
    (row,) = listed(ordered, source="SEA")
    assert (row["shipped"], row["to_ship"], row["open"]) == (2, 4, 6)


def test_a_canceled_transfer_still_expects_what_is_on_its_way(ordered: TestClient) -> None:
    post(ordered, "/ship", shipments=[named("transfer", "T-1", id="s-1", quantity="2")])
    name = named("transfer", "T-1")
    assert [one["reason"] for one in post(ordered, "/cancel", lines=[name])] == [""]
    (row,) = listed(ordered, source="SEA")
    assert (row["closed"], row["open"], row["to_ship"]) == (4, 2, 0)
    assert [one["reason"] for one in post(ordered, "/cancel", lines=[name])] == [
        "everything open of the line is on its way"
    ]
    assert [one["reason"] for one in post(ordered, "/close", lines=[name, name])] == [
        "",
        "nothing of the line is open",
    ]
    assert listed(ordered, source="SEA", open_only=True) == []
    assert len(listed(ordered, open_only=True)) == 2


def test_an_amended_line_that_was_closed_is_refused(ordered: TestClient) -> None:
    post(ordered, "/close", lines=[named("purchase", "PO-1")])
    assert put(ordered, ("purchase", "PO-1", [line(quantity="20")])) == [
        "line 1 was closed short; add another"
    ]
    assert post(ordered, "/close", lines=[named("purchase", "PO-9")])[0]["reason"] == (
        "there is no such line"
    )


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"quantity": "0"}, "quantity"),
        ({"quantity": "1.00001"}, "quantity"),
        ({"confidence": "1.1"}, "confidence"),
        ({"line_number": 0}, "line_number"),
        ({"product": ""}, "product"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_an_invalid_line_is_refused_with_its_field(
    client: TestClient, change: dict[str, Any], where: str
) -> None:
    order = {"kind": "purchase", "number": "PO-1", "lines": [line(**change)]}
    answer = client.post(URL, json={"orders": [order]})
    assert answer.status_code == 422
    assert where in answer.text


def test_reading_and_writing_need_their_permission(anonymous_client: TestClient) -> None:
    assert anonymous_client.get(URL).status_code == 401
    assert anonymous_client.post(URL, json={"orders": []}).status_code in (401, 422)
