"""What the last batch said later orders would pay: read by real time, shown to planners."""

from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.costing import Framed
from openiom.fulfillment_optimization.engine import BidPrices, Plan
from openiom.fulfillment_optimization.snapshot import Setting
from openiom.platform.bulk import copy_rows, fetch

VALID = timedelta(hours=24)
NOTHING = 1e-6


def last_bid_prices(session: Session, setting: Setting, framed: Framed, now: datetime) -> BidPrices | None:
    """The prices of the strategy's last batch for these products; None when it never batches, or long ago."""
    batch = setting.strategy.batch
    if not batch.bid_prices or (batch.contention is None and not batch.enabled):
        return None
    products = {p: s for s, p in enumerate(framed.products)}
    rows = fetch(
        session,
        "SELECT source, product, price FROM fulfillment_optimization.shadow_price WHERE plan_id ="
        " (SELECT id FROM fulfillment_optimization.sourcing_plan WHERE strategy = %s AND mode = 'batch' AND at > %s"
        " ORDER BY at DESC LIMIT 1) AND (product IS NULL OR product = ANY(%s))",
        (setting.name, now - VALID, list(products)),
    )
    if not rows:
        return None
    prices = BidPrices.none(framed.problem)
    for source, product, price in rows:
        node = setting.index.get(source)
        if node is None:
            continue
        if product is None:
            prices.node[node] = price
        else:
            prices.stock[node, products[product]] = price
    return prices


def store_prices(session: Session, plan_id: UUID, plan: Plan, framed: Framed, now: datetime) -> None:
    """Keep what a unit, or a parcel place, of each source was worth to this batch."""
    if plan.prices is None:
        return
    names, products = framed.names, framed.products
    cells = np.argwhere(plan.prices.stock > NOTHING).tolist()
    rows: list[tuple[object, ...]] = [
        (plan_id, names[n], products[s], float(plan.prices.stock[n, s]), now) for n, s in cells
    ]
    nodes = np.flatnonzero(plan.prices.node > NOTHING).tolist()
    rows += [(plan_id, names[n], None, float(plan.prices.node[n]), now) for n in nodes]
    copy_rows(
        session,
        "fulfillment_optimization.shadow_price",
        ("plan_id", "source", "product", "price", "at"),
        rows,
    )
