"""Scheduled jobs of the administration package."""

from datetime import datetime, timedelta

from openiom.platform.database import Database
from openiom.platform.scheduled_jobs import ScheduledJob

from .service import delete_expired


def delete_expired_sessions(database: Database, now: datetime) -> None:
    """Delete expired sessions and old failed authentications."""
    with database.unit_of_work() as session:
        delete_expired(session, now)


SCHEDULED_JOBS = (ScheduledJob("expired_sessions", timedelta(hours=1), delete_expired_sessions),)
