"""Demand and weights of products, read only where a strategy's costs depend on them."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.problem_builder import Key, PlanningContext
from openiom.fulfillment_optimization.snapshot import StrategyConfig
from openiom.inventory_visibility import units_reserved_since
from openiom.master_data import product_facts

from .daily_capacity import CapacityUsage

DEMAND_DAYS = 28


def demand_per_day(session: Session, products: Collection[str], now: datetime) -> dict[Key, float]:
    """Return the units per day reserved over the last four weeks, by (product, source)."""
    rates: dict[Key, float] = {}
    for row in units_reserved_since(session, products, now - timedelta(days=DEMAND_DAYS)):
        if row.units:
            rates[row.product, row.source] = row.units / DEMAND_DAYS
    return rates


def weights_kg(session: Session, products: Collection[str]) -> dict[str, float]:
    """Return the weight of a unit of each product.

    Products without a weight are absent; they are rated as weightless.
    """
    weights: dict[str, float] = {}
    for product, facts in product_facts(session, products).items():
        if facts.weight_kg is not None:
            weights[product] = facts.weight_kg

    return weights


def circumstances(
    session: Session,
    setting: StrategyConfig,
    products: Collection[str],
    usage: Mapping[str, CapacityUsage],
    now: datetime,
    *,
    unlimited: frozenset[str] = frozenset(),
) -> PlanningContext:
    """Return what costs and limits of a plan depend on besides orders, sources and stock.

    `usage` is what today's plans have used of each source so far; products in `unlimited` are
    available everywhere.
    """
    weights = setting.strategy.weights
    demand: dict[Key, float] = {}
    if weights.stock_out or weights.markdown_credit:
        demand = demand_per_day(session, products, now)

    return PlanningContext(
        now=now,
        parcels_today={source: used.parcels for source, used in usage.items()},
        lines_today={source: used.lines for source, used in usage.items()},
        demand=demand,
        weights_kg=weights_kg(session, products) if setting.rates else {},
        unlimited=unlimited,
    )
