"""Undo a change of an order by applying its stored inverse."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import NotFound
from openiom.orders.changes.patches import read_operations
from openiom.orders.changes.records import read_changes
from openiom.orders.changes.undo import check_undo
from openiom.orders.fulfillment_port import FulfillmentPort

from .apply_changes import ChangeOutcome, ChangeRequest, apply_to_locked, lock_values, no_order


def undo_change(
    session: Session,
    order_id: UUID,
    change_id: UUID,
    now: datetime,
    actor: str,
    fulfillment: FulfillmentPort,
) -> ChangeOutcome:
    """Apply the inverse of a change. Raise `Refused` with the lawful inverse where it is too late.

    It is too late when units of what it touched have shipped or are at a fulfiller, and when a
    later change touched the same.
    """
    locked = lock_values(session, [order_id], fulfillment)
    value = locked.values.get(order_id)
    if value is None:
        raise no_order(order_id)

    changes = read_changes(session, [order_id])
    found = [change for change in changes if change.id == change_id]
    if not found:
        raise NotFound(f"no change {change_id}", remedy="look it up among the changes of the order")

    change = found[0]
    check_undo(change, changes, value)
    inverse = read_operations(change.inverse)
    reason = f"Undo of change {change.number}"
    request = ChangeRequest(order_id, inverse, reason, undoes=change.id)
    [outcome] = apply_to_locked(session, [request], locked, now, actor, fulfillment)
    if outcome.refusal is not None:
        raise outcome.refusal
    return outcome
