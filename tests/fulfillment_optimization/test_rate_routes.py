"""A rate table is tried before it is saved, by the arithmetic that quotes and plans use."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from openiom.fulfillment_optimization import rate_router
from openiom.platform.database import Database
from openiom.platform.http import Principal, install_problem_handlers

TABLE = {
    "title": "Own",
    "zones": [{"name": "near", "up_to_km": 500}, {"name": "far"}],
    "prices": [
        {"zone": "near", "up_to_kg": 1, "price": 4},
        {"zone": "near", "up_to_kg": 5, "price": 6},
    ],
    "per_kg_beyond": 0.5,
    "factors": [
        {"name": "stores", "source_type": "store", "rate_factor": 10},
        {"name": "any", "fallback_weight": 5, "fallback_rate": 8, "fallback_increment": 0.75},
    ],
}


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    app = FastAPI()
    app.state.database = database
    app.state.authenticate = lambda request, session: Principal("ann", frozenset({"sourcing.read"}))
    install_problem_handlers(app)
    app.include_router(rate_router)
    with TestClient(app, raise_server_exceptions=False) as made:
        yield made


def request_rate(client: TestClient, **part: Any) -> dict[str, Any]:
    parcel = {"zone": "far", "weight_kg": 10, "source_type": "warehouse", "business": False}
    answer: dict[str, Any] = client.post(
        "/api/v1/sourcing/rate", json={"table": TABLE, **parcel, **part}
    ).json()
    return answer


def test_the_factors_fallback_rate_replaces_an_unknown_price(client: TestClient) -> None:
    assert request_rate(client) == {
        "price": 11.75,
        "known": None,
        "factor": "any",
        "explanation": "zone far has no prices; fallback rate of any: "
        "8.00 up to 5 kg, 0.75 for each of 5 kg more",
    }


@pytest.mark.parametrize(
    ("part", "price", "explanation"),
    [
        ({"zone": "near", "weight_kg": 0.4}, 4.0, "4.00 in zone near"),
        ({"zone": "near", "weight_kg": 7}, 7.0, "7.00 in zone near"),
        (
            {"zone": "near", "weight_kg": 3, "source_type": "store"},
            6.6,
            "6.00 in zone near, +10 % by stores",
        ),
    ],
)
def test_a_known_price_is_changed_by_its_factor(
    client: TestClient, part: dict[str, Any], price: float, explanation: str
) -> None:
    answer = request_rate(client, **part)
    assert (answer["price"], answer["explanation"]) == (price, explanation)


@pytest.mark.parametrize(
    ("currency", "text"),
    [("KWD", "1.105"), ("", "1.105"), ("USD", "1.10"), ("JPY", "1")],
)
def test_a_price_is_explained_with_the_digits_of_its_currency(
    client: TestClient, currency: str, text: str
) -> None:
    prices = [{"zone": "near", "up_to_kg": 5, "price": 1.105}]
    table = {**TABLE, "currency": currency, "prices": prices}
    answer = request_rate(client, table=table, zone="near", weight_kg=2)
    assert (answer["price"], answer["explanation"]) == (1.105, f"{text} in zone near")


def test_a_table_that_could_not_be_saved_is_refused_as_saving_it_would_be(
    client: TestClient,
) -> None:
    assert "near needs one price per weight" in str(
        request_rate(client, table={**TABLE, "prices": TABLE["prices"] * 2})
    )  # type: ignore[operator]
    assert request_rate(client, zone="moon")["detail"].startswith("no zone named moon")
