"""
From constraints to the arrays of the engine. B orders, L lines, N sources, S products. Pure.

A hard constraint becomes a refusal or a limit. A soft one becomes money: a penalty on the parcel, the line or the
source too many. The price of leaving a line open is raised by every penalty that could meet it, so that a soft
constraint is broken before a line stays open, and kept wherever keeping it costs less than the penalty: the two
passes of the reference in one solve.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openiom.fulfillment_optimization.engine import UNLIMITED, Refusal

from .documents import (
    Constraint,
    Entry,
    LocationPriority,
    MaximumDistance,
    MaximumOrderLines,
    MaximumSourcesAndPartialOrder,
    MaximumSourcesPerLine,
    MaximumSourcesPerOrder,
    RespectTimings,
    RestrictPartialOrders,
    SafetyStock,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.uint8]

KM_PER_MILE = 1.609344
RANKING = "location priority order"
"""Part of a plan's cost that only ranks sources: larger than any difference in money, and no money itself."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ConstraintContext:
    """What constraints look at."""

    names: tuple[str, ...]  # sources
    lists: dict[str, frozenset[str]] | None
    countries: NDArray[np.str_]  # (N,)
    destinations: NDArray[np.str_]  # (B,) countries
    km: Floats  # (B, N)
    line_order: Ints  # (L,)
    line_sku: Ints  # (L,)
    products: tuple[str, ...]
    stock: Ints  # (N, S) units that may be promised
    safety: Ints  # (N,) safety stock of the source documents
    closed: Codes  # (N,) Refusal.CLOSED or AFTER_CUTOFF where a source takes no order now, else 0
    lines_today: Ints  # (N,) order lines sourced today
    daily_lines: Ints  # (N,) limit of the source documents

    def members(self, entry: Entry) -> Bools:
        """(N,) the sources a row is about."""
        if entry.source:
            return np.array([name == entry.source for name in self.names], dtype=bool)
        if entry.source_list:
            wanted = (self.lists or {}).get(entry.source_list, frozenset())
            return np.array([name in wanted for name in self.names], dtype=bool)
        return np.ones(len(self.names), dtype=bool)


@dataclass(eq=False)
class ConstraintEffects:
    """What the constraints of a strategy amount to; arguments of `engine.build`, but for the soft caps."""

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
    caps: list[tuple[Bools, int]] = field(
        default_factory=list
    )  # hard: members (N,), lines still to be taken
    soft_caps: list[tuple[Bools, int, float]] = field(
        default_factory=list
    )  # the same with the penalty a line
    penalties: float = 0.0  # the most that penalties could add to one line
    ranks: int = 0  # steps of the hard location priority

    def refuse_order(self, where: Bools, code: Refusal) -> None:
        self.order_refusal[where & (self.order_refusal == 0)] = code

    def refuse_line(self, where: Bools, code: Refusal) -> None:
        self.line_refusal[where & (self.line_refusal == 0)] = code

    def charge_parcel(self, name: str, where: Bools, penalty: float) -> None:
        if penalty and where.any():
            self.parcel_parts[name] = self.parcel_parts.get(name, np.float64(0)) + np.where(
                where, penalty, 0.0
            )
        self.penalties += penalty

    def charge_line(self, name: str, money: Floats) -> None:
        if money.any():
            self.serve_parts[name] = self.serve_parts.get(name, 0.0) + money
        self.penalties += float(money.max(initial=0.0))

    def at_most(self, maximum: int, *, hard: bool, penalty: float) -> None:
        """Sources per order."""
        if hard:
            self.max_nodes = min(self.max_nodes, maximum)
        elif maximum < self.preferred_nodes:
            self.preferred_nodes, self.extra_node_penalty = maximum, penalty
        self.penalties += 0.0 if hard else penalty

    def at_most_a_line(self, maximum: int, *, hard: bool, penalty: float) -> None:
        """Sources per line."""
        if hard:
            self.max_line_nodes = min(self.max_line_nodes, maximum)
        elif maximum < self.preferred_line_nodes:
            self.preferred_line_nodes, self.extra_line_node_penalty = maximum, penalty
        self.penalties += 0.0 if hard else penalty

    def parse_id(self, *, hard: bool, penalty: float) -> None:
        """Orders are served whole."""
        self.partial_penalty = np.inf if hard else max(self.partial_penalty, penalty)


