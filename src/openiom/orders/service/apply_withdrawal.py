"""What a source wants done with known orders: fulfill, hold or cancel them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.documents import Disposition
from openiom.kernel import Event
from openiom.orders.events import order_event
from openiom.orders.locks import KnownOrder, lines_of_orders, lock_known
from openiom.orders.states import (
    CANCEL,
    CANCELED,
    CANCELED_BY_SOURCE,
    CANCELLATION_REQUESTED,
    COMPLETED,
    HOLD,
    HOLD_BY_SOURCE,
    RELEASE_HOLD,
)
from openiom.platform.bulk import execute, fetch_column
from openiom.platform.database import to_json_text
from openiom.platform.events import append_events
from openiom.provider_contract import EventRequest, IntakeResult, Outcome

from .apply_events import raise_order_events
from .validate_documents import Withdrawal

Differences = dict[UUID, list[dict[str, Any]]]
"""Changes of orders that were not applied, by order."""

CANCELLATION_REFUSED = "order.cancellation_refused"
DISMISSED = "order.source_changes_dismissed"


@dataclass(frozen=True, slots=True)
class RequestedDisposition:
    """What the source wants done with a known order, and the reason of a cancellation."""

    known: KnownOrder
    disposition: Disposition
    reason: str = CANCELED_BY_SOURCE

    @property
    def comes_too_late(self) -> bool:
        """Whether the source cancels an order that is completed."""
        return self.disposition == "cancel" and self.known.state == COMPLETED

    def request(self) -> EventRequest | None:
        """Return the event that this asks for, None when the order is as wanted."""
        if self.known.state in (COMPLETED, CANCELED):
            return None
        if self.disposition == "cancel":
            return self._event(CANCEL, self.reason)
        return self._hold_request()

    def _hold_request(self) -> EventRequest | None:
        known = self.known
        if self.disposition == "hold" and not known.manual_hold:
            return self._event(HOLD, HOLD_BY_SOURCE)

        on_hold_by_source = known.manual_hold and known.reason == HOLD_BY_SOURCE
        if self.disposition == "accept" and on_hold_by_source:
            return self._event(RELEASE_HOLD, "")
        return None

    def _event(self, event: str, reason: str) -> EventRequest:
        return EventRequest(self.known.id, event, {"upstream": True}, reason)


def apply_dispositions(
    session: Session, requested: Sequence[RequestedDisposition], now: datetime, actor: str
) -> Differences:
    """Hold, release and cancel orders as their sources want; return what is refused.

    A refusal is published, and a person decides. A cancellation of an order with units in
    fulfillment, or shipped in part, is requested, so that a flow recalls what has not left.
    """
    requests: list[EventRequest] = []
    for one in requested:
        request = one.request()
        if request:
            requests.append(request)

    outcomes = raise_order_events(session, requests, now, actor)
    owing = _owing(session, requests)
    differences: Differences = defaultdict(list)
    refusals = [_too_late(one.known) for one in requested if one.comes_too_late]
    for request, outcome in zip(requests, outcomes, strict=True):
        if outcome.ok or request.event not in (CANCEL, HOLD):
            continue

        data = {"reason": outcome.reason}
        if request.event == CANCEL:
            event = CANCELLATION_REQUESTED if request.entity_id in owing else CANCELLATION_REFUSED
            refusals.append(order_event(event, request.entity_id, data))
            continue

        refusals.append(order_event("order.hold_refused", request.entity_id, data))
        difference = {"what": "order", "source": "hold", **data}
        differences[request.entity_id].append(difference)

    append_events(session, refusals, at=now, actor=actor)
    return differences


def _too_late(order: KnownOrder) -> Event:
    data = {"reason": "the order is completed"}
    return order_event(CANCELLATION_REFUSED, order.id, data)


def _owing(session: Session, requests: Sequence[EventRequest]) -> set[UUID]:
    """Return the orders to be canceled of which units are neither canceled nor shipped."""
    order_ids = [request.entity_id for request in requests if request.event == CANCEL]
    return {line.order_id for line in lines_of_orders(session, order_ids) if line.owed}


def apply_withdrawals(
    session: Session, withdrawals: Sequence[Withdrawal], now: datetime, actor: str
) -> dict[int, IntakeResult]:
    """Hold or cancel orders of which nothing else could be read; one result by index.

    Withdrawals of orders that do not exist are ignored.
    """
    known = lock_known(session, [withdrawal.key for withdrawal in withdrawals])
    requested: list[RequestedDisposition] = []
    results: dict[int, IntakeResult] = {}
    for withdrawal in withdrawals:
        order = known.get(withdrawal.key)
        if order is None:
            results[withdrawal.index] = IntakeResult(ok=True, ignored=True)
            continue

        results[withdrawal.index] = IntakeResult(ok=True, entity_id=str(order.id))
        requested.append(RequestedDisposition(order, withdrawal.document.disposition))

    store_differences(session, apply_dispositions(session, requested, now, actor))
    return results


def _json_text_or_null(found: Sequence[Any]) -> str | None:
    return to_json_text(found) if found else None


def store_differences(session: Session, differences: Mapping[UUID, Sequence[Any]]) -> None:
    """Store the changes that a person must look at; an empty list removes those of an order."""
    if not differences:
        return

    texts = list(map(_json_text_or_null, differences.values()))
    execute(
        session,
        "UPDATE orders.order o SET source_changes = d.changes"
        " FROM unnest(%s::uuid[], %s::jsonb[]) AS d(id, changes)"
        " WHERE o.id = d.id AND o.source_changes IS DISTINCT FROM d.changes",
        (list(differences), texts),
    )


def dismiss_differences(
    session: Session, order_ids: Sequence[UUID], now: datetime, actor: str
) -> list[Outcome]:
    """Remove the changes of orders that a person has seen; one outcome per order."""
    known = fetch_column(
        session,
        "SELECT id FROM orders.order WHERE id = ANY(%s) AND source_changes IS NOT NULL"
        " ORDER BY id FOR UPDATE",
        (list(order_ids),),
    )
    store_differences(session, dict.fromkeys(known, ()))
    events = [order_event(DISMISSED, order_id, {}) for order_id in known]
    append_events(session, events, at=now, actor=actor)

    outcomes: list[Outcome] = []
    for order_id in order_ids:
        found = order_id in known
        outcomes.append(Outcome(found, "" if found else "the order has no changes to dismiss"))

    return outcomes
