"""Make fulfillment orders from sourced lines: one for each order and source."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.fulfillment.states import NEW
from openiom.kernel import Event, new_ids
from openiom.orders import OpenLine, lock_orders, open_lines, release_to_fulfillment
from openiom.platform.bulk import copy_rows, fetch
from openiom.platform.database import to_json_text
from openiom.platform.events import append_events
from openiom.provider_contract import Outcome

_HEADER = (
    "id",
    "number",
    "order_id",
    "source",
    "state",
    "state_reason",
    "ship_to",
    "planned_ship_date",
    "created_at",
)
_LINE = ("id", "fulfillment_order_id", "order_line_id", "product", "quantity")


@dataclass(frozen=True, slots=True)
class Draft:
    """A fulfillment order about to be written."""

    id: UUID
    number: str
    order_id: UUID
    source: str
    lines: Sequence[OpenLine]


def create_fulfillment_orders(
    session: Session, order_ids: Sequence[UUID], now: datetime, actor: str
) -> list[Outcome]:
    """One fulfillment order for each order and source, of all open lines that have a source.

    An order whose lines all stand in fulfillment orders already is answered ok and gets no second one, so the
    step may be run again. One outcome an order, in order.
    """
    held = {order.id for order in lock_orders(session, order_ids).values() if order.held}
    lines = open_lines(session, [order for order in order_ids if order not in held])
    groups: dict[tuple[UUID, str], list[OpenLine]] = defaultdict(list)
    unsourced: dict[UUID, OpenLine] = {}
    for line in lines:
        if line.source:
            groups[line.order_id, line.source].append(line)
        else:
            unsourced[line.order_id] = line
    drafts = _drafts(session, groups)
    _write(session, drafts, now)
    released = {line.line_id: line.quantity for draft in drafts for line in draft.lines}
    if released:
        release_to_fulfillment(session, released, now, actor)
    append_events(session, [_created(draft) for draft in drafts], at=now, actor=actor)
    made: dict[UUID, list[str]] = defaultdict(list)
    for draft in drafts:
        made[draft.order_id].append(draft.number)
    existing = _existing(session, [o for o in order_ids if o not in made])
    return [
        Outcome(False, "the order is held by hand; release it first")
        if order in held
        else _outcome(order, made.get(order), existing, unsourced)
        for order in order_ids
    ]


def _drafts(session: Session, groups: dict[tuple[UUID, str], list[OpenLine]]) -> list[Draft]:
    if not groups:
        return []
    numbers = fetch(
        session,
        "SELECT nextval('fulfillment.fulfillment_order_number') FROM generate_series(1, %s)",
        (len(groups),),
    )
    ids = new_ids(len(groups))
    return [
        Draft(new, f"FO-{number}", order, source, lines)
        for new, (number,), ((order, source), lines) in zip(
            ids, numbers, groups.items(), strict=True
        )
    ]


def _write(session: Session, drafts: Sequence[Draft], now: datetime) -> None:
    if not drafts:
        return
    planned = _planned_dates(session, {draft.source for draft in drafts}, now)
    copy_rows(
        session,
        "fulfillment.fulfillment_order",
        _HEADER,
        (
            (
                d.id,
                d.number,
                d.order_id,
                d.source,
                NEW,
                "Created",
                to_json_text(d.lines[0].ship_to),
                planned.get(d.source),
                now,
            )
            for d in drafts
        ),
    )
    rows = [(d.id, line.line_id, line.product, line.quantity) for d in drafts for line in d.lines]
    ids = new_ids(len(rows))
    copy_rows(
        session,
        "fulfillment.fulfillment_order_line",
        _LINE,
        ((new, *row) for new, row in zip(ids, rows, strict=True)),
    )


def _planned_dates(session: Session, sources: set[str], now: datetime) -> dict[str, date]:
    rows = fetch(
        session,
        "SELECT name, processing_days FROM fulfillment_optimization.source WHERE name = ANY(%s)",
        (sorted(sources),),
    )
    return {name: (now + timedelta(days=days)).date() for name, days in rows}


def _created(draft: Draft) -> Event:
    return Event(
        name="fulfillment_order.created",
        subject_type="fulfillment_order",
        subject_id=draft.id,
        root_id=draft.order_id,
        data={
            "number": draft.number,
            "source": draft.source,
            "lines": [{"product": x.product, "quantity": x.quantity} for x in draft.lines[:50]],
        },
    )


def _existing(session: Session, order_ids: Sequence[UUID]) -> set[UUID]:
    if not order_ids:
        return set()
    query = (
        "SELECT DISTINCT order_id FROM fulfillment.fulfillment_order WHERE order_id = ANY(%s)"
        " AND state NOT IN ('declined', 'canceled')"
    )
    return {row[0] for row in fetch(session, query, (list(order_ids),))}


def _outcome(
    order: UUID, made: Sequence[str] | None, existing: set[UUID], unsourced: dict[UUID, OpenLine]
) -> Outcome:
    if made:
        left = unsourced.get(order)
        note = f"; {left.product} has no source yet" if left else ""
        return Outcome(True, f"created {', '.join(made)}{note}", {"fulfillment_orders": list(made)})
    if order in unsourced:
        return Outcome(False, f"no source is assigned to {unsourced[order].product}")
    if order in existing:
        return Outcome(True, "every line already stands in a fulfillment order")
    return Outcome(False, "the order has no open line to fulfill")
