"""Rounding of money by the minor unit of its currency; the only place where money is rounded.

An *amount* is paid, so it has the digits of its currency. A *cost* is what sourcing compares; it
has four decimals in every currency.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from types import MappingProxyType

from iso4217 import raw_table

from .quantity import split_steps

DEFAULT_MINOR_UNITS = 2
COST_DECIMALS = 4
STORED_DECIMALS = 4
_STORED_STEP = Decimal("0.0001")
_FLOAT_NOISE = Decimal("1e-9")


def _read_minor_units() -> dict[str, int]:
    """Return the digits of every currency of ISO 4217 that has a minor unit."""
    digits: dict[str, int] = {}
    for code, entry in raw_table.items():
        minor_unit = entry["CcyMnrUnts"]
        if code and isinstance(minor_unit, str) and minor_unit.isdigit():
            digits[code] = int(minor_unit)
    return digits


MINOR_UNITS = MappingProxyType(_read_minor_units())
"""Digits after the decimal point by ISO 4217 currency code."""


def minor_units(currency: str) -> int:
    """Return the digits after the decimal point of `currency`, two for an unknown code."""
    return MINOR_UNITS.get(currency, DEFAULT_MINOR_UNITS)


def round_money(amount: Decimal, currency: str) -> Decimal:
    """Return `amount` in the minor unit of `currency`, rounded half to even."""
    smallest = Decimal(1).scaleb(-minor_units(currency))
    return amount.quantize(smallest, rounding=ROUND_HALF_EVEN)


def round_amount(amount: float, currency: str) -> float:
    """Return an amount that was calculated in floats, in the minor unit of `currency`."""
    return float(round_money(Decimal(repr(amount)).quantize(_FLOAT_NOISE), currency))


def amount_text(amount: Decimal | float, currency: str) -> str:
    """Return an amount as text with the digits of `currency`, such as 1.105 in KWD."""
    exact = amount if isinstance(amount, Decimal) else Decimal(repr(round_amount(amount, currency)))
    return f"{round_money(exact, currency):f}"


def to_minor_units(amount: Decimal, currency: str) -> int:
    """Return an amount as a whole number of the smallest unit of `currency`, such as cents."""
    return int(round_money(amount, currency).scaleb(minor_units(currency)))


def from_minor_units(units: int, currency: str) -> Decimal:
    """Return a whole number of the smallest unit of `currency` as an amount."""
    return Decimal(units).scaleb(-minor_units(currency))


def stored_amount(amount: Decimal) -> Decimal:
    """Return an amount as the database stores it: with at most four decimals, half away from zero.

    It is the rounding of PostgreSQL's `numeric(18, 4)`.
    """
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -STORED_DECIMALS:
        return amount.quantize(_STORED_STEP, ROUND_HALF_UP)
    return amount


def round_cost(cost: float) -> float:
    """Return a calculated cost with four decimals."""
    return round(float(cost), COST_DECIMALS)


def share_money(amount: Decimal, weights: Sequence[int], currency: str) -> list[Decimal]:
    """Share `amount` in proportion to `weights`; the shares add up to it exactly.

    Every share but the first is rounded to the minor unit of `currency`, and the first has the
    rest. Where the rest would have the opposite sign, the minor units left over are given to the
    largest remainders instead.
    """
    total = sum(weights)
    if not total:
        raise ValueError("money is shared by weights above zero")

    others = [round_money(amount * weight / total, currency) for weight in weights[1:]]
    first = amount - sum(others, Decimal(0))
    if first * amount >= 0:
        return [first, *others]

    digits = minor_units(currency)
    whole = int(amount.scaleb(digits))
    shares = [Decimal(part).scaleb(-digits) for part in split_steps(whole, weights)]
    shares[0] += amount - Decimal(whole).scaleb(-digits)
    return shares


def share_cost(cost: float, parts: int) -> list[float]:
    """Share a cost equally; the shares have four decimals and add up to the rounded cost."""
    steps = int(Decimal(repr(round_cost(cost))).scaleb(COST_DECIMALS))
    return [part / 10**COST_DECIMALS for part in split_steps(steps, [1] * parts)]
