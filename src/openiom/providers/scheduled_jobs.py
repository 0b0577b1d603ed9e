"""Scheduled jobs of the providers package."""

from datetime import datetime, timedelta

from openiom.platform.bulk import execute
from openiom.platform.database import Database
from openiom.platform.scheduled_jobs import ScheduledJob

KEEP_CALLS = timedelta(days=14)
ROWS_PER_TRANSACTION = 20_000


def delete_old_calls(database: Database, now: datetime) -> None:
    """Delete logged calls older than two weeks, some thousands per transaction."""
    deleted = ROWS_PER_TRANSACTION
    while deleted == ROWS_PER_TRANSACTION:
        with database.unit_of_work() as session:
            deleted = execute(
                session,
                "DELETE FROM providers.outbound_request WHERE id IN"
                " (SELECT id FROM providers.outbound_request WHERE started_at < %s"
                " ORDER BY id LIMIT %s)",
                (now - KEEP_CALLS, ROWS_PER_TRANSACTION),
            )


SCHEDULED_JOBS = (ScheduledJob("old_provider_calls", timedelta(hours=1), delete_old_calls),)
