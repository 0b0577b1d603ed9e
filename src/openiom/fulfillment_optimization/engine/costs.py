"""What a plan costs, part by part, and whether it keeps every hard limit: the judge of all methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .problem import Bools, Floats, Ints, Problem
from .shares import Shares


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """Money of a plan."""

    total: float
    by_order: Mapping[
        str, Floats
    ]  # part -> (B,); capacity pressure is shared out over the parcels that felt it
    load: Ints  # (N,) parcels this plan opens
    parcels: int
    open_lines: int  # lines with any unit unserved


def tally(index: Ints, size: int, weights: Floats | None = None) -> Floats:
    """(size,) how often, or with how much weight, each index occurs."""
    return np.bincount(index, weights=weights, minlength=size).astype(np.float64)


def cost_of(problem: Problem, shares: Shares) -> Costs:
    """The money of these shares, whether or not they are feasible."""
    p = problem
    order = p.line_order[shares.line]
    portion = shares.quantity / p.quantity[shares.line]
    parts: dict[str, Floats] = {}
    opened = np.unique(order * p.nodes + shares.node)
    by, at = opened // p.nodes, opened % p.nodes
    for name, part in p.parcel_parts.items():
        parts[name] = tally(
            by, weights=np.broadcast_to(part, (p.orders, p.nodes))[by, at], size=p.orders
        )
    count = tally(by, size=p.orders)
    parts["split"] = p.split_fee * np.maximum(0, count - 1)
    for name, part in p.serve_parts.items():
        money = np.broadcast_to(part, (p.lines, p.nodes))[shares.line, shares.node] * portion
        parts[name] = parts.get(name, 0.0) + tally(order, weights=money, size=p.orders)
    served = tally(shares.line, weights=shares.quantity.astype(np.float64), size=p.lines)
    missing = 1.0 - served / p.quantity
    parts["open"] = tally(p.line_order, weights=p.open_cost * missing, size=p.orders)
    parts["soft constraints"] = _penalties(p, shares, count, served)
    load = tally(at, size=p.nodes).astype(np.int64)
    over = np.maximum(0, p.used + load - p.soft_capacity) - np.maximum(0, p.used - p.soft_capacity)
    each = p.pressure * over / np.maximum(1, load)
    parts["capacity pressure"] = tally(by, weights=each[at], size=p.orders)
    total = float(sum(part.sum() for part in parts.values()))
    return Costs(total, parts, load, len(opened), int((served < p.quantity).sum()))


def _penalties(p: Problem, shares: Shares, count: Floats, served: Floats) -> Floats:
    extra: Floats = p.extra_node_penalty * np.maximum(0, count - p.preferred_nodes)
    divided = tally(shares.line, size=p.lines)
    per_line = p.extra_line_node_penalty * np.maximum(0, divided - p.preferred_line_nodes)
    extra += tally(p.line_order, weights=per_line, size=p.orders)
    partial = _partial(p, served)
    extra[partial] += p.partial_penalty[partial]
    return extra


def violations(problem: Problem, shares: Shares) -> list[str]:
    """The hard limits these shares break, in words; empty when the plan is feasible."""
    p = problem
    order = p.line_order[shares.line]
    use = np.zeros((p.nodes, p.skus), dtype=np.int64)
    np.add.at(use, (shares.node, p.line_sku[shares.line]), shares.quantity)
    opened = np.unique(order * p.nodes + shares.node)
    load = tally(opened % p.nodes, size=p.nodes)
    served = tally(shares.line, weights=shares.quantity.astype(np.float64), size=p.lines)
    counted = p.limit_members[:, shares.node].sum(axis=1)
    part = (served > 0) & (served < p.quantity)
    partial = _partial(p, served)
    checks = {
        "stock": use > p.stock,
        "capacity": (load > 0) & (p.used + load > p.capacity),
        "a hard constraint of a source": ~p.eligible[shares.line, shares.node],
        "maximum sources per order": tally(opened // p.nodes, size=p.orders) > p.max_nodes,
        "maximum sources per order line": tally(shares.line, size=p.lines) > p.max_line_nodes,
        "more than was ordered": served > p.quantity,
        "a share of no units": shares.quantity <= 0,
        "a line that may not be divided": (p.max_line_nodes == 1) & part,
        "restrict partial fulfillment": partial & np.isinf(p.partial_penalty),
        "maximum order lines": (counted > 0) & (counted > p.line_limit),
    }
    return [name for name, failed in checks.items() if failed.any()]


def _partial(p: Problem, served: Floats) -> Bools:
    """(B,) orders that ship something and leave something open."""
    some = tally(p.line_order, weights=served, size=p.orders) > 0
    short = tally(p.line_order, weights=(served < p.quantity).astype(np.float64), size=p.orders) > 0
    return np.asarray(some & short)
