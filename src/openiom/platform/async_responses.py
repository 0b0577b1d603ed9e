"""Routes that acknowledge a request instead of waiting for its result (RFC 7240).

A request with `Prefer: respond-async` is stored and answered with 202. Those that arrive while
others are being stored are stored together next, in one thread and one transaction, so that a
request costs a share of them only. The event loop collects them; what stores them is synchronous.
"""

from abc import abstractmethod
from asyncio import AbstractEventLoop, Event, Future, get_running_loop
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from time import monotonic
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from anyio import move_on_after, to_thread
from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from openiom.kernel import IomError

from .endpoints import Endpoint, ThreadRoute, writer_threads
from .group_commit import GroupedCall, execute_together

RESPOND_ASYNC = b"respond-async"
LIMIT = 512
"""Requests that are stored together at most."""
LINGER_SECONDS = 0.005
"""How long requests wait for others at most, while there are several."""


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
    """Collects the requests of one event loop, and has those that wait executed together.

    Clients that have been answered send their next requests at once. Those that already wait are
    executed together with them, instead of in a group of half the size that costs as much: they
    wait until as many have arrived as were under way before, and not longer than `LINGER_SECONDS`
    or than the last group has taken. A request that comes alone does not wait.
    """

    def __init__(self, acknowledge: Acknowledge, *, limit: int = LIMIT) -> None:
        self._acknowledge = acknowledge
        self._limit = limit
        self._waiting: deque[tuple[AsyncRequest, Future[Acknowledgment]]] = deque()
        self._running: Awaitable[None] | None = None
        self._expected = 0
        self._complete = Event()

    async def submit(self, request: AsyncRequest) -> Acknowledgment:
        """Return the acknowledgment of a request once it is stored; raise its refusal."""
        loop = get_running_loop()
        acknowledged: Future[Acknowledgment] = loop.create_future()
        self._waiting.append((request, acknowledged))
        if len(self._waiting) >= self._expected:
            self._complete.set()

        if self._running is None:
            self._running = loop.create_task(self._run())
        return await acknowledged

    async def _run(self) -> None:
        try:
            while self._waiting:
                started = monotonic()
                executed = await self._execute_next()
                seconds = monotonic() - started
                if self._waiting:
                    await self._linger(executed + len(self._waiting), seconds)
        finally:
            self._running = None

    async def _linger(self, expected: int, seconds: float) -> None:
        """Wait until `expected` requests wait, for so many seconds at most."""
        self._expected = min(expected, self._limit)
        self._complete.clear()
        with move_on_after(min(seconds, LINGER_SECONDS)):
            await self._complete.wait()

    async def _execute_next(self) -> int:
        """Execute the requests that wait, up to the limit, and return their number."""
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

        return count


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

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self._groups: WeakKeyDictionary[AbstractEventLoop, RequestGroups] = WeakKeyDictionary()

    @abstractmethod
    def acknowledge(self, requests: Sequence[AsyncRequest]) -> Sequence[Answer]:
        """Store requests; return an acknowledgment or a refusal of each, in order."""

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
            groups = self._groups[loop] = RequestGroups(self.acknowledge)
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
