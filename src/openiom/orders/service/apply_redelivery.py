"""Deliveries of known orders: a duplicate, a change, or a cancellation by the source system."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import Event
from openiom.orders.changes.differences import patch_between
from openiom.orders.changes.records import NewChange, record_changes, touched_parts
from openiom.orders.changes.stored_values import read_facts, read_values
from openiom.orders.changes.values import OrderValue
from openiom.orders.decisions import customer_title, is_newer_delivery
from openiom.orders.events import order_event
from openiom.orders.fulfillment_port import FulfillmentPort
from openiom.orders.line_changes import LineDifference
from openiom.orders.locks import KnownOrder
from openiom.orders.promises import update_promises
from openiom.orders.schemas import ResolvedOrder
from openiom.orders.states import CANCELED, CANCELED_BY_SOURCE, COMPLETED, FULFILLED_BY_SOURCE
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import to_json_text
from openiom.platform.events import append_events
from openiom.provider_contract import IntakeResult

from .apply_lines import (
    Delivery,
    LinePlan,
    apply_line_plans,
    has_new_addresses,
    has_new_prices,
    plan_lines,
)
from .apply_withdrawal import (
    Differences,
    RequestedDisposition,
    apply_dispositions,
    store_differences,
)
from .recall_unsent import Obsolete, recall_obsolete
from .source_content import FIELDS_OBJECT
from .validate_documents import totals_of

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

_SOURCED_BY = ("shipping_method", "requested_delivery_date", "ship_to")
"""Fields on which the sources of an order depend."""

_SENT_TO_FULFILLERS = ("customer", "lines")
"""Contents of an order that payloads to fulfillers have, as they were when a call was queued."""

SEEN_BY_A_PERSON = ("ship_to", "shipping_method", "requested_delivery_date", "amounts")
"""Changes that a person must look at when they come too late, beside those of lines."""


def apply_redeliveries(
    session: Session,
    deliveries: Sequence[Delivery],
    now: datetime,
    actor: str,
    fulfillment: FulfillmentPort,
) -> dict[int, IntakeResult]:
    """Write the changes of known orders, and publish them; one result by index of the document."""
    changes: list[Delivery] = []
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
        _apply(session, changes, now, actor, fulfillment)

    return results


def _apply(
    session: Session,
    deliveries: Sequence[Delivery],
    now: datetime,
    actor: str,
    fulfillment: FulfillmentPort,
) -> None:
    """Apply fields, lines and what the source wants; store what comes too late."""
    order_ids = [known.id for known, _ in deliveries]
    values = read_values(session, order_ids, ())
    found = _order_changes(session, deliveries, fulfillment)
    obsolete = [change.obsolete for change in found]
    if recall_obsolete(session, obsolete, now, actor, fulfillment):
        found = _order_changes(session, deliveries, fulfillment)

    differences: Differences = {change.known.id: change.differences() for change in found}
    _update(session, found)
    append_events(session, _visible_events(found), at=now, actor=actor)
    for plan, refused in _apply_lines(session, found, now, actor):
        differences[plan.order_id] += map(plan.difference, refused)

    update_promises(session, list(differences))
    requested = [change.requested_disposition() for change in found]
    for order_id, more in apply_dispositions(session, requested, now, actor).items():
        differences[order_id] += more

    store_differences(session, differences)
    _record(session, found, values, now)


def _record(
    session: Session,
    changes: Sequence["_OrderChange"],
    before: Mapping[UUID, OrderValue],
    now: datetime,
) -> None:
    """Store what the sources have changed as changes of the orders."""
    following = [change.known for change in changes if change.plan.changeable]
    after = read_values(session, [known.id for known in following], ())
    differing: list[KnownOrder] = []
    products: set[str] = set()
    for known in following:
        value = after[known.id]
        if touched_parts(before[known.id], value):
            differing.append(known)
            products |= value.products | before[known.id].products

    if not differing:
        return

    facts = read_facts(session, products)
    recorded: list[NewChange] = []
    for known in differing:
        patch = patch_between(before[known.id], after[known.id], facts)
        if patch.operations:
            recorded.append(NewChange(patch, known.instance, "source"))
    record_changes(session, recorded, facts, now)


def _order_changes(
    session: Session, changes: Sequence[Delivery], fulfillment: FulfillmentPort
) -> list["_OrderChange"]:
    plans = plan_lines(session, changes, fulfillment)
    stored = _stored_fields(session, list(plans))
    found: list[_OrderChange] = []
    for known, _ in changes:
        found.append(_order_change(known, plans[known.id], stored[known.id]))
    return found


def _visible_events(changes: Iterable["_OrderChange"]) -> list[Event]:
    return [change.event() for change in changes if change.is_visible]


def _apply_lines(
    session: Session, changes: Iterable["_OrderChange"], now: datetime, actor: str
) -> list[tuple[LinePlan, list[LineDifference]]]:
    """Change the lines of orders that follow them; return the refused cancellations by plan."""
    following = {change.known.id: change.plan for change in changes if change.follows_lines}
    refused = apply_line_plans(session, list(following.values()), now, actor)
    return [(following[order_id], found) for order_id, found in refused.items()]


@dataclass(frozen=True, slots=True)
class _OrderChange:
    """What a delivery changes on one order, and the names of the fields it changes too late."""

    known: KnownOrder
    plan: LinePlan
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    not_applied: list[str]

    @property
    def document(self) -> ResolvedOrder:
        return self.plan.draft.document

    @property
    def is_over(self) -> bool:
        """Whether the order was complete or canceled before the delivery."""
        return self.known.state in (COMPLETED, CANCELED)

    @property
    def cancels(self) -> bool:
        """Whether the delivery cancels the whole order."""
        return self.document.disposition == "cancel" or self.plan.empties_order

    @property
    def follows_lines(self) -> bool:
        """Whether the lines of the order are changed one by one."""
        return not self.is_over and not self.cancels

    @property
    def obsolete(self) -> Obsolete:
        """What is planned for the order and does not fit the delivery any more."""
        if not self.follows_lines:
            return Obsolete(self.plan)

        changed = set(self.changed)
        is_redirected = has_new_addresses(self.plan) or not changed.isdisjoint(_SOURCED_BY)
        return Obsolete(
            self.plan,
            sources=is_redirected or self.plan.changes.needs_stock,
            documents=is_redirected
            or not changed.isdisjoint(_SENT_TO_FULFILLERS)
            or self.plan.changes_units,
        )

    @property
    def is_visible(self) -> bool:
        return bool(self.changed or self.not_applied)

    @property
    def changed(self) -> list[str]:
        names = [name for name in FIELDS if self.after[name] != self.before[name]]
        if self.plan.changeable and self.follows_lines:
            names += self._changed_contents()

        return names

    def _changed_contents(self) -> list[str]:
        names: list[str] = []
        if self.plan.changes or has_new_prices(self.plan):
            names.append("lines")
        if _amounts(self.document) != self.before["amounts"]:
            names.append("amounts")

        return names

    def differences(self) -> list[dict[str, Any]]:
        """Return the changes that a person must look at because they come too late."""
        if not self.follows_lines:
            return []

        found = [self.plan.difference(difference) for difference in self.plan.changes.differences]
        return found + self._late_fields()

    def _late_fields(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for name in SEEN_BY_A_PERSON:
            if name in self.not_applied:
                source = self._delivered(name)
                found.append({"what": name, "here": self.before[name], "source": source})
        return found

    def _delivered(self, name: str) -> Any:
        if name == "amounts":
            return _amounts(self.document)
        return self.document.model_dump(mode="json", include={name})[name]

    def requested_disposition(self) -> RequestedDisposition:
        """Return what the source wants done with the order."""
        if not self.cancels or self.document.disposition == "cancel":
            return RequestedDisposition(self.known, self.document.disposition)
        reason = FULFILLED_BY_SOURCE if self.plan.shipped_by_source else CANCELED_BY_SOURCE
        return RequestedDisposition(self.known, "cancel", reason)

    def event(self) -> Event:
        data: dict[str, Any] = {
            "number": self.document.number,
            "changed": self.changed,
            "not_applied": self.not_applied,
        }
        differences = self.differences()
        if differences:
            data["differences"] = differences

        return order_event("order.modified", self.known.id, data)


def _order_change(known: KnownOrder, plan: LinePlan, before: Mapping[str, Any]) -> _OrderChange:
    document = plan.draft.document
    delivered = document.model_dump(mode="json", include=set(FIELDS))
    changeable = FIELDS if plan.changeable else _ALWAYS

    after: dict[str, Any] = {}
    not_applied: list[str] = []
    known_to_source = plan.content.fields if plan.content else before
    for name in FIELDS:
        if name in changeable:
            after[name] = delivered[name]
            continue

        after[name] = before[name]
        if delivered[name] != known_to_source[name]:
            not_applied.append(name)

    not_applied += _late_contents(plan, before)
    return _OrderChange(known, plan, before, after, not_applied)


def _late_contents(plan: LinePlan, before: Mapping[str, Any]) -> list[str]:
    """Return which of lines and amounts the delivery changes too late."""
    names: list[str] = []
    if plan.changes.differences:
        names.append("lines")
    known_to_source = plan.content.fields if plan.content else before
    if not plan.changeable and _amounts(plan.draft.document) != known_to_source["amounts"]:
        names.append("amounts")
    return names


def _amounts(order: ResolvedOrder) -> dict[str, str]:
    """Return the amounts of an order as text with four decimals."""
    totals = totals_of(order)
    values = {
        "shipping": order.shipping_amount,
        "fees": order.fees_amount,
        "credit": order.credit_amount,
        "discount": order.discount_amount,
        "tax": totals.tax,
        "total": totals.total,
    }
    return {name: f"{value:.4f}" for name, value in values.items()}


def _stored_fields(session: Session, order_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return the fields of orders, and their amounts as `_amounts` returns them."""
    rows = fetch(
        session,
        f"SELECT id, {FIELDS_OBJECT} FROM orders.order o WHERE id = ANY(%s)",
        (list(order_ids),),
    )
    return dict(rows)


