"""What was sold and shipped with orders, for returns: units, prices and amounts."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import sorted_ids
from openiom.platform.bulk import fetch_as

from .order_batch import flush_lines


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
    lines: tuple[SoldLine, ...] = ()


_ORDERS = """
SELECT id, number, origin, currency, account, price_list, company, shipping_method, customer_name,
    customer, ship_to, placed_at, shipping_amount, fees_amount, credit_amount, discount_amount,
    tax_amount, total_amount
FROM orders.order WHERE id = ANY(%s) ORDER BY id
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

    flush_lines(session)
    wanted = sorted_ids(ids)
    lines: dict[UUID, list[SoldLine]] = defaultdict(list)
    for line in fetch_as(session, SoldLine, _LINES, (wanted,)):
        lines[line.order_id].append(line)

    orders: dict[UUID, SoldOrder] = {}
    for order in fetch_as(session, SoldOrder, _ORDERS, (wanted,)):
        orders[order.id] = replace(order, lines=tuple(lines[order.id]))

    return orders
