"""A worker process: every background worker of the application, one thread each."""

import gc
import signal
from collections.abc import Sequence
from dataclasses import replace
from threading import Event
from types import FrameType

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from openiom.platform.batches import Worker, WorkerPool
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.platform.geocoding import preload
from openiom.platform.installation import recognize_server, watch_server

from .application import Application
from .migrate import state_of_schema

log = structlog.get_logger("worker")
SCHEMA_POLL_SECONDS = 0.2


def run_worker(application: Application) -> None:
    """Work until SIGTERM or SIGINT, then finish the running batches and return.

    Any number of worker processes may run, on any number of machines.
    """
    stop = Event()

    def request_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, request_stop)
    signal.signal(signal.SIGINT, request_stop)
    workers = application.workers()
    application = replace(application, database=sized_pool(workers, application.database))
    wait_for_schema(application, stop)
    if not stop.is_set():
        watch_server(application.database, clock=utc_now)
        recognize_server(application.database, now=utc_now())

    pool = WorkerPool(application.database, workers, limit=application.settings.batch_size)
    preload()
    tune_gc()
    if not stop.is_set():
        pool.start()
        log.info("worker_started", workers=[worker.kind for worker in pool.workers])
        stop.wait()
        pool.stop()

    application.close()
    log.info("worker_ended")


def sized_pool(workers: Sequence[Worker], database: Database) -> Database:
    """Return the same database with connections for all workers at once."""
    database.close()
    return Database(database.url, threads=len(workers), direct_url=database.direct_url)


def tune_gc() -> None:
    """Freeze objects that live as long as the process, and collect less often.

    With batches of 500 orders, a quarter of a worker's time went into collections that found
    nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def wait_for_schema(application: Application, stop: Event) -> None:
    """Wait for the schema of this program: a worker may start before `migrate` has run."""
    logged = False
    while not stop.is_set():
        try:
            state = state_of_schema(application.database)
            if state.is_usable:
                return

            reason = f"the schema of the database is {state}"
        except (SQLAlchemyError, psycopg.Error) as error:
            reason = str(error).splitlines()[0]

        if not logged:
            log.info(
                "worker_waits",
                reason=reason,
                remedy="run iom migrate, install the version of the schema, or check that"
                " PostgreSQL is running",
            )
            logged = True

        stop.wait(SCHEMA_POLL_SECONDS)
