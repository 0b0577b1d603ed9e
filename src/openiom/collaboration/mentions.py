"""Notes in which a user is mentioned, until the user has read them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from .models import Mention, Note

MAX_COUNTED = 1_000


class NoteMention(NamedTuple):
    """A note that mentions a user, and when the user read it."""

    note: Note
    read_at: datetime | None


def set_mentions(session: Session, note_ids: Sequence[UUID], recipients: Collection[str]) -> None:
    """Make these the people whom each of these notes mentions; what was read remains read."""
    session.execute(
        delete(Mention).where(Mention.note_id.in_(note_ids), Mention.recipient.not_in(recipients))
    )
    rows = [
        {"recipient": recipient, "note_id": note_id}
        for note_id in note_ids
        for recipient in recipients
    ]
    if rows:
        session.execute(insert(Mention).on_conflict_do_nothing(), rows)


def mentions_of(
    session: Session, recipient: str, *, unread_only: bool, before: UUID | None, limit: int
) -> list[NoteMention]:
    """Return the notes that mention a user, newest first, from the one before `before` on."""
    query = (
        select(Note, Mention.read_at)
        .join(Mention, Mention.note_id == Note.id)
        .where(Mention.recipient == recipient.lower())
        .order_by(Mention.note_id.desc())
        .limit(limit)
    )
    if unread_only:
        query = query.where(Mention.read_at.is_(None))
    if before is not None:
        query = query.where(Mention.note_id < before)

    return [NoteMention(note, read_at) for note, read_at in session.execute(query)]


def mark_read(session: Session, recipient: str, order_id: UUID, now: datetime) -> None:
    """Note that a user has read the notes of an order."""
    notes = select(Note.id).where(Note.order_id == order_id)
    session.execute(
        update(Mention)
        .where(
            Mention.recipient == recipient.lower(),
            Mention.read_at.is_(None),
            Mention.note_id.in_(notes),
        )
        .values(read_at=now)
    )


def count_unread(session: Session, recipient: str) -> int:
    """Return how many notes mention a user who has not read them, `MAX_COUNTED` at most."""
    unread = (
        select(Mention.note_id)
        .where(Mention.recipient == recipient.lower(), Mention.read_at.is_(None))
        .limit(MAX_COUNTED)
        .subquery()
    )
    return session.scalars(select(func.count()).select_from(unread)).one()
