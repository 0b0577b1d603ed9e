"""Create return orders, of known orders or blind. Each takes many."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import Invalid, Problem, new_id, to_steps
from openiom.master_data import line_unit, product_facts, stock_units, unit_conversions
from openiom.orders import UnitsOfReturn, lock_orders
from openiom.platform.bulk import copy_rows, fetch_column
from openiom.platform.database import to_json_text
from openiom.returns.configuration import return_policy
from openiom.returns.decisions import ReturnLineState, ReturnState
from openiom.returns.models import NUMBER_PREFIX
from openiom.returns.new_returns import NewReturnOrder, ReturnChecker
from openiom.returns.payment_refunds import PAYMENT_REFUNDS
from openiom.returns.progress import (
    APPROVED_EVENT,
    BLIND,
    BLIND_EVENT,
    RECEIVED,
    REQUESTED_EVENT,
    WITHDRAWAL_EVENT,
)
from openiom.returns.queries import count_returns_of_orders
from openiom.returns.refund_port import RefundPort
from openiom.returns.return_batch import ReturnBatch
from openiom.returns.schemas import BlindLine, BlindReturn, NewParcel, NewReturn, ReturnResult
from openiom.returns.sold_goods import SoldGoods

from .amounts import credit_returns
from .parcels import insert_parcel
from .receipts import insert_receipts

_RETURN_COLUMNS = (
    "id",
    "number",
    "order_id",
    "customer_name",
    "currency",
    "state",
    "state_reason",
    "outcome",
    "timing",
    "origin",
    "note",
    "is_withdrawal",
    "declared_at",
    "deadline",
    "refund_due_on",
    "created_at",
    "created_by",
)
_LINE_COLUMNS = (
    "id",
    "return_order_id",
    "line_number",
    "order_line_id",
    "product",
    "name",
    "variant",
    "unit",
    "unit_decimals",
    "stock_per_step",
    "stock_decimals",
    "state",
    "reason",
    "comment",
    "return_to",
    "quantity",
    "received",
    "terms",
    "exchange_for",
)
BLIND_TERMS = {
    "title": "Blind return",
    "days": None,
    "refund_on": "inspected",
    "restocking_fee_percent": "0",
    "label_fee": "0",
    "refund_shipping": False,
}


def create_returns(
    session: Session,
    requests: Sequence[NewReturn],
    now: datetime,
    actor: str,
    *,
    parcel: NewParcel | None = None,
    refunds: RefundPort = PAYMENT_REFUNDS,
) -> list[ReturnResult]:
    """Create return orders; one result each, in order. A refused one stops no other.

    One that the return policy approves is approved at once; an advanced exchange or replacement is
    then placed. `parcel` has the units of all of them.
    """
    order_ids = {request.order_id for request in requests}
    lock_orders(session, order_ids)
    policy = return_policy(session)
    earlier: dict[UUID, int] = {}
    if policy.returns_per_order is not None:
        earlier = count_returns_of_orders(session, order_ids)
    checker = ReturnChecker(SoldGoods.load(session, order_ids), policy, now, earlier)
    checked = [checker.check(request) for request in requests]
    batch, new = _insert_checked(session, checked, now, actor)
    for one in new:
        _publish(batch, one, now)

    if parcel and new:
        approved = [one.state.id for one in new if one.is_approved]
        insert_parcel(session, batch, list(batch.returns), approved, parcel, now)

    credit_returns(session, batch, now, actor, refunds)
    batch.write(session, now, actor)
    return [_result(index, one) for index, one in enumerate(checked)]


def _insert_checked(
    session: Session, checked: Sequence[NewReturnOrder | Problem], now: datetime, actor: str
) -> tuple[ReturnBatch, list[NewReturnOrder]]:
    """Insert the return orders that have no problem; return the batch of them."""
    new = [one for one in checked if isinstance(one, NewReturnOrder)]
    _number(session, new)
    _insert(session, new, now, actor)
    return ReturnBatch.of({one.state.id: one.state for one in new}), new


def _number(session: Session, new: Sequence[NewReturnOrder]) -> None:
    """Give new return orders their numbers."""
    numbers = fetch_column(
        session,
        "SELECT nextval('returns.return_order_number') FROM generate_series(1, %s)",
        (len(new),),
    )
    for one, number in zip(new, numbers, strict=True):
        one.state.number = f"{NUMBER_PREFIX}{number}"


def _publish(batch: ReturnBatch, new: NewReturnOrder, now: datetime) -> None:
    """Publish a new return order, and count its units at their order lines."""
    order = new.state
    for line in order.lines.values():
        if line.order_line_id:
            batch.count(line.order_line_id, UnitsOfReturn(expected=line.quantity))

    data = {
        "outcome": order.outcome,
        "timing": order.timing,
        "origin": order.origin,
        "deadline": order.deadline.isoformat() if order.deadline else "",
        "lines": [_event_line(line) for line in order.lines.values()],
    }
    batch.publish(order, REQUESTED_EVENT, data)
    if order.is_withdrawal:
        batch.publish(order, WITHDRAWAL_EVENT, new.evidence)
    if new.is_approved:
        batch.move(order, APPROVED_EVENT, now)


def _event_line(line: ReturnLineState) -> dict[str, Any]:
    return {
        "product": line.product,
        "unit": line.unit,
        "quantity": line.number(line.quantity),
        "reason": line.reason,
    }


def _result(index: int, checked: NewReturnOrder | Problem) -> ReturnResult:
    if isinstance(checked, Problem):
        return ReturnResult(
            index=index,
            ok=False,
            reason=checked.what,
            where=checked.where,
            remedy=checked.remedy,
        )
    return ReturnResult(index=index, ok=True, id=checked.state.id, number=checked.state.number)


def create_blind_returns(
    session: Session, requests: Sequence[BlindReturn], now: datetime, actor: str
) -> list[ReturnResult]:
    """Record goods that arrived without an order; one result each, in order.

    They are matched with an order later, and inspected before or after.
    """
    products: list[str] = []
    for request in requests:
        products += [line.product for line in request.lines]

    reader = _BlindReader.load(session, products)
    checked = [reader.read(request, now) for request in requests]
    batch, _ = _insert_checked(session, checked, now, actor)
    receipts: list[tuple[UUID, int, str]] = []
    for request, one in zip(requests, checked, strict=True):
        if isinstance(one, Problem):
            continue
        lines = list(one.state.lines.values())
        receipts += [(line.id, line.received, request.place) for line in lines]
        data = {"place": request.place, "lines": [_event_line(line) for line in lines]}
        batch.publish(one.state, BLIND_EVENT, data)

    insert_receipts(session, receipts, now, actor)
    batch.write(session, now, actor)
    return [_result(index, one) for index, one in enumerate(checked)]


class _BlindReader:
    """Reads blind returns with the units of their products."""

    def __init__(self, units: Any, stock_unit_of: dict[str, str], names: dict[str, str]) -> None:
        self._units = units
        self._stock_unit_of = stock_unit_of
        self._names = names

    @classmethod
    def load(cls, session: Session, products: Sequence[str]) -> "_BlindReader":
        """Read the units of these products."""
        wanted = sorted(set(products))
        names = {name: facts.name for name, facts in product_facts(session, wanted).items()}
        return cls(unit_conversions(session), dict(stock_units(session, wanted)), names)

    def read(self, request: BlindReturn, now: datetime) -> NewReturnOrder | Problem:
        """Return a new return order without an order, or what is wrong with it."""
        state = ReturnState(
            id=new_id(),
            number="",
            order_id=None,
            customer_name=request.customer_name,
            currency="",
            state=RECEIVED,
            state_reason=BLIND,
            outcome="refund",
            timing="",
            origin="blind",
            is_withdrawal=False,
            declared_at=now,
            deadline=None,
            refund_due_on=None,
            replacement_order_id=None,
            sent_at=None,
            ended_at=None,
        )
        new = NewReturnOrder(state, request.note, is_approved=False)
        for index, item in enumerate(request.lines):
            line = self._line(state, item, request.place, f"lines[{index}]")
            if isinstance(line, Problem):
                return line
            state.lines[line.id] = line
            new.comments[line.id] = item.comment
        return new

    def _line(
        self, state: ReturnState, item: BlindLine, place: str, where: str
    ) -> ReturnLineState | Problem:
        stock_unit = self._stock_unit_of.get(item.product)
        if stock_unit is None:
            return Problem(f"{where}.product", f"there is no product {item.product}")

        unit = line_unit(stock_unit, stock_unit, self._units)
        try:
            steps = to_steps(item.quantity, unit.decimals, unit=stock_unit)
        except Invalid as error:
            return Problem(f"{where}.quantity", error.what, error.remedy)

        return ReturnLineState(
            id=new_id(),
            return_order_id=state.id,
            line_number=len(state.lines) + 1,
            order_line_id=None,
            product=item.product,
            name=self._names.get(item.product, item.product),
            variant=None,
            unit=stock_unit,
            unit_decimals=unit.decimals,
            stock_per_step=unit.stock_per_step,
            stock_decimals=unit.stock_decimals,
            state=RECEIVED,
            reason=item.reason,
            return_to=place,
            quantity=steps,
            received=steps,
            canceled=0,
            inspected=0,
            rejected=0,
            credited=0,
            terms=BLIND_TERMS,
            exchange_for=None,
        )


def _insert(session: Session, new: Sequence[NewReturnOrder], now: datetime, actor: str) -> None:
    """Insert return orders with their lines."""
    if not new:
        return

    rows = [_return_row(one, now, actor) for one in new]
    copy_rows(session, "returns.return_order", _RETURN_COLUMNS, rows)
    lines: list[Sequence[Any]] = []
    for one in new:
        for line in one.state.lines.values():
            lines.append(_line_row(line, one.comments[line.id]))

    copy_rows(session, "returns.return_line", _LINE_COLUMNS, lines)


def _return_row(new: NewReturnOrder, now: datetime, actor: str) -> list[Any]:
    """Return the columns of a return order; what a new one has not yet is None."""
    values = {name: getattr(new.state, name, None) for name in _RETURN_COLUMNS}
    values |= {"note": new.note, "created_at": now, "created_by": actor}
    return [values[name] for name in _RETURN_COLUMNS]


def _line_row(line: ReturnLineState, comment: str) -> list[Any]:
    values = {name: getattr(line, name, None) for name in _LINE_COLUMNS}
    values |= {
        "comment": comment,
        "variant": to_json_text(line.variant) if line.variant else None,
        "terms": to_json_text(line.terms),
        "exchange_for": to_json_text(line.exchange_for) if line.exchange_for else None,
    }
    return [values[name] for name in _LINE_COLUMNS]
