"""Batch windows: which orders are planned together. Pure."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def window_end(now: datetime, minutes: float) -> datetime:
    """Return the end of the batch window that contains `now`.

    Windows form a fixed grid, so that all processes and orders agree on them without coordination.
    An order placed at the very end of a window belongs to the next one.
    """
    length = timedelta(minutes=minutes)
    return EPOCH + ((now - EPOCH) // length + 1) * length
