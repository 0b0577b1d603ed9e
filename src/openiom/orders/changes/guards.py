"""What no operation may do; every refusal says what, where, why, and what to do instead."""

from decimal import Decimal

from openiom.kernel import Refused, minor_units
from openiom.orders.states import CANCELED, COMPLETED

from .values import LineValue, OrderValue

_ENDED = {
    COMPLETED: "give goodwill, or start a return",
    CANCELED: "place a new order",
}


def require_unfinished(value: OrderValue) -> None:
    """Raise `Refused` for an order that is completed or canceled."""
    if value.state in _ENDED:
        raise Refused(
            f"the order is {value.state} and cannot be changed",
            where="order",
            remedy=_ENDED[value.state],
        )


def find_line(value: OrderValue, number: int) -> LineValue:
    """Return a line by its number. Raise `Refused` when the order has no such line."""
    for line in value.lines:
        if line.line_number == number:
            return line

    what = f"the order has no line {number}"
    if 0 < number <= value.last_number:
        what = f"line {number} was removed"
    raise Refused(what, where=f"line {number}", remedy="add the product as a new line")


def find_unsent_line(value: OrderValue, number: int) -> LineValue:
    """Return a line of which units can be changed.

    Raise `Refused` when every unit has shipped or was canceled, or units are at a fulfiller.
    """
    require_unfinished(value)
    line = find_line(value, number)
    where = f"line {number}"
    if line.changeable <= 0:
        what = "was canceled" if line.canceled == line.quantity else "has shipped"
        remedy = "add it as a new line" if what == "was canceled" else "start a return"
        raise Refused(f"line {number} {what}", where=where, remedy=remedy)

    if line.at_fulfiller:
        units = line.number(line.at_fulfiller)
        raise Refused(
            f"{units} {line.unit} of line {number} are at a fulfiller",
            where=where,
            remedy="recall its fulfillment order, then change the line",
        )
    return line


def require_unshipped(line: LineValue, what: str) -> None:
    """Raise `Refused` when units of a line have shipped, whose money is not changed any more."""
    if line.shipped:
        units = line.number(line.shipped)
        raise Refused(
            f"{units} {line.unit} of line {line.line_number} have shipped, so its {what} stays",
            where=f"line {line.line_number}",
            remedy="give goodwill instead",
        )


def require_amount(amount: Decimal, currency: str, where: str) -> None:
    """Raise `Refused` for an amount with more digits than its currency has."""
    digits = minor_units(currency)
    exponent = amount.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > digits:
        raise Refused(
            f"{amount} has more than the {digits} decimals of {currency}",
            where=where,
            remedy=f"round it to {digits} decimals",
        )
