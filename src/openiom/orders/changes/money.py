"""The money of an order, derived from its value: charges less refunds is the value kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from openiom.kernel import round_money
from openiom.orders.decisions import TotalReading, rounding_tolerance, total_reading
from openiom.orders.paid_amounts import PaidLine, PaidOrder, paid_amounts

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

    net: Decimal = ZERO
    tax: Decimal = ZERO
    quantity: int = 0
    canceled: int = 0


def _parts(value: OrderValue) -> list[_Part]:
    """Return the parts of an order, in an order that the division of its lines does not change."""
    parts: dict[tuple[object, ...], _Part] = {}
    for line in value.lines:
        key = (line.external_id, line.product, line.variant, line.unit, line.unit_price)
        part = parts.setdefault(key, _Part())
        part.net += line.net(value.currency)
        part.tax += line.tax
        part.quantity += line.quantity
        part.canceled += line.canceled

    return [parts[key] for key in sorted(parts, key=repr)]


def _worth(value: OrderValue, parts: Sequence[_Part], total: Decimal) -> Sequence[Decimal]:
    """Return what is paid for each part when the order charges a total.

    Parts are shared, not lines: the rounding of divided lines would differ after they are merged.
    """
    lines: list[PaidLine] = []
    for part in parts:
        lines.append(PaidLine(part.net, ZERO, part.tax))

    paid = paid_amounts(
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
    return paid.of_lines


def _canceled(value: OrderValue, total: Decimal) -> Decimal:
    """Return the part of the total for canceled units; all of it when every unit is canceled.

    Discounts, taxes and differences of the order are shared by the worth of its lines. Shipping and
    fees are given back with the last unit only.
    """
    if all(line.canceled == line.quantity for line in value.lines):
        return total

    worth = ZERO
    canceled = ZERO
    parts = _parts(value)
    for part, paid in zip(parts, _worth(value, parts, total), strict=True):
        worth += paid
        canceled += paid * part.canceled / part.quantity

    goods = max(ZERO, total - value.shipping - value.fees)
    if worth <= 0 or canceled <= 0:
        return ZERO
    return min(goods, round_money(goods * canceled / worth, value.currency))
