"""The orders one transaction works on: read once, changed in memory, written once.

An `OrderBatch` is the identity map of the orders and lines a transaction has locked or created, and
the buffer of their changes. Functions of this package change the objects and register them as
changed; the new ones are inserted, and one UPDATE per table writes the others, when the batch is
flushed: at the commit, at both ends of a savepoint, and before a query of this package reads the
table (`flush_new`, `flush_orders`, `flush_lines`).
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import sorted_ids
from openiom.platform.bulk import execute
from openiom.platform.write_behind import session_buffer

from .locked_rows import LockedLine, LockedOrder
from .new_lines import NewLine
from .new_orders import NewOrder, insert_new_orders
from .state_counts import Bucket, add_counts, count_changes

_KEY = "openiom.orders.batch"

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass
class OrderBatch:
    """Locked orders and lines of one transaction, and which of them have changed.

    The lock of an order covers its lines: a function that changes a line has locked its order.
    `new` has the orders without rows yet, in the order of their ids.
    """

    orders: dict[UUID, LockedOrder] = field(default_factory=dict)
    lines: dict[UUID, list[LockedLine]] = field(default_factory=dict)
    order_of_line: dict[UUID, UUID] = field(default_factory=dict)
    new: dict[UUID, NewOrder] = field(default_factory=dict)
    _counted: dict[UUID, Bucket] = field(default_factory=dict)
    _changed_orders: dict[UUID, LockedOrder] = field(default_factory=dict)
    _changed_lines: dict[UUID, LockedLine] = field(default_factory=dict)
    _changed_at: datetime | None = None

    def add_orders(self, orders: Iterable[LockedOrder]) -> None:
        """Remember orders as they are in the database."""
        for order in orders:
            self.orders[order.id] = order
            self._counted[order.id] = order.bucket

    def add_lines(self, order_ids: Iterable[UUID], lines: Iterable[LockedLine]) -> None:
        """Remember all lines of these orders, by order and line number."""
        found: dict[UUID, list[LockedLine]] = defaultdict(list)
        for line in lines:
            found[line.order_id].append(line)
            self.order_of_line[line.id] = line.order_id
        for order_id in order_ids:
            self.lines[order_id] = found[order_id]

    def add_new(self, orders: Sequence[NewOrder], now: datetime) -> None:
        """Insert these orders and their lines with the next flush, as they are then."""
        for order in orders:
            self.new[order.id] = order
            self.orders[order.id] = order.locked()
            lines = [line.locked() for line in order.lines]
            self.lines[order.id] = lines
            for line in lines:
                self.order_of_line[line.id] = order.id

        self._changed_at = now

    def new_lines(self, order_id: UUID) -> Iterator[tuple[NewLine, LockedLine]]:
        """Yield the lines of an order without a row, each with its present state."""
        if order_id in self.new:
            yield from zip(self.new[order_id].lines, self.lines[order_id], strict=True)

    def order_changed(self, order: LockedOrder, now: datetime) -> None:
        """Write this order with the next flush."""
        self._changed_orders[order.id] = order
        self._changed_at = now

    def line_changed(self, line: LockedLine) -> None:
        """Write state, source and unit counters of this line with the next flush."""
        self._changed_lines[line.id] = line

    def flush(self, session: Session) -> None:
        """Write everything pending."""
        self.flush_orders(session)
        self.flush_lines(session)

    def flush_new(self, session: Session) -> None:
        """Insert new orders with their lines, and count them by their states."""
        if not self.new:
            return

        assert self._changed_at is not None
        new, self.new = self.new, {}
        insert_new_orders(session, list(new.values()), self.orders, self.lines, self._changed_at)
        buckets = {order_id: self.orders[order_id].bucket for order_id in new}
        add_counts(session, Counter(buckets.values()))
        self._counted.update(buckets)
        for order_id in new:
            self._changed_orders.pop(order_id, None)
            for line in self.lines[order_id]:
                self._changed_lines.pop(line.id, None)

    def flush_orders(self, session: Session) -> None:
        """Write changed orders, and count them by their new states."""
        self.flush_new(session)
        if not self._changed_orders:
            return

        assert self._changed_at is not None
        changed, self._changed_orders = self._changed_orders, {}
        _update_orders(session, changed, self._changed_at)
        buckets = {order_id: order.bucket for order_id, order in changed.items()}
        add_counts(session, count_changes(subset(self._counted, buckets), buckets))
        self._counted.update(buckets)

    def flush_lines(self, session: Session) -> None:
        """Write changed lines."""
        self.flush_new(session)
        if not self._changed_lines:
            return
        changed, self._changed_lines = self._changed_lines, {}
        _update_lines(session, changed)

    def expire_lines(self, order_ids: Iterable[UUID]) -> None:
        """Forget the lines of these orders, because a statement has written them directly."""
        for order_id in order_ids:
            self.lines.pop(order_id, None)

    def discard(self) -> None:
        """Drop pending changes and all that was read: the locks of a savepoint end with it."""
        self.new.clear()
        self.orders.clear()
        self.lines.clear()
        self.order_of_line.clear()
        self._counted.clear()
        self._changed_orders.clear()
        self._changed_lines.clear()


def order_batch(session: Session) -> OrderBatch:
    """Return the batch of this transaction."""
    return session_buffer(session, _KEY, OrderBatch)


def flush_new(session: Session) -> None:
    """Insert new orders, before a query reads columns that this transaction does not change."""
    if _KEY in session.info:
        order_batch(session).flush_new(session)


def flush_orders(session: Session) -> None:
    """Write pending changes of `order_state`, before a query reads it."""
    if _KEY in session.info:
        order_batch(session).flush_orders(session)


def flush_lines(session: Session) -> None:
    """Write pending changes of `order_line`, before a query reads its state or counters."""
    if _KEY in session.info:
        order_batch(session).flush_lines(session)


def are_locked(session: Session, order_ids: Collection[UUID]) -> bool:
    """Return whether this transaction has locked all of these orders already."""
    batch: OrderBatch | None = session.info.get(_KEY)
    return batch is not None and all(i in batch.orders for i in order_ids)


_UPDATE_ORDERS = """
UPDATE orders.order_state s SET state = d.state, reason = d.reason, manual_hold = d.manual_hold,
    previous_state = d.previous_state, previous_reason = d.previous_reason,
    version = s.version + 1, updated_at = %(now)s
