"""
One wave to source, in arrays, and in money.

B orders, L lines (sorted by order), N nodes (sources), S stock keeping units. Quantities are whole
numbers of the smallest unit that is ever shipped; money is in one currency. Nothing here knows a
database or a clock: whoever builds the problem has already turned dates into lateness, addresses into
zones and strategies into the arrays below.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openiom.kernel import Invalid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Scalar = TypeVar("Scalar", bound=np.generic)

UNLIMITED = 1 << 40
"""Stands for "no limit" in stock (write-in products), capacity and counts; small enough to be summed."""


class ProblemInvalid(Invalid):
    """The arrays of a problem contradict each other; `where` names the field."""

    code = "sourcing_problem_invalid"


class Refusal(IntEnum):
    """Why a source may not serve an order or a line: the hard constraints, by the reference's names."""

    NONE = 0
    NOT_IN_SOURCE_LIST = 1
    INACTIVE = 2
    MAXIMUM_DISTANCE = 3
    OTHER_COUNTRY_OR_REGION = 4
    CLOSED = 5
    AFTER_CUTOFF = 6
    SAFETY_STOCK = 7
    MAXIMUM_ORDER_LINES = 8
    NO_CAPACITY = 9
    NOT_ON_HAND = 10
    NOT_ENOUGH_ON_HAND = 11
    PRODUCT_NOT_SERVED = 12
    NOT_EFFECTIVE = 13
    TAKEN_BY_OTHERS = 14
    MAXIMUM_SOURCES_PER_ORDER = 15
    RESTRICT_PARTIAL = 16
    NOT_ALLOCATED = 17
    OTHER = 18
    DECLINED = 19
    LATER_THAN_PROMISED = 20


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    """Made by `build`, which fills in defaults and checks shapes; arrays are never written to."""

    line_order: Ints  # (L,) order of each line, ascending
    line_sku: Ints  # (L,)
    quantity: Ints  # (L,) > 0
    stock: Ints  # (N, S) units that may still be promised
    capacity: Ints  # (N,) parcels a day
    used: Ints  # (N,) parcels already on the node today
    soft_capacity: Ints  # (N,) parcels before pressure is felt (80 % of capacity by default)
    pressure: Floats  # (N,) money for each parcel beyond soft_capacity
    parcel_parts: Mapping[str, Floats]  # each broadcastable to (B, N): money of opening a parcel
    serve_parts: Mapping[
        str, Floats
    ]  # each broadcastable to (L, N): money of serving the whole line
    split_fee: Floats  # (B,) money for each parcel after the first
    open_cost: Floats  # (L,) money of leaving the whole line open
    order_refusal: Codes  # (B, N) Refusal that keeps a node from the order, 0 = none
    line_refusal: Codes  # (L, N) the same for a line
    max_nodes: Ints  # (B,) hard limit of sources per order
    preferred_nodes: Ints  # (B,) soft limit ...
    extra_node_penalty: Floats  # (B,) ... and the money of each source beyond it
    max_line_nodes: Ints  # (L,) sources one line may be divided across; 1 = never divided
    preferred_line_nodes: Ints  # (L,)
    extra_line_node_penalty: Floats  # (L,)
    partial_penalty: Floats  # (B,) money of serving an order in part; inf = all lines or none
    limit_members: Bools  # (G, N) nodes whose order lines count together (maximum order lines)
    line_limit: Ints  # (G,) order lines the group may still take
    names: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # "nodes", "skus", "orders", "lines"

    @property
    def orders(self) -> int:
        return int(self.split_fee.size)

    @property
    def lines(self) -> int:
        return int(self.line_order.size)

    @property
    def nodes(self) -> int:
        return int(self.stock.shape[0])

    @property
    def skus(self) -> int:
        return int(self.stock.shape[1])

    @cached_property
    def start(self) -> Ints:
        """(B + 1,) where the lines of each order begin."""
        return np.searchsorted(self.line_order, np.arange(self.orders + 1)).astype(np.int64)

    @cached_property
    def parcel(self) -> Floats:
        """(B, N) money of opening a parcel, without the split fee."""
        return _total(self.parcel_parts, (self.orders, self.nodes))

    @cached_property
    def serve(self) -> Floats:
        """(L, N) money of serving the whole line from the node."""
        return _total(self.serve_parts, (self.lines, self.nodes))

    @cached_property
    def eligible(self) -> Bools:
        """(L, N) no hard constraint refuses the node (stock is not looked at)."""
        return np.asarray((self.line_refusal == 0) & (self.order_refusal == 0)[self.line_order])

    @cached_property
    def least(self) -> Ints:
        """
        (L,) units a node must have to be of any use: all of the line, or one when the line may be
        divided.
        """
        return np.where(self.max_line_nodes > 1, 1, self.quantity)

    def only(self, orders: ArrayLike) -> Problem:
        """The same stock and nodes with fewer orders, in the order given (ascending keeps arrival order)."""
        keep = np.asarray(orders, dtype=np.int64)
        counts = self.start[keep + 1] - self.start[keep]
        before = np.cumsum(counts) - counts
        lines = np.repeat(self.start[keep] - before, counts) + np.arange(counts.sum())
        rows = {n: _rows(a, keep, self.orders) for n, a in self.parcel_parts.items()}
        serves = {n: _rows(a, lines, self.lines) for n, a in self.serve_parts.items()}
        by_order = (
            "split_fee",
            "order_refusal",
            "max_nodes",
            "preferred_nodes",
            "extra_node_penalty",
            "partial_penalty",
        )
        by_line = (
            "line_sku",
            "quantity",
            "open_cost",
            "line_refusal",
            "max_line_nodes",
            "preferred_line_nodes",
        )
        changed = {n: getattr(self, n)[keep] for n in by_order} | {
            n: getattr(self, n)[lines] for n in by_line
        }
        return replace(
            self,
            line_order=np.repeat(np.arange(len(keep)), counts),
            parcel_parts=rows,
            serve_parts=serves,
            extra_line_node_penalty=self.extra_line_node_penalty[lines],
            names={k: v for k, v in self.names.items() if k in ("nodes", "skus")},
            **changed,
        )


