"""The sourcing problem as arrays.

Sets: B orders, L lines (sorted by order), N nodes (sources), S stock keeping units, G groups of
nodes whose order lines are limited together. Quantities are whole numbers of the smallest unit
that is shipped; money is in one currency. The caller has already turned dates into lateness,
addresses into zones and strategies into the arrays below; nothing here reads a database or a clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property
from typing import NotRequired, Required, TypedDict, TypeVar, Unpack, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openiom.kernel import Invalid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Scalar = TypeVar("Scalar", bound=np.generic)

UNLIMITED = 1 << 40
"""No limit: stock of write-in products, capacities and counts. Small enough to be summed."""

SOFT_CAPACITY_PERCENT = 80
"""Percent of a node's capacity above which parcels cost its pressure, unless stated otherwise."""


_AT_LEAST_ONE = ("max_nodes", "preferred_nodes", "max_line_nodes", "preferred_line_nodes")
_NOT_NEGATIVE = (
    "stock",
    "pressure",
    "extra_node_penalty",
    "extra_line_node_penalty",
    "partial_penalty",
)


class ProblemInvalid(Invalid):
    """The arrays of a problem contradict each other; `where` names the field."""

    code = "sourcing_problem_invalid"


class Refusal(IntEnum):
    """The hard constraint that keeps a source from an order or a line; 0 is none."""

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
    USED_BY_OTHER_ORDERS = 14
    MAXIMUM_SOURCES_PER_ORDER = 15
    RESTRICT_PARTIAL = 16
    NOT_ALLOCATED = 17
    OTHER = 18
    DECLINED = 19
    LATER_THAN_PROMISED = 20


@dataclass(frozen=True, kw_only=True, eq=False)
class SourcingProblem:
    """A sourcing problem. Made by `problem_from_arrays`; the arrays are never written to."""

    line_order: Ints  # (L,) order of each line, ascending
    line_sku: Ints  # (L,)
    quantity: Ints  # (L,) units, > 0
    stock: Ints  # (N, S) units available to promise
    capacity: Ints  # (N,) parcels a day
    used: Ints  # (N,) parcels already counted today
    soft_capacity: Ints  # (N,) parcels a day before pressure is charged
    pressure: Floats  # (N,) money for each parcel beyond soft_capacity
    parcel_parts: Mapping[str, Floats]  # broadcastable to (B, N): money of opening a parcel
    serve_parts: Mapping[str, Floats]  # broadcastable to (L, N): money of serving the whole line
    split_fee: Floats  # (B,) money for each parcel after the first
    open_cost: Floats  # (L,) money of leaving the whole line open
    order_refusal: Codes  # (B, N) Refusal that keeps a node from the order, 0 = none
    line_refusal: Codes  # (L, N) the same for a line
    max_nodes: Ints  # (B,) hard limit on the sources of an order
    preferred_nodes: Ints  # (B,) soft limit on them
    extra_node_penalty: Floats  # (B,) money for each source beyond the soft limit
    max_line_nodes: Ints  # (L,) sources a line may be divided across; 1 = never divided
    preferred_line_nodes: Ints  # (L,) soft limit on them
    extra_line_node_penalty: Floats  # (L,) money for each source beyond it
    partial_penalty: Floats  # (B,) money of serving an order in part; inf = all lines or none
    limit_members: Bools  # (G, N) nodes whose order lines count together
    line_limit: Ints  # (G,) order lines the group may still serve
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # "nodes", "skus", ...

    @property
    def orders(self) -> int:
        """The number of orders, B."""
        return int(self.split_fee.size)

    @property
    def lines(self) -> int:
        """The number of lines, L."""
        return int(self.line_order.size)

    @property
    def nodes(self) -> int:
        """The number of nodes, N."""
        return int(self.stock.shape[0])

    @property
    def skus(self) -> int:
        """The number of stock keeping units, S."""
        return int(self.stock.shape[1])

    @cached_property
    def start(self) -> Ints:
        """(B + 1,) index of the first line of each order."""
        return np.searchsorted(self.line_order, np.arange(self.orders + 1)).astype(np.int64)

    @cached_property
    def parcel(self) -> Floats:
        """(B, N) money of opening a parcel, without the split fee."""
        return _sum_of_parts(self.parcel_parts, (self.orders, self.nodes))

    @cached_property
    def serve(self) -> Floats:
        """(L, N) money of serving the whole line from the node."""
        return _sum_of_parts(self.serve_parts, (self.lines, self.nodes))

    @cached_property
    def eligible(self) -> Bools:
        """(L, N) whether no hard constraint refuses the node; stock is not considered."""
        return np.asarray((self.line_refusal == 0) & (self.order_refusal == 0)[self.line_order])

    @cached_property
    def least(self) -> Ints:
        """(L,) units a node must have to serve the line: all, or one of a divisible line."""
        return np.where(self.max_line_nodes > 1, 1, self.quantity)

    def only(self, orders: ArrayLike) -> SourcingProblem:
        """Return the problem of some orders, in the given sequence, with the same stock and nodes.

        Ascending orders keep the sequence of arrival; an order may occur several times.
        """
        rows = np.asarray(orders, dtype=np.int64)
        counts = self.start[rows + 1] - self.start[rows]
        before = np.cumsum(counts) - counts
        lines = np.repeat(self.start[rows] - before, counts) + np.arange(counts.sum())
        parcel_parts = {
            name: _part_rows(part, rows, self.orders) for name, part in self.parcel_parts.items()
        }
        serve_parts = {
            name: _part_rows(part, lines, self.lines) for name, part in self.serve_parts.items()
        }
        return replace(
            self,
            line_order=np.repeat(np.arange(len(rows)), counts),
            line_sku=self.line_sku[lines],
            quantity=self.quantity[lines],
            parcel_parts=parcel_parts,
            serve_parts=serve_parts,
            split_fee=self.split_fee[rows],
            open_cost=self.open_cost[lines],
            order_refusal=self.order_refusal[rows],
            line_refusal=self.line_refusal[lines],
            max_nodes=self.max_nodes[rows],
            preferred_nodes=self.preferred_nodes[rows],
            extra_node_penalty=self.extra_node_penalty[rows],
            max_line_nodes=self.max_line_nodes[lines],
            preferred_line_nodes=self.preferred_line_nodes[lines],
            extra_line_node_penalty=self.extra_line_node_penalty[lines],
            partial_penalty=self.partial_penalty[rows],
            names={kind: self.names[kind] for kind in ("nodes", "skus") if kind in self.names},
        )


