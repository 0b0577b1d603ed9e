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

from openiom.inventory_visibility import available
from openiom.master_data import kit_parts, kits_with
from openiom.orders.locks import lock_orders
from openiom.orders.service.raise_events import raise_order_events
from openiom.orders.states import ON_HOLD, RELEASED
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database
from openiom.platform.events import EVENTS_WAKE, LoggedEvent, ensure_consumer, read_new
from openiom.platform.waves import Ran
from openiom.provider_contract import Raise

from .decisions import covered
from .expiring import cancel_expired
from .needs import Views, needs_of, unsourced
from .waiting import promises

CONSUMER = "backorder"
STOCK_CAME = ("inventory.changed", "inventory.received")
DATES_MOVED = "inventory.scheduled"
CAME_FREE = (
    *("order.cancel", "order.release", "order.fulfillment_declined", "order.partially_declined"),
    "order_line.canceled",
)
EXPIRED = "reservation.expired"
NAMES = frozenset((*STOCK_CAME, DATES_MOVED, *CAME_FREE, EXPIRED))
NAMED_BY_EVENT = 500
ON_ITS_WAY = timedelta(minutes=10)
"""How long a released order counts as one that will take its stock; after that a person looks at it."""
SWEEP = timedelta(minutes=5)
"""How often all who wait are looked at, for stock that came free without an event: a policy, an outside unreserve."""
PAGE = 500
REFRESHED = 5_000


@dataclass
class ReleaseTurn:
    """A turn. Only one process reads for the consumer at a time; the others pass."""

    kind: str = EVENTS_WAKE
    _ready: bool = False
    _swept: datetime | None = None

    def run_once(self, database: Database, *, limit: int, now: datetime) -> Ran:
        with database.unit_of_work() as session:
            if not self._ready:
                ensure_consumer(session, CONSUMER)
            events, more = read_new(session, consumer=CONSUMER, names=NAMES, limit=limit)
            acted = len(_launch_due(session, now)) + len(cancel_expired(session, now, actor=CONSUMER))
            if events and _anybody_waits(session):
                drop_settled(session, [e.root_id for e in events if e.name in CAME_FREE], now)
                acted += len(release_for(session, _products(session, events, NAMES - {DATES_MOVED}), now))
                refresh_dates(session, _products(session, events, (*STOCK_CAME, DATES_MOVED)), now)
            if now - (self._swept or now) >= SWEEP:
                acted += len(release_for(session, _all_waiting(session), now))
        self._ready = True
        if self._swept is None or now - self._swept >= SWEEP:
            self._swept = now
        return Ran(len(events) + acted, more)


def _anybody_waits(session: Session) -> bool:
    return bool(fetch(session, "SELECT 1 FROM orders.waiting_line LIMIT 1"))


def _products(session: Session, events: Iterable[LoggedEvent], names: Collection[str]) -> set[str]:
    """Products these events are about, their parts and the kits they are in; all that are waited for when one event
    named too many to tell."""
    told = [e for e in events if e.name in names]
    keys: list[list[list[Any]]] = [e.data.get("keys", []) for e in told]
    if any(len(k) >= NAMED_BY_EVENT for k in keys):
        return _all_waiting(session)
    products = {str(key[0]) for some in keys for key in some}
    products |= {str(e.data["product"]) for e in told if e.name == EXPIRED}
    orders = [e.root_id for e in told if e.name in CAME_FREE]
    query = "SELECT DISTINCT product FROM orders.order_line WHERE order_id = ANY(%s)"
    products |= {row[0] for row in fetch(session, query, (orders,))} if orders else set()
    parts = {part for made_of in kit_parts(session, products).values() for part in made_of}
    return products | parts | kits_with(session, products | parts)


def _all_waiting(session: Session) -> set[str]:
    return {row[0] for row in fetch(session, "SELECT DISTINCT product FROM orders.waiting_line")}


def release_for(session: Session, products: Collection[str], now: datetime, *, pages: int | None = None) -> list[UUID]:
    """
    Release orders that wait for these products, oldest first, as far as the stock of this moment covers every line
    they still need. What was released before and has no source yet counts as taken. `pages` ends the look early.
    """
    views = Views(session)
    there = _any_free(session, products, views)
    if not there:
        return []
    _on_their_way(session, views, now)
    released: list[UUID] = []
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
        released += _release_page(session, [row[0] for row in page], views, now)
        if len(page) < PAGE or not any(any(units.values()) for view in views.known.values() for units in view.values()):
            break
        after = (page[-1][1], page[-1][0])
    return released


def _any_free(session: Session, products: Collection[str], views: Views) -> set[str]:
    """Those of the products of which anything is free to anybody; all of them where channels see different stock."""
    if views.matter or not products:
        return set(products)
    return {product for product, _ in available(session, products)}


def _release_page(session: Session, order_ids: Sequence[UUID], views: Views, now: datetime) -> list[UUID]:
    """Of one page of waiting orders, those that are covered, told to go on."""
    lines = unsourced(session, order_ids)
    held = {i for i, order in lock_orders(session, order_ids).items() if order.held}
    waiting = views.queue(lines, [i for i in order_ids if i not in held])
    _drop(session, [i for i in order_ids if i not in lines])
    return tell_released(session, covered(views.known, waiting), "stock arrived", now)


def _on_their_way(session: Session, views: Views, now: datetime) -> None:
    """Have everybody who was released a moment ago take theirs out of the views."""
    rows = fetch(
        session,
        "SELECT order_id FROM orders.waiting_line WHERE state = 'released' AND released_at > %s"
        " GROUP BY order_id ORDER BY min(since), order_id",
        (now - ON_ITS_WAY,),
    )
    ids = [row[0] for row in rows]
    lines = unsourced(session, ids)
    covered(views.known, views.queue(lines, ids))
    _drop(session, [i for i in ids if i not in lines])


def tell_released(
    session: Session, order_ids: Sequence[UUID], because: str, now: datetime, *, actor: str = CONSUMER
) -> list[UUID]:
    """Raise `order.backorder_released` on orders; those that may go on."""
    raises = [Raise(i, RELEASED, data={"because": because}) for i in order_ids]
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
        " GROUP BY order_id HAVING max(launch_date) <= %s",
        (sorted(orders), now.date()),
    )
    ready = [row[0] for row in rows if not orders[row[0]].held]
    return tell_released(session, ready, "launched", now)


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
        execute(session, "DELETE FROM orders.waiting_line WHERE order_id = ANY(%s)", (list(order_ids),))


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
    lines = {line.id: line for some in unsourced(session, {row[1] for row in rows}).values() for line in some}
    needs = needs_of(session, [lines[row[0]] for row in rows if row[0] in lines])
    promised = promises(session, list(needs.values()), now)
    execute(
        session,
        "UPDATE orders.waiting_line w SET available_on = d.day, confidence = d.confidence"
        " FROM unnest(%s::uuid[], %s::date[], %s::numeric[]) AS d(id, day, confidence) WHERE w.line_id = d.id"
        " AND (w.available_on, w.confidence) IS DISTINCT FROM (d.day, d.confidence)",
        (list(needs), [p.day if p else None for p in promised], [p.confidence if p else None for p in promised]),
    )