FROM unnest(%(id)s::uuid[], %(state)s::text[], %(reason)s::text[], %(manual_hold)s::boolean[],
    %(previous_state)s::text[], %(previous_reason)s::text[])
    AS d(id, state, reason, manual_hold, previous_state, previous_reason)
WHERE s.order_id = d.id
"""

_UPDATE_LINES = """
UPDATE orders.order_line l SET state = d.state, state_reason = d.state_reason, source = d.source,
    source_reason = d.source_reason, in_fulfillment = d.in_fulfillment, shipped = d.shipped,
    canceled = d.canceled, returned = d.returned, in_return = d.in_return
FROM unnest(%(id)s::uuid[], %(state)s::text[], %(state_reason)s::text[], %(source)s::text[],
    %(source_reason)s::text[], %(in_fulfillment)s::bigint[], %(shipped)s::bigint[],
    %(canceled)s::bigint[], %(returned)s::bigint[], %(in_return)s::bigint[])
    AS d(id, state, state_reason, source, source_reason, in_fulfillment, shipped, canceled,
        returned, in_return)
WHERE l.id = d.id
"""


_ORDER_COLUMNS = ("id", "state", "reason", "manual_hold", "previous_state", "previous_reason")
_LINE_COLUMNS = (
    "id",
    "state",
    "state_reason",
    "source",
    "source_reason",
    "in_fulfillment",
    "shipped",
    "canceled",
    "returned",
    "in_return",
)


def _update_orders(session: Session, orders: Mapping[UUID, LockedOrder], now: datetime) -> None:
    rows = columns_of(_in_order(orders), _ORDER_COLUMNS)
    execute(session, _UPDATE_ORDERS, {"now": now, **rows})


def _update_lines(session: Session, lines: Mapping[UUID, LockedLine]) -> None:
    execute(session, _UPDATE_LINES, columns_of(_in_order(lines), _LINE_COLUMNS))


def _in_order(by_id: Mapping[UUID, Value]) -> list[Value]:
    """Return the values by their ids: transactions write rows in one order."""
    return [by_id[entity_id] for entity_id in sorted_ids(by_id)]


def subset(mapping: Mapping[Key, Value], keys: Iterable[Key]) -> dict[Key, Value]:
    """Return the entries of those keys that exist; no value is None."""
    found: dict[Key, Value] = {}
    for key in keys:
        value = mapping.get(key)
        if value is not None:
            found[key] = value

    return found


def missing_keys(mapping: Mapping[Key, Value], keys: Iterable[Key]) -> list[Key]:
    """Return the keys that do not exist."""
    return [key for key in keys if key not in mapping]


def ids_of(lines: Iterable[LockedLine]) -> list[UUID]:
    """Return the ids of lines."""
    return [line.id for line in lines]


def columns_of(rows: Sequence[Any], names: Iterable[str]) -> dict[str, list[Any]]:
    """Return attributes of objects as columns, for a statement over `unnest`."""
    columns: dict[str, list[Any]] = {}
    for name in names:
        columns[name] = list(map(attrgetter(name), rows))
    return columns
