"""What was sold and shipped with orders, for payments and returns: units, prices and amounts."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import from_steps, round_money, sorted_ids
from openiom.platform.bulk import fetch_as

from .order_batch import flush_lines, flush_orders
from .paid_amounts import PaidAmounts, PaidLine, PaidOrder, paid_amounts
from .states import FULFILLED_BY_SOURCE


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line with its units and money; quantities are steps of its unit, see `OrderLine`."""

    id: UUID
    order_id: UUID
    line_number: int
    external_id: str
    product: str
    name: str
    variant: dict[str, str] | None
    unit: str
    unit_decimals: int
    stock_per_step: int
    stock_decimals: int
    quantity: int
    canceled: int
    shipped: int
    returned: int
    in_return: int
    unit_price: Decimal
    discount: Decimal
    tax: Decimal
    source: str
    delivery: str

    @property
    def returnable(self) -> int:
        """Steps that were shipped and are neither returned nor in a return order."""
        return self.shipped - self.returned - self.in_return

    def price(self, currency: str) -> Decimal:
        """Return the unit price times the quantity, rounded to the currency of the order."""
        units = from_steps(self.quantity, self.unit_decimals)
        return round_money(self.unit_price * units, currency)


@dataclass(frozen=True, slots=True)
class SoldOrder:
    """An order with its amounts; `lines` are in the order of their numbers."""

    id: UUID
    number: str
    origin: str
    currency: str
    account: str | None
    price_list: str | None
    company: str
    shipping_method: str
    customer_name: str
    customer: dict[str, Any]
    ship_to: dict[str, Any]
    placed_at: datetime
    shipping_amount: Decimal
    fees_amount: Decimal
    credit_amount: Decimal
    discount_amount: Decimal
    tax_amount: Decimal
    total_amount: Decimal
    goodwill_amount: Decimal
    state_reason: str
    lines: tuple[SoldLine, ...] = ()

    @property
    def fulfilled_by_source(self) -> bool:
        """Whether its source has shipped it itself."""
        return self.state_reason == FULFILLED_BY_SOURCE

    def paid(self) -> PaidAmounts:
        """Return what was paid of the order: in total, for each line, and for shipping and fees."""
        lines: list[PaidLine] = []
        for line in self.lines:
            lines.append(PaidLine(line.price(self.currency), line.discount, line.tax))

        return paid_amounts(
            PaidOrder(
                currency=self.currency,
                total=self.total_amount,
                shipping=self.shipping_amount,
                fees=self.fees_amount,
                discount=self.discount_amount,
                tax=self.tax_amount,
                credit=self.credit_amount,
                lines=lines,
            )
        )


_ORDERS = """
SELECT o.id, o.number, o.origin, o.currency, o.account, o.price_list, o.company,
    o.shipping_method, o.customer_name, o.customer, o.ship_to, o.placed_at, o.shipping_amount,
    o.fees_amount, o.credit_amount, o.discount_amount, o.tax_amount, o.total_amount,
    o.goodwill_amount, s.reason AS state_reason
FROM orders.order o JOIN orders.order_state s ON s.order_id = o.id
WHERE o.id = ANY(%s) ORDER BY o.id
"""
_LINES = """
SELECT id, order_id, line_number, external_id, product, name, variant, unit, unit_decimals,
    stock_per_step, stock_decimals, quantity, canceled, shipped, returned, in_return, unit_price,
    discount, tax, coalesce(source, '') AS source, delivery
FROM orders.order_line WHERE order_id = ANY(%s) AND NOT removed ORDER BY order_id, line_number
"""


def sold_orders(session: Session, ids: Collection[UUID]) -> dict[UUID, SoldOrder]:
    """Return these orders with all their lines, in two queries. Unknown ids are absent."""
    if not ids:
        return {}

    flush_orders(session)
    flush_lines(session)
    wanted = sorted_ids(ids)
    lines: dict[UUID, list[SoldLine]] = defaultdict(list)
    for line in fetch_as(session, SoldLine, _LINES, (wanted,)):
        lines[line.order_id].append(line)

    orders: dict[UUID, SoldOrder] = {}
    for order in fetch_as(session, SoldOrder, _ORDERS, (wanted,)):
        orders[order.id] = replace(order, lines=tuple(lines[order.id]))

    return orders


class _Goodwill(NamedTuple):
    id: UUID
    amount: Decimal


def goodwill_of_orders(session: Session, ids: Collection[UUID]) -> dict[UUID, Decimal]:
    """Return what was given back of orders without units coming back; others are absent."""
    flush_orders(session)
    rows = fetch_as(
        session,
        _Goodwill,
        "SELECT id, goodwill_amount AS amount FROM orders.order"
        " WHERE id = ANY(%s) AND goodwill_amount > 0",
        (list(ids),),
    )
    return {row.id: row.amount for row in rows}
