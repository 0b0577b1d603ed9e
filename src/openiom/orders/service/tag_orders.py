"""Tags: short words by which users group orders. Many orders are tagged at once."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import Invalid
from openiom.orders.events import order_event
from openiom.orders.models import MAX_TAGS
from openiom.orders.order_batch import flush_new
from openiom.platform.bulk import escape_like, fetch, fetch_as, fetch_column
from openiom.platform.events import append_events
from openiom.provider_contract import Outcome

TAGGED = "order.tagged"
MAX_TAG = 40
"""Most characters of a tag."""
SUGGESTIONS = 50

_REMOVE = """
DELETE FROM orders.order_tag WHERE order_id = ANY(%s::uuid[]) AND tag = ANY(%s) RETURNING order_id
"""
_ADD = """
INSERT INTO orders.order_tag (tag, order_id, tagged_at, tagged_by)
SELECT tag, id, %s, %s FROM unnest(%s::uuid[]) AS o(id) CROSS JOIN unnest(%s::text[]) AS t(tag)
ON CONFLICT DO NOTHING RETURNING order_id
"""
_FULL = """
SELECT order_id FROM orders.order_tag WHERE order_id = ANY(%s::uuid[])
GROUP BY 1 HAVING count(*) > %s
"""

USED_TAGS = """
WITH RECURSIVE used AS (
  (SELECT tag FROM orders.order_tag WHERE tag LIKE %(beginning)s ORDER BY tag LIMIT 1)
  UNION ALL
  SELECT (SELECT o.tag FROM orders.order_tag o WHERE o.tag > u.tag AND o.tag LIKE %(beginning)s
          ORDER BY o.tag LIMIT 1)
  FROM used u WHERE u.tag IS NOT NULL
)
SELECT u.tag,
       (SELECT count(*) FROM (
          SELECT FROM orders.order_tag o WHERE o.tag = u.tag LIMIT 1000) c) AS orders
FROM used u WHERE u.tag IS NOT NULL LIMIT %(limit)s
"""


class UsedTag(NamedTuple):
    """A tag and the number of orders that have it, `limit` of `used_tags` at most."""

    tag: str
    orders: int


def checked_tags(tags: Iterable[str], *, where: str) -> list[str]:
    """Return tags in lower case without surrounding space, each once. Raise `Invalid`."""
    checked: list[str] = []
    for index, given in enumerate(tags):
        tag = " ".join(given.lower().split())
        if not tag or len(tag) > MAX_TAG or "," in tag:
            raise Invalid(
                f"{given!r} is not a tag",
                where=f"{where}[{index}]",
                remedy=f"use 1 to {MAX_TAG} characters without a comma",
            )

        checked.append(tag)

    return list(dict.fromkeys(checked))


def tag_orders(
    session: Session,
    order_ids: Sequence[UUID],
    now: datetime,
    actor: str,
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
) -> list[Outcome]:
    """Remove tags from orders and add others; return one outcome for each order.

    Raise `Invalid` for a tag that is not possible, and when an order would have too many.
    """
    added = checked_tags(add, where="add")
    removed = checked_tags(remove, where="remove")
    flush_new(session)
    # The lock keeps two requests from filling one order beyond the limit.
    known = fetch_column(
        session,
        "SELECT id FROM orders.order WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
        (list(order_ids),),
    )
    changed: set[UUID] = set()
    for query, parameters in (
        (_REMOVE, (known, removed)),
        (_ADD, (now, actor, known, added)),
    ):
        rows: list[tuple[UUID]] = fetch(session, query, parameters)
        changed.update(row[0] for row in rows)

    _refuse_too_many(session, known)
    data = {"added": added, "removed": removed}
    events = [order_event(TAGGED, order_id, data) for order_id in known if order_id in changed]
    append_events(session, events, at=now, actor=actor)
    return _outcomes(order_ids, set(known))


def _refuse_too_many(session: Session, order_ids: Sequence[UUID]) -> None:
    full = fetch_column(session, _FULL, (list(order_ids), MAX_TAGS))
    if full:
        raise Invalid(
            f"{len(full)} of the orders would have more than {MAX_TAGS} tags",
            where="add",
            remedy="remove tags first",
        )


def _outcomes(order_ids: Sequence[UUID], known: set[UUID]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for order_id in order_ids:
        found = order_id in known
        outcomes.append(Outcome(found, "" if found else "there is no such order"))
    return outcomes


def used_tags(session: Session, *, beginning: str = "", limit: int = SUGGESTIONS) -> list[UsedTag]:
    """Return the tags that orders have, by name, with the number of their orders (1,000 at most).

    The tags are read by skipping from one to the next in the index, however many orders have each.
    """
    return fetch_as(
        session,
        UsedTag,
        USED_TAGS,
        {"beginning": f"{escape_like(beginning.lower())}%", "limit": limit},
    )
