"""Receive order documents, hundreds at a time."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy.orm import Session

from openiom.documents import plain_number
from openiom.kernel import Event, new_ids
from openiom.orders.decisions import Totals, customer_title
from openiom.orders.events import order_event
from openiom.orders.fulfillment_port import NO_FULFILLMENT_ORDERS, FulfillmentPort
from openiom.orders.locks import lock_known
from openiom.orders.order_batch import LockedOrder, order_batch
from openiom.orders.promises import promised_on
from openiom.orders.state_counts import Bucket, add_counts
from openiom.orders.states import (
    CANCEL,
    CANCELED,
    CANCELED_BY_SOURCE,
    CREATE,
    DELIVERED_DIGITALLY,
    FULFILLED_BY_SOURCE,
    ORDER_TABLE,
)
from openiom.platform.bulk import copy_rows
from openiom.platform.events import append_events
from openiom.platform.write_behind import savepoint
from openiom.provider_contract import InboundDocument, IntakeResult
from openiom.state_framework import Target, advance

from .apply_redelivery import apply_redeliveries
from .apply_withdrawal import apply_withdrawals
from .line_rows import LINE_COLUMNS, NewLine, new_lines
from .validate_documents import OrderDraft, check_documents, split_withdrawals, totals_of

_ATTEMPTS = 3


def _first_target(event: str) -> Target:
    target = advance(ORDER_TABLE, event=event, state=None)
    assert target is not None
    return target


_FIRST_TARGETS = {
    CREATE: _first_target(CREATE),
    CANCEL: _first_target(CANCEL),
    DELIVERED_DIGITALLY: _first_target(DELIVERED_DIGITALLY),
}


def receive_orders(
    session: Session,
    documents: Sequence[InboundDocument],
    now: datetime,
    actor: str,
    *,
    fulfillment: FulfillmentPort = NO_FULFILLMENT_ORDERS,
) -> list[IntakeResult]:
    """Receive order documents whose keys are our own names; one result each, in order.

    A new order is created and published as `order.created`. An order that its source had canceled
    or shipped before it arrived is stored as canceled and starts nothing, and one without goods is
    complete. A new order that is not to be fulfilled now is ignored. A known order is a duplicate,
    or a change of what may still be changed. A refused document does not stop the others; its
    result says what is wrong, where, and what to do.
    """
    withdrawals, whole = split_withdrawals(documents)
    drafts, results = check_documents(session, whole)
    results |= apply_withdrawals(session, withdrawals, now, actor)
    while drafts:
        distinct, drafts = _split_repeated(drafts)
        results |= _receive_distinct(session, distinct, now, actor, fulfillment)

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
    session: Session,
    drafts: Sequence[OrderDraft],
    now: datetime,
    actor: str,
    fulfillment: FulfillmentPort,
    *,
    attempt: int = 1,
) -> dict[int, IntakeResult]:
    """Receive documents of different orders.

    Another transaction may insert one of them first. Then it is a known order for a second attempt.
    """
    by_key = {draft.key: draft for draft in drafts}
    known = lock_known(session, list(by_key))
    redeliveries = [(order, by_key.pop(key)) for key, order in known.items()]
    new = [draft for draft in by_key.values() if draft.document.disposition in CREATING]
    results = _ignored(by_key.values())
    results |= apply_redeliveries(session, redeliveries, now, actor, fulfillment)

    try:
        with savepoint(session):
            return results | _create(session, new, now, actor)
    except UniqueViolation:
        if attempt == _ATTEMPTS:
            raise

        attempt += 1
        return results | _receive_distinct(session, new, now, actor, fulfillment, attempt=attempt)


CREATING = ("accept", "cancel")
"""Dispositions with which an order is stored that does not exist yet."""


def _ignored(drafts: Iterable[OrderDraft]) -> dict[int, IntakeResult]:
    """Return the results of orders that do not exist and are not to be fulfilled now."""
    results: dict[int, IntakeResult] = {}
    for draft in drafts:
        if draft.document.disposition not in CREATING:
            results[draft.index] = IntakeResult(ok=True, ignored=True)
    return results


@dataclass(slots=True)
class _NewOrder:
    """An order to insert, with its lines in the order of the document.

    Attributes:
        event: The event that creates the order.
        target: The first state of the order.
    """

    id: UUID
    draft: OrderDraft
    lines: Sequence[NewLine]
    totals: Totals
    event: str = field(init=False)
    target: Target = field(init=False)

    def __post_init__(self) -> None:
        self.event = self._first_event()
        self.target = _FIRST_TARGETS[self.event]
        if self.event == CANCEL:
            self.target = self.target._replace(reason=self._cancellation_reason())

    def _first_event(self) -> str:
        if all(line.canceled == line.quantity.steps for line in self.lines):
            return CANCEL
        if all(line.is_delivered or line.target.state == CANCELED for line in self.lines):
            return DELIVERED_DIGITALLY
        return CREATE

    def _cancellation_reason(self) -> str:
        canceled = self.draft.document.disposition == "cancel"
        shipped = any(line.quantity.shipped for line in self.lines)
        return FULFILLED_BY_SOURCE if shipped and not canceled else CANCELED_BY_SOURCE


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
        state_rows.append(_state_row(order, now))
        line_rows += [line.row() for line in order.lines]
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
        documents = draft.document.lines
        end = start + len(documents)
        canceled = draft.document.disposition == "cancel"
        lines = new_lines(
            order_id, line_ids[start:end], documents, draft.quantities, canceled=canceled
        )
        orders.append(_NewOrder(order_id, draft, lines, totals_of(draft.document)))
        start = end

    return orders


_STATE_COLUMNS = ("order_id", "state", "reason", "promised_on", "updated_at")


def _state_row(new: _NewOrder, now: datetime) -> tuple[Any, ...]:
    """Return the values of `_STATE_COLUMNS`."""
    day = promised_on(new.draft.document)
    return (new.id, new.target.state, new.target.reason, day, now)


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
        "fees_amount": order.fees_amount,
        "credit_amount": order.credit_amount,
        "discount_amount": order.discount_amount,
        "tax_amount": new.totals.tax,
        "total_amount": new.totals.total,
        "total_difference": new.totals.difference,
        "note": order.note,
        "customer_name": customer_title(
            order.customer.name,
            order.customer.company,
            order.ship_to.name,
            order.ship_to.company,
        ),
        "customer_email": order.customer.email.lower(),
        "customer": order.customer.model_dump_json(),
        "bill_to": order.bill_to.model_dump_json() if order.bill_to else None,
        "ship_to": order.ship_to.model_dump_json(),
        "line_count": len(order.lines),
    }


def _keep_in_batch(session: Session, new: Sequence[_NewOrder]) -> None:
    """Keep new orders for the rest of the transaction: no other one can see or lock them."""
    batch = order_batch(session)
    for one in new:
        state, reason = one.target
        batch.add_orders([LockedOrder(one.id, state, reason, False, None, None)])

        batch.add_lines([one.id], [line.locked() for line in one.lines])


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

    if new.event != CREATE:
        state, reason = new.target
        data |= {"reason": reason, "state": state, "state_reason": reason}

    return order_event(new.event, new.id, data)


def _event_lines(new: _NewOrder) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for new_line in new.lines:
        line = new_line.document
        data: dict[str, Any] = {
            "id": str(new_line.id),
            "product": line.product,
            "unit": line.unit,
            "quantity": plain_number(line.quantity),
        }
        variant = line.variant_values
        if variant:
            data["variant"] = variant

        lines.append(data)

    return lines
