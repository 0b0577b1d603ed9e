"""Transit days, arrival days and confidence of carrier services."""

from datetime import date, timedelta

import numpy as np
import pytest

from openiom.logistics import (
    STANDARD_SERVICE,
    Band,
    CarrierService,
    HolidayRule,
    arrival,
    deliveries,
    delivery_days,
    on_time_chance,
    transit_of,
)

ALL_WEEK = (True,) * 7
MONDAY_TO_SATURDAY = (True, True, True, True, True, True, False)


def service(**more: object) -> CarrierService:
    bands = (Band(300.0, "2", 1), Band(1500.0, "4", 3), Band(None, "8", 5))
    return CarrierService("ups", "ground", "Ground", bands, **more)  # type: ignore[arg-type]


def days(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[D]")


@pytest.mark.parametrize(
    ("km", "band", "transit"),
    [
        (0.0, "1", 1),
        (250.0, "1", 1),
        (250.1, "2", 2),
        (1000.0, "2", 2),
        (1000.1, "3", 3),
        (2000.0, "3", 3),
        (2000.1, "4", 4),
        (3500.0, "4", 4),
        (3500.1, "5", 5),
        (5000.0, "5", 5),
        (5000.1, "6", 8),
        (20000.0, "6", 8),
    ],
)
def test_transit_of_the_standard_service(km: float, band: str, transit: int) -> None:
    index, found = transit_of(STANDARD_SERVICE, np.array([km]))
    assert (STANDARD_SERVICE.bands[int(index[0])].zone, int(found[0])) == (band, transit)
    assert STANDARD_SERVICE.band_of(km) == STANDARD_SERVICE.bands[int(index[0])]


def test_a_service_with_one_band_reaches_everywhere() -> None:
    everywhere = CarrierService("ups", "air", "Air", (Band(None, "A", 2),))
    index, found = transit_of(everywhere, np.array([0.0, 1e6]))
    assert (index.tolist(), found.tolist()) == ([0, 0], [2, 2])
    assert everywhere.band_of(1e6).zone == "A"


@pytest.mark.parametrize(
    ("ship", "transit", "expected"),
    [
        ("2026-11-20", 0, "2026-11-20"),
        ("2026-11-20", 1, "2026-11-23"),
        ("2026-11-20", 3, "2026-11-25"),
        ("2026-11-20", 4, "2026-11-27"),
        ("2026-11-21", 0, "2026-11-23"),
        ("2026-11-21", 1, "2026-11-24"),
        ("2026-11-26", 1, "2026-11-30"),
        ("2026-12-31", 1, "2027-01-04"),
        ("2028-12-29", 1, "2029-01-02"),
    ],
)
def test_transit_counts_weekdays_without_the_carriers_holidays(
    ship: str, transit: int, expected: str
) -> None:
    american = service(holidays=(HolidayRule("US"),))
    assert arrival(american, date.fromisoformat(ship), transit) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("moves", "delivers", "expected"),
    [
        (None, None, "2026-11-23"),
        (MONDAY_TO_SATURDAY, MONDAY_TO_SATURDAY, "2026-11-21"),
        (ALL_WEEK, None, "2026-11-23"),
        (None, ALL_WEEK, "2026-11-23"),
    ],
)
def test_arrival_waits_for_a_day_the_service_delivers(
    moves: tuple[bool, ...] | None, delivers: tuple[bool, ...] | None, expected: str
) -> None:
    given = {"moves": moves, "delivers": delivers}
    found = service(**{name: value for name, value in given.items() if value is not None})
    assert arrival(found, date(2026, 11, 20), 1) == date.fromisoformat(expected)


def test_deliveries_of_several_sources_at_several_distances() -> None:
    found = deliveries(
        service(early_days=1, spread_days=2, slip=0.1),
        days("2026-11-16", "2026-11-19")[None, :],
        np.array([[100.0, 100.0], [1000.0, 9000.0]]),
    )
    assert found.band.tolist() == [[0, 0], [1, 2]]
    assert found.earliest.astype(str).tolist() == [
        ["2026-11-17", "2026-11-20"],
        ["2026-11-18", "2026-11-25"],
    ]
    assert found.expected.astype(str).tolist() == [
        ["2026-11-17", "2026-11-20"],
        ["2026-11-19", "2026-11-26"],
    ]
    assert found.latest.astype(str).tolist() == [
        ["2026-11-19", "2026-11-24"],
        ["2026-11-23", "2026-11-30"],
    ]
    chances = [on_time_chance(n, 0.1, 2) for n in (1, 3, 5)]
    assert found.confidence.tolist() == [[chances[0]] * 2, [chances[1], chances[2]]]


def test_a_transit_of_no_day_arrives_on_the_day_of_shipping() -> None:
    same_day = CarrierService("bike", "now", "Now", (Band(None, "1", 0),), early_days=3)
    found = deliveries(same_day, days("2026-11-20"), np.array([5.0]))
    assert found.earliest.astype(str).tolist() == ["2026-11-20"]
    assert found.expected.astype(str).tolist() == ["2026-11-20"]
    assert found.latest.astype(str).tolist() == ["2026-11-23"]
    assert found.confidence.tolist() == [1.0]


def test_one_ship_day_is_spread_over_all_distances() -> None:
    found = deliveries(service(), days("2026-11-16"), np.array([1.0, 400.0, 4000.0]))
    assert found.expected.astype(str).tolist() == ["2026-11-17", "2026-11-19", "2026-11-23"]


def test_no_source_has_no_delivery() -> None:
    found = deliveries(service(), days(), np.array([]))
    assert found.expected.shape == (0,)


def test_delivery_days_are_weekdays_without_holidays() -> None:
    american = service(holidays=(HolidayRule("US"),))
    first = date(2026, 11, 25)
    found = delivery_days(american, first, 7).tolist()
    closed = {date(2026, 11, 26), date(2026, 11, 28), date(2026, 11, 29)}
    expected = [first + timedelta(days=n) not in closed for n in range(7)]
    assert found == expected
    assert delivery_days(service(delivers=ALL_WEEK), first, 3).tolist() == [True, True, True]


@pytest.mark.parametrize(
    ("transit", "slip", "late_by", "expected"),
    [
        (0, 0.5, 0, 1.0),
        (1, 0.05, 0, 0.95),
        (1, 0.05, 1, 0.9975),
        (2, 0.05, 0, 0.9025),
        (2, 0.05, 1, 0.99275),
        (3, 0.1, 0, 0.729),
        (3, 0.1, 1, 0.9477),
        (3, 0.1, 2, 0.99144),
        (4, 0.05, 1, 0.9774075),
        (5, 0.0, 0, 1.0),
        (1, 0.5, 2, 0.875),
    ],
)
def test_the_chance_of_arriving_in_time_is_negative_binomial(
    transit: int, slip: float, late_by: int, expected: float
) -> None:
    assert on_time_chance(transit, slip, late_by) == pytest.approx(expected, abs=1e-12)


def test_the_standard_service_is_ground_with_a_day_of_spread() -> None:
    found = deliveries(STANDARD_SERVICE, days("2026-11-16"), np.array([100.0, 4000.0]))
    assert found.expected.astype(str).tolist() == ["2026-11-17", "2026-11-23"]
    assert found.latest.astype(str).tolist() == ["2026-11-18", "2026-11-24"]
    assert found.earliest.tolist() == found.expected.tolist()
    assert found.confidence.round(4).tolist() == [0.9975, 0.9672]
