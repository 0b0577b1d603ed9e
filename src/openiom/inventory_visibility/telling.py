"""What this room tells others."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from openiom.kernel import Event, new_id
from openiom.platform.events import announce

NAMED = 500
"""An event names so many keys at most; whoever needs more reads the ledger of its document."""


def tell_changed(
    session: Session, keys: Collection[tuple[str, str]], *, cause: str, document: str, now: datetime, actor: str
) -> None:
    """`inventory.changed`: on hand moved at these (product, source) keys."""
    if not keys:
        return
    subject = new_id()
    data = {"cause": cause, "document": document, "keys": [list(key) for key in sorted(keys)[:NAMED]]}
    event = Event(name="inventory.changed", subject_type="inventory", subject_id=subject, root_id=subject, data=data)
    announce(session, [event], at=now, actor=actor)