def _total(parts: Mapping[str, Floats], shape: tuple[int, int]) -> Floats:
    total = np.zeros(shape)
    for part in parts.values():
        total += part
    return total


def _rows(part: Floats, rows: Ints, full: int) -> Floats:
    """The rows of a part that may be broadcast along its first axis."""
    return part[rows] if part.ndim == 2 and part.shape[0] == full and full > 1 else part


def problem_from_arrays(
    *,
    line_order: ArrayLike,
    line_sku: ArrayLike,
    quantity: ArrayLike,
    stock: ArrayLike,
    parcel_parts: Mapping[str, ArrayLike],
    serve_parts: Mapping[str, ArrayLike],
    open_cost: ArrayLike,
    split_fee: ArrayLike = 0.0,
    capacity: ArrayLike = UNLIMITED,
    used: ArrayLike = 0,
    soft_capacity: ArrayLike | None = None,
    pressure: ArrayLike = 0.0,
    order_refusal: ArrayLike = 0,
    line_refusal: ArrayLike = 0,
    max_nodes: ArrayLike = UNLIMITED,
    preferred_nodes: ArrayLike = UNLIMITED,
    extra_node_penalty: ArrayLike = 0.0,
    max_line_nodes: ArrayLike = 1,
    preferred_line_nodes: ArrayLike = UNLIMITED,
    extra_line_node_penalty: ArrayLike = 0.0,
    partial_penalty: ArrayLike = 0.0,
    limit_members: ArrayLike | None = None,
    line_limit: ArrayLike = (),
    orders: int | None = None,
    names: Mapping[str, tuple[str, ...]] | None = None,
) -> Problem:
    """Scalars are spread over their axis, parts may be (B, N), (1, N), (B, 1) or a scalar. Raises ProblemInvalid."""
    lo, stocks = _ints(line_order), _table(stock)
    b, n, m = (int(lo.max(initial=-1)) + 1 if orders is None else orders), stocks.shape[0], len(lo)
    cap, soft = _capacities(capacity, soft_capacity, n)
    groups, members = _limits(line_limit, limit_members, n)
    problem = Problem(
        line_order=lo,
        line_sku=_spread("line_sku", _ints(line_sku), (m,)),
        quantity=_spread("quantity", _ints(quantity), (m,)),
        stock=stocks,
        capacity=cap,
        used=_spread("used", _ints(used), (n,)),
        soft_capacity=soft,
        pressure=_spread("pressure", _floats(pressure), (n,)),
        parcel_parts={k: _part(k, v, (b, n)) for k, v in parcel_parts.items()},
        serve_parts={k: _part(k, v, (m, n)) for k, v in serve_parts.items()},
        split_fee=_spread("split_fee", _floats(split_fee), (b,)),
        open_cost=_spread("open_cost", _floats(open_cost), (m,)),
        order_refusal=_spread("order_refusal", np.asarray(order_refusal, dtype=np.uint8), (b, n)),
        line_refusal=_spread("line_refusal", np.asarray(line_refusal, dtype=np.uint8), (m, n)),
        max_nodes=_spread("max_nodes", _ints(max_nodes), (b,)),
        preferred_nodes=_spread("preferred_nodes", _ints(preferred_nodes), (b,)),
        extra_node_penalty=_spread("extra_node_penalty", _floats(extra_node_penalty), (b,)),
        max_line_nodes=_spread("max_line_nodes", _ints(max_line_nodes), (m,)),
        preferred_line_nodes=_spread("preferred_line_nodes", _ints(preferred_line_nodes), (m,)),
        extra_line_node_penalty=_spread(
            "extra_line_node_penalty", _floats(extra_line_node_penalty), (m,)
        ),
        partial_penalty=_spread("partial_penalty", _floats(partial_penalty), (b,)),
        limit_members=members,
        line_limit=groups,
        names=dict(names or {}),
    )
    return _checked(problem)


