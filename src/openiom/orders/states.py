"""What an order and its lines may do: the shipped rows of the state framework."""

from openiom.state_framework import PREVIOUS, State, StateTable, Target, Transition, moves

NEW, ON_HOLD, IN_PROGRESS, IN_FULFILLMENT = (
    "new",
    "on_hold",
    "in_progress",
    "fulfillment_in_process",
)
COMPLETED, CANCELED = "completed", "canceled"
OPEN = (NEW, ON_HOLD, IN_PROGRESS)
"""States before fulfillment: an order there may still be held, changed and canceled."""

SHIPPED, PARTIALLY_SHIPPED = "Shipped", "Partially Shipped"
BACKORDER_HOLD, PREORDER_HOLD, RELEASED = (
    "order.backorder_hold_placed",
    "order.preorder_hold_placed",
    "order.backorder_hold_released",
)
HOLD, RELEASE, CANCEL, INVOICED = "order.hold_placed", "order.hold_released", "order.canceled", "order.invoiced"
STOCK_FOUND = ("fulfillment.optimization.succeeded", "onhand.check.succeeded")
STOCK_MISSING = {
    "fulfillment.optimization.failed": "Inventory not found",
    "onhand.check.failed": "Backorder Hold",
}
_STOCK_REASONS = ("Inventory not found", "Backorder Hold")


def _states(order: str) -> tuple[State, ...]:
    return (
        State(NEW, f"New {order.lower()}" if order == "Sales Order" else f"New {order}", 10),
        State(ON_HOLD, f"{order} On Hold", 20),
        State(IN_PROGRESS, f"{order} In Progress", 30),
        State(IN_FULFILLMENT, f"{order} Fulfillment in Process", 40),
        State(COMPLETED, f"{order} Completed", 50, read_only=True, final=True),
        State(CANCELED, f"{order} Canceled", 60, read_only=True, final=True),
    )


def _order_moves() -> list[Transition]:
    rows = [Transition("order.created", None, Target(NEW, "New sales order"))]
    rows += moves(
        "order.header_validation.succeeded", OPEN, IN_PROGRESS, "Order Validation Success"
    )
    rows += moves("order.header_validation.failed", OPEN, ON_HOLD, "Order Validation Failed")
    rows += moves("order.lines_validation.succeeded", OPEN, IN_PROGRESS, "Ready To Be Fulfilled")
    rows += moves("order.lines_validation.failed", OPEN, ON_HOLD, "Order Validation Failed")
    for event in STOCK_FOUND:
        rows += moves(event, (*OPEN, IN_FULFILLMENT), IN_FULFILLMENT, "Inventory Check Successful")
    for event, reason in STOCK_MISSING.items():
        rows += moves(event, OPEN, ON_HOLD, reason, reasons=_STOCK_REASONS)
        rows += moves(event, [IN_FULFILLMENT], IN_FULFILLMENT, reason, reasons=_STOCK_REASONS)
    for event, reason in ((BACKORDER_HOLD, "Backorder Hold"), (PREORDER_HOLD, "Preorder Hold")):
        rows += moves(event, OPEN, ON_HOLD, reason)
        rows += moves(event, [IN_FULFILLMENT], IN_FULFILLMENT, reason)
    rows += moves(RELEASED, OPEN, IN_PROGRESS, "Ready To Be Fulfilled")
    rows += moves(RELEASED, [IN_FULFILLMENT], IN_FULFILLMENT, "Ready To Be Fulfilled")
    busy = (IN_PROGRESS, IN_FULFILLMENT)
    rows += moves("order.sent_to_fulfillment", busy, IN_FULFILLMENT, "Sent To Fulfillment")
    rows += moves(
        "order.send_to_fulfillment_failed", busy, IN_FULFILLMENT, "Send To Fulfillment Failed"
    )
    rows += moves("order.picked", busy, IN_FULFILLMENT, "Picked")
    rows += moves("order.partially_shipped", busy, IN_FULFILLMENT, PARTIALLY_SHIPPED)
    rows += moves("order.shipped", busy, IN_FULFILLMENT, SHIPPED)
    rows += moves("order.delivered", [IN_FULFILLMENT], IN_FULFILLMENT, "Delivered")
    rows += moves("order.fulfillment_declined", busy, IN_PROGRESS, "Fulfillment Declined")
    rows += moves("order.partially_declined", busy, IN_FULFILLMENT, "Partially Declined")
    rows += moves(INVOICED, [IN_FULFILLMENT], COMPLETED, "Fulfilled")
    rows += moves(HOLD, OPEN, ON_HOLD, "Manual hold")
    rows.append(Transition(RELEASE, ON_HOLD, Target(PREVIOUS, "")))
    canceled = ("Customer request", "SLA expired", "Canceled upstream", "All lines canceled")
    rows += moves(CANCEL, (None, *OPEN), CANCELED, "Canceled", reasons=canceled)
    return rows


