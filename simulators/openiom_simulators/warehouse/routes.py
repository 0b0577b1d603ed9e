"""The API of the 3PL: orders, events, the account, callbacks, and the actions of an operator."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import islice
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from openiom_simulators.responses import json_object, json_response, optional_json_object
from openiom_simulators.warehouse.automation import Automation
from openiom_simulators.warehouse.callbacks import MAX_BATCH, Callbacks
from openiom_simulators.warehouse.state import (
    OPEN,
    WAITING,
    Warehouse,
    WarehouseOrder,
    WarehouseRefusal,
    order_document,
    parse_quantity,
)

MAX_BULK = 100
MAX_BODY = 4_000_000
MAX_EVENTS = 1_000
SCOPES = ("orders:read", "orders:write", "events:read", "callbacks:write")


def _warehouse(request: Request) -> Warehouse:
    warehouse: Warehouse = request.app.state.warehouse
    return warehouse


def _automation(request: Request) -> Automation:
    automation: Automation = request.app.state.automation
    return automation


def _order(request: Request) -> WarehouseOrder:
    return _warehouse(request).order(request.path_params["order_id"])


def _summary(order: WarehouseOrder, new: bool) -> dict[str, Any]:
    return {"id": order.id, "reference": order.reference, "state": order.state, "repeated": not new}


async def create_order(request: Request) -> Response:
    """Create one order under the `Idempotency-Key` header: 201 when new, 200 when repeated."""
    _warehouse(request).calls["single"] += 1
    key = request.headers.get("idempotency-key", "")
    if not key:
        raise WarehouseRefusal(
            "idempotency_key_missing", "send an Idempotency-Key header", status=400
        )

    order, new = _receive(request, key, await json_object(request))
    return json_response(_summary(order, new), status=201 if new else 200)


def _receive(request: Request, key: str, document: dict[str, Any]) -> tuple[WarehouseOrder, bool]:
    """Create an order and schedule its processing. Return it and whether it is new."""
    order, new = _warehouse(request).receive(key=key, document=document)
    if new:
        _automation(request).schedule(order)
    return order, new


async def create_orders(request: Request) -> Response:
    """Create up to 100 orders, each with its `idempotency_key` and its own result."""
    warehouse = _warehouse(request)
    warehouse.calls["bulk"] += 1
    items = _parse_bulk(await request.body())
    warehouse.calls["bulk_items"] += len(items)

    results: list[dict[str, Any]] = []
    status = 200
    for index, item in enumerate(items):
        result = _create_item(request, item)
        if result["status"] >= 400:
            status = 207

        results.append({"index": index, **result})

    return json_response({"results": results}, status=status)


def _parse_bulk(body: bytes) -> list[Any]:
    """Return the orders of a bulk request. Raise `WarehouseRefusal`."""
    items = _read_orders(body)
    if not isinstance(items, list) or len(items) > MAX_BULK:
        detail = f"a bulk call may hold {MAX_BULK} orders"
        raise WarehouseRefusal("too_many_orders", detail, status=422)

    return items


def _read_orders(body: bytes) -> Any:
    """Return the value of `orders` in a body. Raise `WarehouseRefusal`."""
    if len(body) > MAX_BODY:
        raise WarehouseRefusal("too_large", f"a bulk call may hold {MAX_BODY} bytes", status=413)
    try:
        return orjson.loads(body)["orders"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise WarehouseRefusal("invalid_body", 'send {"orders": [...]}', status=400) from None


def _item_key(item: Any) -> str:
    """Remove the idempotency key from an order and return it. Raise `WarehouseRefusal`."""
    key = item.pop("idempotency_key", "") if isinstance(item, dict) else ""
    if not key or not isinstance(key, str):
        detail = "give every order an idempotency_key"
        raise WarehouseRefusal("idempotency_key_missing", detail, status=400)
    return key


def _create_item(request: Request, item: Any) -> dict[str, Any]:
    """Create one order of a bulk request and return its result."""
    try:
        order, new = _receive(request, _item_key(item), item)
    except WarehouseRefusal as error:
        return {"status": error.status, "error": problem(error)}

    return {"status": 201 if new else 200, "order": _summary(order, new)}


def problem(error: WarehouseRefusal) -> dict[str, Any]:
    """Return a refusal as clients receive it."""
    return {"code": error.code, "detail": error.detail}


async def list_orders(request: Request) -> Response:
    """Return the orders of a `reference`, or a page (`after` an id, `limit`) by `state`."""
    warehouse, query = _warehouse(request), request.query_params
    if "reference" in query:
        return _orders_response(warehouse.by_reference.get(query["reference"], []))

    limit = min(parse_number(query.get("limit"), 50), MAX_BATCH)
    after, state = query.get("after", ""), query.get("state")

    def is_listed(order: WarehouseOrder) -> bool:
        return order.id > after and state in (None, order.state)

    return _orders_response(islice(filter(is_listed, warehouse.orders.values()), limit))


def _orders_response(orders: Iterable[WarehouseOrder]) -> Response:
    return json_response({"orders": [order_document(order) for order in orders]})


def parse_number(text: str | None, default: int) -> int:
    """Return a query parameter as a number from 0. Raise `WarehouseRefusal`."""
    if not text:
        return default
    if not text.isdigit():
        raise WarehouseRefusal("invalid_query", f"{text} is not a whole number", status=400)
    return int(text)


async def get_order(request: Request) -> Response:
    """Return one order."""
    return json_response(order_document(_order(request)))


async def cancel_order(request: Request) -> Response:
    """Cancel an order unless a parcel has left, or the warehouse refuses."""
    order = _order(request)
    _automation(request).cancel(order)
    return json_response(order_document(order))


async def account(request: Request) -> Response:
    """Return the account and scopes of the token."""
    return json_response({"name": request.app.state.name, "scopes": list(SCOPES)})


async def list_events(request: Request) -> Response:
    """Return events `after` a sequence number, the oldest first, and the next cursor."""
    events, query = _warehouse(request).events, request.query_params
    after = parse_number(query.get("after"), 0)
    limit = min(parse_number(query.get("limit"), 100), MAX_EVENTS)
    page = events[after : after + limit]
    cursor = page[-1]["sequence"] if page else after
    return json_response({"events": page, "next_after": cursor, "has_more": cursor < len(events)})


async def set_callback(request: Request) -> Response:
    """`PUT {"url", "secret", "batch_size"}` sets the destination; waiting events are sent first."""
    callbacks: Callbacks = request.app.state.callbacks
    target = callbacks.destination
    if request.method == "PUT":
        document = await json_object(request)
        target.url = str(document.get("url", target.url))
        target.secret = str(document.get("secret", target.secret))
        batch_size = int(document.get("batch_size", target.batch_size))
        target.batch_size = max(1, min(batch_size, MAX_BATCH))
        callbacks.more.set()

    return json_response({"url": target.url, "batch_size": target.batch_size})


async def accept_order(request: Request) -> Response:
    """Accept an order as an operator."""
    order = _order(request)
    _warehouse(request).accept(order)
    _automation(request).schedule(order)
    return json_response(order_document(order))


async def decline_order(request: Request) -> Response:
    """Decline an order as an operator; `{"reason"}` is optional."""
    order = _order(request)
    document = await optional_json_object(request)
    reason = str(document.get("reason") or "declined by the warehouse")
    _warehouse(request).decline(order, reason=reason)
    return json_response(order_document(order))


async def ship_order(request: Request) -> Response:
    """Ship `{"carrier", "service", "items": [{"line_reference", "quantity"}], "final"}`.

    Without items, everything unshipped is shipped.
    """
    order = _order(request)
    document = await optional_json_object(request)
    items = _parse_items(document.get("items"))
    _warehouse(request).ship(
        order,
        carrier=str(document.get("carrier") or "UPS"),
        service=str(document.get("service") or "Ground"),
        items=items,
        final=bool(document.get("final", items is None)),
    )
    return json_response(order_document(order))


def _parse_items(rows: Any) -> dict[str, Decimal] | None:
    """Return quantities by line reference, None without items. Raise `WarehouseRefusal`."""
    if not rows:
        return None

    items: dict[str, Decimal] = {}
    try:
        for row in rows:
            quantity = parse_quantity(row["quantity"])
            if quantity is None:
                raise ValueError("quantity")

            items[str(row["line_reference"])] = quantity
    except (KeyError, TypeError, ValueError):
        detail = "items need line_reference and quantity"
        raise WarehouseRefusal("invalid_shipment", detail, status=422) from None

    return items


async def deliver_order(request: Request) -> Response:
    """Deliver a shipped order as an operator."""
    order = _order(request)
    _warehouse(request).deliver(order)
    return json_response(order_document(order))


async def ship_all(request: Request) -> Response:
    """Accept all waiting orders and ship all open ones."""
    warehouse, shipped = _warehouse(request), 0
    for order in warehouse.orders.values():
        if order.state not in OPEN:
            continue

        if order.state == WAITING:
            warehouse.accept(order)

        warehouse.ship(order, carrier="UPS", service="Ground")
        shipped += 1

    return json_response({"shipped": shipped})


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
