"""Planning of orders against one view of stock, daily capacity and counters. Writes nothing.

Each order is planned by its own strategy; lines that stay open are planned again by the strategy's
alternate.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.order_port import OpenLine
from openiom.fulfillment_optimization.problem_builder import Key, build_problem
from openiom.fulfillment_optimization.snapshot import Snapshot, StrategyConfig
from openiom.inventory_visibility import available, channels_matter
from openiom.kernel import NotFound, StockUnits, new_id
from openiom.master_data import accepts_write_in_products
from openiom.master_data import existing_names as known_names

from .bid_prices import current_bid_prices
from .daily_capacity import CapacityUsage
from .demand_rates import circumstances
from .full_days import mark_full_days
from .order_plans import (
    OrderPlan,
    PlanAttempt,
    order_plans,
    unplanned_orders,
    usage_by_source,
)
from .solver import solve_by_strategy

MOST_ALTERNATES = 5
RequesterKey = tuple[str, str]
"""Channel and customer group on whose behalf stock is requested."""
NO_REQUESTER: RequesterKey = ("", "")
View = dict[Key, StockUnits | int]
"""Quantities that may be promised to one requester, by (sku, source), in stock units."""


@dataclass(eq=False)
class PlanningRound:
    """The plans of one call; products in `unlimited` need no reservation."""

    attempts: list[PlanAttempt] = field(default_factory=list)
    unlimited: frozenset[str] = frozenset()

    def sources(self) -> dict[UUID, str]:
        """Return the source of each line; of a split line that of its first part."""
        found: dict[UUID, str] = {}
        for plan in self.order_plans():
            found |= plan.sources
        return found

    def order_plans(self) -> Iterable[OrderPlan]:
        """Yield the plans of all attempts."""
        for attempt in self.attempts:
            yield from attempt.planned.values()


@dataclass
class _Group:
    """Lines that are planned together: of one strategy, with one view of stock."""

    strategy: str
    requester: RequesterKey
    lines: list[OpenLine] = field(default_factory=list)


@dataclass
class Planner:
    """Plans orders at one instant.

    now       the instant of the plans
    days      today's usage of capacity-limited sources, locked
    windows   orders whose batch window has closed: they are planned together
    stock     quantities that may be promised, when the caller has read them
    own       quantities by (sku, source) that these lines have reserved, available to all of them
    holds     units reserved by single lines, by source: available to that line alone, so the orders
              of these lines are planned first
    """

    session: Session
    snapshot: Snapshot
    now: datetime
    days: Mapping[str, CapacityUsage] = field(default_factory=dict)
    windows: frozenset[UUID] = frozenset()
    stock: Mapping[Key, StockUnits | int] | None = None
    own: Mapping[Key, StockUnits | int] = field(default_factory=dict)
    holds: Mapping[UUID, Mapping[str, StockUnits]] = field(default_factory=dict)

    def plan(self, lines: Sequence[OpenLine], strategies: Mapping[UUID, str]) -> PlanningRound:
        """Return the plans of these lines.

        `strategies` has the name of each order's strategy, '' for the default one; every name must
        exist.
        """
        views = self._views(lines)
        found = PlanningRound(unlimited=self._write_in_products(lines, views.values()))
        used: dict[str, CapacityUsage] = {}
        tried: dict[UUID, set[str]] = defaultdict(set)
        queue = self._groups_in_order(lines, strategies, views)

        while queue:
            group = queue.pop(0)
            view = views[group.requester]
            setting = self.snapshot.strategy_config(group.strategy, self.now.date())
            before = self._add_own_reservations(group.lines, view)
            attempt = self._attempt(setting, group.lines, view, used, found.unlimited)
            found.attempts.append(attempt)
            open_lines = self._for_alternate(setting, group.lines, attempt, tried)
            if open_lines or queue:
                _deduct(attempt, group.lines, view, used)

            for key, units in before.items():
                view[key] = min(units, view[key])

            if open_lines:
                alternate = setting.strategy.alternate
                assert alternate is not None
                queue.append(_Group(alternate, group.requester, open_lines))

        return found

    def _groups_in_order(
        self,
        lines: Sequence[OpenLine],
        strategies: Mapping[UUID, str],
        views: Container[RequesterKey],
    ) -> list[_Group]:
        """Return the groups of orders with reservations of their own, then the other groups."""
        reserving: set[UUID] = set()
        for line in lines:
            if line.line_id in self.holds:
                reserving.add(line.order_id)

        first: list[OpenLine] = []
        others: list[OpenLine] = []
        for line in lines:
            if line.order_id in reserving:
                first.append(line)
            else:
                others.append(line)

        return _groups(first, strategies, views) + _groups(others, strategies, views)

    def _add_own_reservations(self, lines: Sequence[OpenLine], view: View) -> View:
        """Add to the view what these lines have reserved.

        Returns what the view had before, which is all that other lines may take.
        """
        before: View = {}
        for line in lines:
            for source, units in self.holds.get(line.line_id, {}).items():
                key = line.sku, source
                before.setdefault(key, view.get(key, 0))
                view[key] = view.get(key, 0) + units

        return before

    def _views(self, lines: Sequence[OpenLine]) -> dict[RequesterKey, View]:
        """Return the stock that each requester may have; one view for all without allocations.

        Units that two requesters plan to take from shared stock are decided by the reservation.
        """
        views = self._read_views(lines)
        for view in views.values():
            for key, units in self.own.items():
                view[key] = view.get(key, 0) + units

        return views

    def _read_views(self, lines: Sequence[OpenLine]) -> dict[RequesterKey, View]:
        if self.stock is not None:
            return {NO_REQUESTER: dict(self.stock)}

        products: dict[RequesterKey, set[str]] = defaultdict(set)
        by_requester = channels_matter(self.session)

        for line in lines:
            requester = (line.channel, line.customer_group) if by_requester else NO_REQUESTER
            products[requester].add(line.product)

        views: dict[RequesterKey, View] = {}
        for (channel, group), wanted in products.items():
            free = available(self.session, wanted, channel=channel, customer_group=group)
            views[channel, group] = dict(free)

        return views

    def _attempt(
        self,
        setting: StrategyConfig,
        lines: Sequence[OpenLine],
        stock: Mapping[Key, StockUnits | int],
        used: Mapping[str, CapacityUsage],
        unlimited: frozenset[str],
    ) -> PlanAttempt:
        """Plan these lines by one strategy."""
        if not setting.sources:
            return PlanAttempt.without_plan(setting, unplanned_orders(lines, "no active source"))

        started = perf_counter()
        products = {line.product for line in lines}
        given = circumstances(
            self.session, setting, products, self._usage(used), self.now, unlimited=unlimited
        )
        priced = build_problem(lines, setting, stock, given)
        window_closed = any(line.order_id in self.windows for line in lines)
        prices = None
        if not window_closed:
            prices = current_bid_prices(self.session, setting, priced, self.now)

        solved = solve_by_strategy(
            priced, setting.strategy, window_closed=window_closed, bid_prices=prices
        )
        planned = order_plans(solved, lines)
        mark_full_days(planned, solved, lines, setting.sources, self.now)
        seconds = perf_counter() - started
        return PlanAttempt(new_id(), setting, planned, len(lines), solved, seconds)

    def _usage(self, used: Mapping[str, CapacityUsage]) -> dict[str, CapacityUsage]:
        """Return today's usage of limited sources, with what this round's plans have used."""
        usage = dict(self.days)
        for source, more in used.items():
            if source in usage:
                usage[source] = usage[source].plus(more)
        return usage

    def _write_in_products(
        self, lines: Sequence[OpenLine], views: Iterable[Mapping[Key, StockUnits | int]]
    ) -> frozenset[str]:
        """Return the products outside the catalog, where order intake accepts them.

        They are taken to be available at every source.
        """
        unknown = _products_without_stock(lines, views)
        if not unknown or not accepts_write_in_products(self.session):
            return frozenset()

        return frozenset(unknown - known_names(self.session, "product", unknown))

    def _for_alternate(
        self,
        setting: StrategyConfig,
        lines: Sequence[OpenLine],
        attempt: PlanAttempt,
        tried: dict[UUID, set[str]],
    ) -> list[OpenLine]:
        """Return the open lines of orders that the alternate has not planned yet."""
        alternate = setting.strategy.alternate
        if not alternate or not self._in_force(alternate):
            return []

        open_lines: list[OpenLine] = []
        for line in lines:
            strategies = tried[line.order_id]
            strategies.add(setting.name)
            if alternate in strategies or len(strategies) > MOST_ALTERNATES:
                continue

            if attempt.planned[line.order_id].leaves_open(line.line_id):
                open_lines.append(line)

        return open_lines

    def _in_force(self, strategy: str) -> bool:
        try:
            self.snapshot.strategy_config(strategy, self.now.date())
        except NotFound:
            return False
        return True


def _groups(
    lines: Sequence[OpenLine], strategies: Mapping[UUID, str], views: Container[RequesterKey]
) -> list[_Group]:
    groups: dict[tuple[str, RequesterKey], _Group] = {}
    for line in lines:
        requester = (line.channel, line.customer_group)
        if requester not in views:
            requester = NO_REQUESTER

        strategy = strategies[line.order_id]
        group = groups.setdefault((strategy, requester), _Group(strategy, requester))
        group.lines.append(line)

    return list(groups.values())


def _deduct(
    attempt: PlanAttempt,
    lines: Sequence[OpenLine],
    view: View,
    used: dict[str, CapacityUsage],
) -> None:
    """Subtract what was planned from stock and capacity for later groups of the round."""
    if attempt.solved is None:
        return

    shares, names = attempt.solved.plan.shares, attempt.solved.priced.names
    whole = attempt.solved.priced.problem.quantity.tolist()
    columns = (shares.line.tolist(), shares.node.tolist(), shares.quantity.tolist())

    for i, node, share in zip(*columns, strict=True):
        line = lines[i]
        key = line.sku, names[node]
        if key in view:
            view[key] -= line.units(line.quantity * share // whole[i])

    for source, more in usage_by_source(attempt.planned.values()).items():
        used[source] = used.get(source, CapacityUsage()).plus(more)


def _products_without_stock(
    lines: Iterable[OpenLine], views: Iterable[Mapping[Key, StockUnits | int]]
) -> set[str]:
    products = {line.product for line in lines}
    for view in views:
        products -= {product for product, _ in view}

    return products
