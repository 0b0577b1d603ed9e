"""Display titles of the events of fulfillment orders and shipments.

Registered at the composition root, which serves the titles of all packages from one place.
"""

EVENT_TITLES = {
    "fulfillment_order.created": "Fulfillment order created",
    "fulfillment_order.sent": "Fulfillment order sent",
    "fulfillment_order.send_failed": "Sending the fulfillment order failed",
    "fulfillment_order.accepted": "Fulfillment order accepted",
    "fulfillment_order.declined": "Fulfillment order declined",
    "fulfillment_order.picked": "Fulfillment order picked",
    "fulfillment_order.packed": "Fulfillment order packed",
    "fulfillment_order.partially_shipped": "Fulfillment order partially shipped",
    "fulfillment_order.shipped": "Fulfillment order shipped",
    "fulfillment_order.delivered": "Fulfillment order delivered",
    "fulfillment_order.canceled": "Fulfillment order canceled",
    "fulfillment_order.closed": "Rest of the fulfillment order canceled",
    "fulfillment_order.cancellation_requested": "Cancellation of the fulfillment order requested",
    "fulfillment_order.cancellation_failed": "Canceling the fulfillment order failed",
    "fulfillment_order.cancellation_withdrawn": "Recall of the fulfillment order withdrawn",
    "fulfillment_order.refusal_lifted": "Source considered again",
    "shipment.recorded": "Shipment recorded",
    "shipment.pushed": "Shipment sent to the store",
    "shipment.push_failed": "Sending the shipment to the store failed",
}
