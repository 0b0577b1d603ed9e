"""Add a line to an order."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Literal

from openiom.documents import AddressDocument, Delivery, Quantity, VariantDocument
from openiom.kernel import Day, Refused, minor_units
from openiom.orders.changes.facts import ChangeFacts, quantity_steps
from openiom.orders.changes.guards import require_unfinished
from openiom.orders.changes.values import LineValue, OrderValue

from .base import (
    ChangeOperation,
    Money,
    Price,
    ProductNumber,
    address_of,
    variant_of,
)

MOST_LINES = 2_000


class AddLine(ChangeOperation):
    """Order one more product; without a unit, in the unit of its stock."""

    kind: Literal["add_line"] = "add_line"
    product: ProductNumber
    quantity: Quantity
    unit_price: Price
    unit: str = ""
    name: str = ""
    external_id: str = ""
    variant: VariantDocument | None = None
    discount: Money = Decimal(0)
    tax: Price = Decimal(0)
    requested_date: Day | None = None
    delivery: Delivery = "shipment"
    pickup_source: str = ""
    ship_to: AddressDocument | None = None

    def check(self, value: OrderValue, facts: ChangeFacts) -> None:
        """Raise `Refused` for a product or unit that does not exist, and impossible amounts."""
        require_unfinished(value)
        facts.check_product(self.product, "product")
        if len(value.lines) >= MOST_LINES:
            what = f"an order has at most {MOST_LINES} lines"
            raise Refused(what, where="lines", remedy="place another order for the rest")
        if self.delivery == "digital":
            raise Refused(
                "a line without goods cannot be added",
                where="delivery",
                remedy="place a new order for it",
            )

        line = self.line_value(value, facts)
        smallest = Decimal(1).scaleb(-minor_units(value.currency))
        if line.discount < -smallest or line.net(value.currency) < 0:
            raise Refused(
                f"a discount of {line.discount} does not fit the price of {self.product}",
                where="discount",
                remedy="enter a discount from 0 to the price of the line",
            )

    def change(self, value: OrderValue, facts: ChangeFacts) -> OrderValue:
        """Return the order with the line after all others."""
        return value.with_line(self.line_value(value, facts))

    def line_value(self, value: OrderValue, facts: ChangeFacts) -> LineValue:
        """Return the line as the order has it afterwards."""
        unit, steps = facts.unit_of(self.product, self.unit, "unit")
        day: date | None = self.requested_date
        return LineValue(
            id=None,
            line_number=value.last_number + 1,
            external_id=self.external_id,
            product=self.product,
            name=self.name or facts.names.get(self.product, self.product),
            variant=variant_of(self.variant),
            unit=unit,
            steps=steps,
            quantity=quantity_steps(self.quantity, unit, steps, "quantity"),
            unit_price=self.unit_price,
            discount=self.discount,
            tax=self.tax,
            requested_date=day,
            delivery=self.delivery,
            pickup_source=self.pickup_source,
            ship_to=address_of(self.ship_to) if self.ship_to else None,
        )

    def describe(self, value: OrderValue) -> str:
        """Return the product and its quantity."""
        unit = f" {self.unit}" if self.unit else ""
        return f"Added {self.quantity:f}{unit} of {self.product}"

    def products(self, value: OrderValue) -> Iterable[str]:
        """Return the product."""
        return (self.product,)
