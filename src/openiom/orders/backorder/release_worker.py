"""
Let waiting orders go on as events say so: stock came or came free, a launch day is here, or time is up.

No nightly job: a named consumer of the event log, which also looks at the clock each time it runs.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import (
    StockReservationRequest,
    available,
    backorder_reserved,
    release_backorder_reservations,
    reserve,
)
from openiom.master_data import kit_parts, kits_with
from openiom.orders.locks import LockedLine, lock_orders
from openiom.orders.service.apply_events import raise_order_events
from openiom.orders.states import ON_HOLD, OPEN, RELEASED
from openiom.platform.batches import BatchResult
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database
from openiom.platform.events import EVENTS_WAKE, LoggedEvent, ensure_consumer, read_new
from openiom.provider_contract import EventRequest

from .configuration import order_preferences
from .decisions import Placed, Requester, covered
from .demand import Views, needs_of, unsourced
from .expiry import cancel_expired
from .place_on_hold import promises

CONSUMER = "backorder"
STOCK_CAME = (
    "inventory.changed",
    "inventory.received",
    "inventory.availability_increased",
    "product.components_changed",
)
DATES_MOVED = "inventory.scheduled"
CAME_FREE = (
    *("order.canceled", "order.hold_released", "order.fulfillment_declined", "order.partially_declined"),
    "order_line.canceled",
)
NAMES = frozenset((*STOCK_CAME, DATES_MOVED, *CAME_FREE))
NAMED_BY_EVENT = 500
SWEEP = timedelta(minutes=5)
"""How often all who wait are looked at, although every way stock comes free is told: a net under the events."""
PAGE = 500
REFRESHED = 5_000


@dataclass
class BackorderReleaseWorker:
    """A turn. Only one process reads for the consumer at a time; the others pass."""

    kind: str = EVENTS_WAKE
    _ready: bool = False
    _swept: datetime | None = None

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        acted = 0
        with database.unit_of_work() as session:
            if not self._ready:
                ensure_consumer(session, CONSUMER)
            events, more = read_new(session, consumer=CONSUMER, names=NAMES, limit=limit)
            if events and _anybody_waits(session):
                _forget_served(session)
                drop_settled(session, [e.root_id for e in events if e.name in CAME_FREE], now)
                acted += len(
                    release_for(session, _products(session, events, NAMES - {DATES_MOVED}), now)
                )
                refresh_dates(session, _products(session, events, (*STOCK_CAME, DATES_MOVED)), now)
            due = _anything_due(session, now)
        # Each locks orders and then stock: in one transaction the second would lock orders while it holds stock.
        for work in (
            *((_launch_due, _expire) if due else ()),
            *((_sweep,) if self._sweeps(now) else ()),
        ):
            with database.unit_of_work() as session:
                acted += len(work(session, now))
        self._ready = True
        if self._swept is None or now - self._swept >= SWEEP:
            self._swept = now
        return BatchResult(len(events) + acted, more)

    def _sweeps(self, now: datetime) -> bool:
        return now - (self._swept or now) >= SWEEP


def _sweep(session: Session, now: datetime) -> list[UUID]:
    return release_for(session, _all_waiting(session), now)


def _expire(session: Session, now: datetime) -> list[UUID]:
    return cancel_expired(session, now, actor=CONSUMER)


def _anything_due(session: Session, now: datetime) -> bool:
    """Whether anything is launched, or any line's time is up."""
    rows = fetch(
        session,
        "SELECT EXISTS (SELECT FROM orders.waiting_line WHERE state = 'waiting' AND kind = 'preorder'"
        " AND launch_date <= %s) OR EXISTS (SELECT FROM orders.waiting_line WHERE state = 'waiting'"
        " AND expires_at <= %s)",
        (now.date(), now),
    )
    return bool(rows[0][0])


def _forget_served(session: Session) -> None:
    """Lines that were let go on and have their source, or need nothing more, are remembered no longer."""
    execute(
        session,
        "DELETE FROM orders.waiting_line w USING orders.order_line l WHERE w.state = 'released' AND l.id = w.line_id"
        " AND (l.state <> ALL(%s) OR l.quantity <= l.canceled + l.shipped + l.released)",
        (list(OPEN),),
    )


def _anybody_waits(session: Session) -> bool:
    return bool(fetch(session, "SELECT 1 FROM orders.waiting_line LIMIT 1"))


def _products(session: Session, events: Iterable[LoggedEvent], names: Collection[str]) -> set[str]:
    """Products these events are about, their parts and the kits they are in; all that are waited for when one event
    named too many to tell, or every product."""
    told = [e for e in events if e.name in names]
    keys: list[list[list[Any]]] = [e.data.get("keys", []) for e in told]
    products = {str(key[0]) for some in keys for key in some}
    if "" in products or any(len(k) >= NAMED_BY_EVENT for k in keys):
        return _all_waiting(session)
    orders = [e.root_id for e in told if e.name in CAME_FREE]
    query = "SELECT DISTINCT product FROM orders.order_line WHERE order_id = ANY(%s)"
    products |= {row[0] for row in fetch(session, query, (orders,))} if orders else set()
    parts = {part for made_of in kit_parts(session, products).values() for part in made_of}
    return products | parts | kits_with(session, products | parts)


