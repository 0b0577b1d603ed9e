"""What stands in front of simulators that take a bearer token."""

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from openiom_simulators.responses import answer


class BearerGate:
    """Lets calls under `/v1` through that carry the token."""

    def __init__(self, app: ASGIApp, *, token: str) -> None:
        self.app, self.expected = app, f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/v1"):
            given = next(
                (value for name, value in scope["headers"] if name == b"authorization"), b""
            )
            if given != self.expected:
                refused = {"code": "unauthorized", "detail": "send Authorization: Bearer <token>"}
                await answer(refused, status=401)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def broken(status: int, seconds: float) -> Response:
    """What a faulty moment answers."""
    if status == 429:
        wait = {"Retry-After": str(max(1, round(seconds)))}
        return answer(
            {"code": "rate_limited", "detail": "too many requests"}, status=429, headers=wait
        )
    return answer({"code": "internal_error", "detail": "something broke"}, status=status)
