"""What this room tells others."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from openiom.kernel import Event, new_id
from openiom.platform.events import append_events

NAMED = 500
"""An event names so many keys at most; whoever needs more reads the ledger of its document."""


CHANGED, FREED = "inventory.changed", "inventory.availability_increased"
Keys = Collection[tuple[str, str]]
"""(product, source); an empty one is every product or source."""


def tell_changed(
    session: Session, keys: Keys, *, cause: str, document: str, now: datetime, actor: str
) -> None:
    """`inventory.changed`: on hand moved at these keys."""
    _tell(session, CHANGED, keys, cause, document, now, actor)


def tell_freed(
    session: Session, keys: Keys, *, cause: str, document: str = "", now: datetime, actor: str
) -> None:
    """`inventory.availability_increased`: more may be promised at these keys, to somebody at least, although on hand did not move."""
    _tell(session, FREED, keys, cause, document, now, actor)


def _tell(
    session: Session, name: str, keys: Keys, cause: str, document: str, now: datetime, actor: str
) -> None:
    if not keys:
        return
    subject = new_id()
    data = {
        "cause": cause,
        "document": document,
        "keys": [list(key) for key in sorted(set(keys))[:NAMED]],
    }
    event = Event(
        name=name, subject_type="inventory", subject_id=subject, root_id=subject, data=data
    )
    append_events(session, [event], at=now, actor=actor)
