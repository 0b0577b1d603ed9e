"""The log of outbound requests: collected in memory, written many at a time."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from threading import Lock

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from openiom.platform.bulk import copy_rows
from openiom.platform.database import Database
from openiom.provider_contract import OutboundRequest

log = structlog.get_logger("providers")
MAX_TEXT = 2_000
COLUMNS = (
    "instance",
    "action",
    "method",
    "url",
    "status",
    "milliseconds",
    "started_at",
    "attempt",
    "error",
)
_COLUMN_VALUES = attrgetter(*COLUMNS)
_purpose: ContextVar[str] = ContextVar("request_purpose", default="")


@contextmanager
def requests_for(purpose: str) -> Iterator[None]:
    """Log the requests of the block with their purpose: an action, `poll`, `probe` or `rate`."""
    token = _purpose.set(purpose)
    try:
        yield
    finally:
        _purpose.reset(token)


@dataclass(frozen=True, slots=True)
class _LoggedRequest:
    """A row of `outbound_request`."""

    instance: str
    action: str
    method: str
    url: str
    status: int | None
    milliseconds: int
    started_at: datetime
    attempt: int
    error: str


class CallLog:
    """Outbound requests of this process that are not written yet. Thread-safe.

    The log is an aid for people: entries that cannot be written are dropped, and so are the oldest
    ones beyond `capacity`. It never fails or delays a call.
    """

    def __init__(self, *, capacity: int = 10_000) -> None:
        self._lock = Lock()
        self._requests: deque[_LoggedRequest] = deque(maxlen=capacity)

    def add(self, instance: str, request: OutboundRequest) -> None:
        """Add a request that was made on behalf of an instance."""
        entry = _LoggedRequest(
            instance=instance,
            action=_purpose.get(),
            method=request.method,
            url=request.url[:MAX_TEXT],
            status=request.status,
            milliseconds=request.milliseconds,
            started_at=request.started_at,
            attempt=request.attempt,
            error=request.error[:MAX_TEXT],
        )
        with self._lock:
            self._requests.append(entry)

    def flush(self, database: Database) -> None:
        """Write the collected requests. Never raises."""
        with self._lock:
            entries = list(self._requests)
            self._requests.clear()

        if not entries:
            return

        try:
            with database.unit_of_work() as session:
                rows = list(map(_COLUMN_VALUES, entries))
                copy_rows(session, "providers.outbound_request", COLUMNS, rows)
        except (SQLAlchemyError, psycopg.Error) as error:
            log.warning("call_log_lost", calls=len(entries), error=str(error)[:300])
