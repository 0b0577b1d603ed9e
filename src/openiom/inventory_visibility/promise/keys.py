"""Stock rows by what they are kept for, made when they are new."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from openiom.inventory_visibility.measures import StockKey
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import to_json_text

Named = dict[StockKey, dict[str, str]]
"""Keys with the dimension values behind their `dimensions` text."""


def stock_ids(session: Session, named: Named, *, now: datetime) -> dict[StockKey, int]:
    """The stock row of each key. New ones are made with nothing on hand, in the order of their keys."""
    found = _known(session, named)
    fresh = sorted((k for k in named if k not in found), key=_order)
    if fresh:
        execute(
            session,
            "INSERT INTO inventory_visibility.stock"
            " (organization, product, source, dimensions, dimension_values, updated_at)"
            " SELECT o, p, s, d, v::jsonb, %s FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[])"
            " AS k(o, p, s, d, v) ON CONFLICT DO NOTHING",
            (now, *_columns(fresh), [to_json_text(named[k]) for k in fresh]),
        )
        found |= _known(session, fresh)
    return found


def _known(session: Session, keys: Iterable[StockKey]) -> dict[StockKey, int]:
    rows = fetch(
        session,
        "SELECT organization, product, source, dimensions, s.id FROM inventory_visibility.stock s"
        " JOIN unnest(%s::text[], %s::text[], %s::text[], %s::text[])"
        " AS k(organization, product, source, dimensions) USING (organization, product, source, dimensions)",
        _columns(list(keys)),
    )
    return {StockKey(*row[:4]): row[4] for row in rows}


def _columns(keys: list[StockKey]) -> tuple[list[str], list[str], list[str], list[str]]:
    return (
        [k.organization for k in keys],
        [k.product for k in keys],
        [k.source for k in keys],
        [k.dimensions for k in keys],
    )


def _order(key: StockKey) -> tuple[str, str, str, str]:
    return key.organization, key.product, key.source, key.dimensions
