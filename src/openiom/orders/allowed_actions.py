"""Which manual actions are possible on an order now, and the reason when one is not."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from openiom.documents import plain_number

from .schemas import AllowedAction, AllowedActions, LineDetail
from .states import CANCEL, CANCELED, COMPLETED, HOLD, IN_FULFILLMENT, OPEN, ORDER_TABLE


class OrderUnits(NamedTuple):
    """Units of all lines of an order together; `owed` are neither shipped nor canceled."""

    in_fulfillment: Decimal
    shipped: Decimal
    owed: Decimal


def order_units(lines: Iterable[LineDetail]) -> OrderUnits:
    """Add up the units of lines."""
    in_fulfillment = Decimal(0)
    shipped = Decimal(0)
    owed = Decimal(0)
    for line in lines:
        in_fulfillment += Decimal(str(line.in_fulfillment))
        shipped += Decimal(str(line.shipped))
        owed += Decimal(str(line.quantity)) - Decimal(str(line.canceled))

    return OrderUnits(in_fulfillment, shipped, owed - shipped)


def allowed_actions(state: str, *, manual_hold: bool, units: OrderUnits) -> AllowedActions:
    """Return whether an order can be put on hold, released, canceled and recalled."""
    return AllowedActions(
        hold=_action(_refusal(HOLD, state), _hold_reason(units, manual_hold=manual_hold)),
        release=_action("" if manual_hold else "the order is not on manual hold"),
        cancel=_action(_refusal(CANCEL, state), _cancel_reason(units)),
        recall=_action(_ended(state), _recall_reason(units)),
    )


def _hold_reason(units: OrderUnits, *, manual_hold: bool) -> str:
    if units.shipped and not units.owed:
        return "every unit of the order has shipped"
    return "the order is already on manual hold" if manual_hold else ""


def _recall_reason(units: OrderUnits) -> str:
    return "" if units.in_fulfillment else "no unit of the order is in a fulfillment order"


def _cancel_reason(units: OrderUnits) -> str:
    if units.in_fulfillment:
        in_fulfillment = plain_number(units.in_fulfillment)
        return f"{in_fulfillment} units are in a fulfillment order; recall it first"
    if units.shipped:
        return f"{plain_number(units.shipped)} units have shipped; cancel the rest of the lines"
    return ""


def _action(*reasons: str) -> AllowedAction:
    """Return an action that is possible unless there is a reason against it; the first counts."""
    reason = next(filter(None, reasons), "")
    return AllowedAction(allowed=not reason, reason=reason)


def _ended(state: str) -> str:
    return f"the order is {state}" if state in (COMPLETED, CANCELED) else ""


def _refusal(event: str, state: str) -> str:
    """Return why an event is not possible in a state, or ''."""
    if _ended(state):
        return _ended(state)
    known = (*OPEN, IN_FULFILLMENT)
    if state not in known or ORDER_TABLE.row(event, state) is None:
        return f"the state {state} does not allow it"
    return ""
