"""Wires one warehouse: books, clockwork, callbacks, gate, faults and routes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from openiom_simulators.auth import BearerGate, broken
from openiom_simulators.faults import FaultBox, FaultGate
from openiom_simulators.responses import BadBody, answer
from openiom_simulators.warehouse import routes, routes_sim
from openiom_simulators.warehouse.automation import Automation, Behavior
from openiom_simulators.warehouse.callbacks import Callbacks, Destination
from openiom_simulators.warehouse.state import Refusal, Warehouse, utc_now


@dataclass(frozen=True, slots=True)
class WarehouseOptions:
    """How a warehouse answers and behaves."""

    token: str = "warehouse-token"
    callback_url: str = ""
    callback_secret: str = "callback-secret"
    callback_batch: int = 500
    name: str = "Demo 3PL"
    behavior: Behavior = field(default_factory=Behavior)
    seed: int = 1


def warehouse_application(options: WarehouseOptions) -> FastAPI:
    """The warehouse as an ASGI application; `app.state.warehouse` holds its books."""
    faults = FaultBox(seed=options.seed)
    destination = Destination(options.callback_url, options.callback_secret, options.callback_batch)
    callbacks = Callbacks(destination, faults)
    warehouse = Warehouse(now=utc_now, hear=callbacks.hear)
    automation = Automation(warehouse, replace(options.behavior))

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        callbacks.start()
        automation.start()
        app.state.when_started()
        yield
        automation.stop()
        callbacks.stop()

    app = FastAPI(
        title="Warehouse simulator",
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        routes=[*routes.ROUTES, *routes_sim.ROUTES],
    )
    app.state.warehouse, app.state.automation, app.state.callbacks = (
        warehouse,
        automation,
        callbacks,
    )
    app.state.faults, app.state.name = faults, options.name
    app.state.when_started = lambda: None

    @app.exception_handler(Refusal)
    async def refused(request: Request, error: Refusal) -> Response:
        return answer(routes.problem(error), status=error.status)

    @app.exception_handler(BadBody)
    async def unreadable(request: Request, error: BadBody) -> Response:
        return answer({"code": "invalid_body", "detail": str(error)}, status=400)

    app.add_middleware(BearerGate, token=options.token)
    app.add_middleware(FaultGate, box=faults, base="", refusal=broken)
    return app
