"""What of an order is sourced again because of a change."""

from .patches import DecidedPatch
from .values import LineValue, OrderValue


def is_redirected(patch: DecidedPatch, before: LineValue, after: LineValue) -> bool:
    """Return whether what is not shipped of a line goes elsewhere, or on another day."""
    if not after.changeable or after.delivery == "digital":
        return False
    return _where_and_when(patch.before, before) != _where_and_when(patch.after, after)


def _where_and_when(order: OrderValue, line: LineValue) -> tuple[object, ...]:
    """Return the address, day and method by which a line is delivered."""
    day = line.requested_date or order.requested_date
    if line.delivery == "pickup":
        return (line.ship_to, day)
    return (line.ship_to or dict(order.ship_to), day, order.shipping_method)


def needs_more_stock(patch: DecidedPatch) -> bool:
    """Return whether a change orders units that have no source yet."""
    return any(after > before for before, after in changed_lines(patch))


def changed_lines(patch: DecidedPatch) -> list[tuple[int, int]]:
    """Return the ordered steps before and after of every line after the change."""
    before = {line.line_number: line.quantity for line in patch.before.lines}
    return [(before.get(line.line_number, 0), line.quantity) for line in patch.after.lines]