def _line_moves() -> list[Transition]:
    rows = [Transition("order_line.created", None, Target(NEW, "New Order Line"))]
    for event in ("order_line.validation.succeeded", "order.lines_validation.succeeded"):
        rows += moves(event, OPEN, IN_PROGRESS, "Order Line Validation Success")
    rows += moves("order_line.validation.failed", OPEN, ON_HOLD, "Order Line Validation Failed")
    rows += moves("order_line.preorder_hold_placed", OPEN, ON_HOLD, "Preorder Hold")
    for event in STOCK_FOUND:
        rows += moves(event, OPEN, IN_FULFILLMENT, "Inventory Check Successful")
    for event in STOCK_MISSING:
        rows += moves(event, OPEN, ON_HOLD, "Backorder Hold")
    rows += moves(RELEASED, [ON_HOLD], IN_PROGRESS, "Ready To Be Fulfilled")
    rows += moves("backorder.sla_expired", OPEN, CANCELED, "Backorder SLA")
    rows += moves(
        "fulfillment_order.created",
        (*OPEN, IN_FULFILLMENT),
        IN_FULFILLMENT,
        "Released To Fulfillment",
    )
    rows += moves(
        "order_line.shipped",
        [IN_FULFILLMENT],
        IN_FULFILLMENT,
        SHIPPED,
        reasons=(PARTIALLY_SHIPPED,),
    )
    rows += moves(
        "fulfillment_order.declined", [IN_FULFILLMENT], IN_PROGRESS, "Fulfillment Declined"
    )
    rows += moves("order_line.canceled", (None, *OPEN), CANCELED, "Canceled")
    rows += moves("order_line.remainder_canceled", OPEN, IN_FULFILLMENT, SHIPPED)
    rows += moves(CANCEL, (None, *OPEN, IN_FULFILLMENT), CANCELED, "Canceled")
    rows += moves(INVOICED, [IN_FULFILLMENT], COMPLETED, "Fulfilled")
    return rows


ORDER_TABLE = StateTable("order", _states("Sales Order"), tuple(_order_moves()))
LINE_TABLE = StateTable("order_line", _states("Sales Order Product"), tuple(_line_moves()))

LINES_FOLLOW = (
    "order.lines_validation.succeeded",
    *STOCK_FOUND,
    *STOCK_MISSING,
    RELEASED,
    CANCEL,
    INVOICED,
)
"""Order events that also move those of its lines that stand where the line table has a row for them."""


def lines_follow(event: str) -> list[tuple[Target, list[str]]]:
    """Where an order's event leads its lines: each target with the line states it is reached from."""
    targets: dict[Target, list[str]] = {}
    for row in LINE_TABLE.transitions:
        if row.event == event and row.source is not None:
            targets.setdefault(row.to, []).append(row.source)
    return list(targets.items())


def attention(state: str, *, held: bool) -> str:
    """Why a person should look at an order: `held` by one, `failed` a check, or '' when it goes its way."""
    if held:
        return "held"
    return "failed" if state == ON_HOLD else ""