def _all_waiting(session: Session) -> set[str]:
    return {row[0] for row in fetch(session, "SELECT DISTINCT product FROM orders.waiting_line")}


def release_for(
    session: Session, products: Collection[str], now: datetime, *, pages: int | None = None
) -> list[UUID]:
    """
    Release orders that wait for these products, oldest first, as far as the stock of this moment covers every line
    they still need. That stock is held for their lines until they are sourced: nobody else can take it meanwhile.
    `pages` ends the look early.
    """
    queue = Queue(session)
    there = _any_free(session, products, queue.views)
    if not there:
        return []
    after: tuple[datetime, UUID] | None = None
    for _ in count() if pages is None else range(pages):
        page = fetch(
            session,
            "SELECT order_id, min(since) AS since FROM orders.waiting_line WHERE state = 'waiting'"
            " AND kind = 'backorder' AND product = ANY(%s) GROUP BY order_id"
            " HAVING %s::timestamptz IS NULL OR (min(since), order_id) > (%s::timestamptz, %s::uuid)"
            " ORDER BY 2, 1 LIMIT %s",
            (sorted(there), *((after[0], *after) if after else (None, None, None)), PAGE),
        )
        ids = [row[0] for row in page]
        held_by_hand = {i for i, order in lock_orders(session, ids).items() if order.held}
        queue.cover(ids, but=held_by_hand)
        if len(page) < PAGE or not queue.anything_left():
            break
        after = (page[-1][1], page[-1][0])
    held = queue.hold(now)
    return _let_go(session, held, held, "stock arrived", now)


def _any_free(session: Session, products: Collection[str], views: Views) -> set[str]:
    """Those of the products of which anything is free to anybody; all of them where channels see different stock."""
    if views.matter or not products:
        return set(products)
    return {product for product, _ in available(session, products)}


class Queue:
    """Waiting orders taken in turn: which of them the stock of the moment covers, and from where."""

    def __init__(self, session: Session) -> None:
        self.session, self.views = session, Views(session)
        self.lines: dict[UUID, LockedLine] = {}
        self.requesters: dict[UUID, Requester] = {}
        self.placed: Placed = {}

    def cover(self, order_ids: Sequence[UUID], *, but: Collection[UUID] = ()) -> None:
        """Have these orders, the oldest first, take what they need out of the views. Locks them, and no stock."""
        lines = unsourced(self.session, order_ids)
        waiting = self.views.queue(lines, [i for i in order_ids if i not in but])
        _drop(self.session, [i for i in order_ids if i not in lines])
        self.lines |= {line.id: line for some in lines.values() for line in some}
        self.requesters |= {one.order_id: one.requester for one in waiting}
        self.placed |= covered(self.views.known, waiting)

    def anything_left(self) -> bool:
        return any(
            any(units.values()) for view in self.views.known.values() for units in view.values()
        )

    def hold(self, now: datetime) -> list[UUID]:
        """Reserve for each line of the covered orders what it was given, for the time being; the orders that have it.

        Stock may have gone since it was looked at: an order that lost any of it gets none.
        """
        if not self.placed:
            return []
        numbers = dict(
            fetch(
                self.session,
                "SELECT id, number FROM orders.order WHERE id = ANY(%s)",
                (list(self.placed),),
            )
        )
        until = now + timedelta(minutes=order_preferences(self.session).hold_minutes)
        has = backorder_reserved(self.session, self.lines, now, also_for_good=True)
        wanted = [
            (order, need, source)
            for order, needs in self.placed.items()
            for need, source in needs
            if sum(has.get(need.line_id, {}).values())
            < self.lines[need.line_id].open + self.lines[need.line_id].released
        ]
        asks = []
        for order, need, source in wanted:
            line, (channel, group) = self.lines[need.line_id], self.requesters[order]
            asks.append(
                StockReservationRequest(
                    *(
                        line.id,
                        line.product,
                        source,
                        line.open,
                        numbers[order],
                        until,
                        channel,
                        group,
                    )
                )
            )
        granted = reserve(self.session, asks, now, CONSUMER)
        lost = {order for (order, _, _), ok in zip(wanted, granted, strict=True) if not ok}
        back = [
            ask.line_id for ask, (order, _, _) in zip(asks, wanted, strict=True) if order in lost
        ]
        release_backorder_reservations(self.session, back, now, CONSUMER, "not all lines on hand")
        return [order for order in self.placed if order not in lost]