def _sum_of_parts(parts: Mapping[str, Floats], shape: tuple[int, int]) -> Floats:
    total = np.zeros(shape)
    for part in parts.values():
        total += part
    return total


def _part_rows(part: Floats, rows: Ints, full: int) -> Floats:
    """Return rows of a cost part, which may be broadcast along its first axis."""
    if part.ndim == 2 and part.shape[0] == full and full > 1:
        return part[rows]
    return part


class ProblemArrays(TypedDict, total=False):
    """The fields of a problem as they may be given; `SourcingProblem` states meaning and units.

    A scalar stands for the same value along the whole axis. Cost parts may be (B, N), (1, N),
    (B, 1), a scalar, or the same over lines.
    """

    line_order: Required[ArrayLike]
    line_sku: Required[ArrayLike]
    quantity: Required[ArrayLike]
    stock: Required[ArrayLike]
    parcel_parts: Required[Mapping[str, ArrayLike]]
    serve_parts: Required[Mapping[str, ArrayLike]]
    open_cost: Required[ArrayLike]
    split_fee: ArrayLike
    capacity: ArrayLike
    used: ArrayLike
    soft_capacity: ArrayLike
    pressure: ArrayLike
    order_refusal: ArrayLike
    line_refusal: ArrayLike
    max_nodes: ArrayLike
    preferred_nodes: ArrayLike
    extra_node_penalty: ArrayLike
    max_line_nodes: ArrayLike
    preferred_line_nodes: ArrayLike
    extra_line_node_penalty: ArrayLike
    partial_penalty: ArrayLike
    limit_members: ArrayLike
    line_limit: ArrayLike
    orders: NotRequired[int]
    """B, where the last orders have no lines; without it, B follows from `line_order`."""
    names: Mapping[str, tuple[str, ...]]


def problem_from_arrays(**given: Unpack[ProblemArrays]) -> SourcingProblem:
    """Return a problem with defaults filled in and every array at its full shape.

    Without further arguments nothing is limited but stock, lines are not divided and orders may be
    served in part. Raises ProblemInvalid when arrays contradict each other.
    """
    line_order, stock = _ints(given["line_order"]), _stock_table(given["stock"])
    orders = given.get("orders", int(line_order.max(initial=-1)) + 1)
    lines, nodes = len(line_order), stock.shape[0]
    of_orders, of_lines, of_nodes = (orders,), (lines,), (nodes,)
    capacity = _spread("capacity", _ints(given.get("capacity", UNLIMITED)), of_nodes)
    line_limit = _ints(given.get("line_limit", ())).reshape(-1)
    limit_members = np.asarray(given.get("limit_members", False), bool)

    def ints(name: str, default: int, shape: tuple[int, ...]) -> Ints:
        return _spread(name, _ints(cast(ArrayLike, given.get(name, default))), shape)

    def floats(name: str, default: float, shape: tuple[int, ...]) -> Floats:
        return _spread(name, _floats(cast(ArrayLike, given.get(name, default))), shape)

    def codes(name: str, shape: tuple[int, ...]) -> Codes:
        return _spread(name, np.asarray(given.get(name, 0), dtype=np.uint8), shape)

    problem = SourcingProblem(
        line_order=line_order,
        line_sku=_spread("line_sku", _ints(given["line_sku"]), of_lines),
        quantity=_spread("quantity", _ints(given["quantity"]), of_lines),
        stock=stock,
        capacity=capacity,
        used=ints("used", 0, of_nodes),
        soft_capacity=_soft_capacity(given, capacity),
        pressure=floats("pressure", 0.0, of_nodes),
        parcel_parts=_parts(given["parcel_parts"], (orders, nodes)),
        serve_parts=_parts(given["serve_parts"], (lines, nodes)),
        split_fee=floats("split_fee", 0.0, of_orders),
        open_cost=_spread("open_cost", _floats(given["open_cost"]), of_lines),
        order_refusal=codes("order_refusal", (orders, nodes)),
        line_refusal=codes("line_refusal", (lines, nodes)),
        max_nodes=ints("max_nodes", UNLIMITED, of_orders),
        preferred_nodes=ints("preferred_nodes", UNLIMITED, of_orders),
        extra_node_penalty=floats("extra_node_penalty", 0.0, of_orders),
        max_line_nodes=ints("max_line_nodes", 1, of_lines),
        preferred_line_nodes=ints("preferred_line_nodes", UNLIMITED, of_lines),
        extra_line_node_penalty=floats("extra_line_node_penalty", 0.0, of_lines),
        partial_penalty=floats("partial_penalty", 0.0, of_orders),
        limit_members=_spread("limit_members", limit_members, (len(line_limit), nodes)),
        line_limit=line_limit,
        names=dict(given.get("names", {})),
    )
    _check_lines(problem)
    _check_limits(problem)
    _check_money(problem)
    return problem


