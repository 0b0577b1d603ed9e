"""The clock. Packages receive the time as a parameter; only the edges read it here."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)
