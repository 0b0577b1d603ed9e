"""Faults on request: failures before, in and after responses, and in deliveries.

A fault occurs with its probability while its count lasts, on paths that start with its prefix
(after the base path) and on its method. The random numbers are seeded, so that runs can be
repeated.
"""

import asyncio
import contextlib
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from openiom_simulators.responses import json_object, json_response

FAILED_REQUESTS = ("timeout_before", "rate_limited", "server_error")
CORRUPTED_RESPONSES = ("timeout_after", "garbage", "half_page")
DUPLICATE_DELIVERIES = ("duplicate",)
LATE_DELIVERIES = ("late", "out_of_order")
KINDS = (
    "slow",
    *FAILED_REQUESTS,
    *CORRUPTED_RESPONSES,
    *DUPLICATE_DELIVERIES,
    *LATE_DELIVERIES,
)
CONTROL_PREFIX = "/_sim/"
"""Paths without faults, so that a fault can be cleared."""

GARBAGE = b"\x00<html><b>upstream said \xff\xfe{{"

ErrorResponse = Callable[[int, float], Response]
"""(status, seconds to wait) -> the response of the simulated system."""


@dataclass(slots=True)
class Fault:
    """A kind of failure. `seconds` is the length of waits, `times` the number of copies sent."""

    kind: str
    probability: float = 1.0
    count: int | None = None
    path: str = ""
    method: str = ""
    seconds: float = 1.0
    times: int = 2
    struck: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault kind {self.kind!r}; one of {', '.join(KINDS)}")
        if not 0 < self.probability <= 1:
            raise ValueError("probability must be above 0 and at most 1")

    def applies_to(self, *, path: str, method: str) -> bool:
        """Return whether the fault may occur for a request."""
        if not path.startswith(self.path):
            return False
        return not self.method or self.method == method

    def is_exhausted(self) -> bool:
        """Return whether the fault has occurred as often as its count allows."""
        return self.count is not None and self.struck >= self.count


class FaultSet:
    """The active faults of a simulator."""

    def __init__(self, *, seed: int) -> None:
        self.faults: list[Fault] = []
        self.random = random.Random(seed)

    def strike(self, kinds: tuple[str, ...], *, path: str, method: str = "") -> Fault | None:
        """Return the first fault of these kinds that occurs now, and count it."""
        for fault in self.faults:
            is_candidate = fault.kind in kinds and fault.applies_to(path=path, method=method)
            if is_candidate and self._occurs(fault):
                fault.struck += 1
                return fault

        return None

    def _occurs(self, fault: Fault) -> bool:
        """Return whether a fault that applies occurs; a certain one draws no random number."""
        if fault.is_exhausted():
            return False
        if fault.probability == 1:
            return True
        return self.random.random() < fault.probability

    def add(self, documents: list[dict[str, Any]]) -> None:
        """Add faults, all or none. Raise `ValueError` or `TypeError` for an invalid one."""
        self.faults.extend([Fault(**document) for document in documents])

    def as_documents(self) -> list[dict[str, Any]]:
        """Return the faults as `add` accepts them, with how often each has occurred."""
        return [asdict(fault) for fault in self.faults]


class FaultMiddleware:
    """Middleware that applies the faults to requests under `base`."""

    def __init__(
        self, app: ASGIApp, *, faults: FaultSet, base: str, error_response: ErrorResponse
    ) -> None:
        self.app = app
        self.faults = faults
        self.base = base
        self.error_response = error_response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._is_affected(scope):
            await self.app(scope, receive, send)
            return

        path, method = scope["path"][len(self.base) :], scope["method"]
        delay = self.faults.strike(("slow",), path=path, method=method)
        if delay:
            await asyncio.sleep(delay.seconds)

        failure = self.faults.strike(FAILED_REQUESTS, path=path, method=method)
        if failure:
            await self._fail(failure, scope, receive, send)
            return

        corruption = self.faults.strike(CORRUPTED_RESPONSES, path=path, method=method)
        if corruption:
            await self._corrupt(corruption, scope, receive, send)
            return

        await self.app(scope, receive, send)

    def _is_affected(self, scope: Scope) -> bool:
        if scope["type"] != "http" or not self.faults.faults:
            return False
        path: str = scope["path"]
        return path.startswith(self.base) and not path.startswith(CONTROL_PREFIX)

    async def _fail(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond with an error instead of processing the request."""
        if fault.kind == "timeout_before":
            await wait_for_disconnect(receive, fault.seconds)
            response = self.error_response(504, 0)
        else:
            status = 429 if fault.kind == "rate_limited" else 500
            response = self.error_response(status, fault.seconds)
        await response(scope, receive, send)

    async def _corrupt(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Process the request and corrupt its response."""
        status, body = await capture_response(self.app, scope, receive)
        if fault.kind == "timeout_after":
            await wait_for_disconnect(receive, fault.seconds)
            response = self.error_response(504, 0)
        elif fault.kind == "garbage":
            response = Response(
                content=GARBAGE,
                status_code=200,
                media_type="application/json",
            )
        else:
            response = Response(
                content=body[: len(body) // 2],
                status_code=status,
                media_type="application/json",
            )

        await response(scope, receive, send)


async def capture_response(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[int, bytes]:
    """Return the status and body of the application's response."""
    status, parts = 500, []

    async def capture(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, capture)
    return status, b"".join(parts)


async def wait_for_disconnect(receive: Receive, seconds: float) -> None:
    """Wait until the client disconnects, at most `seconds`."""

    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(_disconnection(receive), seconds)


async def _disconnection(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def control_faults(request: Request) -> Response:
    """`POST` a fault or `{"faults": [...], "seed": n}`, `DELETE` all, `GET` them with counts."""
    faults: FaultSet = request.app.state.faults
    if request.method == "DELETE":
        faults.faults.clear()
    elif request.method == "POST":
        try:
            _add_faults(faults, await json_object(request))
        except (TypeError, ValueError) as error:
            return json_response({"title": "Fault refused", "detail": str(error)}, status=422)

    return json_response({"faults": faults.as_documents()})


def _add_faults(faults: FaultSet, document: dict[str, Any]) -> None:
    seed = document.pop("seed", None)
    if seed is not None:
        faults.random.seed(seed)

    faults.add(document.get("faults", [document]))
