"""Explanations of sourcing decisions: stored compactly for every order, read in full by people."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from openiom.kernel import COST_DECIMALS, round_cost

from .constraints import refusal_texts
from .engine import FeasiblePlan, Refusal

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = int | slice

MOST_CANDIDATES = 20
"""Candidates stored for an order: the cheapest, and every chosen one."""

TEXTS: dict[Refusal, str] = {
    Refusal.NONE: "",
    Refusal.NOT_IN_SOURCE_LIST: "not in the source list",
    Refusal.INACTIVE: "not active",
    Refusal.NO_CAPACITY: "no capacity left today",
    Refusal.NOT_ON_HAND: "nothing on hand",
    Refusal.NOT_ENOUGH_ON_HAND: "not enough on hand for the whole line",
    Refusal.PRODUCT_NOT_SERVED: "does not serve the product",
    Refusal.NOT_EFFECTIVE: "not in effect on this day",
    Refusal.USED_BY_OTHER_ORDERS: "taken by earlier orders of the same batch",
    Refusal.NOT_ALLOCATED: "not allocated to this channel",
    Refusal.LATER_THAN_PROMISED: "would arrive later than promised",
    Refusal.OTHER: "another source was chosen by a policy or a person",
    Refusal.DECLINED: "it declined or gave back this line before",
    **refusal_texts(),
}


def refusal_text(code: int) -> str:
    """Return the reason of a refusal in words; empty for none."""
    return TEXTS[Refusal(code)]


def explanations(plan: FeasiblePlan, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return one record for each order: arrays over its stored candidates, as in `sources`."""
    p = plan.problem
    parcel = _rounded(p.parcel_parts, (p.orders, p.nodes))
    serve = _rounded(p.serve_parts, (p.lines, p.nodes))
    on_hand = p.stock[:, p.line_sku].T
    codes = _refusals(plan, on_hand)
    cheapest = np.argsort(p.parcel, axis=1, kind="stable")[:, :MOST_CANDIDATES]

    records: list[dict[str, Any]] = []
    for order in range(p.orders):
        lines = slice(int(p.start[order]), int(p.start[order + 1]))
        chosen = plan.node[lines]
        kept = np.union1d(cheapest[order], chosen[chosen >= 0]).astype(np.int64)
        record = {
            "sources": _named(kept, names),
            "chosen": _named(chosen, names),
            "quantity": p.quantity[lines],
            "parcel": _candidate_money(parcel, order, kept),
            "serve": _candidate_money(serve, lines, kept),
            "on_hand": on_hand[lines][:, kept],
            "refused": codes[lines][:, kept],
            "parts": _parts_of_order(plan, order),
            "considered": p.nodes,
        }
        records.append(record)

    return records


def _named(nodes: Ints, names: Sequence[str]) -> list[str | None]:
    """Return the names of the sources; None for a line without one."""
    return [names[node] if node >= 0 else None for node in nodes]


def _rounded(parts: Mapping[str, Floats], shape: tuple[int, int]) -> dict[str, Floats]:
    """Return cost parts at their full shape, to four decimal places."""
    rounded: dict[str, Floats] = {}
    for name, money in parts.items():
        rounded[name] = np.broadcast_to(money, shape).round(COST_DECIMALS)
    return rounded


def _candidate_money(parts: Mapping[str, Floats], rows: Rows, nodes: Ints) -> dict[str, Floats]:
    """Return the money of some candidates of an order or of its lines, by part."""
    return {name: money[rows][..., nodes] for name, money in parts.items()}


def _parts_of_order(plan: FeasiblePlan, order: int) -> dict[str, float]:
    parts: dict[str, float] = {}
    for part, money in plan.cost_parts.items():
        parts[part] = round_cost(money[order])
    return parts


def _refusals(plan: FeasiblePlan, on_hand: Ints) -> Ints:
    """(L, N) refusal of every candidate, given what the other orders take; 0 = none."""
    p = plan.problem
    left = plan.stock_left[:, p.line_sku].T
    chosen = plan.node[:, None] == np.arange(p.nodes)[None, :]
    least = p.least[:, None]
    codes = np.where((left < least) & ~chosen, int(Refusal.USED_BY_OTHER_ORDERS), 0)
    codes = np.where(on_hand < least, int(Refusal.NOT_ENOUGH_ON_HAND), codes)
    codes = np.where(on_hand <= 0, int(Refusal.NOT_ON_HAND), codes)

    for refusal in (p.line_refusal, p.order_refusal[p.line_order]):
        codes = np.where(refusal > 0, refusal, codes)

    return codes


def explanation_json(explanation: dict[str, Any]) -> str:
    """Return the record as it is stored."""
    options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(explanation, option=options, default=_contiguous).decode()


def _contiguous(value: Any) -> Any:
    """Return an array orjson can serialize: it accepts contiguous ones only."""
    if isinstance(value, np.ndarray):
        return np.ascontiguousarray(value)
    raise TypeError(type(value).__name__)
