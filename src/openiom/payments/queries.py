"""Reads of payments: those of one order, balances of many, and the list of facts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import amount_text, from_minor_units
from openiom.orders import OrderSummary, order_ids_by_number, order_summaries, sold_orders
from openiom.platform.bulk import fetch_as, fetch_column
from openiom.providers import instance_titles

from .decisions import kept_value
from .rows import FAILED, SUCCEEDED, MethodRow, methods_of
from .schemas import OrderPayments, PaymentFactView, PaymentMethodView, PaymentRow, PaymentTotals
from .service.charge import priced_order

SEARCH_LIMIT = 2_000
MAX_COUNTED = 10_000
FACTS_OF_ORDER = 2_000
"""Most facts of one order that are returned."""

_FACT = """
SELECT f.id, f.order_id, f.method_id, f.kind, f.state, f.amount, f.currency, m.kind AS method,
    m.title AS method_title, m.instance, f.reference, f.reason, f.error, f.actor, f.recorded_at,
    f.completed_at, f.charge_id, f.needs_person, f.due_at
FROM payments.payment_fact f JOIN payments.payment_method m ON m.id = f.method_id
"""
_COUNT_NEEDED = """
SELECT count(DISTINCT order_id) FROM (
    (SELECT order_id FROM payments.payment_fact WHERE needs_person LIMIT %(limit)s)
    UNION ALL
    (SELECT order_id FROM payments.order_payment WHERE uncovered > 0 LIMIT %(limit)s)) n
"""
_NEEDED = """
SELECT n.order_id, min(n.since) AS since FROM (
    (SELECT order_id, coalesce(completed_at, recorded_at) AS since FROM payments.payment_fact
     WHERE needs_person LIMIT %(limit)s)
    UNION ALL
    (SELECT c.order_id, c.charged_at FROM payments.order_payment o
     JOIN payments.charge c USING (order_id)
     WHERE o.uncovered > 0 AND c.amount > c.covered + c.captured LIMIT %(limit)s)) n
