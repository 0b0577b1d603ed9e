"""Reads: the order list, counts, one order, its timeline."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import NotFound
from openiom.platform.bulk import fetch
from openiom.platform.events import timeline
from openiom.state_framework import StateTable

from .allowed_actions import permits
from .event_titles import title_of
from .facts import money_text
from .schemas import (
    Amounts,
    LineDetail,
    OrderCounts,
    OrderDetail,
    OrderRow,
    ProgressStep,
    Timeline,
    TimelineEvent,
)
from .service.apply_events import table_in_use
from .states import LINE_TABLE, ORDER_TABLE

SEARCHED = 1_000
"""Most matches of each searched field that a search looks at; the newest of these are shown."""

_ROW = (
    "o.id, o.number, o.instance, o.origin, o.customer_name, o.ship_to->>'city', o.ship_to->>'state',"
    " o.ship_to->>'country', s.state, s.reason, o.currency, o.total_amount, o.line_count, o.placed_at, o.created_at,"
    " s.held, ARRAY(SELECT DISTINCT l.source FROM orders.order_line l WHERE l.order_id = o.id"
    " AND l.source IS NOT NULL ORDER BY 1)"
)
_ROW_NAMES = tuple(OrderRow.model_fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """What the list is narrowed to; empty is everything."""

    search: str = ""
    state: str = ""
    instance: str = ""
    origin: str = ""
    source: str = ""
    product: str = ""
    held: bool = False
    placed_from: datetime | None = None
    placed_to: datetime | None = None

    @property
    def by_placing(self) -> bool:
        """A range of placing is walked in that order; everything else in the order of arrival."""
        return self.placed_from is not None or self.placed_to is not None


def list_orders(
    session: Session, chosen: OrderFilter, *, after: list[str] | None, limit: int
) -> list[OrderRow]:
    """Orders, newest first. `after` is (placed_at, id) of the last row shown."""
    where, values = _where(chosen)
    order = "o.placed_at DESC, o.id DESC" if chosen.by_placing else "o.id DESC"
    if after and chosen.by_placing:
        where.append("(o.placed_at, o.id) < (%s::timestamptz, %s::uuid)")
        values += after
    elif after:
        where.append("o.id < %s::uuid")
        values.append(after[1])
    rows = fetch(
        session,
        f"SELECT {_ROW} FROM orders.order o JOIN orders.order_state s ON s.order_id = o.id"
        f" WHERE {' AND '.join(where) or 'TRUE'} ORDER BY {order} LIMIT %s",
        (*values, limit),
    )
    return [_row(row) for row in rows]


def _row(row: Sequence[Any]) -> OrderRow:
    found = dict(zip(_ROW_NAMES, row, strict=True))
    places = ("ship_to_city", "ship_to_state", "ship_to_country")
    return OrderRow(
        **found
        | {"total_amount": money_text(found["total_amount"])}
        | {p: found[p] or "" for p in places}
    )


def _where(chosen: OrderFilter) -> tuple[list[str], list[Any]]:
    where, values = list[str](), list[Any]()
    if chosen.search:
        where.append(f"o.id IN ({_SEARCH})")
        prefix = like_prefix(chosen.search)
        values += [prefix, prefix, prefix, chosen.search.strip()]
    for clause, value in (
        ("s.state = %s", chosen.state),
        ("o.instance = %s", chosen.instance),
        ("o.origin = %s", chosen.origin),
        (
            "EXISTS (SELECT FROM orders.order_line l WHERE l.order_id = o.id AND l.source = %s)",
            chosen.source,
        ),
        (
            "EXISTS (SELECT FROM orders.order_line l WHERE l.order_id = o.id AND l.product = %s)",
            chosen.product,
        ),
        ("o.placed_at >= %s", chosen.placed_from),
        ("o.placed_at < %s", chosen.placed_to),
    ):
        if value:
            where.append(clause)
            values.append(value)
    if chosen.held:
        where.append("s.held")
    return where, values


_SEARCH = " UNION ALL ".join(
    f"(SELECT id FROM orders.order WHERE {clause} LIMIT {SEARCHED})"
    for clause in (
        "lower(number) LIKE %s",
        "lower(customer_name) LIKE %s",
        "customer_email LIKE %s AND customer_email <> ''",
        "external_id = %s",
    )
)


def like_prefix(text: str) -> str:
    """A LIKE pattern for lower-case text that begins so."""
    escaped = text.strip().lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{escaped}%"


def count_orders(session: Session) -> OrderCounts:
    """Orders by state, from the counters; every state stands there, also with none."""
    rows = fetch(
        session,
        "SELECT state, attention, sum(orders)::bigint FROM orders.order_count_delta GROUP BY 1, 2",
    )
    states = {state.name: 0 for state in ORDER_TABLE.timeline()}
    for state, _, orders in rows:
        states[state] = states.get(state, 0) + orders
    why = {w: sum(n for _, attention, n in rows if attention == w) for w in ("held", "failed")}
    return OrderCounts(states=states, held=why["held"], failed=why["failed"])


_DETAIL = (
    *(
        "external_id",
        "external_status",
        "order_type",
        "account",
        "price_list",
        "company",
        "strategy",
        "customer",
    ),
    *("bill_to", "ship_to", "payment_status", "shipping_method", "note", "requested_delivery_date"),
)
_AMOUNTS = (
    "subtotal",
    "shipping_amount",
    "discount_amount",
    "tax_amount",
    "total_amount",
    "total_difference",
)


def get_order(session: Session, order_id: UUID) -> OrderDetail:
    """One order with its lines. Raises NotFound."""
    columns = ", ".join(f"o.{c}" for c in (*_DETAIL, *_AMOUNTS))
    rows = fetch(
        session,
        f"SELECT {_ROW}, {columns} FROM orders.order o JOIN orders.order_state s ON s.order_id = o.id WHERE o.id = %s",
        (order_id,),
    )
    if not rows:
        raise NotFound(f"no order {order_id}", remedy="look it up in the list of orders")
    head, rest = rows[0][: len(_ROW_NAMES)], rows[0][len(_ROW_NAMES) :]
    row = _row(head)
    lines = _line_details(session, order_id)
    table = table_in_use(session, ORDER_TABLE)
    return OrderDetail(
        **row.model_dump(),
        **dict(zip(_DETAIL, rest[: len(_DETAIL)], strict=True)),
        amounts=Amounts(
            **dict(zip(Amounts.model_fields, map(money_text, rest[len(_DETAIL) :]), strict=True))
        ),
        state_label=table.state(row.state).label,
        progress=_progress(table, row.state),
        lines=lines,
        actions=permits(row.state, held=row.held, released=sum(x.released for x in lines)),
    )


def _progress(table: StateTable, state: str) -> list[ProgressStep]:
    """The bar: every state but those beside the way, which show only when the order stands there."""
    now = table.state(state)
    beside = {"on_hold", "canceled"}
    return [
        ProgressStep(
            state=s.name,
            label=s.label,
            position=s.timeline_position,
            reached=s.name == state
            or (s.timeline_position < now.timeline_position and state != "canceled"),
        )
        for s in table.timeline()
        if s.name not in beside or s.name == state
    ]


_LINE = (
    *(
        "id",
        "line_number",
        "external_id",
        "product",
        "name",
        "unit",
        "quantity",
        "unit_price",
        "discount",
        "tax",
    ),
    *(
        "requested_delivery_date",
        "state",
        "state_reason",
        "source",
        "source_reason",
        "released",
        "shipped",
    ),
    *("canceled", "returned"),
)


_WAITING = ("available_on", "expires_at")


def _line_details(session: Session, order_id: UUID) -> list[LineDetail]:
    columns = ", ".join([*(f"l.{c}" for c in _LINE), *(f"w.{c}" for c in _WAITING)])
    rows = fetch(
        session,
        f"SELECT {columns} FROM orders.order_line l LEFT JOIN orders.waiting_line w ON w.line_id = l.id"
        " AND w.state = 'waiting' WHERE l.order_id = %s ORDER BY l.line_number",
        (order_id,),
    )
    table = table_in_use(session, LINE_TABLE)
    out = []
    for row in rows:
        found = dict(zip((*_LINE, *_WAITING), row, strict=True))
        found["total"] = found["unit_price"] * found["quantity"] - found["discount"] + found["tax"]
        money = {k: money_text(found[k]) for k in ("unit_price", "discount", "tax", "total")}
        out.append(LineDetail(**found | money | {"state_label": table.state(found["state"]).label}))
    return out


def order_timeline(session: Session, order_id: UUID, *, limit: int) -> Timeline:
    """Everything that happened to an order and what belongs to it, newest first. Raises NotFound."""
    head = fetch(session, "SELECT number FROM orders.order WHERE id = %s", (order_id,))
    if not head:
        raise NotFound(f"no order {order_id}", remedy="look it up in the list of orders")
    events = timeline(session, [order_id], limit=limit)
    return Timeline(
        events=[
            TimelineEvent(
                id=e.id,
                at=e.at,
                name=e.name,
                title=title_of(e.name),
                subject_type=e.subject_type,
                subject_id=e.subject_id,
                subject_label=_label(e.subject_type, e.data) or head[0][0],
                actor=e.actor,
                data=e.data,
            )
            for e in events
        ]
    )


def _label(subject_type: str, data: dict[str, Any]) -> str:
    if subject_type == "order":
        return ""
    if subject_type == "order_line":
        return f"Line {data.get('line_number', '')}: {data.get('product', '')}".rstrip(": ")
    return str(
        data.get("number")
        or data.get("tracking_number")
        or subject_type.replace("_", " ").capitalize()
    )
