"""The 3PL's API: orders in, their state out, the event log, the account, and what an operator does."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from openiom_simulators.responses import answer, json_object
from openiom_simulators.warehouse.automation import Automation
from openiom_simulators.warehouse.callbacks import MAX_BATCH, Callbacks
from openiom_simulators.warehouse.state import (
    OPEN,
    Refusal,
    Warehouse,
    WarehouseOrder,
    order_document,
)

MAX_BULK = 100
MAX_BODY = 4_000_000
MAX_EVENTS = 1_000
SCOPES = ("orders:read", "orders:write", "events:read", "callbacks:write")


def _warehouse(request: Request) -> Warehouse:
    warehouse: Warehouse = request.app.state.warehouse
    return warehouse


def _clockwork(request: Request) -> Automation:
    automation: Automation = request.app.state.automation
    return automation


def _order(request: Request) -> WarehouseOrder:
    return _warehouse(request).order(request.path_params["order_id"])


def _accepted(order: WarehouseOrder, new: bool) -> dict[str, Any]:
    return {"id": order.id, "reference": order.reference, "state": order.state, "repeated": not new}


async def create_order(request: Request) -> Response:
    """One order under the `Idempotency-Key` header: 201 when new, 200 when repeated."""
    warehouse = _warehouse(request)
    warehouse.calls["single"] += 1
    key = request.headers.get("idempotency-key", "")
    if not key:
        raise Refusal("idempotency_key_missing", "send an Idempotency-Key header", status=400)
    order, new = warehouse.receive(key=key, document=await json_object(request))
    if new:
        _clockwork(request).expect(order)
    return answer(_accepted(order, new), status=201 if new else 200)


async def create_orders(request: Request) -> Response:
    """Up to 100 orders, each with its `idempotency_key`; every item has its result, in the order sent."""
    warehouse, automation = _warehouse(request), _clockwork(request)
    warehouse.calls["bulk"] += 1
    body = await request.body()
    if len(body) > MAX_BODY:
        raise Refusal("too_large", f"a bulk call may hold {MAX_BODY} bytes", status=413)
    try:
        items = orjson.loads(body)["orders"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise Refusal("invalid_body", 'send {"orders": [...]}', status=400) from None
    if not isinstance(items, list) or len(items) > MAX_BULK:
        raise Refusal("too_many_orders", f"a bulk call may hold {MAX_BULK} orders", status=422)
    warehouse.calls["bulk_items"] += len(items)
    results: list[dict[str, Any]] = []
    for index, item in enumerate(items):
        try:
            key = item.pop("idempotency_key", "") if isinstance(item, dict) else ""
            if not key or not isinstance(key, str):
                raise Refusal(
                    "idempotency_key_missing", "give every order an idempotency_key", status=400
                )
            order, new = warehouse.receive(key=key, document=item)
        except Refusal as error:
            results.append({"index": index, "status": error.status, "error": problem(error)})
            continue
        if new:
            automation.expect(order)
        results.append(
            {"index": index, "status": 201 if new else 200, "order": _accepted(order, new)}
        )
    return answer(
        {"results": results}, status=207 if any(r["status"] >= 400 for r in results) else 200
    )


def problem(error: Refusal) -> dict[str, Any]:
    """A refusal as callers see it."""
    return {"code": error.code, "detail": error.detail}


async def list_orders(request: Request) -> Response:
    """By `reference`; without one, by `state` and page (`after` an id, `limit`), for an operator's page."""
    warehouse, query = _warehouse(request), request.query_params
    if "reference" in query:
        found = warehouse.by_reference.get(query["reference"], [])
        return answer({"orders": [order_document(order) for order in found]})
    limit, after, state = number(query.get("limit"), 50), query.get("after", ""), query.get("state")
    shown: list[WarehouseOrder] = []
    for order in warehouse.orders.values():
        if order.id > after and state in (None, order.state):
            shown.append(order)
            if len(shown) == min(limit, MAX_BATCH):
                break
    return answer({"orders": [order_document(order) for order in shown]})


def number(text: str | None, default: int) -> int:
    """A query parameter as a whole number from 0; refused when it is something else."""
    if not text:
        return default
    if not text.isdigit():
        raise Refusal("invalid_query", f"{text} is not a whole number", status=400)
    return int(text)


