"""New return orders: checked against their orders and the return policy, not written yet."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from openiom.documents import quantity_number
from openiom.kernel import Invalid, Problem, new_id, to_steps
from openiom.orders import SoldLine, SoldOrder

from .configuration import ReturnPolicyBody
from .decisions import ReturnLineState, ReturnState, Terms, Window, earliest_deadline
from .eligibility import line_window, terms_of, withdrawal_of, withdrawal_terms
from .progress import EXPECTED, LABELS, REQUESTED
from .schemas import NewReturn, NewReturnLine
from .sold_goods import SoldGoods


@dataclass(slots=True)
class NewReturnOrder:
    """A return order to insert; `comments` are those of its lines by their ids."""

    state: ReturnState
    note: str
    is_approved: bool
    comments: dict[UUID, str] = field(default_factory=dict)
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class ReturnChecker:
    """Checks the return orders of one request, which share what is returnable of a line.

    `earlier` are the returns that orders have already.
    """

    sold: SoldGoods
    policy: ReturnPolicyBody
    now: datetime
    earlier: dict[UUID, int] = field(default_factory=dict)
    _used: dict[UUID, int] = field(default_factory=dict)

    def check(self, request: NewReturn) -> NewReturnOrder | Problem:
        """Return a new return order, or why there is none. A `Problem` changes nothing."""
        order = self.sold.orders.get(request.order_id)
        if order is None:
            return Problem("order_id", f"there is no order {request.order_id}", "")

        problem = _outcome_problem(request) or self._count_problem(request, order)
        if problem:
            return problem

        draft = self._draft(request, order)
        terms: list[Terms] = []
        steps: dict[UUID, int] = {}
        lines = {line.id: line for line in order.lines}
        for index, item in enumerate(request.lines):
            where = f"lines[{index}]"
            line = lines.get(item.order_line_id)
            if line is None:
                what = f"{order.number} has no line {item.order_line_id}"
                return Problem(f"{where}.order_line_id", what)

            found = self._check_line(request, order, line, item, where, steps)
            if isinstance(found, Problem):
                return found
            terms.append(found)
            self._add_line(draft, line, item, found, steps[line.id])

        self._complete(draft, request, terms)
        self.earlier[order.id] = self.earlier.get(order.id, 0) + 1
        for line_id, count in steps.items():
            self._used[line_id] = self._used.get(line_id, 0) + count
        return draft

    def _count_problem(self, request: NewReturn, order: SoldOrder) -> Problem | None:
        """Return that the order has as many returns as the policy allows, if it has."""
        limit = self.policy.returns_per_order
        count = self.earlier.get(order.id, 0)
        if limit is None or count < limit or request.override or request.withdrawal:
            return None
        what = f"{order.number} has {count} of {limit} returns that the return policy allows"
        return Problem("order_id", what, "an order manager may override the return policy")

    def _draft(self, request: NewReturn, order: SoldOrder) -> NewReturnOrder:
        timing = request.timing
        if request.outcome != "refund" and not timing:
            timing = "standard"

        state = ReturnState(
            id=new_id(),
            number="",
            order_id=order.id,
            customer_name=order.customer_name,
            currency=order.currency,
            state=REQUESTED,
            state_reason=LABELS[REQUESTED],
            outcome=request.outcome,
            timing=timing,
            origin=request.origin,
            is_withdrawal=request.withdrawal,
            declared_at=self.now,
            deadline=None,
            refund_due_on=None,
            replacement_order_id=None,
            sent_at=None,
            ended_at=None,
        )
        return NewReturnOrder(state, request.note, is_approved=False)

    def _check_line(
        self,
        request: NewReturn,
        order: SoldOrder,
        line: SoldLine,
        item: NewReturnLine,
        where: str,
        steps: dict[UUID, int],
    ) -> Terms | Problem:
        """Return the terms of a line and note its steps, or return what is wrong with it."""
        problem = self._reason_problem(request, item, where)
        problem = problem or self._item_problem(item, line, where, steps)
        if problem is None and not request.override:
            problem = self._product_problem(item, line, where)
        if problem:
            return problem

        goods = self.sold.goods(order, line)
        terms = terms_of(self.policy, goods, item.reason)
        window = line_window(terms, goods, self.now)
        if request.withdrawal:
            terms = withdrawal_terms(self.policy, terms)
            window = withdrawal_of(self.policy.withdrawal, goods, self.now)

        refusal = _window_refusal(window, request, is_digital=goods.is_digital)
        if refusal:
            remedy = "an order manager may override the return policy"
            return Problem(f"{where}.order_line_id", f"{line.product}: {refusal}", remedy)
        return terms

    def _product_problem(self, item: NewReturnLine, line: SoldLine, where: str) -> Problem | None:
        """Return that a line would be exchanged for another product, where that is not allowed."""
        chosen = item.exchange_for
        if chosen is None or not self.policy.exchange_within_product:
            return None
        if chosen.product == line.product:
            return None
        what = f"line {line.line_number} is exchanged only for a variant of {line.product}"
        return Problem(f"{where}.exchange_for.product", what, "choose another variant of it")

    def _reason_problem(
        self, request: NewReturn, item: NewReturnLine, where: str
    ) -> Problem | None:
        """Return that a reason is unknown or missing. A consumer withdraws without one."""
        codes = [reason.code for reason in self.policy.reasons]
        if item.reason in codes or (request.withdrawal and not item.reason):
            return None
        what = f"there is no reason {item.reason}" if item.reason else "the reason is missing"
        return Problem(f"{where}.reason", what, f"use one of {', '.join(codes)}")

    def _item_problem(
        self, item: NewReturnLine, line: SoldLine, where: str, steps: dict[UUID, int]
    ) -> Problem | None:
        if line.id in steps:
            what = f"line {line.line_number} is there twice"
            return Problem(f"{where}.order_line_id", what, "add the quantities up")

        try:
            count = to_steps(item.quantity, line.unit_decimals, unit=line.unit)
        except Invalid as error:
            return Problem(f"{where}.quantity", error.what, error.remedy)

        free = line.returnable - self._used.get(line.id, 0)
        if count > free:
            what = _too_many(line, count, free)
            return Problem(f"{where}.quantity", what, "return less, or wait until it has shipped")

        steps[line.id] = count
        return None

    def _add_line(
        self,
        draft: NewReturnOrder,
        line: SoldLine,
        item: NewReturnLine,
        terms: Terms,
        steps: int,
    ) -> None:
        exchange = item.exchange_for.model_dump(mode="json") if item.exchange_for else None
        state = ReturnLineState(
            id=new_id(),
            return_order_id=draft.state.id,
            line_number=len(draft.state.lines) + 1,
            order_line_id=line.id,
            product=line.product,
            name=line.name,
            variant=line.variant,
            unit=line.unit,
            unit_decimals=line.unit_decimals,
            stock_per_step=line.stock_per_step,
            stock_decimals=line.stock_decimals,
            state=EXPECTED,
            reason=item.reason,
            return_to=terms.return_to or line.source,
            quantity=steps,
            received=0,
            canceled=0,
            inspected=0,
            rejected=0,
            credited=0,
            terms=terms.as_json(),
            exchange_for=exchange,
        )
        draft.state.lines[state.id] = state
        draft.comments[state.id] = item.comment

    def _complete(self, draft: NewReturnOrder, request: NewReturn, terms: list[Terms]) -> None:
        """Set the deadlines, and whether a person must approve the return."""
        state, today = draft.state, self.now.date()
        state.deadline = earliest_deadline(today, terms)
        draft.is_approved = request.override or all(one.auto_approve for one in terms)
        if request.withdrawal:
            withdrawal = self.policy.withdrawal
            state.refund_due_on = today + timedelta(days=withdrawal.refund_days)
            draft.evidence = {
                "declared_at": self.now.isoformat(),
                "days": withdrawal.days,
                "refund_due_on": state.refund_due_on.isoformat(),
            }


def _outcome_problem(request: NewReturn) -> Problem | None:
    """Return what does not fit the outcome of a return order."""
    if request.outcome == "refund" and request.timing:
        return Problem("timing", "a refund has no timing", "leave it empty")
    if request.withdrawal and request.outcome != "refund":
        return Problem("outcome", "a withdrawal is refunded", "use the outcome refund")
    return _exchange_problem(request)


def _exchange_problem(request: NewReturn) -> Problem | None:
    """Return the first line that names a product in exchange and should not, or the reverse."""
    is_exchange = request.outcome == "exchange"
    for index, line in enumerate(request.lines):
        if (line.exchange_for is not None) != is_exchange:
            what = "belongs to the outcome exchange, each line of which has one"
            return Problem(f"lines[{index}].exchange_for", what)
    return None


def _window_refusal(window: Window, request: NewReturn, *, is_digital: bool) -> str:
    if window.is_open or (request.override and not is_digital):
        return ""
    return window.reason


def _too_many(line: SoldLine, steps: int, free: int) -> str:
    def number(steps: int) -> int | float:
        return quantity_number(steps, line.unit_decimals)

    text = f"{number(free)} {line.unit} of {line.product} can be returned, not {number(steps)}"
    parts: list[str] = [f"{number(line.shipped)} shipped"]
    if line.returned:
        parts.append(f"{number(line.returned)} returned")
    if line.in_return:
        parts.append(f"{number(line.in_return)} in a return")
    return f"{text} ({', '.join(parts)})"
