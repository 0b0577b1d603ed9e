"""Refund what was captured: over which methods, and never more than they captured."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import Event, amount_text, from_minor_units, new_id, to_minor_units
from openiom.payments.decisions import Refundable, Share, plan_refund
from openiom.payments.events import SUCCEEDED_EVENTS, fact_event, money
from openiom.payments.locks import LockedPayment, lock_payments
from openiom.payments.rows import (
    REFUND,
    REQUESTED,
    SUCCEEDED,
    MethodChange,
    MethodRow,
    NewFact,
    append_facts,
    change_methods,
    methods_of,
)
from openiom.payments.wakes import CALLS_WAKE
from openiom.platform.bulk import fetch_as
from openiom.platform.events import append_events, notify

_EARLIER = """
SELECT f.id, f.order_id, f.request_key, f.amount, f.state FROM payments.payment_fact f
JOIN unnest(%s::uuid[], %s::text[]) AS r(order_id, request_key)
    ON r.order_id = f.order_id AND r.request_key = f.request_key
WHERE f.kind = 'refund' ORDER BY f.id
"""


class RefundRequest(NamedTuple):
    """Money to give back for an order.

    key        identifies the request; a repeated one refunds nothing more
    amount     in the currency of the order; None for everything that may be refunded
    method_id  the method to refund; None to refund the last used method first
    """

    order_id: UUID
    key: str
    amount: Decimal | None = None
    reason: str = ""
    method_id: UUID | None = None


class RefundResult(NamedTuple):
    """Whether a refund was requested: its facts and their sum, or why not.

    `duplicate` says that an earlier request of the same key made them.
    """

    ok: bool
    amount: Decimal = Decimal(0)
    fact_ids: tuple[UUID, ...] = ()
    reason: str = ""
    duplicate: bool = False


class _Earlier(NamedTuple):
    id: UUID
    order_id: UUID
    request_key: str
    amount: int
    state: str


def refund(
    session: Session, requests: Sequence[RefundRequest], now: datetime, actor: str
) -> list[RefundResult]:
    """Request refunds; one result per request, in order.

    What a provider captured is refunded by a call to it. What was captured elsewhere is recorded
    as refunded: the money is returned where it was captured.
    """
    locked = lock_payments(session, {request.order_id for request in requests})
    batch = _RefundBatch(now, actor, locked)
    for method in methods_of(session, list(locked)):
        batch.methods[method.order_id].append(method)

    keys = [request.key for request in requests]
    order_ids = [request.order_id for request in requests]
    for fact in fetch_as(session, _Earlier, _EARLIER, (order_ids, keys)):
        batch.earlier[fact.order_id, fact.request_key].append(fact)

    results = [batch.add(request) for request in requests]
    batch.write(session)
    return results


@dataclass
class _RefundBatch:
    """Refunds of one batch. The methods count what the batch has requested already."""

    now: datetime
    actor: str
    locked: dict[UUID, LockedPayment]
    methods: dict[UUID, list[MethodRow]] = field(default_factory=lambda: defaultdict(list))
    earlier: dict[tuple[UUID, str], list[_Earlier]] = field(
        default_factory=lambda: defaultdict(list)
    )
    changes: dict[UUID, MethodChange] = field(default_factory=lambda: defaultdict(MethodChange))
    facts: list[NewFact] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def add(self, request: RefundRequest) -> RefundResult:
        """Decide one request."""
        payment = self.locked.get(request.order_id)
        if payment is None:
            return RefundResult(False, reason="the order has no payments")

        currency = payment.currency
        known = self.earlier[request.order_id, request.key]
        if known:
            return _repeated(request, known, currency)

        methods = self._methods(request)
        available = sum(method.refundable for method in methods)
        amount = available
        if request.amount is not None:
            amount = to_minor_units(request.amount, currency)

        shares = plan_refund(amount, _refundable(methods)) if amount > 0 else None
        if shares is None:
            most = amount_text(from_minor_units(available, currency), currency)
            return RefundResult(False, reason=f"{most} {currency} may be refunded at most")

        ids = [self._refund(request, payment, methods, share) for share in shares]
        return RefundResult(True, from_minor_units(amount, currency), tuple(ids))

    def _methods(self, request: RefundRequest) -> list[MethodRow]:
        """Return the methods that may be refunded for a request."""
        methods = self.methods[request.order_id]
        if request.method_id is None:
            return methods
        return [method for method in methods if method.id == request.method_id]

    def _refund(
        self,
        request: RefundRequest,
        payment: LockedPayment,
        methods: Iterable[MethodRow],
        share: Share,
    ) -> UUID:
        """Request the part of a refund that one method gets back; return its fact."""
        [method] = [method for method in methods if method.id == share.method_id]
        fact_id = new_id()
        fact = NewFact(
            id=fact_id,
            order_id=payment.order_id,
            method_id=method.id,
            kind=REFUND,
            amount=share.amount,
            currency=payment.currency,
            key=f"refund:{fact_id}",
            state=REQUESTED,
            actor=self.actor,
            recorded_at=self.now,
            request_key=request.key,
            reason=request.reason,
            due_at=self.now,
        )
        self.facts.append(fact)
        earlier = _Earlier(fact_id, payment.order_id, request.key, share.amount, fact.state)
        self.earlier[payment.order_id, request.key].append(earlier)
        if method.instance:
            method.refund_pending += share.amount
            self.changes[method.id].refund_pending += share.amount
            return fact_id

        fact.state, fact.due_at, fact.completed_at = SUCCEEDED, None, self.now
        method.refunded += share.amount
        self.changes[method.id].refunded += share.amount
        data = {"kind": REFUND, "method": method.kind, **money(share.amount, payment.currency)}
        if request.reason:
            data["reason"] = request.reason
        name = SUCCEEDED_EVENTS[REFUND]
        self.events.append(fact_event(name, payment.order_id, fact_id, data))
        return fact_id

    def write(self, session: Session) -> None:
        """Write what was decided, and publish it."""
        change_methods(session, self.changes)
        append_facts(session, self.facts)
        append_events(session, self.events, at=self.now, actor=self.actor)
        if any(fact.state == REQUESTED for fact in self.facts):
            notify(session, CALLS_WAKE)


def _refundable(methods: Iterable[MethodRow]) -> list[Refundable]:
    found: list[Refundable] = []
    for method in methods:
        found.append(Refundable(method.id, method.kind, method.position, method.refundable))
    return found


def _repeated(request: RefundRequest, known: Sequence[_Earlier], currency: str) -> RefundResult:
    """Return the result of a request whose key was used before."""
    amount = from_minor_units(sum(fact.amount for fact in known), currency)
    wanted = request.amount
    if wanted is not None and to_minor_units(wanted, currency) != to_minor_units(amount, currency):
        return RefundResult(False, reason="the key was used for another amount")
    return RefundResult(True, amount, tuple(fact.id for fact in known), duplicate=True)
