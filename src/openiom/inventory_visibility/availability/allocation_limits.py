"""What is kept back at stock keys: allocations to others, safety stock, buffers of channels; read for a whole batch."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility.availability.hierarchy import Row
from openiom.platform.bulk import copy_rows, execute, fetch

from .decisions import Key, Pool, Requester, Rule, Shelf, Wish

RESERVED, RETURNED = "reserve", "return"


@dataclass
class Limits:
    """The shelves of one batch. `offers` asks, `take` uses allocations up, `write` keeps what was used."""

    shelves: Mapping[int, Shelf]
    rules: Sequence[Rule]
    used: dict[tuple[UUID, int], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    stock_of: dict[int, int] = field(default_factory=dict)

    def offers(
        self, stock_id: int, requester: Requester, *, on_hand: Decimal, free: Decimal
    ) -> Decimal:
        """Of `free` units of a stock key, those this requester may have."""
        shelf = self.shelves.get(stock_id)
        return (
            free
            if shelf is None
            else shelf.offers(requester, on_hand=on_hand, free=free, rules=self.rules)
        )

    def take(self, stock_id: int, requester: Requester, line_id: UUID, quantity: Decimal) -> None:
        """An order line reserved `quantity`: its requester's own allocations are used first."""
        shelf = self.shelves.get(stock_id)
        for pool, part in shelf.take(requester, quantity) if shelf else ():
            self.used[line_id, pool.id] += part
            self.stock_of[pool.id] = stock_id

    def grant(self, wishes: Sequence[Wish], rows: Mapping[Key, Row]) -> list[bool]:
        """First come, first served: a wish is granted with all its parts or not at all, and a refused one takes none.

        `rows` are locked; what is granted is reserved on them, so lines and kits that share a part add up.
        """
        return [self._grant(wish, rows) for wish in wishes]

    def _grant(self, wish: Wish, rows: Mapping[Key, Row]) -> bool:
        found = [(rows.get((product, wish.source)), units) for product, units in wish.parts.items()]
        for row, units in found:
            if row is None or units > self.offers(
                row.id, wish.requester, on_hand=row.on_hand, free=row.free
            ):
                return False
        for row, units in found:
            assert row is not None
            row.reserved += units
            self.take(row.id, wish.requester, wish.line_id, units)
        return True

    def moved(self) -> dict[int, Decimal]:
        """Allocated units used up, by stock id."""
        sums: dict[int, Decimal] = defaultdict(Decimal)
        for (_, pool), part in self.used.items():
            sums[self.stock_of[pool]] += part
        return dict(sums)

    def write(self, session: Session, *, now: datetime, actor: str) -> None:
        """Move the allocations that were used, with entries, and remember which line holds them."""
        if not self.used:
            return
        uses = [(line, pool, part) for (line, pool), part in sorted(self.used.items())]
        moves = [PoolMove(pool, -part, str(line), consumed=part) for line, pool, part in uses]
        move_pools(session, moves, RESERVED, now, actor)
        execute(
            session,
            "INSERT INTO inventory_visibility.allocation_use AS u (line_id, allocation_id, open)"
            " SELECT * FROM unnest(%s::uuid[], %s::bigint[], %s::numeric[])"
            " ON CONFLICT (line_id, allocation_id) DO UPDATE SET open = u.open + excluded.open",
            ([u[0] for u in uses], [u[1] for u in uses], [u[2] for u in uses]),
        )


def limits_of(
    session: Session,
    keys: Mapping[int, Key],
    safety: Mapping[int, Decimal],
    channels: Collection[str],
) -> Limits:
    """What is kept at these stock ids ({id: (product, source)}); the caller has locked them if it will take.

    One query for allocations; one more for buffers when a channel asks.
    """
    shelves = {i: Shelf(keys[i], units) for i, units in safety.items() if units}
    rows = fetch(
        session,
        "SELECT stock_id, id, groups, allocated FROM inventory_visibility.allocation WHERE stock_id = ANY(%s)"
        " AND allocated > 0 ORDER BY id",
        (list(keys),),
    )
    for stock_id, pool, groups, allocated in rows:
        shelves.setdefault(stock_id, Shelf(keys[stock_id])).pools.append(
            Pool(pool, tuple(groups), allocated)
        )
    rules = _buffers(session, {key[0] for key in keys.values()}) if any(channels) else []
    if rules:
        for stock_id, key in keys.items():
            shelves.setdefault(stock_id, Shelf(key))
    return Limits(shelves, rules)


