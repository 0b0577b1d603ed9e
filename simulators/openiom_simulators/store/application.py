"""Composition of one store: state, webhooks, authentication, faults and routes."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount

from openiom_simulators.faults import FaultMiddleware, FaultSet
from openiom_simulators.responses import InvalidBody
from openiom_simulators.store import control_routes, routes_v2, routes_v3, storefront
from openiom_simulators.store.auth import Quota, StoreAuthentication, error_response
from openiom_simulators.store.data_loader import Trickle
from openiom_simulators.store.state import Shop, StoreRefusal
from openiom_simulators.store.webhooks import Webhooks

STORE_ID = "1025646"


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """Credentials and settings. A `webhook_time_scale` below 1 shortens the retry intervals.

    With `authorizes`, the checkout only authorizes cards, at the payments simulator.
    """

    store_hash: str = "demo"
    token: str = "store-token"
    read_only_token: str | None = None
    name: str = "Fabrikam"
    currency: str = "USD"
    country: str = "United States"
    country_iso2: str = "US"
    quota: int = 1_000_000
    window_ms: int = 30_000
    webhook_time_scale: float = 0.005
    authorizes: bool = False
    seed: int = 1


def _seconds() -> int:
    return int(time.time())


def store_application(options: StoreOptions) -> FastAPI:
    """Return the store as an ASGI application; `app.state.shop` is its state."""
    base = f"/stores/{options.store_hash}"
    faults = FaultSet(seed=options.seed)
    webhooks = Webhooks(
        store_hash=options.store_hash,
        store_id=STORE_ID,
        faults=faults,
        scale=options.webhook_time_scale,
    )
    shop = Shop(
        currency=options.currency,
        country=options.country,
        country_iso2=options.country_iso2,
        now=_seconds,
        publish=webhooks.publish,
        authorizes=options.authorizes,
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        webhooks.start()
        app.state.when_started()
        yield
        app.state.trickle.stop()
        await webhooks.stop()

    app = FastAPI(
        title="Store simulator",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        routes=[
            Mount(f"{base}/v2", routes=routes_v2.ROUTES),
            Mount(f"{base}/v3", routes=routes_v3.ROUTES),
            *control_routes.ROUTES,
            *storefront.ROUTES,
        ],
    )
    app.state.shop = shop
    app.state.webhooks = webhooks
    app.state.faults = faults
    app.state.trickle = Trickle(shop, seed=options.seed)
    app.state.store_hash = options.store_hash
    app.state.store_id = STORE_ID
    app.state.store_name = options.name
    app.state.when_started = lambda: None
    _add_error_handlers(app, base)
    quota = Quota(options.quota, options.window_ms)
    app.state.quota = quota
    tokens = {options.token: True}
    if options.read_only_token:
        tokens[options.read_only_token] = False

    app.add_middleware(StoreAuthentication, base=base, tokens=tokens, quota=quota)
    app.add_middleware(
        FaultMiddleware, faults=faults, base=base, error_response=_fault_response(quota)
    )
    return app


def _fault_response(quota: Quota) -> Callable[[int, float], Response]:
    """Return the response to a request that meets a fault, as the real API words it."""

    def respond(status: int, seconds: float) -> Response:
        headers = quota.headers()
        if status == 429:
            headers["X-Rate-Limit-Requests-Left"] = "0"
            headers["X-Rate-Limit-Time-Reset-Ms"] = str(int(seconds * 1000))
            headers["X-Retry-After"] = str(max(1, round(seconds)))
        message = "Too Many Requests" if status == 429 else "Internal Server Error"
        return error_response("/v2", status, message, headers=headers)

    return respond


def _add_error_handlers(app: FastAPI, base: str) -> None:
    @app.exception_handler(StoreRefusal)
    async def refused(request: Request, error: StoreRefusal) -> Response:
        return error_response(request.url.path[len(base) :], error.status, error.message)

    @app.exception_handler(InvalidBody)
    async def unreadable(request: Request, error: InvalidBody) -> Response:
        return error_response(request.url.path[len(base) :], 400, f"Input is invalid: {error}")
