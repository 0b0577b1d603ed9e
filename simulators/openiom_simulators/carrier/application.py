"""Composition of one carrier: tariff, authentication and faults."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from openiom_simulators.auth import BearerAuthentication, fault_response
from openiom_simulators.faults import FaultMiddleware, FaultSet, control_faults
from openiom_simulators.responses import InvalidBody, json_object, json_response

from .tariff import InvalidShipment, rates

SCOPES = ("rates:read",)


@dataclass(frozen=True, slots=True)
class CarrierOptions:
    """Credential and name of a carrier."""

    token: str = "carrier-token"
    name: str = "Demo carrier"
    seed: int = 1


async def account(request: Request) -> Response:
    """Return the account and scopes of the token."""
    return json_response({"name": request.app.state.name, "scopes": SCOPES})


async def rate(request: Request) -> Response:
    """Return one rate per service for a shipment."""
    shipment = await json_object(request)
    request.app.state.rate_requests.append(shipment)
    try:
        found = rates(shipment)
    except InvalidShipment as error:
        return json_response({"code": "invalid_shipment", "detail": str(error)}, status=422)
    return json_response({"reference": shipment.get("reference", ""), "rates": found})


ROUTES: list[BaseRoute] = [
    Route("/v1/account", account, methods=["GET"]),
    Route("/v1/rates", rate, methods=["POST"]),
    Route("/_sim/faults", control_faults, methods=["GET", "POST", "DELETE"]),
]


def carrier_application(options: CarrierOptions) -> FastAPI:
    """Return the carrier as an ASGI application; `app.state.rate_requests` lists its requests."""
    faults = FaultSet(seed=options.seed)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.when_started()
        yield

    app = FastAPI(
        title="Carrier simulator",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        routes=ROUTES,
    )
    app.state.faults = faults
    app.state.name = options.name
    app.state.rate_requests = []
    app.state.when_started = lambda: None

    @app.exception_handler(InvalidBody)
    async def unreadable(request: Request, error: InvalidBody) -> Response:
        return json_response({"code": "invalid_body", "detail": str(error)}, status=400)

    app.add_middleware(BearerAuthentication, token=options.token)
    app.add_middleware(FaultMiddleware, faults=faults, base="", error_response=fault_response)
    return app
