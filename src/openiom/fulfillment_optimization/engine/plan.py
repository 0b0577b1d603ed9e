"""The result: who serves what, at what cost, how good that provably is, and why not otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .bid_prices import BidPrices
from .costs import Costs, cost_of
from .problem import Floats, Ints, Refusal, SourcingProblem
from .shares import Shares


@dataclass(frozen=True, slots=True)
class SourceCandidate:
    """One source for one line."""

    node: int
    refusal: Refusal  # NONE for a source that could have served the line
    on_hand: int  # units before the plan
    left: int  # units after the plan
    parcel: Mapping[str, float]  # money of opening a parcel there for the order, by part
    serve: Mapping[str, float]  # money of serving the whole line there, by part
    quantity: int  # units the plan takes from it

    @property
    def cost(self) -> float:
        """Money of serving this line from here with a parcel of its own."""
        return sum(self.parcel.values()) + sum(self.serve.values())


@dataclass(frozen=True, slots=True)
class LineExplanation:
    """All sources of a line: chosen ones first, then possible ones by cost, then refused ones."""

    line: int
    sku: int
    quantity: int
    open_cost: float
    candidates: tuple[SourceCandidate, ...]


@dataclass(frozen=True, slots=True)
class OrderExplanation:
    """The cost parts, sources and lines of an order."""

    order: int
    cost: Mapping[str, float]
    nodes: tuple[int, ...]
    lines: tuple[LineExplanation, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _OrderView:
    """What an explanation of one order needs of the plan."""

    order: int
    units: Mapping[tuple[int, int], int]  # by (line, node)
    nodes: tuple[int, ...]  # the order's sources
    parcel: Mapping[str, Floats]  # part -> (N,) money


@dataclass(frozen=True, eq=False)
class FeasiblePlan:
    """A feasible plan of a problem."""

    problem: SourcingProblem
    shares: Shares
    lower_bound: float | None = None  # proved; None where no bound was computed
    prices: BidPrices | None = None  # the duals of a batch, or the bid prices paid in real time
    method: str = "realtime"
    proved: bool = False  # whether the bound proves the plan optimal

    @cached_property
    def costs(self) -> Costs:
        """The money of the plan."""
        return cost_of(self.problem, self.shares)

    @property
    def cost(self) -> float:
        """The total money of the plan."""
        return self.costs.total

    @property
    def gap(self) -> float | None:
        """(cost - lower bound) / lower bound; None without a bound."""
        if self.lower_bound is None:
            return None
        return max(0.0, self.cost - self.lower_bound) / max(1e-9, abs(self.lower_bound))

    @cached_property
    def node(self) -> Ints:
        """(L,) node that serves the line (most of it, when divided), -1 = open."""
        return self.shares.node_of_line(self.problem.lines)

    @cached_property
    def served(self) -> Ints:
        """(L,) units served."""
        units = np.bincount(
            self.shares.line, weights=self.shares.quantity, minlength=self.problem.lines
        )
        return units.astype(np.int64)

    @property
    def cost_parts(self) -> Mapping[str, Floats]:
        """Part -> (B,) money; the parts add up to the cost."""
        return self.costs.by_order

    @cached_property
    def stock_left(self) -> Ints:
        """(N, S) units after this plan."""
        left = self.problem.stock.copy()
        sku = self.problem.line_sku[self.shares.line]
        np.subtract.at(left, (self.shares.node, sku), self.shares.quantity)
        return left

    @cached_property
    def parcels_left(self) -> Ints:
        """(N,) parcels each node can still open after this plan."""
        p = self.problem
        return np.asarray(p.capacity - p.used - self.costs.load)

    @cached_property
    def lines_left(self) -> Ints:
        """(G,) order lines each counted group may still serve after this plan."""
        p = self.problem
        return np.asarray(p.line_limit - p.limit_members[:, self.shares.node].sum(axis=1))

    def explain(self, order: int) -> OrderExplanation:
        """Return every source of every line of an order with its cost parts, or its refusal."""
        p = self.problem
        first, last = int(p.start[order]), int(p.start[order + 1])
        begin, end = np.searchsorted(self.shares.line, (first, last)).tolist()
        rows = self.shares.rows()[begin:end]
        units = {(line, node): quantity for line, node, quantity in rows}
        nodes = tuple(sorted({node for _, node, _ in rows}))
        parcel = _row(p.parcel_parts, (p.orders, p.nodes), order)
        view = _OrderView(order, units, nodes, parcel)
        lines = tuple(self._explain_line(view, line) for line in range(first, last))
        cost = _at(self.cost_parts, order)
        return OrderExplanation(order=order, cost=cost, nodes=nodes, lines=lines)

    def _explain_line(self, view: _OrderView, line: int) -> LineExplanation:
        p, sku = self.problem, int(self.problem.line_sku[line])
        serve = _row(p.serve_parts, (p.lines, p.nodes), line)
        refusals = self.refusals(view.order, line, view.nodes)

        candidates: list[SourceCandidate] = []
        for node in range(p.nodes):
            is_source = (line, node) in view.units
            refusal = Refusal.NONE if is_source else Refusal(int(refusals[node]))
            candidates.append(
                SourceCandidate(
                    node=node,
                    refusal=refusal,
                    on_hand=int(p.stock[node, sku]),
                    left=int(self.stock_left[node, sku]),
                    parcel=_at(view.parcel, node),
                    serve=_at(serve, node),
                    quantity=view.units.get((line, node), 0),
                )
            )

        candidates.sort(key=_chosen_then_cheapest)
        quantity, open_cost = int(p.quantity[line]), float(p.open_cost[line])
        return LineExplanation(line, sku, quantity, open_cost, tuple(candidates))

    def refusals(self, order: int, line: int, nodes: tuple[int, ...] = ()) -> Ints:
        """(N,) Refusal of every node for a line, given what the other orders take; 0 = none.

        `nodes` are the order's sources, which have a parcel open already.
        """
        p, sku = self.problem, int(self.problem.line_sku[line])
        need = int(p.least[line])
        own = np.isin(self.shares.line, np.arange(p.start[order], p.start[order + 1]))
        own_of_sku = own & (p.line_sku[self.shares.line] == sku)
        left = self.stock_left[:, sku].copy()
        np.add.at(left, self.shares.node[own_of_sku], self.shares.quantity[own_of_sku])
        parcels = self.parcels_left.copy()
        parcels[list(nodes)] += 1

        # later assignments have precedence: the most basic reason is shown
        refusals = np.zeros(p.nodes, dtype=np.int64)
        refusals[parcels <= 0] = Refusal.NO_CAPACITY
        if len(p.line_limit):
            own_lines = p.limit_members[:, self.shares.node[own]].sum(axis=1)
            exhausted = self.lines_left + own_lines <= 0
            refusals[p.limit_members[exhausted].any(axis=0)] = Refusal.MAXIMUM_ORDER_LINES

        refusals[left < need] = Refusal.USED_BY_OTHER_ORDERS
        on_hand = p.stock[:, sku]
        refusals[on_hand < need] = Refusal.NOT_ENOUGH_ON_HAND
        refusals[on_hand <= 0] = Refusal.NOT_ON_HAND

        for codes in (p.line_refusal[line], p.order_refusal[order]):
            refusals = np.where(codes > 0, codes.astype(np.int64), refusals)

        return refusals


def _chosen_then_cheapest(candidate: SourceCandidate) -> tuple[bool, bool, float, int]:
    is_refused = candidate.refusal is not Refusal.NONE
    return candidate.quantity == 0, is_refused, candidate.cost, candidate.node


def _at(parts: Mapping[str, Floats], index: int) -> dict[str, float]:
    """Return one amount of every part."""
    return {name: float(part[index]) for name, part in parts.items()}


def _row(parts: Mapping[str, Floats], shape: tuple[int, int], row: int) -> dict[str, Floats]:
    return {name: np.broadcast_to(part, shape)[row] for name, part in parts.items()}
