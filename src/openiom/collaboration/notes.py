"""Notes on orders: written on many orders at once, changed and deleted by their authors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, tuple_
from sqlalchemy.orm import Session

from openiom.kernel import Event, Forbidden, Invalid, NotFound, new_ids
from openiom.orders import order_summaries
from openiom.platform.events import append_events
from openiom.platform.http import Principal
from openiom.provider_contract import Outcome

from .event_titles import NOTE_ADDED, NOTE_CHANGED, NOTE_DELETED
from .mentions import set_mentions
from .models import MAX_TEXT, Note
from .people import mentioned_people
from .watches import add_watchers


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteText:
    """What a person wrote, when, and whether it stays on top of the other notes."""

    text: str
    author: str
    now: datetime
    pinned: bool = False

    def __post_init__(self) -> None:
        """Raise `Invalid` for a text that is empty or too long."""
        check_text(self.text)


def check_text(text: str) -> None:
    """Raise `Invalid` for the text of a note that is empty or too long."""
    if not text.strip():
        raise Invalid("the note has no text", where="text", remedy="write something")
    if len(text) > MAX_TEXT:
        what = f"the note has {len(text):,} characters, {MAX_TEXT:,} at most are possible"
        raise Invalid(what, where="text", remedy="shorten it")


def add_notes(session: Session, order_ids: Sequence[UUID], written: NoteText) -> list[Outcome]:
    """Add the same note to orders; return one outcome for each.

    The author and the people mentioned watch the orders from then on.
    """
    found = order_summaries(session, order_ids)
    existing = list(dict.fromkeys(order_id for order_id in order_ids if order_id in found))
    _insert(session, existing, written)

    outcomes: list[Outcome] = []
    for order_id in order_ids:
        known = order_id in found
        outcomes.append(Outcome(known, "" if known else "there is no such order"))

    return outcomes


def _insert(session: Session, order_ids: Sequence[UUID], written: NoteText) -> None:
    if not order_ids:
        return

    ids = new_ids(len(order_ids))
    rows: list[dict[str, Any]] = []
    events: list[Event] = []
    for note_id, order_id in zip(ids, order_ids, strict=True):
        rows.append(
            {
                "id": note_id,
                "order_id": order_id,
                "author": written.author,
                "text": written.text,
                "pinned": written.pinned,
                "written_at": written.now,
            }
        )
        events.append(_event(NOTE_ADDED, order_id, note_id))

    session.execute(insert(Note), rows)
    mentioned = [person.email.lower() for person in mentioned_people(session, written.text)]
    set_mentions(session, ids, mentioned)
    add_watchers(session, order_ids, {written.author, *mentioned}, written.now)
    append_events(session, events, at=written.now, actor=written.author)


def change_note(
    session: Session,
    note_id: UUID,
    principal: Principal,
    now: datetime,
    *,
    text: str | None = None,
    pinned: bool | None = None,
) -> Note:
    """Change the text of one's own note, or pin or unpin any note; None leaves a value as it is.

    Raise `NotFound`, `Forbidden` for the text of another user's note, or `Invalid`.
    """
    note = _locked(session, note_id)
    if text is not None and text != note.text:
        check_text(text)
        if note.author != principal.name:
            raise Forbidden(
                f"this note was written by {note.author}",
                remedy="write a note of your own",
            )

        note.text = text
        note.edited_at = now
        mentioned = [person.email.lower() for person in mentioned_people(session, text)]
        set_mentions(session, [note.id], mentioned)
        add_watchers(session, [note.order_id], mentioned, now)

    if pinned is not None:
        note.pinned = pinned

    session.flush()
    event = _event(NOTE_CHANGED, note.order_id, note.id)
    append_events(session, [event], at=now, actor=principal.name)
    return note


def delete_note(session: Session, note_id: UUID, principal: Principal, now: datetime) -> None:
    """Delete one's own note, or any note as an administrator.

    Raise `NotFound` or `Forbidden`.
    """
    note = _locked(session, note_id)
    if note.author != principal.name and not principal.may("administration.write"):
        raise Forbidden(
            f"this note was written by {note.author}",
            remedy="its author or an administrator can delete it",
        )

    session.execute(delete(Note).where(Note.id == note_id))
    event = _event(NOTE_DELETED, note.order_id, note_id)
    append_events(session, [event], at=now, actor=principal.name)


def notes_of(
    session: Session, order_id: UUID, *, after: tuple[bool, UUID] | None, limit: int
) -> list[Note]:
    """Return the notes of an order: pinned ones first, then newest first."""
    query = (
        select(Note)
        .where(Note.order_id == order_id)
        .order_by(Note.pinned.desc(), Note.id.desc())
        .limit(limit)
    )
    if after:
        query = query.where(tuple_(Note.pinned, Note.id) < after)
    return list(session.scalars(query))


def _locked(session: Session, note_id: UUID) -> Note:
    note = session.scalars(select(Note).where(Note.id == note_id).with_for_update()).first()
    if note is None:
        raise NotFound(f"no note {note_id}", remedy="reload the order; it may have been deleted")
    return note


def _event(name: str, order_id: UUID, note_id: UUID) -> Event:
    """Return an event without the text, which remains deletable: the event log is not."""
    return Event(
        name=name,
        subject_type="order",
        subject_id=order_id,
        root_id=order_id,
        data={"note": str(note_id)},
    )
