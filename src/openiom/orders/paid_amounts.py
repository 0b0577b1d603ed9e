"""What a customer paid for each line of an order, with its share of discounts and tax. Pure.

Payments capture and returns refund these amounts, so that both agree to the last minor unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from openiom.kernel import from_minor_units, round_money, share_money, to_minor_units

from .decisions import TotalReading, rounding_tolerance, total_reading

ZERO = Decimal(0)
_WEIGHT_DIGITS = 4


@dataclass(frozen=True, slots=True)
class PaidLine:
    """An order line; `price` is the unit price times the quantity, rounded to the currency."""

    price: Decimal
    discount: Decimal
    tax: Decimal

    @property
    def net(self) -> Decimal:
        return self.price - self.discount


@dataclass(frozen=True, slots=True)
class PaidOrder:
    """An order's amounts beside its lines. `credit` is a payment, not a discount."""

    currency: str
    total: Decimal
    shipping: Decimal
    fees: Decimal
    discount: Decimal
    tax: Decimal
    credit: Decimal
    lines: Sequence[PaidLine]


@dataclass(frozen=True, slots=True)
class PaidAmounts:
    """What was paid for an order in total, for each line in their order, and for shipping and fees.

    The total is more than its parts only when the stated total is.
    """

    total: Decimal
    of_lines: Sequence[Decimal]
    costs: Decimal


def paid_amounts(order: PaidOrder) -> PaidAmounts:
    """Share what was paid for an order over its lines, and its shipping and fees."""
    reading = _reading(order)
    paid = order.total
    if reading == TotalReading.CREDIT_DEDUCTED:
        paid += order.credit

    nets = [max(ZERO, line.net) for line in order.lines]
    discounts = _shares(min(order.discount, sum(nets, ZERO)), nets, order.currency)
    goods: list[Decimal] = []
    for net, discount in zip(nets, discounts, strict=True):
        goods.append(max(ZERO, net - discount))

    costs = order.shipping + order.fees
    if reading != TotalReading.TAX_INCLUDED:
        taxes, cost_tax = _taxes(order, goods)
        for index, tax in enumerate(taxes):
            goods[index] += tax
        costs += cost_tax

    paid = round_money(paid, order.currency)
    costs = min(round_money(costs, order.currency), paid)
    total = min(round_money(sum(goods, ZERO), order.currency), paid - costs)
    return PaidAmounts(paid, _shares(total, goods, order.currency), costs)


def paid_part(paid: Decimal, steps: int, quantity: int, currency: str) -> Decimal:
    """Return what was paid for the first `steps` of `quantity`, rounded down to the minor unit.

    The last step completes the amount, so that the parts of any sequence add up to it.
    """
    if steps >= quantity:
        return paid
    return from_minor_units(to_minor_units(paid, currency) * steps // quantity, currency)


def _reading(order: PaidOrder) -> TotalReading:
    nets = sum((line.net for line in order.lines), ZERO)
    parts = nets + order.shipping + order.fees - order.discount + order.tax
    reading = total_reading(
        order.total - parts,
        tax=order.tax,
        credit=order.credit,
        tolerance=rounding_tolerance(len(order.lines), order.currency),
    )
    return reading or TotalReading.TAX_ADDED


def _taxes(order: PaidOrder, goods: Sequence[Decimal]) -> tuple[list[Decimal], Decimal]:
    """Return the tax of each line, and that of shipping and fees."""
    costs = order.shipping + order.fees
    stated = [line.tax for line in order.lines]
    of_lines = sum(stated, ZERO)
    if not of_lines:
        shares = _shares(order.tax, [*goods, costs], order.currency)
        return shares[:-1], shares[-1]
    if of_lines > order.tax or not costs:
        return _shares(order.tax, stated, order.currency), ZERO
    return stated, order.tax - of_lines


def _shares(amount: Decimal, parts: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Share an amount in proportion to parts; nothing where all of them are zero."""
    weights = [int(part.scaleb(_WEIGHT_DIGITS)) for part in parts]
    if not sum(weights) or not amount:
        return [ZERO] * len(parts)
    return share_money(amount, weights, currency)
