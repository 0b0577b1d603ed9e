"""The scheduled jobs of the application: those of all packages, and the invariant check."""

from datetime import datetime, timedelta

import structlog

from openiom import administration, payments, providers, returns
from openiom.administration import store_invariant_results
from openiom.platform.database import Database
from openiom.platform.event_partitions import ensure_partitions
from openiom.platform.scheduled_jobs import ScheduledJob

from .invariants import as_json, check_invariants

log = structlog.get_logger("scheduled_jobs")


def create_event_partitions(database: Database, now: datetime) -> None:
    """Create the event log's partitions of the coming months."""
    with database.unit_of_work() as session:
        ensure_partitions(session, today=now.date())


def check_all_invariants(database: Database, now: datetime) -> None:
    """Check every invariant, and store the results for people and alerts."""
    checked = check_invariants(database)
    for invariant in checked:
        if invariant.violations:
            log.error("invariant_violated", invariant=invariant.name, rows=invariant.violations)
    with database.unit_of_work() as session:
        store_invariant_results(session, as_json(checked), at=now)


SCHEDULED_JOBS = (
    ScheduledJob("event_partitions", timedelta(days=1), create_event_partitions),
    ScheduledJob("invariants", timedelta(minutes=5), check_all_invariants),
    *administration.SCHEDULED_JOBS,
    *payments.SCHEDULED_JOBS,
    *providers.SCHEDULED_JOBS,
    *returns.SCHEDULED_JOBS,
)
