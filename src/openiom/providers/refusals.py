"""How many refused webhook calls are logged: a stranger must not fill the disk.

Anybody can call a webhook with a wrong signature. The first refusals of each minute are logged for
people who set up a provider; the others are only counted, and the count is logged with the next
one.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

LOGGED_PER_MINUTE = 20
WINDOW = timedelta(minutes=1)


@dataclass(slots=True)
class _Window:
    begun_at: datetime
    logged: int = 0
    left_out: int = 0


@dataclass
class RefusalBudget:
    """The refusals of each instance in this process that may be logged. Thread-safe."""

    per_minute: int = LOGGED_PER_MINUTE
    _windows: dict[str, _Window] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def admit(self, instance: str, *, now: datetime) -> int | None:
        """Return how many refusals were left out since the last logged one.

        Return None when this one must not be logged either.
        """
        with self._lock:
            window = self._windows.setdefault(instance, _Window(now))
            if now - window.begun_at >= WINDOW:
                window.begun_at = now
                window.logged = 0

            if window.logged >= self.per_minute:
                window.left_out += 1
                return None

            window.logged += 1
            left_out, window.left_out = window.left_out, 0
            return left_out
