"""The worker that learns opportunity costs from the demand of the last weeks.

It reads in one transaction, computes without one, and writes the result in another. Orders only
read the result (see `bid_prices`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import perf_counter

import structlog
from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.past_demand import DemandPort, PastOrder, by_day
from openiom.fulfillment_optimization.problem_builder import Key, PlanningContext
from openiom.fulfillment_optimization.snapshot import Snapshot, StrategyConfig, snapshot
from openiom.inventory_visibility import available
from openiom.kernel import Invalid, NotFound, StockUnits
from openiom.platform.batches import BatchResult
from openiom.platform.bulk import copy_rows, execute, fetch
from openiom.platform.database import Database

from .daily_capacity import capacity_limited_sources, daily_usage
from .demand_rates import circumstances
from .opportunity_costs import OpportunityCosts, opportunity_costs_from_demand

log = structlog.get_logger("sourcing")
SPANS = (28, 14, 7, 3, 1)
"""Days of demand to learn from: the longest span with at most MOST_LINES lines is used."""
MOST_LINES = 10_000
PAUSE = timedelta(seconds=30)
ADVISORY_LOCK = 0x696F6D03
"""Key of the PostgreSQL advisory lock under which one process at a time stores prices."""


@dataclass(frozen=True, eq=False)
class _Inputs:
    setting: StrategyConfig
    days: Sequence[Sequence[PastOrder]]
    stock: Mapping[Key, StockUnits]
    given: PlanningContext


@dataclass
class PriceLearningWorker:
    """Learns the prices of one strategy at a time.

    `checked` is when each strategy was last considered and `next_check` when any is next, so that
    idle calls need no query.
    """

    order_port: DemandPort
    kind: str = "fulfillment_optimization.prices"
    checked: dict[str, datetime] = field(default_factory=dict)
    next_check: datetime | None = None

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        """Learn the prices of one strategy that is due."""
        if self._is_idle(now):
            return BatchResult(0, False)

        due = self._due(database, now)
        more_due = len(due) > 1
        self.next_check = None if more_due else now + PAUSE
        if not due:
            return BatchResult(0, False)

        self.checked[due[0]] = now
        self.learn(database, due[0], now)
        return BatchResult(1, more_due)

    def _is_idle(self, now: datetime) -> bool:
        return self.next_check is not None and now < self.next_check

    def _due(self, database: Database, now: datetime) -> list[str]:
        """Return the strategies whose prices are older than they may be."""
        with database.reading() as session:
            known = snapshot(session)
            names = known.strategy_names()
            return [name for name in names if self._is_due(session, known, name, now)]

    def _is_due(self, session: Session, known: Snapshot, name: str, now: datetime) -> bool:
        since = self._prices_expected_since(known, name, now)
        return since is not None and not _learned_since(session, name, since)

    def _prices_expected_since(self, known: Snapshot, name: str, now: datetime) -> datetime | None:
        """Return since when the strategy should have learned prices.

        None when it uses none, is not in force, or was considered since.
        """
        try:
            batch = known.strategy_config(name, now.date()).strategy.batch
        except NotFound:
            return None

        since = now - timedelta(minutes=batch.price_minutes)
        if not batch.uses_bid_prices or self.checked.get(name, since) > since:
            return None

        return since

    def learn(self, database: Database, name: str, now: datetime) -> OpportunityCosts:
        """Learn and store the opportunity costs of one strategy."""
        started = perf_counter()
        with database.reading() as session:
            inputs = self._read_inputs(session, name, now)

        found = opportunity_costs_from_demand(
            inputs.days, inputs.setting, inputs.stock, inputs.given
        )
        with database.unit_of_work() as session:
            if fetch(session, "SELECT pg_try_advisory_xact_lock(%s)", (ADVISORY_LOCK,))[0][0]:
                store_opportunity_costs(session, name, found, now)

        log.info(
            "prices_learned",
            strategy=name,
            curves=len(found.curves),
            seconds=round(perf_counter() - started, 2),
        )
        return found

    def _read_inputs(self, session: Session, name: str, now: datetime) -> _Inputs:
        setting = snapshot(session).strategy_config(name, now.date())
        days = self._demand(session, now)
        products = _products_of(days)
        limited = capacity_limited_sources([setting]).values()
        usage = daily_usage(session, [(site.name, site.time_zone) for site in limited], now)
        given = circumstances(session, setting, products, usage, now)
        stock = available(session, products) if products else {}
        # Limits on order lines are not priced, so that lines counted today do not matter.
        return _Inputs(setting, days, stock, replace(given, lines_today={}))

    def _demand(self, session: Session, now: datetime) -> list[list[PastOrder]]:
        """Return the orders of the last days, day by day."""
        yesterday = now.date() - timedelta(days=1)
        for span in SPANS:
            first = now.date() - timedelta(days=span)
            try:
                orders = self.order_port.past_orders(
                    session, first=first, last=yesterday, most_lines=MOST_LINES
                )
            except Invalid:
                continue

            return by_day(orders, first=first, last=yesterday)

        return []


def _products_of(days: Sequence[Sequence[PastOrder]]) -> set[str]:
    products: set[str] = set()
    for day in days:
        for order in day:
            products.update(line.product for line in order.lines)
    return products


def _learned_since(session: Session, strategy: str, since: datetime) -> bool:
    """Return whether prices were learned since an instant, also when nothing was scarce."""
    rows = fetch(
        session,
        "SELECT 1 FROM fulfillment_optimization.opportunity_cost"
        " WHERE strategy = %s AND product = '' AND source = '' AND learned_at > %s",
        (strategy, since),
    )
    return bool(rows)


_COLUMNS = ("strategy", "product", "source", "step", "step_costs", "learned_at")


def store_opportunity_costs(
    session: Session, strategy: str, found: OpportunityCosts, now: datetime
) -> None:
    """Replace the opportunity costs of a strategy."""
    execute(
        session,
        "DELETE FROM fulfillment_optimization.opportunity_cost WHERE strategy = %s",
        (strategy,),
    )
    learned_at_all: dict[str, object] = {"product": "", "source": "", "step": 1, "step_costs": []}
    records = [learned_at_all]

    for (source, product), curve in found.curves.items():
        records.append(
            {
                "product": product,
                "source": source,
                "step": curve.step,
                "step_costs": list(curve.step_costs),
            }
        )

    rows = []
    for record in records:
        record |= {"strategy": strategy, "learned_at": now}
        rows.append([record[column] for column in _COLUMNS])

    copy_rows(session, "fulfillment_optimization.opportunity_cost", _COLUMNS, rows)
