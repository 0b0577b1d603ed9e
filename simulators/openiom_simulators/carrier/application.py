"""Composition of one carrier: tariff, authentication and faults."""

from dataclasses import dataclass

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from openiom_simulators.provider_application import provider_application
from openiom_simulators.responses import json_object, json_response

from .tariff import InvalidShipment, rates

SCOPES = ("rates:read",)


@dataclass(frozen=True, slots=True)
class CarrierOptions:
    """Credential and name of a carrier."""

    token: str = "carrier-token"
    name: str = "Demo carrier"
    seed: int = 1


async def rate(request: Request) -> Response:
    """Return one rate per service for a shipment."""
    shipment = await json_object(request)
    request.app.state.rate_requests.append(shipment)
    try:
        found = rates(shipment)
    except InvalidShipment as error:
        return json_response({"code": "invalid_shipment", "detail": str(error)}, status=422)
    return json_response({"reference": shipment.get("reference", ""), "rates": found})


ROUTES: list[BaseRoute] = [Route("/v1/rates", rate, methods=["POST"])]


def carrier_application(options: CarrierOptions) -> FastAPI:
    """Return the carrier as an ASGI application; `app.state.rate_requests` lists its requests."""
    app = provider_application("Carrier simulator", options, scopes=SCOPES, routes=ROUTES)
    app.state.rate_requests = []
    return app
