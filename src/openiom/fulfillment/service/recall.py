"""Recall fulfillment orders, and record what their fulfillers answered. Each takes many."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.fulfillment.decisions import (
    FulfillmentOrderState,
    UpdateEffect,
    accept_recall,
    refuse_recall,
    request_recall,
    withdraw_recall,
)
from openiom.fulfillment.progress import ENDED, NEW
from openiom.kernel import Problem
from openiom.orchestration import withdraw_calls
from openiom.orders import cancel_lines, lock_orders, open_lines_of
from openiom.platform.bulk import fetch
from openiom.provider_contract import Outcome

from .update_batch import FulfillmentBatch

RecallAnswer = Literal["accepted", "refused", "withdrawn"]
UnitsAfterRecall = Literal["source_again", "cancel"]
ENTITY = "fulfillment_order"

Decision = Callable[[FulfillmentOrderState], UpdateEffect | Problem]
_ANSWERS: dict[RecallAnswer, Decision] = {
    "accepted": accept_recall,
    "refused": refuse_recall,
    "withdrawn": withdraw_recall,
}


def recall_fulfillment_orders(
    session: Session,
    ids: Sequence[UUID],
    now: datetime,
    actor: str,
    *,
    units: UnitsAfterRecall | None = None,
    reason: str = "",
) -> list[Outcome]:
    """Take fulfillment orders back; one outcome per id.

    One that its fulfiller does not have is canceled at once. Of another one the cancellation is
    requested: `fulfillment_order.cancellation_requested` starts the flow that asks its fulfiller.
    `units` says whether what comes back is sourced again or canceled; None keeps what an earlier
    recall said.
    """
    in_flight = _withdraw_calls(session, ids, now)
    batch = FulfillmentBatch.load(session, ids)

    def decide(order: FulfillmentOrderState) -> UpdateEffect | Problem:
        wanted = units or order.recalled_units or "source_again"
        return request_recall(order, wanted, in_flight=order.id in in_flight, reason=reason)

    return _apply(session, batch, ids, decide, now, actor, reason=reason)


def answer_recalls(
    session: Session,
    ids: Sequence[UUID],
    answer: RecallAnswer,
    now: datetime,
    actor: str,
    *,
    reason: str = "",
) -> list[Outcome]:
    """Record what fulfillers answered to recalls, or withdraw these; one outcome per id."""
    batch = FulfillmentBatch.load(session, ids)
    return _apply(session, batch, ids, _ANSWERS[answer], now, actor, reason=reason)


def recall_orders(
    session: Session,
    order_ids: Sequence[UUID],
    now: datetime,
    actor: str,
    *,
    units: UnitsAfterRecall | None = None,
    reason: str = "",
) -> list[Outcome]:
    """Recall every fulfillment order of these orders that has not ended; one outcome per order.

    With `cancel` the units that are in no fulfillment order are canceled as well.
    """
    lock_orders(session, order_ids)
    fulfillment_orders = _unfinished(session, order_ids)
    ids: list[UUID] = []
    for order_id in order_ids:
        ids += fulfillment_orders.get(order_id, ())

    outcomes = recall_fulfillment_orders(session, ids, now, actor, units=units, reason=reason)
    by_id = dict(zip(ids, outcomes, strict=True))
    canceled: set[UUID] = set()
    if units == "cancel":
        canceled = _cancel_open_lines(session, order_ids, now, actor, reason=reason)

    results: list[Outcome] = []
    for order_id in order_ids:
        recalled = [by_id[i] for i in fulfillment_orders.get(order_id, ())]
        results.append(_order_outcome(recalled, lines_canceled=order_id in canceled))

    return results


def _order_outcome(recalled: Sequence[Outcome], *, lines_canceled: bool) -> Outcome:
    if not recalled and not lines_canceled:
        return Outcome(False, "the order has no fulfillment order that could be recalled")

    # None is refused: the orders are locked, and those that have ended or shipped are left out.
    is_ok = all(outcome.ok for outcome in recalled)
    reasons = "; ".join(outcome.reason for outcome in recalled)
    return Outcome(is_ok, reasons or "its open units are canceled")


def _cancel_open_lines(
    session: Session, order_ids: Iterable[UUID], now: datetime, actor: str, *, reason: str
) -> set[UUID]:
    """Cancel the open units of orders; return the orders that had any."""
    lines_by_order = open_lines_of(session, order_ids)
    cancellations = [line for lines in lines_by_order.values() for line in lines]
    cancel_lines(session, cancellations, now, actor, reason=reason)
    return set(lines_by_order)


def _apply(
    session: Session,
    batch: FulfillmentBatch,
    ids: Sequence[UUID],
    decide: Decision,
    now: datetime,
    actor: str,
    *,
    reason: str,
) -> list[Outcome]:
    outcomes = [_apply_one(batch, i, decide, reason) for i in ids]
    batch.write(session, now, actor)
    return outcomes


def _apply_one(
    batch: FulfillmentBatch, fulfillment_order_id: UUID, decide: Decision, reason: str
) -> Outcome:
    order = batch.orders.get(fulfillment_order_id)
    if order is None:
        return Outcome(False, f"there is no fulfillment order {fulfillment_order_id}")

    effect = decide(order)
    if isinstance(effect, Problem):
        return Outcome(False, effect.what)

    data: dict[str, str] = {"units": order.recalled_units}
    if reason:
        data["reason"] = reason

    batch.add(order, effect, data=data)
    return Outcome(True, f"{order.number}: {order.state_reason}")


def _withdraw_calls(session: Session, ids: Sequence[UUID], now: datetime) -> set[UUID]:
    """Withdraw what was not sent yet; return the fulfillment orders that may be on their way."""
    rows = fetch(
        session,
        "SELECT id, order_id FROM fulfillment.fulfillment_order WHERE id = ANY(%s) AND state = %s",
        (list(ids), NEW),
    )
    if not rows:
        return set()

    new = dict(rows)
    return withdraw_calls(
        session, entity=ENTITY, entity_ids=set(new), root_ids=set(new.values()), now=now
    )


def _unfinished(session: Session, order_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Return the fulfillment orders with units that have not shipped, by order."""
    rows = fetch(
        session,
        "SELECT f.order_id, f.id FROM fulfillment.fulfillment_order f WHERE f.order_id = ANY(%s)"
        " AND f.state <> ALL(%s) AND EXISTS (SELECT FROM fulfillment.fulfillment_order_line l"
        " WHERE l.fulfillment_order_id = f.id AND l.shipped < l.quantity) ORDER BY 1, 2",
        (list(order_ids), sorted(ENDED)),
    )
    found: dict[UUID, list[UUID]] = {}
    for order_id, fulfillment_order_id in rows:
        found.setdefault(order_id, []).append(fulfillment_order_id)

    return found
