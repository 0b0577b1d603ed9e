"""Requests of an event loop that are executed together, by one synchronous function in one thread.

The event loop collects the requests that arrive while others are executed. A request that comes
alone is executed at once.
"""

from asyncio import AbstractEventLoop, Event, Future, Task, get_running_loop
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from anyio import CapacityLimiter, move_on_after, to_thread

from openiom.kernel import IomError

from .group_commit import GroupedCall, execute_together

Request = TypeVar("Request")
Result = TypeVar("Result")

LIMIT = 512
"""Requests that are executed together at most."""


@dataclass
class _Queue(Generic[Request, Result]):
    """The requests of one event loop that wait; `complete` is set once `expected` of them do."""

    waiting: deque[tuple[Request, "Future[Result]"]] = field(default_factory=deque)
    running: "Task[None] | None" = None
    expected: int = 0
    complete: Event = field(default_factory=Event)


class RequestGroups(Generic[Request, Result]):
    """Executes requests together, up to `limit` at a time, in one of `threads`.

    `work` returns a result or an error to raise for each request, in order; see
    `execute_together`.

    With `linger_seconds`, requests that wait let others join them. Clients that have been answered
    send their next requests at once: without it, they alternate in two groups of half the size.
    The group waits until as many requests have arrived as were under way before, and not longer
    than that or than the last group has taken.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Request]], Sequence[Result | IomError]],
        *,
        threads: Callable[[], CapacityLimiter] = to_thread.current_default_thread_limiter,
        linger_seconds: float = 0.0,
        limit: int = LIMIT,
    ) -> None:
        self._work = work
        self._threads = threads
        self._linger_seconds = linger_seconds
        self._limit = limit
        # A server has one event loop; tests have several.
        self._queues: WeakKeyDictionary[AbstractEventLoop, _Queue[Request, Result]] = (
            WeakKeyDictionary()
        )

    async def submit(self, request: Request) -> Result:
        """Return the result of a request once it has been executed; raise its error."""
        loop = get_running_loop()
        queue = self._queues.get(loop)
        if queue is None:
            queue = self._queues[loop] = _Queue()

        finished: Future[Result] = loop.create_future()
        queue.waiting.append((request, finished))
        if len(queue.waiting) >= queue.expected:
            queue.complete.set()

        if queue.running is None:
            queue.running = loop.create_task(self._run(queue))
        return await finished

    async def _run(self, queue: _Queue[Request, Result]) -> None:
        try:
            while queue.waiting:
                started = monotonic()
                executed = await self._execute_next(queue)
                seconds = min(monotonic() - started, self._linger_seconds)
                if queue.waiting and seconds:
                    await self._linger(queue, executed + len(queue.waiting), seconds)
        finally:
            queue.running = None

    async def _linger(self, queue: _Queue[Request, Result], expected: int, seconds: float) -> None:
        """Wait until `expected` requests wait, for so many seconds at most."""
        queue.expected = min(expected, self._limit)
        queue.complete.clear()
        with move_on_after(seconds):
            await queue.complete.wait()

    async def _execute_next(self, queue: _Queue[Request, Result]) -> int:
        """Execute the requests that wait, up to the limit, and return their number."""
        count = min(self._limit, len(queue.waiting))
        group = [queue.waiting.popleft() for _ in range(count)]
        calls = [GroupedCall[Request, Result | IomError](request) for request, _ in group]
        try:
            await to_thread.run_sync(execute_together, self._work, calls, limiter=self._threads())
        finally:
            for call, (_, finished) in zip(calls, group, strict=True):
                _finish(finished, call)

        return count


def _finish(finished: "Future[Result]", call: GroupedCall[Request, Result | IomError]) -> None:
    """Give a waiting request its result or its error, unless its client has left."""
    if finished.done():
        return
    if not call.done:
        finished.cancel()
        return

    result = call.error or call.results[0]
    if isinstance(result, Exception):
        finished.set_exception(result)
    else:
        finished.set_result(result)
