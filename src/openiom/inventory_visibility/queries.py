"""Reads: what is available, the visibility list, and the entries behind a quantity."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch

from .decisions import Key


class StockRow(BaseModel):
    """One line of the inventory list; quantities in the product's unit."""

    id: int
    product: str
    product_name: str
    source: str
    on_hand: float
    reserved: float
    available: float
    updated_at: datetime


def available(session: Session, products: Iterable[str]) -> dict[Key, int]:
    """Whole units free to promise, by (product, source), where any are; oversell keys hold a billion."""
    rows = fetch(
        session,
        "SELECT product, source, CASE WHEN oversell THEN 1000000000 ELSE floor(on_hand - reserved)::bigint END"
        " FROM inventory_visibility.stock WHERE product = ANY(%s) AND organization = '' AND dimensions = ''"
        " AND (on_hand > reserved OR oversell)",
        (sorted(set(products)),),
    )
    return {(product, source): units for product, source, units in rows}


def list_stock(
    session: Session,
    *,
    product: str,
    source: str,
    search: str,
    short: bool,
    after: list[str] | None,
    limit: int,
) -> list[StockRow]:
    """Stock keys by (product, source); `search` matches the start of the product number or name."""
    where, values = ["TRUE"], list[str]()
    for clause, value in (("s.product = %s", product), ("s.source = %s", source)):
        if value:
            where.append(clause)
            values.append(value)
    if search:
        where.append("(s.product ILIKE %s OR p.name ILIKE %s)")
        values += [f"{search}%", f"%{search}%"]
    if short:
        where.append("s.on_hand <= s.reserved")
    if after:
        where.append("(s.product, s.source, s.id) > (%s, %s, %s::bigint)")
        values += after
    rows = fetch(
        session,
        "SELECT s.id, s.product, coalesce(p.name, ''), s.source, s.on_hand::float8, s.reserved::float8,"
        " (s.on_hand - s.reserved)::float8, s.updated_at FROM inventory_visibility.stock s"
        f" LEFT JOIN master_data.product p ON p.number = s.product WHERE {' AND '.join(where)}"
        " ORDER BY s.product, s.source, s.id LIMIT %s",
        (*values, limit),
    )
    names = tuple(StockRow.model_fields)
    return [StockRow(**dict(zip(names, row, strict=True))) for row in rows]
