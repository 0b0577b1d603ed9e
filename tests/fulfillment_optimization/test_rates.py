"""Rates of parcels by zone and weight, to the cent."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from openiom.fulfillment_optimization.documents import (
    RateFactor,
    RateTableBody,
    SourceBody,
)
from openiom.fulfillment_optimization.rates import (
    carriage,
    factor_for,
    fallback_rate,
    live_rate,
    rate,
    table_price,
    zones,
)


def table(**changes: Any) -> RateTableBody:
    body = {
        "title": "Ground",
        "zones": [
            {"name": "local", "up_to_km": 500},
            {"name": "middle", "up_to_km": 1500},
            {"name": "far"},
        ],
        "prices": [
            {"zone": "local", "up_to_kg": 10, "price": 8},
            {"zone": "local", "up_to_kg": 1, "price": 5},
            {"zone": "middle", "up_to_kg": 1, "price": 7},
        ],
        "per_kg_beyond": 0.5,
    }
    return RateTableBody.model_validate(body | changes)


def source(**body: Any) -> SourceBody:
    address = {"latitude": 0.0, "longitude": 0.0, "country": "US"}
    return SourceBody.model_validate({"title": "S", "address": address, **body})


@pytest.mark.parametrize(
    ("weight", "price"),
    [(0.0, 5.0), (1.0, 5.0), (1.001, 8.0), (10.0, 8.0), (12.0, 9.0)],
)
def test_a_price_counts_up_to_its_weight_and_each_kilogram_beyond_the_last_is_added(
    weight: float, price: float
) -> None:
    assert table_price(table(), "local", weight) == pytest.approx(price)


def test_a_zone_without_prices_has_none() -> None:
    assert table_price(table(), "far", 1.0) is None


def test_a_fallback_rate_covers_its_weight_and_grows_beyond() -> None:
    factor = RateFactor(name="f", fallback_weight=5, fallback_rate=8, fallback_increment=0.75)
    assert [fallback_rate(factor, kg) for kg in (0.0, 5.0, 6.0, 10.0)] == [8.0, 8.0, 8.75, 11.75]


def test_a_factor_marks_a_known_price_up_or_down() -> None:
    assert live_rate(None, 10.0) == 10.0
    assert live_rate(RateFactor(name="f", rate_factor=20), 10.0) == 12.0
    assert live_rate(RateFactor(name="f", rate_factor=-50), 10.0) == 5.0


FACTORS = [
    {"name": "any"},
    {"name": "homes", "address_type": "Residence"},
    {"name": "stores", "source_type": "store"},
    {"name": "stores to homes", "source_type": "store", "address_type": "Residence"},
    {"name": "second for stores", "source_type": "store"},
]


@pytest.mark.parametrize(
    ("source_type", "business", "name"),
    [
        ("warehouse", True, "any"),
        ("warehouse", False, "homes"),
        ("store", True, "stores"),
        ("store", False, "stores to homes"),
    ],
)
def test_the_factor_that_names_most_wins_and_of_equals_the_first(
    source_type: str, business: bool, name: str
) -> None:
    found = factor_for(table(factors=FACTORS), source_type, business=business)
    assert found is not None
    assert found.name == name


def test_no_factor_fits_where_all_name_something_else() -> None:
    only_stores = table(factors=[{"name": "stores", "source_type": "store"}])
    assert factor_for(only_stores, "warehouse", business=True) is None
    arguments: dict[str, Any] = {"source_type": "warehouse", "business": True}
    assert rate(only_stores, zone="far", weight_kg=1.0, **arguments) == 0.0


def test_a_rate_is_the_price_with_its_factor_else_the_fallback() -> None:
    factors = [{"name": "f", "rate_factor": 10, "fallback_rate": 20}]
    arguments: dict[str, Any] = {"source_type": "store", "business": False}
    priced = table(factors=factors)
    assert rate(priced, zone="local", weight_kg=0.5, **arguments) == pytest.approx(5.5)
    assert rate(priced, zone="far", weight_kg=0.5, **arguments) == 20.0


def test_a_distance_at_the_edge_belongs_to_its_zone() -> None:
    km = np.array([[500.0, 500.1, 1500.0, 1500.1]])
    found = zones(table(), km, [source()] * 4, [("US", "WA")])
    assert found.tolist() == [[0, 1, 1, 2]]


def test_agreed_zones_replace_distance_and_a_state_wins_over_its_country() -> None:
    agreed = source(
        zone_overrides=[
            {"country": "US", "state": "WA", "zone": "local"},
            {"country": "US", "zone": "middle"},
            {"country": "CA", "zone": "unknown"},
        ]
    )
    km = np.full((3, 2), 9000.0)
    destinations = [("US", "WA"), ("US", "OR"), ("CA", "BC")]
    found = zones(table(), km, [agreed, source()], destinations)
    assert found.tolist() == [[0, 2], [1, 2], [2, 2]]


def test_carriage_opens_a_parcel_and_spreads_the_weight_over_the_lines() -> None:
    """Order 0 weighs 4 kg in two lines, 1 and 3; order 1 weighs 1 kg."""
    opening, by_weight = carriage(
        table(),
        zone=np.array([[0, 1], [0, 1]]),
        weight=np.array([1.0, 3.0, 1.0]),
        line_order=np.array([0, 0, 1]),
        types=["warehouse", "warehouse"],
        business=np.array([False, True]),
    )
    assert opening.tolist() == [[5.0, 7.0], [5.0, 7.0]]
    # 8 instead of 5 in the local zone; 7 + 3 x 0.5 instead of 7 in the middle one
    assert by_weight.tolist() == [[0.75, 0.375], [2.25, 1.125], [0.0, 0.0]]


def test_carriage_depends_on_the_type_of_source_and_address() -> None:
    factors = [
        {"name": "stores", "source_type": "store", "rate_factor": 100},
        {"name": "homes", "address_type": "Residence", "rate_factor": 10},
    ]
    opening, _ = carriage(
        table(factors=factors),
        zone=np.zeros((2, 2), dtype=np.int64),
        weight=np.array([1.0, 1.0]),
        line_order=np.array([0, 1]),
        types=["warehouse", "store"],
        business=np.array([False, True]),
    )
    assert opening == pytest.approx(np.array([[5.5, 10.0], [5.0, 10.0]]))


def test_an_order_without_weight_pays_for_opening_the_parcel_only() -> None:
    _, by_weight = carriage(
        table(),
        zone=np.array([[0]]),
        weight=np.array([0.0, 0.0]),
        line_order=np.array([0, 0]),
        types=["warehouse"],
        business=np.array([True]),
    )
    assert by_weight.tolist() == [[0.0], [0.0]]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"zones": [{"name": "a", "up_to_km": 5}, {"name": "a"}]}, "two have the same name"),
        ({"zones": [{"name": "a", "up_to_km": 5}], "prices": []}, "list them by distance"),
        ({"zones": [{"name": "a"}, {"name": "b"}], "prices": []}, "list them by distance"),
        (
            {
                "zones": [
                    {"name": "a", "up_to_km": 9},
                    {"name": "b", "up_to_km": 5},
                    {"name": "c"},
                ],
                "prices": [],
            },
            "list them by distance",
        ),
        ({"prices": [{"zone": "moon", "up_to_kg": 1, "price": 1}]}, "no zone named moon"),
        (
            {
                "prices": [
                    {"zone": "far", "up_to_kg": 1, "price": 9},
                    {"zone": "far", "up_to_kg": 1, "price": 9},
                ]
            },
            "one price per weight",
        ),
        (
            {
                "prices": [
                    {"zone": "far", "up_to_kg": 1, "price": 9},
                    {"zone": "far", "up_to_kg": 2, "price": 8},
                ]
            },
            "one price per weight",
        ),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        table(**changes)


def test_equal_prices_of_two_weights_are_allowed() -> None:
    prices = [
        {"zone": "far", "up_to_kg": 1, "price": 9},
        {"zone": "far", "up_to_kg": 2, "price": 9},
    ]
    assert [price.up_to_kg for price in table(prices=prices).prices_of("far")] == [1, 2]
