"""The queue as people see it: who waits, for what, why still, and who is before them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.inventory_visibility import available
from openiom.kernel import NotFound
from openiom.orders.queries import like_prefix
from openiom.platform.bulk import fetch

COUNTED = 1_000
"""So many lines before one are counted; of more it is only said that there are."""
BEFORE_SHOWN = 50
FOUND = 1_000
Sorting = Literal["since", "expires_at"]


class WaitingRow(BaseModel):
    """
    A line on hold. `available_on` is the day it is promised for, as sure as `confidence` says (0 to 1).

    `lines_before` and `units_before` wait longer for the same product, counted to a thousand lines; `why` says what
    keeps it waiting at this moment.
    """

    line_id: UUID
    order_id: UUID
    order_number: str
    customer_name: str
    instance: str
    held: bool
    line_number: int
    product: str
    name: str
    unit: str
    quantity: int
    kind: str
    state: str
    since: datetime
    released_at: datetime | None
    expires_at: datetime | None
    launch_date: date | None
    available_on: date | None
    confidence: float | None
    lines_before: int = 0
    units_before: int = 0
    why: str = ""


class LineBefore(BaseModel):
    """A line that waits longer for the same product."""

    line_id: UUID
    order_id: UUID
    order_number: str
    customer_name: str
    line_number: int
    quantity: int
    since: datetime
    available_on: date | None


class FreeAt(BaseModel):
    source: str
    units: int


class WaitingDetail(BaseModel):
    """One waiting line, the first fifty before it, and what each source has free of its product."""

    line: WaitingRow
    before: list[LineBefore]
    free: list[FreeAt]


@dataclass(frozen=True)
class WaitingFilter:
    """`search` is the start of an order number; `expires_before` and `unpromised` speak of lines with state waiting."""

    kind: str = ""
    state: str = ""
    product: str = ""
    search: str = ""
    order_id: UUID | None = None
    expires_before: datetime | None = None
    unpromised: bool = False
    sort: Sorting = "since"


_COLUMNS = (
    "w.line_id, w.order_id, o.number, o.customer_name, o.instance, s.held, l.line_number, w.product, l.name, l.unit,"
    " w.quantity, w.kind, w.state, w.since, w.released_at, w.expires_at, w.launch_date, w.available_on,"
    " w.confidence::float8"
)
_NAMES = tuple(WaitingRow.model_fields)[: _COLUMNS.count(",") + 1]


def list_waiting(
    session: Session,
    chosen: WaitingFilter,
    *,
    after: Sequence[str] | None,
    limit: int,
    now: datetime,
) -> list[WaitingRow]:
    """Lines by how long they wait, or by when their time is up. `after` is (instant, line id) of the last shown."""
    where, values = _where(chosen)
    column = "w.expires_at" if chosen.sort == "expires_at" else "w.since"
    if after:
        where.append(f"({column}, w.line_id) > (%s::timestamptz, %s::uuid)")
        values += after
    rows = fetch(
        session,
        # The page is found first, by its index alone; only then what stands beside its rows.
        f"WITH page AS MATERIALIZED (SELECT w.* FROM orders.waiting_line w WHERE {' AND '.join(where) or 'TRUE'}"
        f" ORDER BY {column}, w.line_id LIMIT %s)"
        f" SELECT {_COLUMNS} FROM page w JOIN orders.order o ON o.id = w.order_id"
        " JOIN orders.order_state s ON s.order_id = w.order_id JOIN orders.order_line l ON l.id = w.line_id"
        f" ORDER BY {column}, w.line_id",
        (*values, limit),
    )
    return _told(session, [WaitingRow(**dict(zip(_NAMES, row, strict=True))) for row in rows], now)


def _where(chosen: WaitingFilter) -> tuple[list[str], list[Any]]:
    where, values = list[str](), list[Any]()
    for clause, value in (
        ("w.kind = %s", chosen.kind),
        ("w.state = %s", chosen.state),
        ("w.product = %s", chosen.product),
        ("w.order_id = %s", chosen.order_id),
        ("w.state = 'waiting' AND w.expires_at < %s", chosen.expires_before),
    ):
        if value:
            where.append(clause)
            values.append(value)
    if chosen.sort == "expires_at":
        where.append("w.state = 'waiting' AND w.expires_at IS NOT NULL")
    if chosen.unpromised:
        where.append("w.state = 'waiting' AND w.available_on IS NULL")
    if chosen.search:
        where.append(
            "w.order_id = ANY(ARRAY(SELECT id FROM orders.order WHERE lower(number) LIKE %s ORDER BY lower(number)"
            f" LIMIT {FOUND}))"
        )
        values.append(like_prefix(chosen.search))
    return where, values


def _told(session: Session, rows: list[WaitingRow], now: datetime) -> list[WaitingRow]:
    """The rows with who is before each, and why each waits; a few statements, however many rows."""
    if not rows:
        return rows
    before = _before(session, [r for r in rows if r.kind == "backorder" and r.state == "waiting"])
    most: dict[str, int] = defaultdict(int)
    for (product, _), units in available(session, {r.product for r in rows}).items():
        most[product] = max(most[product], units)
    siblings = _siblings(session, {r.order_id for r in rows})
    for row in rows:
        row.lines_before, row.units_before = before.get(row.line_id, (0, 0))
        others = sorted(product for line, product in siblings[row.order_id] if line != row.line_id)
        row.why = why_waits(row, most[row.product], others, now)
    return rows


def _before(session: Session, rows: Sequence[WaitingRow]) -> dict[UUID, tuple[int, int]]:
    """For each line how many lines, and units, wait longer for its product; the index alone is read."""
    found = fetch(
        session,
        "SELECT a.line_id, q.lines, q.units FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[])"
        " AS a(line_id, product, since) CROSS JOIN LATERAL"
        " (SELECT count(*) AS lines, coalesce(sum(x.quantity), 0)::bigint AS units"
        " FROM (SELECT w.quantity FROM orders.waiting_line w WHERE w.product = a.product"
        " AND w.state = 'waiting' AND w.kind = 'backorder' AND (w.since, w.line_id) < (a.since, a.line_id)"
        f" ORDER BY w.since DESC, w.line_id DESC LIMIT {COUNTED}) x) q",
        ([r.line_id for r in rows], [r.product for r in rows], [r.since for r in rows]),
    )
    return {line: (lines, units) for line, lines, units in found}


def _siblings(session: Session, order_ids: Iterable[UUID]) -> dict[UUID, list[tuple[UUID, str]]]:
    rows = fetch(
        session,
        "SELECT order_id, line_id, product FROM orders.waiting_line WHERE order_id = ANY(%s) AND state = 'waiting'",
        (sorted(order_ids),),
    )
    found: dict[UUID, list[tuple[UUID, str]]] = defaultdict(list)
    for order, line, product in rows:
        found[order].append((line, product))
    return found


def why_waits(row: WaitingRow, most: int, others: Sequence[str], now: datetime) -> str:
    """What keeps a line waiting, first things first.

    `most` units are free at the source that has most of it, beside what is held for lines told to go on; `others` are
    the products of its order's other waiting lines.
    """
    if row.held:
        return "its order is held by hand"
    if row.state == "released":
        return "told to go on; sourcing looks for stock"
    if row.kind == "preorder" and row.launch_date and row.launch_date > now.date():
        return f"launches on {row.launch_date}"
    if most == 0:
        return "no source has any free"
    if most < row.quantity:
        return f"needs {row.quantity} from one source; the most one has free is {most}"
    if row.lines_before:
        return "stock is there, but others wait longer for it"
    if others:
        return f"stock is there; its order also waits for {', '.join(others[:3])}"
    return "stock is there; it goes on when it is looked at next"


def rows_of(session: Session, line_ids: Sequence[UUID], now: datetime) -> list[WaitingRow]:
    """Those of these lines that wait or were told to go on."""
    rows = fetch(
        session,
        f"SELECT {_COLUMNS} FROM orders.waiting_line w JOIN orders.order o ON o.id = w.order_id"
        " JOIN orders.order_state s ON s.order_id = w.order_id JOIN orders.order_line l ON l.id = w.line_id"
        " WHERE w.line_id = ANY(%s)",
        (list(line_ids),),
    )
    return _told(session, [WaitingRow(**dict(zip(_NAMES, row, strict=True))) for row in rows], now)


def get_waiting(session: Session, line_id: UUID, now: datetime) -> WaitingDetail:
    """One waiting line and its queue. Raises NotFound."""
    found = rows_of(session, [line_id], now)
    if not found:
        raise NotFound(f"the line {line_id} waits for nothing", remedy="look at its order")
    line = found[0]
    ahead = fetch(
        session,
        "SELECT w.line_id, w.order_id, o.number, o.customer_name, l.line_number, w.quantity, w.since, w.available_on"
        " FROM (SELECT * FROM orders.waiting_line w WHERE w.product = %s AND w.state = 'waiting'"
        " AND w.kind = 'backorder' AND (w.since, w.line_id) < (%s, %s) ORDER BY w.since, w.line_id LIMIT %s) w"
        " JOIN orders.order o ON o.id = w.order_id JOIN orders.order_line l ON l.id = w.line_id"
        " ORDER BY w.since, w.line_id",
        (line.product, line.since, line.line_id, BEFORE_SHOWN if line.lines_before else 0),
    )
    names = tuple(LineBefore.model_fields)
    free = available(session, [line.product])
    return WaitingDetail(
        line=line,
        before=[LineBefore(**dict(zip(names, row, strict=True))) for row in ahead],
        free=[
            FreeAt(source=source, units=units)
            for (_, source), units in sorted(free.items(), key=lambda f: (-f[1], f[0]))
        ],
    )
