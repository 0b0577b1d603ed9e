"""The worker that releases waiting orders: when stock arrives, on a launch day, or when time is up.

It is a named consumer of the event log and also checks the clock each time it runs; there is no
nightly job. A sweep every five minutes is a safety net: every change that frees stock emits an
event.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.master_data import kit_parts, kits_with
from openiom.orders.locks import lock_orders, without_manual_hold
from openiom.orders.order_batch import flush_lines, flush_orders
from openiom.orders.states import (
    CANCEL,
    LINE_CANCELED,
    OPEN,
    ORDER_DECLINED,
    ORDER_PARTIALLY_DECLINED,
    RELEASE_HOLD,
)
from openiom.platform.batches import BatchResult
from openiom.platform.bulk import execute, fetch, fetch_column
from openiom.platform.database import Database
from openiom.platform.events import EVENTS_WAKE, LoggedEvent, ensure_consumer, read_new

from .expiry import cancel_expired
from .promise_dates import refresh_promise_dates
from .release_queue import (
    ACTOR,
    PAGE_SIZE,
    ReleaseQueue,
    release_for,
    release_reserved,
    remove_satisfied,
)

CONSUMER = ACTOR
STOCK_CHANGED = (
    "inventory.changed",
    "inventory.received",
    "inventory.availability_increased",
    "product.components_changed",
)
SCHEDULE_CHANGED = "inventory.scheduled"
ORDER_CHANGED = (CANCEL, RELEASE_HOLD, ORDER_DECLINED, ORDER_PARTIALLY_DECLINED, LINE_CANCELED)
"""Events of orders that may free stock, or end the need for it."""
FREES_STOCK = (*STOCK_CHANGED, *ORDER_CHANGED)
NAMES = frozenset((*FREES_STOCK, SCHEDULE_CHANGED))
KEYS_PER_EVENT = 500
"""An event with so many stock keys may name only a part of them."""
SWEEP_INTERVAL = timedelta(minutes=5)
NEXT_DAY = "the next day of its source has begun"


@dataclass
class BackorderReleaseWorker:
    """Releases waiting orders. Only one process reads for the consumer at a time."""

    kind: str = EVENTS_WAKE
    _ready: bool = False
    _swept_at: datetime | None = None

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        with database.unit_of_work() as session:
            if not self._ready:
                ensure_consumer(session, CONSUMER)

            events, more = read_new(session, consumer=CONSUMER, names=NAMES, limit=limit)
            released = _process_events(session, events, now)
            due = _is_anything_due(session, now)

        self._ready = True
        changed = len(released)

        # Each step locks orders and then stock. In one transaction a second one would lock orders
        # while it has locked stock.
        for step in self._steps(due, now):
            with database.unit_of_work() as session:
                changed += len(step(session, now))

        return BatchResult(len(events) + changed, more)

    def _steps(
        self, due: bool, now: datetime
    ) -> Iterator[Callable[[Session, datetime], list[UUID]]]:
        if due:
            yield _release_launched
            yield _release_full_days
            yield _cancel_expired

        if self._swept_at is None:
            self._swept_at = now
        elif now - self._swept_at >= SWEEP_INTERVAL:
            yield _sweep
            self._swept_at = now


def _process_events(session: Session, events: Collection[LoggedEvent], now: datetime) -> list[UUID]:
    """Release orders for what the events freed, and refresh promise dates; return the orders."""
    if not events or not _any_waiting(session):
        return []

    _remove_sourced(session)
    remove_satisfied(session, _changed_orders(events), now)
    released = release_for(session, _products(session, events, FREES_STOCK), now)
    moved = _products(session, events, (*STOCK_CHANGED, SCHEDULE_CHANGED))
    refresh_promise_dates(session, moved, now)
    return released


def _changed_orders(events: Iterable[LoggedEvent]) -> list[UUID]:
    return [event.root_id for event in events if event.name in ORDER_CHANGED]


def _any_waiting(session: Session) -> bool:
    return bool(fetch(session, "SELECT 1 FROM orders.waiting_line LIMIT 1"))


def _is_anything_due(session: Session, now: datetime) -> bool:
    """Return whether a product is launched, a full day is over, or the time of a line is up."""
    rows = fetch(
        session,
        "SELECT EXISTS (SELECT FROM orders.waiting_line WHERE state = 'waiting'"
        " AND kind = 'preorder' AND launch_date <= %s)"
        " OR EXISTS (SELECT FROM orders.waiting_line WHERE state = 'waiting'"
        " AND kind = 'capacity' AND retry_at <= %s)"
        " OR EXISTS (SELECT FROM orders.waiting_line WHERE state = 'waiting'"
        " AND expires_at <= %s)",
        (now.date(), now, now),
    )
    return bool(rows[0][0])


def _remove_sourced(session: Session) -> None:
    """Remove released lines of orders whose every line has its source, or needs nothing any more.

    A line that was canceled stays meanwhile: it tells sourcing that the order waited, and that its
    other lines have stock reserved.
    """
    flush_lines(session)
    execute(
        session,
        "DELETE FROM orders.waiting_line w WHERE w.state = 'released' AND NOT EXISTS ("
        "SELECT FROM orders.order_line l WHERE l.order_id = w.order_id AND l.state = ANY(%s)"
        " AND l.quantity > l.canceled + l.shipped + l.in_fulfillment)",
        (list(OPEN),),
    )


def _products(session: Session, events: Iterable[LoggedEvent], names: Collection[str]) -> set[str]:
    """Return the products that events of these names concern, with their parts and kits.

    These are all products waited for when an event may not name all of them.
    """
    products: set[str] = set()
    order_ids: list[UUID] = []
    for event in events:
        if event.name not in names:
            continue

        keys = event.data.get("keys", [])
        if len(keys) >= KEYS_PER_EVENT:
            return _waited_for(session)

        products.update(str(key[0]) for key in keys)
        if event.name in ORDER_CHANGED:
            order_ids.append(event.root_id)

    if "" in products:  # a change of every product
        return _waited_for(session)

    products |= _products_of_orders(session, order_ids)
    for parts in kit_parts(session, products).values():
        products.update(parts)

    return products | kits_with(session, products)


def _products_of_orders(session: Session, order_ids: Collection[UUID]) -> set[str]:
    if not order_ids:
        return set()
    query = "SELECT DISTINCT product FROM orders.order_line WHERE order_id = ANY(%s)"
    return set(fetch_column(session, query, (list(order_ids),)))


def _waited_for(session: Session) -> set[str]:
    return set(fetch_column(session, "SELECT DISTINCT product FROM orders.waiting_line"))


def _sweep(session: Session, now: datetime) -> list[UUID]:
    return release_for(session, _waited_for(session), now)


def _cancel_expired(session: Session, now: datetime) -> list[UUID]:
    return cancel_expired(session, now, actor=ACTOR)


def _release_launched(session: Session, now: datetime) -> list[UUID]:
    """Release orders whose last preordered product is launched.

    Without stock they are placed on hold again as backorders.
    """
    flush_orders(session)
    waiting = fetch_column(
        session,
        "SELECT DISTINCT w.order_id FROM orders.waiting_line w"
        " JOIN orders.order_state s USING (order_id) WHERE w.state = 'waiting'"
        " AND w.kind = 'preorder' AND w.launch_date <= %s AND NOT s.manual_hold LIMIT %s",
        (now.date(), PAGE_SIZE),
    )
    if not waiting:
        return []

    orders = lock_orders(session, waiting)
    launched = fetch_column(
        session,
        "SELECT order_id FROM orders.waiting_line WHERE state = 'waiting' AND kind = 'preorder'"
        " AND order_id = ANY(%s) GROUP BY order_id HAVING max(launch_date) <= %s"
        " ORDER BY min(since), order_id",
        (sorted(orders), now.date()),
    )
    launched = without_manual_hold(session, launched)
    queue = ReleaseQueue(session)
    queue.cover(launched)
    return release_reserved(session, launched, queue.reserve(now), "launched", now)


def _release_full_days(session: Session, now: datetime) -> list[UUID]:
    """Release orders that waited for the next day of a full source, the oldest first."""
    flush_orders(session)
    waiting = fetch_column(
        session,
        "SELECT w.order_id FROM orders.waiting_line w"
        " JOIN orders.order_state s USING (order_id) WHERE w.state = 'waiting'"
        " AND w.kind = 'capacity' AND w.retry_at <= %s AND NOT s.manual_hold"
        " GROUP BY w.order_id ORDER BY min(w.since), w.order_id LIMIT %s",
        (now, PAGE_SIZE),
    )
    orders = without_manual_hold(session, waiting)
    queue = ReleaseQueue(session)
    queue.cover(orders)
    return release_reserved(session, orders, queue.reserve(now), NEXT_DAY, now)
