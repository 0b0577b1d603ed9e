"""The money of an order, derived from its value: charges less refunds is the value kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from openiom.kernel import minor_units, round_money

from .values import ZERO, OrderValue, TotalReading


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


def total_reading(value: OrderValue, stated_total: Decimal) -> TotalReading:
    """Return how a stated total is made: with the tax added, included, or less the credit.

    A difference of up to one minor unit per line is rounding.
    """
    difference = stated_total - computed_total(value)
    rounding = len(value.lines) * Decimal(1).scaleb(-minor_units(value.currency))
    if abs(difference) <= rounding:
        return TotalReading.TAX_ADDED
    if value.tax and abs(difference + value.tax) <= rounding:
        return TotalReading.TAX_INCLUDED
    if value.credit and abs(difference + value.credit) <= rounding:
        return TotalReading.CREDIT_DEDUCTED
    return TotalReading.TAX_ADDED


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


def _parts(value: OrderValue) -> Iterable[_Part]:
    parts: dict[tuple[object, ...], _Part] = {}
    for line in value.lines:
        key = (line.external_id, line.product, line.variant, line.unit, line.unit_price)
        part = parts.setdefault(key, _Part())
        part.worth += line.net(value.currency) + line.tax
        part.quantity += line.quantity
        part.canceled += line.canceled
    return parts.values()


def _canceled(value: OrderValue, total: Decimal) -> Decimal:
    """Return the part of the total for canceled units; all of it when every unit is canceled.

    Discounts, taxes and differences of the order are shared by the worth of its lines. Shipping and
    fees are given back with the last unit only.
    """
    if all(line.canceled == line.quantity for line in value.lines):
        return total

    worth = ZERO
    canceled = ZERO
    for part in _parts(value):
        worth += part.worth
        canceled += part.worth * part.canceled / part.quantity

    goods = max(ZERO, total - value.shipping - value.fees)
    if worth <= 0 or canceled <= 0:
        return ZERO
    return min(goods, round_money(goods * canceled / worth, value.currency))
