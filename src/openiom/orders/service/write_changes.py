"""Write decided patches: recall what is planned, change fields and lines, and source again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.documents import AddressDocument, VariantDocument
from openiom.kernel import Refused, from_steps, new_ids, sorted_ids
from openiom.master_data import LineUnit
from openiom.orders.changes.money import derive_money
from openiom.orders.changes.patches import DecidedPatch
from openiom.orders.changes.sourcing_effects import is_redirected, needs_more_stock
from openiom.orders.changes.values import LineValue, OrderValue
from openiom.orders.decisions import customer_title
from openiom.orders.fulfillment_port import FulfillmentPort, UnsentLine
from openiom.orders.line_quantities import LineQuantity
from openiom.orders.locked_rows import LockedOrder
from openiom.orders.locks import lines_of_orders, lock_lines, lock_orders
from openiom.orders.new_lines import NewLine
from openiom.orders.order_batch import order_batch
from openiom.orders.schemas import ResolvedLine
from openiom.orders.states import (
    BACKORDER,
    IN_FULFILLMENT,
    NO_CAPACITY,
    NOT_SOURCED,
    ON_HOLD,
    PREORDER,
)
from openiom.platform.bulk import execute
from openiom.platform.database import to_json_text
from openiom.provider_contract import EventRequest

from .apply_events import raise_order_events
from .hold_cancel import LineCancellation, cancel_lines
from .line_fulfillment import declined_event, group_by_order
from .line_writes import grow_lines, insert_lines, mark_removed, shrink_lines, write_line_fields
from .recall_unsent import is_sourced, recall_planned

CHANGED_BY_PERSON = "changed by a person"
_WAITED_FOR_STOCK = (BACKORDER, PREORDER, NOT_SOURCED, NO_CAPACITY)


@dataclass(slots=True)
class LineEdits:
    """What patches do to lines: steps to add and to cancel by line, and what is written."""

    added: list[NewLine] = field(default_factory=list)
    grown: dict[UUID, int] = field(default_factory=dict)
    canceled: dict[UUID, int] = field(default_factory=dict)
    removed: set[UUID] = field(default_factory=set)
    written: list[dict[str, Any]] = field(default_factory=list)
    redirected: set[UUID] = field(default_factory=set)
    changed: set[UUID] = field(default_factory=set)

    @property
    def shrunk(self) -> dict[UUID, int]:
        """The canceled steps of lines that stay."""
        return {i: steps for i, steps in self.canceled.items() if i not in self.removed}


def write_patches(
    session: Session,
    patches: Sequence[DecidedPatch],
    unsent: Sequence[UnsentLine],
    now: datetime,
    actor: str,
    fulfillment: FulfillmentPort,
) -> None:
    """Write patches of locked orders. Lines are added before others are canceled."""
    edits = line_edits(patches)
    growing = {patch.after.id for patch in patches if needs_more_stock(patch)}
    recalled = [line for line in unsent if line.order_line_id in edits.changed]
    freed = _lines_to_free(session, growing, edits)
    returned = _orders_of(session, [line.order_line_id for line in recalled] + freed)
    recall_planned(
        session,
        {line.fulfillment_order_id for line in recalled},
        freed,
        now,
        actor,
        fulfillment,
        reason=CHANGED_BY_PERSON,
    )

    _write_orders(session, patches)
    order_ids = [patch.after.id for patch in patches]
    batch = order_batch(session)
    batch.flush_lines(session)
    insert_lines(session, edits.added, now, actor)
    grow_lines(session, edits.grown)
    batch.expire_lines(order_ids)
    _cancel(session, edits, now, actor)
    batch.flush_lines(session)
    write_line_fields(session, edits.written)
    shrink_lines(session, edits.shrunk)
    mark_removed(session, edits.removed)
    batch.expire_lines(order_ids)
    _return_to_flow(session, sorted_ids(growing - returned), now, actor)


def _lines_to_free(session: Session, growing: Iterable[UUID], edits: LineEdits) -> list[UUID]:
    """Return the sourced lines that are sourced once more.

    These are the lines that go elsewhere, and all of an order that needs more stock.
    """
    _, redirected = lock_lines(session, edits.redirected)
    lines = {line.id: line for line in lines_of_orders(session, growing)} | redirected
    return [line.id for line in lines.values() if is_sourced(line)]


def _orders_of(session: Session, line_ids: Sequence[UUID]) -> set[UUID]:
    _, lines = lock_lines(session, line_ids)
    return {line.order_id for line in lines.values()}


def line_edits(patches: Sequence[DecidedPatch]) -> LineEdits:
    """Return what patches do to the lines of their orders."""
    edits = LineEdits()
    for patch in patches:
        known = {line.line_number for line in patch.before.lines}
        added = [line for line in patch.after.lines if line.line_number not in known]
        edits.added += _new_lines(patch.after, added)
        _add_edits(edits, patch)
    return edits


def _add_edits(edits: LineEdits, patch: DecidedPatch) -> None:
    after = {line.line_number: line for line in patch.after.lines}
    for line in patch.before.lines:
        changed = after.get(line.line_number)
        if changed is None:
            _remove(edits, line)
        else:
            _edit(edits, patch, line, changed)


def _remove(edits: LineEdits, line: LineValue) -> None:
    assert line.id is not None
    edits.changed.add(line.id)
    edits.removed.add(line.id)
    edits.canceled[line.id] = line.changeable


def _edit(edits: LineEdits, patch: DecidedPatch, line: LineValue, changed: LineValue) -> None:
    assert line.id is not None
    if is_redirected(patch, line, changed):
        edits.changed.add(line.id)
        edits.redirected.add(line.id)
    if line.content() == changed.content():
        return

    edits.changed.add(line.id)
    more = changed.quantity - line.quantity
    if more > 0:
        edits.grown[line.id] = more
    elif more < 0:
        edits.canceled[line.id] = -more
    edits.written.append(
        {
            "id": line.id,
            "unit_price": str(changed.unit_price),
            "discount": str(changed.discount),
            "tax": str(changed.tax),
            "name": changed.name,
            "ship_to": changed.ship_to,
            "requested_delivery_date": changed.requested_date,
        }
    )


def _new_lines(order: OrderValue, added: Sequence[LineValue]) -> Iterator[NewLine]:
    for line_id, line in zip(new_ids(len(added)), added, strict=True):
        document = ResolvedLine(
            external_id=line.external_id,
            product=line.product,
            unit=line.unit,
            name=line.name,
            quantity=from_steps(line.quantity, line.steps.decimals),
            delivery=line.delivery,
            ship_to=AddressDocument(**line.ship_to) if line.ship_to else None,
            pickup_source=line.pickup_source or None,
            variant=VariantDocument(**dict(line.variant)) if line.variant else None,
            unit_price=line.unit_price,
            tax=line.tax,
            requested_delivery_date=line.requested_date,
        )
        # What rounding leaves of a line that was divided may be a discount below zero.
        discounted = document.model_copy(update={"discount": line.discount})
        quantity = LineQuantity(line.quantity, LineUnit(*line.steps))
        yield NewLine(line_id, order.id, line.line_number, discounted, quantity)


def _cancel(session: Session, edits: LineEdits, now: datetime, actor: str) -> None:
    """Cancel what is not ordered any more; the open units were made sure of by the decision."""
    if not edits.canceled:
        return

    _, lines = lock_lines(session, edits.canceled)
    requests: list[LineCancellation] = []
    for line_id, count in edits.canceled.items():
        requests.append(LineCancellation(line_id, lines[line_id].units(count)))

    for outcome in cancel_lines(session, requests, now, actor, reason=CHANGED_BY_PERSON):
        if not outcome.ok:
            raise Refused(outcome.reason, where="lines", remedy="preview the change again")


_UPDATE_ORDERS = """
UPDATE orders.order o SET shipping_method = d.shipping_method,
    requested_delivery_date = d.requested_delivery_date, bill_to = d.bill_to, ship_to = d.ship_to,
    customer_name = coalesce(nullif(o.customer->>'name', ''), nullif(o.customer->>'company', ''),
        d.recipient),
    subtotal = d.subtotal, shipping_amount = d.shipping_amount, discount_amount = d.discount_amount,
    tax_amount = d.tax_amount, total_amount = d.total_amount, goodwill_amount = d.goodwill_amount
