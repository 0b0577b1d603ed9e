"""All locks of this package, in the one order they are taken: orders by id, then stock.

The lock of an order's `order_state` row covers the order and its lines. What is locked is kept in
the transaction's `OrderBatch` and not read again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import sorted_ids
from openiom.platform.bulk import fetch, fetch_as, fetch_column

from .locked_rows import LockedLine, LockedOrder
from .order_batch import OrderBatch, flush_lines, flush_orders, missing_keys, order_batch, subset
from .states import IN_FULFILLMENT, SOURCED

OPTIMIZED = "optimized"
"""The reason of a line's source when the optimizer chose it, not a policy or a person."""

_ORDER = "order_id AS id, state, reason, manual_hold, previous_state, previous_reason"
_LINE = (
    "id, order_id, line_number, product, unit, quantity, state, state_reason, source,"
    " source_reason, in_fulfillment, shipped, canceled, requested_delivery_date, unit_decimals,"
    " stock_per_step, stock_decimals, variant, delivery, returned, in_return"
)


def lock_orders(session: Session, ids: Iterable[UUID]) -> dict[UUID, LockedOrder]:
    """Return these orders, locked until the transaction ends. Unknown ids are absent."""
    batch = order_batch(session)
    wanted = sorted_ids(ids)
    missing = missing_keys(batch.orders, wanted)
    if missing:
        batch.add_orders(
            fetch_as(
                session,
                LockedOrder,
                f"SELECT {_ORDER} FROM orders.order_state"
                " WHERE order_id = ANY(%s) ORDER BY order_id FOR UPDATE",
                (missing,),
            )
        )

    return subset(batch.orders, wanted)


def without_manual_hold(session: Session, ids: Iterable[UUID]) -> list[UUID]:
    """Lock these orders and return those that are not on manual hold, in the order of `ids`."""
    wanted = list(ids)
    orders = lock_orders(session, wanted)
    return [i for i in dict.fromkeys(wanted) if i in orders and not orders[i].manual_hold]


def share_manual_holds(session: Session, ids: Iterable[UUID]) -> set[UUID]:
    """Return those of these orders that are on manual hold, which stays until the transaction ends.

    Orders without one are not locked.
    """
    flush_orders(session)
    query = (
        "SELECT order_id FROM orders.order_state WHERE order_id = ANY(%s) AND manual_hold"
        " ORDER BY order_id FOR SHARE"
    )
    return set(fetch_column(session, query, (sorted_ids(ids),)))


def lock_lines(
    session: Session, ids: Iterable[UUID]
) -> tuple[dict[UUID, LockedOrder], dict[UUID, LockedLine]]:
    """Return these lines and their orders, which are locked first. Unknown ids are absent."""
    wanted = sorted_ids(ids)
    owners = _owners(session, wanted)
    orders = lock_orders(session, owners)
    lines = {line.id: line for line in lines_of_orders(session, owners)}
    return orders, subset(lines, wanted)


def _owners(session: Session, line_ids: Sequence[UUID]) -> set[UUID]:
    """Return the orders these lines belong to."""
    batch = order_batch(session)
    unknown = missing_keys(batch.order_of_line, line_ids)
    if unknown:
        query = "SELECT id, order_id FROM orders.order_line WHERE id = ANY(%s)"
        batch.order_of_line.update(fetch(session, query, (unknown,)))
    return set(subset(batch.order_of_line, line_ids).values())


def lines_of_orders(session: Session, order_ids: Iterable[UUID]) -> list[LockedLine]:
    """Return all lines of orders this transaction has locked, by order and line number."""
    batch = order_batch(session)
    wanted = sorted_ids(order_ids)
    _load_lines(session, batch, wanted)
    lines: list[LockedLine] = []
    for order_id in wanted:
        lines += batch.lines[order_id]
    return lines


def _load_lines(session: Session, batch: OrderBatch, order_ids: Sequence[UUID]) -> None:
    # Lines that were not read have no pending changes, so nothing needs to be flushed first.
    missing = missing_keys(batch.lines, order_ids)
    if not missing:
        return

    lines = fetch_as(
        session,
        LockedLine,
        f"SELECT {_LINE} FROM orders.order_line"
        " WHERE order_id = ANY(%s) ORDER BY order_id, line_number",
        (missing,),
    )
    batch.add_lines(missing, lines)


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """An order that was received before, with the version and content received last."""

    instance: str
    external_id: str
    id: UUID
    state: str
    reason: str
    manual_hold: bool
    external_version: int
    digest: str


def lock_known(
    session: Session, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], KnownOrder]:
    """Return and lock the orders that exist under these (instance, external id)."""
    if not keys:
        return {}

    flush_orders(session)
    rows = fetch_as(
        session,
        KnownOrder,
        "SELECT o.instance, o.external_id, o.id, s.state, s.reason, s.manual_hold,"
        " o.external_version, o.digest"
        " FROM unnest(%s::text[], %s::text[]) AS k(instance, external_id)"
        " JOIN orders.order o USING (instance, external_id)"
        " JOIN orders.order_state s ON s.order_id = o.id ORDER BY o.id FOR UPDATE OF s",
        tuple(map(list, zip(*keys, strict=True))),
    )
    return {(row.instance, row.external_id): row for row in rows}


_MOVABLE = """
SELECT s.order_id FROM orders.order_state s JOIN orders.order o ON o.id = s.order_id
WHERE s.state = %(state)s AND s.reason = %(reason)s AND NOT s.manual_hold
    AND o.strategy = ANY(%(strategies)s)
    AND (%(only)s::uuid[] IS NULL OR s.order_id = ANY(%(only)s))
    AND NOT EXISTS (SELECT FROM orders.order_line l WHERE l.order_id = s.order_id
        AND (l.in_fulfillment > 0 OR l.shipped > 0
            OR (l.source IS NOT NULL AND l.source_reason <> %(optimized)s)))
    AND EXISTS (SELECT FROM orders.order_line l
        WHERE l.order_id = s.order_id AND l.source IS NOT NULL)
ORDER BY s.order_id LIMIT %(limit)s FOR UPDATE OF s SKIP LOCKED
"""


def movable_orders(
    session: Session, strategies: Iterable[str], *, limit: int, only: Sequence[UUID] | None = None
) -> list[UUID]:
    """Lock and return up to `limit` sourced orders that may be sourced again, oldest first.

    No unit of them is in a fulfillment order, shipped, or at a source that a policy or a person
    chose. Orders that another transaction has locked are skipped. `only` narrows the search.
    """
    flush_orders(session)
    flush_lines(session)
    return fetch_column(
        session,
        _MOVABLE,
        {
            "state": IN_FULFILLMENT,
            "reason": SOURCED,
            "strategies": list(strategies),
            "only": None if only is None else list(only),
            "optimized": OPTIMIZED,
            "limit": limit,
        },
    )
