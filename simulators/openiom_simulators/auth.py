"""Authentication of simulators that accept a bearer token, and their responses to faults."""

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from openiom_simulators.responses import json_response


class BearerAuthentication:
    """Middleware that refuses requests under `/v1` without the token."""

    def __init__(self, app: ASGIApp, *, token: str) -> None:
        self.app = app
        self.expected = f"Bearer {token}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        protected = scope["type"] == "http" and scope["path"].startswith("/v1")
        if protected and Headers(scope=scope).get("authorization") != self.expected:
            problem = {"code": "unauthorized", "detail": "send Authorization: Bearer <token>"}
            await json_response(problem, status=401)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def fault_response(status: int, seconds: float) -> Response:
    """Return the response to a request that meets a fault."""
    if status != 429:
        problem = {"code": "internal_error", "detail": "something broke"}
        return json_response(problem, status=status)
    headers = {"Retry-After": str(max(1, round(seconds)))}
    problem = {"code": "rate_limited", "detail": "too many requests"}
    return json_response(problem, status=429, headers=headers)
