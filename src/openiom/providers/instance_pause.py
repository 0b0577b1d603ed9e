"""Pausing an instance: what arrives is stored and waits, and nothing is sent, until it resumes."""

from datetime import datetime

from sqlalchemy.orm import Session

from openiom.platform.bulk import execute, fetch_column
from openiom.platform.events import notify

from .instance_state import not_installed
from .instances import POLL_WAKE, PROBE_WAKE
from .messages import INBOX_WAKE

ON_HOLD = "on_hold"
"""State of a message that arrived while its instance was paused."""

_PAUSED = "SELECT name FROM providers.provider_instance WHERE paused_at IS NOT NULL"
_PAUSE = """
UPDATE providers.provider_instance
SET paused_at = coalesce(paused_at, %(now)s), paused_by = CASE WHEN paused_at IS NULL
    THEN %(actor)s ELSE paused_by END
WHERE name = %(name)s RETURNING name
"""
_RESUME = """
UPDATE providers.provider_instance SET paused_at = NULL, paused_by = ''
WHERE name = %s RETURNING name
"""
_HOLD = """
UPDATE providers.message SET state = 'on_hold' WHERE id IN (
  SELECT id FROM providers.message WHERE state = 'received' AND instance = ANY(%s)
  FOR UPDATE SKIP LOCKED)
"""
_RELEASE = (
    "UPDATE providers.message SET state = 'received' WHERE state = 'on_hold' AND instance = %s"
)


def pause_instance(session: Session, name: str, *, actor: str, now: datetime) -> None:
    """Pause an instance; pausing it again changes nothing. Raise `NotFound`.

    It is not polled, its messages are stored and not processed, and its calls are held. What is
    under way is completed.
    """
    if not fetch_column(session, _PAUSE, {"name": name, "actor": actor, "now": now}):
        raise not_installed(name)


def resume_instance(session: Session, name: str) -> int:
    """Resume an instance and return how many messages were held. Raise `NotFound`.

    They are processed in the order in which they arrived, and a poll that was due is made.
    """
    if not fetch_column(session, _RESUME, (name,)):
        raise not_installed(name)

    released = execute(session, _RELEASE, (name,))
    for kind in (INBOX_WAKE, POLL_WAKE, PROBE_WAKE):
        notify(session, kind)

    return released


def lock_paused(session: Session) -> list[str]:
    """Return the paused instances, and lock them, so that a resume sees what is held for them."""
    names = fetch_column(session, _PAUSED)
    if not names:
        return []
    # Read again: one may have resumed before it was locked.
    return fetch_column(session, f"{_PAUSED} AND name = ANY(%s) ORDER BY name FOR SHARE", (names,))


def hold_messages(session: Session) -> None:
    """Hold the waiting messages of paused instances."""
    paused = lock_paused(session)
    if paused:
        execute(session, _HOLD, (paused,))
