"""The day stock is promised for, for lines in the queue of waiting lines."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import (
    PromiseDate,
    PromiseRequest,
    inventory_configuration,
    promise_dates,
)
from openiom.kernel import StockUnits
from openiom.master_data import kit_parts, kits_with
from openiom.platform.bulk import execute, fetch

from .decisions import ZERO, Need, Requester
from .demand import AvailabilityViews, flatten, multiply, needs_of, unsourced_lines

REFRESH_LIMIT = 5_000
"""Most waiting lines whose promise dates are refreshed at once, the oldest first."""

UnitsAhead = dict[str, dict[Requester, StockUnits]]
"""Quantities that longer waiting lines need, by product and requester."""


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

    requesters = views.requesters([order_id for _, order_id in needs])
    ahead = _units_ahead(session, needs, by_requester=views.channels_matter)

    requests: list[PromiseRequest] = []
    for need, order_id in needs:
        requester = requesters[order_id]
        requests.append(_promise_request(need, requester, ahead))
        _add_units(ahead, requester, need.parts)

    configuration = inventory_configuration(session)
    return promise_dates(session, requests, configuration=configuration, today=now.date())


def _promise_request(need: Need, requester: Requester, ahead: UnitsAhead) -> PromiseRequest:
    own: dict[str, StockUnits] = {}
    others: dict[str, StockUnits] = {}
    for part in need.parts:
        own[part] = ahead[part][requester]
        others[part] = sum(ahead[part].values(), ZERO) - own[part]
    return PromiseRequest(need.parts, need.source, own, others, *requester)


def _add_units(ahead: UnitsAhead, requester: Requester, parts: Mapping[str, StockUnits]) -> None:
    for part, units in parts.items():
        ahead[part][requester] += units


def _units_ahead(
    session: Session, needs: Sequence[tuple[Need, UUID]], *, by_requester: bool
) -> UnitsAhead:
    """Return the units of the same products that other lines wait for, kits expanded."""
    parts: set[str] = set()
    line_ids: list[UUID] = []
    for need, _ in needs:
        parts.update(need.parts)
        line_ids.append(need.line_id)

    products = parts | kits_with(session, parts)
    kits = kit_parts(session, products)
    requester = "o.origin, coalesce(o.customer->>'group', '')" if by_requester else "'', ''"
    rows = fetch(
        session,
        f"SELECT w.product, {requester}, sum(w.stock_quantity) FROM orders.waiting_line w"
        " JOIN orders.order o ON o.id = w.order_id"
        " WHERE w.state = 'waiting' AND w.kind = 'backorder' AND w.product = ANY(%s)"
        " AND w.line_id <> ALL(%s::uuid[]) GROUP BY 1, 2, 3",
        (sorted(products), line_ids),
    )

    ahead: UnitsAhead = defaultdict(lambda: defaultdict(StockUnits))
    for product, channel, group, quantity in rows:
        per_unit = kits.get(product, {product: 1})
        _add_units(ahead, (channel, group), multiply(per_unit, StockUnits(quantity)))

    return ahead


def refresh_promise_dates(session: Session, products: Collection[str], now: datetime) -> None:
    """Promise waiting lines of these products again, because the schedule or the stock changed."""
    order_of_line = dict(
        fetch(
            session,
            "SELECT line_id, order_id FROM orders.waiting_line WHERE state = 'waiting'"
            " AND kind = 'backorder' AND product = ANY(%s) ORDER BY since, line_id LIMIT %s",
            (sorted(products), REFRESH_LIMIT),
        )
    )
    if not order_of_line:
        return

    unsourced = flatten(unsourced_lines(session, set(order_of_line.values())))
    needs = needs_of(session, unsourced)

    waiting: list[tuple[Need, UUID]] = []
    for line_id, order_id in order_of_line.items():
        if line_id in needs:
            waiting.append((needs[line_id], order_id))

    promised = promise_needs(session, AvailabilityViews(session), waiting, now)
    _update_promise_dates(session, waiting, promised)


def _update_promise_dates(
    session: Session,
    waiting: Sequence[tuple[Need, UUID]],
    promised: Sequence[PromiseDate | None],
) -> None:
    line_ids: list[UUID] = []
    days: list[date | None] = []
    confidences: list[Decimal | None] = []
    for (need, _), promise in zip(waiting, promised, strict=True):
        line_ids.append(need.line_id)
        days.append(promise.day if promise else None)
        confidences.append(promise.confidence if promise else None)

    execute(
        session,
        "UPDATE orders.waiting_line w SET available_on = d.day, confidence = d.confidence"
        " FROM unnest(%s::uuid[], %s::date[], %s::numeric[]) AS d(id, day, confidence)"
        " WHERE w.line_id = d.id"
        " AND (w.available_on, w.confidence) IS DISTINCT FROM (d.day, d.confidence)",
        (line_ids, days, confidences),
    )
