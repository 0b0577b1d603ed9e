"""Stock held for a line until it is sourced: a reservation with an end, which sourcing takes over or gives back."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility.availability.decisions import Wish
from openiom.inventory_visibility.availability.hierarchy import Row
from openiom.inventory_visibility.locks import (
    OWN_ROWS,
    LockedReservation,
    lock_ids,
    reservations_where,
)
from openiom.platform.bulk import execute, fetch

from .requests import Key

Closing = list[tuple[LockedReservation, Decimal]]


@dataclass
class Holds:
    """What some lines hold for the time being, in a batch that has it locked; `kept` is what the batch goes on with."""

    held: Sequence[LockedReservation] = ()
    kept: dict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def rest(self, wish: Wish) -> Wish:
        """What a wish needs beyond the units its own line holds there already."""
        parts = dict(wish.parts)
        for one in self.held:
            if one.line_id == wish.line_id and one.source == wish.source and one.product in parts:
                part = min(one.open - self.kept[one.id], parts[one.product])
                self.kept[one.id] += part
                parts[one.product] -= part
        return replace(wish, parts={product: units for product, units in parts.items() if units})

    def settled(self, lines: Collection[UUID]) -> tuple[list[int], Closing]:
        """Of lines that have what they asked for: the reservations they keep for good, and units they give back."""
        mine = [one for one in self.held if one.line_id in lines]
        back = [(one, one.open - self.kept[one.id]) for one in mine]
        return [one.id for one in mine if self.kept[one.id]], [
            (one, units) for one, units in back if units
        ]


def lock_holds(
    session: Session, lines: Collection[UUID], keys: Iterable[Key] = ()
) -> tuple[Holds, dict[int, Row], dict[Key, Row]]:
    """What these lines hold for the time being; its stock rows and those of `keys`, locked together, by id and key."""
    wanted, also = list(lines), list(set(keys))
    found = fetch(
        session,
        "SELECT stock_id FROM inventory_visibility.reservation WHERE line_id = ANY(%s) AND open > 0"
        f" AND expires_at IS NOT NULL UNION{OWN_ROWS}",
        (wanted, [k[0] for k in also], [k[1] for k in also]),
    )
    rows, by_key = lock_ids(session, [row[0] for row in found])
    where = "r.line_id = ANY(%s) AND r.expires_at IS NOT NULL AND r.stock_id = ANY(%s)"
    return Holds(reservations_where(session, where, (wanted, list(rows)))), rows, by_key


def keep_for_good(session: Session, reservation_ids: Sequence[int]) -> None:
    """These reservations end no more by themselves; their stock rows are locked."""
    if reservation_ids:
        execute(
            session,
            "UPDATE inventory_visibility.reservation SET expires_at = NULL WHERE id = ANY(%s)",
            (list(reservation_ids),),
        )


def keep(session: Session, lines: Collection[UUID], *, until: datetime | None = None) -> None:
    """What these lines hold for the time being is theirs until it is shipped or released, or at least `until` then."""
    if not lines:
        return
    holds, _, _ = lock_holds(session, lines)
    ids = [one.id for one in holds.held]
    if until is None:
        keep_for_good(session, ids)
    else:
        execute(
            session,
            "UPDATE inventory_visibility.reservation SET expires_at = greatest(expires_at, %s) WHERE id = ANY(%s)",
            (until, ids),
        )


def backorder_reserved(
    session: Session, lines: Collection[UUID], now: datetime, *, also_for_good: bool = False
) -> dict[UUID, dict[str, int]]:
    """Whole units of its product (kits whole) each line holds for the time being, by source; nothing is locked.

    `also_for_good` counts what ends never, too.
    """
    rows = fetch(
        session,
        "SELECT r.line_id, s.source, min(floor(r.open / r.per_unit))::bigint FROM inventory_visibility.reservation r"
        " JOIN inventory_visibility.stock s ON s.id = r.stock_id"
        " WHERE r.line_id = ANY(%s) AND r.open > 0 AND (r.expires_at > %s OR %s AND r.expires_at IS NULL)"
        " GROUP BY 1, 2",
        (list(lines), now, also_for_good),
    )
    found: dict[UUID, dict[str, int]] = defaultdict(dict)
    for line, source, units in rows:
        found[line][source] = units
    return dict(found)
