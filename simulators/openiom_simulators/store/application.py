"""Wires one store: state, webhooks, gate, faults and routes."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount

from openiom_simulators.faults import FaultBox, FaultGate
from openiom_simulators.responses import BadBody
from openiom_simulators.store import routes_sim, routes_v2, routes_v3
from openiom_simulators.store.auth import Quota, StoreGate, refusal
from openiom_simulators.store.data_loader import Trickle
from openiom_simulators.store.state import Refusal, Shop
from openiom_simulators.store.webhooks import Webhooks

STORE_ID = "1025646"


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """How a store answers. `webhook_time_scale` shortens the real retry intervals (1 is real time)."""

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
    seed: int = 1


def _seconds() -> int:
    return int(time.time())


def store_application(options: StoreOptions) -> FastAPI:
    """The store as an ASGI application; `app.state.shop` holds what it remembers."""
    base = f"/stores/{options.store_hash}"
    faults = FaultBox(seed=options.seed)
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
        append_events=webhooks.append_events,
    )

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        webhooks.start()
        app.state.when_started()
        yield
        app.state.trickle.stop()
        await webhooks.stop()

    app = FastAPI(
        title="Store simulator",
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        routes=[
            Mount(f"{base}/v2", routes=routes_v2.ROUTES),
            Mount(f"{base}/v3", routes=routes_v3.ROUTES),
            *routes_sim.ROUTES,
        ],
    )
    app.state.shop, app.state.webhooks, app.state.faults = shop, webhooks, faults
    app.state.trickle = Trickle(shop, seed=options.seed)
    app.state.store_hash, app.state.store_id, app.state.store_name = (
        options.store_hash,
        STORE_ID,
        options.name,
    )
    app.state.when_started = lambda: None
    _refuse_in_words(app, base)
    quota = Quota(options.quota, options.window_ms)
    app.state.quota = quota
    writers = {options.token: True}
    if options.read_only_token:
        writers[options.read_only_token] = False

    app.add_middleware(StoreGate, base=base, writers=writers, quota=quota)
    app.add_middleware(FaultGate, box=faults, base=base, refusal=_broken(quota))
    return app


def _broken(quota: Quota) -> Callable[[int, float], Response]:
    """What a switched-on fault answers: the real store's words and headers."""

    def answer_with(status: int, seconds: float) -> Response:
        headers = quota.headers()
        if status == 429:
            headers["X-Rate-Limit-Requests-Left"] = "0"
            headers["X-Rate-Limit-Time-Reset-Ms"] = str(int(seconds * 1000))
            headers["X-Retry-After"] = str(max(1, round(seconds)))
        said = "Too Many Requests" if status == 429 else "Internal Server Error"
        return refusal("/v2", status, said, headers=headers)

    return answer_with


def _refuse_in_words(app: FastAPI, base: str) -> None:
    @app.exception_handler(Refusal)
    async def refused(request: Request, error: Refusal) -> Response:
        return refusal(request.url.path[len(base) :], error.status, error.message)

    @app.exception_handler(BadBody)
    async def unreadable(request: Request, error: BadBody) -> Response:
        return refusal(request.url.path[len(base) :], 400, f"Input is invalid: {error}")
