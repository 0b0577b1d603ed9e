"""What of an order may be returned, until when, for how much, and why not the rest."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.documents import quantity_number, variant_fact
from openiom.kernel import NotFound, amount_text
from openiom.orders import SoldLine, SoldOrder

from .configuration import ReturnPolicyBody, return_policy
from .decisions import Window
from .eligibility import ReturnedGoods, line_window, terms_of, withdrawal_of
from .refund_amounts import goods_amount, restocking_fee
from .schemas import ReturnableLine, ReturnableOrder
from .service.credit_ledger import credited_before
from .sold_goods import SoldGoods


def returnable_order(
    session: Session, order_id: UUID, now: datetime, *, reason: str = ""
) -> ReturnableOrder:
    """Return what of an order may be returned for a reason. Raise `NotFound`.

    An empty reason is one that no rule of the return policy names.
    """
    sold = SoldGoods.load(session, [order_id])
    if order_id not in sold.orders:
        raise NotFound(f"no order {order_id}", remedy="look it up in the list of orders")

    order = sold.orders[order_id]
    policy = return_policy(session)
    paid = order.paid()
    before = credited_before(session, [order_id])

    lines: list[ReturnableLine] = []
    for line, price in zip(order.lines, paid.of_lines, strict=True):
        goods = sold.goods(order, line)
        steps, amount = before.get(line.id, (0, Decimal(0)))
        owed = goods_amount(price, line.quantity, steps + line.returnable, amount, order.currency)
        lines.append(_line(order, line, goods, policy, owed, now, reason))

    withdrawal = _withdrawal(sold, order, policy, now)
    return ReturnableOrder(
        order_id=order.id,
        number=order.number,
        currency=order.currency,
        can_withdraw=withdrawal.is_open,
        withdrawal_reason=withdrawal.reason,
        withdrawal_until=withdrawal.until,
        lines=lines,
    )


def _line(
    order: SoldOrder,
    line: SoldLine,
    goods: ReturnedGoods,
    policy: ReturnPolicyBody,
    owed: Decimal,
    now: datetime,
    reason: str,
) -> ReturnableLine:
    terms = terms_of(policy, goods, reason)
    window = line_window(terms, goods, now)
    refusal = _refusal(line, window)
    fee = restocking_fee(owed, terms.restocking_fee_percent, order.currency)

    def number(steps: int) -> int | float:
        return quantity_number(steps, line.unit_decimals)

    return ReturnableLine(
        order_line_id=line.id,
        line_number=line.line_number,
        product=line.product,
        name=line.name,
        variant=variant_fact(line.variant),
        unit=line.unit,
        unit_decimals=line.unit_decimals,
        ordered=number(line.quantity),
        shipped=number(line.shipped),
        returned=number(line.returned),
        in_return=number(line.in_return),
        returnable=number(line.returnable),
        allowed=not refusal,
        reason=refusal,
        until=window.until,
        amount=amount_text(owed, order.currency),
        fee=amount_text(fee, order.currency),
        rule=terms.title,
    )


def _refusal(line: SoldLine, window: Window) -> str:
    if not line.shipped:
        return "nothing of it has shipped"
    if line.returnable:
        return "" if window.is_open else window.reason
    if line.in_return:
        return "every unit is returned or in a return"
    return "every unit has been returned"


def _withdrawal(
    sold: SoldGoods, order: SoldOrder, policy: ReturnPolicyBody, now: datetime
) -> Window:
    """Return until when the consumer may withdraw from any line of an order."""
    refused = Window(None, False, "nothing of the order can be returned")
    for line in order.lines:
        if line.returnable:
            window = withdrawal_of(policy.withdrawal, sold.goods(order, line), now)
            if window.is_open:
                return window
            refused = window
    return refused