def apply_constraints(
    constraints: Sequence[Constraint], world: ConstraintContext
) -> ConstraintEffects:
    """All constraints in force, together."""
    shape_o, shape_l = world.km.shape, (len(world.line_order), len(world.names))
    limits = ConstraintEffects(np.zeros(shape_o, dtype=np.uint8), np.zeros(shape_l, dtype=np.uint8))
    for constraint in constraints:
        _apply(constraint, world, limits)
    _own_daily_lines(world, limits)
    return limits


def _apply(constraint: Constraint, world: ConstraintContext, limits: ConstraintEffects) -> None:
    apply: Callable[[Any, ConstraintContext, ConstraintEffects], None] = _APPLY[type(constraint)]
    apply(constraint, world, limits)


def _whole(
    constraint: RestrictPartialOrders, world: ConstraintContext, limits: ConstraintEffects
) -> None:
    limits.parse_id(hard=constraint.hard, penalty=constraint.penalty)


def _sources(
    constraint: MaximumSourcesPerOrder, world: ConstraintContext, limits: ConstraintEffects
) -> None:
    limits.at_most(constraint.maximum, hard=constraint.hard, penalty=constraint.penalty)


def _line_sources(
    constraint: MaximumSourcesPerLine, world: ConstraintContext, limits: ConstraintEffects
) -> None:
    limits.at_most_a_line(constraint.maximum, hard=constraint.hard, penalty=constraint.penalty)


def _combined(
    constraint: MaximumSourcesAndPartialOrder, world: ConstraintContext, limits: ConstraintEffects
) -> None:
    hard, penalty = constraint.hard, constraint.penalty
    if constraint.maximum:
        limits.at_most(constraint.maximum, hard=hard, penalty=penalty)
    if not constraint.partial_lines:
        limits.at_most_a_line(1, hard=hard, penalty=penalty)
    if not constraint.partial_orders:
        limits.parse_id(hard=hard, penalty=penalty)


def _distance(
    constraint: MaximumDistance, world: ConstraintContext, limits: ConstraintEffects
) -> None:
    most = np.full(len(world.names), np.inf)
    home = np.zeros(len(world.names), dtype=bool)
    for entry in constraint.entries:
        members = world.members(entry)
        if entry.distance is not None:
            km = entry.distance * (KM_PER_MILE if entry.unit == "mi" else 1.0)
            most[members] = np.minimum(most[members], km)
        home |= members & entry.same_country
    far = world.km > most[None, :]
    abroad = home[None, :] & (world.destinations[:, None] != world.countries[None, :])
    if constraint.hard:
        limits.refuse_order(abroad, Refusal.OTHER_COUNTRY_OR_REGION)
        limits.refuse_order(far, Refusal.MAXIMUM_DISTANCE)
    else:
        limits.charge_parcel("beyond the maximum distance", far | abroad, constraint.penalty)


def _timings(
    constraint: RespectTimings, world: ConstraintContext, limits: ConstraintEffects
) -> None:
    members = _any_of(world, constraint.entries)
    away = members & (world.closed > 0)
    if not constraint.hard:
        limits.charge_parcel(
            "outside working times", np.broadcast_to(away, world.km.shape), constraint.penalty
        )
        return
    for code in (Refusal.CLOSED, Refusal.AFTER_CUTOFF):
        here = members & (world.closed == code)
        if here.any():
            limits.refuse_order(np.broadcast_to(here, world.km.shape), code)


def _safety(constraint: SafetyStock, world: ConstraintContext, limits: ConstraintEffects) -> None:
    """A source is left alone for a product while it has less than the limit; of several rows the largest counts."""
    least = np.zeros(world.stock.shape, dtype=np.int64)
    if not constraint.entries:
        least = np.maximum(least, world.safety[:, None])
    for entry in constraint.entries:
        products = [
            s for s, product in enumerate(world.products) if entry.product in (None, product)
        ]
        if not products:
            continue
        units = world.safety if entry.units is None else np.full(len(world.names), entry.units)
        rows = np.flatnonzero(world.members(entry))
        cells = np.ix_(rows, np.array(products))
        least[cells] = np.maximum(least[cells], units[rows, None])
    short = (world.stock < least) & (world.stock > 0)
    if not short.any():
        return
    of_lines = short.T[world.line_sku]
    if constraint.hard:
        limits.refuse_line(of_lines, Refusal.SAFETY_STOCK)
    else:
        limits.charge_line("below safety stock", np.where(of_lines, constraint.penalty, 0.0))


