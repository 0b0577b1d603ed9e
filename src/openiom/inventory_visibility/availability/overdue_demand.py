"""Transfers that should have left their origin: demand of today until they ship or are canceled.

Supply that is late may never come, so a past day drops it. Demand that is late still takes units.
"""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch_as

OPEN_LINES = (
    "inventory_visibility.stock s JOIN inventory_visibility.supply_line l"
    " ON l.product = s.product AND l.origin = s.source AND l.scheduled_demand > 0"
    " WHERE s.id = ANY(%s) AND s.organization = '' AND s.dimensions = '' AND l.ship_date < %s"
)
"""Stock rows with the transfer lines that should have left them, by stock ids and today."""


class OverdueDemand(NamedTuple):
    """Units of `iom.onhand` that should have left a stock row before today."""

    stock_id: int
    quantity: Decimal


def overdue_demand(
    session: Session, stock_ids: Collection[int], today: date
) -> list[OverdueDemand]:
    """Return the demand of transfers whose ship date has passed, by stock row."""
    return fetch_as(
        session,
        OverdueDemand,
        "SELECT s.id AS stock_id, sum(l.scheduled_demand) AS quantity"
        f" FROM {OPEN_LINES} GROUP BY s.id",
        (list(stock_ids), today),
    )
