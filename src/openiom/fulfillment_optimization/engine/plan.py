"""The answer: who serves what, what it costs, how good that provably is, and why not otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .bid_prices import BidPrices
from .costs import Costs, cost_of
from .problem import Floats, Ints, Problem, Refusal
from .shares import Shares


@dataclass(frozen=True, slots=True)
class Candidate:
    """One source for one line."""

    node: int
    refusal: Refusal  # NONE for a source that could have served the line
    on_hand: int  # units before this wave
    left: int  # units after this wave
    parcel: Mapping[str, float]  # money of opening a parcel there for the order
    serve: Mapping[str, float]  # money of serving the whole line there
    quantity: int  # units the plan takes from it

    @property
    def cost(self) -> float:
        """Money of serving this line from here with a parcel of its own."""
        return sum(self.parcel.values()) + sum(self.serve.values())


@dataclass(frozen=True, slots=True)
class LineExplanation:
    line: int
    sku: int
    quantity: int
    open_cost: float
    candidates: tuple[
        Candidate, ...
    ]  # every node: chosen first, then possible by cost, then refused


@dataclass(frozen=True, slots=True)
class OrderExplanation:
    order: int
    cost: Mapping[str, float]
    nodes: tuple[int, ...]
    lines: tuple[LineExplanation, ...]


@dataclass(frozen=True, eq=False)
class Plan:
    """A feasible plan of a problem."""

    problem: Problem
    shares: Shares
    lower_bound: float | None = None  # proved; None when nobody asked for a proof
    prices: BidPrices | None = (
        None  # duals of a batch: bid prices for real time, shadow prices for planners
    )
    method: str = "realtime"
    proved: bool = False  # the bound says this plan is the best one

    @cached_property
    def costs(self) -> Costs:
        return cost_of(self.problem, self.shares)

    @property
    def cost(self) -> float:
        return self.costs.total

    @property
    def gap(self) -> float | None:
        """(cost - lower bound) / lower bound; None without a bound."""
        if self.lower_bound is None:
            return None
        return max(0.0, self.cost - self.lower_bound) / max(1e-9, abs(self.lower_bound))

    @cached_property
    def node(self) -> Ints:
        """(L,) the node serving the line (most of it, when divided), -1 = open."""
        return self.shares.node_of_line(self.problem.lines)

    @cached_property
    def served(self) -> Ints:
        """(L,) units served."""
        line = self.shares.line
        return np.bincount(line, weights=self.shares.quantity, minlength=self.problem.lines).astype(
            np.int64
        )

    @property
    def cost_parts(self) -> Mapping[str, Floats]:
        """Part -> (B,) money; they add up to the cost."""
        return self.costs.by_order

    @cached_property
    def stock_left(self) -> Ints:
        """(N, S) units after this plan."""
        left = self.problem.stock.copy()
        np.subtract.at(
            left, (self.shares.node, self.problem.line_sku[self.shares.line]), self.shares.quantity
        )
        return left

    @cached_property
    def parcels_left(self) -> Ints:
        """(N,) parcels each node can still open after this plan."""
        p = self.problem
        return np.asarray(p.capacity - p.used - self.costs.load)

    @cached_property
    def lines_left(self) -> Ints:
        """(G,) order lines the counted groups may still take after this plan."""
        p = self.problem
        return np.asarray(p.line_limit - p.limit_members[:, self.shares.node].sum(axis=1))

    def explain(self, order: int) -> OrderExplanation:
        """Every source for every line of an order: its cost parts, or the constraint that refused it."""
        p = self.problem
        lines = range(int(p.start[order]), int(p.start[order + 1]))
        mine = np.isin(self.shares.line, np.arange(lines.start, lines.stop))
        taken = {
            (line, node): quantity
            for line, node, quantity in zip(
                self.shares.line[mine].tolist(),
                self.shares.node[mine].tolist(),
                self.shares.quantity[mine].tolist(),
                strict=True,
            )
        }
        nodes = tuple(sorted({n for _, n in taken}))
        parcel = _row(p.parcel_parts, (p.orders, p.nodes), order)
        return OrderExplanation(
            order=order,
            cost={name: float(part[order]) for name, part in self.cost_parts.items()},
            nodes=nodes,
            lines=tuple(self._line(order, line, taken, nodes, parcel) for line in lines),
        )

    def _line(
        self,
        order: int,
        line: int,
        taken: Mapping[tuple[int, int], int],
        nodes: tuple[int, ...],
        parcel: Mapping[str, Floats],
    ) -> LineExplanation:
        p, sku = self.problem, int(self.problem.line_sku[line])
        serve = _row(p.serve_parts, (p.lines, p.nodes), line)
        refusals = self.refusals(order, line, nodes)
        found = [
            Candidate(
                node=n,
                refusal=Refusal(int(refusals[n])) if (line, n) not in taken else Refusal.NONE,
                on_hand=int(p.stock[n, sku]),
                left=int(self.stock_left[n, sku]),
                parcel={name: float(part[n]) for name, part in parcel.items()},
                serve={name: float(part[n]) for name, part in serve.items()},
                quantity=taken.get((line, n), 0),
            )
            for n in range(p.nodes)
        ]
        found.sort(key=lambda c: (c.quantity == 0, c.refusal is not Refusal.NONE, c.cost, c.node))
        return LineExplanation(
            line, sku, int(p.quantity[line]), float(p.open_cost[line]), tuple(found)
        )

    def refusals(self, order: int, line: int, nodes: tuple[int, ...] = ()) -> Ints:
        """
        (N,) Refusal of every node for a line, after what the rest of the wave took; 0 = could have
        served it.
        """
        p, sku = self.problem, int(self.problem.line_sku[line])
        need = int(p.least[line])
        own = np.isin(self.shares.line, np.arange(p.start[order], p.start[order + 1]))
        mine = own & (p.line_sku[self.shares.line] == sku)
        left = self.stock_left[:, sku].copy()
        np.add.at(left, self.shares.node[mine], self.shares.quantity[mine])
        why = np.zeros(p.nodes, dtype=np.int64)
        parcels = self.parcels_left.copy()
        parcels[list(nodes)] += 1
        why[parcels <= 0] = Refusal.NO_CAPACITY
        if len(p.line_limit):
            mine_in = p.limit_members[:, self.shares.node[own]].sum(axis=1)
            full = self.lines_left + mine_in <= 0
            why[p.limit_members[full].any(axis=0)] = Refusal.MAXIMUM_ORDER_LINES
        why[left < need] = Refusal.TAKEN_BY_OTHERS
        on_hand = p.stock[:, sku]
        why[on_hand < need] = Refusal.NOT_ENOUGH_ON_HAND
        why[on_hand <= 0] = Refusal.NOT_ON_HAND
        for codes in (p.line_refusal[line], p.order_refusal[order]):
            why = np.where(codes > 0, codes.astype(np.int64), why)
        return why


def _row(parts: Mapping[str, Floats], shape: tuple[int, int], row: int) -> dict[str, Floats]:
    return {name: np.broadcast_to(part, shape)[row] for name, part in parts.items()}
