"""Bid prices: what an order planned in real time pays for resources that later orders need."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.engine import BidPrices, FeasiblePlan, shadow_prices
from openiom.fulfillment_optimization.problem_builder import PricedProblem, stock_columns
from openiom.fulfillment_optimization.snapshot import StrategyConfig
from openiom.platform.bulk import copy_rows, fetch_as

from .opportunity_costs import CostCurve, OpportunityCosts

VALID = timedelta(hours=24)
"""Age after which prices are no longer used."""
NEGLIGIBLE = 1e-6


class _CostRow(NamedTuple):
    source: str
    product: str
    step: int
    step_costs: list[float]


def current_bid_prices(
    session: Session, setting: StrategyConfig, priced: PricedProblem, now: datetime
) -> BidPrices | None:
    """Return the prices for orders that are planned one after the other.

    They are the opportunity costs learned from past demand. None when the strategy uses no prices,
    or none were learned during the last day.
    """
    if not setting.strategy.batch.uses_bid_prices:
        return None

    rows = fetch_as(
        session,
        _CostRow,
        "SELECT source, product, step, step_costs FROM fulfillment_optimization.opportunity_cost"
        " WHERE strategy = %s AND product = ANY(%s) AND learned_at > %s",
        (setting.name, ["", *stock_columns(priced.products)], now - VALID),
    )
    if not rows:
        return None

    curves: dict[tuple[str, str], CostCurve] = {}
    for row in rows:
        if row.source:
            curves[row.source, row.product] = CostCurve(row.step, tuple(row.step_costs))

    return OpportunityCosts(curves).prices(priced)


_SHADOW_PRICE_COLUMNS = ("plan_id", "source", "product", "price", "saving", "recorded_at")


def store_shadow_prices(
    session: Session,
    plan_id: UUID,
    plan: FeasiblePlan,
    priced: PricedProblem,
    now: datetime,
    *,
    verify: int = 0,
) -> None:
    """Store the marginal value of each scarce stock unit and parcel in a batch.

    For the `verify` dearest of each, also what planning again with one more saves.
    """
    rows = []
    for price in shadow_prices(plan, least=NEGLIGIBLE, verify=verify):
        size = 1.0 if price.sku is None else float(priced.unit_size[price.sku])
        row = {
            "plan_id": plan_id,
            "source": priced.names[price.node],
            "product": None if price.sku is None else priced.products[price.sku],
            "price": price.price / size,
            "saving": None if price.saving is None else price.saving / size,
            "recorded_at": now,
        }
        rows.append([row[column] for column in _SHADOW_PRICE_COLUMNS])

    copy_rows(session, "fulfillment_optimization.shadow_price", _SHADOW_PRICE_COLUMNS, rows)
