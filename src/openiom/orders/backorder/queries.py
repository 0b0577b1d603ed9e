"""Reads of waiting lines: who waits for what, for what reason, and who is before them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.documents import QuantityNumber, plain_number, quantity_number, variant_fact
from openiom.inventory_visibility import available
from openiom.kernel import NotFound
from openiom.orders.order_batch import columns_of, flush_orders
from openiom.orders.summaries import like_prefix
from openiom.platform.bulk import fetch, fetch_as
from openiom.platform.sort_keys import (
    LAST_DAY,
    LAST_MOMENT,
    Sort,
    SortKey,
    SortKeys,
    day_or_last,
    moment_or_last,
)

BEFORE_LIMIT = 1_000
"""Most lines before one that are counted."""
BEFORE_SHOWN = 50
SEARCH_LIMIT = 1_000


class WaitingRow(BaseModel):
    """A line on hold; `quantity` is in its unit, `stock_quantity` in the stock unit of the product.

    `source` is the only source that may serve the line, such as its pickup location; empty for any.
    `retry_at` is when a line that waits for the next day of a full source is tried again.
    `available_on` is the day it is promised for, with `confidence` from 0 to 1. `lines_before` and
    `units_before` wait longer for the same product, counted to a thousand lines. `reason` says what
    keeps the line waiting at this moment.
    """

    line_id: UUID
    order_id: UUID
    order_number: str
    customer_name: str
    instance: str
    manual_hold: bool
    line_number: int
    product: str
    name: str
    variant: dict[str, str]
    source: str = ""
    unit: str
    quantity: QuantityNumber
    stock_quantity: QuantityNumber
    kind: str
    state: str
    since: datetime
    released_at: datetime | None
    expires_at: datetime | None
    launch_date: date | None
    available_on: date | None
    confidence: float | None
    retry_at: datetime | None = None
    note: str = ""
    lines_before: int = 0
    units_before: QuantityNumber = 0
    reason: str = ""


class LineBefore(BaseModel):
    """A line that waits longer for the same product."""

    line_id: UUID
    order_id: UUID
    order_number: str
    customer_name: str
    line_number: int
    unit: str
    quantity: QuantityNumber
    since: datetime
    available_on: date | None


class SourceAvailability(BaseModel):
    """Units of a product available to promise at a source, in its stock unit."""

    source: str
    units: QuantityNumber


class WaitingDetail(BaseModel):
    """One waiting line, the first fifty before it, and what each source has available."""

    line: WaitingRow
    before: list[LineBefore]
    free: list[SourceAvailability]


_EXPIRY = moment_or_last("w.expires_at")
_SINCE = SortKey[WaitingRow]("w.since", datetime, lambda row: row.since)

SORT_KEYS = SortKeys(
    {
        "since": _SINCE,
        "expires_at": SortKey(_EXPIRY, datetime, lambda row: row.expires_at or LAST_MOMENT),
        "promised": SortKey(
            day_or_last("w.available_on"), date, lambda row: row.available_on or LAST_DAY
        ),
        "product": SortKey("w.product", str, lambda row: row.product),
    },
    noun="waiting lines",
    ties=(_SINCE, SortKey("w.line_id", UUID, lambda row: row.line_id)),
)


@dataclass(frozen=True)
class WaitingFilter:
    """What the list of waiting lines is narrowed to; empty fields match everything.

    `search` is the beginning of an order number. `expires_before`, `expiring` and `unpromised`
    match only lines in state `waiting`.
    """

    kind: str = ""
    state: str = ""
    product: str = ""
    search: str = ""
    order_id: UUID | None = None
    expires_before: datetime | None = None
    expiring: bool = False
    unpromised: bool = False
    sort: str = "since"

    @property
    def sorted_by(self) -> Sort[WaitingRow]:
        """The sort that was chosen."""
        return SORT_KEYS.parse(self.sort)


_COLUMNS = """
w.line_id, w.order_id, o.number AS order_number, o.customer_name, o.instance, s.manual_hold,
l.line_number, w.product, l.name, l.variant, coalesce(l.source, '') AS source, l.unit,
l.unit_decimals, w.quantity,
w.stock_quantity, w.kind, w.state, w.since, w.released_at,
w.expires_at, w.launch_date, w.available_on, w.confidence::float8 AS confidence,
w.retry_at, w.note
"""
_JOINS = """
JOIN orders.order o ON o.id = w.order_id
JOIN orders.order_state s ON s.order_id = w.order_id
JOIN orders.order_line l ON l.id = w.line_id
"""


def list_waiting(
    session: Session,
    chosen: WaitingFilter,
    *,
    after: tuple[Any, ...] | None,
    limit: int,
    now: datetime,
) -> list[WaitingRow]:
    """Return waiting lines in the order of `sorted_by`.

    `after` is the sort key of the last row shown.
    """
    flush_orders(session)
    conditions, values = _conditions(chosen)
    order_by = chosen.sorted_by.order_by
    if after:
        condition, parameters = chosen.sorted_by.after(after)
        conditions.append(condition)
        values += parameters

    where = " AND ".join(conditions) or "TRUE"
    # The page is found by its index alone; only its rows are joined.
    found: list[dict[str, Any]] = fetch_as(
        session,
        dict,
        f"WITH page AS MATERIALIZED (SELECT w.* FROM orders.waiting_line w WHERE {where}"
        f" ORDER BY {order_by} LIMIT %s)"
        f" SELECT {_COLUMNS} FROM page w {_JOINS} ORDER BY {order_by}",
        (*values, limit),
    )
    rows = [_waiting_row(row) for row in found]
    _explain(session, rows, now)
    return rows


def _waiting_row(row: dict[str, Any]) -> WaitingRow:
    decimals = row.pop("unit_decimals")
    row["quantity"] = quantity_number(row["quantity"], decimals)
    row["stock_quantity"] = plain_number(row["stock_quantity"])
    row["variant"] = variant_fact(row["variant"])
    return WaitingRow(**row)


def _conditions(chosen: WaitingFilter) -> tuple[list[str], list[Any]]:
    """Return the conditions of a filter and their values."""
    conditions: list[str] = []
    values: list[Any] = []
    for condition, value in (
        ("w.kind = %s", chosen.kind),
        ("w.state = %s", chosen.state),
        ("w.product = %s", chosen.product),
        ("w.order_id = %s", chosen.order_id),
        ("w.state = 'waiting' AND w.expires_at < %s", chosen.expires_before),
    ):
        if value:
            conditions.append(condition)
            values.append(value)

    if chosen.expiring:
        conditions.append(f"w.state = 'waiting' AND {_EXPIRY} < '{LAST_MOMENT}'")

    if chosen.unpromised:
        conditions.append("w.state = 'waiting' AND w.available_on IS NULL")

    if chosen.search:
        conditions.append(
            "w.order_id = ANY(ARRAY(SELECT id FROM orders.order WHERE lower(number) LIKE %s"
            f" ORDER BY lower(number) LIMIT {SEARCH_LIMIT}))"
        )
        values.append(like_prefix(chosen.search))

    return conditions, values


def _explain(session: Session, rows: Sequence[WaitingRow], now: datetime) -> None:
    """Set who is before each line, and the reason it waits; a few queries for all rows."""
    if not rows:
        return

    before = _count_before(session, rows)
    available_units = _available_units(session, {row.product for row in rows})
    waiting_products = _waiting_products(session, {row.order_id for row in rows})

    for row in rows:
        row.lines_before, row.units_before = before.get(row.line_id, (0, 0))
        others = waiting_products[row.order_id].copy()
        others.pop(row.line_id, None)
        products = sorted(others.values())
        most = available_units.get((row.product, row.source), 0)
        row.reason = waiting_reason(row, most, products, now)


def _count_before(
    session: Session, rows: Iterable[WaitingRow]
) -> dict[UUID, tuple[int, int | float]]:
    """Return the lines and units that wait longer for the same product; reads the index alone."""
    queued = [row for row in rows if (row.kind, row.state) == ("backorder", "waiting")]
    found = fetch(
        session,
        "SELECT a.line_id, q.lines, q.units"
        " FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[]) AS a(line_id, product, since)"
        " CROSS JOIN LATERAL (SELECT count(*) AS lines,"
        " coalesce(sum(x.stock_quantity), 0) AS units"
        " FROM (SELECT w.stock_quantity FROM orders.waiting_line w WHERE w.product = a.product"
        " AND w.state = 'waiting' AND w.kind = 'backorder'"
        " AND (w.since, w.line_id) < (a.since, a.line_id)"
        f" ORDER BY w.since DESC, w.line_id DESC LIMIT {BEFORE_LIMIT}) x) q",
        tuple(columns_of(queued, ("line_id", "product", "since")).values()),
    )
    return {line_id: (lines, plain_number(units)) for line_id, lines, units in found}


def _available_units(
    session: Session, products: Collection[str]
) -> Mapping[tuple[str, str], int | float]:
    """Return the available units by product and source; for source '' the most that one has."""
    found: dict[tuple[str, str], int | float] = {}
    for (product, source), units in available(session, products).items():
        found[product, source] = plain_number(units)
        found[product, ""] = max(found.get((product, ""), 0), plain_number(units))

    return found


def _waiting_products(session: Session, order_ids: Iterable[UUID]) -> dict[UUID, dict[UUID, str]]:
    """Return the products of the lines that wait, by order and line."""
    rows = fetch(
        session,
        "SELECT order_id, line_id, product FROM orders.waiting_line"
        " WHERE order_id = ANY(%s) AND state = 'waiting'",
        (sorted(order_ids),),
    )
    products: dict[UUID, dict[UUID, str]] = defaultdict(dict)
    for order_id, line_id, product in rows:
        products[order_id][line_id] = product

    return products


def waiting_reason(row: WaitingRow, most: float, others: Sequence[str], now: datetime) -> str:
    """Return what keeps a line waiting, the first reason first.

    `most` are the units in stock units available at the line's source, or at the one that has most
    of them, without those reserved for released lines. `others` are the products of its order's
    other waiting lines.
    """
    if row.manual_hold:
        return "its order is on manual hold"
    if row.state == "released":
        return "released; it will be sourced"
    return _date_reason(row, now) or _stock_reason(row, most, others)


def _date_reason(row: WaitingRow, now: datetime) -> str:
    """Return the date that a line waits for, or ''."""
    if row.kind == "preorder" and row.launch_date and row.launch_date > now.date():
        return f"launches on {row.launch_date}"
    if row.retry_at and row.retry_at > now:
        return f"{row.note}; tried again at {row.retry_at:%Y-%m-%d %H:%M} UTC"
    return ""


def _stock_reason(row: WaitingRow, most: float, others: Sequence[str]) -> str:
    if row.source and most < row.stock_quantity:
        return f"needs {row.stock_quantity} from {row.source}, which has {most} available"
    if most == 0:
        return "no source has any available"
    if most < row.stock_quantity:
        needed = row.stock_quantity
        return f"needs {needed} from one source; the most one has available is {most}"
    return _queue_reason(row, others)


def _queue_reason(row: WaitingRow, others: Sequence[str]) -> str:
    """Return why a line that one source has in stock still waits."""
    if row.lines_before:
        return "in stock, but others wait longer for it"
    if others:
        return f"in stock; its order also waits for {', '.join(others[:3])}"
    return "in stock; it is released with the next check"


def waiting_rows(session: Session, line_ids: Sequence[UUID], now: datetime) -> list[WaitingRow]:
    """Return those of these lines that wait or were released from waiting."""
    flush_orders(session)
    found: list[dict[str, Any]] = fetch_as(
        session,
        dict,
        f"SELECT {_COLUMNS} FROM orders.waiting_line w {_JOINS} WHERE w.line_id = ANY(%s)",
        (list(line_ids),),
    )
    rows = [_waiting_row(row) for row in found]
    _explain(session, rows, now)
    return rows


_LINES_BEFORE = f"""
SELECT w.line_id, w.order_id, o.number AS order_number, o.customer_name, l.line_number, l.unit,
    w.quantity * power(10::numeric, -l.unit_decimals) AS quantity, w.since, w.available_on
FROM (SELECT * FROM orders.waiting_line w WHERE w.product = %s AND w.state = 'waiting'
    AND w.kind = 'backorder' AND (w.since, w.line_id) < (%s, %s)
    ORDER BY w.since, w.line_id LIMIT {BEFORE_SHOWN}) w
JOIN orders.order o ON o.id = w.order_id
JOIN orders.order_line l ON l.id = w.line_id
ORDER BY w.since, w.line_id
"""


def get_waiting(session: Session, line_id: UUID, now: datetime) -> WaitingDetail:
    """Return one waiting line with its queue. Raise `NotFound`."""
    rows = waiting_rows(session, [line_id], now)
    if not rows:
        raise NotFound(f"the line {line_id} is not waiting", remedy="look at its order")

    line = rows[0]
    before: list[LineBefore] = []
    if line.lines_before:
        values = (line.product, line.since, line.line_id)
        before = fetch_as(session, LineBefore, _LINES_BEFORE, values)

    free: list[SourceAvailability] = []
    for (_, source), units in available(session, [line.product]).items():
        free.append(SourceAvailability(source=source, units=units))

    free.sort(key=lambda one: (-one.units, one.source))
    return WaitingDetail(line=line, before=before, free=free)
