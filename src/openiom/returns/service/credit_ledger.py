"""The ledger of credits: what was paid and credited of the orders of returns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.orders import PaidAmounts, SoldOrder, sold_orders
from openiom.platform.bulk import fetch_as
from openiom.returns.decisions import ReturnState
from openiom.returns.refund_amounts import goods_amount

ZERO = Decimal(0)


class CreditedBefore(NamedTuple):
    """What was credited of an order line earlier."""

    order_line_id: UUID
    steps: int
    goods: Decimal


class _EarlierAmounts(NamedTuple):
    return_order_id: UUID
    order_id: UUID
    costs: Decimal
    fees: Decimal


@dataclass(slots=True)
class CreditLedger:
    """What was credited before, by order line and order; kept current during one batch."""

    sold: Mapping[UUID, SoldOrder]
    paid: Mapping[UUID, PaidAmounts]
    lines: dict[UUID, CreditedBefore]
    costs: dict[UUID, Decimal]
    fees: dict[UUID, Decimal]
    returns: set[UUID]

    @classmethod
    def load(cls, session: Session, order_ids: Iterable[UUID]) -> "CreditLedger":
        """Read what these locked orders were paid and credited."""
        sold = sold_orders(session, set(order_ids))
        paid = {order_id: order.paid() for order_id, order in sold.items()}
        lines = fetch_as(session, CreditedBefore, _BEFORE, (list(sold),))
        costs: dict[UUID, Decimal] = {}
        fees: dict[UUID, Decimal] = {}
        returns: set[UUID] = set()
        for row in fetch_as(session, _EarlierAmounts, _EARLIER, (list(sold),)):
            costs[row.order_id] = costs.get(row.order_id, ZERO) + row.costs
            fees[row.order_id] = fees.get(row.order_id, ZERO) + row.fees
            returns.add(row.return_order_id)
        return cls(sold, paid, {row.order_line_id: row for row in lines}, costs, fees, returns)

    def before(self, order_line_id: UUID) -> CreditedBefore:
        """Return what was credited of an order line by now."""
        return self.lines.get(order_line_id) or CreditedBefore(order_line_id, 0, ZERO)

    def credit(self, order_id: UUID, order_line_id: UUID, steps: int) -> Decimal:
        """Credit steps of an order line; return the price that was paid for them."""
        order = self.sold[order_id]
        numbers = [one.id for one in order.lines]
        index = numbers.index(order_line_id)
        before = self.before(order_line_id)
        credited = before.steps + steps
        paid, quantity = self.paid[order_id].of_lines[index], order.lines[index].quantity
        goods = goods_amount(paid, quantity, credited, before.goods, order.currency)
        self.lines[order_line_id] = CreditedBefore(order_line_id, credited, before.goods + goods)
        return goods

    def costs_of(self, order: ReturnState) -> Decimal:
        """Return the shipping and fees to pay back: once, when the whole order is returned."""
        assert order.order_id is not None
        if not all(line.terms["refund_shipping"] for line in order.lines.values()):
            return ZERO
        if not self._is_all_credited(self.sold[order.order_id]):
            return ZERO

        known = self.costs.get(order.order_id, ZERO)
        owed = max(ZERO, self.paid[order.order_id].costs - known)
        self.costs[order.order_id] = known + owed
        return owed

    def keep(self, order_id: UUID, fee: Decimal) -> Decimal:
        """Keep a fee of what is credited; return what goodwill has paid back of it before.

        The customer gets back no more than was paid, goodwill included.
        """
        order = self.sold[order_id]
        credited = self.costs.get(order_id, ZERO)
        for line in order.lines:
            credited += self.before(line.id).goods

        kept = self.fees.get(order_id, ZERO) + fee
        most = self.paid[order_id].total - order.goodwill_amount
        goodwill = max(ZERO, credited - kept - most)
        self.fees[order_id] = kept + goodwill
        return goodwill

    def _is_all_credited(self, order: SoldOrder) -> bool:
        """Return whether every unit that was not canceled is credited."""
        for line in order.lines:
            if self.before(line.id).steps + line.canceled < line.quantity:
                return False
        return True


_BEFORE = """
SELECT l.order_line_id, sum(a.quantity)::bigint AS steps, sum(a.goods) AS goods
FROM returns.return_amount_line a
JOIN returns.return_line l ON l.id = a.return_line_id
JOIN returns.return_order r ON r.id = l.return_order_id
WHERE r.order_id = ANY(%s) GROUP BY l.order_line_id
"""
_EARLIER = """
SELECT a.return_order_id, r.order_id, sum(a.costs) AS costs, sum(a.fee) AS fees
FROM returns.return_amount a
JOIN returns.return_order r ON r.id = a.return_order_id
WHERE r.order_id = ANY(%s) GROUP BY 1, 2
"""


def credited_before(session: Session, order_ids: Sequence[UUID]) -> dict[UUID, tuple[int, Decimal]]:
    """Return the steps credited of lines of orders, and the price paid for them, by line."""
    rows = fetch_as(session, CreditedBefore, _BEFORE, (list(order_ids),))
    return {row.order_line_id: (row.steps, row.goods) for row in rows}
