"""All locks this package takes on stock, always in the order of stock ids.

Only the root of a family is locked: the row of a product at a source without further dimensions.
The transaction that holds the root owns every row, measure and reservation of the family, also
rows created a moment ago. A lock on each row would miss those and oversell. The root is therefore
created before any other row of its family.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import execute, fetch, fetch_as
from openiom.platform.database import to_json_text

from .availability.hierarchy import ROOT, Level, LockedStockRow, StockFamily
from .columns import columns_of, split_pairs
from .measures import Family, ProductSource, StockKey

_STOCK = (
    "s.id, s.organization, s.product, s.source, s.dimensions, s.on_hand, s.reserved, s.overdraft,"
    " s.backed_by_variants, s.oversell, s.safety_stock"
)
OWN_ROWS = """
SELECT f.id FROM unnest(%s::text[], %s::text[]) AS k(product, source), LATERAL (
    SELECT x.id FROM inventory_visibility.stock x WHERE x.organization = ''
    AND x.product = k.product AND x.source = k.source AND x.dimensions = '' OFFSET 0) f
"""
"""Ids of the own root rows of (product, source) keys, given as two arrays."""

# Found by index and locked by id: a join would be planned as a scan of every stock row.
_FAMILIES = """
FROM inventory_visibility.stock s WHERE s.id = ANY(ARRAY(
    SELECT f.id FROM unnest(%s::text[], %s::text[], %s::text[]) AS k(organization, product, source),
    LATERAL (
        SELECT x.id FROM inventory_visibility.stock x WHERE x.organization = k.organization
        AND x.product = k.product AND x.source = k.source OFFSET 0) f))