async def get_order(request: Request) -> Response:
    return answer(order_document(_order(request)))


async def cancel_order(request: Request) -> Response:
    order = _order(request)
    _warehouse(request).cancel(order)
    return answer(order_document(order))


async def account(request: Request) -> Response:
    """What the token stands for: the probe of a connection."""
    return answer({"name": request.app.state.name, "scopes": list(SCOPES)})


async def list_events(request: Request) -> Response:
    """Events `after` a sequence number, oldest first, with the cursor to ask from next."""
    warehouse, query = _warehouse(request), request.query_params
    after, limit = number(query.get("after"), 0), number(query.get("limit"), 100)
    part = warehouse.events[after : after + min(limit, MAX_EVENTS)]
    cursor = part[-1]["sequence"] if part else after
    return answer(
        {"events": part, "next_after": cursor, "has_more": cursor < len(warehouse.events)}
    )


async def set_callback(request: Request) -> Response:
    """`PUT {"url", "secret", "batch_size"}` says where callbacks go; what gathered before goes first."""
    callbacks: Callbacks = request.app.state.callbacks
    if request.method == "PUT":
        document = await json_object(request)
        target = callbacks.destination
        target.url = str(document.get("url", target.url))
        target.secret = str(document.get("secret", target.secret))
        target.batch_size = max(
            1, min(int(document.get("batch_size", target.batch_size)), MAX_BATCH)
        )
        callbacks.more.set()
    return answer(
        {"url": callbacks.destination.url, "batch_size": callbacks.destination.batch_size}
    )


async def accept_order(request: Request) -> Response:
    order = _order(request)
    _warehouse(request).accept(order)
    _clockwork(request).expect(order)
    return answer(order_document(order))


async def decline_order(request: Request) -> Response:
    order = _order(request)
    document = await json_object(request) if await request.body() else {}
    _warehouse(request).decline(
        order, reason=str(document.get("reason") or "declined by the warehouse")
    )
    return answer(order_document(order))


async def ship_order(request: Request) -> Response:
    """`{"carrier", "service", "items": [{"line_reference", "quantity"}], "final"}`; empty: all left."""
    order = _order(request)
    document = await json_object(request) if await request.body() else {}
    items: dict[str, int] | None = None
    if document.get("items"):
        try:
            items = {
                str(item["line_reference"]): int(item["quantity"]) for item in document["items"]
            }
        except (KeyError, TypeError, ValueError):
            raise Refusal(
                "invalid_shipment", "items need line_reference and quantity", status=422
            ) from None
    _warehouse(request).ship(
        order,
        carrier=str(document.get("carrier") or "UPS"),
        service=str(document.get("service") or "Ground"),
        items=items,
        final=bool(document.get("final", items is None)),
    )
    return answer(order_document(order))


async def deliver_order(request: Request) -> Response:
    order = _order(request)
    _warehouse(request).deliver(order)
    return answer(order_document(order))


async def ship_all(request: Request) -> Response:
    """Accept what waits and ship everything that is open."""
    warehouse, shipped = _warehouse(request), 0
    for order in warehouse.orders.values():
        if order.state in OPEN:
            if order.state == "waiting":
                warehouse.accept(order)
            warehouse.ship(order, carrier="UPS", service="Ground")
            shipped += 1
    return answer({"shipped": shipped})


ONE = "/v1/orders/{order_id}"
ROUTES = [
    Route("/v1/account", account, methods=["GET"]),
    Route("/v1/orders", create_order, methods=["POST"]),
    Route("/v1/orders", list_orders, methods=["GET"]),
    Route("/v1/orders/bulk", create_orders, methods=["POST"]),
    Route(ONE, get_order, methods=["GET"]),
    Route(f"{ONE}/cancel", cancel_order, methods=["POST"]),
    Route(f"{ONE}/accept", accept_order, methods=["POST"]),
    Route(f"{ONE}/decline", decline_order, methods=["POST"]),
    Route(f"{ONE}/ship", ship_order, methods=["POST"]),
    Route(f"{ONE}/deliver", deliver_order, methods=["POST"]),
    Route("/v1/events", list_events, methods=["GET"]),
    Route("/v1/callback", set_callback, methods=["GET", "PUT"]),
    Route("/_sim/ship-all", ship_all, methods=["POST"]),
]
