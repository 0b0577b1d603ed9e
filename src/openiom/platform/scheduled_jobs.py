"""Scheduled jobs: work that is due at fixed intervals, done once per due time by any worker.

A job is a row of `platform.scheduled_job`. A worker claims a due job with a lease, renews the lease
while the job runs, and then stores the outcome and the next due time. A job that fails is retried
with increasing delays; its error stays visible in the row until it succeeds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from uuid import UUID, uuid4

import structlog
from sqlalchemy import DateTime, Float, Integer, Text, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from .batches import BatchResult
from .bulk import execute, fetch_as
from .clock import utc_now
from .database import Base, Database
from .leases import LEASE, heartbeat
from .retry import RetryPolicy

log = structlog.get_logger("scheduled_jobs")

JOB_RETRY = RetryPolicy(first_seconds=10.0, max_seconds=900.0)
LONGEST_ERROR = 2_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ScheduledJob:
    """Work that a package wants done at fixed intervals.

    `run` opens its own units of work. It may be interrupted and repeated, so it is idempotent.
    """

    name: str
    every: timedelta
    run: Callable[[Database, datetime], None]


class ScheduledJobRow(Base):
    """When a scheduled job is due, and how it went the last time."""

    __tablename__ = "scheduled_job"
    __table_args__ = {"schema": "platform"}

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    next_run_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    last_run_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_seconds: Mapped[float] = mapped_column(Float, server_default=text("0"))
    last_error: Mapped[str] = mapped_column(Text, server_default=text("''"))
    failures: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    lease: Mapped[UUID | None]
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


@dataclass(slots=True)
class JobStatus:
    """When a job is due and how it went: `failures` in a row, and the last error, empty if none."""

    name: str
    next_run_at: datetime
    last_run_at: datetime | None
    last_seconds: float
    last_error: str
    failures: int


@dataclass(slots=True)
class _Claim:
    name: str
    lease: UUID
    failures: int


@dataclass
class ScheduledJobWorker:
    """Runs the due jobs of this application, one at a time."""

    jobs: Sequence[ScheduledJob]
    kind: str = "scheduled_jobs"
    _registered: bool = False

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        """Run the job that has been due the longest."""
        jobs = {job.name: job for job in self.jobs}
        with database.unit_of_work() as session:
            if not self._registered:
                register_jobs(session, self.jobs, now=now)

            claim = _claim(session, list(jobs), now=now)

        self._registered = True
        if claim is None:
            return BatchResult(0, False)

        self._run(database, jobs[claim.name], claim, now)
        return BatchResult(1, True)

    def _run(self, database: Database, job: ScheduledJob, claim: _Claim, now: datetime) -> None:
        def renew(until: datetime) -> None:
            with database.unit_of_work() as session:
                _renew(session, claim, until=until)

        started = monotonic()
        error = ""
        try:
            with heartbeat(renew):
                job.run(database, now)
        except Exception as failure:
            error = f"{type(failure).__name__}: {failure}"[:LONGEST_ERROR].replace("\0", " ")
            log.error("job_failed", job=job.name, failures=claim.failures + 1, error=error[:500])

        seconds = monotonic() - started
        failures = claim.failures + 1 if error else 0
        due = next_due(now, every=job.every, failures=failures)

        with database.unit_of_work() as session:
            _record(session, claim, due=due, now=now, seconds=seconds, error=error)


def next_due(
    now: datetime, *, every: timedelta, failures: int = 0, policy: RetryPolicy = JOB_RETRY
) -> datetime:
    """Return when a job that ran at `now` is due again.

    Regular due times are the multiples of `every` since 1970, so they do not drift and those that
    were missed are skipped. After `failures` in a row the job is due after the delay of `policy`,
    at the latest at its regular time.
    """
    regular = _EPOCH + ((now - _EPOCH) // every + 1) * every
    if not failures:
        return regular

    return min(regular, now + timedelta(seconds=policy.delay(failures)))


def register_jobs(session: Session, jobs: Sequence[ScheduledJob], *, now: datetime) -> None:
    """Store the first due time of jobs that are new."""
    execute(
        session,
        "INSERT INTO platform.scheduled_job (name, next_run_at)"
        " SELECT * FROM unnest(%s::text[], %s::timestamptz[]) ON CONFLICT (name) DO NOTHING",
        ([job.name for job in jobs], [next_due(now, every=job.every) for job in jobs]),
    )


def request_run(session: Session, name: str, *, now: datetime) -> bool:
    """Make a job due now. Return whether there is a job of this name."""
    changed = execute(
        session,
        "UPDATE platform.scheduled_job SET next_run_at = least(next_run_at, %s) WHERE name = %s",
        (now, name),
    )
    return bool(changed)


def job_statuses(session: Session) -> list[JobStatus]:
    """Return the status of every scheduled job by name."""
    return fetch_as(
        session,
        JobStatus,
        "SELECT name, next_run_at, last_run_at, last_seconds, last_error, failures"
        " FROM platform.scheduled_job ORDER BY name",
    )


def _claim(session: Session, names: Sequence[str], *, now: datetime) -> _Claim | None:
    rows = fetch_as(
        session,
        _Claim,
        "UPDATE platform.scheduled_job j SET lease = %s, lease_until = %s"
        " WHERE j.name = (SELECT name FROM platform.scheduled_job WHERE name = ANY(%s)"
        "   AND next_run_at <= %s AND (lease_until IS NULL OR lease_until < %s)"
        "   ORDER BY next_run_at, name LIMIT 1 FOR UPDATE SKIP LOCKED)"
        " RETURNING j.name, j.lease, j.failures",
        (uuid4(), utc_now() + LEASE, list(names), now, utc_now()),
    )
    return rows[0] if rows else None


def _renew(session: Session, claim: _Claim, *, until: datetime) -> None:
    execute(
        session,
        "UPDATE platform.scheduled_job SET lease_until = %s WHERE name = %s AND lease = %s",
        (until, claim.name, claim.lease),
    )


def _record(
    session: Session, claim: _Claim, *, due: datetime, now: datetime, seconds: float, error: str
) -> None:
    """Store the outcome, unless the lease expired and another worker runs the job meanwhile."""
    recorded = execute(
        session,
        "UPDATE platform.scheduled_job SET next_run_at = %(due)s, last_run_at = %(now)s,"
        " last_seconds = %(seconds)s, last_error = %(error)s,"
        " failures = CASE WHEN %(error)s = '' THEN 0 ELSE failures + 1 END,"
        " lease = NULL, lease_until = NULL WHERE name = %(name)s AND lease = %(lease)s",
        {
            "due": due,
            "now": now,
            "seconds": seconds,
            "error": error,
            "name": claim.name,
            "lease": claim.lease,
        },
    )
    if not recorded:
        log.warning("job_lease_lost", job=claim.name)
