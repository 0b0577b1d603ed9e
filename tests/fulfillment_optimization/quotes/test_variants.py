"""
Lines that name colors and sizes are answered from the rows that have them, and no unit serves two
lines.
"""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.fulfillment_optimization.quote_setup import (
    CHICAGO,
    SEATTLE,
    doc,
    goods,
    put,
    source,
    stock,
    stock_hash,
)

from openiom.app.application import Application
from openiom.inventory_visibility import MeasureChange, post_measures

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
URL = "/api/v1/sourcing/quote"


def supply(application: Application, units: int, at: str, **dimensions: str) -> None:
    with application.database.unit_of_work() as session:
        change = MeasureChange(
            "", "SHIRT", at, {("pos", "posinbound"): Decimal(units)}, dimensions=dimensions
        )
        assert post_measures(session, [change], now=NOW, actor="pos", cause="api")[0].ok


def body(*lines: tuple[int, dict[str, str]], **more: Any) -> dict[str, Any]:
    wanted = [
        {"line_id": f"L{i}", "product": "SHIRT", "quantity": n, "dimensions": dimensions}
        for i, (n, dimensions) in enumerate(lines, start=1)
    ]
    return {"destination": SEATTLE, "lines": wanted, "at": "2026-11-20T18:00:00Z", **more}


def post(client: TestClient, *lines: tuple[int, dict[str, str]], **more: Any) -> dict[str, Any]:
    answer = client.post(URL, json=body(*lines, **more))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def served(quote: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(line["line_id"], line["source"], line["quantity"]) for line in quote["plan"]["lines"]]


@pytest.fixture
def shop(application: Application) -> Application:
    put(
        application,
        *goods("SHIRT", "SOCK"),
        doc(
            "product",
            "SET",
            name="Set",
            unit="ea",
            currency="USD",
            components=[{"product": "SHIRT"}],
        ),
        doc("strategy", "partial", title="In part", allow_partial=True, is_default=True),
        source("SEA", SEATTLE, type="store", capabilities=["ship", "pickup"]),
        source("CHI", CHICAGO, type="warehouse"),
    )
    return application


RED, MEDIUM, RED_MEDIUM = {"colorId": "red"}, {"sizeId": "m"}, {"ColorID": "red", "SizeId": "m"}


def test_a_line_uses_stock_rows_with_its_dimension_values(
    shop: Application, client: TestClient
) -> None:
    supply(shop, 1, "SEA", colorid="blue", sizeid="m")
    supply(shop, 2, "CHI", colorid="red", sizeid="m")
    supply(shop, 3, "CHI", colorid="red", sizeid="l")
    before = stock_hash(shop.database)
    found = post(client, (1, MEDIUM), (5, RED), (1, {"posColorId": "blue"}))
    assert served(post(client, (1, {"posColorId": "blue"}))) == [("L1", "SEA", 1)]
    assert served(post(client, (5, RED))) == [("L1", "CHI", 5)]
    assert ("L2", "CHI", 5) in served(found)
    assert served(post(client, (2, RED_MEDIUM), (3, {"inventColorId": "red", "sizeId": "l"}))) == [
        ("L1", "CHI", 2),
        ("L2", "CHI", 3),
    ]
    assert served(post(client, (1, {"colorId": "Red"}))) == []
    assert stock_hash(shop.database) == before


def test_lines_of_different_values_share_nothing(shop: Application, client: TestClient) -> None:
    supply(shop, 1, "SEA", colorid="red")
    supply(shop, 1, "SEA", colorid="blue")
    assert served(post(client, (1, RED), (1, {"colorId": "blue"}))) == [
        ("L1", "SEA", 1),
        ("L2", "SEA", 1),
    ]
    assert served(post(client, (1, RED), (1, RED))) in ([("L1", "SEA", 1)], [("L2", "SEA", 1)])


def test_the_unit_two_lines_could_have_is_promised_to_one(
    shop: Application, client: TestClient
) -> None:
    supply(shop, 1, "SEA", colorid="red", sizeid="m")
    assert served(post(client, (1, RED), (1, MEDIUM))) in ([("L1", "SEA", 1)], [("L2", "SEA", 1)])
    assert served(post(client, (1, RED), (1, RED_MEDIUM))) == [("L2", "SEA", 1)]
    supply(shop, 1, "CHI", colorid="red", sizeid="l")
    assert served(post(client, (1, RED), (1, RED_MEDIUM))) == [("L1", "CHI", 1), ("L2", "SEA", 1)]


