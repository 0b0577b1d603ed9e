"""
The turn that learns bid prices: what places and units are worth, from the orders of the last four weeks and the
stock of now. Orders only read what it leaves (see `bid_prices`). It reads, lets go of the database, thinks, and writes
what it found in one transaction; nobody waits for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter

import structlog
from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.past_demand import DemandPort, PastOrder
from openiom.fulfillment_optimization.problem_builder import Key, PlanningContext
from openiom.fulfillment_optimization.snapshot import StrategyConfig, snapshot
from openiom.inventory_visibility import available
from openiom.kernel import Invalid, NotFound
from openiom.platform.batches import BatchResult
from openiom.platform.bulk import copy_rows, execute, fetch
from openiom.platform.database import Database

from .daily_capacity import counted, days_of
from .demand_rates import demand_per_day, weights_kg
from .opportunity_costs import Worths, learned

log = structlog.get_logger("sourcing")
SPANS = (28, 14, 7, 3, 1)
"""Days of demand to learn from: the longest that holds no more than MOST_LINES."""
MOST_LINES = 10_000
PAUSE = timedelta(seconds=30)
_ONE_AT_A_TIME = 0x696F6D03  # one number of ours among PostgreSQL's advisory locks


@dataclass(frozen=True, eq=False)
class _Seen:
    setting: StrategyConfig
    days: Sequence[Sequence[PastOrder]]
    stock: dict[Key, int]
    given: PlanningContext


@dataclass
class PriceLearningWorker:
    """`looked` remembers when each strategy, and any at all, was last looked at, so that idle turns cost nothing."""

    order_port: DemandPort
    kind: str = "fulfillment_optimization.prices"
    looked: dict[str, datetime] = field(default_factory=dict)
    next_look: datetime | None = None

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        if self.next_look is not None and now < self.next_look:
            return BatchResult(0, False)
        due = self._due(database, now)
        self.next_look = now + PAUSE if len(due) < 2 else None
        for name in due[:1]:
            self.looked[name] = now
            self.learn(database, name, now)
        return BatchResult(min(1, len(due)), len(due) > 1)

    def _due(self, database: Database, now: datetime) -> list[str]:
        with database.reading() as session:
            known = snapshot(session)
            due = []
            for name in known.strategy_names():
                try:
                    batch = known.strategy_config(name, now.date()).strategy.batch
                except NotFound:
                    continue
                since = now - timedelta(minutes=batch.price_minutes)
                if (
                    batch.uses_bid_prices
                    and self.looked.get(name, datetime.min.replace(tzinfo=now.tzinfo)) <= since
                ):
                    due.append((name, since))
            return [
                name
                for name, since in due
                if not _learned_since(session, known.strategy_config(name, now.date()), since)
            ]

    def learn(self, database: Database, name: str, now: datetime) -> Worths:
        """Learn and keep the worths of one strategy."""
        started = perf_counter()
        with database.reading() as session:
            seen = self._see(session, name, now)
        found = learned(seen.days, seen.setting, seen.stock, seen.given)
        with database.unit_of_work() as session:
            if fetch(session, "SELECT pg_try_advisory_xact_lock(%s)", (_ONE_AT_A_TIME,))[0][0]:
                store_worths(session, seen.setting.name, found, now)
        log.info(
            "prices_learned",
            strategy=name,
            curves=len(found.curves),
            seconds=round(perf_counter() - started, 2),
        )
        return found

    def _see(self, session: Session, name: str, now: datetime) -> _Seen:
        setting = snapshot(session).strategy_config(name, now.date())
        days = self._demand(session, now)
        products = {line.product for day in days for order in day for line in order.lines}
        taken = days_of(session, [(s.name, s.time_zone) for s in counted([setting]).values()], now)
        weights = setting.strategy.weights
        covered = bool(weights.stock_out or weights.markdown_credit)
        given = PlanningContext(
            now=now,
            parcels_today={source: day.parcels for source, day in taken.items()},
            demand=demand_per_day(session, products, now) if covered else {},
            weights_kg=weights_kg(session, products) if setting.rates else {},
        )
        return _Seen(setting, days, available(session, products) if products else {}, given)

    def _demand(self, session: Session, now: datetime) -> list[list[PastOrder]]:
        """The orders of the last days, day by day."""
        yesterday = now.date() - timedelta(days=1)
        for span in SPANS:
            first = now.date() - timedelta(days=span)
            try:
                orders = self.order_port.past_orders(
                    session, first=first, last=yesterday, most_lines=MOST_LINES
                )
            except Invalid:
                continue
            days: list[list[PastOrder]] = [[] for _ in range(span)]
            for order in orders:
                days[(order.placed_at.date() - first).days].append(order)
            return days
        return []


def _learned_since(session: Session, setting: StrategyConfig, since: datetime) -> bool:
    rows = fetch(
        session,
        "SELECT 1 FROM fulfillment_optimization.opportunity_cost WHERE strategy = %s AND product = '' AND source = ''"
        " AND at > %s",
        (setting.name, since),
    )
    return bool(rows)


def store_worths(session: Session, strategy: str, found: Worths, now: datetime) -> None:
    """Replace what is known for a strategy."""
    execute(
        session,
        "DELETE FROM fulfillment_optimization.opportunity_cost WHERE strategy = %s",
        (strategy,),
    )
    rows = [
        (strategy, product, source, block, list(w), now)
        for (source, product), (block, w) in found.curves.items()
    ]
    copy_rows(
        session,
        "fulfillment_optimization.opportunity_cost",
        ("strategy", "product", "source", "block", "worths", "at"),
        [(strategy, "", "", 1, [], now), *rows],
    )
