"""The state tables of orders and order lines: states, reasons and the events that lead to them.

A state, a reason or an event of an order is added here and nowhere else: transitions, the progress
bar and the titles served to the UI are read from these tables.
"""

from collections.abc import Iterator, Sequence

from openiom.state_framework import PREVIOUS, State, StateTable, Target, Transition, moves

from .decisions import ORDER_PARTIALLY_SHIPPED, ORDER_SHIPPED

NEW = "new"
ON_HOLD = "on_hold"
IN_PROGRESS = "in_progress"
IN_FULFILLMENT = "fulfillment_in_process"
COMPLETED = "completed"
CANCELED = "canceled"
OPEN = (NEW, ON_HOLD, IN_PROGRESS)
"""States before fulfillment."""
UNFINISHED = (*OPEN, IN_FULFILLMENT)
"""States in which an order owes something: it may be put on hold, changed and canceled."""

# Reasons: shown beside the state, and what flows and invariants compare.
VALIDATED = "Order Validation Success"
NOT_VALIDATED = "Order Validation Failed"
READY = "Ready To Be Fulfilled"
SOURCED = "Inventory Check Successful"
NOT_SOURCED = "Inventory not found"
BACKORDER = "Backorder Hold"
PREORDER = "Preorder Hold"
NO_CAPACITY = "No Capacity Today"
MANUAL_HOLD = "Manual hold"
PARTIALLY_SHIPPED = "Partially Shipped"
SHIPPED = "Shipped"
CANCELED_BY_SOURCE = "Canceled upstream"
FULFILLED_BY_SOURCE = "Fulfilled upstream"
HOLD_BY_SOURCE = "Held upstream"
SLA_EXPIRED = "SLA expired"
ALL_LINES_CANCELED = "All lines canceled"
_HOLD_REASONS = (HOLD_BY_SOURCE,)
_CANCELLATION_REASONS = (
    "Customer request",
    SLA_EXPIRED,
    CANCELED_BY_SOURCE,
    FULFILLED_BY_SOURCE,
    ALL_LINES_CANCELED,
)

# Events of orders.
CREATE = "order.created"
HOLD = "order.hold_placed"
RELEASE_HOLD = "order.hold_released"
CANCEL = "order.canceled"
INVOICED = "order.invoiced"
DELIVERED_DIGITALLY = "order.delivered_digitally"
BACKORDER_HOLD = "order.backorder_hold_placed"
PREORDER_HOLD = "order.preorder_hold_placed"
WAIT_ENDED = "order.backorder_hold_released"
ORDER_DECLINED = "order.fulfillment_declined"
ORDER_PARTIALLY_DECLINED = "order.partially_declined"
RECALL_REQUESTED = "order.recall_requested"
RECALL_REFUSED = "order.recall_refused"
CANCELLATION_REQUESTED = "order.cancellation_requested"
STOCK_FOUND = ("fulfillment.optimization.succeeded", "onhand.check.succeeded")
ON_HAND_MISSING = "onhand.check.failed"
SOURCING_FAILED = "fulfillment.optimization.failed"
STOCK_MISSING = {SOURCING_FAILED: NOT_SOURCED, ON_HAND_MISSING: BACKORDER}

# Events of order lines.
LINE_CREATED = "order_line.created"
LINE_IN_FULFILLMENT = "fulfillment_order.created"
LINE_DECLINED = "fulfillment_order.declined"
LINE_SHIPPED = "order_line.shipped"
LINE_CANCELED = "order_line.canceled"
LINE_REMAINDER_CANCELED = "order_line.remainder_canceled"
LINE_PREORDER_HOLD = "order_line.preorder_hold_placed"
LINE_DELIVERED_DIGITALLY = "order_line.delivered_digitally"
LINE_SLA_EXPIRED = "backorder.sla_expired"

_REPORTS = (
    ("order.sent_to_fulfillment", "Sent To Fulfillment"),
    ("order.send_to_fulfillment_failed", "Send To Fulfillment Failed"),
    ("order.picked", "Picked"),
    (ORDER_PARTIALLY_SHIPPED, PARTIALLY_SHIPPED),
    (ORDER_SHIPPED, SHIPPED),
    (ORDER_PARTIALLY_DECLINED, "Partially Declined"),
    (RECALL_REQUESTED, "Recall Requested"),
    (RECALL_REFUSED, "Recall Refused"),
)
REPORTS = frozenset((*dict(_REPORTS), ORDER_DECLINED, "order.delivered"))
"""What fulfillers report. It has happened, so a manual hold does not refuse it."""

LINES_FOLLOW = (
    "order.lines_validation.succeeded",
    *STOCK_FOUND,
    *STOCK_MISSING,
    WAIT_ENDED,
    CANCEL,
    INVOICED,
)
"""Events of an order that also move its lines, where the line table has a row for them."""


def _states(subject: str, new_label: str) -> tuple[State, ...]:
    return (
        State(NEW, new_label, 10),
        State(ON_HOLD, f"{subject} On Hold", 20),
        State(IN_PROGRESS, f"{subject} In Progress", 30),
        State(IN_FULFILLMENT, f"{subject} Fulfillment in Process", 40),
        State(COMPLETED, f"{subject} Completed", 50, read_only=True, final=True),
        State(CANCELED, f"{subject} Canceled", 60, read_only=True, final=True),
    )


def _order_transitions() -> Iterator[Transition]:
    yield Transition(CREATE, None, Target(NEW, "New sales order"))
    yield from _order_checks()
    yield from _order_holds()
    yield from _order_fulfillment()
    sources = (None, *UNFINISHED)
    yield from moves(CANCEL, sources, CANCELED, "Canceled", reasons=_CANCELLATION_REASONS)


