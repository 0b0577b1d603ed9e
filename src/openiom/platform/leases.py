"""Short leases that the living renew: what a killed process held is free again within half a minute."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event as Flag
from threading import Thread

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from .clock import utc_now

log = structlog.get_logger("leases")
LEASE = timedelta(seconds=30)
BEAT_SECONDS = 8.0


@contextmanager
def heartbeat(
    renew: Callable[[datetime], None], *, seconds: float = BEAT_SECONDS
) -> Iterator[None]:
    """Call `renew(until)` from a thread every few seconds while the block runs.

    A beat that does not get through is tried again at the next; whoever holds the lease finds out when it records.
    """
    done = Flag()

    def beat() -> None:
        while not done.wait(seconds):
            try:
                renew(utc_now() + LEASE)
            except (psycopg.Error, SQLAlchemyError) as error:
                log.info("lease_not_renewed", error=str(error)[:200])

    thread = Thread(target=beat, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
