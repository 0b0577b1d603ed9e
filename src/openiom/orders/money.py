"""The money of orders and their lines, for packages that charge what has shipped."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import from_steps, round_money
from openiom.platform.bulk import fetch_as

from .order_batch import flush_lines, flush_orders
from .states import FULFILLED_BY_SOURCE


@dataclass(slots=True)
class StatedLineMoney:
    """An order line: units in steps, and money in the currency of its order."""

    id: UUID
    order_id: UUID
    quantity: int
    unit_decimals: int
    shipped: int
    canceled: int
    delivery: str
    unit_price: Decimal
    discount: Decimal
    tax: Decimal

    def price(self, currency: str) -> Decimal:
        """Return the price of all units, less the discount of the line and without its tax."""
        units = from_steps(self.quantity, self.unit_decimals)
        return round_money(self.unit_price * units, currency) - self.discount


@dataclass(slots=True)
class StatedOrderMoney:
    """The amounts of an order as its source states them, and its lines in their order."""

    id: UUID
    number: str
    currency: str
    state_reason: str
    shipping_amount: Decimal
    fees_amount: Decimal
    credit_amount: Decimal
    discount_amount: Decimal
    tax_amount: Decimal
    total_amount: Decimal
    lines: list[StatedLineMoney] = field(default_factory=list)

    @property
    def fulfilled_by_source(self) -> bool:
        """Whether its source has shipped it itself."""
        return self.state_reason == FULFILLED_BY_SOURCE


_ORDERS = """
SELECT o.id, o.number, o.currency, s.reason AS state_reason, o.shipping_amount, o.fees_amount,
    o.credit_amount, o.discount_amount, o.tax_amount, o.total_amount
FROM orders.order o JOIN orders.order_state s ON s.order_id = o.id WHERE o.id = ANY(%s)
"""
_LINES = """
SELECT id, order_id, quantity, unit_decimals, shipped, canceled, delivery, unit_price, discount, tax
FROM orders.order_line WHERE order_id = ANY(%s) AND NOT removed ORDER BY order_id, line_number
"""


def money_of_orders(session: Session, order_ids: Sequence[UUID]) -> dict[UUID, StatedOrderMoney]:
    """Return the amounts of orders with their lines; unknown ids are absent."""
    flush_orders(session)
    flush_lines(session)
    ids = list(order_ids)
    lines: dict[UUID, list[StatedLineMoney]] = defaultdict(list)
    for line in fetch_as(session, StatedLineMoney, _LINES, (ids,)):
        lines[line.order_id].append(line)

    found: dict[UUID, StatedOrderMoney] = {}
    for order in fetch_as(session, StatedOrderMoney, _ORDERS, (ids,)):
        order.lines = lines[order.id]
        found[order.id] = order

    return found


class _Goodwill(NamedTuple):
    id: UUID
    amount: Decimal


def goodwill_of_orders(session: Session, order_ids: Sequence[UUID]) -> dict[UUID, Decimal]:
    """Return what was given back of orders without units coming back; others are absent."""
    flush_orders(session)
    rows = fetch_as(
        session,
        _Goodwill,
        "SELECT id, goodwill_amount AS amount FROM orders.order"
        " WHERE id = ANY(%s) AND goodwill_amount > 0",
        (list(order_ids),),
    )
    return {row.id: row.amount for row in rows}
