"""Routes that acknowledge a request instead of waiting for its result (RFC 7240).

A request with `Prefer: respond-async` is stored and answered with 202. Those that arrive while
others are being stored are stored together next, in one thread and one transaction, so that a
request costs a share of them only. The event loop collects them; what stores them is synchronous.
"""

from asyncio import AbstractEventLoop, Future, get_running_loop
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from anyio import to_thread
from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from openiom.kernel import IomError

from .endpoints import Endpoint, ThreadRoute, writer_threads
from .group_commit import GroupedCall, execute_together

RESPOND_ASYNC = b"respond-async"
LIMIT = 512
"""Requests that are stored together at most."""


class AsyncRequest(NamedTuple):
    """A request to acknowledge, with its body as it was sent."""

    request: Request
    body: bytes


class Acknowledgment(NamedTuple):
    """The JSON body of a response, and where the outcome of the request can be read."""

    content: bytes
    location: str = ""


Answer = Acknowledgment | IomError
Acknowledge = Callable[[Sequence[AsyncRequest]], Sequence[Answer]]
"""Stores requests, and returns an acknowledgment or a refusal of each, in order."""


class RequestGroups:
    """Collects the requests of one event loop, and has those that wait executed together."""

    def __init__(self, acknowledge: Acknowledge, *, limit: int = LIMIT) -> None:
        self._acknowledge = acknowledge
        self._limit = limit
        self._waiting: deque[tuple[AsyncRequest, Future[Acknowledgment]]] = deque()
        self._running: Awaitable[None] | None = None

    async def submit(self, request: AsyncRequest) -> Acknowledgment:
        """Return the acknowledgment of a request once it is stored; raise its refusal."""
        loop = get_running_loop()
        acknowledged: Future[Acknowledgment] = loop.create_future()
        self._waiting.append((request, acknowledged))
        if self._running is None:
            self._running = loop.create_task(self._run())
        return await acknowledged

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._execute_next()
        finally:
            self._running = None

    async def _execute_next(self) -> None:
        count = min(self._limit, len(self._waiting))
        group = [self._waiting.popleft() for _ in range(count)]
        calls = [GroupedCall[AsyncRequest, Answer](request) for request, _ in group]
        try:
            await to_thread.run_sync(
                execute_together, self._acknowledge, calls, limiter=writer_threads()
            )
        finally:
            for call, (_, acknowledged) in zip(calls, group, strict=True):
                _resolve(acknowledged, call)


def _resolve(
    acknowledged: "Future[Acknowledgment]", call: GroupedCall[AsyncRequest, Answer]
) -> None:
    """Give a waiting request its acknowledgment or its refusal, unless its client has left."""
    if acknowledged.done():
        return
    if not call.done:
        acknowledged.cancel()
        return

    answer = call.error or call.results[0]
    if isinstance(answer, Exception):
        acknowledged.set_exception(answer)
    else:
        acknowledged.set_result(answer)


class AsyncResponseRoute(ThreadRoute):
    """A route that acknowledges the requests that prefer it, and executes the others."""

    def __init__(
        self, path: str, endpoint: Endpoint, *, acknowledge: Acknowledge, **options: Any
    ) -> None:
        super().__init__(path, endpoint, **options)
        self._acknowledge = acknowledge
        self._groups: WeakKeyDictionary[AbstractEventLoop, RequestGroups] = WeakKeyDictionary()

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["method"] not in (self.methods or ()) or not prefers_async(scope):
            await super().handle(scope, receive, send)
            return

        request = Request(scope, receive)
        body = await request.body()
        acknowledgment = await self._group().submit(AsyncRequest(request, body))
        await _response(acknowledgment)(scope, receive, send)

    def _group(self) -> RequestGroups:
        """Return the requests of this event loop; a server has one, tests have several."""
        loop = get_running_loop()
        groups = self._groups.get(loop)
        if groups is None:
            groups = self._groups[loop] = RequestGroups(self._acknowledge)
        return groups


def prefers_async(scope: Scope) -> bool:
    """Return whether a request has the preference `respond-async`."""
    for name, value in scope["headers"]:
        if name == b"prefer":
            for preference in value.lower().split(b","):
                if preference.partition(b";")[0].strip() == RESPOND_ASYNC:
                    return True
    return False


def _response(acknowledgment: Acknowledgment) -> Response:
    headers = {"Preference-Applied": RESPOND_ASYNC.decode()}
    if acknowledgment.location:
        headers["Location"] = acknowledgment.location
    return Response(
        acknowledgment.content,
        status_code=HTTPStatus.ACCEPTED,
        headers=headers,
        media_type="application/json",
    )
