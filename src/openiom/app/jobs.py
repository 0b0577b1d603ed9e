"""Scheduled and deferred work on procrastinate: its queue is in our database, so a job commits with its cause."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Event as Flag
from threading import Thread
from typing import Any

import structlog
from procrastinate import App, PsycopgConnector
from sqlalchemy.orm import Session

from openiom.administration import forget_expired, store_checks
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database, to_json_text
from openiom.platform.events import ensure_partitions, utc_now

from .invariants import as_json, check_invariants

log = structlog.get_logger("jobs")
KEEP_CALLS = timedelta(days=14)
DELETED_AT_ONCE = 20_000
QUEUE = "openiom"
AGAIN_SECONDS = 5.0
AT_ONCE = 2


def event_partitions(database: Database, now: datetime) -> None:
    """Partitions of the event log for the months to come."""
    with database.unit_of_work() as session:
        ensure_partitions(session, today=now.date())


def expired_sign_ins(database: Database, now: datetime) -> None:
    with database.unit_of_work() as session:
        forget_expired(session, now)


def invariants(database: Database, now: datetime) -> None:
    """Ask every promise about data, and keep the answer for people and alerts."""
    checked = check_invariants(database)
    for broken in (c for c in checked if c.broken):
        log.error("promise_broken", invariant=broken.name, rows=broken.broken)
    with database.unit_of_work() as session:
        store_checks(session, as_json(checked), at=now)


def old_outside_calls(database: Database, now: datetime) -> None:
    """Forget outside calls older than two weeks, a few thousand a transaction."""
    deleted = DELETED_AT_ONCE
    while deleted == DELETED_AT_ONCE:
        with database.unit_of_work() as session:
            deleted = execute(
                session,
                "DELETE FROM providers.outbound_request WHERE id IN (SELECT id FROM providers.outbound_request"
                " WHERE started_at < %s ORDER BY id LIMIT %s)",
                (now - KEEP_CALLS, DELETED_AT_ONCE),
            )


def finished_jobs(database: Database, now: datetime) -> None:
    """Forget jobs that ended well more than three days ago."""
    with database.unit_of_work() as session:
        execute(
            session,
            "DELETE FROM public.procrastinate_jobs WHERE status = 'succeeded' AND id IN (SELECT job_id FROM"
            " public.procrastinate_events WHERE type = 'succeeded' AND at < %s)",
            (now - timedelta(days=3),),
        )


Job = Callable[[Database, datetime], None]
SCHEDULE: Mapping[str, tuple[str, Job]] = {
    "event_partitions": ("7 0 * * *", event_partitions),
    "expired_sign_ins": ("17 * * * *", expired_sign_ins),
    "invariants": ("*/5 * * * *", invariants),
    "old_outside_calls": ("37 * * * *", old_outside_calls),
    "finished_jobs": ("47 3 * * *", finished_jobs),
}


def jobs_app(database: Database) -> App:
    """Procrastinate with our tasks; each runs in a thread and opens its own units of work."""
    # Beside its LISTEN the queue asks seldom: one connection at rest, four when many jobs begin together.
    app = App(connector=PsycopgConnector(conninfo=database.url, min_size=1, max_size=4))

    def task(name: str, work: Job) -> Callable[..., None]:
        def run(timestamp: int = 0) -> None:
            log.debug("job", name=name, scheduled=timestamp)
            work(database, utc_now())

        run.__name__ = name
        return run

    for name, (cron, work) in SCHEDULE.items():
        registered = app.task(name=name, queue=QUEUE, queueing_lock=name, lock=name)(
            task(name, work)
        )
        app.periodic(cron=cron, periodic_id=name)(registered)
    return app


def defer(
    session: Session, task: str, *, lock: str = "", at: datetime | None = None, **args: Any
) -> int:
    """Enqueue a job that exists exactly when this transaction commits. Returns its id."""
    rows = fetch(
        session,
        "SELECT unnest(procrastinate_defer_jobs_v1(ARRAY[ROW(%s, %s, 0, %s, NULL, %s::jsonb, %s)]"
        "::procrastinate_job_to_defer_v1[]))",
        (QUEUE, task, lock or None, to_json_text(args), at),
    )
    job: int = rows[0][0]
    return job


class JobsThread:
    """A procrastinate worker in a thread and event loop of its own; it begins again when the database went away."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: asyncio.Task[None] | None = None
        self._stop = Flag()
        self._thread = Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, timeout: float = 8.0) -> None:
        """Let jobs in hand finish, and end."""
        self._stop.set()
        if self._loop is not None and self._running is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(self._running.cancel)
        self._thread.join(timeout)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                asyncio.run(self._work())
            except asyncio.CancelledError:
                return
            except Exception as error:
                log.error("jobs_interrupted", error=str(error)[:500], again_in=AGAIN_SECONDS)
                self._stop.wait(AGAIN_SECONDS)

    async def _work(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._running = asyncio.current_task()
        app = jobs_app(self._database)
        async with app.open_async():
            await app.run_worker_async(
                queues=[QUEUE],
                concurrency=AT_ONCE,
                install_signal_handlers=False,
                shutdown_graceful_timeout=5,
            )
