"""Composition of one warehouse: state, automation, callbacks, authentication, faults and routes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from openiom_simulators.auth import BearerAuthentication, fault_response
from openiom_simulators.faults import FaultMiddleware, FaultSet
from openiom_simulators.responses import InvalidBody, json_response
from openiom_simulators.warehouse import control_routes, routes
from openiom_simulators.warehouse.automation import Automation, Behavior
from openiom_simulators.warehouse.callbacks import Callbacks, Destination
from openiom_simulators.warehouse.state import Warehouse, WarehouseRefusal, utc_now


@dataclass(frozen=True, slots=True)
class WarehouseOptions:
    """Credentials, callbacks and behavior of a warehouse."""

    token: str = "warehouse-token"
    callback_url: str = ""
    callback_secret: str = "callback-secret"
    callback_batch: int = 500
    name: str = "Demo 3PL"
    behavior: Behavior = field(default_factory=Behavior)
    seed: int = 1


def warehouse_application(options: WarehouseOptions) -> FastAPI:
    """Return the warehouse as an ASGI application; `app.state.warehouse` is its state."""
    faults = FaultSet(seed=options.seed)
    destination = Destination(options.callback_url, options.callback_secret, options.callback_batch)
    callbacks = Callbacks(destination, faults)
    warehouse = Warehouse(now=utc_now, publish=callbacks.enqueue)
    automation = Automation(warehouse, replace(options.behavior))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        callbacks.start()
        automation.start()
        app.state.when_started()
        yield
        automation.stop()
        callbacks.stop()

    app = FastAPI(
        title="Warehouse simulator",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        routes=[*routes.ROUTES, *control_routes.ROUTES],
    )
    app.state.warehouse = warehouse
    app.state.automation = automation
    app.state.callbacks = callbacks
    app.state.faults = faults
    app.state.name = options.name
    app.state.when_started = lambda: None

    @app.exception_handler(WarehouseRefusal)
    async def refused(request: Request, error: WarehouseRefusal) -> Response:
        return json_response(routes.problem(error), status=error.status)

    @app.exception_handler(InvalidBody)
    async def unreadable(request: Request, error: InvalidBody) -> Response:
        return json_response({"code": "invalid_body", "detail": str(error)}, status=400)

    app.add_middleware(BearerAuthentication, token=options.token)
    app.add_middleware(FaultMiddleware, faults=faults, base="", error_response=fault_response)
    return app
