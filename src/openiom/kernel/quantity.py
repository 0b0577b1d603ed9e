"""Quantities as integer steps of a unit.

A unit with `decimals` d counts in steps of 10**-d: 1.25 kg with two decimals is 125 steps. Steps
are stored, added, compared and shared exactly; decimals appear only where data enters or leaves.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from .errors import Invalid

MAX_DECIMALS = 4
"""Most decimals a unit may have."""


def to_steps(quantity: Decimal, decimals: int, *, unit: str = "its unit") -> int:
    """Return `quantity` as steps of a unit with `decimals` decimals.

    `unit` is the unit's name in the message of a refusal. Raise `Invalid` when the quantity is not
    finite or is finer than the unit allows.
    """
    _check_decimals(decimals)
    if not quantity.is_finite():
        raise Invalid(f"the quantity {quantity} is not a number", remedy="send a finite number")

    numerator, denominator = quantity.as_integer_ratio()
    steps_per_unit: int = 10**decimals
    steps, remainder = divmod(numerator * steps_per_unit, denominator)
    if remainder:
        raise Invalid(
            f"the quantity {quantity} is too fine: {unit} allows {_allowed(decimals)}",
            remedy="round the quantity, or allow more decimals for the unit",
        )

    return steps


def from_steps(steps: int, decimals: int) -> Decimal:
    """Return the quantity of `steps`, written with exactly `decimals` decimals."""
    _check_decimals(decimals)
    sign = 1 if steps < 0 else 0
    digits = tuple(int(digit) for digit in str(abs(steps)))
    return Decimal((sign, digits, -decimals))


StockUnits = Decimal
"""A quantity of an order line in the stock unit of its product, as stock is reserved."""


def in_stock_units(steps: int, stock_per_step: int, stock_decimals: int) -> StockUnits:
    """Return steps of a line's unit in the stock unit of its product, exact.

    One step of the line is `stock_per_step` steps of the stock unit, which has `stock_decimals`.
    """
    return Decimal(steps * stock_per_step).scaleb(-stock_decimals)


def split_steps(total: int, weights: Sequence[Decimal | Fraction | int]) -> list[int]:
    """Share `total` steps in proportion to `weights`; the shares add up to `total` exactly.

    Every share is its exact proportion rounded toward zero. The steps left over go to the largest
    remainders, one each; of equal remainders the earlier one is served first. Weights that are all
    zero count as equal. Raise `ValueError` when there are no weights or one is negative.
    """
    if total < 0:
        return [-share for share in split_steps(-total, weights)]

    shares: list[int] = []
    remainders: list[Fraction] = []
    for proportion in _proportions(weights):
        exact_share = total * proportion
        share = exact_share.numerator // exact_share.denominator
        shares.append(share)
        remainders.append(exact_share - share)

    left_over = total - sum(shares)
    by_remainder = sorted(range(len(shares)), key=lambda place: -remainders[place])

    for place in by_remainder[:left_over]:
        shares[place] += 1

    return shares


def _proportions(weights: Sequence[Decimal | Fraction | int]) -> list[Fraction]:
    """Return weights as fractions of their sum, equal ones when all weights are zero."""
    exact_weights = _exact_weights(weights)
    weight_sum = sum(exact_weights)
    if not weight_sum:
        return [Fraction(1, len(weights))] * len(weights)
    return [weight / weight_sum for weight in exact_weights]


def _exact_weights(weights: Sequence[Decimal | Fraction | int]) -> list[Fraction]:
    if not weights:
        raise ValueError("split_steps needs at least one weight")
    exact_weights = [Fraction(weight) for weight in weights]
    if min(exact_weights) < 0:
        raise ValueError("split_steps does not accept negative weights")
    return exact_weights


def _check_decimals(decimals: int) -> None:
    if not 0 <= decimals <= MAX_DECIMALS:
        raise ValueError(f"a unit has 0 to {MAX_DECIMALS} decimals, not {decimals}")


def _allowed(decimals: int) -> str:
    if decimals == 0:
        return "whole numbers only"
    if decimals == 1:
        return "1 decimal"
    return f"{decimals} decimals"
