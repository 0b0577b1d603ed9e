"""Pure decisions about orders: totals, redelivered documents, and what their lines still owe."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from openiom.kernel import minor_units, round_money

ORDER_PARTIALLY_SHIPPED = "order.partially_shipped"
ORDER_SHIPPED = "order.shipped"
_SHIPPING_EVENTS = {1: ORDER_PARTIALLY_SHIPPED, 2: ORDER_SHIPPED}
"""Events by the stage of shipping that an order reaches."""
ZERO = Decimal(0)


@dataclass(slots=True)
class LineAmounts:
    """The quantity and money of one order line."""

    quantity: Decimal
    unit_price: Decimal
    discount: Decimal
    tax: Decimal


@dataclass(slots=True)
class OrderAmounts:
    """The amounts of an order beside its lines. `credit` is a payment, not a discount."""

    shipping: Decimal = ZERO
    discount: Decimal = ZERO
    tax: Decimal = ZERO
    fees: Decimal = ZERO
    credit: Decimal = ZERO


@dataclass(slots=True)
class Totals:
    """The amounts of an order.

    `difference` is the stated total less the computed one. It is zero when they agree, whether the
    prices include their tax or not.
    """

    subtotal: Decimal
    tax: Decimal
    total: Decimal
    difference: Decimal


class TotalReading(StrEnum):
    """How the stated total of an order is made of its amounts."""

    TAX_ADDED = "tax_added"
    TAX_INCLUDED = "tax_included"
    CREDIT_DEDUCTED = "credit_deducted"


def total_reading(
    difference: Decimal, *, tax: Decimal, credit: Decimal, tolerance: Decimal
) -> TotalReading | None:
    """Return how a stated total is made; None when it agrees with no reading.

    `difference` is the stated total less the computed one with tax added. Prices may include their
    tax, and the stated total may leave out what was paid with credit.
    """
    if abs(difference) <= tolerance:
        return TotalReading.TAX_ADDED
    if abs(difference + tax) <= tolerance:
        return TotalReading.TAX_INCLUDED
    if abs(difference + credit) <= tolerance:
        return TotalReading.CREDIT_DEDUCTED
    return None


def rounding_tolerance(line_count: int, currency: str) -> Decimal:
    """Return the difference of a total that is rounding: one minor unit per line."""
    return line_count * Decimal(1).scaleb(-minor_units(currency))


def compute_totals(
    lines: Iterable[LineAmounts], order: OrderAmounts, *, stated_total: Decimal, currency: str
) -> Totals:
    """Add up an order. The stated total is what the customer pays; a difference is only reported.

    The price of a line is its unit price times its quantity, rounded to the currency.
    The tax of the order, where stated, replaces the sum of its lines' taxes. See `total_reading`.
    """
    net = ZERO
    line_tax = ZERO

    line_count = 0
    for line in lines:
        net += round_money(line.unit_price * line.quantity, currency) - line.discount
        line_tax += line.tax
        line_count += 1

    tax = order.tax or line_tax
    without_tax = net + order.shipping + order.fees - order.discount
    difference = stated_total - without_tax - tax
    tolerance = rounding_tolerance(line_count, currency)
    reading = total_reading(difference, tax=tax, credit=order.credit, tolerance=tolerance)
    reported = round_money(difference, currency) if reading is None else ZERO
    return Totals(round_money(net, currency), tax, stated_total, reported)


def customer_title(name: str, company: str, recipient: str, recipient_company: str) -> str:
    """Return how lists name the customer of an order: the first that is given."""
    return name or company or recipient or recipient_company


def is_newer_delivery(*, known_version: int, known_digest: str, version: int, digest: str) -> bool:
    """Return whether a delivery of a known order has other content and no older version.

    Version 0 is a source without versions: its deliveries count in the order they arrive.
    """
    return digest != known_digest and (version == 0 or version >= known_version)


@dataclass(slots=True)
class LineUnits:
    """Counters of one order line, in steps of its unit."""

    ordered: int
    shipped: int
    canceled: int

    @property
    def is_fulfilled(self) -> bool:
        """Whether every unit is shipped or canceled."""
        return self.shipped + self.canceled == self.ordered


def is_wholly_shipped(lines: Sequence[LineUnits]) -> bool:
    """Return whether every unit is shipped or canceled, and at least one was shipped."""
    return has_shipped(lines) and all(line.is_fulfilled for line in lines)


def has_shipped(lines: Sequence[LineUnits]) -> bool:
    """Return whether any unit was shipped."""
    return any(line.shipped for line in lines)


def is_wholly_canceled(lines: Sequence[LineUnits]) -> bool:
    """Return whether every unit is canceled."""
    return all(line.canceled == line.ordered for line in lines)


def shipping_events(before: Sequence[LineUnits], after: Sequence[LineUnits]) -> list[str]:
    """Return the shipping events of an order whose lines went from `before` to `after`.

    Each of `order.partially_shipped` and `order.shipped` happens once in the life of an order.
    """
    reached = _shipping_stage(after)
    if reached <= _shipping_stage(before):
        return []
    return [_SHIPPING_EVENTS[reached]]


def _shipping_stage(lines: Sequence[LineUnits]) -> int:
    """Return how far lines have shipped: 0 not at all, 1 in part, 2 wholly."""
    if is_wholly_shipped(lines):
        return 2
    return 1 if has_shipped(lines) else 0
