"""Reservations that end by themselves."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from openiom.inventory_visibility.locks import LockedReservation, lock_ids, reservations_where
from openiom.inventory_visibility.measures import plain
from openiom.kernel import Event, new_ids
from openiom.platform.batches import BatchResult
from openiom.platform.bulk import fetch
from openiom.platform.database import Database
from openiom.platform.events import append_events

from .line_reservations import close

ACTOR = "expiry"
CAUSE = "reservation expired"


class ExpiryTurn:
    """Gives back what expired reservations still hold, many a turn, and announces `reservation.expired` for each."""

    kind = "reservation_expiry"

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        with database.unit_of_work() as session:
            due = fetch(
                session,
                "SELECT id, stock_id FROM inventory_visibility.reservation WHERE open > 0 AND expires_at <= %s"
                " ORDER BY expires_at LIMIT %s",
                (now, limit),
            )
            if not due:
                return BatchResult(0, False)
            rows, _ = lock_ids(session, [row[1] for row in due])
            # Looked at again under lock: another worker, or whoever shipped it, may have been first.
            ids = [row[0] for row in due]
            ended = reservations_where(session, "r.id = ANY(%s) AND r.expires_at <= %s", (ids, now))
            close(session, [(r, r.open) for r in ended], rows, "released", CAUSE, now, ACTOR)
            _announce(session, ended, now)
            return BatchResult(len(due), len(due) == limit)


def _announce(session: Session, ended: Collection[LockedReservation], now: datetime) -> None:
    """Of an order line's reservation the line is the subject, so that its flow may wake."""
    ids = [r.line_id or new for r, new in zip(ended, new_ids(len(ended)), strict=True)]
    events = [
        Event(
            name="reservation.expired",
            subject_type="order_line" if r.line_id else "reservation",
            subject_id=subject,
            root_id=subject,
            data={
                "reservation": r.id,
                "product": r.product,
                "source": r.source,
                "quantity": plain(r.open),
                "document": r.document,
            },
        )
        for r, subject in zip(ended, ids, strict=True)
    ]
    append_events(session, events, at=now, actor=ACTOR)


def release_reservations(
    session: Session, reservation_ids: Collection[int], *, now: datetime, actor: str, cause: str
) -> set[int]:
    """Give back what these reservations still hold; those that held anything."""
    found = fetch(
        session,
        "SELECT stock_id FROM inventory_visibility.reservation WHERE id = ANY(%s)",
        (list(reservation_ids),),
    )
    if not found:
        return set()
    rows, _ = lock_ids(session, [row[0] for row in found])
    held = reservations_where(session, "r.id = ANY(%s)", (list(reservation_ids),))
    close(session, [(r, r.open) for r in held], rows, "released", cause, now, actor)
    return {r.id for r in held}
