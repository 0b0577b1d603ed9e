"""What every request passes before a room sees it: a size limit and security headers."""

from collections.abc import MutableMapping
from typing import Any
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from openiom.kernel import TooLarge
from openiom.platform.http import problem_response

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:;"
    " connect-src 'self'; font-src 'self' data:; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
)
DOCS = "/api/docs"


class SizeLimit:
    """Refuses bodies over the limit with 413, by their announced length and by what really arrives."""

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self.limit:
            await self._refuse(scope, receive, send)
            return
        taken, started = 0, False

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.limit:
                raise _Overflow
            return message

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, counted, watched)
        except _Overflow:
            if started:
                raise
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = TooLarge(
            f"the request is larger than {self.limit} bytes",
            where="body",
            remedy="send it in parts, or raise OPENIOM_MESSAGE_LIMIT_BYTES",
        )
        response = problem_response(error, reference=uuid4().hex[:12], instance=scope["path"])
        response.headers["connection"] = "close"
        await response(scope, receive, send)


class _Overflow(BaseException):
    """More bytes arrived than allowed; no handler in between may swallow it."""


class SecurityHeaders:
    """Adds the headers a browser needs to keep other pages out."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(message, scope)
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


def _add(message: MutableMapping[str, Any], scope: Scope) -> None:
    headers = list(message.get("headers", ()))
    headers += HEADERS
    path = str(scope["path"])
    if not path.startswith(DOCS):
        headers.append((b"content-security-policy", POLICY.encode()))
    if path.startswith("/api/") and not any(name == b"cache-control" for name, _ in headers):
        headers.append((b"cache-control", b"no-store"))
    message["headers"] = headers
