"""The demo 3PL: takes fulfillment orders over HTTP and calls back what became of them."""

from collections.abc import Sequence
from typing import Any

from openiom.kernel import ProviderDown, ProviderError, ProviderRejected
from openiom.provider_contract import Call, CallResult, MessageKind, Provider, ProviderAction

from .connector import (
    DemoFulfillment,
    DemoFulfillmentConnection,
    DemoFulfillmentParameters,
    connect,
)
from .transformations import CANCEL, EVENT, ORDER

BULK_LIMIT = 100


def send_many(account: DemoFulfillment, calls: Sequence[Call]) -> list[CallResult]:
    """One bulk call for all of them; each has its own result."""
    answers = account.create_many([{**call.payload, "idempotency_key": call.key} for call in calls])
    return [_result(call, answer) for call, answer in zip(calls, answers, strict=True)]


def _result(call: Call, answer: dict[str, Any]) -> CallResult:
    order = answer.get("order")
    if isinstance(order, dict):
        return CallResult(call.key, order, str(order.get("id", "")))
    status, error = int(answer.get("status", 500)), answer.get("error") or {}
    said = f"answered {status}: {error.get('detail') or error.get('code') or 'no reason given'}"
    kind = ProviderDown if status >= 500 or status == 429 else ProviderRejected
    return CallResult(call.key, error=kind(said, where=str(call.payload.get("reference", ""))))


def send_each(account: DemoFulfillment, calls: Sequence[Call]) -> list[CallResult]:
    """The same order by order, for accounts without the bulk call."""
    results = []
    for call in calls:
        try:
            order = account.create(call.key, call.payload)
            results.append(CallResult(call.key, order, str(order.get("id", ""))))
        except ProviderError as error:
            results.append(CallResult(call.key, error=error))
    return results


def cancel_each(account: DemoFulfillment, calls: Sequence[Call]) -> list[CallResult]:
    results = []
    for call in calls:
        try:
            results.append(CallResult(call.key, account.cancel(str(call.payload["id"]))))
        except ProviderError as error:
            results.append(CallResult(call.key, error=error))
    return results


_SENT, _NOT_SENT = "fulfillment_order.sent", "fulfillment_order.send_failed"

ACTIONS = (
    ProviderAction(
        name="send_to_fulfillment",
        title="Send to fulfillment",
        entity="fulfillment_order",
        transformation=ORDER,
        run=send_many,
        batch=BULK_LIMIT,
        concurrency=4,
        succeeded=_SENT,
        failed=_NOT_SENT,
    ),
    ProviderAction(
        name="send_to_fulfillment_single",
        title="Send to fulfillment, one by one",
        entity="fulfillment_order",
        transformation=ORDER,
        run=send_each,
        concurrency=8,
        succeeded=_SENT,
        failed=_NOT_SENT,
    ),
    ProviderAction(
        name="cancel_fulfillment",
        title="Cancel fulfillment",
        entity="fulfillment_order",
        transformation=CANCEL,
        run=cancel_each,
        succeeded="fulfillment_order.canceled",
        failed="fulfillment_order.cancellation_failed",
        concurrency=8,
    ),
)

PROVIDER = Provider(
    name="demo_fulfillment",
    title="Demo 3PL",
    category="fulfillment",
    description="Sends fulfillment orders to the demo 3PL, in bulk, and hears by callback or poll what it did.",
    connection=DemoFulfillmentConnection,
    parameters=DemoFulfillmentParameters,
    connect=connect,
    messages=(
        MessageKind(
            "fulfillment_update",
            "What became of a fulfillment order",
            "fulfillment_update",
            EVENT,
            True,
        ),
    ),
    actions=ACTIONS,
    events=(_SENT, _NOT_SENT),
)
