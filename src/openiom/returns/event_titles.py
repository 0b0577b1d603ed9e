"""Display titles of the events of return orders.

Registered at the composition root, which serves the titles of all packages from one place.
"""

EVENT_TITLES = {
    "return_order.requested": "Return requested",
    "return_order.withdrawal_declared": "Withdrawal from the contract declared",
    "return_order.approved": "Return approved",
    "return_order.refused": "Return refused",
    "return_order.label_requested": "Return label requested",
    "return_order.label_created": "Return label created",
    "return_order.in_transit": "Return in transit",
    "return_order.partially_received": "Return received in part",
    "return_order.received": "Return received",
    "return_order.received_blind": "Goods received without an order",
    "return_order.matched": "Return matched with its order",
    "return_order.inspected": "Return inspected",
    "return_order.closed": "Return closed",
    "return_order.canceled": "Return canceled",
    "return_order.expired": "Return not sent back in time",
    "return_order.refund_due": "Refund due",
    "return_order.refund_requested": "Refund requested",
    "return_order.refunded": "Refund paid",
    "return_order.refund_failed": "Refund failed",
    "return_order.charge_due": "Charge due",
    "return_order.charged": "Charge paid",
    "return_order.replacement_created": "Order with the replacement placed",
    "return_line.received": "Returned units received",
    "return_line.inspected": "Returned units inspected",
}
