"""Let sourcing consider sources again that refused units of an order. Takes many."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.fulfillment.decisions import FulfillmentOrderState
from openiom.fulfillment.locks import lock_fulfillment_orders
from openiom.fulfillment.progress import ENDED, REFUSAL_LIFTED_EVENT
from openiom.kernel import Event
from openiom.platform.bulk import execute
from openiom.platform.events import append_events
from openiom.provider_contract import Outcome


def lift_refusals(
    session: Session, ids: Sequence[UUID], now: datetime, actor: str, *, reason: str = ""
) -> list[Outcome]:
    """Let the sources of these fulfillment orders be considered again; one outcome per id.

    Publishes `fulfillment_order.refusal_lifted`, after which flows with it in `retry_on` source
    orders again that stopped without a source.
    """
    orders = lock_fulfillment_orders(session, ids)
    outcomes = [_outcome(orders.get(i)) for i in ids]
    lifted = [i for i, outcome in zip(ids, outcomes, strict=True) if outcome.ok]
    execute(
        session,
        "UPDATE fulfillment.fulfillment_order SET refusal_lifted_at = %s WHERE id = ANY(%s)",
        (now, lifted),
    )
    events = [_event(orders[i], reason) for i in lifted]
    append_events(session, events, at=now, actor=actor)
    return outcomes


def _outcome(order: FulfillmentOrderState | None) -> Outcome:
    if order is None:
        return Outcome(False, "there is no such fulfillment order")
    if order.state not in ENDED or order.recall == "accepted":
        return Outcome(False, f"{order.source} has refused nothing of {order.number}")
    return Outcome(True, f"{order.source} is considered again")


def _event(order: FulfillmentOrderState, reason: str) -> Event:
    data = {"number": order.number, "source": order.source}
    if reason:
        data["reason"] = reason

    return Event(
        name=REFUSAL_LIFTED_EVENT,
        subject_type="fulfillment_order",
        subject_id=order.id,
        root_id=order.order_id,
        data=data,
    )
