"""A good plan of one large order without a search: sources are opened one by one, by their gain."""

from __future__ import annotations

import numpy as np

from .columns import plan_costs
from .problem import Bools, Floats, SourcingProblem
from .shares import ShareRow


def greedy_rows(
    one: SourcingProblem, *, whole: Bools, node_price: Floats, stock_price: Floats | None
) -> list[ShareRow]:
    """Return shares of the only order of a problem; every line is served whole, or left open.

    `whole` (L, N) are the nodes that have the whole line. The node that saves most money is opened
    next, until no other one saves any or the order has as many sources as it may. The order of the
    lines does not matter, so one SKU on two lines may be promised twice: check the result.
    """
    money = one.serve.copy()
    if stock_price is not None:
        money += stock_price.T[one.line_sku] * one.quantity[:, None]

    money[~whole] = np.inf
    least = one.open_cost.copy()
    node = np.full(one.lines, -1, dtype=np.int64)
    opened: list[int] = []
    while len(opened) < min(int(one.max_nodes[0]), one.nodes):
        fee = one.parcel[0] + node_price
        if opened:
            fee = fee + one.split_fee[0]
        if len(opened) >= one.preferred_nodes[0]:
            fee = fee + one.extra_node_penalty[0]

        gain = np.maximum(least[:, None] - money, 0.0).sum(axis=0) - fee
        gain[opened] = -np.inf
        best = int(gain.argmax())
        if gain[best] <= 0:
            break

        opened.append(best)
        cheaper = money[:, best] < least
        node[cheaper] = best
        least[cheaper] = money[cheaper, best]

    served = np.flatnonzero(node >= 0)
    return list(
        zip(served.tolist(), node[served].tolist(), one.quantity[served].tolist(), strict=True)
    )


def money_of(
    one: SourcingProblem,
    rows: list[ShareRow],
    *,
    node_price: Floats,
    stock_price: Floats | None,
) -> float:
    """Return what the shares of the only order cost at these prices; inf beyond a limit."""
    line, node, quantity = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    owner = np.zeros(len(line), dtype=np.int64)
    money = float(plan_costs(one, np.zeros(1, dtype=np.int64), owner, line, node, quantity)[0])
    money += float(node_price[np.unique(node)].sum())
    if stock_price is not None:
        money += float((stock_price[node, one.line_sku[line]] * quantity).sum())

    return money