FROM jsonb_to_recordset(%s::jsonb) AS d(id uuid, shipping_method text,
    requested_delivery_date date, bill_to jsonb, ship_to jsonb, recipient text, subtotal numeric,
    shipping_amount numeric, discount_amount numeric, tax_amount numeric, total_amount numeric,
    goodwill_amount numeric)
WHERE o.id = d.id
"""


def _write_orders(session: Session, patches: Sequence[DecidedPatch]) -> None:
    order_batch(session).flush_new(session)
    rows = [_order_row(patch.after) for patch in patches]
    execute(session, _UPDATE_ORDERS, (to_json_text(rows),))


def _order_row(value: OrderValue) -> dict[str, Any]:
    money = derive_money(value)
    ship_to: Mapping[str, Any] = value.ship_to
    recipient = customer_title("", "", ship_to.get("name", ""), ship_to.get("company", ""))
    return {
        "id": value.id,
        "shipping_method": value.shipping_method,
        "requested_delivery_date": value.requested_date,
        "bill_to": value.bill_to,
        "ship_to": ship_to,
        "recipient": recipient,
        "subtotal": str(money.lines),
        "shipping_amount": str(money.shipping),
        "discount_amount": str(money.discount),
        "tax_amount": str(money.tax),
        "total_amount": str(money.total),
        "goodwill_amount": str(money.goodwill),
    }


def _return_to_flow(session: Session, order_ids: Sequence[UUID], now: datetime, actor: str) -> None:
    """Let the flows of orders source what was added, where they have sourced before."""
    orders = lock_orders(session, order_ids)
    requests: list[EventRequest] = []
    for order_id, lines in group_by_order(lines_of_orders(session, order_ids)).items():
        if _was_sourced(orders[order_id]):
            event = declined_event(lines)
            requests.append(EventRequest(order_id, event, reason=CHANGED_BY_PERSON))
    raise_order_events(session, requests, now, actor)


def _was_sourced(order: LockedOrder) -> bool:
    """Return whether the flow of an order has tried to source it."""
    state = order.state_before_hold
    reason = order.previous_reason if order.manual_hold else order.reason
    return state == IN_FULFILLMENT or (state == ON_HOLD and reason in _WAITED_FOR_STOCK)
