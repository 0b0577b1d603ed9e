"""Record the payments that documents of orders state."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.documents import PaymentDocument
from openiom.kernel import Event, minor_units, new_id, to_minor_units
from openiom.orders import StatedPayments
from openiom.payments.events import RECORDED, money, order_payment_event
from openiom.payments.locks import lock_payments
from openiom.payments.rows import (
    AUTHORIZATION,
    CAPTURE,
    SUCCEEDED,
    VOID,
    MethodChange,
    MethodRow,
    NewFact,
    append_facts,
    change_methods,
    close_expiries,
    methods_of,
)
from openiom.platform.bulk import copy_rows, execute
from openiom.platform.events import append_events

REDUCED_BY_SOURCE = "reduced by the source of the order"
_METHOD_COLUMNS = (
    "id",
    "order_id",
    "position",
    "kind",
    "title",
    "instance",
    "reference",
    "expires_at",
    "stated",
    "authorized",
    "prepaid",
)
_ADD_ORDERS = """
INSERT INTO payments.order_payment (order_id, currency, decimals)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::smallint[]) ON CONFLICT DO NOTHING
"""
_UPDATE_TERMS = """
UPDATE payments.payment_method m SET title = d.title, expires_at = d.expires_at
FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[]) AS d(id, title, expires_at)
WHERE m.id = d.id
"""


class StatedPaymentRecorder:
    """Implements `PaymentPort` of orders."""

    def record(
        self, session: Session, stated: Sequence[StatedPayments], now: datetime, actor: str
    ) -> None:
        """Record new methods, and what changed of known ones; publish `payment.recorded`.

        Of a known method, a higher amount is authorized in addition and a lower one released, as
        far as it is not captured. What the source says was captured counts for a known method only
        if no provider captures it here.
        """
        ids = sorted({order.order_id for order in stated})
        currencies = {order.order_id: order.currency for order in stated}
        codes = [currencies[order_id] for order_id in ids]
        execute(session, _ADD_ORDERS, (ids, codes, list(map(minor_units, codes))))
        locked = lock_payments(session, ids)
        known: dict[UUID, list[MethodRow]] = defaultdict(list)
        for method in methods_of(session, ids):
            known[method.order_id].append(method)

        recording = _Recording(now, actor)
        for order in stated:
            currency = locked[order.order_id].currency
            if currency == order.currency:
                recording.add_order(order, known[order.order_id])

        recording.write(session)


@dataclass
class _Recording:
    """Methods, facts and events of one batch."""

    now: datetime
    actor: str
    new_methods: list[Sequence[Any]] = field(default_factory=list)
    changes: dict[UUID, MethodChange] = field(default_factory=dict)
    terms: dict[UUID, tuple[str, datetime | None]] = field(default_factory=dict)
    facts: list[NewFact] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def add_order(self, order: StatedPayments, known: Sequence[MethodRow]) -> None:
        """Compare the stated payments of an order with the recorded ones."""
        by_key = {(method.kind, method.reference): method for method in known}
        methods: list[dict[str, str]] = []
        position = len(known)
        for payment in order.payments:
            amount = to_minor_units(payment.amount, order.currency)
            captured = to_minor_units(payment.captured, order.currency)
            if not amount:
                continue

            method = by_key.get((payment.method, payment.reference))
            if method is None:
                self._add_method(order, payment, position, amount, captured)
                position += 1
            elif not self._change_method(order, method, payment, amount, captured):
                continue

            methods.append({"method": payment.method, **money(amount, order.currency)})

        if methods:
            self.events.append(order_payment_event(RECORDED, order.order_id, {"methods": methods}))

    def _add_method(
        self,
        order: StatedPayments,
        payment: PaymentDocument,
        position: int,
        amount: int,
        captured: int,
    ) -> None:
        method_id = new_id()
        self.new_methods.append(
            (
                method_id,
                order.order_id,
                position,
                payment.method,
                payment.title,
                payment.provider,
                payment.reference,
                payment.expires_at,
                amount,
                amount,
                captured,
            )
        )
        self._add_fact(order, method_id, AUTHORIZATION, amount, reference=payment.reference)
        if captured:
            self._add_fact(order, method_id, CAPTURE, captured)

    def _change_method(
        self,
        order: StatedPayments,
        method: MethodRow,
        payment: PaymentDocument,
        amount: int,
        captured: int,
    ) -> bool:
        """Remember what changed of a known method; return whether anything did."""
        change = MethodChange(stated=amount - method.stated)
        if change.stated > 0:
            change.authorized = change.stated
            self._add_fact(order, method.id, AUTHORIZATION, change.authorized)
        elif change.stated < 0:
            change.released = min(-change.stated, method.authorized - method.used)
            if change.released:
                reason = REDUCED_BY_SOURCE
                self._add_fact(order, method.id, VOID, change.released, reason=reason)

        if not method.instance and captured > method.prepaid:
            room = method.authorized + change.authorized - method.used - change.released
            change.prepaid = min(captured - method.prepaid, room)
            if change.prepaid:
                self._add_fact(order, method.id, CAPTURE, change.prepaid)

        terms = (payment.title or method.title, payment.expires_at or method.expires_at)
        if terms != (method.title, method.expires_at):
            self.terms[method.id] = terms
        elif change == MethodChange():
            return False

        self.changes[method.id] = change
        return True

    def _add_fact(
        self,
        order: StatedPayments,
        method_id: UUID,
        kind: str,
        amount: int,
        *,
        reason: str = "",
        reference: str = "",
    ) -> None:
        fact_id = new_id()
        self.facts.append(
            NewFact(
                id=fact_id,
                order_id=order.order_id,
                method_id=method_id,
                kind=kind,
                amount=amount,
                currency=order.currency,
                key=f"stated:{fact_id}",
                state=SUCCEEDED,
                actor=self.actor,
                recorded_at=self.now,
                reason=reason,
                reference=reference,
                completed_at=self.now,
            )
        )

    def write(self, session: Session) -> None:
        """Write what was remembered, and publish it."""
        copy_rows(session, "payments.payment_method", _METHOD_COLUMNS, self.new_methods)
        change_methods(session, self.changes)
        if self.terms:
            titles, expiries = map(list, zip(*self.terms.values(), strict=True))
            execute(session, _UPDATE_TERMS, (list(self.terms), titles, expiries))

        append_facts(session, self.facts)
        close_expiries(session, {fact.order_id for fact in self.facts})
        append_events(session, self.events, at=self.now, actor=self.actor)
