"""Events this package publishes when stock moves or more of it becomes available."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from openiom.kernel import Event, new_id
from openiom.platform.events import append_events

from .measures import ProductSource

MAX_KEYS = 500
"""An event names at most this many keys; the ledger of its document has all of them."""

CHANGED = "inventory.changed"
AVAILABILITY_INCREASED = "inventory.availability_increased"
SCHEDULED = "inventory.scheduled"
RECEIVED = "inventory.received"
DISCREPANCY_FOUND = "inventory.discrepancy_found"
RESERVATION_EXPIRED = "reservation.expired"
EVENTS = (
    CHANGED,
    AVAILABILITY_INCREASED,
    SCHEDULED,
    RECEIVED,
    DISCREPANCY_FOUND,
    RESERVATION_EXPIRED,
)


def inventory_event(name: str, data: Mapping[str, Any]) -> Event:
    """Return an event whose subject is a new inventory document of its own."""
    subject = new_id()
    return Event(
        name=name,
        subject_type="inventory",
        subject_id=subject,
        root_id=subject,
        data=dict(data),
    )


def named_keys(keys: Iterable[ProductSource]) -> list[list[str]]:
    """Return the distinct keys an event names, sorted and cut to `MAX_KEYS`."""
    return list(map(list, sorted(set(keys))[:MAX_KEYS]))


def publish_inventory_changed(
    session: Session,
    keys: Collection[ProductSource],
    *,
    cause: str,
    document: str,
    now: datetime,
    actor: str,
) -> None:
    """Publish `inventory.changed`: on hand moved at these keys."""
    if keys:
        data = {"cause": cause, "document": document, "keys": named_keys(keys)}
        append_events(session, [inventory_event(CHANGED, data)], at=now, actor=actor)


def publish_availability_increased(
    session: Session,
    keys: Collection[ProductSource],
    *,
    cause: str,
    document: str = "",
    now: datetime,
    actor: str,
) -> None:
    """Publish `inventory.availability_increased`.

    More may be promised at these keys, to at least one requester, although on hand did not move.
    An empty product or source in a key means every one.
    """
    if keys:
        data = {"cause": cause, "document": document, "keys": named_keys(keys)}
        append_events(session, [inventory_event(AVAILABILITY_INCREASED, data)], at=now, actor=actor)
