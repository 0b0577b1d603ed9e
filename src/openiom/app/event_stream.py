"""
News for browsers: one thread a process tails the business event log and fans it out.

However many browsers listen, the database answers one query every half second and a process. The tail keeps its
own place in memory, below the snapshot's xmin, so that an event of a slow transaction is told late, never lost.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from threading import Event as Flag
from threading import Lock, Thread
from time import monotonic
from typing import Any

import psycopg
import structlog
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch
from openiom.platform.database import Database, to_json_text
from openiom.platform.http import CurrentPrincipal

log = structlog.get_logger("live")
EVERY = 0.5
MOST = 500  # a browser needs to know that something changed, not to replay a flood
QUIET = 15.0
router = APIRouter(prefix="/api/v1", tags=["live"])

Subscriber = tuple[asyncio.AbstractEventLoop, "asyncio.Queue[str | None]"]


class EventTail:
    """Tails the log from now on. `subscribe` belongs to the event loop that listens."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._subscribers: set[Subscriber] = set()
        self._lock = Lock()
        self._stop = Flag()
        self._thread: Thread | None = None
        self._position: tuple[str, int] = ("0", -1)
        self.told = 0

    def start(self) -> None:
        self._thread = Thread(target=self._run, name="live", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._tell(None)
        if self._thread is not None:
            self._thread.join(5)

    @property
    def listeners(self) -> int:
        return len(self._subscribers)

    def subscribe(self) -> Subscriber:
        subscriber = (asyncio.get_running_loop(), asyncio.Queue[str | None](maxsize=100))
        with self._lock:
            self._subscribers.add(subscriber)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        with self._lock:
            self._subscribers.discard(subscriber)

    def _run(self) -> None:
        placed, told = False, False
        while not self._stop.wait(EVERY if placed else 0):
            try:
                with self._database.reading() as session:
                    if not placed:
                        self._position, placed = _end_of_log(session), True
                        continue
                    events, self._position = _news(session, self._position)
            except (psycopg.Error, SQLAlchemyError) as error:
                if not told:
                    reason = str(error).splitlines()[0][:200]
                    log.info(
                        "tail_lost",
                        error=reason,
                        remedy="run iom migrate, or see whether PostgreSQL runs",
                    )
                told = True
                self._stop.wait(2)
                continue
            told = False
            if events:
                self.told += len(events)
                self._tell(to_json_text({"events": events}))

    def _tell(self, text: str | None) -> None:
        with self._lock:
            subscribers = list(self._subscribers)
        for loop, queue in subscribers:
            with suppress(RuntimeError):  # its loop has ended
                loop.call_soon_threadsafe(_put, queue, text)


def _put(queue: "asyncio.Queue[str | None]", text: str | None) -> None:
    """A browser that does not read loses the oldest news; its next fetch shows everything anyway."""
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(text)


def _end_of_log(session: Session) -> tuple[str, int]:
    return fetch(session, "SELECT pg_snapshot_xmin(pg_current_snapshot())::text")[0][0], -1


def _news(
    session: Session, position: tuple[str, int]
) -> tuple[list[dict[str, Any]], tuple[str, int]]:
    """Events after `position` that no transaction in flight can precede, and where to go on."""
    horizon = _end_of_log(session)
    rows = fetch(
        session,
        "SELECT xid::text, id, name, root_id, subject_type, subject_id, occurred_at FROM platform.business_event"
        " WHERE (xid, id) > (%s::xid8, %s) AND xid < %s::xid8 ORDER BY xid, id LIMIT %s",
        (*position, horizon[0], MOST),
    )
    events = [
        {
            "name": r[2],
            "root_id": str(r[3]),
            "subject_type": r[4],
            "subject_id": str(r[5]),
            "at": r[6].isoformat(),
        }
        for r in rows
    ]
    # A flood is cut: what is behind the first five hundred is skipped, the pages reload once and see it all.
    return events, horizon


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
    """Server-sent events: what just happened, in handfuls, at most two a second."""
    principal.require("orders.read")
    tail: EventTail = request.app.state.event_stream
    return StreamingResponse(
        stream(tail),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def stream(tail: EventTail) -> AsyncIterator[str]:
    subscriber = tail.subscribe()
    _, queue = subscriber
    spoke = monotonic()
    try:
        yield "retry: 2000\n\n"
        while True:
            try:
                text = await asyncio.wait_for(queue.get(), timeout=QUIET)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            if text is None:
                return
            await asyncio.sleep(max(0.0, EVERY - (monotonic() - spoke)))
            spoke = monotonic()
            yield f"event: change\ndata: {text}\n\n"
    finally:
        tail.unsubscribe(subscriber)
