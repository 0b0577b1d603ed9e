"""What returns owe their customers: refunds, credits of exchanges, and charges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import amount_text, new_id
from openiom.platform.bulk import copy_rows, execute, fetch_as
from openiom.returns.decisions import ReturnState, creditable_steps
from openiom.returns.payment_refunds import refund_key
from openiom.returns.progress import (
    CHARGE_DUE_EVENT,
    REFUND_DUE_EVENT,
    REFUND_FAILED_EVENT,
    REFUND_REQUESTED_EVENT,
    REFUNDED_EVENT,
    REPLACEMENT_EVENT,
)
from openiom.returns.refund_amounts import restocking_fee
from openiom.returns.refund_port import RefundPort, RefundProgress, ReturnRefund
from openiom.returns.return_batch import ReturnBatch

from .credit_ledger import CreditedBefore, CreditLedger
from .replacements import CreditedLine, ReplacementOrder, place_orders, replacement_order

ZERO = Decimal(0)
_PROGRESS_EVENTS = {
    "requested": REFUND_REQUESTED_EVENT,
    "completed": REFUNDED_EVENT,
    "failed": REFUND_FAILED_EVENT,
}


@dataclass(slots=True)
class NewAmount:
    """An amount to insert; `lines` are (steps, price paid) by line of the return order."""

    return_id: UUID
    kind: str
    goods: Decimal
    costs: Decimal = ZERO
    fee: Decimal = ZERO
    reason: str = ""
    state: str = "due"
    reference: str = ""
    lines: dict[UUID, tuple[int, Decimal]] = field(default_factory=dict)
    id: UUID = field(default_factory=new_id)

    @property
    def amount(self) -> Decimal:
        return self.goods + self.costs - self.fee


def credit_returns(
    session: Session, batch: ReturnBatch, now: datetime, actor: str, refunds: RefundPort
) -> None:
    """Determine what the returns of a batch owe by now, and request that refunds are paid.

    Every unit is credited once. The credit of an exchange or a replacement pays an order that is
    placed here; the difference is refunded, or charged.
    """
    owed = _creditable(batch)
    if not owed:
        return

    ledger = CreditLedger.load(session, [batch.returns[i].order_id or i for i in owed])
    amounts: list[NewAmount] = []
    exchanges: dict[UUID, list[CreditedLine]] = {}
    for return_id, steps in owed.items():
        order = batch.returns[return_id]
        credited = _credit(ledger, order, steps)
        if order.outcome == "refund":
            amounts.append(_refund(ledger, order, credited))
        else:
            exchanges[return_id] = credited

    amounts += _exchange(session, batch, ledger, exchanges, now, actor)
    _request(session, batch, amounts, now, actor, refunds)
    _insert(session, amounts, now)


def _creditable(batch: ReturnBatch) -> dict[UUID, dict[UUID, int]]:
    """Return the steps to credit by return order and line."""
    owed: dict[UUID, dict[UUID, int]] = {}
    for order in batch.returns.values():
        for line in order.lines.values():
            steps = creditable_steps(order, line)
            if steps:
                owed.setdefault(order.id, {})[line.id] = steps
    return owed


def _credit(
    ledger: CreditLedger, order: ReturnState, steps: Mapping[UUID, int]
) -> list[CreditedLine]:
    assert order.order_id is not None
    prices = {line.id: line.unit_price for line in ledger.sold[order.order_id].lines}
    credited: list[CreditedLine] = []
    for line_id, count in steps.items():
        line = order.lines[line_id]
        assert line.order_line_id is not None
        goods = ledger.credit(order.order_id, line.order_line_id, count)
        line.credited += count
        credited.append(CreditedLine(line, count, goods, prices[line.order_line_id]))
    return credited


def _refund(
    ledger: CreditLedger, order: ReturnState, credited: Sequence[CreditedLine], reason: str = ""
) -> NewAmount:
    """Return the refund of credited units, less the fees of the terms."""
    goods, fee, label_fee = ZERO, ZERO, ZERO
    lines: dict[UUID, tuple[int, Decimal]] = {}
    for one in credited:
        terms = one.line.terms
        goods += one.goods
        fee += restocking_fee(one.goods, Decimal(terms["restocking_fee_percent"]), order.currency)
        label_fee = max(label_fee, Decimal(terms["label_fee"]))
        lines[one.line.id] = (one.steps, one.goods)

    if order.id not in ledger.returns:
        fee += label_fee
    ledger.returns.add(order.id)
    costs = ledger.costs_of(order)
    fee = min(fee, goods)
    assert order.order_id is not None
    goodwill = min(ledger.keep(order.order_id, fee), goods + costs - fee)
    if goodwill:
        less = f"less {amount_text(goodwill, order.currency)} that was given back as goodwill"
        reason = _joined(reason, less)
    return NewAmount(order.id, "refund", goods, costs, fee + goodwill, reason, lines=lines)


def _exchange(
    session: Session,
    batch: ReturnBatch,
    ledger: CreditLedger,
    exchanges: Mapping[UUID, Sequence[CreditedLine]],
    now: datetime,
    actor: str,
) -> list[NewAmount]:
    """Place the orders of exchanges and replacements; return what is credited and left over."""
    orders: dict[UUID, ReplacementOrder] = {}
    for return_id, credited in exchanges.items():
        order = batch.returns[return_id]
        assert order.order_id is not None
        orders[return_id] = replacement_order(order, ledger.sold[order.order_id], credited, now)

    amounts: list[NewAmount] = []
    for return_id, placed in place_orders(session, orders, now, actor).items():
        order, credited = batch.returns[return_id], exchanges[return_id]
        if isinstance(placed, str):
            reason = f"the {order.outcome} was not possible: {placed}"
            amounts.append(_refund(ledger, order, credited, reason))
            continue

        order.replacement_order_id = placed
        total = orders[return_id].total
        number = orders[return_id].document["number"]
        amounts += _exchange_amounts(order, credited, total, number)
        data = {"order_id": str(placed), "order_number": number, "total": str(total)}
        batch.publish(order, REPLACEMENT_EVENT, data)

    return amounts


def _exchange_amounts(
    order: ReturnState, credited: Sequence[CreditedLine], total: Decimal, number: str
) -> list[NewAmount]:
    """Return the credit that pays the new order, and the price difference if there is one."""
    goods = sum((one.goods for one in credited), ZERO)
    credit = NewAmount(order.id, "credit", min(goods, total), reason=f"pays {number}")
    credit.state, credit.reference = "completed", number
    rest = NewAmount(order.id, "refund", goods - credit.goods, reason=f"difference to {number}")

    left = credit.goods
    for one in credited:
        share = min(left, one.goods)
        left -= share
        credit.lines[one.line.id] = (one.steps, share)
        if one.goods > share:
            rest.lines[one.line.id] = (0, one.goods - share)

    if goods > total:
        return [credit, rest]
    if total > goods:
        reason = f"price difference of {number}"
        return [credit, NewAmount(order.id, "charge", total - goods, reason=reason)]
    return [credit]


def charge_missing(
    session: Session, batch: ReturnBatch, missing: Mapping[UUID, Mapping[UUID, int]], now: datetime
) -> None:
    """Charge units that were credited in advance and did not come back: steps by line."""
    amounts: list[NewAmount] = []
    for return_id, steps in missing.items():
        order = batch.returns[return_id]
        ledger = CreditLedger.load(session, [order.order_id] if order.order_id else [])
        charge = NewAmount(order.id, "charge", ZERO, reason="goods were not sent back in time")
        for line_id, count in steps.items():
            line = order.lines[line_id]
            assert line.order_line_id is not None
            before = ledger.before(line.order_line_id)
            kept = ledger.lines[line.order_line_id] = CreditedBefore(line.order_line_id, 0, ZERO)
            price = before.goods
            if before.steps > count:
                rest = before.steps - count
                assert order.order_id is not None
                price = before.goods - ledger.credit(order.order_id, line.order_line_id, rest)
            ledger.lines[line.order_line_id] = kept
            line.credited -= count
            charge.goods += price
            charge.lines[line_id] = (-count, -price)

        amounts.append(charge)
        batch.publish(order, CHARGE_DUE_EVENT, _data(order, charge))

    _insert(session, amounts, now)


def _request(
    session: Session,
    batch: ReturnBatch,
    amounts: Sequence[NewAmount],
    now: datetime,
    actor: str,
    refunds: RefundPort,
) -> None:
    """Publish what is due, and request that refunds are paid."""
    due: list[NewAmount] = []
    requests: list[ReturnRefund] = []
    for amount in amounts:
        order = batch.returns[amount.return_id]
        if amount.kind == "charge":
            batch.publish(order, CHARGE_DUE_EVENT, _data(order, amount))
        elif amount.kind == "refund" and amount.amount:
            assert order.order_id is not None
            batch.publish(order, REFUND_DUE_EVENT, _data(order, amount))
            key = refund_key(amount.id)
            reason = f"Return {order.number}"
            requests.append(
                ReturnRefund(order.order_id, amount.amount, order.currency, reason, key)
            )
            due.append(amount)
        elif amount.kind == "refund":
            amount.state = "completed"

    if not requests:
        return
    progress = refunds.request_refunds(session, requests, now, actor)
    for amount, result in zip(due, progress, strict=True):
        _apply_progress(batch, amount, result)


def _joined(*reasons: str) -> str:
    return "; ".join(filter(None, reasons))


def _apply_progress(batch: ReturnBatch, amount: NewAmount, result: RefundProgress) -> None:
    amount.state, amount.reference = result.state, result.reference
    if result.state == "due":
        amount.reason = _joined(amount.reason, result.reason)
    event = _PROGRESS_EVENTS.get(result.state)
    if event:
        order = batch.returns[amount.return_id]
        batch.publish(order, event, _data(order, amount), reason=result.reason)


def _data(order: ReturnState, amount: NewAmount) -> dict[str, str]:
    return {
        "amount_id": str(amount.id),
        "amount": str(amount.amount),
        "goods": str(amount.goods),
        "costs": str(amount.costs),
        "fee": str(amount.fee),
        "currency": order.currency,
        "due_on": order.refund_due_on.isoformat() if order.refund_due_on else "",
    }


_AMOUNT_COLUMNS = (
    "id",
    "return_order_id",
    "kind",
    "state",
    "goods",
    "costs",
    "fee",
    "amount",
    "reference",
    "reason",
    "created_at",
    "completed_at",
)


def _insert(session: Session, amounts: Sequence[NewAmount], now: datetime) -> None:
    rows: list[Sequence[object]] = []
    lines: list[Sequence[object]] = []
    for amount in amounts:
        completed_at = now if amount.state == "completed" else None
        rows.append(
            (
                amount.id,
                amount.return_id,
                amount.kind,
                amount.state,
                amount.goods,
                amount.costs,
                amount.fee,
                amount.amount,
                amount.reference,
                amount.reason,
                now,
                completed_at,
            )
        )
        for line_id, (steps, goods) in amount.lines.items():
            lines.append((amount.id, line_id, steps, goods))

    if rows:
        copy_rows(session, "returns.return_amount", _AMOUNT_COLUMNS, rows)
    if lines:
        columns = ("amount_id", "return_line_id", "quantity", "goods")
        copy_rows(session, "returns.return_amount_line", columns, lines)


class _OpenAmount(NamedTuple):
    id: UUID
    return_order_id: UUID
    kind: str
    state: str
    goods: Decimal
    costs: Decimal
    fee: Decimal


def locked_amounts(session: Session, ids: Sequence[UUID]) -> dict[UUID, _OpenAmount]:
    """Return these amounts. The caller locks their return orders."""
    rows = fetch_as(
        session,
        _OpenAmount,
        "SELECT id, return_order_id, kind, state, goods, costs, fee FROM returns.return_amount"
        " WHERE id = ANY(%s)",
        (list(ids),),
    )
    return {row.id: row for row in rows}


def complete_amounts(
    session: Session, states: Mapping[UUID, str], reference: str, now: datetime
) -> None:
    """Write the states of amounts, with the reference of their payment."""
    execute(
        session,
        "UPDATE returns.return_amount a SET state = d.state, reference = %s,"
        " completed_at = CASE WHEN d.state = 'completed' THEN %s::timestamptz END"
        " FROM unnest(%s::uuid[], %s::text[]) AS d(id, state) WHERE a.id = d.id",
        (reference, now, list(states), list(states.values())),
    )
