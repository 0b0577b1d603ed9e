"""The tariff of the simulated carrier: zones, billed weight, surcharges and invalid shipments."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openiom_simulators.carrier.tariff import InvalidShipment, rates

SEATTLE = {"latitude": 47.6062, "longitude": -122.3321}


def shipment(weight_kg: Any = 1, *, destination: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "weight_kg": weight_kg,
        "origin": SEATTLE,
        "destination": destination or SEATTLE,
        **more,
    }


def test_a_parcel_within_town_pays_the_first_zone_and_fuel() -> None:
    ground, express = rates(shipment(1))

    # Ground: 5.00 + 1 kg at 0.45 = 5.45, fuel of 8 % = 0.44.
    assert ground == {
        "service": "ground",
        "zone": "2",
        "billed_kg": 1.0,
        "base": 5.45,
        "surcharges": [{"name": "fuel", "amount": 0.44}],
        "net": 5.89,
        "currency": "USD",
    }
    # Express: 14.00 + 1 kg at 1.10 = 15.10, fuel of 8 % = 1.21.
    assert (express["service"], express["base"], express["net"]) == ("express", 15.1, 16.31)


@pytest.mark.parametrize(
    ("weight", "billed"),
    [(0, 0.5), (0.5, 0.5), (0.51, 1.0), (1, 1.0), (1.01, 1.5), (12.3, 12.5), (70, 70.0)],
)
def test_every_begun_half_kilogram_is_billed(weight: float, billed: float) -> None:
    assert [rate["billed_kg"] for rate in rates(shipment(weight))] == [billed, billed]


@pytest.mark.parametrize(
    ("place", "zone"),
    [
        # Portland, Oregon: 234 km.
        ({"latitude": 45.5152, "longitude": -122.6784}, "2"),
        # Spokane: 368 km.
        ({"latitude": 47.6588, "longitude": -117.4260}, "3"),
        # Boise: 651 km.
        ({"latitude": 43.6150, "longitude": -116.2023}, "4"),
        # Los Angeles: 1,545 km.
        ({"latitude": 34.0522, "longitude": -118.2437}, "5"),
        # Denver: 1,643 km.
        ({"latitude": 39.7392, "longitude": -104.9903}, "6"),
        # Chicago: 2,788 km.
        ({"latitude": 41.8781, "longitude": -87.6298}, "7"),
        # New York: 3,866 km.
        ({"latitude": 40.7128, "longitude": -74.0060}, "8"),
    ],
)
def test_the_zone_grows_with_the_distance(place: dict[str, float], zone: str) -> None:
    assert {rate["zone"] for rate in rates(shipment(destination=place))} == {zone}


@pytest.mark.parametrize(
    "place", [{"city": "Somewhere"}, {"latitude": "north", "longitude": 1}, {"latitude": None}]
)
def test_a_place_without_coordinates_is_in_the_farthest_zone(place: dict[str, Any]) -> None:
    ground, _ = rates(shipment(destination=place))

    # 5.00 + 6 zones at 0.90 + 0.45 = 10.85.
    assert (ground["zone"], ground["base"]) == ("8", 10.85)


def test_a_home_address_pays_its_surcharge() -> None:
    ground, _ = rates(shipment(destination={**SEATTLE, "residential": True}))

    assert ground["surcharges"] == [
        {"name": "fuel", "amount": 0.44},
        {"name": "residential", "amount": 2.5},
    ]
    assert ground["net"] == 8.39


def test_the_currency_of_the_request_is_returned() -> None:
    assert {rate["currency"] for rate in rates(shipment(currency="EUR"))} == {"EUR"}


@pytest.mark.parametrize("weight", [-0.01, 70.01, "1", None, True, [1]])
def test_a_weight_outside_the_limits_is_refused(weight: Any) -> None:
    with pytest.raises(InvalidShipment, match="weight_kg must be a number from 0 to 70"):
        rates(shipment(weight))


@pytest.mark.parametrize("missing", ["origin", "destination"])
def test_a_shipment_without_an_address_is_refused(missing: str) -> None:
    request = shipment()
    del request[missing]

    with pytest.raises(InvalidShipment, match="origin and destination must be addresses"):
        rates(request)


@given(st.floats(0, 70), st.floats(0, 70))
def test_a_heavier_parcel_never_costs_less(one: float, other: float) -> None:
    light, heavy = sorted((one, other))

    for cheaper, dearer in zip(rates(shipment(light)), rates(shipment(heavy)), strict=True):
        assert cheaper["net"] <= dearer["net"]
