"""What flows may ask of a store: a shipment with its tracking, and the order's status."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from openiom.kernel import ProviderError, ProviderRejected
from openiom.provider_contract import Call, CallResult, ProviderAction

from .connector import BigCommerce
from .transformations import SHIPMENT, STATUS

SHIPPED, PARTIALLY_SHIPPED, CANCELLED, AWAITING_PICKUP, AWAITING_SHIPMENT, COMPLETED = (
    2,
    3,
    5,
    8,
    9,
    10,
)
AWAITING_FULFILLMENT, MANUAL_VERIFICATION = 11, 12
STATUS_OF = {
    "new": AWAITING_FULFILLMENT,
    "in_progress": AWAITING_FULFILLMENT,
    "on_hold": MANUAL_VERIFICATION,
    "fulfillment_in_process": AWAITING_SHIPMENT,
    "completed": COMPLETED,
    "canceled": CANCELLED,
}
STATUS_OF_REASON = {"Shipped": SHIPPED, "Partially Shipped": PARTIALLY_SHIPPED}
CARRIERS = {"ups", "usps", "fedex", "dhl", "royalmail", "australiapost", "canadapost"}


def _each(
    act: Callable[[BigCommerce, Call], CallResult],
) -> Callable[[BigCommerce, Sequence[Call]], list[CallResult]]:
    """The store has no bulk call: one at a time here, several at once in the caller's threads."""

    def run(store: BigCommerce, calls: Sequence[Call]) -> list[CallResult]:
        results = []
        for call in calls:
            try:
                results.append(act(store, call))
            except ProviderError as error:
                results.append(CallResult(call.key, error=error))
        return results

    return run


def push_shipment(store: BigCommerce, call: Call) -> CallResult:
    """Create the shipment once: its key stands in the comments, so that a repetition finds the first one."""
    order_id = str(call.payload["order_id"])
    if call.attempt > 1:
        for known in store.shipments(order_id):
            if call.key in str(known.get("comments", "")):
                return CallResult(
                    call.key, {"repeated": True, "id": known.get("id")}, str(known.get("id", ""))
                )
    made = store.create_shipment(order_id, _shipment(call.payload, call.key))
    return CallResult(
        call.key, {"id": made.get("id"), "status": made.get("status", "")}, str(made.get("id", ""))
    )


def _shipment(payload: Mapping[str, Any], key: str) -> dict[str, Any]:
    carrier = "".join(c for c in str(payload.get("carrier", "")).lower() if c.isalnum())
    shipment = {
        "order_address_id": payload["order_address_id"],
        "tracking_number": str(payload.get("tracking_number", ""))[:50],
        "shipping_method": str(payload.get("shipping_method", ""))[:100],
        "comments": key,
        "items": payload["items"],
    }
    return shipment | ({"tracking_carrier": carrier} if carrier in CARRIERS else {})


def push_status(store: BigCommerce, call: Call) -> CallResult:
    """Set the order's status to what its state and reason stand for; setting it twice changes nothing."""
    state, reason = str(call.payload["state"]), str(call.payload.get("state_reason", ""))
    status = STATUS_OF_REASON.get(reason) or STATUS_OF.get(state)
    if status is None:
        raise ProviderRejected(
            f"no store status stands for {state}", remedy="map the state in the provider"
        )
    answer = store.set_status(str(call.payload["order_id"]), status)
    return CallResult(
        call.key, {"status_id": answer.get("status_id"), "status": answer.get("status")}
    )


ACTIONS = (
    ProviderAction(
        name="push_shipment",
        title="Tell the store about a shipment",
        entity="shipment",
        transformation=SHIPMENT,
        run=_each(push_shipment),
        succeeded="shipment.pushed",
        failed="shipment.push_failed",
        concurrency=8,
    ),
    ProviderAction(
        name="push_status",
        title="Tell the store the order's status",
        entity="order",
        transformation=STATUS,
        run=_each(push_status),
        succeeded="order.status_pushed",
        failed="order.status_push_failed",
        concurrency=8,
    ),
)
