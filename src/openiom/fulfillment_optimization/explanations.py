"""Why an order was sourced as it was: written compactly for every order, read back in full for people."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson

from .engine import Plan, Refusal

KEPT = 20  # candidates kept per order: the cheapest, and every chosen one

REASONS = {
    Refusal.NONE: "",
    Refusal.NOT_ON_HAND: "nothing on hand",
    Refusal.NOT_ENOUGH_ON_HAND: "not enough on hand for the whole line",
    Refusal.TAKEN_BY_OTHERS: "taken by earlier orders of the same wave",
    Refusal.MAXIMUM_DISTANCE: "farther than the maximum distance",
    Refusal.OTHER_COUNTRY_OR_REGION: "in another country",
    Refusal.NO_CAPACITY: "no capacity left today",
    Refusal.CLOSED: "closed at this time",
    Refusal.AFTER_CUTOFF: "after the cut-off of the day",
    Refusal.SAFETY_STOCK: "less on hand than its safety stock",
    Refusal.MAXIMUM_ORDER_LINES: "no more order lines today",
    Refusal.LATER_THAN_PROMISED: "would arrive later than promised",
    Refusal.OTHER: "another source was chosen by a policy or a person",
    Refusal.DECLINED: "it declined or gave back this line before",
}


def refusal_text(code: int) -> str:
    refusal = Refusal(code)
    return REASONS.get(refusal, refusal.name.replace("_", " ").lower())


def explanations(plan: Plan, names: Sequence[str]) -> list[dict[str, Any]]:
    """One compact record an order: arrays over its kept candidates, aligned with `sources`."""
    p = plan.problem
    shape_o, shape_l = (p.orders, p.nodes), (p.lines, p.nodes)
    parcel = {k: np.broadcast_to(v, shape_o).round(4) for k, v in p.parcel_parts.items()}
    serve = {k: np.broadcast_to(v, shape_l).round(4) for k, v in p.serve_parts.items()}
    on_hand = p.stock[:, p.line_sku].T
    codes = _codes(plan, on_hand)
    keep = np.argsort(p.parcel, axis=1, kind="stable")[:, :KEPT]
    nodes, out = plan.node, []
    for order in range(p.orders):
        lines = slice(int(p.start[order]), int(p.start[order + 1]))
        kept = np.union1d(keep[order], nodes[lines][nodes[lines] >= 0]).astype(np.int64)
        out.append(
            {
                "sources": [names[n] for n in kept],
                "chosen": [names[n] if n >= 0 else None for n in nodes[lines]],
                "quantity": p.quantity[lines],
                "parcel": {k: v[order, kept] for k, v in parcel.items()},
                "serve": {k: v[lines][:, kept] for k, v in serve.items()},
                "on_hand": on_hand[lines][:, kept],
                "refused": codes[lines][:, kept],
                "parts": {k: round(float(v[order]), 4) for k, v in plan.cost_parts.items()},
                "considered": p.nodes,
            }
        )
    return out


def _codes(plan: Plan, on_hand: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """(L, N) refusal of every candidate after what the rest of the wave took; 0 could have served the line."""
    p = plan.problem
    left = plan.stock_left[:, p.line_sku].T
    chosen = plan.node[:, None] == np.arange(p.nodes)[None, :]
    codes = np.where((left < p.least[:, None]) & ~chosen, int(Refusal.TAKEN_BY_OTHERS), 0)
    codes = np.where(on_hand < p.least[:, None], int(Refusal.NOT_ENOUGH_ON_HAND), codes)
    codes = np.where(on_hand <= 0, int(Refusal.NOT_ON_HAND), codes)
    for hard in (p.line_refusal, p.order_refusal[p.line_order]):
        codes = np.where(hard > 0, hard, codes)
    return codes


def explanation_json(explanation: dict[str, Any]) -> str:
    """The record as it is stored."""
    return orjson.dumps(
        explanation, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS, default=_plain
    ).decode()


def _plain(value: Any) -> Any:
    """orjson takes contiguous arrays only."""
    if isinstance(value, np.ndarray):
        return np.ascontiguousarray(value)
    raise TypeError(type(value).__name__)
