"""Prices of a carrier's service for a parcel: table, live rate, factor and fallback."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.fulfillment_optimization.builders import place

from openiom.fulfillment_optimization.documents import CostWeights, RateTableBody
from openiom.fulfillment_optimization.quotes.schemas import CarrierRate
from openiom.fulfillment_optimization.quotes.shipping_rates import (
    NO_RATE,
    Parcel,
    Tariff,
    arrivals,
    cheapest_first,
    rate_parcel,
)
from openiom.fulfillment_optimization.snapshot import planning_source
from openiom.logistics import Band, CarrierService, Handover
from openiom.provider_contract import LiveRate

SHIPPED = Handover(
    datetime(2026, 11, 20, 15, tzinfo=UTC),
    datetime(2026, 11, 20, 22, tzinfo=UTC),
    date(2026, 11, 20),
)
GROUND = CarrierService(
    "ups",
    "ground",
    "UPS Ground",
    (Band(300.0, "2", 1), Band(None, "8", 5)),
    spread_days=2,
    slip=0.1,
)
FACTOR: dict[str, Any] = {
    "name": "retail",
    "fallback_rate": 8.0,
    "fallback_weight": 5.0,
    "fallback_increment": 0.75,
}


def table(*factors: dict[str, Any]) -> RateTableBody:
    return RateTableBody.model_validate(
        {
            "title": "Rates",
            "currency": "USD",
            "zones": [{"name": "near", "up_to_km": 500}, {"name": "far"}],
            "prices": [{"zone": "near", "up_to_kg": 10, "price": 6.5}],
            "factors": [FACTOR | factor for factor in factors],
        }
    )


def parcel(km: float = 100.0, kg: float = 2.0, handover: Handover | None = SHIPPED) -> Parcel:
    return Parcel(planning_source(place("SEA", 1.0)), km, kg, handover)


def tariff(rates: RateTableBody | None) -> Tariff:
    weights = CostWeights(parcel=6.0, per_100_km=0.35)
    return Tariff(rates, weights, ("US", "WA"), business=False, currency="USD")


def live(**more: Any) -> LiveRate:
    given: dict[str, Any] = {
        "service": "ground",
        "base": 9.0,
        "currency": "EUR",
        "zone": "L",
        "surcharges": (),
    }
    return LiveRate(**(given | more))


def money(rate: CarrierRate) -> tuple[float, list[tuple[str, float]], float]:
    """Return base, surcharges and net."""
    return rate.base, [(s.name, s.amount) for s in rate.surcharges], rate.net


@pytest.mark.parametrize(
    ("factors", "expected"),
    [
        ([], (6.5, [], 6.5)),
        ([{}], (6.5, [], 6.5)),
        ([{"rate_factor": 10.0}], (6.5, [("retail", 0.65)], 7.15)),
        ([{"rate_factor": -20.0}], (6.5, [("retail", -1.3)], 5.2)),
        ([{"free_shipping": True}], (6.5, [("retail: free shipping", -6.5)], 0.0)),
        (
            [{"rate_factor": 10.0, "free_shipping": True}],
            (6.5, [("retail", 0.65), ("retail: free shipping", -7.15)], 0.0),
        ),
    ],
)
def test_a_price_of_the_table_with_its_factor(
    factors: list[dict[str, Any]], expected: tuple[float, list[tuple[str, float]], float]
) -> None:
    rate = rate_parcel(GROUND, parcel(), tariff(table(*factors)))
    assert money(rate) == expected
    assert (rate.is_fallback, rate.live, rate.reason) == (False, False, "")
    assert (rate.zone, rate.weight, rate.currency) == ("near", 2.0, "USD")
    assert (rate.service, rate.title, rate.source) == ("ground", "UPS Ground", "SEA")


def test_a_live_rate_has_the_digits_of_its_currency() -> None:
    def rated(currency: str) -> tuple[float, list[tuple[str, float]], float]:
        quoted = live(base=1.105, currency=currency, surcharges=(("fuel", 0.0454),))
        return money(rate_parcel(GROUND, parcel(), tariff(None), live=quoted))

    assert rated("KWD") == (1.105, [("fuel", 0.045)], 1.15)
    assert rated("USD") == (1.1, [("fuel", 0.05)], 1.15)
    assert rated("JPY") == (1.0, [("fuel", 0.0)], 1.0)


@pytest.mark.parametrize(
    ("factors", "kg", "expected"),
    [
        ([{"rate_factor": 10.0}], 4.0, 8.0),
        ([{"rate_factor": 10.0}], 5.0, 8.0),
        ([{"rate_factor": 10.0}], 7.0, 9.5),
        ([], 7.0, 13.0),
    ],
)
def test_without_a_price_the_factors_fallback_counts_and_else_the_distance(
    factors: list[dict[str, Any]], kg: float, expected: float
) -> None:
    rate = rate_parcel(GROUND, parcel(km=2000.0, kg=kg), tariff(table(*factors)))
    assert money(rate) == (expected, [], expected)
    assert (rate.is_fallback, rate.reason, rate.zone) == (True, NO_RATE, "far")


def test_without_a_table_the_distance_counts_and_the_zone_is_the_services() -> None:
    rate = rate_parcel(GROUND, parcel(km=300.0), tariff(None))
    assert money(rate) == (7.05, [], 7.05)
    assert (rate.zone, rate.is_fallback, rate.reason) == ("2", True, NO_RATE)


def test_a_live_rate_is_billed_as_the_carrier_returns_it() -> None:
    answer = live(surcharges=(("fuel", 1.234),), billed_kg=3.5)
    rate = rate_parcel(GROUND, parcel(), tariff(table({"rate_factor": 10.0})), live=answer)
    assert money(rate) == (9.0, [("fuel", 1.23), ("retail", 1.02)], 11.25)
    assert (rate.live, rate.is_fallback, rate.reason) == (True, False, "")
    assert (rate.currency, rate.weight, rate.zone) == ("EUR", 3.5, "L")


def test_a_live_rate_without_a_weight_has_that_of_the_parcel() -> None:
    assert rate_parcel(GROUND, parcel(kg=1.23456), tariff(None), live=live()).weight == 1.235


@pytest.mark.parametrize(
    ("factors", "expected"),
    [([{"rate_factor": 10.0}], 8.0), ([], 6.5)],
)
def test_a_failed_live_rate_gets_the_fallback_before_the_table(
    factors: list[dict[str, Any]], expected: float
) -> None:
    rate = rate_parcel(GROUND, parcel(), tariff(table(*factors)), failed="no answer")
    assert (rate.net, rate.is_fallback, rate.reason) == (expected, True, "no answer")
    answered = rate_parcel(GROUND, parcel(), tariff(table()), live=live(), failed="no answer")
    assert (answered.net, answered.reason) == (9.0, "")


def test_arrival_days_have_growing_probabilities() -> None:
    assert [(a.date, a.confidence) for a in arrivals(GROUND, parcel())] == [
        (date(2026, 11, 23), 0.9),
        (date(2026, 11, 24), 0.99),
        (date(2026, 11, 25), 0.999),
    ]
    assert [a.date for a in arrivals(GROUND, parcel(km=300.1))][0] == date(2026, 11, 27)
    assert arrivals(GROUND, parcel(handover=None)) == []


def test_transit_days_that_end_on_one_day_keep_the_highest_probability() -> None:
    moves_daily = CarrierService(
        "ups", "air", "Air", (Band(None, "1", 1),), moves=(True,) * 7, spread_days=2, slip=0.1
    )
    assert [(a.date, a.confidence) for a in arrivals(moves_daily, parcel())] == [
        (date(2026, 11, 23), 0.999)
    ]


def test_rates_are_listed_by_source_and_currency_with_the_cheapest_first() -> None:
    dear = rate_parcel(GROUND, parcel(), tariff(table()))
    cheap = dear.model_copy(update={"net": 1.0})
    same = cheap.model_copy(update={"service": "air"})
    euros = dear.model_copy(update={"currency": "EUR", "net": 99.0})
    other = dear.model_copy(update={"source": "CHI", "net": 500.0})
    assert cheapest_first([dear, cheap, same, euros, other]) == [other, euros, same, cheap, dear]
