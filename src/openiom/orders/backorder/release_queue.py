"""Release waiting orders that the available stock covers, the oldest first."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
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
from openiom.orders.locked_rows import LockedLine
from openiom.orders.locks import lock_orders, without_manual_hold
from openiom.orders.order_batch import ids_of, missing_keys
from openiom.orders.service.apply_events import event_requests, raise_order_events
from openiom.orders.states import ON_HOLD, WAIT_ENDED
from openiom.orders.summaries import order_summaries
from openiom.platform.bulk import execute, fetch, fetch_column

from .configuration import order_preferences
from .decisions import Need, Placements, Requester, covered_orders
from .demand import AvailabilityViews, flatten, unsourced_lines
from .expiry import RELEASED_WITHOUT_REST
from .place_on_hold import remove_waiting_lines

ACTOR = "backorder"
PAGE_SIZE = 500


def release_for(
    session: Session, products: Collection[str], now: datetime, *, max_pages: int | None = None
) -> list[UUID]:
    """Release orders that wait for these products as far as the stock covers all they need.

    The oldest orders are released first. Their stock is reserved until they are sourced, so that no
    other order can get it meanwhile. `max_pages` limits how much of the queue is read.
    """
    queue = ReleaseQueue(session)
    in_stock = _products_in_stock(session, products, queue.views)
    if not in_stock:
        return []

    after: tuple[datetime, UUID] | None = None
    for page_number in count(1):
        page = _waiting_page(session, in_stock, after)
        queue.cover([order_id for order_id, _ in page])
        if len(page) < PAGE_SIZE or page_number == max_pages or not queue.has_stock_left():
            break

        last_id, last_since = page[-1]
        after = (last_since, last_id)

    reserved = queue.reserve(now)
    return release_reserved(session, reserved, reserved, "stock arrived", now)


def _products_in_stock(
    session: Session, products: Collection[str], views: AvailabilityViews
) -> set[str]:
    """Return the products of which any unit is available, or all where channels see other stock."""
    if not products or views.channels_matter:
        return set(products)
    return {product for product, _ in available(session, products)}


def _waiting_page(
    session: Session, products: Collection[str], after: tuple[datetime, UUID] | None
) -> list[tuple[Any, ...]]:
    """Return (order id, since) of backordered orders after one, the oldest first."""
    since, order_id = after or (None, None)
    return fetch(
        session,
        "SELECT order_id, min(since) AS since FROM orders.waiting_line WHERE state = 'waiting'"
        " AND kind = 'backorder' AND product = ANY(%(products)s) GROUP BY order_id"
        " HAVING %(since)s::timestamptz IS NULL"
        " OR (min(since), order_id) > (%(since)s::timestamptz, %(order_id)s::uuid)"
        " ORDER BY 2, 1 LIMIT %(limit)s",
        {"products": sorted(products), "since": since, "order_id": order_id, "limit": PAGE_SIZE},
    )


@dataclass
class ReleaseQueue:
    """Waiting orders in the order of the queue, and which of them the stock covers from where."""

    session: Session
    views: AvailabilityViews = field(init=False)
    lines: dict[UUID, LockedLine] = field(default_factory=dict)
    requesters: dict[UUID, Requester] = field(default_factory=dict)
    placements: Placements = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.views = AvailabilityViews(self.session)

    def cover(self, order_ids: Sequence[UUID]) -> None:
        """Place these orders, the oldest first, as far as the stock reaches.

        Locks the orders and no stock. Orders that need nothing any more stop waiting; orders on
        manual hold are skipped.
        """
        releasable = without_manual_hold(self.session, order_ids)
        lines = unsourced_lines(self.session, order_ids)
        waiting = self.views.waiting_orders(lines, releasable)
        remove_waiting_lines(self.session, missing_keys(lines, order_ids))

        for line in flatten(lines):
            self.lines[line.id] = line

        for order in waiting:
            self.requesters[order.order_id] = order.requester

        self.placements |= covered_orders(self.views.views, waiting)

    def has_stock_left(self) -> bool:
        """Whether any view has units left for orders further back in the queue."""
        for view in self.views.views.values():
            if any(any(sources.values()) for sources in view.values()):
                return True
        return False

    def reserve(self, now: datetime) -> list[UUID]:
        """Reserve the stock of covered orders until they are sourced; return those that got it.

        Another transaction may have reserved some of it since it was read: an order that misses any
        line reserves nothing.
        """
        if not self.placements:
            return []

        order_ids: list[UUID] = []
        requests: list[StockReservationRequest] = []
        numbers = order_summaries(self.session, list(self.placements))
        minutes = order_preferences(self.session).hold_minutes
        expires_at = now + timedelta(minutes=minutes)
        reserved = backorder_reserved(self.session, self.lines, now, include_permanent=True)

        for order_id, placed in self.placements.items():
            for placement in placed:
                line = self.lines[placement.need.line_id]
                units = sum(reserved.get(line.id, {}).values())
                if units >= line.in_stock(line.open + line.in_fulfillment):
                    continue

                order_ids.append(order_id)
                requests.append(
                    self._request(
                        order_id,
                        placement.need,
                        placement.source,
                        numbers[order_id].number,
                        expires_at,
                    )
                )

        granted = reserve(self.session, requests, now, ACTOR)
        missed = {i for i, ok in zip(order_ids, granted, strict=True) if not ok}
        self._release(order_ids, requests, missed, now)
        return [order_id for order_id in self.placements if order_id not in missed]

    def _request(
        self, order_id: UUID, need: Need, source: str, order_number: str, expires_at: datetime
    ) -> StockReservationRequest:
        line = self.lines[need.line_id]
        channel, customer_group = self.requesters[order_id]
        return StockReservationRequest(
            line.id,
            line.product,
            source,
            line.in_stock(line.open),
            order_number,
            expires_at,
            channel,
            customer_group,
        )

    def _release(
        self,
        order_ids: Sequence[UUID],
        requests: Sequence[StockReservationRequest],
        missed: Collection[UUID],
        now: datetime,
    ) -> None:
        line_ids: list[UUID] = []
        for order_id, request in zip(order_ids, requests, strict=True):
            if order_id in missed:
                line_ids.append(request.line_id)

        release_backorder_reservations(self.session, line_ids, now, ACTOR, "not all lines on hand")


def release_reserved(
    session: Session,
    order_ids: Sequence[UUID],
    reserved: Collection[UUID],
    because: str,
    now: datetime,
) -> list[UUID]:
    """Release orders from waiting; return those that may leave their hold.

    The stock reserved for the others is released.
    """
    released = release_waiting_orders(session, order_ids, because, now)
    refused = set(reserved).difference(released)
    line_ids: list[UUID] = []
    if refused:
        line_ids = ids_of(flatten(unsourced_lines(session, refused)))

    release_backorder_reservations(session, line_ids, now, ACTOR, "the order cannot be released")
    return released


def release_waiting_orders(
    session: Session,
    order_ids: Sequence[UUID],
    because: str,
    now: datetime,
    *,
    actor: str = ACTOR,
) -> list[UUID]:
    """Release orders from waiting for stock or a launch; return those that may leave their hold."""
    requests = event_requests(order_ids, WAIT_ENDED, because=because)
    outcomes = raise_order_events(session, requests, now, actor)
    released = [i for i, outcome in zip(order_ids, outcomes, strict=True) if outcome.ok]
    execute(
        session,
        "UPDATE orders.waiting_line SET state = 'released', released_at = %s"
        " WHERE order_id = ANY(%s)",
        (now, released),
    )
    return released


def remove_satisfied(session: Session, order_ids: Sequence[UUID], now: datetime) -> None:
    """Remove waiting lines that need nothing more.

    An order that was on hold for such lines only is released with what it still needs. Lines that
    are released already stay until their order is sourced.
    """
    if not order_ids:
        return

    unsourced = unsourced_lines(session, order_ids)
    needed = sorted(ids_of(flatten(unsourced)))
    shortened = fetch_column(
        session,
        "DELETE FROM orders.waiting_line WHERE order_id = ANY(%s) AND state = 'waiting'"
        " AND line_id <> ALL(%s::uuid[]) RETURNING order_id",
        (list(order_ids), needed),
    )
    candidates = unsourced.keys() & shortened
    if not candidates:
        return

    still_waiting = fetch_column(
        session,
        "SELECT DISTINCT order_id FROM orders.waiting_line WHERE order_id = ANY(%s)",
        (sorted(candidates),),
    )
    released: list[UUID] = []
    for order_id, order in lock_orders(session, candidates.difference(still_waiting)).items():
        if order.state == ON_HOLD and not order.manual_hold:
            released.append(order_id)

    release_waiting_orders(session, released, RELEASED_WITHOUT_REST, now)
