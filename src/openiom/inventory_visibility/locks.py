"""
Every lock this room takes, in the one order it takes them: by stock id.

Only a family's root is locked: the row of a product at a source without further dimensions. Who holds the root holds
every row, measure and reservation of the family, also rows that somebody made a moment ago; a lock on each row would
miss those, and oversell what they hold. So a root is made before any other row of its family.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import execute, fetch
from openiom.platform.database import to_json_text

from .availability.hierarchy import Family, Level, Row
from .measures import StockKey
from .reservations.requests import Key

_ROW = "s.id, s.on_hand, s.reserved, s.overdraft, s.covered, s.oversell, s.safety_stock"
_EMPTY: Level = frozenset()
OWN_ROWS = """
SELECT f.id FROM unnest(%s::text[], %s::text[]) AS k(product, source), LATERAL (
    SELECT x.id FROM inventory_visibility.stock x WHERE x.organization = '' AND x.product = k.product
    AND x.source = k.source AND x.dimensions = '' OFFSET 0) f
"""
# Found by index and locked by id: a join would be planned as a scan of every stock row.
_FAMILIES = """
FROM inventory_visibility.stock s WHERE s.id = ANY(ARRAY(
    SELECT f.id FROM unnest(%s::text[], %s::text[], %s::text[]) AS k(organization, product, source), LATERAL (
        SELECT x.id FROM inventory_visibility.stock x WHERE x.organization = k.organization
        AND x.product = k.product AND x.source = k.source OFFSET 0) f))
"""
_ROOT_ROWS = _FAMILIES.replace("OFFSET 0", "AND x.dimensions = '' OFFSET 0")

Families = dict[tuple[str, str, str], Family]
DimensionValues = Mapping[str, Level]
"""Dimension values by their canonical text."""


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
    per_unit: int


def ensure_stock(
    session: Session, keys: Collection[StockKey], values: DimensionValues, now: datetime
) -> dict[StockKey, int]:
    """The stock ids of these keys and of their roots; rows that do not exist yet are made, with nothing on hand.

    `values` by canonical dimension text. Before any lock, and in one order: a row that another transaction is just
    making is waited for, which nobody may do who holds what that one will want.
    """
    wanted = {*keys, *(key.root for key in keys)}
    found = _stock_ids(session, list(wanted))
    missing = sorted(wanted - found.keys())
    if not missing:
        return found
    execute(
        session,
        "INSERT INTO inventory_visibility.stock (organization, product, source, dimensions, dimension_values,"
        " updated_at) SELECT k.*, %s FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::jsonb[])"
        " AS k(organization, product, source, dimensions, dimension_values)"
        " ORDER BY 1, 2, 3, 4 ON CONFLICT DO NOTHING",
        (
            now,
            *_key_columns(missing),
            [to_json_text(dict(values.get(k.dimensions, _EMPTY))) for k in missing],
        ),
    )
    return found | _stock_ids(session, missing)


def _stock_ids(session: Session, keys: Sequence[StockKey]) -> dict[StockKey, int]:
    rows = fetch(
        session,
        "SELECT k.number, s.id FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[], %s::text[])"
        " AS k(number, organization, product, source, dimensions), LATERAL (SELECT x.id FROM"
        " inventory_visibility.stock x WHERE x.organization = k.organization AND x.product = k.product"
        " AND x.source = k.source AND x.dimensions = k.dimensions OFFSET 0) s",
        (list(range(len(keys))), *_key_columns(keys)),
    )
    return {keys[number]: stock_id for number, stock_id in rows}


def _key_columns(keys: Sequence[StockKey]) -> tuple[list[str], list[str], list[str], list[str]]:
    return (
        [k.organization for k in keys],
        [k.product for k in keys],
        [k.source for k in keys],
        [k.dimensions for k in keys],
    )


def lock_rows(
    session: Session, keys: Collection[StockKey], values: DimensionValues, now: datetime
) -> Families:
    """All rows of these keys' products at their sources, held until the transaction ends; new keys are made."""
    ensure_stock(session, keys, values, now)
    return lock_families(session, list({key.family for key in keys}))


def hold_roots(session: Session, ids: Mapping[StockKey, int], keys: Iterable[StockKey]) -> None:
    """Hold the families of these keys until the transaction ends; `ids` as `ensure_stock` gives them."""
    held = (
        "SELECT 1 FROM inventory_visibility.stock WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
    )
    execute(session, f"SELECT count(*) FROM ({held}) held", ([*{ids[key.root] for key in keys}],))


