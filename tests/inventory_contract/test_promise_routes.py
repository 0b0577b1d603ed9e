"""Routes of timelines, supply orders and waiting lines."""

from datetime import timedelta
from typing import Any

from starlette.testclient import TestClient

from openiom.app.application import Application
from openiom.platform.clock import utc_now

SUPPLY = "/api/v1/inventory/supply-orders"


def day(offset: int) -> str:
    return (utc_now().date() + timedelta(days=offset)).isoformat()


def stock(client: TestClient, **units: float) -> None:
    items = [
        dict(zip(("product", "source"), k.split("__"), strict=True)) | {"quantity": n}
        for k, n in units.items()
    ]
    body = {"mode": "set", "reason": "count", "items": items}
    assert all(
        r["ok"] for r in client.post("/api/v1/inventory/changes", json=body).json()["results"]
    )


def order(number: str, *lines: tuple[str, str, float, str, float]) -> dict[str, Any]:
    names = ("product", "source", "quantity", "expected_date", "confidence")
    return {
        "kind": "purchase",
        "number": number,
        "lines": [
            {"line_number": n, **dict(zip(names, x, strict=True))} for n, x in enumerate(lines, 1)
        ],
    }


def test_a_timeline_returns_every_day_and_its_entries(client: TestClient) -> None:
    stock(client, LAMP__SEA=5, LAMP__CHI=2)
    body = {"orders": [order("PO-1", ("LAMP", "SEA", 10, day(3), 0.8))]}
    assert client.post(SUPPLY, json=body).json()["results"] == [
        {"index": 0, "ok": True, "duplicate": False, "reason": ""}
    ]
    first, second = client.get("/api/v1/inventory/atp", params={"product": "LAMP"}).json()["items"]
    assert (first["source"], second["source"]) == ("CHI", "SEA")
    assert [d["atp"] for d in second["days"]] == [5.0] * 3 + [15.0] * 27
    on_day = second["days"][3]
    assert (on_day["day"], on_day["supply"], on_day["demand"], on_day["projected"]) == (
        day(3),
        10,
        0,
        15,
    )
    (entry,) = on_day["entries"]
    assert (entry["document"], entry["quantity"], entry["confidence"], entry["measure"]) == (
        "purchase PO-1",
        10.0,
        0.8,
        "onhand",
    )
    page = client.get("/api/v1/inventory/atp", params={"product": "LAMP", "limit": 1}).json()
    following = client.get(
        "/api/v1/inventory/atp", params={"product": "LAMP", "limit": 1, "after": page["next"]}
    ).json()
    assert [r["source"] for r in (*page["items"], *following["items"])] == ["CHI", "SEA"]
    assert client.get("/api/v1/inventory/atp", params={"product": "NONE"}).json() == {
        "items": [],
        "next": None,
    }


def test_a_kit_is_promised_by_its_scarcest_component(client: TestClient) -> None:
    parts = [{"product": "TOP", "quantity": 1}, {"product": "LEG", "quantity": 4}]
    documents = [
        {"kind": "product", "name": name, "body": {"name": name, "components": components}}
        for name, components in (("TOP", []), ("LEG", []), ("TABLE", parts))
    ]
    assert (
        client.post("/api/v1/configuration/apply", json={"documents": documents}).status_code == 200
    )
    stock(client, TOP__SEA=5, LEG__SEA=11, TOP__CHI=3)
    assert (
        client.post(
            SUPPLY, json={"orders": [order("PO-1", ("LEG", "SEA", 4, day(2), 1))]}
        ).status_code
        == 200
    )
    (row,) = client.get("/api/v1/inventory/atp", params={"product": "TABLE"}).json()["items"]
    assert (row["source"], row["free"], row["made_of"]) == ("SEA", 2, {"LEG": 4, "TOP": 1})
    assert [d["atp"] for d in row["days"]][:4] == [2, 2, 3, 3]
    assert [e["product"] for e in row["days"][2]["entries"]] == ["LEG"]


def test_supply_orders_have_results_by_index_are_received_once_and_closed(
    client: TestClient,
) -> None:
    orders = [
        order("PO-1", ("LAMP", "SEA", 10, day(3), 1)),
        order("PO-1", ("LAMP", "SEA", 1, day(3), 1)),
    ]
    answers = client.post(SUPPLY, json={"orders": orders}).json()["results"]
    assert [a["ok"] for a in answers] == [True, False]
    line = {"kind": "purchase", "number": "PO-1", "line_number": 1}
    receipt = line | {"id": "r-1", "quantity": 4}

    for duplicate in (False, True):
        (answer,) = client.post(f"{SUPPLY}/receive", json={"receipts": [receipt]}).json()["results"]
        assert (answer["ok"], answer["duplicate"]) == (True, duplicate)

    (row,) = client.get(SUPPLY, params={"product": "LAMP", "open_only": True}).json()["items"]
    assert (row["quantity"], row["received"], row["open"]) == (10, 4, 6)
    assert client.post(f"{SUPPLY}/close", json={"lines": [line]}).json()["results"][0]["ok"]
    assert client.get(SUPPLY, params={"open_only": True}).json()["items"] == []
    (item,) = client.get("/api/v1/inventory", params={"product": "LAMP"}).json()["items"]
    assert item["on_hand"] == 4
    assert client.post(SUPPLY, json={"orders": [orders[0]] * 513}).status_code == 422


def test_an_anonymous_client_cannot_change_supply(
    anonymous_client: TestClient, application: Application
) -> None:
    assert (
        anonymous_client.post(
            SUPPLY, json={"orders": [order("PO-1", ("LAMP", "SEA", 1, day(1), 1))]}
        ).status_code
        == 401
    )
    assert anonymous_client.get("/api/v1/waiting-lines").status_code == 401


def test_waiting_lines_are_a_list(client: TestClient) -> None:
    assert client.get("/api/v1/waiting-lines", params={"kind": "backorder"}).json() == {
        "items": [],
        "next": None,
    }
    assert client.get("/api/v1/waiting-lines", params={"kind": "nonsense"}).status_code == 422


def test_a_transfer_is_shipped_canceled_and_shown_at_both_ends(client: TestClient) -> None:
    stock(client, LAMP__SEA=10)
    wanted = order("T-1", ("LAMP", "CHI", 6, day(5), 1)) | {"kind": "transfer"}
    wanted["lines"][0] |= {"origin": "SEA", "ship_date": day(2)}
    assert client.post(SUPPLY, json={"orders": [wanted]}).json()["results"][0]["ok"]
    (seen,) = client.get(
        "/api/v1/inventory/atp", params={"product": "LAMP", "source": "SEA"}
    ).json()["items"]
    assert (seen["free"], seen["days"][0]["atp"], seen["days"][2]["demand"]) == (10, 4, 6)

    name = {"kind": "transfer", "number": "T-1", "line_number": 1}
    for duplicate in (False, True):
        body = {"shipments": [{"id": "s-1", "quantity": 4, **name}]}
        (result,) = client.post(f"{SUPPLY}/ship", json=body).json()["results"]
        assert (result["ok"], result["duplicate"]) == (True, duplicate)

    assert client.post(f"{SUPPLY}/cancel", json={"lines": [name]}).json()["results"][0]["ok"]
    (row,) = client.get(SUPPLY, params={"source": "SEA", "open_only": True}).json()["items"]
    assert (row["source"], row["shipped"], row["to_ship"], row["open"], row["closed"]) == (
        "CHI",
        4,
        0,
        4,
        2,
    )
