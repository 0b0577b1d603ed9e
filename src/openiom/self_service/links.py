"""Links that open one order for its customer: issue, open and revoke them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from openiom.kernel import Event, Expired, NotFound
from openiom.orders import order_summaries
from openiom.platform.bulk import execute
from openiom.platform.events import append_events
from openiom.platform.signed_links import SignedLinks

from .event_titles import LINK_CREATED, LINKS_REVOKED
from .models import RevokedLinks

PURPOSE = "orders"
_REVOKE = """
INSERT INTO self_service.revoked_links AS r (order_id, revoked_at, revoked_by)
SELECT id, %s, %s FROM unnest(%s::uuid[]) AS id ORDER BY id
ON CONFLICT (order_id) DO UPDATE
SET revoked_at = excluded.revoked_at, revoked_by = excluded.revoked_by
"""


@dataclass(frozen=True, slots=True)
class CustomerLink:
    """The address of an order for its customer, and until when it opens."""

    token: str
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """The address that customers reach, and for how long links are valid."""

    public_url: str
    valid_for: timedelta

    def issue(self, links: SignedLinks, order_id: UUID, now: datetime) -> CustomerLink:
        """Return a link that opens an order from now on."""
        expires_at = now + self.valid_for
        token = links.token(PURPOSE, str(order_id), expires_at=expires_at, issued_at=now)
        return CustomerLink(token, f"{self.public_url}/track/{token}", expires_at)


def opened_order(session: Session, links: SignedLinks, token: str, now: datetime) -> UUID:
    """Return the id of the order that a token opens. Raise `NotFound` or `Expired`."""
    opened = links.open(PURPOSE, token, now=now)
    try:
        order_id = UUID(opened.subject)
    except ValueError:
        raise _not_valid() from None

    if order_id not in order_summaries(session, [order_id]):
        raise _not_valid()

    _require_unrevoked(session, order_id, opened.issued_at)
    return order_id


def _require_unrevoked(session: Session, order_id: UUID, issued_at: datetime | None) -> None:
    """Raise `Expired` for a link from before the links of an order were revoked."""
    query = select(RevokedLinks.revoked_at).where(RevokedLinks.order_id == order_id)
    revoked_at = session.scalar(query)
    if revoked_at is None or (issued_at is not None and issued_at > revoked_at):
        return
    raise Expired("this link is no longer valid", remedy="request a new link")


def _not_valid() -> NotFound:
    return NotFound("this link is not valid", remedy="request a new link")


def record_links(session: Session, ids: Sequence[UUID], now: datetime, actor: str) -> None:
    """Publish that links of orders were created. Raise `NotFound` for an unknown order."""
    _publish(session, LINK_CREATED, ids, now, actor)


def revoke_links(session: Session, ids: Sequence[UUID], now: datetime, actor: str) -> None:
    """Revoke every link of these orders that was issued until now. Raise `NotFound`."""
    _publish(session, LINKS_REVOKED, ids, now, actor)
    execute(session, _REVOKE, (now, actor, list(ids)))


def _publish(session: Session, name: str, ids: Sequence[UUID], now: datetime, actor: str) -> None:
    known = order_summaries(session, ids)
    for order_id in ids:
        if order_id not in known:
            raise NotFound(f"no order {order_id}", remedy="look it up in the list of orders")

    events: list[Event] = []
    for order_id in ids:
        events.append(
            Event(name=name, subject_type="order", subject_id=order_id, root_id=order_id, data={})
        )
    append_events(session, events, at=now, actor=actor)
