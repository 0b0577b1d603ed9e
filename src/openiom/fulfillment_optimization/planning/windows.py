"""Batch windows: when the orders that arrive now are planned together. Pure."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def window_end(now: datetime, minutes: float) -> datetime:
    """
    The end of the window that `now` falls into. Windows stand on a fixed grid, so that every process and every order
    agrees on them without asking anybody; an order of the very instant a window ends belongs to the next one.
    """
    length = timedelta(minutes=minutes)
    return EPOCH + ((now - EPOCH) // length + 1) * length
