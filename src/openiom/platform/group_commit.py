"""Group commit: concurrent calls share one transaction.

The first caller becomes the leader and executes every call queued so far. A hot row admits one
transaction at a time, so callers that queue for it one by one pay for a commit each; here they
queue in the process and share locks, statements and the commit. A single caller does not wait.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

from .retry import is_fault_of_server

Request = TypeVar("Request")
Result = TypeVar("Result")


def _locked() -> Lock:
    """Return a locked lock; it wakes its waiter in a third of the time that an Event takes."""
    lock = Lock()
    lock.acquire()
    return lock


@dataclass(slots=True)
class GroupedCall(Generic[Request, Result]):
    """A request and, once it has been executed, its result or its error."""

    request: Request
    results: list[Result] = field(default_factory=list)
    error: Exception | None = None

    @property
    def done(self) -> bool:
        return bool(self.results) or self.error is not None

    def result(self) -> Result:
        """Return the result, or raise the error."""
        if self.error is not None:
            raise self.error
        return self.results[0]


@dataclass(slots=True)
class PendingCall(GroupedCall[Request, Result]):
    """A queued call. `leads` makes its caller the leader instead of giving it a result."""

    waiting: Lock = field(default_factory=_locked)
    leads: bool = False

    def wake(self) -> None:
        """Let the caller continue; does nothing the second time."""
        if self.waiting.locked():
            self.waiting.release()


def execute_together(
    work: Callable[[Sequence[Request]], Sequence[Result]],
    calls: Sequence[GroupedCall[Request, Result]],
) -> None:
    """Execute calls together and give each its result or its error.

    `work` returns one result per request, in order. When it fails, each request is executed alone,
    so that a faulty one does not fail the others; a fault of the database server fails all of them.
    """
    try:
        _execute(work, calls)
    except Exception as error:
        if len(calls) == 1 or is_fault_of_server(error):
            _fail(calls, error)
        else:
            _execute_separately(work, calls)


def _execute(
    work: Callable[[Sequence[Request]], Sequence[Result]],
    calls: Sequence[GroupedCall[Request, Result]],
) -> None:
    """Execute calls together. Raise `ValueError` unless there is one result per call."""
    results = work([call.request for call in calls])
    for call, result in zip(calls, results, strict=True):
        call.results.append(result)


def _fail(calls: Sequence[GroupedCall[Request, Result]], error: Exception) -> None:
    for call in calls:
        call.results.clear()
        call.error = error


def _execute_separately(
    work: Callable[[Sequence[Request]], Sequence[Result]],
    calls: Sequence[GroupedCall[Request, Result]],
) -> None:
    """Execute each call alone after their shared execution failed."""
    for call in calls:
        call.results.clear()
        try:
            _execute(work, [call])
        except Exception as own_error:
            call.error = own_error


class GroupCommit(Generic[Request, Result]):
    """Executes requests of many threads together, up to `limit` at a time.

    `work` is that of `execute_together`.
    """

    def __init__(
        self, work: Callable[[Sequence[Request]], Sequence[Result]], *, limit: int = 512
    ) -> None:
        self._work = work
        self._limit = limit
        self._lock = Lock()
        self._queue: deque[PendingCall[Request, Result]] = deque()
        self._has_leader = False

    def submit(self, request: Request) -> Result:
        """Return the result of one request once it is committed; raise what `work` raises."""
        call: PendingCall[Request, Result] = PendingCall(request)
        self._enqueue(call)
        if not call.leads:
            call.waiting.acquire()

        while not call.done:
            self._execute_queued()

        if call.leads:
            self._hand_over()

        return call.result()

    def _enqueue(self, call: PendingCall[Request, Result]) -> None:
        """Queue a call; its caller leads when no other one does."""
        with self._lock:
            self._queue.append(call)
            call.leads = not self._has_leader
            self._has_leader = True

    def _execute_queued(self) -> None:
        calls = self._dequeue()
        try:
            execute_together(self._work, calls)
        finally:
            for call in calls:
                call.wake()

    def _dequeue(self) -> list[PendingCall[Request, Result]]:
        with self._lock:
            count = min(self._limit, len(self._queue))
            return [self._queue.popleft() for _ in range(count)]

    def _hand_over(self) -> None:
        """Make the next waiting caller the leader, so that no caller serves others for long."""
        with self._lock:
            if not self._queue:
                self._has_leader = False
                return
            following = self._queue[0]
            following.leads = True
        following.wake()
