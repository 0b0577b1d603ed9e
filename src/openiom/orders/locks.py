"""
Every lock this room takes, in the one order it takes them: orders by id, then their lines by id.

What is locked is read once a transaction and changed in memory; the book of the transaction writes it when it must.
An order's lock covers its lines: who changes a line has locked its order.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import execute, fetch
from openiom.platform.write_behind import hold_back

from .state_counts import add_counts, moved
from .states import attention

_KEY = "openiom.orders.book"
STATES, LINES = "orders.order_state", "orders.order_line"


@dataclass(slots=True)
class LockedOrder:
    """Where an order stands; mutable, so that several events of one transaction build on each other."""

    id: UUID
    state: str
    reason: str
    held: bool
    previous_state: str | None
    previous_reason: str | None


@dataclass(slots=True)
class LockedLine:
    id: UUID
    order_id: UUID
    line_number: int
    product: str
    unit: str
    quantity: int
    state: str
    reason: str
    source: str | None
    source_reason: str
    released: int
    shipped: int
    canceled: int
    requested_delivery_date: date | None

    @property
    def open(self) -> int:
        """Units neither canceled, shipped nor in a fulfillment order."""
        return self.quantity - self.canceled - self.shipped - self.released


_LINE = (
    "id, order_id, line_number, product, unit, quantity, state, state_reason, source, source_reason, released, shipped,"
    " canceled, requested_delivery_date"
)


def lock_orders(session: Session, ids: Iterable[UUID]) -> dict[UUID, LockedOrder]:
    """These orders, locked until the transaction ends. Unknown ids are absent."""
    return _book(session).lock(session, ids)


def lock_lines(
    session: Session, ids: Iterable[UUID]
) -> tuple[dict[UUID, LockedOrder], dict[UUID, LockedLine]]:
    """These lines, their orders locked first. Unknown ids are absent."""
    wanted = sorted(dict.fromkeys(ids))
    book = _book(session)
    unknown = [i for i in wanted if i not in book.owner]
    if unknown:
        rows = fetch(
            session, "SELECT id, order_id FROM orders.order_line WHERE id = ANY(%s)", (unknown,)
        )
        book.owner.update(rows)
    owners = {book.owner[i] for i in wanted if i in book.owner}
    orders = book.lock(session, owners)
    found = book.lines_of(session, owners)
    known = {line.id: line for order in owners for line in found[order]}
    return orders, {i: known[i] for i in wanted if i in known}


def lines_of_orders(session: Session, order_ids: Iterable[UUID]) -> list[LockedLine]:
    """All lines of orders this transaction has locked, by order and line number."""
    wanted = sorted(dict.fromkeys(order_ids))
    found = _book(session).lines_of(session, wanted)
    return [line for order in wanted for line in found.get(order, ())]


def adopt(session: Session, orders: Iterable[LockedOrder], lines: Iterable[LockedLine]) -> None:
    """Orders this transaction has just written, with all their lines: nobody else can see them, none need be read."""
    book = _book(session)
    for order in orders:
        book.orders[order.id], book.lines[order.id] = order, []
        book.counted[order.id] = _bucket(order)
    for line in lines:
        book.lines[line.order_id].append(line)
        book.owner[line.id] = line.order_id


def all_locked(session: Session, order_ids: Iterable[UUID]) -> bool:
    """Whether this transaction has locked all of these orders already."""
    book: _Book | None = session.info.get(_KEY)
    return book is not None and all(i in book.orders for i in order_ids)


def write_orders(session: Session, orders: Iterable[LockedOrder], now: datetime) -> None:
    """Have changed orders written back, when the book is."""
    book = _book(session)
    book.changed_orders.update((order.id, order) for order in orders)
    book.now = now


def write_lines(session: Session, lines: Iterable[LockedLine]) -> None:
    """Have state, source and counters of changed lines written back, when the book is."""
    _book(session).changed_lines.update((line.id, line) for line in lines)


def _book(session: Session) -> "_Book":
    book: _Book | None = session.info.get(_KEY)
    if book is None:
        book = session.info[_KEY] = _Book()
        hold_back(session, book)
    return book


@dataclass
class _Book:
    """What one transaction has locked, and what of it is not written yet."""

    tables: tuple[str, ...] = (STATES, LINES)
    orders: dict[UUID, LockedOrder] = field(default_factory=dict)
    lines: dict[UUID, list[LockedLine]] = field(default_factory=dict)
    owner: dict[UUID, UUID] = field(default_factory=dict)
    counted: dict[UUID, tuple[str, str]] = field(default_factory=dict)
    changed_orders: dict[UUID, LockedOrder] = field(default_factory=dict)
    changed_lines: dict[UUID, LockedLine] = field(default_factory=dict)
    now: datetime | None = None
    _writing: bool = False

    def lock(self, session: Session, ids: Iterable[UUID]) -> dict[UUID, LockedOrder]:
        wanted = sorted(dict.fromkeys(ids))
        missing = [i for i in wanted if i not in self.orders]
        if missing:
            rows = fetch(
                session,
                "SELECT order_id, state, reason, held, previous_state, previous_reason FROM orders.order_state"
                " WHERE order_id = ANY(%s) ORDER BY order_id FOR UPDATE",
                (missing,),
            )
            for row in rows:
                order = self.orders[row[0]] = LockedOrder(*row)
                self.counted[order.id] = _bucket(order)
        return {i: self.orders[i] for i in wanted if i in self.orders}

    def lines_of(
        self, session: Session, order_ids: Collection[UUID]
    ) -> dict[UUID, list[LockedLine]]:
        missing = [i for i in order_ids if i not in self.lines]
        if missing:
            rows = fetch(
                session,
                f"SELECT {_LINE} FROM orders.order_line WHERE order_id = ANY(%s) ORDER BY order_id, line_number",
                (missing,),
            )
            found: dict[UUID, list[LockedLine]] = defaultdict(list)
            for row in rows:
                found[row[1]].append(LockedLine(*row))
                self.owner[row[0]] = row[1]
            self.lines.update({i: found[i] for i in missing})
        return self.lines

    def write(self, session: Session, named: Collection[str]) -> None:
        if self._writing:
            return
        self._writing = True
        try:
            if self.changed_orders and STATES in named:
                self._write_orders(session)
            if self.changed_lines and LINES in named:
                lines, self.changed_lines = self.changed_lines, {}
                _write_lines(session, [lines[i] for i in sorted(lines)])
        finally:
            self._writing = False

    def _write_orders(self, session: Session) -> None:
        assert self.now is not None
        changed, self.changed_orders = self.changed_orders, {}
        orders = [changed[i] for i in sorted(changed)]
        _write_orders(session, orders, self.now)
        after = {order.id: _bucket(order) for order in orders}
        add_counts(session, moved({i: self.counted[i] for i in after}, after))
        self.counted.update(after)

    def forget(self) -> None:
        if not self._writing:
            for kept in (
                self.orders,
                self.lines,
                self.owner,
                self.counted,
                self.changed_orders,
                self.changed_lines,
            ):
                kept.clear()


def _bucket(order: LockedOrder) -> tuple[str, str]:
    return order.state, attention(order.state, held=order.held)


def _write_orders(session: Session, orders: Sequence[LockedOrder], now: datetime) -> None:
    execute(
        session,
        "UPDATE orders.order_state s SET state = d.state, reason = d.reason, held = d.held,"
        " previous_state = d.previous_state, previous_reason = d.previous_reason, version = s.version + 1,"
        " updated_at = %s FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::boolean[], %s::text[], %s::text[])"
        " AS d(id, state, reason, held, previous_state, previous_reason) WHERE s.order_id = d.id",
        (
            now,
            [o.id for o in orders],
            [o.state for o in orders],
            [o.reason for o in orders],
            [o.held for o in orders],
            [o.previous_state for o in orders],
            [o.previous_reason for o in orders],
        ),
    )


def _write_lines(session: Session, lines: Sequence[LockedLine]) -> None:
    columns: tuple[list[Any], ...] = (
        [x.id for x in lines],
        [x.state for x in lines],
        [x.reason for x in lines],
        [x.source for x in lines],
        [x.source_reason for x in lines],
        [x.released for x in lines],
        [x.shipped for x in lines],
        [x.canceled for x in lines],
    )
    execute(
        session,
        "UPDATE orders.order_line l SET state = d.state, state_reason = d.reason, source = d.source,"
        " source_reason = d.source_reason, released = d.released, shipped = d.shipped, canceled = d.canceled"
        " FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[], %s::int[], %s::int[])"
        " AS d(id, state, reason, source, source_reason, released, shipped, canceled) WHERE l.id = d.id",
        columns,
    )
