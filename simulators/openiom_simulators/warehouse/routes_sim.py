"""The simulator's own switches, outside the contract: habits, faults, and books for exactly-once tests."""

from collections import Counter
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from openiom_simulators.faults import switch_faults
from openiom_simulators.responses import answer, json_object
from openiom_simulators.warehouse.automation import Automation
from openiom_simulators.warehouse.callbacks import Callbacks
from openiom_simulators.warehouse.routes import number
from openiom_simulators.warehouse.state import Warehouse

MAX_LISTED = 100_000


async def stats(request: Request) -> Response:
    """Counters: `effective` orders, raw calls, states, and how callbacks went."""
    warehouse: Warehouse = request.app.state.warehouse
    callbacks: Callbacks = request.app.state.callbacks
    references = Counter(order.reference for order in warehouse.orders.values())
    return answer(
        {
            "effective": len(warehouse.orders),
            "keys": len(warehouse.keys),
            "raw_calls_by_key_max": max((use.calls for use in warehouse.keys.values()), default=0),
            "references_with_more_than_one_order": sum(count > 1 for count in references.values()),
            "calls": warehouse.calls,
            "states": Counter(order.state for order in warehouse.orders.values()),
            "events": len(warehouse.events),
            "parcels": warehouse.parcels,
            "callbacks": {
                "batches": callbacks.batches,
                "events_sent": callbacks.sent,
                "failures": callbacks.failures,
                "waiting": len(callbacks.queue),
            },
        }
    )


async def orders(request: Request) -> Response:
    """Per idempotency key: the order it made, and how often it was sent."""
    warehouse: Warehouse = request.app.state.warehouse
    limit = number(request.query_params.get("limit"), MAX_LISTED)
    rows = [
        {
            "key": key,
            "id": use.order.id,
            "reference": use.order.reference,
            "state": use.order.state,
            "raw_calls": use.calls,
            "conflicts": use.conflicts,
        }
        for key, use in list(warehouse.keys.items())[:limit]
    ]
    return answer({"orders": rows})


async def behavior(request: Request) -> Response:
    """`GET` tells, `PUT` changes automatic mode: delays and ratios as in `Habits`."""
    automation: Automation = request.app.state.automation
    if request.method == "PUT":
        try:
            automation.change(await json_object(request))
        except ValueError as error:
            return answer({"code": "invalid_habit", "detail": str(error)}, status=422)
    return answer(asdict(automation.behavior))


async def health(request: Request) -> Response:
    return answer({"status": "ok"})


ROUTES = [
    Route("/_sim/stats", stats, methods=["GET"]),
    Route("/_sim/orders", orders, methods=["GET"]),
    Route("/_sim/behavior", behavior, methods=["GET", "PUT"]),
    Route("/_sim/faults", switch_faults, methods=["GET", "POST", "DELETE"]),
    Route("/_sim/health", health, methods=["GET"]),
]
