"""What is allocated to whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from openiom.inventory_visibility.measures import StockKey
from openiom.platform.bulk import fetch


@dataclass(frozen=True, slots=True)
class AllocationRow:
    """One path of groups at one stock key. Cumulative figures never forget what was given back or used."""

    product: str
    source: str
    dimensions: dict[str, str]
    groups: tuple[str, ...]
    allocated: Decimal
    cumulative_allocated: Decimal
    consumed: Decimal
    cumulative_consumed: Decimal


_ROW = (
    "SELECT s.product, s.source, s.dimension_values, a.groups, a.allocated, a.cumulative_allocated, a.consumed,"
    " a.cumulative_consumed FROM inventory_visibility.allocation a"
    " JOIN inventory_visibility.stock s ON s.id = a.stock_id"
)


def allocations_at(
    session: Session, key: StockKey, groups: Sequence[str] = ()
) -> list[AllocationRow]:
    """Allocations at exactly this stock key whose groups begin so; no groups are all of them."""
    rows = fetch(
        session,
        f"{_ROW} WHERE s.organization = %s AND s.product = %s AND s.source = %s AND s.dimensions = %s"
        " AND a.groups[1:%s] = %s::text[] ORDER BY a.groups",
        (key.organization, key.product, key.source, key.dimensions, len(groups), list(groups)),
    )
    return [_row(row) for row in rows]


def own_allocations(
    session: Session, *, product: str, source: str, after: list[str] | None, limit: int
) -> list[tuple[int, AllocationRow]]:
    """Allocations of our own stock by id, with what to page by."""
    rows = fetch(
        session,
        _ROW.replace("SELECT ", "SELECT a.id, ", 1)
        + " WHERE s.organization = '' AND (%s = '' OR s.product = %s)"
        " AND (%s = '' OR s.source = %s) AND a.id > %s::bigint ORDER BY a.id LIMIT %s",
        (product, product, source, source, after[0] if after else "0", limit),
    )
    return [(row[0], _row(row[1:])) for row in rows]


def _row(row: Sequence[Any]) -> AllocationRow:
    product, source, dimensions, groups, *figures = row
    return AllocationRow(product, source, dimensions, tuple(groups), *figures)
