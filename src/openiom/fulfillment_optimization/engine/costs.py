"""The judge of every method: what a plan costs, part by part, and which hard limits it violates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .problem import Bools, Floats, Ints, SourcingProblem
from .shares import Shares


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """The money of a plan.

    Capacity pressure is shared equally among the parcels the plan opens at the node.
    """

    total: float
    by_order: Mapping[str, Floats]  # part -> (B,) money; the parts add up to `total`
    load: Ints  # (N,) parcels the plan opens
    parcels: int
    open_lines: int  # lines with any unit not served


def tally(index: Ints, size: int, weights: Floats | None = None) -> Floats:
    """(size,) number of times, or total weight with which, each index occurs."""
    return np.bincount(index, weights=weights, minlength=size).astype(np.float64)


def cost_of(problem: SourcingProblem, shares: Shares) -> Costs:
    """Return the money of these shares, feasible or not."""
    p = problem
    order = p.line_order[shares.line]
    portion = shares.quantity / p.quantity[shares.line]
    parts: dict[str, Floats] = {}

    parcel = np.unique(order * p.nodes + shares.node)
    parcel_order, parcel_node = parcel // p.nodes, parcel % p.nodes

    for name, part in p.parcel_parts.items():
        money = np.broadcast_to(part, (p.orders, p.nodes))[parcel_order, parcel_node]
        parts[name] = tally(parcel_order, p.orders, money)

    parcels_of_order = tally(parcel_order, p.orders)
    parts["split"] = p.split_fee * np.maximum(0, parcels_of_order - 1)

    for name, part in p.serve_parts.items():
        money = np.broadcast_to(part, (p.lines, p.nodes))[shares.line, shares.node] * portion
        parts[name] = parts.get(name, 0.0) + tally(order, p.orders, money)

    served = tally(shares.line, p.lines, shares.quantity.astype(np.float64))
    missing = 1.0 - served / p.quantity
    parts["open"] = tally(p.line_order, p.orders, p.open_cost * missing)
    parts["soft constraints"] = _penalties(p, shares, parcels_of_order, served)

    load = tally(parcel_node, p.nodes).astype(np.int64)
    pressure = _pressure(p, load)
    parts["capacity pressure"] = tally(parcel_order, p.orders, pressure[parcel_node])

    total = float(sum(part.sum() for part in parts.values()))
    open_lines = int((served < p.quantity).sum())
    return Costs(total, parts, load, len(parcel), open_lines)


def _pressure(p: SourcingProblem, load: Ints) -> Floats:
    """(N,) money of pressure for each parcel the plan opens.

    Parcels that were beyond the soft capacity before the plan are not charged to it.
    """
    beyond_before = np.maximum(0, p.used - p.soft_capacity)
    beyond = np.maximum(0, p.used + load - p.soft_capacity) - beyond_before
    return np.asarray(p.pressure * beyond / np.maximum(1, load))


def _penalties(
    p: SourcingProblem, shares: Shares, parcels_of_order: Floats, served: Floats
) -> Floats:
    """(B,) money of soft limits that the shares exceed."""
    extra_nodes = np.maximum(0, parcels_of_order - p.preferred_nodes)
    penalty: Floats = p.extra_node_penalty * extra_nodes
    nodes_of_line = tally(shares.line, p.lines)
    extra_line_nodes = np.maximum(0, nodes_of_line - p.preferred_line_nodes)
    penalty += tally(p.line_order, p.orders, p.extra_line_node_penalty * extra_line_nodes)
    partial = _is_partial(p, served)
    penalty[partial] += p.partial_penalty[partial]
    return penalty


def violations(problem: SourcingProblem, shares: Shares) -> list[str]:
    """Return the hard limits these shares violate, in words; empty for a feasible plan."""
    p = problem
    order = p.line_order[shares.line]
    units = np.zeros((p.nodes, p.skus), dtype=np.int64)
    np.add.at(units, (shares.node, p.line_sku[shares.line]), shares.quantity)
    parcel = np.unique(order * p.nodes + shares.node)
    load = tally(parcel % p.nodes, p.nodes)
    served = tally(shares.line, p.lines, shares.quantity.astype(np.float64))
    counted_lines = p.limit_members[:, shares.node].sum(axis=1)
    served_in_part = (served > 0) & (served < p.quantity)
    checks = {
        "stock": units > p.stock,
        "capacity": (load > 0) & (p.used + load > p.capacity),
        "a hard constraint of a source": ~p.eligible[shares.line, shares.node],
        "maximum sources per order": tally(parcel // p.nodes, p.orders) > p.max_nodes,
        "maximum sources per order line": tally(shares.line, p.lines) > p.max_line_nodes,
        "more units than ordered": served > p.quantity,
        "a share of no units": shares.quantity <= 0,
        "a line that may not be divided": (p.max_line_nodes == 1) & served_in_part,
        "restrict partial fulfillment": _is_partial(p, served) & np.isinf(p.partial_penalty),
        "maximum order lines": (counted_lines > 0) & (counted_lines > p.line_limit),
    }
    return [name for name, violated in checks.items() if violated.any()]


def _is_partial(p: SourcingProblem, served: Floats) -> Bools:
    """(B,) whether an order ships something and leaves something open."""
    ships = tally(p.line_order, p.orders, served) > 0
    lacks = tally(p.line_order, p.orders, (served < p.quantity).astype(np.float64)) > 0
    return np.asarray(ships & lacks)