def lock_families(session: Session, families: Sequence[tuple[str, str, str]]) -> Families:
    """All rows of these (organization, product, source), held until the transaction ends.

    Read once the roots are locked: while a statement waits it sees the rows of before.
    """
    roots = f"SELECT 1 {_ROOT_ROWS} ORDER BY s.id FOR NO KEY UPDATE"
    execute(session, f"SELECT count(*) FROM ({roots}) held", _columns(families))
    rows = fetch(
        session,
        "SELECT s.organization, s.product, s.source,"
        f" CASE WHEN s.dimensions <> '' THEN s.dimension_values END, {_ROW} {_FAMILIES}",
        _columns(families),
    )
    found = {family: Family({}) for family in families}
    for organization, product, source, values, *row in rows:
        level = frozenset(values.items()) if values else _EMPTY
        found[organization, product, source].rows[level] = Row(row[0], level, *row[1:])
    return found


def _columns(families: Sequence[tuple[str, str, str]]) -> tuple[list[str], list[str], list[str]]:
    return [f[0] for f in families], [f[1] for f in families], [f[2] for f in families]


def lock_stock(session: Session, keys: Iterable[Key]) -> dict[Key, Row]:
    """Our own rows of these (product, source), locked until the transaction ends. Unknown keys are absent."""
    wanted = list(set(keys))
    rows = fetch(
        session,
        f"SELECT s.product, s.source, {_ROW} FROM inventory_visibility.stock s WHERE s.id = ANY(ARRAY({OWN_ROWS}))"
        " ORDER BY s.id FOR NO KEY UPDATE",
        ([k[0] for k in wanted], [k[1] for k in wanted]),
    )
    return {(row[0], row[1]): Row(row[2], _EMPTY, *row[3:]) for row in rows}


def lock_ids(session: Session, stock_ids: Collection[int]) -> tuple[dict[int, Row], dict[Key, Row]]:
    """These stock rows, held until the transaction ends; and those of them that are our own, by (product, source)."""
    asked = set(stock_ids)
    columns = f"SELECT s.organization || s.dimensions, s.product, s.source, {_ROW} FROM inventory_visibility.stock s"
    rows = fetch(
        session,
        f"{columns} WHERE s.id = ANY(ARRAY(SELECT f.id FROM inventory_visibility.stock k, LATERAL (SELECT x.id FROM"
        " inventory_visibility.stock x WHERE x.organization = k.organization AND x.product = k.product"
        " AND x.source = k.source AND x.dimensions = '' OFFSET 0) f WHERE k.id = ANY(%s)))"
        " ORDER BY s.id FOR NO KEY UPDATE",
        (list(asked),),
    )
    deeper = asked - {row[3] for row in rows}
    if deeper:
        rows += fetch(session, f"{columns} WHERE s.id = ANY(%s)", (list(deeper),))
    locked = {row[3]: Row(row[3], _EMPTY, *row[4:]) for row in rows if row[3] in asked}
    return locked, {
        (row[1], row[2]): locked[row[3]] for row in rows if not row[0] and row[3] in asked
    }


def lock_lines(
    session: Session, line_ids: Iterable[UUID], keys: Iterable[Key] = ()
) -> tuple[list[LockedReservation], dict[int, Row], dict[Key, Row]]:
    """Open reservations of these lines, oldest first; their stock rows and those of `keys`, locked, by id and key."""
    lines, also = list(set(line_ids)), list(set(keys))
    found = fetch(
        session,
        f"SELECT stock_id FROM inventory_visibility.reservation WHERE line_id = ANY(%s) AND open > 0 UNION{OWN_ROWS}",
        (lines, [k[0] for k in also], [k[1] for k in also]),
    )
    rows, by_key = lock_ids(session, [row[0] for row in found])
    held = reservations_where(
        session, "r.line_id = ANY(%s) AND r.stock_id = ANY(%s)", (lines, list(rows))
    )
    return held, rows, by_key


def reservations_where(
    session: Session, condition: str, values: tuple[object, ...], limit: int | None = None
) -> list[LockedReservation]:
    """Open reservations, oldest first. They change only under the lock of their stock row, which the caller holds."""
    rows = fetch(
        session,
        "SELECT r.id, r.line_id, r.stock_id, s.product, s.source, r.open, r.data_source, r.measure, r.document,"
        " r.per_unit"
        " FROM inventory_visibility.reservation r JOIN inventory_visibility.stock s ON s.id = r.stock_id"
        f" WHERE r.open > 0 AND {condition} ORDER BY r.id LIMIT %s",
        (*values, limit),
    )
    return [LockedReservation(*row) for row in rows]
