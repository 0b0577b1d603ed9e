"""What constraints read, and what they do to the arrays of the engine.

Sets as in the engine: B orders, L lines, N sources, S products.

A hard constraint becomes a refusal or a limit. A soft one becomes money: a penalty on the parcel,
the line or each source too many. The cost of leaving a line open is raised by every penalty that
could meet it, so a soft constraint is violated before a line stays open, and kept wherever keeping
it costs less than the penalty. This replaces the two passes of the reference (all constraints hard,
then without the soft ones) by one solution.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from openiom.fulfillment_optimization.engine import UNLIMITED, Refusal

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.uint8]

RANKING = "location priority order"
"""The cost part that only ranks sources: larger than any difference in money, and not money."""


class SourceScope(Protocol):
    """The sources a row of a constraint applies to: one, a list, or all when neither is named."""

    @property
    def source(self) -> str | None: ...
    @property
    def source_list(self) -> str | None: ...


@dataclass(frozen=True, eq=False)
class SourceSelector:
    """The sources of a strategy by name, and the source lists."""

    names: tuple[str, ...]  # (N,)
    lists: Mapping[str, frozenset[str]]

    def members(self, scope: SourceScope) -> Bools:
        """(N,) whether the row applies to each source; an unknown list has no members."""
        if scope.source:
            return self._are_in(frozenset({scope.source}))
        if scope.source_list:
            return self._are_in(self.lists.get(scope.source_list, frozenset()))
        return np.ones(len(self.names), dtype=bool)

    def members_of_any(self, scopes: Iterable[SourceScope]) -> Bools:
        """(N,) whether at least one of the rows applies to each source."""
        members = np.zeros(len(self.names), dtype=bool)
        for scope in scopes:
            members |= self.members(scope)
        return members

    def _are_in(self, members: frozenset[str]) -> Bools:
        return np.array([name in members for name in self.names], dtype=bool)


@dataclass(frozen=True, kw_only=True, eq=False)
class ConstraintContext:
    """The orders, sources and stock that constraints are applied to."""

    sources: SourceSelector
    countries: NDArray[np.str_]  # (N,)
    destinations: NDArray[np.str_]  # (B,) countries
    km: Floats  # (B, N)
    line_order: Ints  # (L,)
    line_sku: Ints  # (L,)
    products: tuple[str, ...]  # (S,)
    stock: Ints  # (N, S) units available to promise
    safety_stock: Ints  # (N,) units, of the source documents
    closed: Codes  # (N,) CLOSED or AFTER_CUTOFF where a source accepts no order now, else 0
    lines_today: Ints  # (N,) order lines sourced today
    daily_lines: Ints  # (N,) limit of the source documents

    @property
    def lines(self) -> int:
        """The number of order lines, L."""
        return len(self.line_order)

    @property
    def nodes(self) -> int:
        """The number of sources, N."""
        return len(self.sources.names)

    @cached_property
    def _product_names(self) -> NDArray[np.str_]:
        return np.array(self.products, dtype=np.str_)

    def columns(self, product: str | None) -> Ints:
        """Return the columns of the stock that a row for `product` applies to; None is all."""
        if product is None:
            return np.arange(len(self.products))
        return np.flatnonzero(self._product_names == product)


class LineCap(NamedTuple):
    """A limit on the order lines that some sources together may still serve today."""

    members: Bools  # (N,)
    left: int  # order lines
    penalty: float = 0.0  # money for each line beyond, for a soft limit

    def could_bind(self, lines: int) -> bool:
        """Return whether so many order lines, each divided across all members, could exceed it."""
        return self.left < lines * int(self.members.sum())


@dataclass(eq=False)
class ConstraintEffects:
    """The constraints of a strategy as arguments of the engine's problem, soft caps excepted."""

    order_refusal: Codes  # (B, N)
    line_refusal: Codes  # (L, N)
    parcel_parts: dict[str, Floats] = field(default_factory=dict)
    serve_parts: dict[str, Floats] = field(default_factory=dict)
    max_nodes: int = UNLIMITED
    preferred_nodes: int = UNLIMITED
    extra_node_penalty: float = 0.0
    max_line_nodes: int = UNLIMITED
    preferred_line_nodes: int = UNLIMITED
    extra_line_node_penalty: float = 0.0
    partial_penalty: float = 0.0
    caps: list[LineCap] = field(default_factory=list)  # hard
    soft_caps: list[LineCap] = field(default_factory=list)
    penalties: float = 0.0  # the most money that penalties could add to one line
    ranks: int = 0  # steps of hard location priorities

    @classmethod
    def none(cls, context: ConstraintContext) -> "ConstraintEffects":
        """Return the effects of no constraint."""
        by_order = np.zeros(context.km.shape, dtype=np.uint8)
        by_line = np.zeros((context.lines, context.nodes), dtype=np.uint8)
        return cls(by_order, by_line)

    def refuse_order(self, where: Bools, code: Refusal) -> None:
        """Refuse sources to orders; the first reason is kept.

        `where` is (B, N), or (N,) for all orders alike.
        """
        self.order_refusal[where & (self.order_refusal == 0)] = code

    def refuse_line(self, where: Bools, code: Refusal) -> None:
        """Refuse sources to lines (L, N); the first reason is kept."""
        self.line_refusal[where & (self.line_refusal == 0)] = code

    def charge_parcel(self, name: str, where: Bools, penalty: float) -> None:
        """Add a penalty to parcels (B, N)."""
        if penalty and where.any():
            money = np.where(where, penalty, 0.0)
            self.parcel_parts[name] = self.parcel_parts.get(name, np.float64(0)) + money
        self.penalties += penalty

    def charge_line(self, name: str, money: Floats) -> None:
        """Add penalties to lines (L, N)."""
        if money.any():
            self.serve_parts[name] = self.serve_parts.get(name, 0.0) + money
        self.penalties += float(money.max(initial=0.0))

    def rank_sources(self, steps: Floats) -> None:
        """Rank the sources of lines (L, N) before any money."""
        self.serve_parts[RANKING] = self.serve_parts.get(RANKING, 0.0) + steps
        self.ranks += int(steps.max(initial=0.0))

    def limit_sources(self, maximum: int, *, hard: bool, penalty: float) -> None:
        """Limit the sources of an order; the strictest limit counts."""
        if hard:
            self.max_nodes = min(self.max_nodes, maximum)
            return
        if maximum < self.preferred_nodes:
            self.preferred_nodes, self.extra_node_penalty = maximum, penalty
        self.penalties += penalty

    def limit_line_sources(self, maximum: int, *, hard: bool, penalty: float) -> None:
        """Limit the sources of a line; the strictest limit counts."""
        if hard:
            self.max_line_nodes = min(self.max_line_nodes, maximum)
            return
        if maximum < self.preferred_line_nodes:
            self.preferred_line_nodes, self.extra_line_node_penalty = maximum, penalty
        self.penalties += penalty

    def limit_lines(self, cap: LineCap, *, hard: bool) -> None:
        """Limit the order lines of the day of some sources together."""
        if hard:
            self.caps.append(cap)
            return
        self.soft_caps.append(cap)
        self.penalties += cap.penalty

    def require_whole_orders(self, *, hard: bool, penalty: float) -> None:
        """Serve all lines of an order or none."""
        self.partial_penalty = np.inf if hard else max(self.partial_penalty, penalty)


def line_cap(
    members: Bools, daily_lines: int, context: ConstraintContext, penalty: float = 0.0
) -> LineCap:
    """Return what is left today of a limit on the order lines of some sources together."""
    used = int(context.lines_today[members].sum())
    return LineCap(members, max(0, daily_lines - used), penalty)


def caps_of_sources(
    daily_lines: Ints, context: ConstraintContext, penalty: float = 0.0
) -> list[LineCap]:
    """Return a cap for every source with a limit (N,) of its own; UNLIMITED is none."""
    caps: list[LineCap] = []
    for node in np.flatnonzero(daily_lines < UNLIMITED).tolist():
        members = np.arange(context.nodes) == node
        caps.append(line_cap(members, int(daily_lines[node]), context, penalty))
    return caps
