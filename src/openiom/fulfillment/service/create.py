"""Create fulfillment orders from sourced lines: one for each order, source and address."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.documents import quantity_number
from openiom.fulfillment.models import NUMBER_PREFIX
from openiom.fulfillment.progress import CREATED_EVENT, NEW, REASONS
from openiom.kernel import Event, new_ids
from openiom.logistics import planned_ship_dates
from openiom.orders import UnfulfilledLine, lock_orders, open_lines, release_to_fulfillment
from openiom.platform.bulk import copy_rows, fetch_column
from openiom.platform.database import to_json_text
from openiom.platform.events import append_events
from openiom.provider_contract import Outcome

_ORDER_COLUMNS = (
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
_LINE_COLUMNS = (
    "id",
    "fulfillment_order_id",
    "order_line_id",
    "product",
    "variant",
    "unit",
    "unit_decimals",
    "stock_per_step",
    "stock_decimals",
    "quantity",
)
_EVENT_LINES = 50
"""Most lines that the event of a fulfillment order lists."""


@dataclass(slots=True)
class FulfillmentDraft:
    """A fulfillment order to insert."""

    id: UUID
    number: str
    order_id: UUID
    source: str
    lines: Sequence[UnfulfilledLine]


@dataclass(slots=True)
class _LinesToFulfill:
    """Open lines by order, source and address, and one line without a source of each order."""

    by_source: dict[tuple[UUID, str, str], list[UnfulfilledLine]] = field(default_factory=dict)
    without_source: dict[UUID, UnfulfilledLine] = field(default_factory=dict)


def create_fulfillment_orders(
    session: Session, order_ids: Sequence[UUID], now: datetime, actor: str
) -> list[Outcome]:
    """Create a fulfillment order for each order, source and address, with all its open lines.

    One outcome per order. An order whose lines are all in fulfillment orders already is ok and gets
    no second one, so the step can be repeated.
    """
    orders = lock_orders(session, order_ids)
    on_hold = {order.id for order in orders.values() if order.manual_hold}
    lines = _group(open_lines(session, _without(order_ids, on_hold)))
    drafts = _drafts(session, lines.by_source)
    if drafts:
        _write(session, drafts, now, actor)

    results = _Results(on_hold, lines.without_source, _numbers(drafts))
    results.existing = _in_fulfillment(session, _without(order_ids, results.created))
    return [results.outcome(order_id) for order_id in order_ids]


def _without(order_ids: Sequence[UUID], excluded: Collection[UUID]) -> list[UUID]:
    return [order_id for order_id in order_ids if order_id not in excluded]


@dataclass(slots=True)
class _Results:
    """What became of the orders of one call."""

    on_hold: Collection[UUID]
    without_source: Mapping[UUID, UnfulfilledLine]
    created: Mapping[UUID, Sequence[str]]
    existing: Collection[UUID] = ()

    def outcome(self, order_id: UUID) -> Outcome:
        if order_id in self.on_hold:
            return Outcome(False, "the order is on manual hold; release it first")
        without_source = self.without_source.get(order_id)
        if order_id in self.created:
            return _created(self.created[order_id], without_source)
        return _nothing_created(without_source, exists=order_id in self.existing)


def _numbers(drafts: Sequence[FulfillmentDraft]) -> dict[UUID, list[str]]:
    """Return the numbers of the fulfillment orders by order."""
    numbers: dict[UUID, list[str]] = {}
    for draft in drafts:
        numbers.setdefault(draft.order_id, []).append(draft.number)
    return numbers


def _group(lines: Sequence[UnfulfilledLine]) -> _LinesToFulfill:
    grouped = _LinesToFulfill()
    for line in lines:
        if line.source:
            key = (line.order_id, line.source, to_json_text(line.ship_to))
            grouped.by_source.setdefault(key, []).append(line)
        else:
            grouped.without_source[line.order_id] = line
    return grouped


def _drafts(
    session: Session, lines_by_source: Mapping[tuple[UUID, str, str], Sequence[UnfulfilledLine]]
) -> list[FulfillmentDraft]:
    if not lines_by_source:
        return []

    numbers = fetch_column(
        session,
        "SELECT nextval('fulfillment.fulfillment_order_number') FROM generate_series(1, %s)",
        (len(lines_by_source),),
    )
    ids = new_ids(len(lines_by_source))

    drafts: list[FulfillmentDraft] = []
    for index, ((order_id, source, _), lines) in enumerate(lines_by_source.items()):
        number = f"{NUMBER_PREFIX}{numbers[index]}"
        drafts.append(FulfillmentDraft(ids[index], number, order_id, source, lines))

    return drafts


def _write(session: Session, drafts: Sequence[FulfillmentDraft], now: datetime, actor: str) -> None:
    """Insert fulfillment orders, count their units as in fulfillment, and publish them."""
    _insert_orders(session, drafts, now)
    _insert_lines(session, drafts)

    release_to_fulfillment(session, _quantities(drafts), now, actor)
    append_events(session, [_created_event(draft) for draft in drafts], at=now, actor=actor)


def _quantities(drafts: Sequence[FulfillmentDraft]) -> dict[UUID, int]:
    """Return the steps to fulfill by order line."""
    quantities: dict[UUID, int] = {}
    for draft in drafts:
        for line in draft.lines:
            quantities[line.line_id] = line.quantity
    return quantities


def _insert_orders(session: Session, drafts: Sequence[FulfillmentDraft], now: datetime) -> None:
    ship_dates = planned_ship_dates(session, {draft.source for draft in drafts}, now)
    rows: list[Sequence[Any]] = []
    for draft in drafts:
        rows.append(
            (
                draft.id,
                draft.number,
                draft.order_id,
                draft.source,
                NEW,
                REASONS[NEW],
                to_json_text(draft.lines[0].ship_to),
                ship_dates.get(draft.source),
                now,
            )
        )

    copy_rows(session, "fulfillment.fulfillment_order", _ORDER_COLUMNS, rows)


def _insert_lines(session: Session, drafts: Sequence[FulfillmentDraft]) -> None:
    ids = iter(new_ids(sum(len(draft.lines) for draft in drafts)))
    rows: list[Sequence[Any]] = []
    for draft in drafts:
        for line in draft.lines:
            rows.append(
                (
                    next(ids),
                    draft.id,
                    line.line_id,
                    line.product,
                    to_json_text(line.variant) if line.variant else None,
                    line.unit,
                    line.unit_decimals,
                    line.stock_per_step,
                    line.stock_decimals,
                    line.quantity,
                )
            )

    copy_rows(session, "fulfillment.fulfillment_order_line", _LINE_COLUMNS, rows)


def _created_event(draft: FulfillmentDraft) -> Event:
    lines: list[dict[str, Any]] = []
    for line in draft.lines[:_EVENT_LINES]:
        quantity = quantity_number(line.quantity, line.unit_decimals)
        lines.append({"product": line.product, "unit": line.unit, "quantity": quantity})

    return Event(
        name=CREATED_EVENT,
        subject_type="fulfillment_order",
        subject_id=draft.id,
        root_id=draft.order_id,
        data={"number": draft.number, "source": draft.source, "lines": lines},
    )


def _in_fulfillment(session: Session, order_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of these orders that have a fulfillment order."""
    if not order_ids:
        return set()

    found = fetch_column(
        session,
        "SELECT DISTINCT order_id FROM fulfillment.fulfillment_order"
        " WHERE order_id = ANY(%s) AND state NOT IN ('declined', 'canceled')",
        (list(order_ids),),
    )
    return set(found)


def _created(numbers: Sequence[str], without_source: UnfulfilledLine | None) -> Outcome:
    text = f"created {', '.join(numbers)}"
    if without_source:
        text += f"; {without_source.product} has no source yet"
    return Outcome(True, text, {"fulfillment_orders": list(numbers)})


def _nothing_created(without_source: UnfulfilledLine | None, *, exists: bool) -> Outcome:
    if without_source:
        return Outcome(False, f"no source is assigned to {without_source.product}")
    if exists:
        return Outcome(True, "every line is in a fulfillment order already")
    return Outcome(False, "the order has no open line to fulfill")
