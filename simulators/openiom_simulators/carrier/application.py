"""Wires one carrier: tariff, gate and faults."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from openiom_simulators.auth import BearerGate, broken
from openiom_simulators.faults import FaultBox, FaultGate, switch_faults
from openiom_simulators.responses import BadBody, answer, json_object

from .tariff import BadShipment, rates

SCOPES = ("rates:read",)


@dataclass(frozen=True, slots=True)
class CarrierOptions:
    token: str = "carrier-token"
    name: str = "Demo carrier"
    seed: int = 1


async def account(request: Request) -> Response:
    return answer({"name": request.app.state.name, "scopes": SCOPES})


async def rate(request: Request) -> Response:
    """`POST` a shipment; answers a rate a service."""
    shipment = await json_object(request)
    request.app.state.asked.append(shipment)
    try:
        return answer({"reference": shipment.get("reference", ""), "rates": rates(shipment)})
    except BadShipment as error:
        return answer({"code": "invalid_shipment", "detail": str(error)}, status=422)


ROUTES: list[BaseRoute] = [
    Route("/v1/account", account, methods=["GET"]),
    Route("/v1/rates", rate, methods=["POST"]),
    Route("/_sim/faults", switch_faults, methods=["GET", "POST", "DELETE"]),
]


def carrier_application(options: CarrierOptions) -> FastAPI:
    """The carrier as an ASGI application; `app.state.asked` holds what it was asked."""
    faults = FaultBox(seed=options.seed)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        app.state.when_started()
        yield

    app = FastAPI(
        title="Carrier simulator",
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        routes=ROUTES,
    )
    app.state.faults, app.state.name, app.state.asked = faults, options.name, []
    app.state.when_started = lambda: None

    @app.exception_handler(BadBody)
    async def unreadable(request: Request, error: BadBody) -> Response:
        return answer({"code": "invalid_body", "detail": str(error)}, status=400)

    app.add_middleware(BearerGate, token=options.token)
    app.add_middleware(FaultGate, box=faults, base="", refusal=broken)
    return app
