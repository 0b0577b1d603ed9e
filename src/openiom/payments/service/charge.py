"""Charge what has shipped, capture it, and release what will not be needed.

It compares orders with what was charged for them, so that it may run at any time and any number of
times: an event that is delivered twice, or late, changes nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.fulfillment import ParcelLine, parcel_lines
from openiom.kernel import Event, new_id, to_minor_units
from openiom.orders import SoldOrder, sold_orders
from openiom.payments.decisions import (
    DIGITAL,
    SHIPMENT,
    ChargedDelivery,
    Funds,
    NewCharge,
    PricedLine,
    PricedOrder,
    capturable,
    new_charges,
    plan_collection,
)
from openiom.payments.events import UNCOVERED, money, order_payment_event
from openiom.payments.locks import LockedPayment, lock_payments
from openiom.payments.rows import (
    CAPTURE,
    REQUESTED,
    VOID,
    ChargeChange,
    ChargeRow,
    MethodChange,
    MethodRow,
    NewFact,
    append_facts,
    change_charges,
    change_methods,
    charges_of,
    close_expiries,
    methods_of,
    update_order_balances,
)
from openiom.payments.wakes import CALLS_WAKE
from openiom.platform.bulk import copy_rows, fetch_as
from openiom.platform.events import append_events, notify

SHIPS_NO_MORE = "nothing more is to be shipped"
_CHARGE_COLUMNS = ("id", "order_id", "kind", "amount", "covered", "captured", "charged_at")
_CALLS = """
SELECT method_id, charge_id, kind, count(*) AS calls, bool_or(state = 'failed') AS failed
FROM payments.payment_fact
WHERE order_id = ANY(%s) AND kind IN ('capture', 'void') AND key NOT LIKE 'stated:%%'
GROUP BY method_id, charge_id, kind
"""


class _Calls(NamedTuple):
    """The captures of a charge by a method, or the voids of a method."""

    method_id: UUID
    charge_id: UUID | None
    kind: str
    calls: int
    failed: bool


def charge_orders(
    session: Session,
    order_ids: Iterable[UUID],
    now: datetime,
    actor: str,
    *,
    repeat: Collection[UUID] = (),
) -> None:
    """Charge, capture and release for those of these orders that have payments.

    What failed before is requested again only for the charges and methods in `repeat`.
    """
    locked = lock_payments(session, order_ids)
    if not locked:
        return

    ids = list(locked)
    orders = sold_orders(session, ids)
    methods = _by_order(methods_of(session, ids))
    charges = _by_order(charges_of(session, ids))
    calls = fetch_as(session, _Calls, _CALLS, (ids,))
    parcels: dict[UUID, list[ParcelLine]] = defaultdict(list)
    for line in parcel_lines(session, ids):
        parcels[line.order_id].append(line)

    batch = _ChargeBatch(now, actor, frozenset(repeat), _call_counts(calls), _failures(calls))
    for order_id, payment in locked.items():
        order = orders[order_id]
        sold = priced_order(order)
        existing = charges[order_id]
        charged = {charge.id: charge.amount for charge in existing}
        found = new_charges(sold, _deliveries(sold, parcels[order_id]), charged)
        account = _Account(payment, methods[order_id], existing)
        batch.charge(account, found)
        if sold.ships_no_more and not order.fulfilled_by_source:
            batch.release(account)

    batch.write(session)


def priced_order(order: SoldOrder) -> PricedOrder:
    """Return what the customer pays for an order, in minor units."""
    paid = order.paid()
    lines: list[PricedLine] = []
    for line, amount in zip(order.lines, paid.of_lines, strict=True):
        lines.append(
            PricedLine(
                id=line.id,
                quantity=line.quantity,
                price=to_minor_units(amount, order.currency),
                shipped=line.shipped,
                canceled=line.canceled,
                is_digital=line.delivery == DIGITAL,
            )
        )

    extras = to_minor_units(paid.costs, order.currency)
    return PricedOrder(to_minor_units(paid.total, order.currency), extras, lines)


def _deliveries(order: PricedOrder, parcels: Iterable[ParcelLine]) -> list[ChargedDelivery]:
    """Return the digital lines that are delivered, and the shipments in their order."""
    deliveries = _digital_deliveries(order)
    for shipment_id, steps in _contents(parcels).items():
        deliveries.append(ChargedDelivery(shipment_id, SHIPMENT, steps))
    return deliveries


def _digital_deliveries(order: PricedOrder) -> list[ChargedDelivery]:
    """Return each digital line that is delivered, as a delivery of its own."""
    deliveries: list[ChargedDelivery] = []
    for line in order.lines:
        if line.is_digital and line.shipped:
            deliveries.append(ChargedDelivery(line.id, DIGITAL, {line.id: line.shipped}))
    return deliveries


def _contents(parcels: Iterable[ParcelLine]) -> dict[UUID, dict[UUID, int]]:
    """Return the steps of each order line by shipment, in the order of the shipments."""
    contents: dict[UUID, dict[UUID, int]] = {}
    for parcel in parcels:
        steps = contents.setdefault(parcel.shipment_id, {})
        steps[parcel.order_line_id] = steps.get(parcel.order_line_id, 0) + parcel.steps
    return contents


def _by_order(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    grouped: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.order_id].append(row)
    return grouped


def _call_counts(calls: Iterable[_Calls]) -> dict[tuple[UUID, UUID | None], int]:
    return {(row.method_id, row.charge_id): row.calls for row in calls}


def _failures(calls: Iterable[_Calls]) -> set[UUID]:
    """Return the charges of which a capture failed, and the methods of which a void failed."""
    failures: set[UUID] = set()
    for row in calls:
        if row.failed:
            failures.add(row.charge_id or row.method_id)
    return failures


@dataclass
class _Account:
    """One order: its methods and charges."""

    payment: LockedPayment
    methods: Sequence[MethodRow]
    charges: Sequence[ChargeRow]
    uncovered: int = 0
    captured: set[UUID] = field(default_factory=set)

    def funds(self, now: datetime) -> list[Funds]:
        """Return what each method can pay."""
        funds: list[Funds] = []
        for method in self.methods:
            available = capturable(
                authorized=method.authorized,
                used=method.used,
                instance=method.instance,
                expires_at=method.expires_at,
                now=now,
            )
            funds.append(
                Funds(method.id, method.kind, method.position, method.coverable, available)
            )
        return funds


@dataclass
class _ChargeBatch:
    """New charges, changes, facts and events of one batch of orders."""

    now: datetime
    actor: str
    repeat: frozenset[UUID]
    counts: Mapping[tuple[UUID, UUID | None], int]
    failures: Collection[UUID]
    charges: list[Sequence[Any]] = field(default_factory=list)
    charge_changes: dict[UUID, ChargeChange] = field(default_factory=dict)
    method_changes: dict[UUID, MethodChange] = field(
        default_factory=lambda: defaultdict(MethodChange)
    )
    facts: list[NewFact] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    order_ids: set[UUID] = field(default_factory=set)
    paid_ids: set[UUID] = field(default_factory=set)

    def charge(self, account: _Account, found: Sequence[NewCharge]) -> None:
        """Pay new charges, and old ones that nothing pays and whose captures did not fail."""
        funds = account.funds(self.now)
        for charge in account.charges:
            if charge.uncovered and self._may_call(charge.id):
                change = self._collect(account, charge.id, charge.uncovered, funds)
                if change != ChargeChange():
                    self.charge_changes[charge.id] = change
                    self.order_ids.add(account.payment.order_id)
            else:
                account.uncovered += charge.uncovered

        newly_uncovered = 0
        for new in found:
            change = self._collect(account, new.id, new.amount, funds)
            newly_uncovered += new.amount - change.covered - change.captured
            order_id = account.payment.order_id
            row = (new.id, order_id, new.kind, new.amount, change.covered, change.captured)
            self.charges.append((*row, self.now))
            self.order_ids.add(order_id)

        if newly_uncovered:
            data = money(newly_uncovered, account.payment.currency)
            self.events.append(order_payment_event(UNCOVERED, account.payment.order_id, data))

    def _may_call(self, entity_id: UUID) -> bool:
        """Return whether nothing failed for a charge or a method, or it is to be repeated."""
        return entity_id not in self.failures or entity_id in self.repeat

    def _collect(
        self, account: _Account, charge_id: UUID, amount: int, funds: Sequence[Funds]
    ) -> ChargeChange:
        """Pay an amount of a charge; return what pays it."""
        plan = plan_collection(amount, funds)
        account.uncovered += plan.uncovered
        change = ChargeChange()
        for share in plan.covered:
            self.method_changes[share.method_id].covered += share.amount
            change.covered += share.amount

        for share in plan.captures:
            self.method_changes[share.method_id].capture_pending += share.amount
            change.captured += share.amount
            account.captured.add(share.method_id)
            key = self._key(CAPTURE, share.method_id, charge_id)
            self._request(account, share.method_id, CAPTURE, share.amount, key, charge_id)

        return change

    def _key(self, kind: str, method_id: UUID, charge_id: UUID | None) -> str:
        """Return the idempotency key of a call; one that failed is repeated under the next key."""
        number = self.counts.get((method_id, charge_id), 0) + 1
        return f"{kind}:{charge_id or ''}:{method_id}:{number}"

    def _request(
        self,
        account: _Account,
        method_id: UUID,
        kind: str,
        amount: int,
        key: str,
        charge_id: UUID | None = None,
        reason: str = "",
    ) -> None:
        self.facts.append(
            NewFact(
                id=new_id(),
                order_id=account.payment.order_id,
                method_id=method_id,
                kind=kind,
                amount=amount,
                currency=account.payment.currency,
                key=key,
                state=REQUESTED,
                actor=self.actor,
                recorded_at=self.now,
                charge_id=charge_id,
                reason=reason,
                due_at=self.now,
            )
        )

    def release(self, account: _Account) -> None:
        """Void what is authorized and will not be captured.

        A method with a capture under way is released after its outcome. While something shipped
        is not paid, nothing is released: the capture may be repeated.
        """
        if account.uncovered:
            return

        self.paid_ids.add(account.payment.order_id)
        for funds, method in zip(account.funds(self.now), account.methods, strict=True):
            if self._is_released(account, method, funds):
                self.method_changes[method.id].released += funds.capturable
                key = self._key(VOID, method.id, None)
                amount = funds.capturable
                self._request(account, method.id, VOID, amount, key, reason=SHIPS_NO_MORE)

    def _is_released(self, account: _Account, method: MethodRow, funds: Funds) -> bool:
        """Return whether the rest of a method is voided now."""
        if not funds.capturable:
            return False
        if method.capture_pending or method.id in account.captured:
            return False
        return self._may_call(method.id)

    def write(self, session: Session) -> None:
        """Write what was decided, and publish it."""
        copy_rows(session, "payments.charge", _CHARGE_COLUMNS, self.charges)
        change_charges(session, self.charge_changes)
        change_methods(session, self.method_changes)
        append_facts(session, self.facts)
        close_expiries(session, self.paid_ids)
        if self.order_ids:
            update_order_balances(session, self.order_ids)
        if self.facts:
            notify(session, CALLS_WAKE)
        append_events(session, self.events, at=self.now, actor=self.actor)
