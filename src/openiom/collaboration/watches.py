"""The orders that users watch, and what is new about them since each user last looked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from openiom.kernel import NotFound
from openiom.orders import OrderSummary, order_summaries
from openiom.platform.events import LoggedEvent, latest_events

from .models import Watch

MAX_WATCHED = 200
"""Most watched orders that are listed, those watched last."""


@dataclass(frozen=True, slots=True)
class WatchedOrder:
    """An order that a user watches, its last event, and whether the user has not seen it yet."""

    order: OrderSummary
    latest: LoggedEvent | None
    news: bool


def watch(session: Session, order_id: UUID, watcher: str, now: datetime) -> None:
    """Watch an order from now on; it is no error when it is watched already. Raise `NotFound`."""
    if order_id not in order_summaries(session, [order_id]):
        raise NotFound(f"no order {order_id}", remedy="look it up in the list of orders")
    add_watchers(session, [order_id], [watcher], now)


def add_watchers(
    session: Session, order_ids: Collection[UUID], watchers: Collection[str], now: datetime
) -> None:
    """Make every one of these users watch every one of these orders."""
    rows = [
        {"watcher": watcher, "order_id": order_id, "since": now, "seen_at": now}
        for order_id in order_ids
        for watcher in watchers
    ]
    if rows:
        session.execute(insert(Watch).on_conflict_do_nothing(), rows)


def unwatch(session: Session, order_id: UUID, watcher: str) -> None:
    """Stop watching an order; it is no error when it is not watched."""
    session.execute(delete(Watch).where(Watch.watcher == watcher, Watch.order_id == order_id))


def mark_seen(session: Session, order_id: UUID, watcher: str, now: datetime) -> None:
    """Note that a user has looked at a watched order; nothing of it is new any more."""
    session.execute(
        update(Watch)
        .where(Watch.watcher == watcher, Watch.order_id == order_id, Watch.seen_at < now)
        .values(seen_at=now)
    )


def watchers_of(session: Session, order_id: UUID) -> list[str]:
    """Return the users who watch an order, those who have watched it longest first."""
    query = (
        select(Watch.watcher).where(Watch.order_id == order_id).order_by(Watch.since, Watch.watcher)
    )
    return list(session.scalars(query))


def watched_orders(session: Session, watcher: str) -> list[WatchedOrder]:
    """Return the orders that a user watches: those with news first, then the latest event."""
    query = (
        select(Watch)
        .where(Watch.watcher == watcher)
        .order_by(Watch.since.desc())
        .limit(MAX_WATCHED)
    )
    watches = session.scalars(query).all()
    ids = [one.order_id for one in watches]
    summaries = order_summaries(session, ids)
    latest = latest_events(session, ids)

    watched: list[WatchedOrder] = []
    for one in watches:
        event = latest.get(one.order_id)
        news = event is not None and _is_news(event, one)
        watched.append(WatchedOrder(summaries[one.order_id], event, news))

    return _newest_first(watched)


def _is_news(event: LoggedEvent, watch: Watch) -> bool:
    return event.occurred_at > watch.seen_at and event.actor != watch.watcher


def _newest_first(watched: Sequence[WatchedOrder]) -> list[WatchedOrder]:
    return sorted(watched, key=_last_event_of, reverse=True)


def _last_event_of(watched: WatchedOrder) -> tuple[bool, int]:
    return watched.news, watched.latest.id if watched.latest else 0
