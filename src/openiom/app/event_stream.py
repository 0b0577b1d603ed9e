"""News for browsers: one thread of each process tails the business event log and fans it out.

However many browsers listen, the database answers one query every half second per process. The
tail keeps its position in memory as a snapshot, so an event of a slow transaction is reported once
that has ended, and delays no other one.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from threading import Event, Lock, Thread
from time import monotonic

import psycopg
import structlog
from fastapi import Request
from fastapi.responses import StreamingResponse
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from openiom.kernel import IomError
from openiom.platform.clock import utc_now
from openiom.platform.database import Database, to_json_text
from openiom.platform.events import LoggedEvent, end_of_log, read_between
from openiom.platform.http import CurrentPrincipal, Router, current_principal
from openiom.platform.log_positions import LogPosition

from .attention import Attention, attention

log = structlog.get_logger("event_stream")
router = Router(prefix="/api/v1", tags=["live"])

POLL_SECONDS = 0.5
ATTENTION_SECONDS = 2.0
ATTENTION_CHANGED = "attention.changed"
"""The name of a change that is no event of the log: what needs a person has changed."""
RECONNECT_SECONDS = 2.0
KEEP_ALIVE_SECONDS = 15.0
KEEP_ALIVE = ": keep-alive\n\n"
MAX_EVENTS = 500
"""Most events of one message: a browser only has to know that something changed."""
QUEUED_MESSAGES = 100

Subscriber = tuple[asyncio.AbstractEventLoop, "asyncio.Queue[str | None]"]


class EventTail:
    """Follows the log from the moment it starts, and sends what is new to its subscribers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._subscribers: set[Subscriber] = set()
        self._lock = Lock()
        self._stop = Event()
        self._thread: Thread | None = None
        self._position: LogPosition | None = None
        self._attention: Attention | None = None
        self._attention_due = 0.0
        self.published = 0

    def start(self) -> None:
        """Start the thread."""
        self._thread = Thread(target=self._run, name="event tail", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and every subscriber's stream."""
        self._stop.set()
        self._publish(None)
        if self._thread is not None:
            self._thread.join(5)

    @property
    def listeners(self) -> int:
        """The number of subscribers."""
        return len(self._subscribers)

    def subscribe(self) -> Subscriber:
        """Return a new subscriber; call it in the event loop that will read its queue."""
        queue: asyncio.Queue[str | None] = asyncio.Queue(maxsize=QUEUED_MESSAGES)
        subscriber = (asyncio.get_running_loop(), queue)
        with self._lock:
            self._subscribers.add(subscriber)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Send nothing more to a subscriber."""
        with self._lock:
            self._subscribers.discard(subscriber)

    def _run(self) -> None:
        connected = True
        while not self._stop.is_set():
            try:
                with self._database.reading() as session:
                    events = self._read(session)
                    attention_changed = self._attention_changed(session)
            except (psycopg.Error, SQLAlchemyError) as error:
                if connected:
                    _log_lost(error)

                connected = False
                self._stop.wait(RECONNECT_SECONDS)
                continue

            connected = True
            if events:
                self.published += len(events)
                self._publish(message_text(events))
            if attention_changed:
                self._publish(attention_text(utc_now()))

            self._stop.wait(POLL_SECONDS)

    def _read(self, session: Session) -> Sequence[LoggedEvent]:
        """Return what is new, and move to the end of the log.

        Events beyond the first `MAX_EVENTS` are skipped: pages reload and show their effect anyway.
        """
        start, end = self._position, end_of_log(session)
        events: Sequence[LoggedEvent] = ()
        if start is not None:
            events = read_between(session, start, end, limit=MAX_EVENTS)

        self._position = end
        return events

    def _attention_changed(self, session: Session) -> bool:
        """Return whether what needs a person has changed since it was last read.

        States of connections and of messages change without an event of the log.
        """
        if monotonic() < self._attention_due or not self.listeners:
            return False

        before, self._attention = self._attention, attention(session)
        self._attention_due = monotonic() + ATTENTION_SECONDS
        return before is not None and before != self._attention

    def _publish(self, message: str | None) -> None:
        with self._lock:
            subscribers = list(self._subscribers)
        for loop, queue in subscribers:
            with suppress(RuntimeError):  # its event loop has ended
                loop.call_soon_threadsafe(_enqueue, queue, message)


def message_text(events: Sequence[LoggedEvent]) -> str:
    """Return the JSON of one message."""
    items = []
    for event in events:
        items.append(
            {
                "name": event.name,
                "root_id": str(event.root_id),
                "subject_type": event.subject_type,
                "subject_id": str(event.subject_id),
                "at": event.occurred_at.isoformat(),
            }
        )

    return to_json_text({"events": items})


def attention_text(at: datetime) -> str:
    """Return the JSON of the message that what needs a person has changed."""
    change = {
        "name": ATTENTION_CHANGED,
        "root_id": "",
        "subject_type": "attention",
        "subject_id": "",
        "at": at.isoformat(),
    }
    return to_json_text({"events": [change]})


@router.get(
    "/live",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"text/event-stream": {}},
            "description": "`change` events: {events: [...]}",
        }
    },
)
async def live(request: Request, principal: CurrentPrincipal) -> StreamingResponse:
    """Send business events as they happen, as server-sent events, at most two messages a second."""
    principal.require("orders.read")
    tail: EventTail = request.app.state.event_tail

    def is_allowed() -> bool:
        """Return whether the credentials of the request are still accepted."""
        try:
            return current_principal(request).may("orders.read")
        except IomError:
            return False

    return StreamingResponse(
        stream(tail, is_allowed),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def stream(tail: EventTail, is_allowed: Callable[[], bool]) -> AsyncIterator[str]:
    """Yield server-sent events until the tail stops, and comments that keep the stream open.

    Every `KEEP_ALIVE_SECONDS`, the stream ends unless its reader is still allowed to read it.
    """
    subscriber = tail.subscribe()
    _, queue = subscriber

    sent_at = checked_at = monotonic()
    try:
        yield "retry: 2000\n\n"
        while True:
            try:
                message = await asyncio.wait_for(queue.get(), timeout=KEEP_ALIVE_SECONDS)
            except TimeoutError:
                message = KEEP_ALIVE

            if message is None:
                return
            if monotonic() - checked_at >= KEEP_ALIVE_SECONDS:
                if not await run_in_threadpool(is_allowed):
                    return
                checked_at = monotonic()
            if message == KEEP_ALIVE:
                yield KEEP_ALIVE
                continue

            await asyncio.sleep(max(0.0, POLL_SECONDS - (monotonic() - sent_at)))
            sent_at = monotonic()
            yield f"event: change\ndata: {message}\n\n"
    finally:
        tail.unsubscribe(subscriber)


def _enqueue(queue: "asyncio.Queue[str | None]", message: str | None) -> None:
    """Queue a message; a browser that does not read loses the oldest one."""
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(message)


def _log_lost(error: Exception) -> None:
    log.info(
        "event_tail_lost",
        error=str(error).splitlines()[0][:200],
        remedy="run iom migrate, or check that PostgreSQL is running",
    )
