"""Deliveries of known orders: a duplicate, a change, or a cancellation by the source system."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import Event
from openiom.orders.decisions import is_canceled_by_source, is_newer_delivery
from openiom.orders.events import order_event
from openiom.orders.locks import KnownOrder, lines_of_orders
from openiom.orders.schemas import ResolvedLine, ResolvedOrder
from openiom.orders.states import (
    CANCEL,
    CANCELED,
    CANCELED_BY_SOURCE,
    CANCELLATION_REQUESTED,
    OPEN,
)
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import to_json_text
from openiom.platform.events import append_events
from openiom.provider_contract import IntakeResult

from .apply_events import event_requests, raise_order_events
from .validate_documents import OrderDraft

_ALWAYS = ("external_status", "payment_status", "note")
_BEFORE_FULFILLMENT = (
    "shipping_method",
    "requested_delivery_date",
    "customer",
    "bill_to",
    "ship_to",
)
FIELDS = (*_ALWAYS, *_BEFORE_FULFILLMENT)
"""Fields of an order that a later delivery may change."""


def apply_redeliveries(
    session: Session, deliveries: Sequence[tuple[KnownOrder, OrderDraft]], now: datetime, actor: str
) -> dict[int, IntakeResult]:
    """Write the changes of known orders, and publish them; one result by index of the document."""
    changes: list[tuple[KnownOrder, OrderDraft]] = []
    results: dict[int, IntakeResult] = {}
    for known, draft in deliveries:
        newer = is_newer_delivery(
            known_version=known.external_version,
            known_digest=known.digest,
            version=draft.document.external_version,
            digest=draft.digest,
        )
        results[draft.index] = IntakeResult(ok=True, entity_id=str(known.id), duplicate=not newer)
        if newer:
            changes.append((known, draft))

    if changes:
        _change_fields(session, changes, now, actor)
        _cancel(session, changes, now, actor)

    return results


def _cancel(
    session: Session, changes: Sequence[tuple[KnownOrder, OrderDraft]], now: datetime, actor: str
) -> None:
    """Cancel orders that the source system reports as canceled.

    Of orders with units in fulfillment, or shipped in part, the cancellation is requested, so that
    a flow can recall what has not left; that of an order that owes nothing more is refused.
    """
    order_ids: list[UUID] = []
    for known, draft in changes:
        canceled = is_canceled_by_source(draft.document.external_status)
        if canceled and known.state != CANCELED:
            order_ids.append(known.id)

    requests = event_requests(order_ids, CANCEL, CANCELED_BY_SOURCE, upstream=True)
    outcomes = raise_order_events(session, requests, now, actor)

    owing = {line.order_id for line in lines_of_orders(session, order_ids) if line.owed}
    refusals: list[Event] = []
    for request, outcome in zip(requests, outcomes, strict=True):
        if not outcome.ok:
            is_late = request.entity_id not in owing
            name = "order.cancellation_refused" if is_late else CANCELLATION_REQUESTED
            refusals.append(order_event(name, request.entity_id, {"reason": outcome.reason}))

    append_events(session, refusals, at=now, actor=actor)


@dataclass(frozen=True, slots=True)
class _FieldChange:
    """The fields of one order before and after a delivery, and the names of those not applied."""

    order_id: UUID
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    not_applied: list[str]

    @property
    def changed(self) -> list[str]:
        return [name for name in FIELDS if self.after[name] != self.before[name]]


def _change_fields(
    session: Session, changes: Sequence[tuple[KnownOrder, OrderDraft]], now: datetime, actor: str
) -> None:
    stored = _stored_fields(session, [known.id for known, _ in changes])
    rows: list[dict[str, Any]] = []
    events: list[Event] = []
    for known, draft in changes:
        change = _field_change(known, draft.document, stored[known.id])
        rows.append(_row(change, draft))
        if change.changed or change.not_applied:
            data = {
                "number": draft.document.number,
                "changed": change.changed,
                "not_applied": change.not_applied,
            }
            events.append(order_event("order.modified", known.id, data))

    _update(session, rows)
    append_events(session, events, at=now, actor=actor)


def _stored_fields(session: Session, order_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return the fields of orders, with `lines` as `_line_content` returns them."""
    rows = fetch(
        session,
        "SELECT id, jsonb_build_object("
        " 'lines', (SELECT jsonb_agg(jsonb_build_array(l.external_id, l.product, l.unit,"
        " (l.quantity * power(10::numeric, -l.unit_decimals))::float8,"
        " l.variant) ORDER BY l.line_number) FROM orders.order_line l WHERE l.order_id = o.id),"
        " 'customer', customer, 'bill_to', bill_to, 'ship_to', ship_to,"
        " 'external_status', external_status, 'payment_status', payment_status, 'note', note,"
        " 'shipping_method', shipping_method, 'requested_delivery_date', requested_delivery_date)"
        " FROM orders.order o WHERE id = ANY(%s)",
        (list(order_ids),),
    )
    return dict(rows)


def _field_change(
    known: KnownOrder, document: ResolvedOrder, before: Mapping[str, Any]
) -> _FieldChange:
    delivered = document.model_dump(mode="json", include=set(FIELDS))
    changeable = FIELDS if known.state in OPEN else _ALWAYS

    after: dict[str, Any] = {}
    not_applied: list[str] = []
    for name in FIELDS:
        if name in changeable:
            after[name] = delivered[name]
            continue

        after[name] = before[name]
        if delivered[name] != before[name]:
            not_applied.append(name)

    lines = [_line_content(line) for line in document.lines]
    if lines != before["lines"]:
        not_applied.append("lines")

    return _FieldChange(known.id, before, after, not_applied)


def _line_content(line: ResolvedLine) -> list[Any]:
    """Return what is ordered with a line; a change of it is not applied."""
    quantity = float(line.quantity)
    return [line.external_id, line.product, line.unit, quantity, line.variant_values]


def _row(change: _FieldChange, draft: OrderDraft) -> dict[str, Any]:
    customer = change.after["customer"]
    name = customer["name"] or customer["company"] or change.after["ship_to"]["name"]
    return {
        **change.after,
        "id": change.order_id,
        "external_version": draft.document.external_version,
        "digest": draft.digest,
        "customer_name": name,
        "customer_email": customer["email"].lower(),
    }


_UPDATE = """
UPDATE orders.order o SET external_status = d.external_status, payment_status = d.payment_status,
    note = d.note, shipping_method = d.shipping_method,
    requested_delivery_date = d.requested_delivery_date, customer = d.customer,
    bill_to = d.bill_to, ship_to = d.ship_to, external_version = d.external_version,
    digest = d.digest, customer_name = d.customer_name, customer_email = d.customer_email
FROM jsonb_to_recordset(%s::jsonb) AS d(id uuid, external_status text, payment_status text,
    note text, shipping_method text, requested_delivery_date date, customer jsonb, bill_to jsonb,
    ship_to jsonb, external_version bigint, digest text, customer_name text, customer_email text)
WHERE o.id = d.id
"""


def _update(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    execute(session, _UPDATE, (to_json_text(rows),))
