"""Leases with heartbeat renewal; those of a killed process expire within 30 seconds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Thread

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from .clock import utc_now

log = structlog.get_logger("leases")
LEASE = timedelta(seconds=30)
HEARTBEAT_SECONDS = 8.0


@contextmanager
def heartbeat(
    renew: Callable[[datetime], None], *, seconds: float = HEARTBEAT_SECONDS
) -> Iterator[None]:
    """Call `renew(until)` every few seconds from a thread while the block runs.

    A renewal that fails is repeated at the next beat. The caller must check that it still has the
    lease when it records the result of the block.
    """
    done = Event()

    def beat() -> None:
        while not done.wait(seconds):
            try:
                renew(utc_now() + LEASE)
            except (psycopg.Error, SQLAlchemyError) as error:
                log.info("lease_not_renewed", error=str(error)[:200])

    thread = Thread(target=beat, name="lease heartbeat", daemon=True)
    thread.start()

    try:
        yield
    finally:
        done.set()
        thread.join()
