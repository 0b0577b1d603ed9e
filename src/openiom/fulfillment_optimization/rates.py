"""Rates of parcels by zone and weight. Pure.

The prices of a rate table step with weight, while the engine adds up costs of parcels and lines. So
the price of the whole order's weight is divided: the lightest price of the zone opens the parcel,
and what the weight adds is spread over the lines by weight. An order that ships in one parcel is
rated to the cent; a split one approximately, because each parcel takes its share of the price of
the whole weight.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from .documents import RateFactor, RateTableBody, SourceBody, ZoneOverride

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def fallback_rate(factor: RateFactor, weight_kg: float) -> float:
    """Return the rate where the table has no price.

    >>> five = RateFactor(name="f", fallback_weight=5, fallback_rate=8, fallback_increment=0.75)
    >>> fallback_rate(five, 10)
    11.75
    """
    beyond = max(0.0, weight_kg - factor.fallback_weight)
    return factor.fallback_rate + factor.fallback_increment * beyond


def live_rate(factor: RateFactor | None, price: float) -> float:
    """Return a known price with the factor's mark-up or mark-down."""
    return price * (1.0 + factor.rate_factor / 100.0) if factor else price


def factor_for(table: RateTableBody, source_type: str, *, business: bool) -> RateFactor | None:
    """Return the first factor for this type of source and address.

    Factors that name both take precedence over those that name one, these over general ones.
    """
    address_type = "Business" if business else "Residence"
    fitting = [factor for factor in table.factors if _fits(factor, source_type, address_type)]
    return min(fitting, key=_generality, default=None)


def _fits(factor: RateFactor, source_type: str, address_type: str) -> bool:
    fits_address = factor.address_type in (address_type, "Any")
    return fits_address and factor.source_type in (None, source_type)


def _generality(factor: RateFactor) -> int:
    return int(factor.source_type is None) + int(factor.address_type == "Any")


def table_price(table: RateTableBody, zone: str, weight_kg: float) -> float | None:
    """Return the price of a parcel of this weight; None where the zone has no prices.

    A weight on a boundary belongs to the lighter tier. Beyond the heaviest tier, each further
    kilogram costs `per_kg_beyond`.
    """
    tiers = table.prices_of(zone)
    if not tiers:
        return None

    for tier in tiers:
        if weight_kg <= tier.up_to_kg:
            return tier.price

    heaviest = tiers[-1]
    return heaviest.price + table.per_kg_beyond * (weight_kg - heaviest.up_to_kg)


def rate(
    table: RateTableBody,
    *,
    zone: str,
    weight_kg: float,
    source_type: str,
    business: bool,
) -> float:
    """Return the money of one parcel: the price with its factor, else the fallback rate."""
    factor = factor_for(table, source_type, business=business)
    price = table_price(table, zone, weight_kg)
    if price is not None:
        return live_rate(factor, price)

    return fallback_rate(factor, weight_kg) if factor else 0.0


def zones(
    table: RateTableBody,
    km: Floats,
    bodies: Sequence[SourceBody],
    destinations: Sequence[tuple[str, str]],
) -> Ints:
    """(B, N) index of the zone: by distance, or as a source has agreed for the destination.

    `destinations` are (country, state). An agreement for a state takes precedence over one for its
    country.
    """
    bands = np.array([zone.up_to_km for zone in table.zones[:-1]], dtype=float)
    zone_of: Ints = np.searchsorted(bands, km, side="left").astype(np.int64)
    names = [zone.name for zone in table.zones]

    for node, body in enumerate(bodies):
        for override in _agreements(body, names):
            zone_of[_covered(override, destinations), node] = names.index(override.zone)

    return zone_of


def _agreements(body: SourceBody, zone_names: Sequence[str]) -> Iterator[ZoneOverride]:
    """Yield the agreements of a source about known zones, those for a state last."""
    for override in sorted(body.zone_overrides, key=_names_a_state):
        if override.zone in zone_names:
            yield override


def _names_a_state(override: ZoneOverride) -> bool:
    return bool(override.state)


def _covered(override: ZoneOverride, destinations: Sequence[tuple[str, str]]) -> list[int]:
    """Return the rows of the destinations that an agreement covers."""
    rows: list[int] = []
    for row, (country, state) in enumerate(destinations):
        if country == override.country and override.state in ("", state):
            rows.append(row)
    return rows


def carriage(
    table: RateTableBody,
    *,
    zone: Ints,
    weight: Floats,
    line_order: Ints,
    types: Sequence[str],
    business: NDArray[np.bool_],
) -> tuple[Floats, Floats]:
    """Return (B, N) money of opening a parcel and (L, N) money of the weight of a line.

    `zone` is (B, N), `weight` (L,) kilograms of each whole line, `types` those of the N sources and
    `business` (B,).
    """
    orders = zone.shape[0]
    order_weight = np.bincount(line_order, weights=weight, minlength=orders).astype(np.float64)
    lightest, full = np.zeros(zone.shape), np.zeros(zone.shape)
    type_of_node = np.array(types)

    for source_type in dict.fromkeys(types):
        nodes = np.flatnonzero(type_of_node == source_type)
        for commercial in (False, True):
            rows = np.flatnonzero(business == commercial)
            if not len(rows):
                continue

            cells = np.ix_(rows, nodes)
            of_zone, of_row = _prices(table, source_type, commercial, order_weight[rows])
            lightest[cells] = of_zone[zone[cells]]
            full[cells] = of_row[np.arange(len(rows))[:, None], zone[cells]]

    weight_of_order = order_weight[line_order]
    nothing = np.zeros(len(weight))
    share = np.divide(weight, weight_of_order, out=nothing, where=weight_of_order > 0)
    return lightest, (full - lightest)[line_order] * share[:, None]


def _prices(
    table: RateTableBody, source_type: str, business: bool, weights: Floats
) -> tuple[Floats, Floats]:
    """Return (Z,) prices of the lightest parcel and (rows, Z) of parcels of these weights."""

    distinct, position = np.unique(weights, return_inverse=True)
    full = np.zeros((len(distinct), len(table.zones)))

    for row, weight_kg in enumerate(distinct.tolist()):
        full[row] = _rates_by_zone(table, source_type, business, weight_kg)

    return _rates_by_zone(table, source_type, business, 0.0), full[position]


def _rates_by_zone(
    table: RateTableBody, source_type: str, business: bool, weight_kg: float
) -> Floats:
    """Return (Z,) the money of one parcel of this weight in each zone."""
    rates = np.zeros(len(table.zones))
    for index, zone in enumerate(table.zones):
        rates[index] = rate(
            table,
            zone=zone.name,
            weight_kg=weight_kg,
            source_type=source_type,
            business=business,
        )

    return rates
