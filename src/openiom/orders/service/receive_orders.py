"""Receive order documents, hundreds at a time."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy.orm import Session

from openiom.documents import plain_number
from openiom.kernel import Event, new_ids
from openiom.orders.events import order_event
from openiom.orders.fulfillment_port import NO_FULFILLMENT_ORDERS, FulfillmentPort
from openiom.orders.locks import lock_known
from openiom.orders.new_lines import new_lines
from openiom.orders.new_orders import NewOrder
from openiom.orders.order_batch import order_batch
from openiom.orders.payment_port import NO_PAYMENTS, PaymentPort, StatedPayments
from openiom.orders.states import CANCEL, CREATE
from openiom.platform.events import append_events
from openiom.platform.write_behind import savepoint
from openiom.provider_contract import InboundDocument, IntakeResult

from .apply_redelivery import apply_redeliveries
from .apply_withdrawal import apply_withdrawals
from .validate_documents import OrderDraft, check_documents, split_withdrawals, totals_of

_ATTEMPTS = 3


class _Ports(NamedTuple):
    """What other packages contribute to the intake of orders."""

    fulfillment: FulfillmentPort
    payments: PaymentPort


def receive_orders(
    session: Session,
    documents: Sequence[InboundDocument],
    now: datetime,
    actor: str,
    *,
    fulfillment: FulfillmentPort = NO_FULFILLMENT_ORDERS,
    payments: PaymentPort = NO_PAYMENTS,
) -> list[IntakeResult]:
    """Receive order documents whose keys are our own names; one result each, in order.

    A new order is created and published as `order.created`. An order that its source had canceled
    or shipped before it arrived is stored as canceled and starts nothing, and one without goods is
    complete. A new order that is not to be fulfilled now is ignored. A known order is a duplicate,
    or a change of what may still be changed. A refused document does not stop the others; its
    result says what is wrong, where, and what to do.
    """
    ports = _Ports(fulfillment, payments)
    withdrawals, whole = split_withdrawals(documents)
    drafts, results = check_documents(session, whole)
    results |= apply_withdrawals(session, withdrawals, now, actor)
    while drafts:
        distinct, drafts = _split_repeated(drafts)
        results |= _receive_distinct(session, distinct, now, actor, ports)

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
    ports: _Ports,
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
    results |= apply_redeliveries(session, redeliveries, now, actor, ports.fulfillment)
    newer = [
        (order.id, draft) for order, draft in redeliveries if not results[draft.index].duplicate
    ]
    _record_payments(session, newer, now, actor, ports.payments)

    try:
        with savepoint(session):
            return results | _create(session, new, now, actor, ports.payments)
    except UniqueViolation:
        if attempt == _ATTEMPTS:
            raise

        attempt += 1
        return results | _receive_distinct(session, new, now, actor, ports, attempt=attempt)


CREATING = ("accept", "cancel")
"""Dispositions with which an order is stored that does not exist yet."""


def _ignored(drafts: Iterable[OrderDraft]) -> dict[int, IntakeResult]:
    """Return the results of orders that do not exist and are not to be fulfilled now."""
    results: dict[int, IntakeResult] = {}
    for draft in drafts:
        if draft.document.disposition not in CREATING:
            results[draft.index] = IntakeResult(ok=True, ignored=True)
    return results


def _create(
    session: Session,
    drafts: Sequence[OrderDraft],
    now: datetime,
    actor: str,
    payments: PaymentPort,
) -> dict[int, IntakeResult]:
    """Create orders, in this transaction's batch: no other transaction can see or lock them."""
    orders = _new_orders(drafts, now)
    order_batch(session).add_new(orders, now)

    results: dict[int, IntakeResult] = {}
    for draft, order in zip(drafts, orders, strict=True):
        results[draft.index] = IntakeResult(ok=True, entity_id=str(order.id))

    append_events(session, [_created_event(order) for order in orders], at=now, actor=actor)
    started = zip(orders, drafts, strict=True)
    paid = [(order.id, draft) for order, draft in started if order.event != CANCEL]
    _record_payments(session, paid, now, actor, payments)
    return results


def _record_payments(
    session: Session,
    drafts: Iterable[tuple[UUID, OrderDraft]],
    now: datetime,
    actor: str,
    payments: PaymentPort,
) -> None:
    """Record the payments of the orders that have any.

    Nothing is captured here for an order that its source canceled, or shipped itself, before.
    """
    stated: list[StatedPayments] = []
    for order_id, draft in drafts:
        document = draft.document
        if document.payments:
            stated.append(StatedPayments(order_id, document.currency, document.payments))

    if stated:
        payments.record(session, stated, now, actor)


def _new_orders(drafts: Sequence[OrderDraft], now: datetime) -> list[NewOrder]:
    order_ids = new_ids(len(drafts))
    line_ids = new_ids(sum(len(draft.document.lines) for draft in drafts))

    orders: list[NewOrder] = []
    start = 0
    for order_id, draft in zip(order_ids, drafts, strict=True):
        document = draft.document
        end = start + len(document.lines)
        canceled = document.disposition == "cancel"
        lines = new_lines(
            order_id, line_ids[start:end], document.lines, draft.quantities, canceled=canceled
        )
        totals = totals_of(document)
        orders.append(
            NewOrder(order_id, draft.instance, draft.digest, document, lines, totals, now)
        )
        start = end

    return orders


def _created_event(new: NewOrder) -> Event:
    order = new.document
    data: dict[str, Any] = {
        "number": order.number,
        "instance": new.instance,
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


def _event_lines(new: NewOrder) -> list[dict[str, Any]]:
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
