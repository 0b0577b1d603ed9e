"""Rounding of money by the minor unit of its currency; the only place where money is rounded."""

from decimal import ROUND_HALF_EVEN, Decimal
from types import MappingProxyType

from iso4217 import raw_table

DEFAULT_MINOR_UNITS = 2


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
