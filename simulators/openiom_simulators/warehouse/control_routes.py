"""Controls of the simulator outside the 3PL's API: behavior, faults and counters."""

from collections import Counter
from dataclasses import asdict
from itertools import islice

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from openiom_simulators.faults import control_faults
from openiom_simulators.responses import health, json_object, json_response
from openiom_simulators.warehouse.automation import Automation
from openiom_simulators.warehouse.callbacks import Callbacks
from openiom_simulators.warehouse.routes import parse_number
from openiom_simulators.warehouse.state import Warehouse

MAX_LISTED = 100_000


async def stats(request: Request) -> Response:
    """Return counters: `effective` orders, calls, states and callbacks."""
    warehouse: Warehouse = request.app.state.warehouse
    callbacks: Callbacks = request.app.state.callbacks
    references = Counter(order.reference for order in warehouse.orders.values())
    calls_by_key = [use.calls for use in warehouse.keys.values()]
    return json_response(
        {
            "effective": len(warehouse.orders),
            "keys": len(warehouse.keys),
            "raw_calls_by_key_max": max(calls_by_key, default=0),
            "references_with_more_than_one_order": sum(count > 1 for count in references.values()),
            "calls": warehouse.calls,
            "states": warehouse.counts_by_state(),
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
    """Return the order of each idempotency key, and how often the key was sent."""
    warehouse: Warehouse = request.app.state.warehouse
    limit = parse_number(request.query_params.get("limit"), MAX_LISTED)

    rows = []
    for key, use in islice(warehouse.keys.items(), limit):
        rows.append(
            {
                "key": key,
                "id": use.order.id,
                "reference": use.order.reference,
                "state": use.order.state,
                "raw_calls": use.calls,
                "conflicts": use.conflicts,
            }
        )

    return json_response({"orders": rows})


async def behavior(request: Request) -> Response:
    """`GET` the delays and ratios of `Behavior`, `PUT` changes some of them."""
    automation: Automation = request.app.state.automation
    if request.method == "PUT":
        try:
            automation.change(await json_object(request))
        except ValueError as error:
            return json_response({"code": "invalid_behavior", "detail": str(error)}, status=422)
    return json_response(asdict(automation.behavior))


ROUTES = [
    Route("/_sim/stats", stats, methods=["GET"]),
    Route("/_sim/orders", orders, methods=["GET"]),
    Route("/_sim/behavior", behavior, methods=["GET", "PUT"]),
    Route("/_sim/faults", control_faults, methods=["GET", "POST", "DELETE"]),
    Route("/_sim/health", health, methods=["GET"]),
]
