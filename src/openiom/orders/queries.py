"""Reads of the HTTP API: the order list, counts, one order, its lines and its timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.errors import QueryCanceled
from sqlalchemy.orm import Session

from openiom.documents import quantity_number, variant_fact
from openiom.kernel import NotFound, from_steps, round_money
from openiom.orchestration import failed_step, roots_waiting_for, waiting_instances
from openiom.platform.bulk import execute, fetch, fetch_as, fetch_column
from openiom.platform.events import LoggedEvent, timeline
from openiom.platform.sort_keys import Sort
from openiom.providers import list_outages, list_pauses
from openiom.state_framework import StateTable

from .allowed_actions import allowed_actions, order_units
from .facts import money_text
from .fulfillment_port import NO_FULFILLMENT_ORDERS, FulfillmentProgressPort
from .list_columns import select_list
from .order_batch import flush_lines, flush_orders
from .promises import LateOrders, first_open_day
from .schemas import (
    Amounts,
    Blocked,
    LineDetail,
    OrderCounts,
    OrderDetail,
    OrderLineRow,
    OrderRow,
    ProgressStep,
    Timeline,
    TimelineEvent,
)
from .search import search_condition
from .service.apply_events import table_in_use
from .sort_keys import SORT_KEYS
from .states import CANCELED, COMPLETED, LINE_TABLE, ON_HOLD, ORDER_TABLE
from .verdict import OrderSituation, order_verdict
from .verdict_facts import hold_facts, waiting_facts

LINES_LIMIT = 500
COUNT_MILLISECONDS = 500

_ROW = select_list(OrderRow)
_ORDERS = "orders.order o JOIN orders.order_state s ON s.order_id = o.id"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """What the order list is narrowed to; empty fields match everything."""

    ids: Sequence[UUID] = ()
    search: str = ""
    state: str = ""
    instance: str = ""
    origin: str = ""
    source: str = ""
    product: str = ""
    tag: str = ""
    waiting_for: str = ""
    manual_hold: bool = False
    source_changed: bool = False
    late: LateOrders | None = None
    placed_from: datetime | None = None
    placed_to: datetime | None = None
    sort: str = ""

    @property
    def sorted_by(self) -> Sort[OrderRow]:
        """The sort that was chosen, else newest first: by date of order when that is filtered."""
        by_date = self.placed_from is not None or self.placed_to is not None
        return SORT_KEYS.parse(self.sort or ("-placed" if by_date else "-received"))


def list_orders(
    session: Session,
    chosen: OrderFilter,
    *,
    after: tuple[Any, ...] | None,
    limit: int,
) -> list[OrderRow]:
    """Return orders in the order of `sorted_by`; `after` is the sort key of the last row shown."""
    where, values = _matching(session, chosen)
    if after:
        condition, parameters = chosen.sorted_by.after(after)
        where = f"{where} AND {condition}"
        values += parameters

    rows: list[dict[str, Any]] = fetch_as(
        session,
        dict,
        f"SELECT {_ROW} FROM {_ORDERS} WHERE {where} ORDER BY {chosen.sorted_by.order_by} LIMIT %s",
        (*values, limit),
    )
    blocked = blocked_orders(session, [row["id"] for row in rows])
    found: list[OrderRow] = []
    for row in rows:
        fields = _with_money_text(row, ("total_amount",))
        found.append(OrderRow(**fields, blocked=blocked.get(row["id"])))

    return found


class OrderReference(NamedTuple):
    """An order by its id and its number."""

    id: UUID
    number: str


def matching_orders(
    session: Session, chosen: OrderFilter, *, after: UUID | None, limit: int
) -> list[OrderReference]:
    """Return the orders that a filter matches, newest first; `after` is the id of the last one.

    The sort of the filter is not used: orders that arrive later do not match in between.
    """
    where, values = _matching(session, chosen)
    if after:
        where = f"{where} AND o.id < %s"
        values.append(after)

    return fetch_as(
        session,
        OrderReference,
        f"SELECT o.id, o.number FROM {_ORDERS} WHERE {where} ORDER BY o.id DESC LIMIT %s",
        (*values, limit),
    )


def count_matching(session: Session, chosen: OrderFilter, *, limit: int) -> int | None:
    """Return how many orders a filter matches, `limit` at most.

    Return None when the count takes too long: a number is no reason to read millions of rows.
    """
    where, values = _matching(session, chosen)
    query = f"SELECT count(*) FROM (SELECT FROM {_ORDERS} WHERE {where} LIMIT %s) found"
    try:
        with session.begin_nested():
            execute(session, f"SET LOCAL statement_timeout = {COUNT_MILLISECONDS}")
            ((count,),) = fetch(session, query, (*values, limit))
            execute(session, "SET LOCAL statement_timeout = DEFAULT")
    except QueryCanceled:
        return None

    return int(count)


def _matching(session: Session, chosen: OrderFilter) -> tuple[str, list[Any]]:
    """Return the condition of a filter on orders and states, and its parameters."""
    flush_orders(session)
    flush_lines(session)
    conditions, values = _conditions(chosen)
    if chosen.waiting_for:
        conditions.append("o.id = ANY(%s::uuid[]) AND NOT s.manual_hold")
        values.append(roots_waiting_for(session, chosen.waiting_for))
    if chosen.late is not None:
        conditions.append("o.id = ANY(%s::uuid[])")
        values.append(chosen.late.find(session))

    return " AND ".join(conditions) or "TRUE", values


def blocked_orders(session: Session, ids: Sequence[UUID]) -> dict[UUID, Blocked]:
    """Return the orders of these that wait for a provider that is down or paused, and which.

    An order on manual hold waits for its release.
    """
    causes: dict[str, Blocked] = {}
    for pause in list_pauses(session):
        causes[pause.name] = Blocked(
            instance=pause.name, title=pause.title, since=pause.since, cause="paused"
        )

    for outage in list_outages(session):
        causes[outage.name] = Blocked(
            instance=outage.name, title=outage.title, since=outage.since, cause="down"
        )

    if not causes:
        return {}

    on_hold = orders_on_manual_hold(session, ids)
    movable = [order_id for order_id in ids if order_id not in on_hold]
    waiting = waiting_instances(session, movable, list(causes))
    return {order_id: causes[instance] for order_id, instance in waiting.items()}


def orders_on_manual_hold(session: Session, ids: Sequence[UUID]) -> set[UUID]:
    """Return those of these orders that a person has put on hold."""
    query = "SELECT order_id FROM orders.order_state WHERE order_id = ANY(%s) AND manual_hold"
    return set(fetch_column(session, query, (list(ids),)))


def _with_money_text(row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {**row, **{name: money_text(row[name]) for name in names}}


_HAS_LINE = "EXISTS (SELECT FROM orders.order_line l WHERE l.order_id = o.id AND l.{} = %s)"
_HAS_TAG = "EXISTS (SELECT FROM orders.order_tag t WHERE t.order_id = o.id AND t.tag = lower(%s))"


def _conditions(chosen: OrderFilter) -> tuple[list[str], list[Any]]:
    """Return the conditions of a filter and their values."""
    conditions: list[str] = []
    values: list[Any] = []
    if chosen.search:
        searched = search_condition(chosen.search)
        conditions.append(searched.sql)
        values += searched.parameters

    for condition, value in (
        ("o.id = ANY(%s::uuid[])", list(chosen.ids)),
        ("s.state = %s", chosen.state),
        ("o.instance = %s", chosen.instance),
        ("o.origin = %s", chosen.origin),
        (_HAS_LINE.format("source"), chosen.source),
        (_HAS_LINE.format("product"), chosen.product),
        (_HAS_TAG, chosen.tag),
        ("o.placed_at >= %s", chosen.placed_from),
        ("o.placed_at < %s", chosen.placed_to),
    ):
        if value:
            conditions.append(condition)
            values.append(value)

    if chosen.manual_hold:
        conditions.append("s.manual_hold")

    if chosen.source_changed:
        conditions.append("o.source_changes IS NOT NULL")

    return conditions, values


def count_orders(session: Session) -> OrderCounts:
    """Return the number of orders by state, from the counters; every state is present."""
    flush_orders(session)
    rows = fetch(
        session,
        "SELECT state, attention, sum(orders)::bigint FROM orders.order_count_delta GROUP BY 1, 2",
    )
    states = {state.name: 0 for state in ORDER_TABLE.timeline()}

    attentions = {"manual_hold": 0, "failed": 0, "": 0}
    for state, attention, orders in rows:
        states[state] = states.get(state, 0) + orders
        attentions[attention] += orders

    return OrderCounts(
        states=states, manual_hold=attentions["manual_hold"], failed=attentions["failed"]
    )


_DETAIL = """
o.external_id, o.order_type, o.account, o.price_list, o.company, o.strategy,
o.customer, o.bill_to, o.ship_to, o.payment_status, o.note,
o.requested_delivery_date, o.subtotal, o.shipping_amount, o.discount_amount, o.tax_amount,
o.fees_amount, o.credit_amount, o.total_difference, o.source_changes
"""
_AMOUNTS = {
    "subtotal": "subtotal",
    "shipping": "shipping_amount",
    "fees": "fees_amount",
    "credit": "credit_amount",
    "discount": "discount_amount",
    "tax": "tax_amount",
    "total": "total_amount",
    "difference": "total_difference",
}
"""Columns of the amounts, by their names in the API."""


def get_order(
    session: Session,
    order_id: UUID,
    *,
    now: datetime,
    fulfillment: FulfillmentProgressPort = NO_FULFILLMENT_ORDERS,
) -> OrderDetail:
    """Return one order with its lines and the verdict on it. Raise `NotFound`."""
    flush_orders(session)
    flush_lines(session)
    rows: list[dict[str, Any]] = fetch_as(
        session, dict, f"SELECT {_ROW}, {_DETAIL} FROM {_ORDERS} WHERE o.id = %s", (order_id,)
    )
    if not rows:
        raise _no_order(order_id)

    order = rows[0]
    lines = _line_details(session, order_id, order["currency"])
    table = table_in_use(session, ORDER_TABLE)
    amounts = {name: money_text(order[column]) for name, column in _AMOUNTS.items()}
    order["source_changes"] = order["source_changes"] or []
    blocked = blocked_orders(session, [order_id]).get(order_id)
    units = order_units(lines)
    situation = OrderSituation(
        state=order["state"],
        reason=order["state_reason"],
        units=units,
        today=first_open_day(now),
        promised_on=_promised_on(order["requested_delivery_date"], lines),
        manual_hold=order["manual_hold"],
        hold=hold_facts(session, order_id) if order["manual_hold"] else None,
        failed=failed_step(session, order_id),
        blocked=blocked,
        waiting=waiting_facts(session, order_id),
        fulfillment=fulfillment.progress(session, order_id),
    )
    return OrderDetail(
        **_with_money_text(order, ("total_amount",)),
        amounts=Amounts(**amounts),
        state_label=table.state(order["state"]).label,
        progress=_progress(table, order["state"]),
        lines=lines,
        blocked=blocked,
        actions=allowed_actions(order["state"], manual_hold=order["manual_hold"], units=units),
        verdict=order_verdict(situation),
    )


def _promised_on(of_order: date | None, lines: Sequence[LineDetail]) -> date | None:
    """Return the first day that an order or one of its unfinished lines is requested for."""
    days = [of_order] if of_order else []
    for line in lines:
        if line.requested_delivery_date and line.state not in (COMPLETED, CANCELED):
            days.append(line.requested_delivery_date)

    return min(days, default=None)


def _no_order(order_id: UUID) -> NotFound:
    return NotFound(f"no order {order_id}", remedy="look it up in the list of orders")


def _progress(table: StateTable, state: str) -> list[ProgressStep]:
    """Return the states of the progress bar.

    On hold and canceled are shown only while the order is in that state.
    """
    current = table.state(state)
    steps: list[ProgressStep] = []
    for step in table.timeline():
        if step.name in (ON_HOLD, CANCELED) and step.name != state:
            continue

        passed = state != CANCELED and step.timeline_position < current.timeline_position
        steps.append(
            ProgressStep(
                state=step.name,
                label=step.label,
                position=step.timeline_position,
                reached=passed or step.name == state,
            )
        )

    return steps


_LINE_DETAILS = """
SELECT l.id, l.line_number, l.external_id, l.product, l.name, l.variant, l.unit, l.unit_decimals,
    l.quantity, l.unit_price, l.discount, l.tax, l.requested_delivery_date, l.state,
    l.state_reason, l.source, l.source_reason,
    l.in_fulfillment, l.shipped, l.canceled, l.returned, l.delivery, l.ship_to, w.available_on,
    w.expires_at
