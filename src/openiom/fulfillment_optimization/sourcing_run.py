"""One run: plan orders together, reserve what was planned, and plan again what lost a race."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import (
    StockReservationRequest,
    backorder_reserved,
    release,
    release_backorder_reservations,
    reserve,
)
from openiom.kernel import NotFound, StockUnits

from .order_port import OpenLine, OrderPort, SplitPart, reservation_request
from .planning import (
    CapacityUsage,
    FullDay,
    OrderPlan,
    PlanAttempt,
    Planner,
    PlanningRound,
    UsageLine,
    capacity_limited_sources,
    lock_daily_usage,
    record_usage,
    release_stale_usage,
    store_attempts,
    unplanned_orders,
    usage_by_source,
    usage_lines_of,
)
from .planning.bid_prices import store_shadow_prices
from .snapshot import PlanningSource, Snapshot, StrategyConfig

ROUNDS = 3
VERIFIED_PRICES = 3
"""Shadow prices of a closed window, of stock and of parcels each, whose saving is computed."""
REPLANNED = "sourced again"
STOCK_CHANGED = "stock changed while the order was planned"


@dataclass
class SourcingResult:
    """The result of a run for one order, over all rounds and strategies.

    `partial` is whether a strategy planned the order that accepts partial orders; `full_day` is set
    when only daily limits keep it from its sources.
    """

    strategies: list[str] = field(default_factory=list)
    cost: float = 0.0
    currency: str = ""
    sources: dict[UUID, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    note: str = ""
    partial: bool = False
    full_day: FullDay | None = None

    def add(self, plan: OrderPlan, setting: StrategyConfig) -> None:
        """Add the plan of one strategy; the last one decides what is missing."""
        self.strategies.append(setting.name)
        self.currency = setting.currency
        if plan.sources:
            self.cost += plan.cost
        elif not self.sources:
            self.cost = plan.cost

        self.sources |= dict(plan.served())
        self.missing = list(plan.missing)
        self.note = str(plan.explanation.get("note", ""))
        self.full_day = plan.full_day
        self.partial = self.partial or setting.strategy.allow_partial


@dataclass
class SourcingRun:
    """Sources orders whose strategies are known.

    names     strategy of each order
    windows   orders whose batch window has closed
    holds     units that lines have reserved as backorders, by line and source
    """

    session: Session
    order_port: OrderPort
    known: Snapshot
    names: Mapping[UUID, str]
    now: datetime
    actor: str
    windows: frozenset[UUID]
    holds: dict[UUID, dict[str, StockUnits]] = field(default_factory=dict)
    attempts: list[PlanAttempt] = field(default_factory=list)
    results: dict[UUID, SourcingResult] = field(default_factory=dict)

    def run(self, lines: Sequence[OpenLine]) -> dict[UUID, SourcingResult]:
        """Plan, reserve and record these lines; return the result of each order."""
        sites = capacity_limited_sources(self._strategies_and_alternates())
        usage = self._lock_usage(sites, lines)
        self._read_holds(lines)
        usage_lines: list[UsageLine] = []
        waiting = list(lines)

        for _ in range(ROUNDS):
            if not waiting:
                break

            found = self._plan(waiting, usage)
            lost = self._reserve(waiting, found)
            reserved = _plans_without(found, lost)
            usage_lines += usage_lines_of(reserved)
            _add_usage(usage, reserved)
            self._keep(found, lost)
            waiting = [line for line in waiting if line.order_id in lost]

        self._give_up(waiting)
        record_usage(self.session, sites, usage_lines, self.now)
        self._write()
        return self.results

    def _read_holds(self, lines: Sequence[OpenLine]) -> None:
        """Read what lines that waited for stock have reserved."""
        backordered = [line.line_id for line in lines if line.was_backordered]
        if backordered:
            reserved = backorder_reserved(self.session, backordered, self.now)
            self.holds = {line_id: dict(units) for line_id, units in reserved.items()}

    def _lock_usage(
        self, sites: Mapping[str, PlanningSource], lines: Sequence[OpenLine]
    ) -> dict[str, CapacityUsage]:
        """Lock today's usage and return it without what these lines used before."""
        usage = lock_daily_usage(self.session, sites, self.now)
        released = release_stale_usage(self.session, self.order_port, sites, lines, self.now)
        for source, used in released.items():
            usage[source] = usage[source].minus(used)
        return usage

    def _plan(self, lines: Sequence[OpenLine], usage: Mapping[str, CapacityUsage]) -> PlanningRound:
        planner = Planner(self.session, self.known, self.now, usage, self.windows, holds=self.holds)
        return planner.plan(lines, self.names)

    def _strategies_and_alternates(self) -> list[StrategyConfig]:
        """Return every strategy that may plan one of these orders."""
        found: dict[str, StrategyConfig] = {}
        names = list(dict.fromkeys(self.names.values()))

        while names:
            try:
                setting = self.known.strategy_config(names.pop(), self.now.date())
            except NotFound:
                continue

            if setting.name not in found:
                found[setting.name] = setting
                if setting.strategy.alternate:
                    names.append(setting.strategy.alternate)

        return list(found.values())

    def _reserve(self, lines: Sequence[OpenLine], found: PlanningRound) -> set[UUID]:
        """Reserve what was planned; return the orders that lost a race, with nothing reserved."""
        orders, requests = _requests(lines, found)
        granted = reserve(self.session, requests, self.now, self.actor, backorder_lines=self.holds)

        lost: set[UUID] = set()
        granted_lines: list[tuple[UUID, UUID]] = []
        for order, request, ok in zip(orders, requests, granted, strict=True):
            if ok:
                granted_lines.append((request.line_id, order))
            else:
                lost.add(order)

        if lost:
            reserved = [line for line, order in granted_lines if order in lost]
            release(self.session, reserved, self.now, self.actor, REPLANNED)
            self._release_holds(lines, lost)

        return lost

    def _release_holds(self, lines: Sequence[OpenLine], lost: set[UUID]) -> None:
        """Release the backorder reservations of orders that are planned again."""
        released: list[UUID] = []
        for line in lines:
            if line.order_id in lost and self.holds.pop(line.line_id, None) is not None:
                released.append(line.line_id)
        release_backorder_reservations(self.session, released, self.now, self.actor, REPLANNED)

    def _keep(self, found: PlanningRound, lost: set[UUID]) -> None:
        """Keep the plans without the orders that are planned again."""
        for attempt in found.attempts:
            for order in lost & attempt.planned.keys():
                del attempt.planned[order]
            if attempt.planned:
                self.attempts.append(attempt)
            for order, plan in attempt.planned.items():
                self.results.setdefault(order, SourcingResult()).add(plan, attempt.setting)

    def _give_up(self, lines: Sequence[OpenLine]) -> None:
        """Record the orders whose stock was reserved by others in every round."""
        by_strategy: dict[str, list[OpenLine]] = defaultdict(list)
        for line in lines:
            by_strategy[self.names[line.order_id]].append(line)

        for name, mine in by_strategy.items():
            setting = self.known.strategy_config(name, self.now.date())
            planned = unplanned_orders(mine, STOCK_CHANGED)

            for order, plan in planned.items():
                self.results.setdefault(order, SourcingResult()).add(plan, setting)

            self.attempts.append(PlanAttempt.without_plan(setting, planned))

    def _write(self) -> None:
        """Store plans, decisions and prices, and assign sources to the lines."""
        store_attempts(self.session, self.attempts, self.now)
        sources: dict[UUID, str] = {}
        parts: dict[UUID, Sequence[SplitPart]] = {}
        for attempt in self.attempts:
            self._store_prices(attempt)
            for plan in attempt.planned.values():
                sources |= plan.sources
                parts |= plan.parts

        if parts:
            self.order_port.split_lines(self.session, parts, self.now, self.actor)

        self.order_port.assign_sources(self.session, sources, self.now, self.actor)

    def _store_prices(self, attempt: PlanAttempt) -> None:
        """Store the shadow prices of a batch; those of a closed window are verified."""
        solved = attempt.solved
        if solved is None or solved.mode != "batch":
            return

        window_closed = bool(self.windows & attempt.planned.keys())
        store_shadow_prices(
            self.session,
            attempt.id,
            solved.plan,
            solved.priced,
            self.now,
            verify=VERIFIED_PRICES if window_closed else 0,
        )


