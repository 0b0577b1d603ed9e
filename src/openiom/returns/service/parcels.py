"""Parcels in which units come back, and the proof that customers sent them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import new_id
from openiom.platform.bulk import copy_rows
from openiom.provider_contract import Outcome
from openiom.returns.decisions import ReturnState
from openiom.returns.payment_refunds import PAYMENT_REFUNDS
from openiom.returns.progress import APPROVED, IN_TRANSIT, IN_TRANSIT_EVENT, LABEL_CREATED_EVENT
from openiom.returns.refund_port import RefundPort
from openiom.returns.return_batch import ReturnBatch
from openiom.returns.schemas import NewParcel

from .amounts import credit_returns

_COLUMNS = (
    "id",
    "carrier",
    "tracking_number",
    "tracking_url",
    "label_url",
    "recorded_at",
    "sent_at",
)


def record_parcel(
    session: Session,
    ids: Sequence[UUID],
    parcel: NewParcel,
    now: datetime,
    actor: str,
    *,
    refunds: RefundPort = PAYMENT_REFUNDS,
) -> list[Outcome]:
    """Record a parcel with the units of these return orders; one outcome per id.

    With the moment it was sent the returns are in transit, and what is refunded on the proof of
    sending is due.
    """
    batch = ReturnBatch.load(session, ids)
    outcomes = [_outcome(batch.returns.get(i)) for i in ids]
    accepted = [i for i, outcome in zip(ids, outcomes, strict=True) if outcome.ok]
    if accepted:
        insert_parcel(session, batch, accepted, accepted, parcel, now)
        credit_returns(session, batch, now, actor, refunds)

    batch.write(session, now, actor)
    return outcomes


def _outcome(order: ReturnState | None) -> Outcome:
    if order is None:
        return Outcome(False, "there is no such return order")
    if order.state not in (APPROVED, IN_TRANSIT):
        return Outcome(False, f"{order.number} is {order.state_reason.lower()}")
    return Outcome(True, f"recorded the parcel of {order.number}")


def insert_parcel(
    session: Session,
    batch: ReturnBatch,
    ids: Sequence[UUID],
    approved: Collection[UUID],
    parcel: NewParcel,
    now: datetime,
) -> None:
    """Insert a parcel of these returns; those that are approved move by it."""
    parcel_id = new_id()
    row = (
        parcel_id,
        parcel.carrier,
        parcel.tracking_number,
        parcel.tracking_url,
        parcel.label_url,
        now,
        parcel.sent_at,
    )
    copy_rows(session, "returns.return_parcel", _COLUMNS, [row])
    contents = [(parcel_id, return_id) for return_id in dict.fromkeys(ids)]
    columns = ("parcel_id", "return_order_id")
    copy_rows(session, "returns.return_parcel_content", columns, contents)

    data = {"carrier": parcel.carrier, "tracking_number": parcel.tracking_number}
    for return_id in approved:
        order = batch.returns[return_id]
        if parcel.sent_at:
            order.sent_at = order.sent_at or parcel.sent_at
            sent = {**data, "sent_at": parcel.sent_at.isoformat()}
            batch.move(order, IN_TRANSIT_EVENT, now, sent)
        elif order.state == APPROVED:
            batch.move(order, LABEL_CREATED_EVENT, now, data)
