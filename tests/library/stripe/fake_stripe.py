"""The part of Stripe's API that orders use, with its documented rules."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from openiom_simulators.faults import FaultMiddleware, FaultSet, control_faults
from openiom_simulators.responses import json_response

KEY = "sk_test_fabrikam"


class StripeProblem(Exception):
    """An error object with its status; `saved` says whether the key remembers it."""

    def __init__(self, status: int, *, saved: bool = True, **error: Any) -> None:
        super().__init__(error.get("message", ""))
        self.status = status
        self.saved = saved
        self.error = error


class Books:
    """Payment intents, refunds, and the response to each idempotency key."""

    def __init__(self) -> None:
        self.intents: dict[str, dict[str, Any]] = {}
        self.refunds: list[dict[str, Any]] = []
        self.responses: dict[str, tuple[str, int, Any]] = {}

    def intent(self, name: str, amount: int, currency: str = "usd", **more: Any) -> None:
        """Add a confirmed payment intent that waits for its capture."""
        self.intents[name] = {
            "id": name,
            "object": "payment_intent",
            "amount": amount,
            "amount_capturable": amount,
            "amount_received": 0,
            "currency": currency,
            "status": "requires_capture",
            "latest_charge": f"ch_{name}",
            "metadata": {},
            "multicapture": True,
            "refunded": 0,
            **more,
        }

    def find(self, name: str) -> dict[str, Any]:
        if name not in self.intents:
            message = f"No such payment_intent: '{name}'"
            raise StripeProblem(
                404, type="invalid_request_error", code="resource_missing", message=message
            )
        return self.intents[name]

    def capture(self, name: str, form: Mapping[str, str]) -> dict[str, Any]:
        intent = self.find(name)
        _only(form, ("amount_to_capture", "final_capture"))
        _require_capturable(intent)
        if intent.get("expired"):
            raise StripeProblem(
                400,
                type="invalid_request_error",
                code="charge_expired_for_capture",
                message="This charge has expired.",
            )
        if intent.get("declines"):
            raise StripeProblem(
                402,
                type="card_error",
                code="card_declined",
                decline_code="insufficient_funds",
                message="Your card has insufficient funds.",
            )

        amount = int(form.get("amount_to_capture", intent["amount_capturable"]))
        if amount <= 0 or amount > intent["amount_capturable"]:
            raise StripeProblem(
                400,
                type="invalid_request_error",
                code="amount_too_large",
                message="The amount to capture is more than the amount that is capturable.",
            )

        intent["amount_received"] += amount
        intent["amount_capturable"] -= amount
        _write_metadata(intent, form)
        is_final = form.get("final_capture", "true") == "true" or not intent["multicapture"]
        if is_final or not intent["amount_capturable"]:
            intent["amount_capturable"] = 0
            intent["status"] = "succeeded"
        return intent

    def cancel(self, name: str, form: Mapping[str, str]) -> dict[str, Any]:
        intent = self.find(name)
        _only(form, ())
        _require_capturable(intent)
        intent["amount_capturable"] = 0
        intent["status"] = "canceled"
        return intent

    def refund(self, form: Mapping[str, str]) -> dict[str, Any]:
        _only(form, ("payment_intent", "amount"))
        intent = self.find(form.get("payment_intent", ""))
        amount = int(form["amount"])
        if amount <= 0 or amount > intent["amount_received"] - intent["refunded"]:
            raise StripeProblem(
                400,
                type="invalid_request_error",
                code="charge_already_refunded",
                message="Refund amount is greater than the unrefunded amount.",
            )

        intent["refunded"] += amount
        refund = {
            "id": f"re_{len(self.refunds) + 1}",
            "object": "refund",
            "amount": amount,
            "payment_intent": intent["id"],
            "metadata": {},
        }
        _write_metadata(refund, form)
        self.refunds.append(refund)
        return refund


def _require_capturable(intent: Mapping[str, Any]) -> None:
    if intent["status"] != "requires_capture":
        raise StripeProblem(
            400,
            type="invalid_request_error",
            code="payment_intent_unexpected_state",
            message=f"This PaymentIntent has a status of {intent['status']}.",
            payment_intent=dict(intent),
        )


def _only(form: Mapping[str, str], names: tuple[str, ...]) -> None:
    """Refuse parameters that the endpoint does not have, before its execution begins."""
    for name in form:
        if name not in names and not name.startswith("metadata["):
            message = f"Received unknown parameter: {name}"
            raise StripeProblem(
                400,
                saved=False,
                type="invalid_request_error",
                code="parameter_unknown",
                message=message,
            )


def _write_metadata(document: dict[str, Any], form: Mapping[str, str]) -> None:
    for name, value in form.items():
        if name.startswith("metadata["):
            key = name.removeprefix("metadata[").removesuffix("]")
            assert len(key) <= 40, key
            assert len(value) <= 500, value
            document["metadata"][key] = value


async def read_account(request: Request) -> Response:
    return json_response({"id": "acct_1", "business_profile": {"name": "Fabrikam"}})


async def read_intent(request: Request) -> Response:
    return json_response(request.app.state.books.find(request.path_params["id"]))


async def list_refunds(request: Request) -> Response:
    books: Books = request.app.state.books
    intent = request.query_params["payment_intent"]
    found = [refund for refund in books.refunds if refund["payment_intent"] == intent]
    return json_response({"object": "list", "data": found, "has_more": False})


async def post(request: Request) -> Response:
    """Execute a POST once per key; a repeated key has the same response, errors included."""
    books: Books = request.app.state.books
    content_type = request.headers.get("content-type", "")
    assert content_type == "application/x-www-form-urlencoded", content_type
    assert request.headers.get("stripe-version"), "a pinned version of the API"
    key = request.headers["idempotency-key"]
    assert len(key) <= 255
    body = (await request.body()).decode()
    form = dict(parse_qsl(body, keep_blank_values=True))
    sent = f"{request.url.path}?{body}"
    known = books.responses.get(key)
    if known and known[0] != sent:
        message = "Keys for idempotent requests can only be used with the same parameters."
        raise StripeProblem(400, saved=False, type="idempotency_error", message=message)
    if known:
        return json_response(known[2], status=known[1])

    try:
        status, document = 200, _execute(books, request, form)
    except StripeProblem as error:
        if not error.saved:
            raise
        status, document = error.status, {"error": error.error}

    books.responses[key] = (sent, status, dict(document))
    return json_response(document, status=status)


def _execute(books: Books, request: Request, form: Mapping[str, str]) -> dict[str, Any]:
    name = request.path_params.get("id")
    if name is None:
        return books.refund(form)
    if request.url.path.endswith("/capture"):
        return books.capture(name, form)
    return books.cancel(name, form)


ROUTES: list[BaseRoute] = [
    Route("/v1/account", read_account, methods=["GET"]),
    Route("/v1/payment_intents/{id}", read_intent, methods=["GET"]),
    Route("/v1/payment_intents/{id}/capture", post, methods=["POST"]),
    Route("/v1/payment_intents/{id}/cancel", post, methods=["POST"]),
    Route("/v1/refunds", list_refunds, methods=["GET"]),
    Route("/v1/refunds", post, methods=["POST"]),
    Route("/_sim/faults", control_faults, methods=["GET", "POST", "DELETE"]),
]


def fake_stripe() -> FastAPI:
    """Return the API as an ASGI application; `app.state.books` has its objects."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, routes=ROUTES)
    faults = FaultSet(seed=1)
    app.state.faults = faults
    app.state.books = Books()
    app.state.when_started = lambda: None

    @app.exception_handler(StripeProblem)
    async def refused(request: Request, error: StripeProblem) -> Response:
        return json_response({"error": error.error}, status=error.status)

    @app.middleware("http")
    async def authenticate(request: Request, call_next: Any) -> Response:
        if request.headers.get("authorization") != f"Bearer {KEY}" and "_sim" not in str(
            request.url
        ):
            error = {"type": "invalid_request_error", "message": "Invalid API Key provided"}
            return json_response({"error": error}, status=401)
        response: Response = await call_next(request)
        return response

    app.add_middleware(FaultMiddleware, faults=faults, base="", error_response=_fault)
    return app


def _fault(status: int, seconds: float) -> Response:
    kind = "rate_limit" if status == 429 else "api_error"
    error = {"type": kind, "message": "Try later"}
    return json_response({"error": error}, status=status)
