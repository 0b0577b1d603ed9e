"""The simulated carrier: rates by zone and weight, surcharges, and refused shipments."""

from collections.abc import Iterator

import httpx
import pytest

from openiom_simulators import CarrierOptions, RunningServer, carrier_application, running
from openiom_simulators.carrier.tariff import InvalidShipment, rates

SEATTLE = {"latitude": 47.61, "longitude": -122.33}
PORTLAND = {"latitude": 45.52, "longitude": -122.68}
NEW_YORK = {"latitude": 40.71, "longitude": -74.01}
BEARER = {"Authorization": "Bearer c"}


@pytest.fixture
def carrier() -> Iterator[RunningServer]:
    options = CarrierOptions(token="c", name="Northwind Parcel")
    with running(carrier_application(options)) as (one,):
        yield one


def shipment(weight_kg: object = 2.0, **destination: object) -> dict[str, object]:
    return {
        "reference": "P-1",
        "origin": SEATTLE,
        "destination": {**NEW_YORK, **destination},
        "weight_kg": weight_kg,
    }


def test_a_rate_is_the_base_price_of_zone_and_weight_and_the_fuel_surcharge():
    ground, express = rates(shipment())
    assert ground == {
        "service": "ground",
        "zone": "8",
        "billed_kg": 2.0,
        "base": 11.3,
        "surcharges": [{"name": "fuel", "amount": 0.9}],
        "net": 12.2,
        "currency": "USD",
    }
    assert (express["service"], express["base"], express["net"]) == ("express", 30.6, 33.05)


def test_the_zone_depends_on_the_distance():
    zones = []
    for destination in (SEATTLE, PORTLAND, {"latitude": 39.0, "longitude": -122.0}, NEW_YORK):
        request = {"origin": SEATTLE, "destination": destination, "weight_kg": 1}
        zones.append(rates(request)[0]["zone"])
    assert zones == ["2", "2", "4", "8"]


def test_addresses_without_coordinates_are_in_the_farthest_zone():
    request = {"origin": {}, "destination": {"city": "Seattle"}, "weight_kg": 1}
    assert rates(request)[0]["zone"] == "8"


@pytest.mark.parametrize(("weight", "billed"), [(0, 0.5), (0.5, 0.5), (0.51, 1.0), (2.2, 2.5)])
def test_every_begun_half_kilogram_is_billed(weight, billed):
    assert rates(shipment(weight))[0]["billed_kg"] == billed


def test_a_residential_address_has_a_surcharge():
    ground, _ = rates(shipment(residential=True))
    assert ground["surcharges"][1] == {"name": "residential", "amount": 2.5}
    assert ground["net"] == 14.7


@pytest.mark.parametrize("weight", [None, "2", True, -0.1, 70.1])
def test_a_weight_that_cannot_be_shipped_is_refused(weight):
    with pytest.raises(InvalidShipment, match="weight_kg must be a number from 0 to 70"):
        rates(shipment(weight))


def test_a_shipment_without_addresses_is_refused():
    with pytest.raises(InvalidShipment, match="origin and destination must be addresses"):
        rates({"weight_kg": 1, "origin": SEATTLE})


def test_rates_require_the_token_and_are_recorded(carrier):
    url = f"{carrier.url}/v1/rates"
    assert httpx.post(url, json=shipment()).status_code == 401
    response = httpx.post(url, json=shipment(), headers=BEARER)
    assert response.json()["reference"] == "P-1"
    assert len(response.json()["rates"]) == 2
    assert carrier.app.state.rate_requests == [shipment()]
    account = httpx.get(f"{carrier.url}/v1/account", headers=BEARER).json()
    assert account == {"name": "Northwind Parcel", "scopes": ["rates:read"]}


def test_invalid_requests_are_refused_with_a_reason(carrier):
    url = f"{carrier.url}/v1/rates"
    refused = httpx.post(url, json={"weight_kg": 100}, headers=BEARER)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_shipment")
    garbage = httpx.post(url, content=b"{", headers=BEARER)
    assert (garbage.status_code, garbage.json()["code"]) == (400, "invalid_body")
    a_list = httpx.post(url, json=[], headers=BEARER)
    assert a_list.json()["detail"] == "the body must be a JSON object"


def test_faults_are_switched_on_and_off(carrier):
    faults = f"{carrier.url}/_sim/faults"
    httpx.post(faults, json={"kind": "rate_limited", "seconds": 4})
    limited = httpx.get(f"{carrier.url}/v1/account", headers=BEARER)
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "4")
    httpx.delete(faults)
    assert httpx.get(f"{carrier.url}/v1/account", headers=BEARER).status_code == 200
