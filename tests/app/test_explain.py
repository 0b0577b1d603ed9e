"""An order is explained over HTTP without any write: what each losing source would need."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient
from tests.orders.builders import happen, line, master_data, placed

from openiom.app.application import Application
from openiom.app.order_gateway import OrderGateway
from openiom.fulfillment_optimization import source_orders
from openiom.inventory_visibility import StockChange, change_on_hand
from openiom.kernel import new_id
from openiom.platform.bulk import fetch
from openiom.platform.clock import utc_now

PLACES = {
    "SEA": {"city": "Seattle", "state": "WA", "postal_code": "98101", "country": "US"},
    "CHI": {"city": "Chicago", "state": "IL", "postal_code": "60601", "country": "US"},
    "NYC": {"city": "New York", "state": "NY", "postal_code": "10001", "country": "US"},
}


def configure(application: Application, *documents: tuple[str, str, dict[str, Any]]) -> None:
    items = [{"kind": kind, "name": name, "body": body} for kind, name, body in documents]
    with application.database.unit_of_work() as session:
        application.configuration.apply(session, items, at=utc_now(), actor="test")


@pytest.fixture
def company_application(application: Application) -> Application:
    master_data(application.database, "Lamp", "Shade")
    configure(
        application, *(("source", n, {"title": n, "address": place}) for n, place in PLACES.items())
    )
    return application


def stock(company_application: Application, **units: int) -> None:
    changes = [StockChange(*key.split("_"), Decimal(n)) for key, n in units.items()]
    with company_application.database.unit_of_work() as session:
        change_on_hand(
            session, changes, mode="set", cause="count", document="c", now=utc_now(), actor="test"
        )


def ordered(company_application: Application, number: str) -> UUID:
    """One lamp, to Redmond, validated."""
    order = placed(company_application.database, line("Lamp"), external_id=number)
    with company_application.database.unit_of_work() as session:
        happen(
            session, order, "order.header_validation.succeeded", "order.lines_validation.succeeded"
        )
    return order


def sourced(company_application: Application, *orders: UUID) -> datetime:
    now = utc_now()
    with company_application.database.unit_of_work() as session:
        assert all(
            o.ok for o in source_orders(session, OrderGateway(), orders, now=now, actor="test")
        )
    return now


def explain(client: TestClient, order: UUID, **more: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/sourcing/explain", json={"order_id": str(order), **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def written(company_application: Application) -> list[tuple[Any, ...]]:
    with company_application.database.reading() as session:
        return fetch(
            session,
            "SELECT (SELECT count(*) FROM fulfillment_optimization.sourcing_plan),"
            " sum(reserved), max(updated_at) FROM inventory_visibility.stock",
        )


def test_each_losing_source_says_what_it_would_need(
    client: TestClient, company_application: Application
) -> None:
    stock(company_application, Lamp_SEA=1, Lamp_CHI=9, Lamp_NYC=0)
    order = ordered(company_application, "1")
    sourced(company_application, order)
    before = written(company_application)

    told = explain(client, order)
    (row,) = told["lines"]
    assert (row["product"], row["assigned"], row["source"], row["considered"]) == (
        "Lamp",
        "SEA",
        "SEA",
        3,
    )
    ways = {c["source"]: c["wins_with"] for c in row["candidates"]}
    assert ways["SEA"] == []  # its own unit is its own to take again
    (dear,) = ways["CHI"]
    money = {c["source"]: c["total"] for c in row["candidates"]}
    assert dear["changes"][0]["kind"] == "money"
    assert dear["changes"][0]["amount"] == pytest.approx(money["CHI"] - money["SEA"], abs=0.0101)
    (empty,) = ways["NYC"]
    assert [c["kind"] for c in empty["changes"]] == ["units", "money"]
    assert empty["text"].startswith("1 more on hand and ")
    assert all(way["verified"] for found in ways.values() for way in found)
    assert told["cost"] == pytest.approx(sum(told["parts"].values()))
    assert written(company_application) == before


def test_a_source_out_of_reach_needs_its_kilometres(
    client: TestClient, company_application: Application
) -> None:
    configure(
        company_application, ("strategy", "near", {"title": "Near", "maximum_distance_km": 2000})
    )
    stock(company_application, Lamp_SEA=0, Lamp_CHI=9)
    order = ordered(company_application, "1")

    told = explain(client, order, strategy="near")
    far = next(c for c in told["lines"][0]["candidates"] if c["source"] == "CHI")
    assert told["lines"][0]["source"] == ""
    assert far["refused"] == "farther than the maximum distance"
    (way,) = far["wins_with"]
    assert (way["changes"][0]["kind"], way["single"], way["verified"]) == ("km", True, True)
    assert way["changes"][0]["amount"] == pytest.approx(2770 - 2000, abs=30)


def test_what_is_not_there_is_said(client: TestClient, company_application: Application) -> None:
    nobody = client.post("/api/v1/sourcing/explain", json={"order_id": str(new_id())})
    assert nobody.status_code == 404
    order = ordered(company_application, "1")
    unknown = client.post(
        "/api/v1/sourcing/explain", json={"order_id": str(order), "strategy": "none"}
    )
    assert (unknown.status_code, unknown.json()["detail"][:16]) == (404, "no strategy name")
    assert client.get("/api/v1/sourcing/shadow-prices").status_code == 404


def test_the_prices_of_a_batch_window_are_shown_with_what_one_more_unit_saves(
    client: TestClient, company_application: Application
) -> None:
    batch = {"enabled": True, "minutes": 1}
    configure(
        company_application,
        ("strategy", "default", {"title": "Together", "allow_partial": True, "batch": batch}),
    )
    stock(company_application, Lamp_SEA=1, Lamp_CHI=9)
    orders = [ordered(company_application, str(n)) for n in range(3)]

    with company_application.database.unit_of_work() as session:
        source_orders(
            session, OrderGateway(), orders, now=utc_now(), actor="test", resumed=frozenset(orders)
        )

    told = client.get("/api/v1/sourcing/shadow-prices").json()
    scarce = told["items"][0]
    assert (scarce["source"], scarce["product"], told["strategy"]) == ("SEA", "Lamp", "default")
    again = explain(client, orders[0])["lines"][0]["candidates"]
    money = {c["source"]: c["total"] for c in again}
    assert scarce["saving"] == pytest.approx(money["CHI"] - money["SEA"], abs=0.001)
    assert (
        client.get(f"/api/v1/sourcing/shadow-prices?plan={told['plan_id']}&source=CHI").json()[
            "items"
        ]
        == []
    )
