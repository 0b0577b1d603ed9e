"""A second judge of plans: the money and the violations of shares, one row after the other."""

from collections import Counter, defaultdict
from collections.abc import Mapping

import numpy as np

from openiom.fulfillment_optimization.engine import SourcingProblem

Rows = list[tuple[int, int, int]]


def money_of(p: SourcingProblem, rows: Rows) -> dict[str, float]:
    """Return the total of every part of the cost that is not zero."""
    money: defaultdict[str, float] = defaultdict(float)
    parcels = sorted({(int(p.line_order[line]), node) for line, node, _ in rows})

    for order, node in parcels:
        for name, part in p.parcel_parts.items():
            money[name] += float(np.broadcast_to(part, (p.orders, p.nodes))[order, node])

    for line, node, units in rows:
        for name, part in p.serve_parts.items():
            whole = float(np.broadcast_to(part, (p.lines, p.nodes))[line, node])
            money[name] += whole * units / int(p.quantity[line])

    money["open"] = _open_lines(p, rows)
    for order in range(p.orders):
        sources = [node for owner, node in parcels if owner == order]
        money["split"] += float(p.split_fee[order]) * max(0, len(sources) - 1)
        money["soft constraints"] += _soft_constraints(p, rows, order, len(sources))

    money["capacity pressure"] = _pressure(p, Counter(node for _, node in parcels))
    return {name: amount for name, amount in money.items() if amount}


def _open_lines(p: SourcingProblem, rows: Rows) -> float:
    total = 0.0
    for line in range(p.lines):
        served = sum(units for at, _, units in rows if at == line)
        total += float(p.open_cost[line]) * (1 - served / int(p.quantity[line]))
    return total


def _soft_constraints(p: SourcingProblem, rows: Rows, order: int, sources: int) -> float:
    beyond = max(0, sources - int(p.preferred_nodes[order]))
    money = float(p.extra_node_penalty[order]) * beyond

    for line in range(int(p.start[order]), int(p.start[order + 1])):
        nodes = sum(at == line for at, _, _ in rows)
        beyond = max(0, nodes - int(p.preferred_line_nodes[line]))
        money += float(p.extra_line_node_penalty[line]) * beyond

    if is_partial(p, rows, order):
        money += float(p.partial_penalty[order])

    return money


def is_partial(p: SourcingProblem, rows: Rows, order: int) -> bool:
    """Return whether the order ships something and leaves something open."""
    ships, lacks = False, False
    for line in range(int(p.start[order]), int(p.start[order + 1])):
        served = sum(units for at, _, units in rows if at == line)
        ships |= served > 0
        lacks |= served < int(p.quantity[line])
    return ships and lacks


def _pressure(p: SourcingProblem, load: Counter[int]) -> float:
    money = 0.0
    for node, parcels in load.items():
        used, soft = int(p.used[node]), int(p.soft_capacity[node])
        before, after = max(0, used - soft), max(0, used + parcels - soft)
        money += float(p.pressure[node]) * (after - before)
    return money


def violated(p: SourcingProblem, rows: Rows) -> set[str]:
    """Return the hard limits that the rows violate."""
    found: set[str] = set()
    units: Counter[tuple[int, int]] = Counter()
    sources: defaultdict[int, set[int]] = defaultdict(set)
    for line, node, quantity in rows:
        order = int(p.line_order[line])
        units[node, int(p.line_sku[line])] += quantity
        sources[order].add(node)
        if p.line_refusal[line, node] or p.order_refusal[order, node]:
            found.add("a hard constraint of a source")

        if quantity <= 0:
            found.add("a share of no units")

    if any(quantity > p.stock[cell] for cell, quantity in units.items()):
        found.add("stock")

    for line in range(p.lines):
        found |= _violated_by_line(p, rows, line)

    for order in range(p.orders):
        found |= _violated_by_order(p, rows, order, len(sources[order]))

    return found | _violated_days(p, rows, sources)


def _violated_days(p: SourcingProblem, rows: Rows, sources: Mapping[int, set[int]]) -> set[str]:
    """Return the violated limits of a day: parcels of a node, order lines of a group."""
    found: set[str] = set()
    for node in range(p.nodes):
        load = sum(node in nodes for nodes in sources.values())
        if load and p.used[node] + load > p.capacity[node]:
            found.add("capacity")

    for members, limit in zip(p.limit_members, p.line_limit, strict=True):
        counted = sum(bool(members[node]) for _, node, _ in rows)
        if counted and counted > limit:
            found.add("maximum order lines")

    return found


def _violated_by_order(p: SourcingProblem, rows: Rows, order: int, sources: int) -> set[str]:
    found: set[str] = set()
    if sources > p.max_nodes[order]:
        found.add("maximum sources per order")
    if is_partial(p, rows, order) and np.isinf(p.partial_penalty[order]):
        found.add("restrict partial fulfillment")
    return found


def _violated_by_line(p: SourcingProblem, rows: Rows, line: int) -> set[str]:
    found: set[str] = set()
    shares = [units for at, _, units in rows if at == line]
    served, quantity, most = sum(shares), int(p.quantity[line]), int(p.max_line_nodes[line])
    if len(shares) > most:
        found.add("maximum sources per order line")

    if served > quantity:
        found.add("more units than ordered")

    if most == 1 and 0 < served < quantity:
        found.add("a line that may not be divided")

    return found
