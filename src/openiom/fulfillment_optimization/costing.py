"""From orders, sources and a strategy to a problem in arrays and money. Pure."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from openiom.platform.places import Point

from .configuration import StrategyBody
from .desk import OpenLine
from .engine import Problem, Refusal, build
from .models import Source

EARTH_RADIUS_KM = 6371.0


def great_circle_km(places: Sequence[Point | None], sources: Sequence[Point], unknown: float) -> NDArray[np.float64]:
    """(places, sources) kilometres over the ground; `unknown` where a place is not known."""
    here = np.radians(np.array([p or (0.0, 0.0) for p in places], dtype=float).reshape(-1, 2))
    there = np.radians(np.array(sources, dtype=float).reshape(-1, 2))
    lat = np.sin((here[:, None, 0] - there[None, :, 0]) / 2) ** 2
    lon = np.sin((here[:, None, 1] - there[None, :, 1]) / 2) ** 2
    chord = lat + np.cos(here[:, None, 0]) * np.cos(there[None, :, 0]) * lon
    km: NDArray[np.float64] = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(chord, 0, 1)))
    km[[p is None for p in places]] = unknown
    return km


def problem_for(
    lines: Sequence[OpenLine], sources: Sequence[Source], strategy: StrategyBody, stock: Mapping[tuple[str, str], int]
) -> Problem:
    """The wave as the engine takes it. Lines of one order stand together; costs are in money."""
    weights = strategy.weights
    order_of: dict[object, int] = {}
    line_order = [order_of.setdefault(line.order_id, len(order_of)) for line in lines]
    first = {order: i for i, order in reversed(list(enumerate(line_order)))}
    heads = [lines[first[b]] for b in range(len(order_of))]
    products = {product: i for i, product in enumerate(dict.fromkeys(line.product for line in lines))}
    nodes = {source.name: n for n, source in enumerate(sources)}
    on_hand = np.zeros((len(sources), len(products)), dtype=np.int64)
    for (product, source), units in stock.items():
        if source in nodes and product in products:
            on_hand[nodes[source], products[product]] = units
    km = great_circle_km(
        [h.place for h in heads], [(s.latitude, s.longitude) for s in sources], weights.unknown_distance_km
    )
    quantity = np.array([line.quantity for line in lines])
    return build(
        line_order=line_order,
        line_sku=[products[line.product] for line in lines],
        quantity=quantity,
        stock=on_hand,
        parcel_parts={"parcel": weights.parcel, "carriage": km * (weights.per_100_km / 100.0)},
        serve_parts={"picking": weights.line, "handling": (weights.unit * quantity)[:, None]},
        open_cost=weights.open_line,
        split_fee=weights.split,
        order_refusal=_refusals(heads, sources, strategy, km),
        line_refusal=_line_refusals(lines, nodes),
        partial_penalty=0.0 if strategy.allow_partial else np.inf,
        orders=len(order_of),
        names={"nodes": tuple(nodes)},
        **({"max_nodes": strategy.max_sources_per_order} if strategy.max_sources_per_order else {}),
    )


def _refusals(
    heads: Sequence[OpenLine], sources: Sequence[Source], strategy: StrategyBody, km: NDArray[np.float64]
) -> NDArray[np.uint8]:
    codes = np.zeros(km.shape, dtype=np.uint8)
    if strategy.maximum_distance_km:
        codes[km > strategy.maximum_distance_km] = Refusal.MAXIMUM_DISTANCE
    if strategy.same_country_only:
        countries = np.array([str(s.address.get("country", "")) for s in sources])
        other = np.array([h.country for h in heads])[:, None] != countries[None, :]
        codes[other & (codes == 0)] = Refusal.OTHER_COUNTRY_OR_REGION
    return codes


def _line_refusals(lines: Sequence[OpenLine], nodes: Mapping[str, int]) -> NDArray[np.uint8]:
    """A line whose source a person or a policy chose may only come from there; none from who gave it back."""
    codes = np.zeros((len(lines), len(nodes)), dtype=np.uint8)
    for i, line in enumerate(lines):
        if line.source:
            codes[i] = Refusal.OTHER
            if line.source in nodes:
                codes[i, nodes[line.source]] = 0
        codes[i, [nodes[name] for name in line.not_from if name in nodes]] = Refusal.DECLINED
    return codes