def _let_go(
    session: Session, order_ids: Sequence[UUID], held: Collection[UUID], because: str, now: datetime
) -> list[UUID]:
    """Tell orders to go on; those that may. What is held for the others is given back."""
    gone = tell_released(session, order_ids, because, now)
    stay = set(held).difference(gone)
    lines = [line.id for some in unsourced(session, stay).values() for line in some] if stay else []
    release_backorder_reservations(session, lines, now, CONSUMER, "the order may not go on")
    return gone


def tell_released(
    session: Session,
    order_ids: Sequence[UUID],
    because: str,
    now: datetime,
    *,
    actor: str = CONSUMER,
) -> list[UUID]:
    """Raise `order.backorder_hold_released` on orders; those that may go on."""
    raises = [EventRequest(i, RELEASED, data={"because": because}) for i in order_ids]
    outcomes = raise_order_events(session, raises, now, actor)
    gone = [i for i, outcome in zip(order_ids, outcomes, strict=True) if outcome.ok]
    execute(
        session,
        "UPDATE orders.waiting_line SET state = 'released', released_at = %s WHERE order_id = ANY(%s)",
        (now, gone),
    )
    return gone


def _launch_due(session: Session, now: datetime) -> list[UUID]:
    """Orders whose last preordered product is launched go on; without stock they become backorders."""
    found = [
        row[0]
        for row in fetch(
            session,
            "SELECT DISTINCT w.order_id FROM orders.waiting_line w JOIN orders.order_state s USING (order_id)"
            " WHERE w.state = 'waiting' AND w.kind = 'preorder' AND w.launch_date <= %s AND NOT s.held LIMIT %s",
            (now.date(), PAGE),
        )
    ]
    if not found:
        return []
    orders = lock_orders(session, found)
    rows = fetch(
        session,
        "SELECT order_id FROM orders.waiting_line WHERE state = 'waiting' AND kind = 'preorder' AND order_id = ANY(%s)"
        " GROUP BY order_id HAVING max(launch_date) <= %s ORDER BY min(since), order_id",
        (sorted(orders), now.date()),
    )
    ready = [row[0] for row in rows if not orders[row[0]].held]
    queue = Queue(session)
    queue.cover(ready)
    return _let_go(session, ready, queue.hold(now), "launched", now)


def drop_settled(session: Session, order_ids: Sequence[UUID], now: datetime) -> None:
    """Lines that need nothing more do not wait. An order on hold for them alone goes on with what it still needs."""
    if not order_ids:
        return
    needed = unsourced(session, order_ids)
    dropped = fetch(
        session,
        "DELETE FROM orders.waiting_line WHERE order_id = ANY(%s) AND line_id <> ALL(%s::uuid[]) RETURNING order_id",
        (list(order_ids), sorted(line.id for some in needed.values() for line in some)),
    )
    query = "SELECT DISTINCT order_id FROM orders.waiting_line WHERE order_id = ANY(%s)"
    still = {row[0] for row in fetch(session, query, (list(order_ids),))} if dropped else set()
    orders = lock_orders(session, {row[0] for row in dropped} & needed.keys() - still)
    stuck = [i for i, order in orders.items() if order.state == ON_HOLD and not order.held]
    tell_released(session, stuck, "the rest goes on without what was canceled", now)


def _drop(session: Session, order_ids: Sequence[UUID]) -> None:
    if order_ids:
        execute(
            session, "DELETE FROM orders.waiting_line WHERE order_id = ANY(%s)", (list(order_ids),)
        )


def refresh_dates(session: Session, products: Collection[str], now: datetime) -> None:
    """Promise waiting lines anew, the oldest first, because the schedule or the stock moved."""
    rows = fetch(
        session,
        "SELECT line_id, order_id FROM orders.waiting_line WHERE state = 'waiting' AND kind = 'backorder'"
        " AND product = ANY(%s) ORDER BY since, line_id LIMIT %s",
        (sorted(products), REFRESHED),
    )
    if not rows:
        return
    lines = {
        line.id: line
        for some in unsourced(session, {row[1] for row in rows}).values()
        for line in some
    }
    needs = needs_of(session, [lines[row[0]] for row in rows if row[0] in lines])
    promised = promises(
        session, Views(session), [(need, lines[i].order_id) for i, need in needs.items()], now
    )
    execute(
        session,
        "UPDATE orders.waiting_line w SET available_on = d.day, confidence = d.confidence"
        " FROM unnest(%s::uuid[], %s::date[], %s::numeric[]) AS d(id, day, confidence) WHERE w.line_id = d.id"
        " AND (w.available_on, w.confidence) IS DISTINCT FROM (d.day, d.confidence)",
        (
            list(needs),
            [p.day if p else None for p in promised],
            [p.confidence if p else None for p in promised],
        ),
    )