def _priority(
    constraint: LocationPriority, world: ConstraintContext, limits: ConstraintEffects
) -> None:
    """Sources no row names come after all others; ranks count as places, whatever numbers stand there."""
    none = np.iinfo(np.int64).max
    general = np.full(len(world.names), none, dtype=np.int64)
    for entry in (e for e in constraint.entries if e.product is None):
        members = world.members(entry)
        general[members] = np.minimum(general[members], entry.rank)
    rank = np.repeat(general[:, None], len(world.products), axis=1)
    special: dict[int, Ints] = {}
    for entry in constraint.entries:
        for sku in (s for s, product in enumerate(world.products) if product == entry.product):
            mine = special.setdefault(sku, np.full(len(world.names), none, dtype=np.int64))
            members = world.members(entry)
            mine[members] = np.minimum(mine[members], entry.rank)
    for sku, mine in special.items():
        rank[:, sku] = np.where(mine < none, mine, rank[:, sku])
    place = np.empty_like(rank)
    for sku in range(rank.shape[1]):
        place[:, sku] = np.unique(rank[:, sku], return_inverse=True)[1]
    steps = place.T[world.line_sku].astype(np.float64)
    if constraint.hard:
        limits.serve_parts[RANKING] = limits.serve_parts.get(RANKING, 0.0) + steps
        limits.ranks += int(steps.max(initial=0.0))
    else:
        limits.charge_line("location priority", constraint.penalty * steps)


def _order_lines(
    constraint: MaximumOrderLines, world: ConstraintContext, limits: ConstraintEffects
) -> None:
    """A list counts its sources together; a row for one source, or for every one, counts each alone."""
    alone = np.full(len(world.names), UNLIMITED, dtype=np.int64)
    counted: list[tuple[Bools, int]] = []
    for entry in constraint.entries:
        members = world.members(entry)
        if entry.source_list:
            counted.append((members, entry.lines))
        else:
            alone[members] = np.minimum(alone[members], entry.lines)
    counted += _singles(alone)
    for members, most in counted:
        left = max(0, most - int(world.lines_today[members].sum()))
        if left >= len(world.line_order) * int(members.sum()):
            continue  # cannot bind in this wave, even if every line were divided across all of them
        if constraint.hard:
            limits.caps.append((members, left))
        else:
            limits.soft_caps.append((members, left, constraint.penalty))
            limits.penalties += constraint.penalty


def _own_daily_lines(world: ConstraintContext, limits: ConstraintEffects) -> None:
    for members, most in _singles(world.daily_lines):
        left = max(0, most - int(world.lines_today[members].sum()))
        if left < len(world.line_order):
            limits.caps.append((members, left))


def _singles(most: Ints) -> list[tuple[Bools, int]]:
    out = []
    for node in np.flatnonzero(most < UNLIMITED):
        members = np.zeros(len(most), dtype=bool)
        members[node] = True
        out.append((members, int(most[node])))
    return out


def _any_of(world: ConstraintContext, entries: Iterable[Entry]) -> Bools:
    rows = [world.members(entry) for entry in entries]
    return np.any(rows, axis=0) if rows else np.ones(len(world.names), dtype=bool)


_APPLY: dict[type[Any], Callable[[Any, ConstraintContext, ConstraintEffects], None]] = {
    MaximumDistance: _distance,
    RestrictPartialOrders: _whole,
    MaximumSourcesPerOrder: _sources,
    MaximumSourcesPerLine: _line_sources,
    MaximumSourcesAndPartialOrder: _combined,
    MaximumOrderLines: _order_lines,
    RespectTimings: _timings,
    SafetyStock: _safety,
    LocationPriority: _priority,
}
