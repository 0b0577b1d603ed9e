"""Shadow prices that batches left behind."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import NotFound
from openiom.platform.bulk import fetch_as

_PLAN = (
    "SELECT p.id, p.strategy, p.planned_at, p.currency"
    " FROM fulfillment_optimization.sourcing_plan p"
)
_NEWEST = (
    f"{_PLAN} WHERE p.mode = 'batch'"
    " AND EXISTS (SELECT FROM fulfillment_optimization.shadow_price s WHERE s.plan_id = p.id)"
    " ORDER BY p.planned_at DESC, p.id DESC LIMIT 1"
)
_PRICES = (
    "SELECT s.source, coalesce(o.title, s.source) AS title, o.latitude, o.longitude, s.product,"
    " s.price, s.saving, count(*) OVER () AS total"
    " FROM fulfillment_optimization.shadow_price s"
    " LEFT JOIN fulfillment_optimization.source o ON o.name = s.source"
    " WHERE s.plan_id = %s AND (%s = '' OR s.source = %s) AND (%s = '' OR s.product = %s)"
    " ORDER BY coalesce(s.saving, 0) DESC, s.price DESC, s.id LIMIT %s"
)


class PricedPlan(NamedTuple):
    """The plan that left prices."""

    id: UUID
    strategy: str
    planned_at: datetime
    currency: str


class PriceRow(NamedTuple):
    """The price of a product at a source or, without a product, of a parcel of its day."""

    source: str
    title: str
    latitude: float | None
    longitude: float | None
    product: str | None
    price: float
    saving: float | None
    total: int  # rows without the limit


def plan_with_prices(session: Session, plan_id: UUID | None) -> PricedPlan:
    """Return the plan, the newest batch that left prices when None. Raises NotFound."""
    if plan_id is None:
        what = "no batch has left prices yet"
        plans = fetch_as(session, PricedPlan, _NEWEST)
    else:
        what = f"no plan {plan_id}"
        plans = fetch_as(session, PricedPlan, f"{_PLAN} WHERE p.id = %s", (plan_id,))

    if not plans:
        raise NotFound(
            what,
            remedy="enable batch windows in a strategy; shadow prices are computed for batches",
        )

    return plans[0]


def prices_of_plan(
    session: Session, plan_id: UUID, *, source: str, product: str, limit: int
) -> list[PriceRow]:
    """Return the prices of a plan, highest saving first, then highest price; '' is any."""
    parameters = (plan_id, source, source, product, product, limit)
    return fetch_as(session, PriceRow, _PRICES, parameters)
