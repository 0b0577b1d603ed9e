"""Composition of one payment provider: ledger, authentication and faults."""

import time
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from openiom_simulators.provider_application import provider_application
from openiom_simulators.responses import json_object, json_response

from .ledger import Ledger
from .problems import PaymentProblem

SCOPES = ("payments:read", "payments:write")


@dataclass(frozen=True, slots=True)
class PaymentsOptions:
    """Credential and name of a payment provider."""

    token: str = "payments-token"
    name: str = "Demo payments"
    seed: int = 1


async def authorize(request: Request) -> Response:
    """Authorize an amount."""
    ledger: Ledger = request.app.state.ledger
    return json_response(asdict(ledger.authorize(await json_object(request))), status=201)


async def read_authorization(request: Request) -> Response:
    """Return an authorization with its balances."""
    ledger: Ledger = request.app.state.ledger
    return json_response(ledger.totals(request.path_params["id"]))


async def execute(request: Request) -> Response:
    """Capture, refund or void once per idempotency key; a repeated one has the same response."""
    ledger: Ledger = request.app.state.ledger
    document = await json_object(request)
    kind, name = request.path_params["kind"], request.path_params["id"]
    key = request.headers.get("idempotency-key", "")
    if not key:
        raise PaymentProblem(400, "key_missing", "send an Idempotency-Key")

    digest = orjson.dumps([kind, name, document], option=orjson.OPT_SORT_KEYS).decode()
    known = ledger.responses.get(key)
    if known is None:
        operation = ledger.execute(kind, name, document, now=time.time())
        ledger.responses[key] = known = (digest, operation)
    elif known[0] != digest:
        raise PaymentProblem(409, "key_reused", "the key was used for another request")

    return json_response(known[1], status=201)


async def list_operations(request: Request) -> Response:
    """Return every operation that was executed, oldest first."""
    ledger: Ledger = request.app.state.ledger
    return json_response({"operations": ledger.operations})


ROUTES: list[BaseRoute] = [
    Route("/v1/authorizations", authorize, methods=["POST"]),
    Route("/v1/authorizations/{id}", read_authorization, methods=["GET"]),
    Route("/v1/authorizations/{id}/{kind:str}", execute, methods=["POST"]),
    Route("/_sim/operations", list_operations, methods=["GET"]),
]


def payments_application(options: PaymentsOptions) -> FastAPI:
    """Return the provider as an ASGI application; `app.state.ledger` has its books."""
    app = provider_application("Payments simulator", options, scopes=SCOPES, routes=ROUTES)
    app.state.ledger = Ledger()

    @app.exception_handler(PaymentProblem)
    async def refused(request: Request, error: PaymentProblem) -> Response:
        problem: dict[str, Any] = {"code": error.code, "detail": error.detail}
        return json_response(problem, status=error.status)

    return app