GROUP BY n.order_id
"""
_ORDERS = """
SELECT order_id, currency, charged, uncovered FROM payments.order_payment
WHERE order_id = ANY(%s)
"""


class OrderAtRisk(NamedTuple):
    """An order with a payment that failed, or with units that nothing pays, and since when."""

    order_id: UUID
    since: datetime


class _Order(NamedTuple):
    order_id: UUID
    currency: str
    charged: int
    uncovered: int


class _Fact(NamedTuple):
    id: UUID
    order_id: UUID
    method_id: UUID
    kind: str
    state: str
    amount: int
    currency: str
    method: str
    method_title: str
    instance: str
    reference: str
    reason: str
    error: str
    actor: str
    recorded_at: datetime
    completed_at: datetime | None
    charge_id: UUID | None
    needs_person: bool
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class PaymentBalance:
    """The money of one order in minor units of `currency`.

    total       what all methods pay together
    kept        the part of it that is not canceled
    charged     the value of what has shipped
    uncovered   the part of it that nothing pays
    authorized  what may be captured in total
    captured    what was captured, here and before the order was received
    refundable  what may still be refunded
    to_capture  the part of `kept` that was not captured yet
    """

    currency: str
    total: int
    kept: int
    charged: int
    uncovered: int
    authorized: int
    captured: int
    refunded: int
    refundable: int
    to_capture: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFilter:
    """What the list is narrowed to; empty fields match everything."""

    state: str = ""
    kind: str = ""
    method: str = ""
    instance: str = ""
    number: str = ""
    needs_person: bool | None = None


def payment_balances(session: Session, order_ids: Sequence[UUID]) -> dict[UUID, PaymentBalance]:
    """Return the balances of those of these orders that have payments."""
    rows = fetch_as(session, _Order, _ORDERS, (list(order_ids),))
    ids = [row.order_id for row in rows]
    orders = sold_orders(session, ids)
    methods: dict[UUID, list[MethodRow]] = defaultdict(list)
    for method in methods_of(session, ids):
        methods[method.order_id].append(method)

    balances: dict[UUID, PaymentBalance] = {}
    for row in rows:
        sold = priced_order(orders[row.order_id])
        balances[row.order_id] = _balance(row, sold.total, kept_value(sold), methods[row.order_id])
    return balances


def _balance(row: _Order, total: int, kept: int, methods: Sequence[MethodRow]) -> PaymentBalance:
    authorized = captured = refunded = refundable = elsewhere = 0
    for method in methods:
        authorized += method.authorized - method.released
        captured += method.prepaid + method.captured
        refunded += method.refunded
        refundable += method.refundable
        if not method.instance:
            elsewhere += method.authorized - method.prepaid

    return PaymentBalance(
        currency=row.currency,
        total=total,
        kept=kept,
        charged=row.charged,
        uncovered=row.uncovered,
        authorized=authorized,
        captured=captured,
        refunded=refunded,
        refundable=refundable,
        to_capture=max(0, kept - captured - elsewhere),
    )


def payments_of_order(session: Session, order_id: UUID) -> OrderPayments | None:
    """Return the payments of an order, None if there is no such order."""
    summary = order_summaries(session, [order_id]).get(order_id)
    if summary is None:
        return None

    balance = payment_balances(session, [order_id]).get(order_id)
    if balance is None:
        [money] = sold_orders(session, [order_id]).values()
        return OrderPayments(currency=money.currency)

    methods = methods_of(session, [order_id])
    query = f"{_FACT} WHERE f.order_id = %s ORDER BY f.id DESC LIMIT %s"
    facts = fetch_as(session, _Fact, query, (order_id, FACTS_OF_ORDER))
    titles = instance_titles(session, sorted({method.instance for method in methods}))
    return OrderPayments(
        currency=balance.currency,
        totals=_totals(balance),
        methods=[_method_view(method, balance.currency, titles) for method in methods],
        facts=[PaymentFactView(**_fact_fields(fact)) for fact in facts],
    )


def list_payments(
    session: Session, chosen: PaymentFilter, *, after: tuple[int, UUID] | None, limit: int
) -> list[PaymentRow]:
    """Return facts, those that need a person first and otherwise the newest first."""
    conditions: list[str] = []
    values: list[Any] = []
    for condition, value in (
        ("f.state = %s", chosen.state),
        ("f.kind = %s", chosen.kind),
        ("m.kind = %s", chosen.method),
        ("m.instance = %s", chosen.instance),
    ):
        if value:
            conditions.append(condition)
            values.append(value)

    if chosen.needs_person is not None:
        conditions.append("f.needs_person = %s")
        values.append(chosen.needs_person)
    if chosen.number:
        conditions.append("f.order_id = ANY(%s::uuid[])")
        values.append(order_ids_by_number(session, chosen.number, limit=SEARCH_LIMIT))
    if after:
        conditions.append("(f.needs_person, f.id) < (%s::int::boolean, %s)")
        values += after

    where = " AND ".join(conditions) or "TRUE"
    query = f"{_FACT} WHERE {where} ORDER BY f.needs_person DESC, f.id DESC LIMIT %s"
    facts = fetch_as(session, _Fact, query, (*values, limit))
    orders = order_summaries(session, [fact.order_id for fact in facts])
    return [_row(fact, orders) for fact in facts]


def count_payments_needing_a_person(session: Session) -> int:
    """Return how many orders have a payment that failed, or units that nothing pays.

    At most `MAX_COUNTED`.
    """
    found = fetch_column(session, _COUNT_NEEDED, {"limit": MAX_COUNTED})
    return min(int(found[0]), MAX_COUNTED)


def orders_at_risk(session: Session) -> list[OrderAtRisk]:
    """Return orders with a payment that failed, or with shipped units that nothing pays.

    Of each, at most `MAX_COUNTED` are considered.
    """
    return fetch_as(session, OrderAtRisk, _NEEDED, {"limit": MAX_COUNTED})


def _row(fact: _Fact, orders: Mapping[UUID, OrderSummary]) -> PaymentRow:
    order = orders[fact.order_id]
    return PaymentRow(
        **_fact_fields(fact),
        order_id=fact.order_id,
        order_number=order.number,
        customer_name=order.customer_name,
        currency=fact.currency,
    )


def _fact_fields(fact: _Fact) -> dict[str, Any]:
    is_open = fact.state != SUCCEEDED and (fact.needs_person or fact.state != FAILED)
    return {
        "id": fact.id,
        "method_id": fact.method_id,
        "kind": fact.kind,
        "state": fact.state,
        "amount": _text(fact.amount, fact.currency),
        "method": fact.method,
        "method_title": fact.method_title,
        "provider": fact.instance,
        "reference": fact.reference,
        "reason": fact.reason,
        "error": fact.error,
        "actor": fact.actor,
        "recorded_at": fact.recorded_at,
        "completed_at": fact.completed_at,
        "shipment_id": fact.charge_id,
        "needs_person": fact.needs_person,
        "may_retry": is_open,
    }


def _method_view(method: MethodRow, currency: str, titles: Mapping[str, str]) -> PaymentMethodView:
    return PaymentMethodView(
        id=method.id,
        kind=method.kind,
        title=method.title,
        provider=method.instance,
        provider_title=titles.get(method.instance, method.instance),
        reference=method.reference,
        expires_at=method.expires_at,
        authorized=_text(method.authorized - method.released, currency),
        capture_pending=_text(method.capture_pending, currency),
        captured=_text(method.prepaid + method.captured, currency),
        released=_text(method.released, currency),
        refund_pending=_text(method.refund_pending, currency),
        refunded=_text(method.refunded, currency),
        refundable=_text(method.refundable, currency),
    )


def _totals(balance: PaymentBalance) -> PaymentTotals:
    currency = balance.currency
    return PaymentTotals(
        total=_text(balance.total, currency),
        kept=_text(balance.kept, currency),
        charged=_text(balance.charged, currency),
        uncovered=_text(balance.uncovered, currency),
        authorized=_text(balance.authorized, currency),
        captured=_text(balance.captured, currency),
        refunded=_text(balance.refunded, currency),
        refundable=_text(balance.refundable, currency),
        to_capture=_text(balance.to_capture, currency),
    )


def _text(amount: int, currency: str) -> str:
    return amount_text(from_minor_units(amount, currency), currency)
