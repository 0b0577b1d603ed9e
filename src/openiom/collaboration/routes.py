"""HTTP routes of notes, mentions and watched orders."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from openiom.administration import active_people
from openiom.orders import BulkResponse, bulk_response, order_summaries
from openiom.platform.http import CurrentPrincipal, Now, ReadSession, Router, WriteSession
from openiom.platform.pagination import Page, PageRequest, page_request

from .mentions import mark_read, mentions_of
from .notes import NoteText, add_notes, change_note, delete_note, notes_of
from .schemas import (
    MentionView,
    NewNote,
    NoteChange,
    NoteView,
    People,
    PersonView,
    WatchedOrders,
    WatchersView,
    mention_view,
    note_view,
    watched_view,
)
from .watches import mark_seen, unwatch, watch, watched_orders, watchers_of

router = Router(prefix="/api/v1", tags=["collaboration"])

NotePage = Annotated[PageRequest[int, UUID], Depends(page_request(int, UUID))]
MentionPage = Annotated[PageRequest[UUID], Depends(page_request(UUID))]


@router.get("/orders/{order_id}/notes")
def list_notes(
    order_id: UUID, paging: NotePage, principal: CurrentPrincipal, session: ReadSession
) -> Page[NoteView]:
    """Notes on an order: pinned ones first, then newest first."""
    principal.require("orders.read")
    after = (bool(paging.after[0]), paging.after[1]) if paging.after else None
    notes = notes_of(session, order_id, after=after, limit=paging.fetch_limit)
    page, following = paging.split(notes, key=lambda note: (int(note.pinned), note.id))
    administrator = principal.may("administration.write")
    views = [note_view(note, reader=principal.name, administrator=administrator) for note in page]
    return Page(items=views, next=following)


@router.post("/notes")
def write_notes(
    body: NewNote, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> BulkResponse:
    """Add a note to up to 1,000 orders. Its author and the people mentioned watch them."""
    principal.require("orders.write")
    written = NoteText(text=body.text, author=principal.name, now=now, pinned=body.pinned)
    return bulk_response(body.order_ids, add_notes(session, body.order_ids, written))


@router.patch("/notes/{id}")
def edit_note(
    id: UUID, body: NoteChange, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> NoteView:
    """Change the text of your own note, or pin or unpin any note."""
    principal.require("orders.write")
    note = change_note(session, id, principal, now, text=body.text, pinned=body.pinned)
    administrator = principal.may("administration.write")
    return note_view(note, reader=principal.name, administrator=administrator)


@router.delete("/notes/{id}", status_code=204)
def remove_note(id: UUID, principal: CurrentPrincipal, session: WriteSession, now: Now) -> None:
    """Delete your own note; administrators can delete every note."""
    principal.require("orders.write")
    delete_note(session, id, principal, now)


@router.get("/people")
def list_people(principal: CurrentPrincipal, session: ReadSession) -> People:
    """The active users, whom notes can mention."""
    principal.require("orders.read")
    people = active_people(session)
    return People(items=[PersonView(email=one.email, name=one.name) for one in people])


@router.get("/mentions")
def list_mentions(
    paging: MentionPage,
    principal: CurrentPrincipal,
    session: ReadSession,
    unread: Annotated[bool, Query(description="Only notes that you have not read")] = False,
) -> Page[MentionView]:
    """Notes that mention you, newest first."""
    principal.require("orders.read")
    before = paging.after[0] if paging.after else None
    found = mentions_of(
        session, principal.name, unread_only=unread, before=before, limit=paging.fetch_limit
    )
    page, following = paging.split(found, key=lambda mention: (mention.note.id,))
    summaries = order_summaries(session, [mention.note.order_id for mention in page])
    numbers = {order_id: summary.number for order_id, summary in summaries.items()}
    authors = {mention.note.author.lower() for mention in page}
    names = {person.email.lower(): person.name for person in active_people(session, authors)}
    views = [mention_view(mention, numbers, names) for mention in page]
    return Page(items=views, next=following)


@router.get("/watched-orders")
def list_watched(principal: CurrentPrincipal, session: ReadSession) -> WatchedOrders:
    """The last 200 orders that you watch, those with news first."""
    principal.require("orders.read")
    return WatchedOrders(
        items=[watched_view(one) for one in watched_orders(session, principal.name)]
    )


@router.get("/orders/{order_id}/watchers")
def read_watchers(
    order_id: UUID, principal: CurrentPrincipal, session: ReadSession
) -> WatchersView:
    """Who watches an order."""
    principal.require("orders.read")
    watchers = watchers_of(session, order_id)
    return WatchersView(watching=principal.name in watchers, watchers=watchers)


@router.put("/watched-orders/{order_id}", status_code=204)
def watch_order(
    order_id: UUID, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> None:
    """Watch an order: it is listed on your start page, with its news."""
    principal.require("orders.read")
    watch(session, order_id, principal.name, now)


@router.delete("/watched-orders/{order_id}", status_code=204)
def stop_watching(order_id: UUID, principal: CurrentPrincipal, session: WriteSession) -> None:
    """Stop watching an order."""
    principal.require("orders.read")
    unwatch(session, order_id, principal.name)


@router.post("/watched-orders/{order_id}/seen", status_code=204)
def see_order(order_id: UUID, principal: CurrentPrincipal, session: WriteSession, now: Now) -> None:
    """Mark an order as seen: its news and the mentions in its notes are read."""
    principal.require("orders.read")
    mark_seen(session, order_id, principal.name, now)
    mark_read(session, principal.name, order_id, now)
