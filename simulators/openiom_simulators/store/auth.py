"""Authentication, scopes and rate limit of the store."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from openiom_simulators.responses import json_response

READ_METHODS = ("GET", "HEAD")
V3_TYPE = "/api-docs/getting-started/api-status-codes"


def error_response(
    path: str, status: int, message: str, *, headers: dict[str, str] | None = None
) -> Response:
    """Return an error in the format of the path's API version."""
    if path.startswith("/v3"):
        problem = {"status": status, "title": message, "type": V3_TYPE, "errors": {}}
        return json_response(problem, status=status, headers=headers)
    return json_response([{"status": status, "message": message}], status=status, headers=headers)


@dataclass(slots=True)
class Quota:
    """A fixed window of requests, shared by all clients of the store."""

    requests: int
    window_ms: int
    used: int = 0
    opened_at: float = 0.0

    def use(self) -> bool:
        """Count one request; return False when none is left in the window."""
        now = time.monotonic()
        if now - self.opened_at >= self.window_ms / 1000:
            self.opened_at, self.used = now, 0
        if self.used >= self.requests:
            return False
        self.used += 1
        return True

    def headers(self) -> dict[str, str]:
        """Return the rate-limit headers of every response."""
        passed = (time.monotonic() - self.opened_at) * 1000
        return {
            "X-Rate-Limit-Time-Window-Ms": str(self.window_ms),
            "X-Rate-Limit-Time-Reset-Ms": str(max(1, int(self.window_ms - passed))),
            "X-Rate-Limit-Requests-Quota": str(self.requests),
            "X-Rate-Limit-Requests-Left": str(self.requests - self.used),
        }


class StoreAuthentication:
    """Middleware that checks token, rate limit and scope of requests under `base`.

    `tokens` maps each token to whether it may write.
    """

    def __init__(
        self, app: ASGIApp, *, base: str, tokens: Mapping[str, bool], quota: Quota
    ) -> None:
        self.app = app
        self.base = base
        self.tokens = tokens
        self.quota = quota

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith("/stores/"):
            await self.app(scope, receive, send)
            return

        await self._serve(path, scope, receive, send)

    async def _serve(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request to a store, or refuse it for its token or the quota."""
        inner = path[len(self.base) :]
        may_write = self._may_write(path, scope)
        if may_write is None:
            await error_response(inner, 401, "Unauthorized")(scope, receive, send)
            return
        if not self.quota.use():
            await self._too_many_requests(inner)(scope, receive, send)
            return

        app = self.app if may_write else self._read_only_app(inner, scope["method"])
        await app(scope, receive, self._with_quota(send))

    def _may_write(self, path: str, scope: Scope) -> bool | None:
        """Return whether the token of a request may write, None when it opens no such path."""
        if not path.startswith(self.base + "/v"):
            return None
        return self.tokens.get(Headers(scope=scope).get("x-auth-token", ""))

    def _read_only_app(self, path: str, method: str) -> ASGIApp:
        """Return the application, or a refusal of a method that writes."""
        if method in READ_METHODS:
            return self.app
        message = "You don't have a required scope to access the endpoint"
        return error_response(path, 403, message)

    def _with_quota(self, send: Send) -> Send:
        """Return `send` with the headers of the quota added to the response."""

        async def send_with_quota(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self.quota.headers())
            await send(message)

        return send_with_quota

    def _too_many_requests(self, path: str) -> Response:
        headers = self.quota.headers()
        seconds = -(-int(headers["X-Rate-Limit-Time-Reset-Ms"]) // 1000)
        headers["X-Retry-After"] = str(seconds)
        return error_response(path, 429, "Too Many Requests", headers=headers)
