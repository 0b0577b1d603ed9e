"""What every call passes: the right store, a known token, a scope that allows it, and quota left."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from openiom_simulators.responses import answer

READING = ("GET", "HEAD")
V3_TYPE = "/api-docs/getting-started/api-status-codes"


def refusal(
    path: str, status: int, message: str, *, headers: dict[str, str] | None = None
) -> Response:
    """An error in the words of the version the path belongs to: v2 lists messages, v3 answers one problem."""
    if path.startswith("/v3"):
        problem = {"status": status, "title": message, "type": V3_TYPE, "errors": {}}
        return answer(problem, status=status, headers=headers)
    return answer([{"status": status, "message": message}], status=status, headers=headers)


@dataclass(slots=True)
class Quota:
    """A fixed window of requests shared by all callers of the store."""

    requests: int
    window_ms: int
    spent: int = 0
    opened: float = 0.0

    def take(self) -> bool:
        """Spend one request; False when none is left in this window."""
        now = time.monotonic()
        if now - self.opened >= self.window_ms / 1000:
            self.opened, self.spent = now, 0
        if self.spent >= self.requests:
            return False
        self.spent += 1
        return True

    def headers(self) -> dict[str, str]:
        """The four headers every answer carries."""
        passed = (time.monotonic() - self.opened) * 1000
        return {
            "X-Rate-Limit-Time-Window-Ms": str(self.window_ms),
            "X-Rate-Limit-Time-Reset-Ms": str(max(1, int(self.window_ms - passed))),
            "X-Rate-Limit-Requests-Quota": str(self.requests),
            "X-Rate-Limit-Requests-Left": str(self.requests - self.spent),
        }


class StoreGate:
    """Lets a call under `base` through, or answers it. `writers` maps each token to whether it may write."""

    def __init__(
        self, app: ASGIApp, *, base: str, writers: Mapping[str, bool], quota: Quota
    ) -> None:
        self.app, self.base, self.writers, self.quota = app, base, writers, quota

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith("/stores/"):
            await self.app(scope, receive, send)
            return
        inner, token = path[len(self.base) :], _token(scope)
        if not path.startswith(self.base + "/v") or token not in self.writers:
            await refusal(inner, 401, "Unauthorized")(scope, receive, send)
            return
        if not self.quota.take():
            headers = self.quota.headers()
            headers["X-Retry-After"] = str(-(-int(headers["X-Rate-Limit-Time-Reset-Ms"]) // 1000))
            await refusal(inner, 429, "Too Many Requests", headers=headers)(scope, receive, send)
            return

        async def with_quota(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self.quota.headers())
            await send(message)

        if scope["method"] not in READING and not self.writers[token]:
            missing = refusal(inner, 403, "You don't have a required scope to access the endpoint")
            await missing(scope, receive, with_quota)
            return
        await self.app(scope, receive, with_quota)


def _token(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-auth-token":
            return bytes(value).decode("latin-1")
    return ""
