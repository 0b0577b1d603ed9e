"""What customers paid for units of an order, and what is paid back of it. Pure.

The price of a line is shared over its units so that the refunds of any sequence of partial returns
add up to it to the last cent: a refund is the share of all units returned so far, less what was
refunded before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from openiom.kernel import round_money, share_money

ZERO = Decimal(0)
_WEIGHT_DIGITS = 4


@dataclass(frozen=True, slots=True)
class PaidLine:
    """An order line; `price` is the unit price times the quantity, rounded to the currency."""

    id: UUID
    quantity: int
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
    """What was paid of each line with its share of discounts and tax, and beside the lines."""

    by_line: Mapping[UUID, Decimal]
    costs: Decimal


def paid_amounts(order: PaidOrder) -> PaidAmounts:
    """Share what was paid for an order over its lines, and its shipping and fees.

    The amounts add up to what was paid, or to less when the stated total is more than its parts.
    """
    paid, taxed = _reading(order)
    nets = [max(ZERO, line.net) for line in order.lines]
    discounts = _shares(min(order.discount, sum(nets, ZERO)), nets, order.currency)
    goods: list[Decimal] = []
    for net, discount in zip(nets, discounts, strict=True):
        goods.append(max(ZERO, net - discount))

    costs = order.shipping + order.fees
    if taxed:
        taxes, cost_tax = _taxes(order, goods)
        for index, tax in enumerate(taxes):
            goods[index] += tax
        costs += cost_tax

    costs = min(round_money(costs, order.currency), paid)
    total = min(round_money(sum(goods, ZERO), order.currency), paid - costs)
    shares = _shares(total, goods, order.currency)
    by_line = {line.id: share for line, share in zip(order.lines, shares, strict=True)}
    return PaidAmounts(by_line, costs)


def _reading(order: PaidOrder) -> tuple[Decimal, bool]:
    """Return what was paid, and whether tax was added to the prices.

    The stated total may include the tax in the prices, or leave out what was paid with credit; the
    reading that comes closest to the sum of the parts applies.
    """
    nets = sum((line.net for line in order.lines), ZERO)
    parts = nets + order.shipping + order.fees - order.discount
    readings = (
        (abs(order.total - parts - order.tax), order.total, True),
        (abs(order.total - parts), order.total, False),
        (abs(order.total + order.credit - parts - order.tax), order.total + order.credit, True),
        (abs(order.total + order.credit - parts), order.total + order.credit, False),
    )
    _, paid, taxed = min(readings, key=lambda reading: reading[0])
    return round_money(paid, order.currency), taxed


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


def goods_amount(
    paid: Decimal, quantity: int, steps: int, before: Decimal, currency: str
) -> Decimal:
    """Return the refund of a line of which `steps` of `quantity` are returned by now.

    `before` is what was refunded of the line earlier.
    """
    owed = paid if steps >= quantity else round_money(paid * steps / quantity, currency)
    return max(ZERO, owed - before)


def restocking_fee(goods: Decimal, percent: Decimal, currency: str) -> Decimal:
    """Return the restocking fee of goods."""
    return min(goods, round_money(goods * percent / 100, currency))