def _row(change: _OrderChange) -> dict[str, Any]:
    customer, ship_to = change.after["customer"], change.after["ship_to"]
    name = customer_title(
        customer["name"], customer["company"], ship_to["name"], ship_to["company"]
    )
    row = {
        **change.after,
        "id": change.known.id,
        "external_version": change.document.external_version,
        "digest": change.plan.draft.digest,
        "customer_name": name,
        "customer_email": customer["email"].lower(),
    }
    if not change.plan.changeable:
        return row

    totals = totals_of(change.document)
    amounts = _amounts(change.document)
    return row | {
        "subtotal": str(totals.subtotal),
        "total_difference": str(totals.difference),
        **{f"{name}_amount": value for name, value in amounts.items()},
    }


_UPDATE = """
UPDATE orders.order o SET external_status = d.external_status, payment_status = d.payment_status,
    note = d.note, shipping_method = d.shipping_method,
    requested_delivery_date = d.requested_delivery_date, customer = d.customer,
    bill_to = d.bill_to, ship_to = d.ship_to, external_version = d.external_version,
    digest = d.digest, customer_name = d.customer_name, customer_email = d.customer_email,
    subtotal = coalesce(d.subtotal, o.subtotal),
    shipping_amount = coalesce(d.shipping_amount, o.shipping_amount),
    fees_amount = coalesce(d.fees_amount, o.fees_amount),
    credit_amount = coalesce(d.credit_amount, o.credit_amount),
    discount_amount = coalesce(d.discount_amount, o.discount_amount),
    tax_amount = coalesce(d.tax_amount, o.tax_amount),
    total_amount = coalesce(d.total_amount, o.total_amount),
    total_difference = coalesce(d.total_difference, o.total_difference)
FROM jsonb_to_recordset(%s::jsonb) AS d(id uuid, external_status text, payment_status text,
    note text, shipping_method text, requested_delivery_date date, customer jsonb, bill_to jsonb,
    ship_to jsonb, external_version bigint, digest text, customer_name text, customer_email text,
    subtotal numeric, shipping_amount numeric, fees_amount numeric, credit_amount numeric,
    discount_amount numeric, tax_amount numeric, total_amount numeric, total_difference numeric)
WHERE o.id = d.id
"""


def _update(session: Session, changes: Sequence[_OrderChange]) -> None:
    execute(session, _UPDATE, (to_json_text([_row(change) for change in changes]),))
