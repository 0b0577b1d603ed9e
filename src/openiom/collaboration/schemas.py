"""Bodies of the HTTP API of notes, mentions and watched orders."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from .mentions import NoteMention
from .models import MAX_TEXT, Note
from .watches import WatchedOrder

BULK_LIMIT = 1_000
"""Most orders that one request adds a note to."""

NoteBody = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_TEXT,
        description="Plain text; `@ana@example.com` mentions the user with this e-mail address",
    ),
]


class NewNote(BaseModel):
    """A note for one order or for many."""

    model_config = ConfigDict(extra="forbid")

    order_ids: list[UUID] = Field(min_length=1, max_length=BULK_LIMIT)
    text: NoteBody
    pinned: bool = False


class NoteChange(BaseModel):
    """What to change of a note; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    text: NoteBody | None = None
    pinned: bool | None = None


class NoteView(BaseModel):
    """A note. `editable` and `deletable` say what the current user may do with it."""

    id: UUID
    order_id: UUID
    author: str
    text: str
    pinned: bool
    written_at: datetime
    edited_at: datetime | None
    editable: bool
    deletable: bool


def note_view(note: Note, *, reader: str, administrator: bool) -> NoteView:
    own = note.author == reader
    return NoteView(
        id=note.id,
        order_id=note.order_id,
        author=note.author,
        text=note.text,
        pinned=note.pinned,
        written_at=note.written_at,
        edited_at=note.edited_at,
        editable=own,
        deletable=own or administrator,
    )


class PersonView(BaseModel):
    """An active user, whom notes can mention."""

    email: str
    name: str


class People(BaseModel):
    items: list[PersonView]


class MentionView(BaseModel):
    """A note that mentions the current user."""

    note_id: UUID
    order_id: UUID
    order_number: str
    author: str
    author_name: str
    text: str
    written_at: datetime
    read_at: datetime | None


def mention_view(
    mention: NoteMention, numbers: Mapping[UUID, str], names: Mapping[str, str]
) -> MentionView:
    """Return a mention; `names` are those of people by their lower-case e-mail addresses."""
    note = mention.note
    return MentionView(
        note_id=note.id,
        order_id=note.order_id,
        order_number=numbers[note.order_id],
        author=note.author,
        author_name=names.get(note.author.lower(), note.author),
        text=note.text,
        written_at=note.written_at,
        read_at=mention.read_at,
    )


class WatchersView(BaseModel):
    """Who watches an order, and whether the current user does."""

    watching: bool
    watchers: list[str]


class WatchedOrderView(BaseModel):
    """An order that the current user watches, with its last event.

    `news`: the event is by another user, or by the system, and happened since the user last looked.
    """

    order_id: UUID
    order_number: str
    customer_name: str
    event: str | None
    event_at: datetime | None
    actor: str | None
    news: bool


class WatchedOrders(BaseModel):
    """Orders with news first, then by their last event."""

    items: list[WatchedOrderView]


def watched_view(watched: WatchedOrder) -> WatchedOrderView:
    latest = watched.latest
    return WatchedOrderView(
        order_id=watched.order.id,
        order_number=watched.order.number,
        customer_name=watched.order.customer_name,
        event=latest.name if latest else None,
        event_at=latest.occurred_at if latest else None,
        actor=latest.actor if latest else None,
        news=watched.news,
    )
