"""Random rate tables against rates computed one parcel after the other."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openiom.fulfillment_optimization.documents import (
    RateFactor,
    RateTableBody,
    SourceBody,
    ZoneOverride,
)
from openiom.fulfillment_optimization.rates import (
    carriage,
    factor_for,
    fallback_rate,
    rate,
    table_price,
    zones,
)

TYPES = ("warehouse", "store")
STATES = (("US", "WA"), ("US", "IL"), ("CA", ""), ("DE", "BY"))
weights = st.integers(0, 40).map(lambda tenths: tenths / 2)
cents = st.integers(0, 2_000).map(lambda value: value / 100)


@st.composite
def tiers(draw: st.DrawFn, zone: str) -> list[dict[str, object]]:
    """Prices of a zone that rise with weight; there may be none."""
    limits = sorted(draw(st.sets(st.integers(1, 15), max_size=4)))
    prices = sorted(draw(st.lists(cents, min_size=len(limits), max_size=len(limits))))
    rows: list[dict[str, object]] = []
    for limit, price in zip(limits, prices, strict=True):
        rows.append({"zone": zone, "up_to_kg": limit, "price": price})
    return rows


@st.composite
def factors(draw: st.DrawFn) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for number in range(draw(st.integers(0, 3))):
        rows.append(
            {
                "name": f"factor {number}",
                "source_type": draw(st.sampled_from([None, *TYPES])),
                "address_type": draw(st.sampled_from(["Business", "Residence", "Any"])),
                "rate_factor": draw(st.integers(-50, 50)),
                "fallback_weight": draw(st.integers(0, 10)),
                "fallback_rate": draw(cents),
                "fallback_increment": draw(cents),
            }
        )

    return rows


@st.composite
def tables(draw: st.DrawFn) -> RateTableBody:
    near, far = sorted(draw(st.sets(st.integers(1, 3_000), min_size=2, max_size=2)))
    zone_rows: list[dict[str, Any]] = [
        {"name": "A", "up_to_km": near},
        {"name": "B", "up_to_km": far},
        {"name": "C"},
    ]
    prices: list[dict[str, object]] = []
    for zone in zone_rows:
        prices += draw(tiers(str(zone["name"])))

    body = {
        "title": "Ground",
        "zones": zone_rows,
        "prices": prices,
        "per_kg_beyond": draw(cents),
        "factors": draw(factors()),
    }
    return RateTableBody.model_validate(body)


def price_by_hand(table: RateTableBody, zone: str, weight: float) -> float | None:
    tiers_of_zone = sorted(
        (price.up_to_kg, price.price) for price in table.prices if price.zone == zone
    )
    if not tiers_of_zone:
        return None

    fitting = [price for limit, price in tiers_of_zone if weight <= limit]
    if fitting:
        return fitting[0]

    limit, price = tiers_of_zone[-1]
    return price + (weight - limit) * table.per_kg_beyond


@given(tables(), st.sampled_from("ABC"), weights)
def test_a_table_price_is_that_of_the_first_weight_that_fits(
    table: RateTableBody, zone: str, weight: float
) -> None:
    expected = price_by_hand(table, zone, weight)
    found = table_price(table, zone, weight)
    assert found == (None if expected is None else pytest.approx(expected))


@given(tables(), st.sampled_from("ABC"), weights, st.sampled_from(TYPES), st.booleans())
def test_a_rate_is_the_marked_up_price_or_the_fallback_or_nothing(
    table: RateTableBody, zone: str, weight: float, source_type: str, business: bool
) -> None:
    found = rate(
        table,
        zone=zone,
        weight_kg=weight,
        source_type=source_type,
        business=business,
    )
    factor = factor_for(table, source_type, business=business)
    price = price_by_hand(table, zone, weight)
    expected = 0.0
    if price is not None:
        expected = price * (1 + factor.rate_factor / 100) if factor else price
    elif factor:
        expected = fallback_rate(factor, weight)

    assert found == pytest.approx(expected)


@given(tables(), st.sampled_from(TYPES), st.booleans())
def test_the_factor_names_as_much_as_any_that_fits(
    table: RateTableBody, source_type: str, business: bool
) -> None:
    address = "Business" if business else "Residence"
    fitting = [
        factor
        for factor in table.factors
        if factor.source_type in (None, source_type) and factor.address_type in (address, "Any")
    ]
    found = factor_for(table, source_type, business=business)
    named = [_named(factor) for factor in fitting]
    if found is None:
        assert fitting == []
    else:
        assert found is fitting[named.index(max(named))], "the first of those that name most"


def test_of_factors_that_name_one_thing_each_the_first_counts() -> None:
    of_type = {"name": "type", "source_type": "store"}
    of_address = {"name": "address", "address_type": "Business"}
    for first, second in ((of_type, of_address), (of_address, of_type)):
        body = {"title": "Ground", "zones": [{"name": "A"}], "factors": [first, second]}
        found = factor_for(RateTableBody.model_validate(body), "store", business=True)
        assert found is not None
        assert found.name == first["name"]


def _named(factor: RateFactor) -> int:
    return (factor.source_type is not None) + (factor.address_type != "Any")


@given(tables(), st.lists(st.integers(0, 4_000), min_size=4, max_size=4))
def test_zones_are_by_distance(table: RateTableBody, distances: list[int]) -> None:
    km = np.array(distances, dtype=float).reshape(2, 2)
    body = source()
    found = zones(table, km, [body, body], STATES[:2])

    for row in range(2):
        for node in range(2):
            expected = 0
            for zone in table.zones[:-1]:
                assert zone.up_to_km is not None
                expected += km[row, node] > zone.up_to_km

            assert found[row, node] == expected


def source(*overrides: ZoneOverride) -> SourceBody:
    address = {"latitude": 0.0, "longitude": 0.0, "country": "US"}
    agreed = [override.model_dump() for override in overrides]
    body = {"title": "S", "address": address, "zone_overrides": agreed}
    return SourceBody.model_validate(body)


overrides = st.builds(
    ZoneOverride,
    country=st.sampled_from(["US", "CA"]),
    state=st.sampled_from(["", "WA", "IL"]),
    zone=st.sampled_from(["A", "B", "C", "gone"]),
)


@given(tables(), st.lists(overrides, max_size=4))
def test_an_agreed_zone_is_the_last_one_for_the_state_else_for_the_country(
    table: RateTableBody, agreed: list[ZoneOverride]
) -> None:
    found = zones(table, np.zeros((len(STATES), 1)), [source(*agreed)], STATES)
    for row, (country, state) in enumerate(STATES):
        expected = "A"
        for wanted in ("", state):
            for one in agreed:
                if (one.country, one.state) == (country, wanted) and one.zone != "gone":
                    expected = one.zone

        assert table.zones[int(found[row, 0])].name == expected


@given(
    tables(),
    st.lists(st.tuples(st.integers(0, 2), weights), min_size=1, max_size=6),
    st.lists(st.booleans(), min_size=3, max_size=3),
)
def test_an_order_in_one_parcel_is_rated_to_the_cent(
    table: RateTableBody, lines: list[tuple[int, float]], business: list[bool]
) -> None:
    line_order = np.array(sorted(order for order, _ in lines))
    weight = np.array([kilograms for _, kilograms in lines])
    zone = np.array([[0, 1], [1, 2], [2, 0]])
    opening, per_line = carriage(
        table,
        zone=zone,
        weight=weight,
        line_order=line_order,
        types=TYPES,
        business=np.array(business),
    )

    for order in range(3):
        total = float(weight[line_order == order].sum())
        for node, source_type in enumerate(TYPES):
            expected = rate(
                table,
                zone=table.zones[zone[order, node]].name,
                weight_kg=total,
                source_type=source_type,
                business=business[order],
            )
            paid = opening[order, node] + per_line[line_order == order, node].sum()
            assert paid == pytest.approx(expected, abs=1e-9)
