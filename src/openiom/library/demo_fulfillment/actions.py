"""Actions of the demo 3PL."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from openiom.kernel import ProviderDown, ProviderError, ProviderRejected
from openiom.provider_contract import Call, CallResult

from .connector import DemoFulfillment

Result = Mapping[str, Any]


def send_in_bulk(account: DemoFulfillment, calls: Sequence[Call]) -> list[CallResult]:
    """Create all fulfillment orders with one bulk request; each has its own result."""
    orders = []
    for call in calls:
        orders.append({**call.payload, "idempotency_key": call.key})
    results = account.create_many(orders)
    return [_bulk_result(call, result) for call, result in zip(calls, results, strict=True)]


def _bulk_result(call: Call, result: Result) -> CallResult:
    order = result.get("order")
    if isinstance(order, dict):
        return CallResult(call.key, order, str(order.get("id", "")))

    where = str(call.payload.get("reference", ""))
    return CallResult(call.key, error=_bulk_error(result, where=where))


def _bulk_error(result: Result, *, where: str) -> ProviderError:
    """Return why one order of a bulk request was not created."""
    status = int(result.get("status", 500))
    error = result.get("error") or {}
    reason = error.get("detail") or error.get("code") or "no reason given"
    is_temporary = status >= 500 or status == 429
    error_type = ProviderDown if is_temporary else ProviderRejected
    return error_type(f"status {status}: {reason}", where=where)


def _one_by_one(
    action: Callable[[DemoFulfillment, Call], Result],
) -> Callable[[DemoFulfillment, Sequence[Call]], list[CallResult]]:
    """Return an action of many calls that executes them one by one."""

    def run(account: DemoFulfillment, calls: Sequence[Call]) -> list[CallResult]:
        results = []
        for call in calls:
            try:
                order = action(account, call)
            except ProviderError as error:
                results.append(CallResult(call.key, error=error))
            else:
                results.append(CallResult(call.key, order, str(order.get("id", ""))))

        return results

    return run


def send(account: DemoFulfillment, call: Call) -> Result:
    """Create one fulfillment order."""
    return account.create(call.key, call.payload)


def cancel(account: DemoFulfillment, call: Call) -> Result:
    """Cancel one fulfillment order."""
    return account.cancel(str(call.payload["id"]))


ACTIONS = {
    "send_to_fulfillment": send_in_bulk,
    "send_to_fulfillment_single": _one_by_one(send),
    "cancel_fulfillment": _one_by_one(cancel),
}
