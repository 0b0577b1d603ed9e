"""The simulator's own switches, outside the store's contract: load, trickle, faults and counters."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from openiom_simulators.faults import switch_faults
from openiom_simulators.olist import OlistAbsent
from openiom_simulators.responses import answer, json_object
from openiom_simulators.store.data_loader import Trickle, load
from openiom_simulators.store.state import Refusal, Shop
from openiom_simulators.store.webhooks import Webhooks


async def take_load(request: Request) -> Response:
    shop: Shop = request.app.state.shop
    try:
        return answer(load(shop, await json_object(request)))
    except (OlistAbsent, Refusal, KeyError, TypeError, ValueError) as error:
        return answer(
            {"title": "Load refused", "detail": f"{type(error).__name__}: {error}"}, status=422
        )


async def switch_trickle(request: Request) -> Response:
    """`POST {"seconds": 3, "count": null}` starts, `DELETE` stops, `GET` tells."""
    trickle: Trickle = request.app.state.trickle
    if request.method == "DELETE":
        trickle.stop()
    elif request.method == "POST":
        document = await json_object(request)
        seconds = float(document.get("seconds", 5))
        try:
            trickle.start(seconds=seconds, count=document.get("count"))
        except Refusal as error:
            return answer(
                {"title": "Trickle refused", "detail": error.message}, status=error.status
            )
    on = trickle.task is not None and not trickle.task.done()
    return answer({"on": on, "seconds": trickle.seconds, "placed": trickle.placed})


async def stats(request: Request) -> Response:
    shop: Shop = request.app.state.shop
    hooks: Webhooks = request.app.state.webhooks
    by_status: dict[str, int] = {}
    for order in shop.orders.values():
        by_status[str(order.status_id)] = by_status.get(str(order.status_id), 0) + 1
    return answer(
        {
            "orders": len(shop.orders),
            "orders_by_status": by_status,
            "shipments": sum(len(order.shipments) for order in shop.orders.values()),
            "products": len(shop.products),
            "customers": len(shop.customers),
            "requests_in_window": request.app.state.quota.spent,
            "webhooks": {
                "events": hooks.told,
                "delivered": hooks.delivered,
                "failed": hooks.failed,
            },
        }
    )


async def set_quota(request: Request) -> Response:
    """`PUT {"requests": n, "window_ms": m}` changes the rate limit and opens a new window."""
    document, quota = await json_object(request), request.app.state.quota
    quota.requests = int(document.get("requests", quota.requests))
    quota.window_ms = int(document.get("window_ms", quota.window_ms))
    quota.opened = 0.0
    return answer({"requests": quota.requests, "window_ms": quota.window_ms})


async def health(request: Request) -> Response:
    return answer({"status": "ok"})


ROUTES = [
    Route("/_sim/load", take_load, methods=["POST"]),
    Route("/_sim/trickle", switch_trickle, methods=["GET", "POST", "DELETE"]),
    Route("/_sim/faults", switch_faults, methods=["GET", "POST", "DELETE"]),
    Route("/_sim/quota", set_quota, methods=["PUT"]),
    Route("/_sim/stats", stats, methods=["GET"]),
    Route("/_sim/health", health, methods=["GET"]),
]
