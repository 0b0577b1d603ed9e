"""Sources and plans over HTTP."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from tests.fulfillment_optimization.sourcing_setup import SourcingSetup
from tests.package_app import http_client, package_app

from openiom.fulfillment_optimization import router
from openiom.kernel import new_id


@pytest.fixture
def client(sourcing: SourcingSetup) -> Iterator[TestClient]:
    with http_client(
        package_app(sourcing.database, router, permissions={"sourcing.read"})
    ) as asking:
        yield asking


def test_plans_are_listed_newest_first_and_shown_with_their_orders(
    client: TestClient, sourcing: SourcingSetup
) -> None:
    sourcing.strategy(batch={"contention": 1})
    sourcing.stock(LAMP_A=1, LAMP_B=5)
    calm = sourcing.order("1", LAMP=1)
    sourcing.source(calm)
    rush = [sourcing.order(f"r{n}", LAMP=1) for n in range(2, 5)]
    sourcing.stock(LAMP_A=2)
    sourcing.source(*rush)
    page = client.get("/api/v1/sourcing/plans").json()
    assert [(p["mode"], p["orders"]) for p in page["items"]] == [("batch", 3), ("realtime", 1)]
    batch, single = page["items"]
    assert (batch["gap"], single["gap"], single["lower_bound"]) == (0, None, None)
    assert client.get("/api/v1/sourcing/plans?mode=batch").json()["items"] == [batch]
    assert client.get("/api/v1/sourcing/plans?strategy=none").json()["items"] == []
    first = client.get("/api/v1/sourcing/plans?limit=1").json()
    assert client.get(f"/api/v1/sourcing/plans?limit=1&after={first['next']}").json()["items"] == [
        single
    ]

    detail = client.get(f"/api/v1/sourcing/plans/{batch['id']}").json()
    assert {o["order_id"] for o in detail["items"]} == {str(o) for o in rush}
    assert sorted(s for o in detail["items"] for s in o["sources"]) == ["A", "B", "B"]
    assert round(sum(detail["parts"].values()), 2) == round(batch["cost"], 2)

    for part, money in detail["parts"].items():
        assert round(sum(o["parts"][part] for o in detail["items"]), 2) == round(money, 2), part

    head = client.get(f"/api/v1/sourcing/plans/{batch['id']}?limit=2").json()
    rest = client.get(f"/api/v1/sourcing/plans/{batch['id']}?limit=2&after={head['next']}").json()
    assert [*head["items"], *rest["items"]] == detail["items"]
    assert rest["next"] is None


def test_what_is_not_there_or_makes_no_sense_is_said_so(client: TestClient) -> None:
    assert client.get(f"/api/v1/sourcing/plans/{new_id()}").status_code == 404
    assert client.get("/api/v1/sourcing/plans?after=xx").status_code == 422
    assert client.get("/api/v1/sourcing/plans/x").status_code == 422


def test_sources_show_their_settings_and_what_their_day_has_left(
    client: TestClient, sourcing: SourcingSetup
) -> None:
    sourcing.source_at(
        "A", 1.0, daily_parcels=5, daily_lines=9, capabilities=["ship", "pickup"], cutoff="16:00"
    )
    sourcing.stock(LAMP_A=5, RUG_A=5)
    sourcing.source(sourcing.order("1", LAMP=1, RUG=1))
    rows = {row["name"]: row for row in client.get("/api/v1/sources").json()["items"]}
    assert rows["A"]["settings"]["capabilities"] == ["ship", "pickup"]
    assert rows["A"]["settings"]["cutoff"] == "16:00"
    assert rows["B"]["today"]["parcels_left"] is None
    # orders were placed on another day than today
    assert rows["A"]["today"] | {"day": ""} == {
        "day": "",
        "parcels": 0,
        "lines": 0,
        "parcels_left": 5,
        "lines_left": 9,
    }
