"""Approve, refuse, cancel, close and expire return orders. Each takes many."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import TransitionRefused
from openiom.orders import UnitsOfReturn
from openiom.platform.bulk import fetch_column
from openiom.platform.database import Database
from openiom.provider_contract import Outcome
from openiom.returns.decisions import ReturnState, cancel_rest, close_refusal
from openiom.returns.payment_refunds import PAYMENT_REFUNDS
from openiom.returns.progress import (
    APPROVED_EVENT,
    CANCELED,
    CANCELED_EVENT,
    CLOSED_EVENT,
    EXPIRED_EVENT,
    LABEL_REQUESTED_EVENT,
    REFUSED,
    REFUSED_EVENT,
)
from openiom.returns.refund_port import RefundPort
from openiom.returns.return_batch import ReturnBatch

from .amounts import charge_missing, credit_returns

EXPIRY_BATCH = 500
_EXPIRED = """
SELECT id FROM returns.return_order
WHERE state IN ('approved', 'in_transit', 'partially_received') AND deadline < %s
ORDER BY deadline, id LIMIT %s
"""


def approve_returns(
    session: Session,
    ids: Sequence[UUID],
    now: datetime,
    actor: str,
    *,
    reason: str = "",
    refunds: RefundPort = PAYMENT_REFUNDS,
) -> list[Outcome]:
    """Approve requested returns; one outcome per id. Advanced exchanges are placed at once."""
    batch = ReturnBatch.load(session, ids)
    outcomes = [_move(batch, i, APPROVED_EVENT, now, reason) for i in ids]
    credit_returns(session, batch, now, actor, refunds)
    batch.write(session, now, actor)
    return outcomes


def refuse_returns(
    session: Session, ids: Sequence[UUID], now: datetime, actor: str, *, reason: str = ""
) -> list[Outcome]:
    """Refuse requested returns; one outcome per id. Their units may be returned again."""
    return _end(session, ids, REFUSED_EVENT, now, actor, reason)


def cancel_returns(
    session: Session, ids: Sequence[UUID], now: datetime, actor: str, *, reason: str = ""
) -> list[Outcome]:
    """Cancel returns of which nothing has come back; one outcome per id."""
    return _end(session, ids, CANCELED_EVENT, now, actor, reason)


def request_labels(
    session: Session, ids: Sequence[UUID], now: datetime, actor: str, *, reason: str = ""
) -> list[Outcome]:
    """Request labels for approved returns; one outcome per id."""
    batch = ReturnBatch.load(session, ids)
    outcomes = [_move(batch, i, LABEL_REQUESTED_EVENT, now, reason) for i in ids]
    batch.write(session, now, actor)
    return outcomes


def close_returns(
    session: Session,
    ids: Sequence[UUID],
    now: datetime,
    actor: str,
    *,
    reason: str = "",
    refunds: RefundPort = PAYMENT_REFUNDS,
) -> list[Outcome]:
    """Close returns whose units are inspected; one outcome per id. The rest may be returned again.

    Units of an advanced exchange that did not come back are charged.
    """
    batch = ReturnBatch.load(session, ids)
    outcomes: list[Outcome] = []
    missing: dict[UUID, dict[UUID, int]] = {}
    for return_id in ids:
        order = batch.returns.get(return_id)
        refusal = close_refusal(order) if order else "there is no such return order"
        if refusal or order is None:
            outcomes.append(Outcome(False, refusal))
            continue
        _end_rest(batch, order, missing)
        outcomes.append(_move(batch, return_id, CLOSED_EVENT, now, reason))

    charge_missing(session, batch, missing, now)
    credit_returns(session, batch, now, actor, refunds)
    batch.write(session, now, actor)
    return outcomes


def expire_returns(
    session: Session, today: date, now: datetime, actor: str, *, limit: int = EXPIRY_BATCH
) -> int:
    """End returns whose goods did not come by their deadline; return how many there were.

    What came is kept. Units of an advanced exchange that did not come are charged.
    """
    ids = fetch_column(session, _EXPIRED, (today, limit))
    batch = ReturnBatch.load(session, ids)
    missing: dict[UUID, dict[UUID, int]] = {}
    expired = 0
    for order in batch.returns.values():
        if any(line.uninspected for line in order.lines.values()):
            continue
        if _move(batch, order.id, EXPIRED_EVENT, now, "").ok:
            _end_rest(batch, order, missing)
            expired += 1

    charge_missing(session, batch, missing, now)
    credit_returns(session, batch, now, actor, PAYMENT_REFUNDS)
    batch.write(session, now, actor)
    return expired


def expire_overdue(database: Database, now: datetime) -> None:
    """Expire all returns that are overdue, a batch at a time."""
    expired = EXPIRY_BATCH
    while expired == EXPIRY_BATCH:
        with database.unit_of_work() as session:
            expired = expire_returns(session, now.date(), now, "system")


def _end_rest(batch: ReturnBatch, order: ReturnState, missing: dict[UUID, dict[UUID, int]]) -> None:
    """Stop expecting the rest of a return, and note what of it was credited in advance."""
    lacking: dict[UUID, int] = {}
    for line in order.lines.values():
        steps = line.credited - line.received
        if steps > 0:
            lacking[line.id] = steps
    if lacking:
        missing[order.id] = lacking

    _release(batch, cancel_rest(order))


def _release(batch: ReturnBatch, steps: Mapping[UUID, int]) -> None:
    """Let units be returned again that are not expected any more."""
    for order_line_id, count in steps.items():
        batch.count(order_line_id, UnitsOfReturn(expected=-count))


def _end(
    session: Session, ids: Sequence[UUID], event: str, now: datetime, actor: str, reason: str
) -> list[Outcome]:
    batch = ReturnBatch.load(session, ids)
    missing: dict[UUID, dict[UUID, int]] = {}
    outcomes: list[Outcome] = []
    for return_id in ids:
        outcome = _move(batch, return_id, event, now, reason)
        outcomes.append(outcome)
        order = batch.returns.get(return_id)
        if outcome.ok and order is not None and order.state in (REFUSED, CANCELED):
            _end_rest(batch, order, missing)

    charge_missing(session, batch, missing, now)
    batch.write(session, now, actor)
    return outcomes


def _move(batch: ReturnBatch, return_id: UUID, event: str, now: datetime, reason: str) -> Outcome:
    """Move a return order by an event; refused transitions change nothing."""
    order = batch.returns.get(return_id)
    if order is None:
        return Outcome(False, f"there is no return order {return_id}")
    try:
        batch.move(order, event, now, reason=reason)
    except TransitionRefused as refusal:
        return Outcome(False, f"{order.number}: {refusal.what}")
    return Outcome(True, f"{order.number}: {order.state_reason}")
