"""The money of an order, derived from its value: charges less refunds is the value kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from openiom.kernel import round_money
from openiom.orders.decisions import TotalReading, rounding_tolerance, total_reading
from openiom.orders.paid_amounts import PaidAmounts, PaidLine, PaidOrder, paid_amounts

from .values import ZERO, OrderValue


@dataclass(frozen=True, slots=True)
class OrderMoney:
    """What an order charges, what of it is given back, and what is kept.

    total     the charges: lines, shipping, fees and tax, less discounts
    canceled  the part of the total for units that are canceled
    goodwill  what was given back without units coming back
    """

    lines: Decimal
    shipping: Decimal
    fees: Decimal
    discount: Decimal
    tax: Decimal
    total: Decimal
    canceled: Decimal
    goodwill: Decimal

    @property
    def refunds(self) -> Decimal:
        """What is given back; never more than was charged."""
        return min(self.total, self.canceled + self.goodwill)

    @property
    def kept(self) -> Decimal:
        """The charges less the refunds."""
        return self.total - self.refunds


def derive_money(value: OrderValue) -> OrderMoney:
    """Return the money of an order. Nothing but the value counts."""
    total = computed_total(value) + value.difference
    return OrderMoney(
        lines=value.subtotal,
        shipping=value.shipping,
        fees=value.fees,
        discount=value.discount,
        tax=value.tax,
        total=total,
        canceled=_canceled(value, total),
        goodwill=value.goodwill,
    )


def computed_total(value: OrderValue) -> Decimal:
    """Return the total that the amounts of an order make, as its stated total is read."""
    total = value.subtotal + value.shipping + value.fees - value.discount
    if value.reading != TotalReading.TAX_INCLUDED:
        total += value.tax
    if value.reading == TotalReading.CREDIT_DEDUCTED:
        total -= value.credit
    return total


def stated_reading(value: OrderValue, stated_total: Decimal) -> TotalReading:
    """Return how a stated total is made of the amounts of an order read with its tax added."""
    reading = total_reading(
        stated_total - computed_total(value),
        tax=value.tax,
        credit=value.credit,
        tolerance=rounding_tolerance(len(value.lines), value.currency),
    )
    return reading or TotalReading.TAX_ADDED


def scale_money(amount: Decimal, now: Decimal, before: Decimal, currency: str) -> Decimal:
    """Return an amount in proportion: what it is for `now` when it was `amount` for `before`."""
    if now == before or not before:
        return amount
    return round_money(amount * now / before, currency)


@dataclass(slots=True)
class _Part:
    """Lines of one product at one price, which count as one however they were divided."""

    worth: Decimal = ZERO
    quantity: int = 0
    canceled: int = 0


def _parts(value: OrderValue, total: Decimal) -> Iterable[_Part]:
    parts: dict[tuple[object, ...], _Part] = {}
    for line, worth in zip(value.lines, _paid(value, total).of_lines, strict=True):
        key = (line.external_id, line.product, line.variant, line.unit, line.unit_price)
        part = parts.setdefault(key, _Part())
        part.worth += worth
        part.quantity += line.quantity
        part.canceled += line.canceled
    return parts.values()


def _paid(value: OrderValue, total: Decimal) -> PaidAmounts:
    """Return what is paid for each line when the order charges a total."""
    lines: list[PaidLine] = []
    for line in value.lines:
        lines.append(PaidLine(line.net(value.currency), ZERO, line.tax))

    return paid_amounts(
        PaidOrder(
            currency=value.currency,
            total=total,
            shipping=value.shipping,
            fees=value.fees,
            discount=value.discount,
            tax=value.tax,
            credit=value.credit,
            lines=lines,
        )
    )


def _canceled(value: OrderValue, total: Decimal) -> Decimal:
    """Return the part of the total for canceled units; all of it when every unit is canceled.

    Discounts, taxes and differences of the order are shared by the worth of its lines. Shipping and
    fees are given back with the last unit only.
    """
    if all(line.canceled == line.quantity for line in value.lines):
        return total

    worth = ZERO
    canceled = ZERO
    for part in _parts(value, total):
        worth += part.worth
        canceled += part.worth * part.canceled / part.quantity

    goods = max(ZERO, total - value.shipping - value.fees)
    if worth <= 0 or canceled <= 0:
        return ZERO
    return min(goods, round_money(goods * canceled / worth, value.currency))
