"""Place lines on hold that cannot be served today: without stock, or before their launch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import PromiseDate, release_backorder_reservations
from openiom.kernel import StockUnits
from openiom.master_data import upcoming_launches
from openiom.orders.locked_rows import LockedLine, LockedOrder
from openiom.orders.locks import lock_orders
from openiom.orders.order_batch import columns_of, flush_new, ids_of, missing_keys, subset
from openiom.orders.service.apply_events import (
    event_requests,
    raise_line_events,
    raise_order_events,
)
from openiom.orders.states import (
    BACKORDER_HOLD,
    CANCELED,
    COMPLETED,
    LINE_PREORDER_HOLD,
    NO_CAPACITY,
    ON_HAND_MISSING,
    ON_HOLD,
    PREORDER_HOLD,
    SOURCING_FAILED,
    WAIT_ENDED,
)
from openiom.platform.bulk import execute
from openiom.platform.events import latest_data, roots_with_event
from openiom.provider_contract import EventRequest, Outcome

from .configuration import order_preferences
from .decisions import Need, short_lines
from .demand import AvailabilityViews, flatten, unsourced_lines
from .promise_dates import promise_needs

RETRY_AFTER = timedelta(minutes=1)
IN_STOCK = "in stock"
"""Why an order is released whose every line the stock covers; sought in the data of the event."""
NOTHING_TO_SOURCE = "no line needs a source"
_NO_LAUNCH = Outcome(True, "no line waits for a launch")


@dataclass(frozen=True, slots=True)
class Hold:
    """One line to place on hold, and what is known about how long."""

    line: LockedLine
    kind: str
    expires_at: datetime | None = None
    launch_date: date | None = None
    promise: PromiseDate | None = None
    retry_at: datetime | None = None
    note: str = ""

    @property
    def line_id(self) -> UUID:
        return self.line.id

    @property
    def order_id(self) -> UUID:
        return self.line.order_id

    @property
    def product(self) -> str:
        return self.line.product

    @property
    def quantity(self) -> int:
        return self.line.open

    @property
    def stock_quantity(self) -> StockUnits:
        return self.line.in_stock(self.line.open)

    @property
    def available_on(self) -> date | None:
        """The day the line can be served, None when no supply is known."""
        if self.promise:
            return self.promise.day
        return self.retry_at.date() if self.retry_at else self.launch_date

    @property
    def confidence(self) -> Decimal | None:
        return self.promise.confidence if self.promise else None

    def event_data(self) -> dict[str, object]:
        day = self.available_on
        return {
            "line_number": self.line.line_number,
            "product": self.product,
            "quantity": self.line.number(self.quantity),
            "available_on": day.isoformat() if day else None,
        }


Holds = Mapping[UUID, Sequence[Hold]]
"""Lines to place on hold, by order."""


def _preorder_holds(
    session: Session, order_ids: Sequence[UUID], launches: Mapping[str, date]
) -> dict[UUID, list[Hold]]:
    holds: dict[UUID, list[Hold]] = {}
    for line in flatten(unsourced_lines(session, order_ids)):
        if line.product in launches:
            hold = Hold(line, "preorder", launch_date=launches[line.product])
            holds.setdefault(line.order_id, []).append(hold)
    return holds


def hold_preorders(
    session: Session, order_ids: Sequence[UUID], now: datetime, actor: str
) -> list[Outcome]:
    """Place orders on hold whose products are not launched yet; one outcome per order.

    `ok` are the orders that do not wait.
    """
    launches = upcoming_launches(session, today=now.date())
    if not launches or not order_preferences(session).preorder:
        return [_NO_LAUNCH] * len(order_ids)

    holds = _preorder_holds(session, order_ids, launches)
    refused = _place_holds(session, holds, LINE_PREORDER_HOLD, PREORDER_HOLD, now, actor)
    outcomes: list[Outcome] = []
    for order_id in order_ids:
        outcome = refused.get(order_id) or _preorder_outcome(holds.get(order_id, ()))
        outcomes.append(outcome)

    return outcomes


def _preorder_outcome(holds: Sequence[Hold]) -> Outcome:
    if not holds:
        return _NO_LAUNCH
    launches = sorted({(hold.product, str(hold.launch_date)) for hold in holds})
    return Outcome(False, "; ".join(f"{product} is launched on {day}" for product, day in launches))


def await_stock(
    session: Session, order_ids: Sequence[UUID], now: datetime, actor: str
) -> list[Outcome]:
    """Place orders without stock on hold, when backorders are accepted; one outcome per order.

    Lines that no source can serve wait with the day stock is promised for. `ok` are orders that
    wait; the others need a person, and their outcome says why. An order whose every line the stock
    covers was overtaken by another one, or stock has arrived since: it is released at once, but
    only once a minute, so that an order no source may serve does not circle. Stock reserved for the
    lines while they waited is released.
    """
    lines = unsourced_lines(session, order_ids)
    release_backorder_reservations(
        session, ids_of(flatten(lines)), now, actor, "no source can serve it"
    )
    views = AvailabilityViews(session)
    short, needs = _short_lines(views, lines)
    holds: Holds = {}
    preferences = order_preferences(session)
    if preferences.backorder:
        sla_days = preferences.backorder_sla_days
        expires_at = now + timedelta(days=sla_days) if sla_days else None
        holds = _backorders(session, views, short, needs, expires_at, now)

    outcomes = _place_holds(session, holds, ON_HAND_MISSING, BACKORDER_HOLD, now, actor)
    covered = missing_keys(short, lines)
    full = _full_days(session, subset(lines, covered), now)
    refused = _place_holds(
        session, full, ON_HAND_MISSING, BACKORDER_HOLD, now, actor, reason=NO_CAPACITY
    )
    outcomes |= {i: _full_day_outcome(holds_of_order) for i, holds_of_order in full.items()}
    outcomes |= refused
    outcomes |= _release_covered(session, missing_keys(full, covered), now, actor)
    outcomes |= _release_sourced(session, missing_keys(lines, order_ids), now, actor)
    remove_waiting_lines(session, missing_keys({**holds, **full}, order_ids))
    return [
        outcomes.get(i) or _outcome(i in lines, short.get(i, ()), holds.get(i, ()))
        for i in order_ids
    ]


def _full_days(
    session: Session, lines: Mapping[UUID, Sequence[LockedLine]], now: datetime
) -> Holds:
    """Return holds of orders in stock that sourcing refused because days of sources are full."""
    holds: dict[UUID, list[Hold]] = {}
    for order_id, data in latest_data(session, lines, SOURCING_FAILED).items():
        retry_at = _next_try(data)
        if retry_at is None or retry_at <= now:
            continue

        note = str(data.get("waits_for", ""))
        holds[order_id] = [
            Hold(line, "capacity", retry_at=retry_at, note=note) for line in lines[order_id]
        ]

    return holds


def _next_try(data: Mapping[str, Any]) -> datetime | None:
    """Return when a failed sourcing is to be tried again, None if it names no time."""
    retry_at = data.get("retry_at")
    return datetime.fromisoformat(retry_at) if retry_at else None


def _full_day_outcome(holds: Sequence[Hold]) -> Outcome:
    first = holds[0]
    reason = f"{first.note}; tried again at {first.retry_at:%Y-%m-%d %H:%M} UTC"
    return Outcome(True, reason, _lines_data(holds))


def _short_lines(
    views: AvailabilityViews, lines: Mapping[UUID, Sequence[LockedLine]]
) -> tuple[dict[UUID, list[LockedLine]], dict[UUID, Need]]:
    """Return the lines that no source can serve by order, and the needs of all lines by id."""
    short: dict[UUID, list[LockedLine]] = {}
    needs: dict[UUID, Need] = {}
    for order in views.waiting_orders(lines, list(lines)):
        for need in order.needs:
            needs[need.line_id] = need

        missing = short_lines(views.views[order.requester], order.needs)
        if missing:
            by_id = {line.id: line for line in lines[order.order_id]}
            short[order.order_id] = list(subset(by_id, missing).values())

    return short, needs


def _backorders(
    session: Session,
    views: AvailabilityViews,
    short: Mapping[UUID, Sequence[LockedLine]],
    needs: Mapping[UUID, Need],
    expires_at: datetime | None,
    now: datetime,
) -> Holds:
    lines = flatten(short)
    promised = promise_needs(
        session, views, [(needs[line.id], line.order_id) for line in lines], now
    )

    holds: dict[UUID, list[Hold]] = {}
    for line, promise in zip(lines, promised, strict=True):
        hold = Hold(line, "backorder", expires_at, promise=promise)
        holds.setdefault(line.order_id, []).append(hold)

    return holds


def _release_covered(
    session: Session, order_ids: Sequence[UUID], now: datetime, actor: str
) -> dict[UUID, Outcome]:
    """Release orders that the stock covers, except those released for it within a minute."""
    if not order_ids:
        return {}

    data = {"because": IN_STOCK}
    since = now - RETRY_AFTER
    released = roots_with_event(session, order_ids, WAIT_ENDED, since=since, data=data)
    releasable = [order_id for order_id in order_ids if order_id not in released]
    requests = event_requests(releasable, WAIT_ENDED, because=IN_STOCK)

    outcomes: dict[UUID, Outcome] = {}
    for order_id, outcome in zip(
        releasable, raise_order_events(session, requests, now, actor), strict=True
    ):
        outcomes[order_id] = outcome
        if outcome.ok:
            outcomes[order_id] = Outcome(True, f"{IN_STOCK}; sourced again")

    return outcomes


def _waits(order: LockedOrder) -> bool:
    """Return whether an order is on hold for stock and not by a user."""
    return order.state == ON_HOLD and not order.manual_hold


def _release_sourced(
    session: Session, order_ids: Sequence[UUID], now: datetime, actor: str
) -> dict[UUID, Outcome]:
    """Return the outcomes of orders without a line that needs a source, which do not wait.

    Those on hold are released: what they waited for was canceled or shipped.
    """
    orders = lock_orders(session, order_ids)
    held = [i for i, order in orders.items() if _waits(order)]
    requests = event_requests(held, WAIT_ENDED, because=NOTHING_TO_SOURCE)
    raise_order_events(session, requests, now, actor)

    continuing = [i for i, order in orders.items() if order.state not in (COMPLETED, CANCELED)]
    return dict.fromkeys(continuing, Outcome(True, NOTHING_TO_SOURCE))


def _outcome(has_lines: bool, short: Sequence[LockedLine], holds: Sequence[Hold]) -> Outcome:
    if not has_lines:
        return Outcome(False, "the order has no line that needs a source")
    if not short:
        return Outcome(
            False, "in stock, but no source may serve it; see what the sourcing decision refused"
        )

    products = ", ".join(sorted({_wanted(line) for line in short}))
    if holds:
        return Outcome(True, f"waits for {products}: {_promised(holds)}", _lines_data(holds))

    return Outcome(
        False,
        f"no source can serve {products}, and backorders are not accepted;"
        " add stock and reprocess, or accept backorders",
    )


def _wanted(line: LockedLine) -> str:
    """Return the product of a line, and where it must come from if it has a source."""
    return f"{line.product} at {line.source}" if line.source else line.product


def _promised(holds: Sequence[Hold]) -> str:
    days = [hold.promise.day for hold in holds if hold.promise]
    if len(days) < len(holds):
        return "no scheduled receipt covers it"
    return f"promised for {max(days)}"


def _lines_data(holds: Sequence[Hold]) -> dict[str, object]:
    return {"lines": [hold.event_data() for hold in holds]}


def _place_holds(
    session: Session,
    holds: Holds,
    line_event: str,
    order_event: str,
    now: datetime,
    actor: str,
    *,
    reason: str = "",
) -> dict[UUID, Outcome]:
    """Place orders and lines on hold and write the waiting lines; return the refusals by order."""
    order_requests: list[EventRequest] = []
    for order_id, order_holds in holds.items():
        data = _lines_data(order_holds)
        order_requests.append(EventRequest(order_id, order_event, data, reason))

    refused: dict[UUID, Outcome] = {}
    waiting: list[Hold] = []
    for request, outcome in zip(
        order_requests, raise_order_events(session, order_requests, now, actor), strict=True
    ):
        if outcome.ok:
            waiting += holds[request.entity_id]
        else:
            refused[request.entity_id] = outcome

    line_requests = [EventRequest(x.line_id, line_event, data=x.event_data()) for x in waiting]
    raise_line_events(session, line_requests, now, actor)
    _write_waiting_lines(session, waiting, now)
    return refused


_WAITING_COLUMNS = (
    "line_id",
    "order_id",
    "kind",
    "product",
    "quantity",
    "stock_quantity",
    "expires_at",
    "launch_date",
    "available_on",
    "confidence",
    "retry_at",
    "note",
)

# A line that waits again keeps its age and the time it expires.
_WRITE_WAITING_LINES = """
INSERT INTO orders.waiting_line AS w (line_id, order_id, kind, state, product, quantity,
    stock_quantity, since, expires_at, launch_date, available_on, confidence, retry_at, note)
