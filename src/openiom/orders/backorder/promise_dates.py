"""The day stock is promised for, for lines in the queue of waiting lines."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import (
    PromiseDate,
    PromiseRequest,
    inventory_configuration,
    promise_dates,
)
from openiom.master_data import kit_parts, kits_with
from openiom.orders.order_batch import LockedLine
from openiom.platform.bulk import execute, fetch

from .decisions import Need, Requester
from .demand import AvailabilityViews, flatten, needs_of, unsourced_lines

REFRESH_LIMIT = 5_000
"""Most waiting lines whose promise dates are refreshed at once, the oldest first."""

UnitsAhead = dict[str, dict[Requester, int]]
"""Units that longer waiting lines need, by product and requester."""


def promise_needs(
    session: Session,
    views: AvailabilityViews,
    needs: Sequence[tuple[Need, UUID]],
    now: datetime,
) -> list[PromiseDate | None]:
    """Return the day each need can be served, as the requester of its order sees the stock.

    `needs` are (need, order id) by priority. Each is served after all lines that already wait, and
    after the needs before it.
    """
    if not needs:
        return []
    parts: set[str] = set()
    for need, _ in needs:
        parts.update(need.parts)
    requesters = views.requesters([order_id for _, order_id in needs])
    ahead = _units_ahead(
        session, parts, [need.line_id for need, _ in needs], by_requester=views.channels_matter
    )
    requests: list[PromiseRequest] = []
    for need, order_id in needs:
        requests.append(_promise_request(need, requesters[order_id], ahead))
        for part, units in need.parts.items():
            ahead[part][requesters[order_id]] += units
    configuration = inventory_configuration(session)
    return promise_dates(session, requests, configuration=configuration, today=now.date())


def _promise_request(need: Need, requester: Requester, ahead: UnitsAhead) -> PromiseRequest:
    own = {part: ahead[part][requester] for part in need.parts}
    others = {part: sum(ahead[part].values()) - own[part] for part in need.parts}
    return PromiseRequest(need.parts, need.source, own, others, *requester)


def _units_ahead(
    session: Session, parts: set[str], excluded_lines: Sequence[UUID], *, by_requester: bool
) -> UnitsAhead:
    """Return the units of these products that other backordered lines wait for, kits expanded."""
    products = parts | kits_with(session, parts)
    kits = kit_parts(session, products)
    requester = "o.origin, coalesce(o.customer->>'group', '')" if by_requester else "'', ''"
    rows = fetch(
        session,
        f"SELECT w.product, {requester}, sum(w.quantity)::bigint FROM orders.waiting_line w"
        " JOIN orders.order o ON o.id = w.order_id"
        " WHERE w.state = 'waiting' AND w.kind = 'backorder' AND w.product = ANY(%s)"
        " AND w.line_id <> ALL(%s::uuid[]) GROUP BY 1, 2, 3",
        (sorted(products), list(excluded_lines)),
    )
    ahead: UnitsAhead = defaultdict(lambda: defaultdict(int))
    for product, channel, group, quantity in rows:
        for part, per_unit in kits.get(product, {product: 1}).items():
            if part in parts:
                ahead[part][channel, group] += quantity * per_unit
    return ahead


def refresh_promise_dates(session: Session, products: Collection[str], now: datetime) -> None:
    """Promise waiting lines of these products again, because the schedule or the stock changed."""
    rows = fetch(
        session,
        "SELECT line_id, order_id FROM orders.waiting_line WHERE state = 'waiting'"
        " AND kind = 'backorder' AND product = ANY(%s) ORDER BY since, line_id LIMIT %s",
        (sorted(products), REFRESH_LIMIT),
    )
    if not rows:
        return
    unsourced = flatten(unsourced_lines(session, {order_id for _, order_id in rows}))
    by_id = {line.id: line for line in unsourced}
    lines: list[LockedLine] = [by_id[line_id] for line_id, _ in rows if line_id in by_id]
    needs = needs_of(session, lines)
    promised = promise_needs(
        session,
        AvailabilityViews(session),
        [(needs[line.id], line.order_id) for line in lines],
        now,
    )
    execute(
        session,
        "UPDATE orders.waiting_line w SET available_on = d.day, confidence = d.confidence"
        " FROM unnest(%s::uuid[], %s::date[], %s::numeric[]) AS d(id, day, confidence)"
        " WHERE w.line_id = d.id"
        " AND (w.available_on, w.confidence) IS DISTINCT FROM (d.day, d.confidence)",
        (
            [line.id for line in lines],
            [promise.day if promise else None for promise in promised],
            [promise.confidence if promise else None for promise in promised],
        ),
    )
