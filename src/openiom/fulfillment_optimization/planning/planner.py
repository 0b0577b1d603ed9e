"""
One round: every order planned by its own strategy, what that leaves unsourced by the alternate, all against one view
of stock, capacity and counters. Writes nothing.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.engine import Plan
from openiom.fulfillment_optimization.explanations import explanations
from openiom.fulfillment_optimization.order_port import OpenLine, Part
from openiom.fulfillment_optimization.problem_builder import Key, PlanningContext, build_problem
from openiom.fulfillment_optimization.snapshot import Snapshot, StrategyConfig
from openiom.inventory_visibility import available, channels_matter
from openiom.kernel import NotFound, new_id, new_ids
from openiom.master_data import known, write_in_products

from .bid_prices import current_bid_prices
from .daily_capacity import IntakeResult
from .demand_rates import demand_per_day, weights_kg
from .solver import Solved, solve_wave

MOST_ALTERNATES = 5
CurrentPrincipal = tuple[str, str]
"""Channel and customer group on whose behalf stock is asked for."""
NOBODY: CurrentPrincipal = ("", "")


@dataclass
class Planned:
    """What one strategy decided for one order. `sources` holds only lines that got one, `parts` those divided."""

    cost: float
    explanation: dict[str, Any]
    sources: dict[UUID, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    parts: dict[UUID, list[Part]] = field(default_factory=dict)


@dataclass(eq=False)
class Attempt:
    """One plan: the orders one strategy was asked to source together."""

    id: UUID
    setting: StrategyConfig
    planned: dict[UUID, Planned]
    lines: int
    solved: Solved | None = None  # None when there was no source to plan with
    seconds: float = 0.0

    @classmethod
    def without_plan(cls, setting: StrategyConfig, planned: dict[UUID, Planned]) -> "Attempt":
        return cls(new_id(), setting, planned, sum(len(p.missing) for p in planned.values()))


@dataclass(eq=False)
class Round:
    attempts: list[Attempt] = field(default_factory=list)
    unlimited: frozenset[str] = frozenset()  # products that need no reservation

    def sources(self) -> dict[UUID, str]:
        """Line -> source, over all attempts; divided lines by their first part."""
        return {
            line: source
            for a in self.attempts
            for p in a.planned.values()
            for line, source in p.sources.items()
        }


@dataclass
class Planner:
    """
    now         the instant plans are made for
    days        what counted sources have taken today, locked
    windows     orders whose batch window has closed: they are planned together
    stock       units free to promise, where somebody has read them already
    own         units by (product, source) that these lines hold already: free to them
    holds       units that single lines hold already, by source: free to that line alone, so their orders come first
    """

    session: Session
    snapshot: Snapshot
    now: datetime
    days: Mapping[str, IntakeResult] = field(default_factory=dict)
    windows: frozenset[UUID] = frozenset()
    stock: Mapping[Key, int] | None = None
    own: Mapping[Key, int] = field(default_factory=dict)
    holds: Mapping[UUID, Mapping[str, int]] = field(default_factory=dict)

    def plan(self, lines: Sequence[OpenLine], strategies: Mapping[UUID, str]) -> Round:
        """`strategies` names one for each order, '' for the default; unknown names were refused before."""
        views = self._views(lines)
        unlimited = self._write_ins(lines, {key for view in views.values() for key in view})
        taken: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        first = {line.order_id for line in lines if line.line_id in self.holds}
        queue = [
            (name, who, group)
            for part in (
                [x for x in lines if x.order_id in first],
                [x for x in lines if x.order_id not in first],
            )
            for (name, who), group in _groups(part, strategies, views).items()
        ]
        tried: dict[UUID, set[str]] = defaultdict(set)
        found = Round(unlimited=unlimited)
        while queue:
            name, who, group = queue.pop(0)
            setting = self.snapshot.strategy_config(name, self.now.date())
            lent = self._lend(group, views[who])
            attempt = self._attempt(setting, group, views[who], taken, unlimited)
            found.attempts.append(attempt)
            rest = self._for_alternate(setting, group, attempt, tried)
            if rest or queue:
                _deduct(attempt, group, views[who], taken)
            for key, units in lent.items():
                views[who][key] = min(units, views[who][key])
            if rest and setting.strategy.alternate:
                queue.append((setting.strategy.alternate, who, rest))
        return found

    def _lend(self, lines: Sequence[OpenLine], view: dict[Key, int]) -> dict[Key, int]:
        """Have the view show what these lines hold; what it showed before, which is all others may have."""
        before: dict[Key, int] = {}
        for line in lines:
            for source, units in self.holds.get(line.line_id, {}).items():
                key = line.product, source
                before.setdefault(key, view.get(key, 0))
                view[key] = view.get(key, 0) + units
        return before

    def _views(self, lines: Sequence[OpenLine]) -> dict[CurrentPrincipal, dict[Key, int]]:
        """Stock as each channel and customer group may have it; one view for all while nothing is kept for anybody.

        What two of them planned of what is common to both is settled when it is reserved.
        """
        views = self._read_views(lines) if self.stock is None else {NOBODY: dict(self.stock)}
        for view in views.values():
            for key, units in self.own.items():
                view[key] = view.get(key, 0) + units
        return views

    def _read_views(self, lines: Sequence[OpenLine]) -> dict[CurrentPrincipal, dict[Key, int]]:
        products: dict[CurrentPrincipal, set[str]] = defaultdict(set)
        matters = channels_matter(self.session)
        for line in lines:
            products[(line.channel, line.customer_group) if matters else NOBODY].add(line.product)
        return {
            who: available(self.session, wanted, channel=who[0], customer_group=who[1])
            for who, wanted in products.items()
        }

    def _attempt(
        self,
        setting: StrategyConfig,
        lines: Sequence[OpenLine],
        stock: Mapping[Key, int],
        taken: Mapping[str, Sequence[int]],
        unlimited: frozenset[str],
    ) -> Attempt:
        if not setting.sources:
            return Attempt.without_plan(setting, _nothing(lines, "no active source"))
        started = perf_counter()
        framed = build_problem(
            lines, setting, stock, self._circumstances(setting, lines, taken, unlimited)
        )
        together = any(line.order_id in self.windows for line in lines)
        prices = None if together else current_bid_prices(self.session, setting, framed, self.now)
        solved = solve_wave(framed, setting.strategy, window_closed=together, bid_prices=prices)
        planned = _read(solved, lines)
        return Attempt(new_id(), setting, planned, len(lines), solved, perf_counter() - started)

    def _circumstances(
        self,
        setting: StrategyConfig,
        lines: Sequence[OpenLine],
        taken: Mapping[str, Sequence[int]],
        unlimited: frozenset[str],
    ) -> PlanningContext:
        weights, products = setting.strategy.weights, {line.product for line in lines}
        covered = weights.stock_out or weights.markdown_credit
        more = {name: counts for name, counts in taken.items() if name in self.days}
        return PlanningContext(
            now=self.now,
            parcels_today={
                n: d.parcels + (more[n][0] if n in more else 0) for n, d in self.days.items()
            },
            lines_today={
                n: d.lines + (more[n][1] if n in more else 0) for n, d in self.days.items()
            },
            demand=demand_per_day(self.session, products, self.now) if covered else {},
            weights_kg=weights_kg(self.session, products) if setting.rates else {},
            unlimited=unlimited,
        )

    def _write_ins(self, lines: Sequence[OpenLine], stock: Iterable[Key]) -> frozenset[str]:
        """Products outside the catalog, where intake takes them: every source is taken to have them."""
        stocked = {product for product, _ in stock}
        unknown = {line.product for line in lines} - stocked
        if not unknown or not write_in_products(self.session):
            return frozenset()
        return frozenset(unknown - known(self.session, "product", unknown))

    def _for_alternate(
        self,
        setting: StrategyConfig,
        lines: Sequence[OpenLine],
        attempt: Attempt,
        tried: dict[UUID, set[str]],
    ) -> list[OpenLine]:
        """What the alternate is to try: lines left open, where it was not asked before and is in force."""
        wanted = setting.strategy.alternate
        if not wanted:
            return []
        try:
            self.snapshot.strategy_config(wanted, self.now.date())
        except NotFound:
            return []
        rest = []
        for line in lines:
            tried[line.order_id].add(setting.name)
            planned = attempt.planned[line.order_id]
            again = (
                wanted not in tried[line.order_id] and len(tried[line.order_id]) <= MOST_ALTERNATES
            )
            if again and planned.missing and line.line_id not in planned.sources:
                rest.append(line)
        return rest


def _groups(
    lines: Sequence[OpenLine], strategies: Mapping[UUID, str], views: Container[CurrentPrincipal]
) -> dict[tuple[str, CurrentPrincipal], list[OpenLine]]:
    """Lines that are planned together: of one strategy, with one view of stock."""
    groups: dict[tuple[str, CurrentPrincipal], list[OpenLine]] = defaultdict(list)
    for line in lines:
        who = (line.channel, line.customer_group)
        groups[strategies[line.order_id], who if who in views else NOBODY].append(line)
    return groups


def _nothing(lines: Sequence[OpenLine], note: str) -> dict[UUID, Planned]:
    planned: dict[UUID, Planned] = {}
    for line in lines:
        planned.setdefault(line.order_id, Planned(0.0, {"note": note})).missing.append(line.product)
    return planned


def _read(solved: Solved, lines: Sequence[OpenLine]) -> dict[UUID, Planned]:
    """The plan by order: who serves which line, and why."""
    plan, framed = solved.plan, solved.framed
    why = explanations(plan, framed.names)
    parts = framed.money(plan.cost_parts)
    costs = np.sum(list(parts.values()), axis=0).tolist()
    if len(parts) < len(plan.cost_parts) or float(framed.problem.open_cost[0]) != framed.open_line:
        for order, record in enumerate(why):
            record["parts"] = {name: round(float(part[order]), 4) for name, part in parts.items()}
    divided = _divided(plan, lines, framed.names)
    planned: dict[UUID, Planned] = {}
    for i, (line, order, node) in enumerate(
        zip(lines, framed.problem.line_order.tolist(), plan.node.tolist(), strict=True)
    ):
        mine = planned.get(line.order_id)
        if mine is None:
            mine = planned[line.order_id] = Planned(costs[order], why[order] | {"lines": []})
        mine.explanation["lines"].append(line.line_id)
        if node < 0:
            mine.missing.append(line.product)
            continue
        mine.sources[line.line_id] = framed.names[node]
        if i in divided:
            mine.parts[line.line_id] = divided[i]
            mine.explanation.setdefault("parts_of_lines", {})[str(line.line_id)] = [
                [part.source, part.quantity] for part in divided[i]
            ]
            if any(not part.source for part in divided[i]):
                mine.missing.append(line.product)
    return planned


def _divided(plan: Plan, lines: Sequence[OpenLine], names: Sequence[str]) -> dict[int, list[Part]]:
    """Lines served by several sources, or in part: their parts, the largest first under the line's own id."""
    if not np.any(plan.problem.max_line_nodes > 1):
        return {}
    shares = plan.shares
    several = np.bincount(shares.line, minlength=plan.problem.lines)
    odd = np.flatnonzero((several > 1) | ((several == 1) & (plan.served < plan.problem.quantity)))
    found: dict[int, list[Part]] = {}
    for i in odd.tolist():
        mine = shares.line == i
        rows = sorted(
            zip(shares.quantity[mine].tolist(), shares.node[mine].tolist(), strict=True),
            key=_largest,
        )
        wanted = [(names[node], units) for units, node in rows]
        left = lines[i].quantity - sum(units for _, units in wanted)
        if left:
            wanted.append(("", left))
        ids = [lines[i].line_id, *new_ids(len(wanted) - 1)]
        found[i] = [
            Part(id, units, source) for id, (source, units) in zip(ids, wanted, strict=True)
        ]
    return found


