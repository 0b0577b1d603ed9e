"""
Many callers, one transaction: whoever finds no leader leads, and takes everybody who came meanwhile along.

A hot row admits one transaction at a time, so callers that queue for it one by one pay a commit each. Here they
queue in the process instead and share locks, statements and commit; a lone caller waits for nobody.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")


def _closed() -> Lock:
    """A gate one caller waits at: a bare lock wakes it in a third of the time an Event takes."""
    gate = Lock()
    gate.acquire()
    return gate


@dataclass(slots=True)
class PendingCall(Generic[Ask, Answer]):
    """One caller's ask. `leads` hands it the lead instead of an answer."""

    ask: Ask
    closed: Lock = field(default_factory=_closed)
    answers: list[Answer] = field(default_factory=list)
    error: Exception | None = None
    leads: bool = False

    def open(self) -> None:
        """Let the caller go on; a second time does nothing."""
        if self.closed.locked():
            self.closed.release()


class GroupCommit(Generic[Ask, Answer]):
    """Runs `work` on what many threads ask, up to `limit` at a time; one answer an ask, in order.

    When a shared run fails, every ask of it is run alone, so that one caller's mistake is nobody else's.
    """

    def __init__(
        self, work: Callable[[Sequence[Ask]], Sequence[Answer]], *, limit: int = 512
    ) -> None:
        self._work = work
        self._limit = limit
        self._lock = Lock()
        self._queue: deque[PendingCall[Ask, Answer]] = deque()
        self._led = False

    def ask(self, one: Ask) -> Answer:
        """The answer to one ask, committed. Raises what `work` raises for it."""
        ticket: PendingCall[Ask, Answer] = PendingCall(one)
        with self._lock:
            self._queue.append(ticket)
            leads, self._led = not self._led, True
        if not leads:
            ticket.closed.acquire()
        while not ticket.answers and ticket.error is None:
            self._lead()
        if leads or ticket.leads:
            self._hand_over()
        if ticket.error is not None:
            raise ticket.error
        return ticket.answers[0]

    def _lead(self) -> None:
        with self._lock:
            taken = [self._queue.popleft() for _ in range(min(self._limit, len(self._queue)))]
        try:
            answers = self._work([ticket.ask for ticket in taken])
            for ticket, answer in zip(taken, answers, strict=True):
                ticket.answers.append(answer)
        except Exception as error:
            if len(taken) == 1:
                taken[0].error = error
            else:
                for ticket in taken:
                    self._alone(ticket)
        finally:
            for ticket in taken:
                ticket.open()

    def _alone(self, ticket: PendingCall[Ask, Answer]) -> None:
        try:
            ticket.answers.extend(self._work([ticket.ask]))
        except Exception as error:
            ticket.error = error

    def _hand_over(self) -> None:
        """The next who waits leads, so that no caller serves others for ever."""
        with self._lock:
            if not self._queue:
                self._led = False
                return
            following = self._queue[0]
            following.leads = True
        following.open()
