"""Closes reservations: open units of them are shipped or released."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility.availability.hierarchy import LockedStockRow
from openiom.inventory_visibility.columns import columns_of
from openiom.inventory_visibility.events import publish_availability_increased
from openiom.inventory_visibility.ledger.on_hand import overdraft_repayments
from openiom.inventory_visibility.ledger.posting import LedgerPosting, post, reserved_entry
from openiom.inventory_visibility.locks import LockedReservation
from openiom.platform.bulk import execute

from .allocation_consumption import return_consumption, use_up_consumption


class ClosedUnits(NamedTuple):
    """Units of a reservation that are closed."""

    reservation: LockedReservation
    units: Decimal

    @property
    def reservation_id(self) -> int:
        return self.reservation.id


@dataclass(slots=True)
class ReservationClosure:
    """Units to close, all with one outcome and cause.

    `rows` are the locked stock rows by id, with on hand as it will be; `entries` are posted
    together with those of the reservations.
    """

    rows: Mapping[int, LockedStockRow]
    outcome: Literal["released", "shipped"]
    cause: str
    closed: list[ClosedUnits] = field(default_factory=list)
    entries: list[LedgerPosting] = field(default_factory=list)

    def add(self, reservation: LockedReservation, units: Decimal) -> None:
        self.closed.append(ClosedUnits(reservation, units))

    def add_open_units(self, reservations: Iterable[LockedReservation]) -> None:
        """Close everything that is open of these reservations."""
        for reservation in reservations:
            self.add(reservation, reservation.open)


def _lower_open_units(session: Session, closure: ReservationClosure) -> None:
    """Move the closed units from open to shipped or released."""
    if closure.closed:
        column = closure.outcome
        execute(
            session,
            f"UPDATE inventory_visibility.reservation r SET open = r.open - d.units,"
            f" {column} = r.{column} + d.units"
            " FROM (SELECT id, sum(units) AS units"
            " FROM unnest(%s::bigint[], %s::numeric[]) AS u(id, units) GROUP BY id) d"
            " WHERE r.id = d.id",
            columns_of(closure.closed, "reservation_id", "units"),
        )


def _closing_entry(reservation: LockedReservation, units: Decimal, cause: str) -> LedgerPosting:
    """Return the entry that lowers what is reserved; its document may be the order line."""
    document = reservation.document or str(reservation.line_id or "")
    measure = reservation.data_source, reservation.measure
    return reserved_entry(reservation.stock_id, -units, cause, document, measure)


def close(session: Session, closure: ReservationClosure, *, now: datetime, actor: str) -> None:
    """Close the units, lower what is reserved, and return or use up consumed allocations.

    Publishes `inventory.availability_increased` for released units.
    """
    _lower_open_units(session, closure)
    entries: list[LedgerPosting] = []
    by_line: dict[tuple[UUID, int], Decimal] = defaultdict(Decimal)
    for reservation, units in closure.closed:
        entries.append(_closing_entry(reservation, units, closure.cause))
        closure.rows[reservation.stock_id].reserved -= units
        if reservation.line_id:
            by_line[reservation.line_id, reservation.stock_id] += units

    if by_line and closure.outcome == "shipped":
        use_up_consumption(session, by_line)
    elif by_line:
        entries += return_consumption(session, by_line, cause=closure.cause, now=now, actor=actor)

    entries += closure.entries
    entries += overdraft_repayments(closure.rows.values(), closure.cause)
    post(session, entries, now=now, actor=actor)
    if closure.outcome == "released":
        freed = {(one.reservation.product, one.reservation.source) for one in closure.closed}
        publish_availability_increased(session, freed, cause=closure.cause, now=now, actor=actor)