def _plans_without(found: PlanningRound, lost: set[UUID]) -> list[tuple[UUID, OrderPlan]]:
    """Return the plans of a round for orders that did not lose a race."""
    plans: list[tuple[UUID, OrderPlan]] = []
    for attempt in found.attempts:
        for order, plan in attempt.planned.items():
            if order not in lost:
                plans.append((order, plan))
    return plans


def _add_usage(usage: dict[str, CapacityUsage], plans: Sequence[tuple[UUID, OrderPlan]]) -> None:
    """Add what plans use of capacity-limited sources."""
    for source, used in usage_by_source(plan for _, plan in plans).items():
        if source in usage:
            usage[source] = usage[source].plus(used)


def _requests(
    lines: Sequence[OpenLine], found: PlanningRound
) -> tuple[list[UUID], list[StockReservationRequest]]:
    """Return the reservations of a round with the order of each.

    Products outside the catalog have no stock to reserve.
    """
    sources = found.sources()
    parts = _parts_of(found.order_plans())

    orders: list[UUID] = []
    requests: list[StockReservationRequest] = []
    for line in lines:
        source = sources.get(line.line_id)
        if source is None or line.product in found.unlimited:
            continue

        whole = SplitPart(line.line_id, line.steps, source)
        for part in parts.get(line.line_id) or [whole]:
            quantity = part.quantity * line.stock_per_step
            request = reservation_request(line, part.source, quantity, line_id=part.line_id)
            orders.append(line.order_id)
            requests.append(request)

    return orders, requests


def _parts_of(plans: Iterable[OrderPlan]) -> dict[UUID, list[SplitPart]]:
    """Return the parts with a source of every split line."""
    found: dict[UUID, list[SplitPart]] = {}
    for plan in plans:
        for line, parts in plan.parts.items():
            found[line] = [part for part in parts if part.source]
    return found
