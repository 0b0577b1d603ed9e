"""
What a parcel costs by zone and weight. Pure.

A table's prices step with weight, and the engine adds up costs of parcels and lines. So the price of the whole
order's weight is divided: the lightest price of the zone opens the parcel, and what the weight adds is spread over
the lines by weight. An order that goes in one parcel is rated to the cent; a divided one nearly, because each parcel
then takes its share of the step of the whole weight.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .documents import RateFactor, RateTableBody, SourceBody

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def fallback_rate(factor: RateFactor, weight_kg: float) -> float:
    """
    The rate where no price is known.

    >>> five = RateFactor(name="f", fallback_weight=5, fallback_rate=8, fallback_increment=0.75)
    >>> fallback_rate(five, 10)
    11.75
    """
    return factor.fallback_rate + factor.fallback_increment * max(
        0.0, weight_kg - factor.fallback_weight
    )


def live_rate(factor: RateFactor | None, price: float) -> float:
    """A known price with the factor's mark-up or mark-down."""
    return price * (1.0 + factor.rate_factor / 100.0) if factor else price


def factor_for(table: RateTableBody, source_type: str, *, business: bool) -> RateFactor | None:
    """The first row for this type of source and address; rows that name both come before those that name less."""
    kind = "Business" if business else "Residence"
    fitting = [
        f
        for f in table.factors
        if f.source_type in (None, source_type) and f.address_type in (kind, "Any")
    ]
    return min(
        fitting, key=lambda f: (f.source_type is None) + (f.address_type == "Any"), default=None
    )


def table_price(table: RateTableBody, zone: str, weight_kg: float) -> float | None:
    """The price of a zone for a parcel of this weight, None where the table has none for the zone."""
    tiers = sorted((p.up_to_kg, p.price) for p in table.prices if p.zone == zone)
    if not tiers:
        return None
    for most, price in tiers:
        if weight_kg <= most:
            return price
    return tiers[-1][1] + table.per_kg_beyond * (weight_kg - tiers[-1][0])


def rate(
    table: RateTableBody, *, zone: str, weight_kg: float, source_type: str, business: bool
) -> float:
    """Money of one parcel: the price with its factor, or the fallback rate where the table knows no price."""
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
    """(B, N) index of the zone, by distance or by what a source has agreed for a (country, state)."""
    bands = np.array([z.up_to_km for z in table.zones[:-1]], dtype=float)
    found: Ints = np.searchsorted(bands, km, side="left").astype(np.int64)
    index = {z.name: i for i, z in enumerate(table.zones)}
    for n, body in enumerate(bodies):
        # wider agreements first, so that one for a state wins over one for its country
        for agreed in sorted(body.zone_overrides, key=lambda o: bool(o.state)):
            if agreed.zone not in index:
                continue
            here = [c == agreed.country and agreed.state in ("", s) for c, s in destinations]
            found[np.array(here, dtype=bool), n] = index[agreed.zone]
    return found


def carriage(
    table: RateTableBody,
    *,
    zone: Ints,
    weight: Floats,
    line_order: Ints,
    types: Sequence[str],
    business: NDArray[np.bool_],
) -> tuple[Floats, Floats]:
    """
    (B, N) money of opening a parcel and (L, N) money of a line's weight in it.

    `zone` (B, N); `weight` (L,) kilograms of each whole line; `types` of the N sources; `business` (B,).
    """
    orders, nodes = zone.shape
    total = np.bincount(line_order, weights=weight, minlength=orders).astype(np.float64)
    first = np.zeros(zone.shape)
    parse_id = np.zeros(zone.shape)
    for kind in dict.fromkeys(types):
        columns = np.flatnonzero(np.array([t == kind for t in types]))
        for commercial in (False, True):
            rows = np.flatnonzero(business == commercial)
            if not len(rows):
                continue
            place = np.ix_(rows, columns)
            lightest, full = _prices(table, kind, commercial, total[rows])
            first[place] = lightest[zone[place]]
            parse_id[place] = full[np.arange(len(rows))[:, None], zone[place]]
    share = np.divide(
        weight, total[line_order], out=np.zeros(len(weight)), where=total[line_order] > 0
    )
    return first, (parse_id - first)[line_order] * share[:, None]


def _prices(
    table: RateTableBody, kind: str, business: bool, weights: Floats
) -> tuple[Floats, Floats]:
    """(Z,) price of the lightest parcel in each zone and (rows, Z) of parcels of these weights."""
    names = [z.name for z in table.zones]
    lightest = [
        rate(table, zone=z, weight_kg=0.0, source_type=kind, business=business) for z in names
    ]
    distinct, back = np.unique(weights, return_inverse=True)
    rated = [
        [rate(table, zone=z, weight_kg=w, source_type=kind, business=business) for z in names]
        for w in distinct
    ]
    full = np.array(rated).reshape(len(distinct), len(names))
    return np.array(lightest), full[back]
