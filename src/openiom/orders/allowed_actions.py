"""Which manual actions are possible on an order now, and the reason when one is not."""

from decimal import Decimal

from openiom.documents import plain_number

from .schemas import AllowedAction, AllowedActions
from .states import CANCEL, CANCELED, COMPLETED, HOLD, OPEN, ORDER_TABLE


def allowed_actions(state: str, *, manual_hold: bool, in_fulfillment: Decimal) -> AllowedActions:
    """Return whether an order can be put on hold, released and canceled.

    `in_fulfillment` is the number of its units in fulfillment orders, of all lines together.
    """
    hold_reason = "the order is already on manual hold" if manual_hold else ""
    release_reason = "" if manual_hold else "the order is not on manual hold"
    cancel_reason = ""
    if in_fulfillment:
        cancel_reason = f"{plain_number(in_fulfillment)} units are in a fulfillment order"

    return AllowedActions(
        hold=_action(_refusal(HOLD, state) or hold_reason),
        release=_action(release_reason),
        cancel=_action(_refusal(CANCEL, state) or cancel_reason),
    )


def _action(reason: str) -> AllowedAction:
    return AllowedAction(allowed=not reason, reason=reason)


def _refusal(event: str, state: str) -> str:
    """Return why an event is not possible in a state, or ''."""
    if state in (COMPLETED, CANCELED):
        return f"the order is {state}"
    if state not in OPEN or ORDER_TABLE.row(event, state) is None:
        return "the order is in fulfillment; cancel its fulfillment orders first"
    return ""