SELECT d.line_id, d.order_id, d.kind, 'waiting', d.product, d.quantity, d.stock_quantity, %(now)s,
    d.expires_at, d.launch_date, d.available_on, d.confidence, d.retry_at, d.note
FROM unnest(%(line_id)s::uuid[], %(order_id)s::uuid[], %(kind)s::text[], %(product)s::text[],
    %(quantity)s::bigint[], %(stock_quantity)s::numeric[], %(expires_at)s::timestamptz[],
    %(launch_date)s::date[], %(available_on)s::date[], %(confidence)s::numeric[],
    %(retry_at)s::timestamptz[], %(note)s::text[])
    AS d(line_id, order_id, kind, product, quantity, stock_quantity, expires_at, launch_date,
        available_on, confidence, retry_at, note)
ON CONFLICT (line_id) DO UPDATE SET kind = excluded.kind, state = 'waiting', released_at = NULL,
    quantity = excluded.quantity, stock_quantity = excluded.stock_quantity,
    launch_date = excluded.launch_date, available_on = excluded.available_on,
    confidence = excluded.confidence, retry_at = excluded.retry_at, note = excluded.note,
    expires_at = CASE WHEN w.kind = 'backorder' THEN w.expires_at ELSE excluded.expires_at END
"""


def _write_waiting_lines(session: Session, holds: Sequence[Hold], now: datetime) -> None:
    if holds:
        flush_new(session)
        parameters = {"now": now, **columns_of(holds, _WAITING_COLUMNS)}
        execute(session, _WRITE_WAITING_LINES, parameters)


def remove_waiting_lines(session: Session, order_ids: Sequence[UUID]) -> None:
    """Remove all waiting lines of orders that do not wait any more."""
    if order_ids:
        query = "DELETE FROM orders.waiting_line WHERE order_id = ANY(%s)"
        execute(session, query, (list(order_ids),))