FROM orders.order_line l
LEFT JOIN orders.waiting_line w ON w.line_id = l.id AND w.state = 'waiting'
WHERE l.order_id = %s ORDER BY l.line_number
"""
_LINE_MONEY = ("unit_price", "discount", "tax", "total")
_LINE_QUANTITIES = ("quantity", "in_fulfillment", "shipped", "canceled", "returned")


def _line_details(session: Session, order_id: UUID, currency: str) -> list[LineDetail]:
    rows: list[dict[str, Any]] = fetch_as(session, dict, _LINE_DETAILS, (order_id,))
    table = table_in_use(session, LINE_TABLE)

    lines: list[LineDetail] = []
    for row in rows:
        decimals = row["unit_decimals"]
        price = round_money(row["unit_price"] * from_steps(row["quantity"], decimals), currency)
        row["total"] = price - row["discount"] + row["tax"]

        for name in _LINE_QUANTITIES:
            row[name] = quantity_number(row[name], decimals)

        row["variant"] = variant_fact(row["variant"])
        label = table.state(row["state"]).label
        lines.append(LineDetail(**_with_money_text(row, _LINE_MONEY), state_label=label))

    return lines


def list_lines(
    session: Session, *, ids: Sequence[UUID], order_number: str, limit: int = LINES_LIMIT
) -> list[OrderLineRow]:
    """Return lines by their ids, or all lines of the orders with a number."""
    condition = "l.id = ANY(%s::uuid[])"
    value: object = list(ids)
    if order_number:
        condition, value = "lower(o.number) = lower(%s)", order_number

    return fetch_as(
        session,
        OrderLineRow,
        "SELECT l.id AS line_id, o.id AS order_id, o.number AS order_number, l.line_number"
        " FROM orders.order_line l JOIN orders.order o ON o.id = l.order_id"
        f" WHERE {condition} ORDER BY o.number, l.line_number, l.id LIMIT %s",
        (value, limit),
    )


def order_timeline(
    session: Session, order_id: UUID, *, titles: Mapping[str, str], limit: int
) -> Timeline:
    """Return the events of an order and of what belongs to it, newest first. Raise `NotFound`.

    `titles` are the display titles of all events; an event without one is shown by its name.
    """
    numbers = fetch_column(session, "SELECT number FROM orders.order WHERE id = %s", (order_id,))
    if not numbers:
        raise _no_order(order_id)

    events: list[TimelineEvent] = []
    for event in timeline(session, [order_id], limit=limit):
        events.append(
            TimelineEvent(
                id=event.id,
                occurred_at=event.occurred_at,
                name=event.name,
                title=titles.get(event.name) or _words(event.name),
                subject_type=event.subject_type,
                subject_id=event.subject_id,
                subject_label=_subject_label(event, numbers[0]),
                actor=event.actor,
                data=event.data,
            )
        )

    return Timeline(events=events)


def _words(name: str) -> str:
    return name.replace(".", " ").replace("_", " ").capitalize()


def _subject_label(event: LoggedEvent, order_number: str) -> str:
    if event.subject_type == "order":
        return order_number
    data = event.data
    if event.subject_type == "order_line":
        label = f"Line {data.get('line_number', '')}: {data.get('product', '')}"
        return label.rstrip(": ")
    number = data.get("number") or data.get("tracking_number")
    return str(number or _words(event.subject_type))
