"""Every lock this room takes, in the one order it takes them: by stock id. Who holds a stock row holds all below it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import execute, fetch
from openiom.platform.database import to_json_text

from .decisions import Key
from .measures import StockKey, dimension_text
from .standing import Family, Row

_ROW = "s.id, s.on_hand, s.reserved, s.overdraft, s.covered, s.oversell"
_EMPTY = frozenset[tuple[str, str]]()


@dataclass(frozen=True, slots=True)
class LockedReservation:
    id: int
    line_id: UUID | None
    stock_id: int
    product: str
    source: str
    open: Decimal
    data_source: str
    measure: str
    document: str


def ensure_stock(session: Session, keys: Collection[StockKey], values: dict[str, dict[str, str]], now: datetime) -> None:
    """Make stock rows that do not exist yet, with nothing on hand; `values` by canonical dimension text.

    Before any lock: a row that another transaction is just making is waited for, which nobody may do holding locks.
    """
    ordered = sorted(set(keys), key=lambda k: (k.organization, k.product, k.source, k.dimensions))
    execute(
        session,
        "INSERT INTO inventory_visibility.stock (organization, product, source, dimensions, dimension_values,"
        " updated_at) SELECT k.*, %s FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::jsonb[])"
        " AS k(organization, product, source, dimensions, dimension_values)"
        " WHERE NOT EXISTS (SELECT 1 FROM inventory_visibility.stock s WHERE s.organization = k.organization AND"
        " s.product = k.product AND s.source = k.source AND s.dimensions = k.dimensions) ON CONFLICT DO NOTHING",
        (
            now,
            [k.organization for k in ordered],
            [k.product for k in ordered],
            [k.source for k in ordered],
            [k.dimensions for k in ordered],
            [to_json_text(values.get(k.dimensions, {})) for k in ordered],
        ),
    )


def lock_families(
    session: Session, families: Iterable[tuple[str, str, str]]
) -> dict[tuple[str, str, str], Family]:
    """All rows of these (organization, product, source), locked until the transaction ends."""
    wanted = list(set(families))
    rows = fetch(
        session,
        f"SELECT s.organization, s.product, s.source, s.dimensions, s.dimension_values, {_ROW}"
        " FROM inventory_visibility.stock s JOIN unnest(%s::text[], %s::text[], %s::text[])"
        " AS k(organization, product, source) USING (organization, product, source)"
        " ORDER BY s.id FOR NO KEY UPDATE OF s",
        ([k[0] for k in wanted], [k[1] for k in wanted], [k[2] for k in wanted]),
    )
    found: dict[tuple[str, str, str], Family] = {}
    for organization, product, source, dimensions, values, *row in rows:
        level = frozenset(values.items()) if dimensions else _EMPTY
        family = found.setdefault((organization, product, source), Family({}))
        family.rows[level] = Row(row[0], level, *row[1:])
    return found


def lock_stock(session: Session, keys: Iterable[Key]) -> dict[Key, Row]:
    """Our own rows of these (product, source), locked until the transaction ends. Unknown keys are absent."""
    wanted = list(set(keys))
    rows = fetch(
        session,
        f"SELECT s.product, s.source, {_ROW} FROM inventory_visibility.stock s"
        " JOIN unnest(%s::text[], %s::text[]) AS k(product, source) USING (product, source)"
        " WHERE s.organization = '' AND s.dimensions = '' ORDER BY s.id FOR NO KEY UPDATE OF s",
        ([k[0] for k in wanted], [k[1] for k in wanted]),
    )
    return {(row[0], row[1]): Row(row[2], _EMPTY, *row[3:]) for row in rows}


def lock_ids(session: Session, stock_ids: Collection[int]) -> tuple[dict[int, Row], dict[Key, Row]]:
    """These stock rows, locked until the transaction ends; and those of them that are our own, by (product, source)."""
    rows = fetch(
        session,
        f"SELECT s.organization || s.dimensions, s.product, s.source, {_ROW} FROM inventory_visibility.stock s"
        " WHERE s.id = ANY(%s) ORDER BY s.id FOR NO KEY UPDATE",
        (list(set(stock_ids)),),
    )
    locked = {row[3]: Row(row[3], _EMPTY, *row[4:]) for row in rows}
    return locked, {(row[1], row[2]): locked[row[3]] for row in rows if not row[0]}


def lock_lines(
    session: Session, line_ids: Iterable[UUID], keys: Iterable[Key] = ()
) -> tuple[list[LockedReservation], dict[int, Row], dict[Key, Row]]:
    """Open reservations of these lines, oldest first; their stock rows and those of `keys`, locked, by id and by key."""
    lines, also = list(set(line_ids)), list(set(keys))
    found = fetch(
        session,
        "SELECT stock_id FROM inventory_visibility.reservation WHERE line_id = ANY(%s) AND open > 0 UNION"
        " SELECT s.id FROM inventory_visibility.stock s JOIN unnest(%s::text[], %s::text[]) AS k(product, source)"
        " USING (product, source) WHERE s.organization = '' AND s.dimensions = ''",
        (lines, [k[0] for k in also], [k[1] for k in also]),
    )
    rows, by_key = lock_ids(session, [row[0] for row in found])
    held = reservations_where(session, "r.line_id = ANY(%s) AND r.stock_id = ANY(%s)", (lines, list(rows)))
    return held, rows, by_key


def reservations_where(
    session: Session, condition: str, values: tuple[object, ...], limit: int | None = None
) -> list[LockedReservation]:
    """Open reservations, oldest first. They change only under the lock of their stock row, which the caller holds."""
    rows = fetch(
        session,
        "SELECT r.id, r.line_id, r.stock_id, s.product, s.source, r.open, r.data_source, r.measure, r.document"
        " FROM inventory_visibility.reservation r JOIN inventory_visibility.stock s ON s.id = r.stock_id"
        f" WHERE r.open > 0 AND {condition} ORDER BY r.id LIMIT %s",
        (*values, limit),
    )
    return [LockedReservation(*row) for row in rows]


def dimension_values_of(dimensions: Iterable[dict[str, str]]) -> dict[str, dict[str, str]]:
    """Dimension values by their canonical text."""
    return {dimension_text(values): dict(values) for values in dimensions}
