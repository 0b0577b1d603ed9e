"""Live rates: one result per parcel, bounded in time, errors as results."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.providers.fake_provider import ProviderHarness

from openiom.kernel import Invalid, IomError, NotFound, ProviderDown, ProviderError
from openiom.platform.bulk import execute
from openiom.platform.clock import utc_now
from openiom.provider_contract import LiveRate, LiveRateService, OutboundRequest, RatedParcel
from openiom.providers import LiveRates, RateResult

Run = Callable[[Any, RatedParcel], Sequence[LiveRate]]


def parcel(key: str) -> RatedParcel:
    return RatedParcel(
        key=key, origin={}, destination={}, business=True, weight_kg=1.0, ships_on=date(2026, 12, 1)
    )


def rate(service: str) -> LiveRate:
    return LiveRate(
        service=service, base=5.0, surcharges=(), currency="USD", zone="2", billed_kg=1.0
    )


@pytest.fixture
def rates(harness: ProviderHarness) -> Iterator[LiveRates]:
    harness.install()
    made = LiveRates(harness.registry)
    yield made
    made.close()


def serve(harness: ProviderHarness, run: Run, *, timeout_seconds: float = 5.0) -> None:
    """Add a live-rate service to the fake provider."""
    service = LiveRateService(run=run, concurrency=4, timeout_seconds=timeout_seconds)
    provider = replace(harness.registry.catalog["fake"], live_rates=service)
    harness.registry.catalog = {"fake": provider}


def request(
    harness: ProviderHarness, rates: LiveRates, *keys: str, instance: str = "shop"
) -> list[RateResult]:
    return rates(harness.database, instance, [parcel(key) for key in keys])


def test_each_parcel_has_its_rates_in_the_order_of_the_request(harness, rates):
    def run(connector: Any, shipment: RatedParcel) -> list[LiveRate]:
        time.sleep(0.05 if shipment.key == "A" else 0)
        return [rate(f"to {shipment.key}")]

    serve(harness, run)
    results = request(harness, rates, "A", "B", "C")
    assert results == [[rate("to A")], [rate("to B")], [rate("to C")]]


def test_an_error_of_one_parcel_is_its_result(harness, rates):
    def run(connector: Any, shipment: RatedParcel) -> list[LiveRate]:
        if shipment.key == "B":
            raise Invalid("the address has no postal code")
        if shipment.key == "C":
            raise KeyError("zone")
        return [rate("ground")]

    serve(harness, run)
    first, second, third = request(harness, rates, "A", "B", "C")
    assert first == [rate("ground")]
    assert isinstance(second, Invalid)
    assert isinstance(third, ProviderError)
    assert third.what == "the provider's code failed: KeyError: 'zone'"


def test_a_parcel_without_a_response_in_time_has_none(harness, rates):
    answered = threading.Event()

    def run(connector: Any, shipment: RatedParcel) -> list[LiveRate]:
        if shipment.key == "B":
            assert answered.wait(60)
        return [rate("ground")]

    serve(harness, run, timeout_seconds=0.5)
    first, second = request(harness, rates, "A", "B")
    assert not answered.is_set()
    answered.set()
    assert first == [rate("ground")]
    assert isinstance(second, ProviderDown)
    assert str(second) == "shop: no rate within 0.5 s"


def errors(results: list[RateResult]) -> list[str]:
    return [str(result) for result in results if isinstance(result, IomError)]


def test_a_provider_without_live_rates_has_none_for_any_parcel(harness, rates):
    assert errors(request(harness, rates, "A", "B")) == ["shop: Fake has no live rates"] * 2


def test_a_red_connection_is_not_called(harness, rates):
    serve(harness, lambda connector, shipment: pytest.fail("called"))
    with harness.database.unit_of_work() as session:
        execute(session, "UPDATE providers.provider_instance SET state = 'red', error = 'revoked'")
    assert errors(request(harness, rates, "A")) == ["shop: the connection is red: revoked"]


def test_an_instance_that_is_not_installed_has_no_rates(harness, rates):
    [result] = request(harness, rates, "A", instance="ghost")
    assert isinstance(result, NotFound)


def test_requests_are_logged_after_the_results_are_returned(harness, rates):
    def run(connector: Any, shipment: RatedParcel) -> list[LiveRate]:
        report = harness.system.connections[0].report
        report(OutboundRequest("POST", "http://x/rates", 200, 9, utc_now()))
        return []

    serve(harness, run)
    assert request(harness, rates, "A", "B") == [[], []]
    query = "SELECT action, method, status FROM providers.outbound_request"
    deadline = time.monotonic() + 5

    while len(harness.rows(query)) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)

    assert harness.rows(query) == [("rate", "POST", 200)] * 2


def test_requests_work_again_after_closing(harness, rates):
    serve(harness, lambda connector, shipment: [rate("ground")])
    assert request(harness, rates, "A") == [[rate("ground")]]
    rates.close()
    assert request(harness, rates, "A") == [[rate("ground")]]