"""
_ROOT_ROWS = _FAMILIES.replace("OFFSET 0", "AND x.dimensions = '' OFFSET 0")

Families = dict[Family, StockFamily]
DimensionValues = Mapping[str, Level]
"""Dimension values by their canonical text."""


@dataclass(slots=True)
class LockedReservation:
    """An open reservation whose stock row is locked."""

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


_RESERVATION = (
    "r.id, r.line_id, r.stock_id, s.product, s.source, r.open, r.data_source, r.measure,"
    " r.document, r.per_unit"
)


@dataclass(slots=True)
class LockedStock:
    """Locked stock rows by id, and the own root rows among them by (product, source)."""

    rows: dict[int, LockedStockRow] = field(default_factory=dict)
    own: dict[ProductSource, LockedStockRow] = field(default_factory=dict)


class _StockRow(NamedTuple):
    """The columns of `_STOCK`; a row read for its level has its dimension values too."""

    id: int
    organization: str
    product: str
    source: str
    dimensions: str
    on_hand: Decimal
    reserved: Decimal
    overdraft: Decimal
    backed_by_variants: Decimal
    oversell: bool
    safety_stock: Decimal
    dimension_values: dict[str, str] | None = None

    def locked(self) -> LockedStockRow:
        values = self.dimension_values
        return LockedStockRow(
            id=self.id,
            level=frozenset(values.items()) if values else ROOT,
            on_hand=self.on_hand,
            reserved=self.reserved,
            overdraft=self.overdraft,
            backed_by_variants=self.backed_by_variants,
            oversell=self.oversell,
            safety_stock=self.safety_stock,
        )


def ensure_stock(
    session: Session, keys: Collection[StockKey], values: DimensionValues, now: datetime
) -> dict[StockKey, int]:
    """Return the stock ids of these keys and their roots; missing rows are created with no stock.

    This runs before any lock is taken and inserts in one order: an insert waits for another
    transaction that is creating the same row, which a transaction that holds locks must not do.

    Args:
        values: Dimension values by canonical dimension text, for rows that are created.
    """
    wanted = {*keys, *(key.root for key in keys)}
    found = _stock_ids(session, list(wanted))
    missing = sorted(wanted - found.keys())
    if not missing:
        return found

    dimension_values = []
    for key in missing:
        dimension_values.append(to_json_text(dict(values.get(key.dimensions, ROOT))))

    execute(
        session,
        "INSERT INTO inventory_visibility.stock"
        " (organization, product, source, dimensions, dimension_values, updated_at)"
        " SELECT k.*, %s"
        " FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::jsonb[])"
        " AS k(organization, product, source, dimensions, dimension_values)"
        " ORDER BY 1, 2, 3, 4 ON CONFLICT DO NOTHING",
        (now, *columns_of(missing, *StockKey._fields), dimension_values),
    )
    return found | _stock_ids(session, missing)


def ensure_own_stock(session: Session, keys: Iterable[ProductSource], now: datetime) -> None:
    """Create the own root rows of these keys that do not exist yet, with nothing on hand."""
    ensure_stock(session, [StockKey("", product, source) for product, source in keys], {}, now)


def _stock_ids(session: Session, keys: Sequence[StockKey]) -> dict[StockKey, int]:
    """Return the ids of those of these keys that exist, each found by index."""
    rows = fetch(
        session,
        "SELECT k.number, s.id"
        " FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[], %s::text[])"
        " AS k(number, organization, product, source, dimensions), LATERAL ("
        " SELECT x.id FROM inventory_visibility.stock x WHERE x.organization = k.organization"
        " AND x.product = k.product AND x.source = k.source AND x.dimensions = k.dimensions"
        " OFFSET 0) s",
        (list(range(len(keys))), *columns_of(keys, *StockKey._fields)),
    )
    return {keys[number]: stock_id for number, stock_id in rows}


def stocked_locations(
    session: Session, products: Collection[tuple[str, str]]
) -> dict[tuple[str, str], list[str]]:
    """Return the locations at which each (organization, product) has stock rows, sorted."""
    found: dict[tuple[str, str], list[str]] = {product: [] for product in products}
    rows = fetch(
        session,
        "SELECT DISTINCT organization, product, source FROM inventory_visibility.stock"
        " JOIN unnest(%s::text[], %s::text[]) AS k(organization, product)"
        " USING (organization, product) WHERE source <> '' ORDER BY source",
        split_pairs(found),
    )
    for organization, product, source in rows:
        found[organization, product].append(source)

    return found


def lock_rows(
    session: Session, keys: Collection[StockKey], values: DimensionValues, now: datetime
) -> Families:
    """Create missing keys, then lock the families of all keys until the transaction ends."""
    ensure_stock(session, keys, values, now)
    return lock_families(session, list({key.family for key in keys}))


# Finds the keys, and locks the roots among them if every key was found. The locks of a CTE that is
# counted are all taken before the statement ends.
_LOCK_KEYS = """
WITH found AS MATERIALIZED (
    SELECT k.number, x.id, k.dimensions FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[])
        WITH ORDINALITY AS k(organization, product, source, dimensions, number), LATERAL (
        SELECT s.id FROM inventory_visibility.stock s WHERE s.organization = k.organization
        AND s.product = k.product AND s.source = k.source AND s.dimensions = k.dimensions
        OFFSET 0) x
), locked AS MATERIALIZED (
    SELECT 1 FROM inventory_visibility.stock WHERE (SELECT count(*) FROM found) = %s
    AND id = ANY(ARRAY(SELECT f.id FROM found f WHERE f.dimensions = ''))
    ORDER BY id FOR NO KEY UPDATE
)
SELECT array_agg(id ORDER BY number), (SELECT count(*) FROM locked) FROM found
"""


def lock_keys(
    session: Session, keys: Collection[StockKey], values: DimensionValues, now: datetime
) -> dict[StockKey, int]:
    """Return the stock ids of these keys and lock their families until the transaction ends.

    Missing keys are created before anything is locked; see `ensure_stock`.
    """
    wanted = list({*keys, *(key.root for key in keys)})
    parameters = (*columns_of(wanted, *StockKey._fields), len(wanted))
    [(ids, _)] = fetch(session, _LOCK_KEYS, parameters)
    if ids is None or len(ids) < len(wanted):
        ensure_stock(session, wanted, values, now)
        [(ids, _)] = fetch(session, _LOCK_KEYS, parameters)

    return dict(zip(wanted, ids, strict=True))


def lock_families(session: Session, families: Sequence[Family]) -> Families:
    """Lock these (organization, product, source) and return all their rows.

    The rows are read after the roots are locked, because a statement that waits for a lock still
    sees the rows of its start.
    """
    columns = list(map(list, zip(*families, strict=True))) or [[], [], []]
    locking = f"SELECT 1 {_ROOT_ROWS} ORDER BY s.id FOR NO KEY UPDATE"
    execute(session, f"SELECT count(*) FROM ({locking}) locked", columns)
    rows = fetch_as(
        session,
        _StockRow,
        f"SELECT {_STOCK},"
        " CASE WHEN s.dimensions <> '' THEN s.dimension_values END AS dimension_values"
        f" {_FAMILIES}",
        columns,
    )
    found = {family: StockFamily({}) for family in families}

    for row in rows:
        locked = row.locked()
        found[row.organization, row.product, row.source].rows[locked.level] = locked

    return found


def lock_stock(
    session: Session, keys: Iterable[ProductSource]
) -> dict[ProductSource, LockedStockRow]:
    """Lock the own root rows of these (product, source); unknown keys are absent."""
    rows = fetch_as(
        session,
        _StockRow,
        f"SELECT {_STOCK} FROM inventory_visibility.stock s WHERE s.id = ANY(ARRAY({OWN_ROWS}))"
        " ORDER BY s.id FOR NO KEY UPDATE",
        split_pairs(set(keys)),
    )
    return {(row.product, row.source): row.locked() for row in rows}


def lock_ids(session: Session, stock_ids: Collection[int]) -> LockedStock:
    """Lock these stock rows until the transaction ends."""
    wanted = set(stock_ids)
    roots = fetch_as(
        session,
        _StockRow,
        f"SELECT {_STOCK} FROM inventory_visibility.stock s WHERE s.id = ANY(ARRAY("
        " SELECT f.id FROM inventory_visibility.stock k, LATERAL ("
        " SELECT x.id FROM inventory_visibility.stock x WHERE x.organization = k.organization"
        " AND x.product = k.product AND x.source = k.source AND x.dimensions = '' OFFSET 0) f"
        " WHERE k.id = ANY(%s))) ORDER BY s.id FOR NO KEY UPDATE",
        (list(wanted),),
    )
    deeper = wanted - {row.id for row in roots}
    rows = [row for row in roots if row.id in wanted]
    if deeper:
        rows += fetch_as(
            session,
            _StockRow,
            f"SELECT {_STOCK} FROM inventory_visibility.stock s WHERE s.id = ANY(%s)",
            (list(deeper),),
        )

    stock = LockedStock()
    for row in rows:
        locked = row.locked()
        stock.rows[row.id] = locked
        if not row.organization and not row.dimensions:
            stock.own[row.product, row.source] = locked

    return stock


def lock_lines(
    session: Session,
    line_ids: Iterable[UUID],
    keys: Iterable[ProductSource] = (),
    *,
    expiring_only: bool = False,
) -> tuple[list[LockedReservation], LockedStock]:
    """Return the open reservations of these lines, oldest first, with their stock locked.

    The own root rows of `keys` are locked with them.

    Args:
        expiring_only: Leave out reservations without an end.
    """
    lines = list(set(line_ids))
    ending = " AND expires_at IS NOT NULL" if expiring_only else ""
    found = fetch(
        session,
        "SELECT stock_id FROM inventory_visibility.reservation"
        f" WHERE line_id = ANY(%s) AND open > 0{ending} UNION{OWN_ROWS}",
        (lines, *split_pairs(set(keys))),
    )
    stock = lock_ids(session, [stock_id for (stock_id,) in found])
    reservations = open_reservations(
        session,
        f"r.line_id = ANY(%s) AND r.stock_id = ANY(%s){ending}",
        (lines, list(stock.rows)),
    )
    return reservations, stock


def open_reservations(
    session: Session, condition: str, values: tuple[object, ...]
) -> list[LockedReservation]:
    """Return the open reservations that meet a condition, oldest first.

    Reservations change only under the lock of their stock row, which the caller holds.
    """
    return fetch_as(
        session,
        LockedReservation,
        f"SELECT {_RESERVATION} FROM inventory_visibility.reservation r"
        " JOIN inventory_visibility.stock s ON s.id = r.stock_id"
        f" WHERE r.open > 0 AND {condition} ORDER BY r.id",
        values,
    )
