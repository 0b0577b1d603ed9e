"""Which manual actions are possible on a return order now, and what it waits for."""

from openiom.orders import AllowedAction

from .decisions import ReturnState, close_refusal
from .progress import (
    APPROVED,
    APPROVED_EVENT,
    AWAITING_GOODS,
    CANCELED_EVENT,
    ENDED,
    IN_TRANSIT,
    IN_TRANSIT_EVENT,
    INSPECTED,
    LABELS,
    PARTIALLY_RECEIVED,
    RECEIVED,
    REFUSED_EVENT,
    REQUESTED,
)
from .schemas import ReturnActions
from .states import RETURN_ORDER_TABLE

_REFUND_TEXTS = {
    "due": " Its refund is due.",
    "requested": " Its refund is requested.",
    "failed": " Its refund failed.",
    "completed": " It is refunded.",
}


def allowed_return_actions(order: ReturnState) -> ReturnActions:
    """Return whether a return order can be approved, received, inspected and so on."""
    return ReturnActions(
        approve=_action(_refusal(order, APPROVED_EVENT)),
        refuse=_action(_refusal(order, REFUSED_EVENT)),
        send=_action(_refusal(order, IN_TRANSIT_EVENT)),
        receive=_action(_receive_refusal(order)),
        inspect=_action(_inspect_refusal(order)),
        match=_action("" if order.order_id is None else "it has an order already"),
        close=_action(close_refusal(order)),
        cancel=_action(_refusal(order, CANCELED_EVENT)),
    )


def _action(reason: str) -> AllowedAction:
    return AllowedAction(allowed=not reason, reason=reason)


def _refusal(order: ReturnState, event: str) -> str:
    if order.state not in LABELS or RETURN_ORDER_TABLE.row(event, order.state) is None:
        return f"it is {LABELS.get(order.state, order.state).lower()}"
    return ""


def _receive_refusal(order: ReturnState) -> str:
    if order.state not in AWAITING_GOODS:
        return f"it is {LABELS.get(order.state, order.state).lower()}"
    return ""


def _inspect_refusal(order: ReturnState) -> str:
    if any(line.uninspected for line in order.lines.values()):
        return ""
    return "no received unit waits for inspection"


def verdict_of(order: ReturnState, refund_state: str) -> str:
    """Return what a return order waits for, or how it ended, in one or two sentences."""
    return _text(order) + _refund_text(order, refund_state)


def _text(order: ReturnState) -> str:
    waiting = any(line.uninspected for line in order.lines.values())
    if order.order_id is None:
        return "Received without an order. Match it with its order."
    if waiting:
        return "Received units wait for inspection."
    texts = {
        REQUESTED: "Waits for approval.",
        APPROVED: f"Approved. Waits for the customer to send the goods{_until(order)}.",
        IN_TRANSIT: f"On its way back{_until(order)}.",
        PARTIALLY_RECEIVED: f"Received in part. The rest is expected{_until(order)}.",
        RECEIVED: "Received.",
        INSPECTED: "Received and inspected. Close it.",
    }
    return texts.get(order.state, f"{LABELS.get(order.state, order.state)}: {order.state_reason}.")


def _until(order: ReturnState) -> str:
    return f" until {order.deadline}" if order.deadline else ""


def _refund_text(order: ReturnState, refund_state: str) -> str:
    if not refund_state and order.refund_due_on and order.state not in ENDED:
        wait = "it may wait for the goods or proof of sending"
        return f" Refund it by {order.refund_due_on}; {wait}."
    return _REFUND_TEXTS.get(refund_state, "")