def test_no_unit_serves_two_lines(shop: Application, client: TestClient) -> None:
    for at in ("SEA", "CHI"):
        for color in ("red", "blue"):
            for size in ("m", "l"):
                supply(shop, 1, at, colorid=color, sizeid=size)

    wishes = [RED, MEDIUM, RED_MEDIUM, {"colorId": "blue"}, {"sizeId": "l"}]
    for first in range(5):
        lines = [(1, wishes[(first + n) % 5]) for n in range(5)] * 2
        got = Counter(at for _, at, _ in served(post(client, *lines)))
        assert got["SEA"] <= 4
        assert got["CHI"] <= 4
        red = [line for line in served(post(client, *[(1, RED)] * 4, *[(1, RED_MEDIUM)] * 4))]
        assert len(red) == 4


def test_a_line_without_dimensions_uses_stock_without_them_as_orders_do(
    shop: Application, client: TestClient
) -> None:
    supply(shop, 5, "SEA", colorid="red")
    stock(shop.database, SHIRT_CHI=1)
    found = post(client, (1, {}), (5, RED))
    assert served(found) == [("L1", "CHI", 1), ("L2", "SEA", 5)]
    assert served(post(client, (2, {"colorId": ""}))) == []


def test_the_whole_cart_is_handed_out_only_where_it_can_be_had_at_once(
    shop: Application, client: TestClient
) -> None:
    supply(shop, 2, "SEA", colorid="red", sizeid="m")
    assert [p["kind"] for p in post(client, (1, RED), (1, MEDIUM))["pickup"]] == ["bopis"]
    assert post(client, (2, RED), (1, MEDIUM))["pickup"] == []


def test_the_id_of_the_answer_follows_the_stock_of_the_variant(
    shop: Application, client: TestClient
) -> None:
    supply(shop, 1, "SEA", colorid="red")
    first = post(client, (1, RED))
    assert post(client, (1, RED)) == first
    supply(shop, 1, "SEA", colorid="blue")
    assert post(client, (1, RED)) == first
    supply(shop, 1, "SEA", colorid="red", sizeid="m")
    assert post(client, (1, RED))["execution_id"] != first["execution_id"]


@pytest.mark.parametrize(
    ("number", "dimensions", "where"),
    [
        ("SHIRT", {"colour": "red"}, "lines.0.dimensions.colour"),
        ("SHIRT", {"LocationId": "SEA"}, "lines.0.dimensions.LocationId"),
        ("SET", RED, "lines.0.dimensions"),
    ],
)
def test_unknown_dimensions_are_refused_with_the_known_ones(
    shop: Application, client: TestClient, number: str, dimensions: dict[str, str], where: str
) -> None:
    asked = body((1, dimensions))
    asked["lines"][0]["product"] = number
    answer = client.post(URL, json=asked)
    assert answer.status_code == 422
    [problem] = answer.json()["problems"]
    assert problem["where"] == where
    assert problem["remedy"]
    if "colour" in dimensions:
        assert "colorid" in problem["remedy"]
        assert "poscolorid" in problem["remedy"]


def test_constraints_of_a_product_count_for_each_of_its_variants(
    shop: Application, client: TestClient
) -> None:
    for at in ("SEA", "CHI"):
        supply(shop, 3, at, colorid="red")
        supply(shop, 3, at, colorid="blue")

    ranks = [
        {"source": "CHI", "product": "SHIRT", "rank": 1},
        {"source": "SEA", "product": "SHIRT", "rank": 2},
    ]
    put(
        shop,
        doc(
            "constraint", "chi-first", title="C", type="location_priority", hard=True, entries=ranks
        ),
        doc("strategy", "ranked", title="R", constraints=["chi-first"]),
    )
    found = post(client, (1, RED), (1, {"colorId": "blue"}), strategy="ranked")
    assert served(found) == [("L1", "CHI", 1), ("L2", "CHI", 1)]
