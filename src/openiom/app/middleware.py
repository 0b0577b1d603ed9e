"""ASGI middleware around all routes: a size limit, security headers, and names in paths."""

from collections.abc import MutableMapping, Sequence
from typing import Any
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from openiom.kernel import TooLarge
from openiom.platform.http import problem_response
from openiom.platform.request_parameters import name_safe_path

SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
PATHS_WITH_TOKENS = ("/track", "/vendor", "/api/v1/public/")
"""Paths whose address opens a record, which is sent to no other site."""
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline';"
    " worker-src 'self' blob:; connect-src 'self'; font-src 'self' data:; frame-ancestors 'none';"
    " base-uri 'self'; form-action 'self'"
)


class SizeLimit:
    """Refuses bodies over the limit with 413, by their announced length and by what arrives."""

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self.limit:
            await self._refuse(scope, receive, send)
            return

        received = 0
        started = False

        async def count_and_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.limit:
                raise _BodyTooLarge
            return message

        async def note_and_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, count_and_receive, note_and_send)
        except _BodyTooLarge:
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


class _BodyTooLarge(BaseException):
    """More bytes arrived than allowed; a `BaseException`, so that no handler swallows it."""


class NamesWithSlashes:
    """Keeps encoded slashes of a name in one segment of the path; see `name_safe_path`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw_path = scope.get("raw_path") or b""
        if b"%" in raw_path:
            scope = {**scope, "path": name_safe_path(raw_path)}
        await self.app(scope, receive, send)


class SecurityHeaders:
    """Adds the headers that keep a browser from sharing a page with other sites."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(message, str(scope["path"]))
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _add_headers(message: MutableMapping[str, Any], path: str) -> None:
    headers = dict(SECURITY_HEADERS)
    headers[b"content-security-policy"] = CONTENT_SECURITY_POLICY.encode()
    if path.startswith(PATHS_WITH_TOKENS):
        headers[b"referrer-policy"] = b"no-referrer"

    own = list(message.get("headers", ()))
    if path.startswith("/api/") and not _has_header(own, b"cache-control"):
        headers[b"cache-control"] = b"no-store"

    message["headers"] = [*own, *headers.items()]


def _has_header(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> bool:
    return any(one == name for one, _ in headers)
