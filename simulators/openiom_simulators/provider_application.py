"""What simulators of providers with a token have in common: account, authentication and faults."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from .auth import BearerAuthentication, fault_response
from .faults import FaultMiddleware, FaultSet, control_faults
from .responses import InvalidBody, json_response


class ProviderOptions(Protocol):
    """Credential and name of a provider; `seed` decides which requests its faults meet."""

    @property
    def token(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def seed(self) -> int: ...


def provider_application(
    title: str, options: ProviderOptions, *, scopes: Sequence[str], routes: Sequence[BaseRoute]
) -> FastAPI:
    """Return a provider as an ASGI application with these routes below its own."""
    faults = FaultSet(seed=options.seed)

    async def account(request: Request) -> Response:
        return json_response({"name": options.name, "scopes": scopes})

    async def unreadable(request: Request, error: Exception) -> Response:
        return json_response({"code": "invalid_body", "detail": str(error)}, status=400)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.when_started()
        yield

    app = FastAPI(
        title=title,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        exception_handlers={InvalidBody: unreadable},
        routes=[
            Route("/v1/account", account, methods=["GET"]),
            Route("/_sim/faults", control_faults, methods=["GET", "POST", "DELETE"]),
            *routes,
        ],
    )
    app.state.faults = faults
    app.state.when_started = lambda: None
    app.add_middleware(BearerAuthentication, token=options.token)
    app.add_middleware(FaultMiddleware, faults=faults, base="", error_response=fault_response)
    return app
