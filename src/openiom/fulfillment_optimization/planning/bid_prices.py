"""What later orders would pay: read by real time, shown to planners."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.engine import BidPrices, Plan, shadow_prices
from openiom.fulfillment_optimization.problem_builder import PricedProblem, stock_columns
from openiom.fulfillment_optimization.snapshot import StrategyConfig
from openiom.platform.bulk import copy_rows, fetch

from .opportunity_costs import Worths

VALID = timedelta(hours=24)
NOTHING = 1e-6


def current_bid_prices(
    session: Session, setting: StrategyConfig, framed: PricedProblem, now: datetime
) -> BidPrices | None:
    """
    What orders that come one at a time pay for what they take: worths learned from earlier demand, else the prices of
    the strategy's last batch. None when the strategy never batches, or nothing was learned for a day.
    """
    if not setting.strategy.batch.uses_bid_prices:
        return None
    rows = fetch(
        session,
        "SELECT source, product, block, worths FROM fulfillment_optimization.opportunity_cost WHERE strategy = %s"
        " AND product = ANY(%s) AND at > %s",
        (setting.name, ["", *stock_columns(framed.products)], now - VALID),
    )
    if rows:
        curves = {
            (source, product): (block, tuple(worths))
            for source, product, block, worths in rows
            if source
        }
        return Worths(curves).prices(framed)
    return _last_batch(session, setting, framed, now)


def _last_batch(
    session: Session, setting: StrategyConfig, framed: PricedProblem, now: datetime
) -> BidPrices | None:
    columns = stock_columns(framed.products)
    rows = fetch(
        session,
        "SELECT source, product, price FROM fulfillment_optimization.shadow_price WHERE plan_id ="
        " (SELECT id FROM fulfillment_optimization.sourcing_plan WHERE strategy = %s AND mode = 'batch' AND at > %s"
        " ORDER BY at DESC LIMIT 1) AND (product IS NULL OR product = ANY(%s))",
        (setting.name, now - VALID, list(columns)),
    )
    if not rows:
        return None
    prices = BidPrices.zero(framed.problem)
    for source, product, price in rows:
        node = setting.index.get(source)
        if node is None:
            continue
        if product is None:
            prices.node[node] = price
        else:
            prices.stock[node, columns[product]] = price
    return prices


def store_prices(
    session: Session,
    plan_id: UUID,
    plan: Plan,
    framed: PricedProblem,
    now: datetime,
    *,
    verify: int = 0,
) -> None:
    """
    Keep what a unit, or a parcel place, of each source was worth to this batch; of the `verify` dearest of each also
    what planning again with one more saves.
    """
    names, products = framed.names, framed.products
    copy_rows(
        session,
        "fulfillment_optimization.shadow_price",
        ("plan_id", "source", "product", "price", "saving", "at"),
        [
            (
                plan_id,
                names[s.node],
                None if s.sku is None else products[s.sku],
                s.price,
                s.saving,
                now,
            )
            for s in shadow_prices(plan, least=NOTHING, verify=verify)
        ],
    )
