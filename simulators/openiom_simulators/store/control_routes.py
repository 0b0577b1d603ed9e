"""Controls of the simulator outside the store's API: data, trickle, faults, quota and counters."""

from collections import Counter

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from openiom_simulators.faults import control_faults
from openiom_simulators.olist import OlistAbsent
from openiom_simulators.responses import health, json_object, json_response
from openiom_simulators.store.auth import Quota
from openiom_simulators.store.data_loader import Trickle, load
from openiom_simulators.store.state import Shop, StoreRefusal
from openiom_simulators.store.webhooks import Webhooks


async def load_data(request: Request) -> Response:
    """Load data as `data_loader.load` describes."""
    shop: Shop = request.app.state.shop
    try:
        return json_response(load(shop, await json_object(request)))
    except (OlistAbsent, StoreRefusal, KeyError, TypeError, ValueError) as error:
        detail = f"{type(error).__name__}: {error}"
        return json_response({"title": "Load refused", "detail": detail}, status=422)


async def control_trickle(request: Request) -> Response:
    """`POST {"seconds": 3, "count": null, "varied": false}` starts, `DELETE` stops, `GET` reads."""
    trickle: Trickle = request.app.state.trickle
    if request.method == "DELETE":
        trickle.stop()
    elif request.method == "POST":
        document = await json_object(request)
        try:
            trickle.start(
                seconds=float(document.get("seconds", 5)),
                count=document.get("count"),
                varied=bool(document.get("varied")),
            )
        except StoreRefusal as error:
            return _trickle_refused(error)

    return json_response(
        {"on": trickle.is_on, "seconds": trickle.seconds, "placed": trickle.placed}
    )


async def place_orders(request: Request) -> Response:
    """`POST {"count": 10}` places varied orders now, and returns their ids."""
    trickle: Trickle = request.app.state.trickle
    document = await json_object(request)
    try:
        return json_response({"ids": trickle.place(count=int(document.get("count", 1)))})
    except StoreRefusal as error:
        return _trickle_refused(error)


def _trickle_refused(error: StoreRefusal) -> Response:
    problem = {"title": "Trickle refused", "detail": error.message}
    return json_response(problem, status=error.status)


async def stats(request: Request) -> Response:
    """Return counters of the shop and its webhooks."""
    shop: Shop = request.app.state.shop
    webhooks: Webhooks = request.app.state.webhooks
    statuses = Counter(str(order.status_id) for order in shop.orders.values())
    return json_response(
        {
            "orders": len(shop.orders),
            "orders_by_status": statuses,
            "shipments": sum(len(order.shipments) for order in shop.orders.values()),
            "products": len(shop.products),
            "customers": len(shop.customers),
            "storefront_order": shop.storefront_order,
            "requests_in_window": request.app.state.quota.used,
            "webhooks": {
                "events": webhooks.events,
                "delivered": webhooks.delivered,
                "failed": webhooks.failed,
            },
        }
    )


async def set_quota(request: Request) -> Response:
    """`PUT {"requests": n, "window_ms": m}` changes the rate limit and starts a new window."""
    quota: Quota = request.app.state.quota
    document = await json_object(request)
    quota.requests = int(document.get("requests", quota.requests))
    quota.window_ms = int(document.get("window_ms", quota.window_ms))
    quota.opened_at = 0.0
    return json_response({"requests": quota.requests, "window_ms": quota.window_ms})


ROUTES = [
    Route("/_sim/load", load_data, methods=["POST"]),
    Route("/_sim/trickle", control_trickle, methods=["GET", "POST", "DELETE"]),
    Route("/_sim/orders", place_orders, methods=["POST"]),
    Route("/_sim/faults", control_faults, methods=["GET", "POST", "DELETE"]),
    Route("/_sim/quota", set_quota, methods=["PUT"]),
    Route("/_sim/stats", stats, methods=["GET"]),
    Route("/_sim/health", health, methods=["GET"]),
]
