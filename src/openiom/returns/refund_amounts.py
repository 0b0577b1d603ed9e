"""What is paid back of returned units. Pure.

The refunds of any sequence of partial returns add up to the price that was paid: a refund is the
share of all units returned so far, less what was refunded before.
"""

from decimal import Decimal

from openiom.kernel import round_money
from openiom.orders import paid_part

ZERO = Decimal(0)


def goods_amount(
    paid: Decimal, quantity: int, steps: int, before: Decimal, currency: str
) -> Decimal:
    """Return the refund of a line of which `steps` of `quantity` are returned by now.

    `before` is what was refunded of the line earlier.
    """
    return max(ZERO, paid_part(paid, steps, quantity, currency) - before)


def restocking_fee(goods: Decimal, percent: Decimal, currency: str) -> Decimal:
    """Return the restocking fee of goods."""
    return min(goods, round_money(goods * percent / 100, currency))
