"""Release of expired reservations by a worker, and of chosen reservations by a user."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from openiom.inventory_visibility.columns import columns_of
from openiom.inventory_visibility.events import RESERVATION_EXPIRED
from openiom.inventory_visibility.locks import LockedReservation, lock_ids, open_reservations
from openiom.inventory_visibility.measures import format_quantity
from openiom.kernel import Event, new_id
from openiom.platform.batches import BatchResult
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database
from openiom.platform.events import append_events

from .close_reservations import ReservationClosure, close

ACTOR = "expiry"
CAUSE = "reservation expired"


class ReservationExpiryWorker:
    """Releases what expired reservations still hold and publishes `reservation.expired`."""

    kind = "reservation_expiry"

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        with database.unit_of_work() as session:
            due = fetch(
                session,
                "SELECT id, stock_id FROM inventory_visibility.reservation"
                " WHERE open > 0 AND expires_at <= %s ORDER BY expires_at LIMIT %s",
                (now, limit),
            )
            if not due:
                return BatchResult(0, False)

            ids, stock_ids = map(list, zip(*due, strict=True))
            stock = lock_ids(session, stock_ids)
            # Read again under lock: another worker may have released them, or they were shipped.
            expired = open_reservations(
                session, "r.id = ANY(%s) AND r.expires_at <= %s", (ids, now)
            )
            closure = ReservationClosure(stock.rows, "released", CAUSE)
            closure.add_open_units(expired)
            close(session, closure, now=now, actor=ACTOR)
            append_events(session, list(map(_expired_event, expired)), at=now, actor=ACTOR)
            return BatchResult(len(due), len(due) == limit)


def _expired_event(reservation: LockedReservation) -> Event:
    """Return the event of an expired reservation.

    For the reservation of an order line the line is the subject, so that its flow run receives it.
    """
    subject = reservation.line_id or new_id()
    return Event(
        name=RESERVATION_EXPIRED,
        subject_type="order_line" if reservation.line_id else "reservation",
        subject_id=subject,
        root_id=subject,
        data={
            "reservation": reservation.id,
            "product": reservation.product,
            "source": reservation.source,
            "quantity": format_quantity(reservation.open),
            "document": reservation.document,
        },
    )


def release_reservations(
    session: Session, reservation_ids: Collection[int], *, now: datetime, actor: str, cause: str
) -> set[int]:
    """Release what these reservations still hold; return the ids of those that held units."""
    ids = list(reservation_ids)
    found = fetch(
        session,
        "SELECT stock_id FROM inventory_visibility.reservation WHERE id = ANY(%s)",
        (ids,),
    )
    if not found:
        return set()

    stock = lock_ids(session, [stock_id for (stock_id,) in found])
    reservations = open_reservations(session, "r.id = ANY(%s)", (ids,))
    closure = ReservationClosure(stock.rows, "released", cause)
    closure.add_open_units(reservations)
    close(session, closure, now=now, actor=actor)
    (released,) = columns_of(reservations, "id")
    return set(released)


def expired_external_reservations(
    session: Session, data_sources: Sequence[str], *, now: datetime
) -> list[int]:
    """Return the ids of expired reservations that hold units and belong to no order line.

    An empty `data_sources` selects those of every data source.
    """
    names = list(data_sources)
    rows = fetch(
        session,
        "SELECT id FROM inventory_visibility.reservation"
        " WHERE open > 0 AND line_id IS NULL AND expires_at <= %s"
        " AND (%s::text[] = '{}' OR data_source = ANY(%s::text[]))",
        (now, names, names),
    )
    return [reservation_id for (reservation_id,) in rows]


def delete_closed_external_reservations(session: Session, data_sources: Sequence[str]) -> int:
    """Delete reservations that hold no units and belong to no order line; return their number.

    An empty `data_sources` selects those of every data source.
    """
    names = list(data_sources)
    return execute(
        session,
        "DELETE FROM inventory_visibility.reservation WHERE open = 0 AND line_id IS NULL"
        " AND (%s::text[] = '{}' OR data_source = ANY(%s::text[]))",
        (names, names),
    )
