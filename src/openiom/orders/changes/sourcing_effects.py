"""What of an order is sourced again because of a change."""

from .patches import DecidedPatch
from .values import LineValue


def is_redirected(patch: DecidedPatch, before: LineValue, after: LineValue) -> bool:
    """Return whether what is not shipped of a line goes elsewhere, or on another day."""
    if not after.changeable or after.delivery == "digital":
        return False
    if before.requested_date != after.requested_date or before.ship_to != after.ship_to:
        return True

    old, new = patch.before, patch.after
    follows_address = after.ship_to is None and after.delivery != "pickup"
    if follows_address and dict(old.ship_to) != dict(new.ship_to):
        return True
    if after.requested_date is None and old.requested_date != new.requested_date:
        return True
    return after.delivery != "pickup" and old.shipping_method != new.shipping_method


def needs_more_stock(patch: DecidedPatch) -> bool:
    """Return whether a change orders units that have no source yet."""
    return any(after > before for before, after in changed_lines(patch))


def changed_lines(patch: DecidedPatch) -> list[tuple[int, int]]:
    """Return the ordered steps before and after of every line after the change."""
    before = {line.line_number: line.quantity for line in patch.before.lines}
    return [(before.get(line.line_number, 0), line.quantity) for line in patch.after.lines]
