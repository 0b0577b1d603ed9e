"""What orders asked of each source lately, and what products weigh: read only where a strategy counts it."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.problem_builder import Key
from openiom.platform.bulk import fetch

DEMAND_DAYS = 28


def demand_per_day(session: Session, products: Collection[str], now: datetime) -> dict[Key, float]:
    """Units a day that order lines reserved over the last four weeks, by (product, source)."""
    rows = fetch(
        session,
        "SELECT s.product, s.source, sum(r.quantity - r.released)::float8 FROM inventory_visibility.reservation r"
        " JOIN inventory_visibility.stock s ON s.id = r.stock_id WHERE s.product = ANY(%s) AND s.organization = ''"
        " AND s.dimensions = '' AND r.created_at >= %s GROUP BY 1, 2",
        (sorted(products), now - timedelta(days=DEMAND_DAYS)),
    )
    return {(product, source): units / DEMAND_DAYS for product, source, units in rows if units}


def weights_kg(session: Session, products: Collection[str]) -> dict[str, float]:
    """Kilograms a unit; products without a weight are absent and rated as weightless."""
    rows = fetch(
        session,
        "SELECT number, weight_kg::float8 FROM master_data.product WHERE number = ANY(%s) AND weight_kg IS NOT NULL",
        (sorted(products),),
    )
    return dict(rows)