def _buffers(session: Session, products: Collection[str]) -> list[Rule]:
    rows = fetch(
        session,
        "SELECT product, source, channel, units, percent FROM inventory_visibility.stock_rule"
        " WHERE channel <> '' AND product = ANY(%s) ORDER BY policy",
        (sorted({*products, ""}),),
    )
    return [Rule(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class PoolMove:
    """How one allocation moves, and for which document; `granted` is what counts as newly allocated to it."""

    pool: int
    allocated: Decimal
    document: str
    consumed: Decimal = Decimal(0)
    granted: Decimal = Decimal(0)


def move_pools(
    session: Session, moves: Sequence[PoolMove], act: str, now: datetime, actor: str
) -> None:
    """Move allocations, with an entry each; the stock rows are locked.

    Consumed units that come back lower the cumulative figure too: they were never used.
    """
    copy_rows(
        session,
        "inventory_visibility.allocation_entry",
        ("allocation_id", "at", "act", "allocated", "consumed", "granted", "document", "actor"),
        [(m.pool, now, act, m.allocated, m.consumed, m.granted, m.document, actor) for m in moves],
    )
    sums: dict[int, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0), Decimal(0)])
    for move in moves:
        for i, units in enumerate((move.allocated, move.consumed, move.granted)):
            sums[move.pool][i] += units
    ids = sorted(sums)
    execute(
        session,
        "UPDATE inventory_visibility.allocation a SET allocated = a.allocated + d.allocated,"
        " consumed = a.consumed + d.consumed, cumulative_consumed = a.cumulative_consumed + d.consumed,"
        " cumulative_allocated = a.cumulative_allocated + d.granted"
        " FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[], %s::numeric[])"
        " AS d(id, allocated, consumed, granted) WHERE a.id = d.id",
        (ids, [sums[i][0] for i in ids], [sums[i][1] for i in ids], [sums[i][2] for i in ids]),
    )


LineStock = tuple[UUID, int]


def give_back(
    session: Session, released: Mapping[LineStock, Decimal], *, now: datetime, actor: str
) -> dict[int, Decimal]:
    """
    Order lines gave units of a stock key back: those taken from an allocation are allocated again, before any that
    were common. Returns the units allocated again by stock id. The stock rows are locked by the caller.
    """
    parts = _lower_uses(session, released)
    back: dict[int, Decimal] = defaultdict(Decimal)
    for _, _, stock_id, part in parts:
        back[stock_id] += part
    if parts:
        moves = [PoolMove(pool, part, str(line), consumed=-part) for line, pool, _, part in parts]
        move_pools(session, moves, RETURNED, now, actor)
    return dict(back)


def use_up(session: Session, shipped: Mapping[LineStock, Decimal]) -> None:
    """Units of order lines left the building: what they held of allocations is used for good."""
    _lower_uses(session, shipped)


def _lower_uses(
    session: Session, quantities: Mapping[LineStock, Decimal]
) -> list[tuple[UUID, int, int, Decimal]]:
    """Take up to so many units out of what lines hold of allocations: (line, allocation, stock id, units)."""
    left = dict(quantities)
    parts = []
    for line, pool, held, stock_id in _uses(session, {line for line, _ in quantities}):
        part = min(held, left.get((line, stock_id), Decimal(0)))
        if part:
            left[line, stock_id] -= part
            parts.append((line, pool, stock_id, part))
    if parts:
        columns = ([p[0] for p in parts], [p[1] for p in parts], [p[3] for p in parts])
        which = "unnest(%s::uuid[], %s::bigint[], %s::numeric[]) AS d(line_id, allocation_id, part)"
        same = "u.line_id = d.line_id AND u.allocation_id = d.allocation_id"
        execute(
            session,
            f"DELETE FROM inventory_visibility.allocation_use u USING {which} WHERE {same} AND u.open = d.part",
            columns,
        )
        execute(
            session,
            f"UPDATE inventory_visibility.allocation_use u SET open = u.open - d.part FROM {which}"
            f" WHERE {same} AND u.open > d.part",
            columns,
        )
    return parts


def _uses(session: Session, lines: Collection[UUID]) -> list[tuple[UUID, int, Decimal, int]]:
    """What lines hold: (line, allocation, open, stock id). Their reservations are locked already, so these stand."""
    rows = fetch(
        session,
        "SELECT u.line_id, u.allocation_id, u.open, a.stock_id FROM inventory_visibility.allocation_use u"
        " JOIN inventory_visibility.allocation a ON a.id = u.allocation_id WHERE u.line_id = ANY(%s)"
        " ORDER BY u.line_id, cardinality(a.groups) DESC, u.allocation_id",
        (sorted(lines),),
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]