def _table(stock: ArrayLike) -> Ints:
    stocks = _ints(stock)
    if stocks.ndim != 2:
        raise ProblemInvalid(
            "needs one row for each node and one column for each SKU", where="stock"
        )
    return stocks


def _capacities(
    capacity: ArrayLike, soft_capacity: ArrayLike | None, nodes: int
) -> tuple[Ints, Ints]:
    """Parcels a node can open, and those before pressure is felt: 80 % unless told."""
    cap = _spread("capacity", _ints(capacity), (nodes,))
    soft = (
        np.where(cap >= UNLIMITED, cap, cap * 4 // 5)
        if soft_capacity is None
        else _ints(soft_capacity)
    )
    return cap, _spread("soft_capacity", soft, (nodes,))


def _limits(line_limit: ArrayLike, members: ArrayLike | None, nodes: int) -> tuple[Ints, Bools]:
    groups = _ints(line_limit).reshape(-1)
    belong = np.asarray(0 if members is None else members, bool)
    return groups, _spread("limit_members", belong, (len(groups), nodes))


def _checked(p: Problem) -> Problem:
    if p.lines and (
        np.any(np.diff(p.line_order) < 0) or p.line_order[0] < 0 or p.line_order[-1] >= p.orders
    ):
        raise ProblemInvalid(
            "lines must be sorted by order and name an order of the wave", where="line_order"
        )
    if p.lines and (p.line_sku.min() < 0 or p.line_sku.max() >= p.skus):
        raise ProblemInvalid("names a SKU outside the stock table", where="line_sku")
    if np.any(p.quantity <= 0):
        raise ProblemInvalid(
            "every line needs at least one unit", where="quantity", remedy="leave the line out"
        )
    for name in ("max_nodes", "preferred_nodes", "max_line_nodes", "preferred_line_nodes"):
        if np.any(getattr(p, name) < 1):
            raise ProblemInvalid("at least one source", where=name)
    for name in (
        "stock",
        "pressure",
        "extra_node_penalty",
        "extra_line_node_penalty",
        "partial_penalty",
    ):
        if not np.all(getattr(p, name) >= 0):
            raise ProblemInvalid("cannot be below zero", where=name)
    _check_money(p)
    return p


def _check_money(p: Problem) -> None:
    scalars = {"open_cost": p.open_cost, "split_fee": p.split_fee, "pressure": p.pressure}
    for name, values in (scalars | dict(p.parcel_parts) | dict(p.serve_parts)).items():
        if not np.isfinite(values).all():
            raise ProblemInvalid(
                "must be finite", where=name, remedy="refuse a node with a reason instead"
            )
    if np.any((p.parcel + p.split_fee[:, None])[p.order_refusal == 0] < 0):
        raise ProblemInvalid(
            "parcel plus split fee below zero would reward needless splits", where="parcel_parts"
        )


def _ints(values: ArrayLike) -> Ints:
    return np.asarray(values, dtype=np.int64)


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _part(name: str, values: ArrayLike, shape: tuple[int, int]) -> Floats:
    part = _floats(values)
    try:
        np.broadcast_to(part, shape)
    except ValueError as error:
        raise ProblemInvalid(
            f"shape {part.shape} does not spread over {shape}", where=name
        ) from error
    return part


def _spread(name: str, values: NDArray[Scalar], shape: tuple[int, ...]) -> NDArray[Scalar]:
    try:
        return np.ascontiguousarray(np.broadcast_to(values, shape))
    except ValueError as error:
        raise ProblemInvalid(
            f"shape {values.shape} does not spread over {shape}", where=name
        ) from error
