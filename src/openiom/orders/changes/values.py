"""An order as a change sees it: a value, of which operations make another one.

What has happened to the goods (shipped, canceled, in fulfillment) is part of the value, and no
operation changes it. Two values with equal `content` are the same order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from openiom.documents import quantity_number
from openiom.kernel import from_steps, round_money
from openiom.orders.decisions import TotalReading

ZERO = Decimal(0)


class LineUnitSteps(NamedTuple):
    """What a step of a line is: decimals of its unit, and the stock units in one step."""

    decimals: int = 0
    stock_per_step: int = 1
    stock_decimals: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LineValue:
    """A line of an order. Quantities are steps of its unit.

    id          None while the line is added by a change
    at_fulfiller  steps in fulfillment orders that a fulfiller has, or that are being sent
    """

    id: UUID | None
    line_number: int
    external_id: str
    product: str
    name: str
    variant: tuple[tuple[str, str], ...] = ()
    unit: str
    steps: LineUnitSteps = LineUnitSteps()
    quantity: int
    unit_price: Decimal
    discount: Decimal = ZERO
    tax: Decimal = ZERO
    requested_date: date | None = None
    delivery: str = "shipment"
    pickup_source: str = ""
    ship_to: Mapping[str, Any] | None = None
    in_fulfillment: int = 0
    at_fulfiller: int = 0
    shipped: int = 0
    canceled: int = 0

    @property
    def fixed(self) -> int:
        """Steps that no change touches, because they are shipped or canceled."""
        return self.shipped + self.canceled

    @property
    def changeable(self) -> int:
        """Steps neither shipped nor canceled."""
        return self.quantity - self.fixed

    def number(self, steps: int) -> int | float:
        """Return steps as a number of the line's unit."""
        return quantity_number(steps, self.steps.decimals)

    def net(self, currency: str) -> Decimal:
        """Return the price of the line less its discount."""
        quantity = from_steps(self.quantity, self.steps.decimals)
        return round_money(self.unit_price * quantity, currency) - self.discount

    def content(self) -> tuple[Any, ...]:
        """Return everything but the identity of the line; lines without units have none."""
        return (
            self.external_id,
            self.product,
            self.name,
            self.variant,
            self.unit,
            self.quantity,
            self.unit_price,
            self.discount,
            self.tax,
            str(self.requested_date or ""),
            self.delivery,
            self.pickup_source,
            sorted((self.ship_to or {}).items(), key=str),
            self.shipped,
            self.canceled,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderValue:
    """An order with its lines, by line number. Lines that were removed are not part of it.

    order_tax   the tax of the order where its lines state none or another one; None where the tax
                is that of the lines
    difference  what the stated total was more than the computed one; changes keep it
    last_number  the highest line number, of removed lines too
    """

    id: UUID
    number: str
    currency: str
    state: str
    lines: tuple[LineValue, ...]
    shipping: Decimal = ZERO
    fees: Decimal = ZERO
    credit: Decimal = ZERO
    discount: Decimal = ZERO
    order_tax: Decimal | None = None
    difference: Decimal = ZERO
    reading: TotalReading = TotalReading.TAX_ADDED
    goodwill: Decimal = ZERO
    ship_to: Mapping[str, Any]
    bill_to: Mapping[str, Any] | None = None
    requested_date: date | None = None
    shipping_method: str = ""
    last_number: int = 0

    @property
    def tax(self) -> Decimal:
        """The tax of the order."""
        if self.order_tax is not None:
            return self.order_tax
        return sum((line.tax for line in self.lines), ZERO)

    @property
    def subtotal(self) -> Decimal:
        """The lines less their discounts."""
        return sum((line.net(self.currency) for line in self.lines), ZERO)

    @property
    def products(self) -> set[str]:
        """The products of the lines."""
        return {line.product for line in self.lines}

    def with_line(self, changed: LineValue) -> "OrderValue":
        """Return the order with this line in place of the one of its number, or added."""
        lines = [line for line in self.lines if line.line_number != changed.line_number]
        lines.append(changed)
        lines.sort(key=lambda line: line.line_number)
        last = max(self.last_number, changed.line_number)
        return replace(self, lines=tuple(lines), last_number=last)

    def without_line(self, number: int) -> "OrderValue":
        """Return the order without a line."""
        kept = tuple(line for line in self.lines if line.line_number != number)
        return replace(self, lines=kept)

    def content(self) -> dict[str, Any]:
        """Return everything but identities, for comparison."""
        return {
            "lines": sorted((line.content() for line in self.lines), key=repr),
            "shipping": self.shipping,
            "fees": self.fees,
            "credit": self.credit,
            "discount": self.discount,
            "order_tax": self.order_tax,
            "difference": self.difference,
            "reading": self.reading,
            "goodwill": self.goodwill,
            "ship_to": dict(self.ship_to),
            "bill_to": dict(self.bill_to) if self.bill_to else None,
            "requested_date": self.requested_date,
            "shipping_method": self.shipping_method,
        }