def _stock_table(stock: ArrayLike) -> Ints:
    table = _ints(stock)
    if table.ndim != 2:
        raise ProblemInvalid(
            "needs one row for each node and one column for each SKU", where="stock"
        )
    return table


def _soft_capacity(given: ProblemArrays, capacity: Ints) -> Ints:
    """Return the given soft capacities, or the usual share of each node's capacity."""
    if "soft_capacity" in given:
        return _spread("soft_capacity", _ints(given["soft_capacity"]), capacity.shape)
    share = capacity * SOFT_CAPACITY_PERCENT // 100
    return np.where(capacity >= UNLIMITED, capacity, share)


def _parts(parts: Mapping[str, ArrayLike], shape: tuple[int, int]) -> dict[str, Floats]:
    """Return cost parts as arrays that broadcast to `shape`, not yet at their full size."""
    arrays: dict[str, Floats] = {}
    for name, values in parts.items():
        part = _floats(values)
        _spread(name, part, shape)
        arrays[name] = part
    return arrays


def _check_lines(problem: SourcingProblem) -> None:
    _check_line_order(problem)
    if _outside(problem.line_sku, problem.skus):
        raise ProblemInvalid("names a SKU outside the stock table", where="line_sku")
    if np.any(problem.quantity <= 0):
        raise ProblemInvalid(
            "every line needs at least one unit",
            where="quantity",
            remedy="leave the line out",
        )


def _check_line_order(problem: SourcingProblem) -> None:
    unsorted = np.diff(problem.line_order) < 0
    if unsorted.any() or _outside(problem.line_order, problem.orders):
        raise ProblemInvalid(
            "lines must be sorted by order and name an order of the problem", where="line_order"
        )


def _outside(index: Ints, size: int) -> bool:
    """Return whether an index is not within 0 to size - 1."""
    return bool(np.any((index < 0) | (index >= size)))


def _check_limits(problem: SourcingProblem) -> None:
    for name in _AT_LEAST_ONE:
        if np.any(getattr(problem, name) < 1):
            raise ProblemInvalid("must be at least one source", where=name)

    for name in _NOT_NEGATIVE:
        if not np.all(getattr(problem, name) >= 0):
            raise ProblemInvalid("cannot be below zero", where=name)


def _check_money(problem: SourcingProblem) -> None:
    money = {
        "open_cost": problem.open_cost,
        "split_fee": problem.split_fee,
        "pressure": problem.pressure,
        **problem.parcel_parts,
        **problem.serve_parts,
    }
    for name, values in money.items():
        if not np.isfinite(values).all():
            raise ProblemInvalid(
                "must be finite", where=name, remedy="refuse a node with a reason instead"
            )

    another_parcel = problem.parcel + problem.split_fee[:, None]
    if np.any(another_parcel[problem.order_refusal == 0] < 0):
        raise ProblemInvalid(
            "parcel plus split fee below zero would reward needless splits", where="parcel_parts"
        )


def _ints(values: ArrayLike) -> Ints:
    return np.asarray(values, dtype=np.int64)


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _spread(name: str, values: NDArray[Scalar], shape: tuple[int, ...]) -> NDArray[Scalar]:
    """Return `values` at their full shape. Raises ProblemInvalid when they do not broadcast."""
    try:
        broadcast = np.broadcast_to(values, shape)
    except ValueError as error:
        raise ProblemInvalid(
            f"shape {values.shape} does not broadcast to {shape}", where=name
        ) from error
    return np.ascontiguousarray(broadcast)
