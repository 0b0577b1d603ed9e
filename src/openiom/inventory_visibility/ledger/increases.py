"""Whether stock has increased since an instant."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from openiom.master_data import kit_parts
from openiom.platform.bulk import fetch

ENTRIES_READ = 1_000
"""Newest entries of a stock row that are read: an older increase is not found."""


class StockIncrease(NamedTuple):
    """An increase of what is on hand of a product, or of a part of a kit, after an instant."""

    product: str
    source: str
    since: datetime


_INCREASED = f"""
SELECT q.position FROM unnest(%s::int[], %s::text[], %s::text[], %s::timestamptz[])
    AS q(position, product, source, since)
WHERE EXISTS (
    SELECT FROM inventory_visibility.stock s
    CROSS JOIN LATERAL (
        SELECT e.recorded_at, e.delta * e.on_hand_sign AS added
        FROM inventory_visibility.ledger_entry e
        WHERE e.stock_id = s.id ORDER BY e.id DESC LIMIT {ENTRIES_READ}) e
    WHERE s.product = q.product AND s.source = q.source AND e.recorded_at > q.since
        AND e.added > 0)
"""


def increased_since(session: Session, requested: Collection[StockIncrease]) -> set[StockIncrease]:
    """Return those of these increases that have happened."""
    if not requested:
        return set()

    kits = kit_parts(session, {one.product for one in requested})
    rows: list[StockIncrease] = []
    wanted: list[StockIncrease] = []
    for one in requested:
        for product in kits.get(one.product, (one.product,)):
            rows.append(StockIncrease(product, one.source, one.since))
            wanted.append(one)

    products, sources, instants = map(list, zip(*rows, strict=True))
    found = fetch(session, _INCREASED, (list(range(len(rows))), products, sources, instants))
    return {wanted[position] for (position,) in found}
