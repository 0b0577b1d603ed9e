"""The states of return orders and their lines, and the events that lead to them."""

REQUESTED = "requested"
APPROVED = "approved"
REFUSED = "refused"
IN_TRANSIT = "in_transit"
PARTIALLY_RECEIVED = "partially_received"
RECEIVED = "received"
INSPECTED = "inspected"
CLOSED = "closed"
CANCELED = "canceled"
EXPECTED = "expected"
"""The state of a line of which nothing came back yet."""

LABELS = {
    REQUESTED: "Requested",
    APPROVED: "Approved",
    IN_TRANSIT: "In Transit",
    PARTIALLY_RECEIVED: "Partially Received",
    RECEIVED: "Received",
    INSPECTED: "Inspected",
    CLOSED: "Closed",
    REFUSED: "Refused",
    CANCELED: "Canceled",
}
ENDED = frozenset((REFUSED, CLOSED, CANCELED))
AWAITING_GOODS = (APPROVED, IN_TRANSIT, PARTIALLY_RECEIVED)
"""States in which units may be received."""
OPEN = (REQUESTED, *AWAITING_GOODS, RECEIVED, INSPECTED)

LABEL_REQUESTED = "Label Requested"
LABEL_CREATED = "Label Created"
NOT_SENT_BACK = "Not Sent Back In Time"
BLIND = "Received Without Order"

REQUESTED_EVENT = "return_order.requested"
APPROVED_EVENT = "return_order.approved"
REFUSED_EVENT = "return_order.refused"
LABEL_REQUESTED_EVENT = "return_order.label_requested"
LABEL_CREATED_EVENT = "return_order.label_created"
IN_TRANSIT_EVENT = "return_order.in_transit"
PARTIALLY_RECEIVED_EVENT = "return_order.partially_received"
RECEIVED_EVENT = "return_order.received"
BLIND_EVENT = "return_order.received_blind"
MATCHED_EVENT = "return_order.matched"
INSPECTED_EVENT = "return_order.inspected"
CLOSED_EVENT = "return_order.closed"
CANCELED_EVENT = "return_order.canceled"
EXPIRED_EVENT = "return_order.expired"
WITHDRAWAL_EVENT = "return_order.withdrawal_declared"
REFUND_DUE_EVENT = "return_order.refund_due"
REFUND_REQUESTED_EVENT = "return_order.refund_requested"
REFUNDED_EVENT = "return_order.refunded"
REFUND_FAILED_EVENT = "return_order.refund_failed"
CHARGE_DUE_EVENT = "return_order.charge_due"
CHARGED_EVENT = "return_order.charged"
REPLACEMENT_EVENT = "return_order.replacement_created"
LINE_RECEIVED_EVENT = "return_line.received"
LINE_INSPECTED_EVENT = "return_line.inspected"

ENTITY = "return_order"
