"""Actions of a BigCommerce store: send a shipment with its tracking, set the status of an order."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from openiom.kernel import ProviderError, ProviderRejected
from openiom.provider_contract import Call, CallResult

from .connector import BigCommerce

SHIPPED = 2
PARTIALLY_SHIPPED = 3
CANCELLED = 5
AWAITING_PICKUP = 8
AWAITING_SHIPMENT = 9
COMPLETED = 10
AWAITING_FULFILLMENT = 11
STATUS_BY_STATE = {
    "new": AWAITING_FULFILLMENT,
    "in_progress": AWAITING_FULFILLMENT,
    "on_hold": AWAITING_FULFILLMENT,
    "fulfillment_in_process": AWAITING_SHIPMENT,
    "completed": COMPLETED,
    "canceled": CANCELLED,
}
STATUS_BY_REASON = {
    "Shipped": SHIPPED,
    "Partially Shipped": PARTIALLY_SHIPPED,
    "Fulfilled upstream": SHIPPED,
}
CARRIERS = {"ups", "usps", "fedex", "dhl", "royalmail", "australiapost", "canadapost"}
MAX_TRACKING_NUMBER = 50
MAX_SHIPPING_METHOD = 100


def _one_by_one(
    action: Callable[[BigCommerce, Call], CallResult],
) -> Callable[[BigCommerce, Sequence[Call]], list[CallResult]]:
    """Return an action of many calls. The store has no bulk requests; the caller uses threads."""

    def run(store: BigCommerce, calls: Sequence[Call]) -> list[CallResult]:
        results = []
        for call in calls:
            try:
                results.append(action(store, call))
            except ProviderError as error:
                results.append(CallResult(call.key, error=error))
        return results

    return run


def push_shipment(store: BigCommerce, call: Call) -> CallResult:
    """Create a shipment in the store.

    The comments of the shipment contain the idempotency key: a retry looks for the shipment that
    an earlier attempt created. Lines that are collected have no address: their order awaits its
    pickup.
    """
    order_id = str(call.payload["order_id"])
    if not call.payload["order_address_id"]:
        order = store.set_status(order_id, AWAITING_PICKUP)
        return CallResult(call.key, {"status_id": order.get("status_id")})

    if call.attempt > 1:
        for shipment in store.shipments(order_id):
            if call.key in str(shipment.get("comments", "")):
                response = {"repeated": True, "id": shipment.get("id")}
                return CallResult(call.key, response, str(shipment.get("id", "")))

    created = store.create_shipment(order_id, _shipment(call.payload, call.key))
    response = {"id": created.get("id"), "status": created.get("status", "")}
    return CallResult(call.key, response, str(created.get("id", "")))


def _shipment(payload: Mapping[str, Any], key: str) -> dict[str, Any]:
    shipment = {
        "order_address_id": payload["order_address_id"],
        "tracking_number": str(payload.get("tracking_number", ""))[:MAX_TRACKING_NUMBER],
        "shipping_method": str(payload.get("shipping_method", ""))[:MAX_SHIPPING_METHOD],
        "comments": key,
        "items": payload["items"],
    }
    carrier = "".join(filter(str.isalnum, str(payload.get("carrier", "")).lower()))
    if carrier in CARRIERS:
        shipment["tracking_carrier"] = carrier

    return shipment


def push_status(store: BigCommerce, call: Call) -> CallResult:
    """Set the status of an order from its state and reason; repeating it changes nothing."""
    state, reason = str(call.payload["state"]), str(call.payload.get("state_reason", ""))
    status = STATUS_BY_REASON.get(reason) or STATUS_BY_STATE.get(state)
    if status is None:
        raise ProviderRejected(
            f"the store has no status for {state}", remedy="map the state in the transformation"
        )

    order = store.set_status(str(call.payload["order_id"]), status)
    response = {"status_id": order.get("status_id"), "status": order.get("status")}
    return CallResult(call.key, response)


ACTIONS = {
    "push_shipment": _one_by_one(push_shipment),
    "push_status": _one_by_one(push_status),
}
