"""Faults on request: what goes wrong in front of a simulator, or behind it, how often, and where.

A fault strikes with its probability while its count lasts, on paths that start with its prefix (the part
after the base path) and on its method. All dice are seeded, so a run can be repeated.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from openiom_simulators.responses import answer, json_object

BEFORE_ANSWERING = ("slow", "timeout_before", "rate_limited", "server_error")
MANGLED_ANSWERS = ("timeout_after", "garbage", "half_page")
ON_DELIVERY = ("duplicate", "late", "out_of_order")
KINDS = BEFORE_ANSWERING + MANGLED_ANSWERS + ON_DELIVERY

SWITCHES = "/_sim/"  # never struck, or a fault could not be switched off again

Refusal = Callable[[int, float], Response]
"""Makes the simulator's own answer for a status, told how many seconds the caller should wait."""


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong: `seconds` is how long waits last, `times` how many copies are sent."""

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


class FaultBox:
    """The faults switched on now."""

    def __init__(self, *, seed: int) -> None:
        self.faults: list[Fault] = []
        self.dice = random.Random(seed)

    def strike(self, kinds: tuple[str, ...], *, path: str, method: str = "") -> Fault | None:
        """The first fault of these kinds that strikes here now; it is counted as struck."""
        for fault in self.faults:
            if fault.kind not in kinds or not path.startswith(fault.path):
                continue
            if fault.method and fault.method != method:
                continue
            if fault.count is not None and fault.struck >= fault.count:
                continue
            if fault.probability < 1 and self.dice.random() >= fault.probability:
                continue
            fault.struck += 1
            return fault
        return None

    def add(self, documents: list[dict[str, Any]]) -> None:
        """Switch these on, all or none; raises ValueError or TypeError for one that is malformed."""
        self.faults.extend([Fault(**document) for document in documents])


class FaultGate:
    """Stands in front of an application and lets its faults strike requests under `base`."""

    def __init__(self, app: ASGIApp, *, box: FaultBox, base: str, refusal: Refusal) -> None:
        self.app, self.box, self.base, self.refusal = app, box, base, refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        outside = scope["type"] != "http" or not scope["path"].startswith(self.base)
        if outside or not self.box.faults or scope["path"].startswith(SWITCHES):
            await self.app(scope, receive, send)
            return
        path, method = scope["path"][len(self.base) :], scope["method"]
        fault = self.box.strike(("slow",), path=path, method=method)
        if fault:
            await asyncio.sleep(fault.seconds)
        fault = self.box.strike(BEFORE_ANSWERING[1:], path=path, method=method)
        if fault is None:
            fault = self.box.strike(MANGLED_ANSWERS, path=path, method=method)
            await self._mangled(fault, scope, receive, send)
        elif fault.kind == "timeout_before":
            await until_gone(receive, fault.seconds)
            await self.refusal(504, 0)(scope, receive, send)
        else:
            status = 429 if fault.kind == "rate_limited" else 500
            await self.refusal(status, fault.seconds)(scope, receive, send)

    async def _mangled(
        self, fault: Fault | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Let the application act, then spoil its answer."""
        if fault is None:
            await self.app(scope, receive, send)
            return
        status, body = await captured(self.app, scope, receive)
        if fault.kind == "timeout_after":
            await until_gone(receive, fault.seconds)
            spoiled = self.refusal(504, 0)
        elif fault.kind == "garbage":
            spoiled = Response(
                b"\x00<html><b>upstream said \xff\xfe{{", 200, media_type="application/json"
            )
        else:
            spoiled = Response(body[: len(body) // 2], status, media_type="application/json")
        await spoiled(scope, receive, send)


async def captured(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[int, bytes]:
    """Status and body the application would have answered with."""
    status, parts = 500, []

    async def keep(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, keep)
    return status, b"".join(parts)


async def until_gone(receive: Receive, seconds: float) -> None:
    """Wait out `seconds`, or less when the caller hangs up."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    try:
        await asyncio.wait_for(gone(), seconds)
    except TimeoutError:
        return


async def switch_faults(request: Request) -> Response:
    """`POST` a fault or `{"faults": [...], "seed": n}`; `DELETE` clears; `GET` lists with strikes."""
    box: FaultBox = request.app.state.faults
    if request.method == "DELETE":
        box.faults.clear()
    elif request.method == "POST":
        document = await json_object(request)
        seed = document.pop("seed", None)
        if seed is not None:
            box.dice.seed(seed)
        try:
            box.add(document.get("faults", [document]))
        except (TypeError, ValueError) as error:
            return answer({"title": "Fault refused", "detail": str(error)}, status=422)
    return answer({"faults": [asdict(fault) for fault in box.faults]})
