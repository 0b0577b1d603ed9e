"""What can be settled about an order on paper: its totals, whether a delivery is newer, what may be canceled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from openiom.kernel import minor_units, round_money

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class LineAmounts:
    quantity: int
    unit_price: Decimal
    discount: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """`difference` is the stated total less the computed one; zero when they agree, tax included or not."""

    subtotal: Decimal
    tax: Decimal
    total: Decimal
    difference: Decimal


def totals(
    lines: Iterable[LineAmounts],
    *,
    shipping: Decimal,
    discount: Decimal,
    tax: Decimal,
    stated: Decimal,
    currency: str,
) -> Totals:
    """Add the order up. The stated total is what the customer pays and is kept; a difference is only told.

    A difference within one minor unit a line is rounding. Prices that include their tax add up without it.
    """
    net, line_tax, count = NOTHING, NOTHING, 0
    for line in lines:
        net += line.unit_price * line.quantity - line.discount
        line_tax += line.tax
        count += 1
    tax = tax or line_tax
    subtotal = round_money(net, currency)
    without_tax = net + shipping - discount
    rounding = count * Decimal(1).scaleb(-minor_units(currency))
    difference = min((stated - without_tax - tax, stated - without_tax), key=abs)
    difference = (
        NOTHING
        if abs(difference) <= rounding
        else round_money(stated - without_tax - tax, currency)
    )
    return Totals(subtotal, tax, stated, difference)


CANCELED_UPSTREAM = frozenset(("canceled", "cancelled"))


def is_canceled_upstream(external_status: str) -> bool:
    """Whether the source says the order is off."""
    return external_status.strip().lower() in CANCELED_UPSTREAM


def is_news(*, known_version: int, known_digest: str, version: int, digest: str) -> bool:
    """Whether a delivery of an order we have says anything new: another content, and no older version."""
    return digest != known_digest and (version == 0 or version >= known_version)


@dataclass(frozen=True, slots=True)
class LineUnits:
    ordered: int
    released: int
    shipped: int
    canceled: int


def cancelable(line: LineUnits) -> int:
    """Units still ours to cancel: not yet in a fulfillment order, shipped or canceled."""
    return line.ordered - line.released - line.shipped - line.canceled


def settled(lines: Sequence[LineUnits]) -> bool:
    """Whether nothing is owed any more: every unit is shipped or canceled, and at least one was shipped."""
    return any(line.shipped for line in lines) and all(
        line.shipped + line.canceled == line.ordered for line in lines
    )
