"""Match the lines of blind returns with order lines, and record what was paid."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import Problem
from openiom.orders import SoldLine, SoldOrder, UnitsOfReturn, line_facts, lock_orders, sold_orders
from openiom.platform.bulk import fetch_column
from openiom.provider_contract import Outcome
from openiom.returns.decisions import ReturnLineState, ReturnState
from openiom.returns.locks import returns_of_lines
from openiom.returns.payment_refunds import PAYMENT_REFUNDS
from openiom.returns.progress import (
    CHARGED_EVENT,
    MATCHED_EVENT,
    REFUND_FAILED_EVENT,
    REFUNDED_EVENT,
)
from openiom.returns.refund_port import RefundPort
from openiom.returns.return_batch import ReturnBatch
from openiom.returns.schemas import MatchLine

from .amounts import complete_amounts, credit_returns, locked_amounts


def match_returns(
    session: Session,
    items: Sequence[MatchLine],
    now: datetime,
    actor: str,
    *,
    refunds: RefundPort = PAYMENT_REFUNDS,
) -> list[Outcome]:
    """Match lines of blind returns with order lines; one outcome per line.

    All lines of a return are matched together, with lines of one order that have as many units to
    return. What was inspected is credited.
    """
    order_of = _orders_of(session, [item.order_line_id for item in items])
    lock_orders(session, set(order_of.values()))
    sold = sold_orders(session, set(order_of.values()))
    owners = returns_of_lines(session, [item.id for item in items])
    batch = ReturnBatch.load(session, set(owners.values()))

    chosen: dict[UUID, list[MatchLine]] = {}
    for item in items:
        if item.id in owners:
            chosen.setdefault(owners[item.id], []).append(item)

    used: dict[UUID, int] = {}
    outcomes: dict[UUID, Outcome] = {}
    for return_id, lines in chosen.items():
        order = batch.returns[return_id]
        problem = _match(batch, order, lines, order_of, sold, used)
        if problem is None:
            batch.move(order, MATCHED_EVENT, now, {"order_number": sold[order.root_id].number})
            outcomes[return_id] = Outcome(True, f"matched {order.number}")
        else:
            outcomes[return_id] = Outcome(False, problem.what, {"remedy": problem.remedy})

    credit_returns(session, batch, now, actor, refunds)
    batch.write(session, now, actor)
    unknown = Outcome(False, "there is no such line of a return order")
    return [outcomes.get(owners[i.id], unknown) if i.id in owners else unknown for i in items]


def _orders_of(session: Session, line_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    facts = line_facts(session, list(line_ids), ("id",))
    return {line_id: UUID(fact["order_id"]) for line_id, fact in facts.items()}


def _match(
    batch: ReturnBatch,
    order: ReturnState,
    items: Sequence[MatchLine],
    order_of: Mapping[UUID, UUID],
    sold: Mapping[UUID, SoldOrder],
    used: dict[UUID, int],
) -> Problem | None:
    """Match all lines of a return. A `Problem` changes nothing."""
    if order.order_id is not None:
        return Problem("id", f"{order.number} has an order already")
    if {item.id for item in items} != set(order.lines):
        return Problem("lines", f"{order.number} has other lines", "match all of them together")

    order_ids = {order_of.get(item.order_line_id) for item in items}
    order_id = order_ids.pop()
    if order_ids or order_id is None:
        return Problem("order_line_id", "these are no lines of one order", "choose one order")

    sold_lines = {line.id: line for line in sold[order_id].lines}
    for item in items:
        line, sold_line = order.lines[item.id], sold_lines[item.order_line_id]
        problem = _line_problem(line, sold_line, used.get(sold_line.id, 0))
        if problem:
            return problem

    for item in items:
        line, sold_line = order.lines[item.id], sold_lines[item.order_line_id]
        line.order_line_id = sold_line.id
        used[sold_line.id] = used.get(sold_line.id, 0) + line.received
        batch.count(sold_line.id, UnitsOfReturn(returned=line.received))

    order.order_id = order_id
    order.customer_name = sold[order_id].customer_name
    order.currency = sold[order_id].currency
    return None


def _line_problem(line: ReturnLineState, sold: SoldLine, used: int) -> Problem | None:
    if (line.product, line.unit, line.unit_decimals) != (
        sold.product,
        sold.unit,
        sold.unit_decimals,
    ):
        what = f"{line.product} in {line.unit} came back, the line is {sold.product} in {sold.unit}"
        return Problem("order_line_id", what, "choose a line of the same product and unit")
    if line.received > sold.returnable - used:
        what = (
            f"{line.number(sold.returnable - used)} {line.unit} of {line.product} can be returned"
            f" of the line, {line.number(line.received)} came back"
        )
        return Problem("order_line_id", what, "choose another order")
    return None


def record_payments(
    session: Session,
    ids: Sequence[UUID],
    now: datetime,
    actor: str,
    *,
    state: Literal["completed", "failed"],
    reference: str = "",
    reason: str = "",
) -> list[Outcome]:
    """Record that amounts were paid, or could not be; one outcome per amount. Each is paid once."""
    owners = fetch_column(
        session,
        "SELECT DISTINCT return_order_id FROM returns.return_amount WHERE id = ANY(%s)",
        (list(ids),),
    )
    batch = ReturnBatch.load(session, owners)
    amounts = locked_amounts(session, ids)
    states: dict[UUID, str] = {}
    outcomes: list[Outcome] = []
    for amount_id in ids:
        amount = amounts.get(amount_id)
        if amount is None:
            outcomes.append(Outcome(False, f"there is no amount {amount_id}"))
            continue
        if amount.state == "completed" or amount_id in states:
            outcomes.append(Outcome(False, "it was paid already"))
            continue

        states[amount_id] = state
        event = _event(amount.kind, state)
        total = amount.goods + amount.costs - amount.fee
        data = {"amount_id": str(amount_id), "amount": str(total), "reference": reference}
        batch.publish(batch.returns[amount.return_order_id], event, data, reason=reason)
        outcomes.append(Outcome(True, "recorded"))

    complete_amounts(session, states, reference, now)
    batch.write(session, now, actor)
    return outcomes


def _event(kind: str, state: str) -> str:
    if state == "failed":
        return REFUND_FAILED_EVENT
    return CHARGED_EVENT if kind == "charge" else REFUNDED_EVENT