def _largest(row: tuple[int, int]) -> tuple[int, int]:
    return -row[0], row[1]


def _deduct(
    attempt: Attempt, lines: Sequence[OpenLine], stock: dict[Key, int], taken: dict[str, list[int]]
) -> None:
    """Take what was planned from stock and days, for whoever is planned next in this round."""
    if attempt.solved is None:
        return
    shares, names = attempt.solved.plan.shares, attempt.solved.framed.names
    for line, node, units in zip(
        shares.line.tolist(), shares.node.tolist(), shares.quantity.tolist(), strict=True
    ):
        key = lines[line].sku, names[node]
        if key in stock:
            stock[key] -= units
    for name, counts in taken_by(attempt.planned.values()).items():
        taken[name][0] += counts.parcels
        taken[name][1] += counts.lines


def taken_by(planned: Iterable[Planned]) -> dict[str, IntakeResult]:
    """Parcels and order lines by source."""
    parcels: dict[str, int] = defaultdict(int)
    lines: dict[str, int] = defaultdict(int)
    for one in planned:
        used = []
        for line, source in one.sources.items():
            used += (
                [part.source for part in one.parts[line] if part.source]
                if line in one.parts
                else [source]
            )
        for source in used:
            lines[source] += 1
        for source in set(used):
            parcels[source] += 1
    return {source: IntakeResult(parcels[source], lines[source]) for source in lines}
