"""The demo carrier: one rate per service, exact money, and clear errors for bad responses."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import orjson
import pytest

from openiom.kernel import Invalid, ProviderDown, ProviderRejected, ProviderUnauthorized
from openiom.library.demo_carrier import PROVIDER
from openiom.library.demo_carrier.connector import DemoCarrier
from openiom.provider_contract import LiveRate, RatedParcel
from openiom.testing import (
    ExternalSystem,
    RecordedCalls,
    connect,
    provider_contract,
    unreachable_address,
)
from openiom_simulators import CarrierOptions, RunningServer, carrier_application, running

TOKEN = "carrier-token-1"
SEATTLE = {"city": "Seattle", "country": "US", "latitude": 47.61, "longitude": -122.33}
NEW_YORK = {"city": "New York", "country": "US", "latitude": 40.71, "longitude": -74.01}


def connection(url: str, token: str = TOKEN) -> dict[str, str]:
    return {"url": url, "token": token}


@contextmanager
def running_carrier() -> Iterator[RunningServer]:
    with running(carrier_application(CarrierOptions(token=TOKEN, name="Northwind Parcel"))) as (
        carrier,
    ):
        yield carrier


@contextmanager
def site() -> Iterator[ExternalSystem]:
    with running_carrier() as carrier:
        host, port = unreachable_address()
        yield ExternalSystem(
            connection(carrier.url),
            connection(carrier.url, "wrong-token"),
            connection(f"http://{host}:{port}"),
        )


class TestContract(
    provider_contract(PROVIDER, golden=Path(__file__).with_name("golden"), site=site)
):
    """The tests that every provider must pass."""


@pytest.fixture
def carrier() -> Iterator[RunningServer]:
    with running_carrier() as one:
        yield one


@pytest.fixture
def account(carrier: RunningServer) -> Iterator[DemoCarrier]:
    with closing(connect(PROVIDER, connection(carrier.url))) as connector:
        yield connector


def parcel(
    *,
    origin: dict[str, Any] = SEATTLE,
    destination: dict[str, Any] = NEW_YORK,
    weight_kg: float = 2.0,
    business: bool = True,
) -> RatedParcel:
    return RatedParcel(
        key="P-1",
        origin=origin,
        destination=destination,
        business=business,
        weight_kg=weight_kg,
        ships_on=date(2026, 12, 1),
    )


def rates(account: DemoCarrier, shipment: RatedParcel) -> list[LiveRate]:
    live_rates = PROVIDER.live_rates
    assert live_rates is not None
    return list(live_rates.run(account, shipment))


def test_the_manifest_describes_a_delivery_provider_without_actions_and_messages() -> None:
    assert (PROVIDER.name, PROVIDER.category) == ("demo_carrier", "delivery")
    assert (PROVIDER.actions, PROVIDER.messages) == ((), ())
    assert PROVIDER.live_rates is not None
    assert PROVIDER.live_rates.concurrency == 8
    assert PROVIDER.live_rates.timeout_seconds == 1.5


def test_a_parcel_across_the_country_costs_more_than_one_across_town(
    account: DemoCarrier,
) -> None:
    ground, express = rates(account, parcel())
    near_ground, near_express = rates(account, parcel(destination=SEATTLE))
    assert (ground.service, ground.zone, ground.base) == ("ground", "8", 11.3)
    assert (express.service, express.zone, express.base) == ("express", "8", 30.6)
    assert (near_ground.zone, near_ground.base) == ("2", 5.9)
    assert (near_express.zone, near_express.base) == ("2", 16.2)
    assert {rate.currency for rate in (ground, express)} == {"USD"}


def test_a_home_address_pays_a_residential_surcharge(account: DemoCarrier) -> None:
    business = rates(account, parcel(destination=SEATTLE))[0]
    home = rates(account, parcel(destination=SEATTLE, business=False))[0]
    assert business.surcharges == (("fuel", 0.47),)
    assert home.surcharges == (("fuel", 0.47), ("residential", 2.5))


@pytest.mark.parametrize(
    ("weight_kg", "billed_kg"), [(0.0, 0.5), (0.5, 0.5), (0.51, 1.0), (2.0, 2.0), (2.2, 2.5)]
)
def test_started_half_kilograms_are_billed(
    account: DemoCarrier, weight_kg: float, billed_kg: float
) -> None:
    assert rates(account, parcel(weight_kg=weight_kg))[0].billed_kg == billed_kg


def test_rates_are_requested_in_the_currency_of_the_instance(carrier: RunningServer) -> None:
    values = connection(carrier.url)
    with closing(connect(PROVIDER, values, {"currency": "EUR"})) as connector:
        assert {rate.currency for rate in rates(connector, parcel())} == {"EUR"}


def test_the_carrier_receives_only_known_fields_of_an_address(
    carrier: RunningServer, account: DemoCarrier
) -> None:
    origin = {**SEATTLE, "email": "ann@example.com", "line1": "", "state": "WA"}
    rates(account, parcel(origin=origin))
    [request] = carrier.app.state.rate_requests
    assert request["origin"] == {
        "city": "Seattle",
        "state": "WA",
        "country": "US",
        "latitude": 47.61,
        "longitude": -122.33,
    }
    assert request["destination"]["residential"] is False
    assert (request["reference"], request["ship_date"]) == ("P-1", "2026-12-01")


def test_a_parcel_that_cannot_be_rated_is_rejected_with_the_reason(account: DemoCarrier) -> None:
    with pytest.raises(ProviderRejected, match="weight_kg must be a number from 0 to 70"):
        rates(account, parcel(weight_kg=71))


def test_a_wrong_token_is_unauthorized(carrier: RunningServer) -> None:
    with (
        closing(connect(PROVIDER, connection(carrier.url, "wrong"))) as connector,
        pytest.raises(ProviderUnauthorized),
    ):
        rates(connector, parcel())


def test_a_rate_limit_is_an_outage_that_says_when_to_retry(
    carrier: RunningServer, account: DemoCarrier
) -> None:
    fault = {"kind": "rate_limited", "count": 1, "seconds": 7}
    httpx.post(f"{carrier.url}/_sim/faults", json=fault).raise_for_status()
    with pytest.raises(ProviderDown) as error:
        rates(account, parcel())
    assert error.value.retry_after == 7


def test_every_request_is_reported(carrier: RunningServer) -> None:
    heard = RecordedCalls()
    with closing(connect(PROVIDER, connection(carrier.url), report=heard)) as connector:
        rates(connector, parcel())
    [call] = heard
    assert (call.method, call.status, call.error) == ("POST", 200, "")
    assert call.url == f"{carrier.url}/v1/rates"


@pytest.mark.parametrize("url", ["", "ftp://carrier.example", "http://user:pw@carrier.example"])
def test_an_invalid_address_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        connect(PROVIDER, connection(url))


@contextmanager
def responding(body: object) -> Iterator[str]:
    """A carrier that responds to every request with `body`."""
    content = orjson.dumps(body)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


RATE = {"service": "ground", "base": 5.0, "currency": "USD"}


def without(field: str) -> dict[str, Any]:
    return {name: value for name, value in RATE.items() if name != field}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "the response is not an object"),
        ({}, "rates without service, amount or currency"),
        ({"rates": [without("service")]}, "rates without service, amount or currency"),
        ({"rates": [without("base")]}, "rates without service, amount or currency"),
        ({"rates": [without("currency")]}, "rates without service, amount or currency"),
        ({"rates": [RATE | {"base": -0.01}]}, "rates without service, amount or currency"),
        ({"rates": [RATE | {"base": "five"}]}, "rates without service, amount or currency"),
        ({"rates": [RATE | {"currency": "US"}]}, "rates without service, amount or currency"),
        ({"rates": [RATE | {"surcharges": [{"name": "fuel"}]}]}, "rates without service"),
    ],
)
def test_a_response_without_usable_rates_is_an_outage(body: object, message: str) -> None:
    with (
        responding(body) as url,
        closing(connect(PROVIDER, connection(url))) as connector,
        pytest.raises(ProviderDown, match=message),
    ):
        rates(connector, parcel())


def test_optional_fields_of_a_rate_have_defaults() -> None:
    with (
        responding({"rates": [RATE]}) as url,
        closing(connect(PROVIDER, connection(url))) as connector,
    ):
        assert rates(connector, parcel()) == [LiveRate("ground", 5.0, (), "USD", "", 0.0)]


def test_a_free_service_is_a_valid_rate() -> None:
    with (
        responding({"rates": [RATE | {"base": 0}]}) as url,
        closing(connect(PROVIDER, connection(url))) as connector,
    ):
        assert rates(connector, parcel())[0].base == 0.0
