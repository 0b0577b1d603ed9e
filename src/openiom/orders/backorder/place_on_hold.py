"""Put lines on hold that cannot be served today: for want of stock, or because their product is not launched yet."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import (
    PromiseDate,
    PromiseRequest,
    inventory_configuration,
    promise_dates,
    release_backorder_reservations,
)
from openiom.orders.locks import LockedLine
from openiom.orders.service.apply_events import raise_line_events, raise_order_events
from openiom.orders.states import BACKORDER_HOLD, PREORDER_HOLD, RELEASED
from openiom.platform.bulk import execute, fetch
from openiom.provider_contract import EventRequest, Outcome

from .configuration import OrderPreferencesBody, order_preferences
from .decisions import Need, Requester, short_lines
from .demand import Views, unsourced

RETRY = timedelta(minutes=1)
STOCK_IS_THERE = "stock is there"
LINE_SHORT, LINE_PREORDERED = "onhand.check.failed", "order_line.preorder_hold_placed"


@dataclass(frozen=True, slots=True)
class Wait:
    """One line that is to wait, and what is known about how long."""

    line: LockedLine
    kind: str
    expires_at: datetime | None = None
    launch_date: date | None = None
    promised: PromiseDate | None = None

    def told(self) -> dict[str, object]:
        day = self.promised.day if self.promised else self.launch_date
        return {
            "line_number": self.line.line_number,
            "product": self.line.product,
            "quantity": self.line.open,
            "available_on": day.isoformat() if day else None,
        }


def hold_preorders(
    session: Session, order_ids: Sequence[UUID], now: datetime, actor: str
) -> list[Outcome]:
    """
    Orders with a line whose product is sold before its launch wait for that day; `ok` are those that need not wait.
    """
    days = dict(
        fetch(
            session,
            "SELECT number, launch_date FROM master_data.product WHERE preorder_eligible AND launch_date > %s",
            (now.date(),),
        )
    )
    if not days or not order_preferences(session).preorder:
        return [Outcome(True, "no line waits for a launch")] * len(order_ids)
    waits: dict[UUID, list[Wait]] = {}
    for order_id, lines in unsourced(session, order_ids).items():
        found = [
            Wait(x, "preorder", launch_date=days[x.product]) for x in lines if x.product in days
        ]
        if found:
            waits[order_id] = found
    refused = _put(session, waits, LINE_PREORDERED, PREORDER_HOLD, now, actor)
    return [_preorder_outcome(waits.get(i, ()), refused.get(i)) for i in order_ids]


def _preorder_outcome(waits: Sequence[Wait], refused: Outcome | None) -> Outcome:
    if refused:
        return refused
    if not waits:
        return Outcome(True, "no line waits for a launch")
    days = sorted({(w.line.product, str(w.launch_date)) for w in waits})
    return Outcome(False, "; ".join(f"{product} is launched on {day}" for product, day in days))


def await_stock(
    session: Session, order_ids: Sequence[UUID], now: datetime, actor: str
) -> list[Outcome]:
    """
    Orders without stock wait for it, when backorders are taken: lines that no source can serve go on hold with the
    day stock is promised for. `ok` are those that go to wait; the others need a person, and their outcome says why.

    An order whose every line stock could serve lost a race, or stock came since: it is released at once, but not
    again within a minute, so that one no source may serve does not circle. What was held for the lines is given back.
    """
    lines = unsourced(session, order_ids)
    release_backorder_reservations(
        session,
        [line.id for some in lines.values() for line in some],
        now,
        actor,
        "no source can serve it",
    )
    views = Views(session)
    waiting = views.queue(lines, list(lines))
    needs = {need.line_id: need for one in waiting for need in one.needs}
    short = {
        one.order_id: [line for line in lines[one.order_id] if line.id in missing]
        for one in waiting
        if (missing := set(short_lines(views.known[one.requester], one.needs)))
    }
    preferences = order_preferences(session)
    waits = (
        _backorders(session, views, short, needs, preferences, now) if preferences.backorder else {}
    )
    refused = _put(session, waits, LINE_SHORT, BACKORDER_HOLD, now, actor)
    again = _try_again(session, [i for i in lines if i not in short], now, actor)
    _forget(session, [i for i in order_ids if i not in waits])
    return [
        again.get(i)
        or refused.get(i)
        or _backorder_outcome(i in lines, short.get(i, ()), waits.get(i, ()))
        for i in order_ids
    ]


def _try_again(
    session: Session, order_ids: Sequence[UUID], now: datetime, actor: str
) -> dict[UUID, Outcome]:
    """Release orders that stock could serve at this moment, unless that was tried a minute ago."""
    if not order_ids:
        return {}
    rows = fetch(
        session,
        "SELECT DISTINCT root_id FROM platform.business_event WHERE root_id = ANY(%s) AND name = %s"
        " AND data->>'because' = %s AND at > %s",
        (list(order_ids), RELEASED, STOCK_IS_THERE, now - RETRY),
    )
    tried = {row[0] for row in rows}
    fresh = [i for i in order_ids if i not in tried]
    raises = [EventRequest(i, RELEASED, data={"because": STOCK_IS_THERE}) for i in fresh]
    outcomes = raise_order_events(session, raises, now, actor)
    told = [Outcome(True, f"{STOCK_IS_THERE}; sourced again") if x.ok else x for x in outcomes]
    return dict(zip(fresh, told, strict=True))


def _backorder_outcome(
    has_lines: bool, short: Sequence[LockedLine], waits: Sequence[Wait]
) -> Outcome:
    if not has_lines:
        return Outcome(False, "the order has no line that needs a source")
    if not short:
        return Outcome(
            False,
            "stock is there, but no source may serve it; see what the sourcing decision refused",
        )
    products = ", ".join(sorted({line.product for line in short}))
    if not waits:
        why = f"no source can serve {products}, and backorders are not taken"
        return Outcome(False, f"{why}; add stock and reprocess, or take backorders")
    days = [w.promised.day for w in waits if w.promised]
    when = (
        f"promised for {max(days)}"
        if len(days) == len(waits)
        else "no receipt is scheduled that covers it"
    )
    return Outcome(True, f"waits for {products}: {when}", {"lines": [w.told() for w in waits]})


def _backorders(
    session: Session,
    views: Views,
    short: Mapping[UUID, Sequence[LockedLine]],
    needs: Mapping[UUID, Need],
    preferences: OrderPreferencesBody,
    now: datetime,
) -> dict[UUID, list[Wait]]:
    lines = [line for some in short.values() for line in some]
    sla = preferences.backorder_sla_days
    expires = now + timedelta(days=sla) if sla else None
    promised = promises(session, views, [(needs[line.id], line.order_id) for line in lines], now)
    waits: dict[UUID, list[Wait]] = defaultdict(list)
    for line, promise in zip(lines, promised, strict=True):
        waits[line.order_id].append(Wait(line, "backorder", expires, promised=promise))
    return dict(waits)


def promises(
    session: Session, views: Views, needs: Sequence[tuple[Need, UUID]], now: datetime
) -> list[PromiseDate | None]:
    """The day each line can be served, as its order's channel and group see the stock: after everybody who waits
    longer, older waiting lines first, then `needs` (each with its order) in order."""
    if not needs:
        return []
    parts = {part for need, _ in needs for part in need.parts}
    requesters = views.requesters([order for _, order in needs])
    ahead = queue_ahead(
        session, parts, [need.line_id for need, _ in needs], by_requester=views.matter
    )
    asks = []
    for need, order in needs:
        who = requesters[order]
        mine = {part: ahead[part][who] for part in need.parts}
        others = {part: sum(ahead[part].values()) - mine[part] for part in need.parts}
        asks.append(PromiseRequest(need.parts, need.source, mine, others, *who))
        for part, units in need.parts.items():
            ahead[part][who] += units
    configuration = inventory_configuration(session)
    return promise_dates(session, asks, configuration=configuration, today=now.date())


def queue_ahead(
    session: Session, products: set[str], but: Sequence[UUID], *, by_requester: bool
) -> dict[str, dict[Requester, int]]:
    """Units of these products that other backordered lines wait for, kits taken apart, by who asks for them."""
    who = "o.origin, coalesce(o.customer->>'group', '')" if by_requester else "'', ''"
    rows = fetch(
        session,
        f"SELECT coalesce(k.product, w.product), {who}, sum(w.quantity * coalesce(k.quantity, 1))::bigint"
        " FROM orders.waiting_line w LEFT JOIN master_data.kit_part k ON k.kit = w.product"
        + (" JOIN orders.order o ON o.id = w.order_id" if by_requester else "")
        + " WHERE w.state = 'waiting' AND w.kind = 'backorder' AND coalesce(k.product, w.product) = ANY(%s)"
        " AND w.line_id <> ALL(%s::uuid[]) GROUP BY 1, 2, 3",
        (sorted(products), list(but)),
    )
    found: dict[str, dict[Requester, int]] = defaultdict(lambda: defaultdict(int))
    for part, channel, group, units in rows:
        found[part][channel, group] += int(units)
    return found


def _put(
    session: Session,
    waits: Mapping[UUID, Sequence[Wait]],
    line_event: str,
    event: str,
    now: datetime,
    actor: str,
) -> dict[UUID, Outcome]:
    """Move orders and lines to their hold, and write who waits; the refusals of orders that may not be held."""
    raises = [
        EventRequest(i, event, data={"lines": [w.told() for w in some]})
        for i, some in waits.items()
    ]
    outcomes = dict(zip(waits, raise_order_events(session, raises, now, actor), strict=True))
    waiting = [w for i, some in waits.items() if outcomes[i].ok for w in some]
    raise_line_events(
        session, [EventRequest(w.line.id, line_event, data=w.told()) for w in waiting], now, actor
    )
    execute(
        session,
        "INSERT INTO orders.waiting_line AS w (line_id, order_id, kind, state, product, quantity, since, expires_at,"
        " launch_date, available_on, confidence) SELECT d.line_id, d.order_id, d.kind, 'waiting', d.product,"
        " d.quantity, %s, d.expires_at, d.launch_date, d.available_on, d.confidence FROM unnest(%s::uuid[],"
        " %s::uuid[], %s::text[], %s::text[], %s::int[], %s::timestamptz[], %s::date[], %s::date[], %s::numeric[])"
        " AS d(line_id, order_id, kind, product, quantity, expires_at, launch_date, available_on, confidence)"
        " ON CONFLICT (line_id) DO UPDATE SET kind = excluded.kind, state = 'waiting', released_at = NULL,"
        " quantity = excluded.quantity, launch_date = excluded.launch_date, available_on = excluded.available_on,"
        " confidence = excluded.confidence,"
        " expires_at = CASE WHEN w.kind = 'backorder' THEN w.expires_at ELSE excluded.expires_at END",
        (
            now,
            [w.line.id for w in waiting],
            [w.line.order_id for w in waiting],
            [w.kind for w in waiting],
            [w.line.product for w in waiting],
            [w.line.open for w in waiting],
            [w.expires_at for w in waiting],
            [w.launch_date for w in waiting],
            [w.promised.day if w.promised else w.launch_date for w in waiting],
            [w.promised.confidence if w.promised else None for w in waiting],
        ),
    )
    return {i: outcome for i, outcome in outcomes.items() if not outcome.ok}


def _forget(session: Session, order_ids: Sequence[UUID]) -> None:
    """Orders that wait no longer: they have what they need, or a person takes over."""
    execute(session, "DELETE FROM orders.waiting_line WHERE order_id = ANY(%s)", (list(order_ids),))
