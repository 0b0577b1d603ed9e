"""Backorder reservations: stock kept for a waiting line until sourcing uses or releases it.

They are reservations with an end (`expires_at`).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility.availability.decisions import PartsRequest
from openiom.inventory_visibility.locks import LockedReservation, lock_lines
from openiom.inventory_visibility.measures import ZERO
from openiom.platform.bulk import execute, fetch

from .close_reservations import ReservationClosure


@dataclass
class BackorderUnits:
    """The locked backorder reservations of some lines, and the units of them a batch uses."""

    reservations: Sequence[LockedReservation] = ()
    used: dict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def use(self, request: PartsRequest) -> PartsRequest:
        """Use what the line has reserved at the source; return what it needs beyond that."""
        remaining = dict(request.parts)
        for one in self.reservations:
            if (one.line_id, one.source) != (request.line_id, request.source):
                continue

            needed = remaining.get(one.product, ZERO)
            units = min(one.open - self.used[one.id], needed)
            if units:
                self.used[one.id] += units
                remaining[one.product] = needed - units

        parts = _without_zeros(remaining)
        return PartsRequest(request.line_id, request.source, parts, request.requester)

    def used_by(self, lines: Collection[UUID | None]) -> list[int]:
        """Return the ids of reservations that these lines use."""
        found = []
        for one in self.reservations:
            if one.line_id in lines and self.used[one.id]:
                found.append(one.id)
        return found

    def add_unused(self, closure: ReservationClosure, lines: Collection[UUID | None]) -> None:
        """Close the units of these lines that they do not use."""
        for one in self.reservations:
            unused = one.open - self.used[one.id]
            if one.line_id in lines and unused:
                closure.add(one, unused)


def _without_zeros(parts: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {product: units for product, units in parts.items() if units}


def remove_expiry(session: Session, reservation_ids: Sequence[int]) -> None:
    """Make reservations permanent; their stock rows are locked."""
    if reservation_ids:
        execute(
            session,
            "UPDATE inventory_visibility.reservation SET expires_at = NULL WHERE id = ANY(%s)",
            (list(reservation_ids),),
        )


def keep_backorder_reservations(
    session: Session, lines: Collection[UUID], *, until: datetime | None = None
) -> None:
    """Keep the backorder reservations of these lines at least `until` then.

    Without `until` they become permanent: they are kept until shipped or released.
    """
    if not lines:
        return

    reservations, _ = lock_lines(session, lines, expiring_only=True)
    ids = [one.id for one in reservations]
    if until is None:
        remove_expiry(session, ids)
        return

    execute(
        session,
        "UPDATE inventory_visibility.reservation SET expires_at = greatest(expires_at, %s)"
        " WHERE id = ANY(%s)",
        (until, ids),
    )


def backorder_reserved(
    session: Session, lines: Collection[UUID], now: datetime, *, include_permanent: bool = False
) -> dict[UUID, dict[str, Decimal]]:
    """Return what each line has reserved (of a kit, whole kits), in stock units, by source.

    Nothing is locked. `include_permanent` also counts reservations without an end.
    """
    rows = fetch(
        session,
        "SELECT r.line_id, s.source,"
        " min(CASE WHEN r.per_unit = 1 THEN r.open ELSE floor(r.open / r.per_unit) END)"
        " FROM inventory_visibility.reservation r"
        " JOIN inventory_visibility.stock s ON s.id = r.stock_id"
        " WHERE r.line_id = ANY(%s) AND r.open > 0"
        " AND (r.expires_at > %s OR %s AND r.expires_at IS NULL)"
        " GROUP BY r.line_id, s.source",
        (list(lines), now, include_permanent),
    )
    found: dict[UUID, dict[str, Decimal]] = defaultdict(dict)
    for line_id, source, units in rows:
        found[line_id][source] = units

    return dict(found)
