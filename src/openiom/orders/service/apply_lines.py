"""Apply what later deliveries change on the lines of known orders."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.documents import quantity_number
from openiom.kernel import new_ids
from openiom.orders.fulfillment_port import FulfillmentPort, UnsentLine
from openiom.orders.line_changes import (
    DeliveredLine,
    LineChanges,
    LineDifference,
    LineKey,
    changes_for_review,
    line_changes,
    surplus_steps,
)
from openiom.orders.line_quantities import LineQuantity
from openiom.orders.locked_rows import LockedLine
from openiom.orders.locks import KnownOrder, lines_of_orders, lock_orders
from openiom.orders.new_lines import NewLine
from openiom.orders.order_batch import ids_of, order_batch
from openiom.orders.schemas import ResolvedLine
from openiom.orders.states import UNFINISHED
from openiom.platform.bulk import fetch_as

from .hold_cancel import LineCancellation, cancel_lines
from .line_fulfillment import group_by_order
from .line_writes import (
    grow_lines,
    insert_lines,
    mark_removed,
    shrink_lines,
    write_line_fields,
)
from .source_content import SourceContent, source_contents
from .validate_documents import OrderDraft

CHANGED_BY_SOURCE = "changed by its source"
Delivery = tuple[KnownOrder, OrderDraft]


class _StoredLine(NamedTuple):
    id: UUID
    external_id: str
    unit_price: Decimal
    discount: Decimal
    tax: Decimal
    ship_to: dict[str, Any] | None
    removed: bool


@dataclass(frozen=True, slots=True)
class LinePlan:
    """What becomes of the lines of one order."""

    order_id: UUID
    draft: OrderDraft
    lines: Sequence[LockedLine]
    stored: Mapping[LineKey, Sequence[LockedLine]]
    money: Mapping[UUID, _StoredLine]
    unsent: Sequence[UnsentLine]
    changeable: bool
    changes: LineChanges
    content: SourceContent | None = None

    @property
    def empties_order(self) -> bool:
        """Whether nothing of the order is left to be fulfilled, and nothing is in fulfillment."""
        in_fulfillment = any(line.in_fulfillment for line in self.lines)
        return not self.changes.wanted and not in_fulfillment

    @property
    def changes_units(self) -> bool:
        """Whether the source wants other units than those of the order."""
        return bool(self.changes or self.changes.differences)

    @property
    def shipped_by_source(self) -> bool:
        """Whether the source has shipped units of the order."""
        return any(quantity.shipped for quantity in self.draft.quantities)

    def documents(self) -> dict[LineKey, tuple[ResolvedLine, LineQuantity]]:
        """Return the lines of the document by key; of two with one key, the first."""
        found: dict[LineKey, tuple[ResolvedLine, LineQuantity]] = {}
        for line, quantity in zip(self.draft.document.lines, self.draft.quantities, strict=True):
            found.setdefault(_document_key(line), (line, quantity))
        return found

    def steps_to_fulfill(self, key: LineKey) -> int:
        """Return the steps of the stored lines of a key that are not canceled."""
        return sum(line.quantity - line.canceled for line in self.stored[key])

    def reduced_lines(self) -> set[UUID]:
        """Return the lines of which units in fulfillment are not wanted any more."""
        reduced: set[UUID] = set()
        if self.content:
            return reduced

        for difference in self.changes.differences:
            if difference.source < difference.here:
                reduced.update(line.id for line in self.stored[difference.key])
        return reduced

    def difference(self, difference: LineDifference) -> dict[str, Any]:
        """Return a change that was not applied, as orders store it."""
        key = difference.key
        lines = self.stored.get(key)
        decimals = lines[0].unit_decimals if lines else self.documents()[key][1].unit.decimals
        return {
            "what": "line",
            "external_id": key.external_id,
            "product": key.product,
            "here": quantity_number(difference.here, decimals),
            "source": quantity_number(difference.source, decimals),
        }

    def repriced(self) -> list[tuple[LockedLine, ResolvedLine]]:
        """Return the lines to write with what the document says of them.

        Lines that were split keep their shares.
        """
        found: list[tuple[LockedLine, ResolvedLine]] = []
        documents = self.documents()
        for key, lines in self.stored.items():
            if key in documents and len(lines) == 1:
                found.append((lines[0], documents[key][0]))
        return found


def _document_key(line: ResolvedLine) -> LineKey:
    variant = tuple(sorted((line.variant_values or {}).items()))
    return LineKey(line.external_id, line.product, line.unit, variant)


def plan_lines(
    session: Session, deliveries: Sequence[Delivery], fulfillment: FulfillmentPort
) -> dict[UUID, LinePlan]:
    """Return what becomes of the lines of these orders; nothing is changed."""
    order_ids = [known.id for known, _ in deliveries]
    lock_orders(session, order_ids)
    lines = lines_of_orders(session, order_ids)
    stored = _stored_lines(session, order_ids)
    by_order = group_by_order(lines)
    unsent = _unsent_lines(session, lines, fulfillment)
    contents = source_contents(session, order_ids)

    plans: dict[UUID, LinePlan] = {}
    for known, draft in deliveries:
        plan = _plan(known, draft, by_order[known.id], stored, unsent)
        content = contents.get(known.id)
        plans[known.id] = _as_reviewed(plan, content) if content else plan

    return plans


def _as_reviewed(plan: LinePlan, content: SourceContent) -> LinePlan:
    """Return the plan of an order that a person has changed: its source changes no line.

    What the source says differently than at the first change by a person is for a person to decide.
    """
    changes = changes_for_review(plan.stored, content.lines, _delivered(plan.draft))
    return replace(plan, changeable=False, changes=changes, content=content)


def _unsent_lines(
    session: Session, lines: Sequence[LockedLine], fulfillment: FulfillmentPort
) -> dict[UUID, list[UnsentLine]]:
    """Return by order line what of it is in fulfillment orders that were not sent."""
    order_ids = {line.order_id for line in lines if line.in_fulfillment}
    unsent: dict[UUID, list[UnsentLine]] = defaultdict(list)
    if order_ids:
        for line in fulfillment.unsent_lines(session, order_ids):
            unsent[line.order_line_id].append(line)
    return unsent


def _stored_lines(session: Session, order_ids: Sequence[UUID]) -> dict[UUID, _StoredLine]:
    rows = fetch_as(
        session,
        _StoredLine,
        "SELECT id, external_id, unit_price, discount, tax, ship_to, removed"
        " FROM orders.order_line"
        " WHERE order_id = ANY(%s)",
        (list(order_ids),),
    )
    return {row.id: row for row in rows}


def _plan(
    known: KnownOrder,
    draft: OrderDraft,
    lines: Sequence[LockedLine],
    stored: Mapping[UUID, _StoredLine],
    unsent: Mapping[UUID, Sequence[UnsentLine]],
) -> LinePlan:
    by_key = _lines_by_key(lines, stored)
    changeable = known.state in UNFINISHED and not any(_is_released(x, unsent) for x in lines)
    changes = line_changes(by_key, _delivered(draft), changeable=changeable)
    unsent_here = [one for line in lines for one in unsent.get(line.id, ())]
    return LinePlan(known.id, draft, lines, by_key, stored, unsent_here, changeable, changes)


def _lines_by_key(
    lines: Sequence[LockedLine], stored: Mapping[UUID, _StoredLine]
) -> dict[LineKey, list[LockedLine]]:
    """Return the lines by key, without those that their source has removed."""
    by_key: dict[LineKey, list[LockedLine]] = defaultdict(list)
    for line in lines:
        if stored[line.id].removed:
            continue

        variant = tuple(sorted((line.variant or {}).items()))
        key = LineKey(stored[line.id].external_id, line.product, line.unit, variant)
        by_key[key].append(line)
    return by_key


def _is_released(line: LockedLine, unsent: Mapping[UUID, Sequence[UnsentLine]]) -> bool:
    """Return whether a fulfiller has goods of a line, or goods of it have shipped."""
    steps = sum(one.steps for one in unsent.get(line.id, ()))
    return line.in_fulfillment > steps or (line.shipped > 0 and not line.is_digital)


def _delivered(draft: OrderDraft) -> dict[LineKey, DeliveredLine]:
    """Return the lines of a document by key; lines of one key are added up."""
    delivered: dict[LineKey, DeliveredLine] = {}
    for line, quantity in zip(draft.document.lines, draft.quantities, strict=True):
        key = _document_key(line)
        before = delivered.get(key, DeliveredLine(0))
        delivered[key] = DeliveredLine(
            before.ordered + quantity.steps,
            before.canceled + quantity.canceled,
            before.shipped + quantity.shipped,
        )

    return delivered


def apply_line_plans(
    session: Session, plans: Sequence[LinePlan], now: datetime, actor: str
) -> dict[UUID, list[LineDifference]]:
    """Change the lines of orders as planned; return the cancellations that were refused.

    New lines are inserted before others are canceled, so that an order whose lines were all
    replaced is not canceled in between.
    """
    batch = order_batch(session)
    batch.flush_lines(session)
    insert_lines(session, _added_lines(plans), now, actor)
    grow_lines(session, _grown(plans))
    batch.expire_lines([plan.order_id for plan in plans])

    refused = _cancel(session, plans, now, actor)
    batch.flush_lines(session)
    changeable = [plan for plan in plans if plan.changeable]
    _reprice(session, changeable)
    _shrink(session, changeable)
    mark_removed(session, _removed(changeable))
    batch.expire_lines([plan.order_id for plan in plans])
    return refused


def _added_lines(plans: Sequence[LinePlan]) -> list[NewLine]:
    """Return the lines that sources have added, numbered after those of their order."""
    ids = iter(new_ids(sum(len(plan.changes.added) for plan in plans)))
    lines: list[NewLine] = []
    for plan in plans:
        documents = plan.documents()
        number = len(plan.lines)
        for key, steps in plan.changes.added.items():
            document, quantity = documents[key]
            number += 1
            wanted = LineQuantity(steps, quantity.unit)
            lines.append(NewLine(next(ids), plan.order_id, number, document, wanted))

    return lines


def _grown(plans: Sequence[LinePlan]) -> dict[UUID, int]:
    grown: dict[UUID, int] = {}
    for plan in plans:
        grown |= plan.changes.grow
    return grown


class _PlannedCancellation(NamedTuple):
    """Steps of a line that a plan cancels."""

    plan: LinePlan
    key: LineKey
    line: LockedLine
    steps: int

    def request(self) -> LineCancellation:
        return LineCancellation(self.line.id, self.line.units(self.steps))


def _planned_cancellations(plans: Sequence[LinePlan]) -> Iterator[_PlannedCancellation]:
    for plan in plans:
        for key, lines in plan.stored.items():
            for line in lines:
                steps = plan.changes.cancel.get(line.id, 0)
                if steps:
                    yield _PlannedCancellation(plan, key, line, steps)


def _cancel(
    session: Session, plans: Sequence[LinePlan], now: datetime, actor: str
) -> dict[UUID, list[LineDifference]]:
    """Cancel units; return those whose cancellation is refused as differences, by order."""
    planned = list(_planned_cancellations(plans))
    if not planned:
        return {}

    requests = [cancellation.request() for cancellation in planned]
    outcomes = cancel_lines(session, requests, now, actor, reason=CHANGED_BY_SOURCE)
    refused: dict[UUID, list[LineDifference]] = defaultdict(list)
    for (plan, key, _, steps), outcome in zip(planned, outcomes, strict=True):
        if not outcome.ok:
            here = plan.steps_to_fulfill(key)
            refused[plan.order_id].append(LineDifference(key, here, here - steps))

    return dict(refused)


def _reprice(session: Session, plans: Sequence[LinePlan]) -> None:
    """Write prices, names and addresses of lines."""
    rows: list[dict[str, Any]] = []
    for plan in plans:
        for line, document in plan.repriced():
            rows.append(_reprice_row(line, document))

    write_line_fields(session, rows)


def _reprice_row(line: LockedLine, document: ResolvedLine) -> dict[str, Any]:
    fields = {"unit_price", "discount", "tax", "ship_to", "requested_delivery_date"}
    row = document.model_dump(mode="json", include=fields)
    return {**row, "id": line.id, "name": document.name or document.product}


def _shrink(session: Session, plans: Sequence[LinePlan]) -> None:
    """Remove canceled units that the source no longer counts as ordered."""
    lines = lines_of_orders(session, [plan.order_id for plan in plans])
    by_id = {line.id: line for line in lines}
    shrunk: dict[UUID, int] = {}
    for plan in plans:
        shrunk |= _surplus(plan, by_id)

    shrink_lines(session, shrunk)


def _removed(plans: Sequence[LinePlan]) -> list[UUID]:
    """Return the lines that their sources do not list any more."""
    removed: list[UUID] = []
    for plan in plans:
        listed = plan.documents()
        for key, lines in plan.stored.items():
            if key not in listed:
                removed += ids_of(lines)
    return removed


def _surplus(plan: LinePlan, lines: Mapping[UUID, LockedLine]) -> dict[UUID, int]:
    surplus: dict[UUID, int] = {}
    for key, delivered in _delivered(plan.draft).items():
        current = [lines[line.id] for line in plan.stored.get(key, ())]
        kept = delivered.ordered - plan.changes.added.get(key, 0)
        surplus |= surplus_steps(current, kept)
    return surplus


def has_new_prices(plan: LinePlan) -> bool:
    """Return whether the document gives a line another price, discount or tax."""
    for line, document in plan.repriced():
        stored = plan.money[line.id]
        if (stored.unit_price, stored.discount, stored.tax) != (
            document.unit_price,
            document.discount,
            document.tax,
        ):
            return True

    return False


def has_new_addresses(plan: LinePlan) -> bool:
    """Return whether the document sends a line elsewhere, or wants it on another day."""
    for line, document in plan.repriced():
        delivered = document.model_dump(mode="json", include={"ship_to"})["ship_to"]
        if plan.money[line.id].ship_to != delivered:
            return True
        if line.requested_delivery_date != document.requested_delivery_date:
            return True

    return False
