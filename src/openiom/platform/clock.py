"""The clock. Packages receive the time as a parameter; only the edges read it here.

Every process follows the clock of its database: leases and due times of several machines are
compared with each other, and their own clocks may be minutes apart.
"""

from datetime import UTC, datetime, timedelta
from threading import Lock
from time import monotonic

TOLERANCE = timedelta(milliseconds=200)
"""Differences below it may be the time that the answer of the database took."""
COMPARISON_SECONDS = 60.0


class DatabaseClock:
    """The clock of this process, corrected by its difference from that of the database."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._difference = timedelta()
        self._compared_at: float | None = None

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return datetime.now(UTC) + self._difference

    def claim_comparison(self) -> bool:
        """Return whether the caller should compare the clocks now: one does, once a minute."""
        with self._lock:
            now = monotonic()
            if self._compared_at is not None and now - self._compared_at < COMPARISON_SECONDS:
                return False

            self._compared_at = now
            return True

    def follow(
        self, database_time: datetime, *, requested_at: datetime, answered_at: datetime
    ) -> None:
        """Follow a clock that showed `database_time` between two moments of this machine."""
        difference = database_time - (requested_at + (answered_at - requested_at) / 2)
        self._difference = difference if abs(difference) > TOLERANCE else timedelta()


DATABASE_CLOCK = DatabaseClock()


def utc_now() -> datetime:
    """Return the current time in UTC, as the database knows it."""
    return DATABASE_CLOCK.now()