def _order_checks() -> Iterator[Transition]:
    yield from moves("order.header_validation.succeeded", OPEN, IN_PROGRESS, VALIDATED)
    yield from moves("order.header_validation.failed", OPEN, ON_HOLD, NOT_VALIDATED)
    yield from moves("order.lines_validation.succeeded", OPEN, IN_PROGRESS, READY)
    yield from moves("order.lines_validation.failed", OPEN, ON_HOLD, NOT_VALIDATED)
    for event in STOCK_FOUND:
        yield from moves(event, UNFINISHED, IN_FULFILLMENT, SOURCED)
    for event, reason in STOCK_MISSING.items():
        yield from _hold_or_stay(event, reason, reasons=(NOT_SOURCED, BACKORDER, NO_CAPACITY))


def _order_holds() -> Iterator[Transition]:
    yield from _hold_or_stay(BACKORDER_HOLD, BACKORDER, reasons=(NO_CAPACITY,))
    yield from _hold_or_stay(PREORDER_HOLD, PREORDER)
    yield from moves(WAIT_ENDED, OPEN, IN_PROGRESS, READY)
    yield from moves(WAIT_ENDED, [IN_FULFILLMENT], IN_FULFILLMENT, READY)
    yield from moves(HOLD, UNFINISHED, ON_HOLD, MANUAL_HOLD, reasons=_HOLD_REASONS)
    yield Transition(RELEASE_HOLD, ON_HOLD, Target(PREVIOUS, ""))


def _hold_or_stay(event: str, reason: str, reasons: Sequence[str] = ()) -> Iterator[Transition]:
    """Return the rows of an event that holds an open order; one in fulfillment keeps its state."""
    yield from moves(event, OPEN, ON_HOLD, reason, reasons=reasons)
    yield from moves(event, [IN_FULFILLMENT], IN_FULFILLMENT, reason, reasons=reasons)


def _order_fulfillment() -> Iterator[Transition]:
    sourced = (ON_HOLD, IN_PROGRESS, IN_FULFILLMENT)
    for event, reason in _REPORTS:
        yield from moves(event, sourced, IN_FULFILLMENT, reason)

    yield from moves(ORDER_DECLINED, sourced, IN_PROGRESS, "Fulfillment Declined")
    yield from moves("order.delivered", [IN_FULFILLMENT], IN_FULFILLMENT, "Delivered")
    yield from moves(INVOICED, [IN_FULFILLMENT], COMPLETED, "Fulfilled")
    yield from moves(DELIVERED_DIGITALLY, (None, *OPEN), COMPLETED, "Delivered digitally")


def _line_transitions() -> Iterator[Transition]:
    yield Transition(LINE_CREATED, None, Target(NEW, "New Order Line"))
    yield from _line_checks()
    yield from _line_fulfillment()
    yield from moves(LINE_SLA_EXPIRED, OPEN, CANCELED, "Backorder SLA")
    yield from moves(LINE_CANCELED, (None, *UNFINISHED), CANCELED, "Canceled")
    yield from moves(LINE_REMAINDER_CANCELED, UNFINISHED, IN_FULFILLMENT, SHIPPED)
    yield from moves(CANCEL, (None, *UNFINISHED), CANCELED, "Canceled")
    yield from moves(LINE_DELIVERED_DIGITALLY, [None], COMPLETED, "Delivered digitally")


def _line_checks() -> Iterator[Transition]:
    for event in ("order_line.validation.succeeded", "order.lines_validation.succeeded"):
        yield from moves(event, OPEN, IN_PROGRESS, "Order Line Validation Success")

    yield from moves("order_line.validation.failed", OPEN, ON_HOLD, "Order Line Validation Failed")
    yield from moves(LINE_PREORDER_HOLD, OPEN, ON_HOLD, PREORDER)

    for event in STOCK_FOUND:
        yield from moves(event, OPEN, IN_FULFILLMENT, SOURCED)

    for event in STOCK_MISSING:
        yield from moves(event, OPEN, ON_HOLD, BACKORDER)

    yield from moves(WAIT_ENDED, [ON_HOLD], IN_PROGRESS, READY)


def _line_fulfillment() -> Iterator[Transition]:
    yield from moves(LINE_IN_FULFILLMENT, UNFINISHED, IN_FULFILLMENT, "Released To Fulfillment")
    yield from moves(
        LINE_SHIPPED, [IN_FULFILLMENT], IN_FULFILLMENT, SHIPPED, reasons=(PARTIALLY_SHIPPED,)
    )
    yield from moves(LINE_DECLINED, [IN_FULFILLMENT], IN_PROGRESS, "Fulfillment Declined")
    yield from moves(INVOICED, [IN_FULFILLMENT], COMPLETED, "Fulfilled")


ORDER_TABLE = StateTable(
    "order", _states("Sales Order", "New sales order"), tuple(_order_transitions())
)
LINE_TABLE = StateTable(
    "order_line",
    _states("Sales Order Product", "New Sales Order Product"),
    tuple(_line_transitions()),
)


def line_targets(event: str) -> dict[str, Target]:
    """Return where an order's event moves its lines, by the state they are in."""
    targets: dict[str, Target] = {}
    for row in LINE_TABLE.transitions:
        if row.event == event and row.source is not None:
            targets[row.source] = row.to
    return targets


def attention(state: str, *, manual_hold: bool) -> str:
    """Return why a person should look at an order: `manual_hold`, `failed` (a check), or ''."""
    if manual_hold:
        return "manual_hold"
    return "failed" if state == ON_HOLD else ""
