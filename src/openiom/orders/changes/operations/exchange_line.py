"""Exchange a line for another product or variant."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from openiom.documents import VariantDocument
from openiom.kernel import Refused, from_steps
from openiom.orders.changes.facts import ChangeFacts, quantity_steps
from openiom.orders.changes.guards import find_line, find_unsent_line
from openiom.orders.changes.values import ZERO, LineValue, OrderValue

from .base import (
    ChangeOperation,
    LineNumber,
    Price,
    ProductNumber,
    line_title,
    resize,
    retax,
    variant_of,
)
from .remove_line import without_rest


class ExchangeLine(ChangeOperation):
    """Deliver another product or variant instead of what has not shipped of a line.

    The quantity stays. Without a unit price, the customer pays the price of the line.
    """

    kind: Literal["exchange_line"] = "exchange_line"
    line: LineNumber
    product: ProductNumber
    variant: VariantDocument | None = None
    unit_price: Price | None = None

    def check(self, value: OrderValue, facts: ChangeFacts) -> None:
        """Raise `Refused` for the same product and variant, and for units that do not convert."""
        line = find_unsent_line(value, self.line)
        facts.check_product(self.product, "product")
        if (self.product, variant_of(self.variant)) == (line.product, line.variant):
            raise Refused(
                f"line {self.line} is of {self.product} already",
                where="product",
                remedy="choose another product or variant",
            )
        exchanged(value, line, self, facts)

    def change(self, value: OrderValue, facts: ChangeFacts) -> OrderValue:
        """Return the order with the other product as a new line."""
        line = find_line(value, self.line)
        return without_rest(value, line).with_line(exchanged(value, line, self, facts))

    def describe(self, value: OrderValue) -> str:
        """Return both products."""
        line = find_line(value, self.line)
        units = f"{line.number(line.changeable)} {line.unit}"
        return f"Exchanged {units} of {line_title(line)} for {self.product}"

    def products(self, value: OrderValue) -> Iterable[str]:
        """Return the other product."""
        return (self.product,)


def exchanged(
    value: OrderValue, line: LineValue, exchange: ExchangeLine, facts: ChangeFacts
) -> LineValue:
    """Return the line that an exchange adds, with the share of the discount and the tax."""
    unit, steps = facts.unit_of(exchange.product, line.unit, "product")
    quantity = from_steps(line.changeable, line.steps.decimals)
    stays = resize(line, line.fixed, value.currency) if line.fixed else None
    same_price = replace(
        line,
        id=None,
        line_number=value.last_number + 1,
        product=exchange.product,
        name=facts.names.get(exchange.product, exchange.product),
        variant=variant_of(exchange.variant),
        unit=unit,
        steps=steps,
        quantity=quantity_steps(quantity, unit, steps, "product"),
        discount=line.discount - (stays.discount if stays else ZERO),
        tax=line.tax - (stays.tax if stays else ZERO),
        in_fulfillment=0,
        at_fulfiller=0,
        shipped=0,
        canceled=0,
    )
    if exchange.unit_price is None or exchange.unit_price == line.unit_price:
        return same_price

    repriced = replace(same_price, unit_price=exchange.unit_price)
    price = repriced.net(value.currency) + repriced.discount
    capped = replace(repriced, discount=min(repriced.discount, price))
    return retax(same_price, capped, value.currency)
