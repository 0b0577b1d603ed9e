"""Receive order documents, hundreds at a time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy.orm import Session

from openiom.documents import plain_number
from openiom.kernel import Event, new_ids
from openiom.orders.decisions import LineAmounts, Totals, compute_totals, is_canceled_by_source
from openiom.orders.events import order_event
from openiom.orders.locks import lock_known
from openiom.orders.order_batch import LockedLine, LockedOrder, order_batch
from openiom.orders.schemas import ResolvedLine, ResolvedOrder
from openiom.orders.state_counts import Bucket, add_counts
from openiom.orders.states import (
    CANCEL,
    CANCELED_BY_SOURCE,
    CREATE,
    LINE_CANCELED,
    LINE_CREATED,
    LINE_TABLE,
    ORDER_TABLE,
)
from openiom.platform.bulk import copy_rows
from openiom.platform.database import to_json_text
from openiom.platform.events import append_events
from openiom.platform.write_behind import savepoint
from openiom.provider_contract import InboundDocument, IntakeResult
from openiom.state_framework import StateTable, Target, advance

from .apply_redelivery import apply_redeliveries
from .validate_documents import OrderDraft, check_documents

_ATTEMPTS = 3


def _first_target(table: StateTable, event: str) -> Target:
    target = advance(table, event=event, state=None)
    assert target is not None
    return target


_NEW_ORDER = _first_target(ORDER_TABLE, CREATE)
_NEW_LINE = _first_target(LINE_TABLE, LINE_CREATED)
_CANCELED_ORDER = _first_target(ORDER_TABLE, CANCEL)._replace(reason=CANCELED_BY_SOURCE)
_CANCELED_LINE = _first_target(LINE_TABLE, LINE_CANCELED)


def receive_orders(
    session: Session, documents: Sequence[InboundDocument], now: datetime, actor: str
) -> list[IntakeResult]:
    """Receive order documents whose keys are our own names; one result each, in order.

    A new order is created and published as `order.created`. An order that its source had canceled
    before it arrived is stored as canceled and starts nothing. A known order is a duplicate, or a
    change of what may still be changed. A refused document does not stop the others; its result
    says what is wrong, where, and what to do.
    """
    drafts, results = check_documents(session, documents)
    while drafts:
        distinct, drafts = _split_repeated(drafts)
        results |= _receive_distinct(session, distinct, now, actor)

    return [results[index] for index in range(len(documents))]


def _split_repeated(drafts: Sequence[OrderDraft]) -> tuple[list[OrderDraft], list[OrderDraft]]:
    """Return the first document of each order, and the others."""
    distinct: dict[tuple[str, str], OrderDraft] = {}
    repeated: list[OrderDraft] = []
    for draft in drafts:
        if distinct.setdefault(draft.key, draft) is not draft:
            repeated.append(draft)
    return list(distinct.values()), repeated


def _receive_distinct(
    session: Session, drafts: Sequence[OrderDraft], now: datetime, actor: str, *, attempt: int = 1
) -> dict[int, IntakeResult]:
    """Receive documents of different orders.

    Another transaction may insert one of them first. Then it is a known order for a second attempt.
    """
    by_key = {draft.key: draft for draft in drafts}
    known = lock_known(session, list(by_key))
    redeliveries = [(order, by_key.pop(key)) for key, order in known.items()]
    new = list(by_key.values())
    results = apply_redeliveries(session, redeliveries, now, actor)

    try:
        with savepoint(session):
            return results | _create(session, new, now, actor)
    except UniqueViolation:
        if attempt == _ATTEMPTS:
            raise

        return results | _receive_distinct(session, new, now, actor, attempt=attempt + 1)


@dataclass(frozen=True, slots=True)
class _NewOrder:
    """An order to insert, with the ids of its lines in the order of the document."""

    id: UUID
    draft: OrderDraft
    line_ids: Sequence[UUID]
    totals: Totals
    canceled: bool

    @property
    def target(self) -> Target:
        return _CANCELED_ORDER if self.canceled else _NEW_ORDER

    @property
    def line_target(self) -> Target:
        return _CANCELED_LINE if self.canceled else _NEW_LINE


def _create(
    session: Session, drafts: Sequence[OrderDraft], now: datetime, actor: str
) -> dict[int, IntakeResult]:
    if not drafts:
        return {}

    orders = _new_orders(drafts)
    order_rows: list[Sequence[Any]] = []
    state_rows: list[Sequence[Any]] = []
    line_rows: list[Sequence[Any]] = []
    counts: Counter[Bucket] = Counter()
    events: list[Event] = []
    results: dict[int, IntakeResult] = {}
    for order in orders:
        order_rows.append(tuple(_order_row(order, now).values()))
        state_rows.append((order.id, order.target.state, order.target.reason, now))
        line_rows += _line_rows(order)
        counts[order.target.state, ""] += 1
        events.append(_created_event(order))
        results[order.draft.index] = IntakeResult(ok=True, entity_id=str(order.id))

    copy_rows(session, "orders.order", tuple(_order_row(orders[0], now)), order_rows)
    copy_rows(session, "orders.order_state", _STATE_COLUMNS, state_rows)
    copy_rows(session, "orders.order_line", LINE_COLUMNS, line_rows)
    add_counts(session, counts)
    append_events(session, events, at=now, actor=actor)
    _keep_in_batch(session, orders)
    return results


def _new_orders(drafts: Sequence[OrderDraft]) -> list[_NewOrder]:
    order_ids = new_ids(len(drafts))
    line_ids = new_ids(sum(len(draft.document.lines) for draft in drafts))

    orders: list[_NewOrder] = []
    start = 0
    for order_id, draft in zip(order_ids, drafts, strict=True):
        end = start + len(draft.document.lines)
        orders.append(
            _NewOrder(
                order_id,
                draft,
                line_ids[start:end],
                _totals(draft.document),
                is_canceled_by_source(draft.document.external_status),
            )
        )
        start = end

    return orders


def _totals(order: ResolvedOrder) -> Totals:
    return compute_totals(
        [LineAmounts(x.quantity, x.unit_price, x.discount, x.tax) for x in order.lines],
        shipping=order.shipping_amount,
        discount=order.discount_amount,
        tax=order.tax_amount,
        stated_total=order.total_amount,
        currency=order.currency,
    )


_STATE_COLUMNS = ("order_id", "state", "reason", "updated_at")
LINE_COLUMNS = (
    "id",
    "order_id",
    "line_number",
    "external_id",
    "product",
    "name",
    "variant",
    "unit",
    "unit_decimals",
    "stock_per_step",
    "stock_decimals",
    "quantity",
    "unit_price",
    "discount",
    "tax",
    "requested_delivery_date",
    "state",
    "state_reason",
    "canceled",
)


def _order_row(new: _NewOrder, now: datetime) -> dict[str, Any]:
    """Return the columns of `orders.order` in one fixed order."""
    order = new.draft.document
    return {
        "id": new.id,
        "number": order.number,
        "instance": new.draft.instance,
        "external_id": order.external_id,
        "external_version": order.external_version,
        "external_status": order.external_status,
        "digest": new.draft.digest,
        "origin": order.origin,
        "order_type": order.order_type,
        "currency": order.currency,
        "account": order.account,
        "price_list": order.price_list,
        "placed_at": order.placed_at,
        "created_at": now,
        "requested_delivery_date": order.requested_delivery_date,
        "shipping_method": order.shipping_method,
        "payment_status": order.payment_status,
        "subtotal": new.totals.subtotal,
        "shipping_amount": order.shipping_amount,
        "discount_amount": order.discount_amount,
        "tax_amount": new.totals.tax,
        "total_amount": new.totals.total,
        "total_difference": new.totals.difference,
        "note": order.note,
        "customer_name": customer_name(order),
        "customer_email": order.customer.email.lower(),
        "customer": order.customer.model_dump_json(),
        "bill_to": order.bill_to.model_dump_json() if order.bill_to else None,
        "ship_to": order.ship_to.model_dump_json(),
        "line_count": len(order.lines),
    }


def customer_name(order: ResolvedOrder) -> str:
    """Return the name of the customer that lists show."""
    customer, ship_to = order.customer, order.ship_to
    return customer.name or customer.company or ship_to.name or ship_to.company


def _line_rows(new: _NewOrder) -> list[tuple[Any, ...]]:
    """Return the rows of `orders.order_line`, in the order of LINE_COLUMNS."""
    state, reason = new.line_target
    rows: list[tuple[Any, ...]] = []
    for number, line in enumerate(new.draft.document.lines, start=1):
        quantity = new.draft.quantities[number - 1]
        variant = line.variant_values
        rows.append(
            (
                new.line_ids[number - 1],
                new.id,
                number,
                line.external_id,
                line.product,
                line.name or line.product,
                to_json_text(variant) if variant else None,
                line.unit,
                quantity.unit.decimals,
                quantity.unit.stock_per_step,
                quantity.unit.stock_decimals,
                quantity.steps,
                line.unit_price,
                line.discount,
                line.tax,
                line.requested_delivery_date,
                state,
                reason,
                quantity.steps if new.canceled else 0,
            )
        )

    return rows


def _keep_in_batch(session: Session, new: Sequence[_NewOrder]) -> None:
    """Keep new orders for the rest of the transaction: no other one can see or lock them."""
    batch = order_batch(session)
    for one in new:
        state, reason = one.target
        batch.add_orders([LockedOrder(one.id, state, reason, False, None, None)])

        lines: list[LockedLine] = []
        for number, document in enumerate(one.draft.document.lines, start=1):
            lines.append(_locked_line(one, number, document))

        batch.add_lines([one.id], lines)


def _locked_line(new: _NewOrder, number: int, line: ResolvedLine) -> LockedLine:
    state, reason = new.line_target
    quantity = new.draft.quantities[number - 1]
    return LockedLine(
        id=new.line_ids[number - 1],
        order_id=new.id,
        line_number=number,
        product=line.product,
        unit=line.unit,
        quantity=quantity.steps,
        state=state,
        state_reason=reason,
        source=None,
        source_reason="",
        in_fulfillment=0,
        shipped=0,
        canceled=quantity.steps if new.canceled else 0,
        requested_delivery_date=line.requested_delivery_date,
        unit_decimals=quantity.unit.decimals,
        stock_per_step=quantity.unit.stock_per_step,
        stock_decimals=quantity.unit.stock_decimals,
        variant=line.variant_values,
    )


def _created_event(new: _NewOrder) -> Event:
    order = new.draft.document
    data: dict[str, Any] = {
        "number": order.number,
        "instance": new.draft.instance,
        "external_id": order.external_id,
        "origin": order.origin,
        "currency": order.currency,
        "total_amount": str(order.total_amount),
        "lines": _event_lines(new),
    }
    if new.totals.difference:
        data["total_difference"] = str(new.totals.difference)

    if not new.canceled:
        return order_event(CREATE, new.id, data)

    data["reason"] = _CANCELED_ORDER.reason
    data["state"] = _CANCELED_ORDER.state
    data["state_reason"] = _CANCELED_ORDER.reason
    return order_event(CANCEL, new.id, data)


def _event_lines(new: _NewOrder) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for line_id, line in zip(new.line_ids, new.draft.document.lines, strict=True):
        data: dict[str, Any] = {
            "id": str(line_id),
            "product": line.product,
            "unit": line.unit,
            "quantity": plain_number(line.quantity),
        }
        variant = line.variant_values
        if variant:
            data["variant"] = variant

        lines.append(data)

    return lines
