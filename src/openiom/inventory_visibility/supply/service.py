"""Purchase and transfer orders: amended, shipped, received and closed; the schedule follows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility.columns import split_pairs
from openiom.inventory_visibility.events import RECEIVED, inventory_event, named_keys
from openiom.inventory_visibility.ledger.measure_intake import post_measures
from openiom.inventory_visibility.measures import (
    ON_HAND,
    ZERO,
    MeasureChange,
    format_quantity,
)
from openiom.kernel import Event, new_id, new_ids
from openiom.platform.bulk import fetch
from openiom.platform.events import append_events

from .lines import (
    Kind,
    Scheduled,
    SupplyLineKey,
    SupplyLineState,
    insert_lines,
    lock_lines,
    lock_orders,
    store_lines,
)

OrderKey = tuple[Kind, str]
MovementTable = Literal["supply_receipt", "supply_shipment"]


@dataclass(frozen=True, slots=True)
class SupplyLineDocument:
    """Units of a product expected at `source`.

    Of a transfer, `origin` is the source they leave from and `ship_date` the day they leave it.
    """

    line_number: int
    product: str
    source: str
    quantity: Decimal
    expected_date: date
    confidence: Decimal = Decimal(1)
    origin: str = ""
    ship_date: date | None = None

    @property
    def leaves_on(self) -> date:
        return self.ship_date or self.expected_date


@dataclass(frozen=True, slots=True)
class SupplyDocument:
    """A purchase or transfer order of another system; lines it does not name stay as they are."""

    kind: Kind
    number: str
    lines: Sequence[SupplyLineDocument]

    @property
    def key(self) -> OrderKey:
        return self.kind, self.number

    def key_of(self, line: SupplyLineDocument) -> SupplyLineKey:
        return SupplyLineKey(self.kind, self.number, line.line_number)


@dataclass(frozen=True, slots=True)
class SupplyMovement:
    """Units of a line that were received or shipped; `id` is applied once for its order."""

    id: str
    line: SupplyLineKey
    quantity: Decimal

    @property
    def unique_id(self) -> str:
        return f"{self.line.kind}/{self.line.number}/{self.id}"


@dataclass(frozen=True, slots=True)
class SupplyMovementResult:
    """The outcome of one movement; see `PostingResult`."""

    ok: bool
    duplicate: bool = False
    reason: str = ""


class _AppliedMovement(NamedTuple):
    movement: SupplyMovement
    line: SupplyLineState


def upsert_supply_orders(
    session: Session, documents: Sequence[SupplyDocument], now: datetime, actor: str
) -> list[str]:
    """Insert new orders and amend known ones; each order may appear once per call.

    Returns:
        For each document '' or the reason why it was refused as a whole.
    """
    reasons = []
    accepted: dict[OrderKey, SupplyDocument] = {}
    for document in documents:
        reason = _document_refusal(document, is_repeated=document.key in accepted)
        reasons.append(reason)
        if not reason:
            accepted[document.key] = document

    order_ids = _upsert_orders(session, list(accepted), now)
    lines = lock_orders(session, order_ids.values())

    changed: list[SupplyLineState] = []
    new: list[tuple[UUID, SupplyLineState]] = []
    for number, document in enumerate(documents):
        reasons[number] = reasons[number] or _amendment_refusal(document, lines)
        if reasons[number]:
            continue

        for wanted in document.lines:
            key = document.key_of(wanted)
            line = lines.get(key)
            if line is None:
                line = _new_line(key, wanted)
                new.append((order_ids[document.key], line))

            line.quantity = wanted.quantity
            line.confidence = wanted.confidence
            line.expected_date = wanted.expected_date
            line.ship_date = wanted.leaves_on
            line.origin = wanted.origin
            changed.append(line)

    insert_lines(session, new)
    store_lines(session, changed, now=now, actor=actor, cause="supply order")
    return reasons


def _document_refusal(document: SupplyDocument, *, is_repeated: bool) -> str:
    """Return why a document is invalid by itself, or ''."""
    if is_repeated:
        return f"{document.kind} {document.number} appears twice in this request"

    numbers: set[int] = set()
    for line in document.lines:
        if line.line_number in numbers:
            return "a line number appears twice"

        numbers.add(line.line_number)

    return _origins_refusal(document)


def _origins_refusal(document: SupplyDocument) -> str:
    """Return what is wrong with the origin of the first line that has an invalid one, or ''."""
    for line in document.lines:
        reason = _origin_refusal(document.kind, line)
        if reason:
            return f"line {line.line_number} {reason}"
    return ""


def _origin_refusal(kind: Kind, line: SupplyLineDocument) -> str:
    """Return what is wrong with the origin of a line, or ''."""
    if not line.origin:
        return ""
    if kind == "purchase":
        return "of a purchase order names an origin; only a transfer order has one"
    if line.origin == line.source:
        return f"goes from {line.origin} to itself"
    if line.leaves_on > line.expected_date:
        return "leaves after it is expected"

    return ""


def _amendment_refusal(
    document: SupplyDocument, lines: Mapping[SupplyLineKey, SupplyLineState]
) -> str:
    """Return why known lines cannot become what a document says, or ''."""
    for wanted in document.lines:
        known = lines.get(document.key_of(wanted))
        reason = amendment_refusal(known, wanted) if known else ""
        if reason:
            return reason

    return ""


def amendment_refusal(line: SupplyLineState, wanted: SupplyLineDocument) -> str:
    """Return why a known line cannot be amended to what is wanted, or ''."""
    name = f"line {wanted.line_number}"
    if (line.product, line.source) != (wanted.product, wanted.source):
        return f"{name} is for {line.product} to {line.source}; close it and add another"
    if line.origin not in ("", wanted.origin):
        return f"{name} comes from {line.origin}; close it and add another"
    if line.closed:
        return f"{name} was closed short; add another"

    return _quantity_refusal(line, wanted.quantity)


def _quantity_refusal(line: SupplyLineState, quantity: Decimal) -> str:
    """Return why a line cannot have this quantity, or ''."""
    name = f"line {line.key.line_number}"
    if quantity < line.received:
        return f"{format_quantity(line.received)} units of {name} were received already"
    if quantity < line.shipped:
        return f"{format_quantity(line.shipped)} units of {name} were shipped already"
    return ""


def _new_line(key: SupplyLineKey, wanted: SupplyLineDocument) -> SupplyLineState:
    """Return a new line with nothing scheduled yet."""
    return SupplyLineState(
        id=new_id(),
        key=key,
        product=wanted.product,
        source=wanted.source,
        origin=wanted.origin,
        quantity=wanted.quantity,
        received=ZERO,
        shipped=ZERO,
        closed=ZERO,
        scheduled=ZERO,
        scheduled_demand=ZERO,
        expected_date=wanted.expected_date,
        ship_date=wanted.leaves_on,
        confidence=wanted.confidence,
        version=0,
        supply=Scheduled(ZERO, wanted.expected_date, wanted.confidence),
        demand=Scheduled(ZERO, wanted.leaves_on, wanted.confidence),
    )


def _upsert_orders(
    session: Session, keys: Sequence[OrderKey], now: datetime
) -> dict[OrderKey, UUID]:
    """Return the ids of these orders, locked in the order of their keys; new ones are created."""
    rows = fetch(
        session,
        "INSERT INTO inventory_visibility.supply_order AS o"
        " (id, kind, number, created_at, updated_at)"
        " SELECT i, k, n, %s, %s FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS d(i, k, n)"
        " ON CONFLICT (kind, number) DO UPDATE SET updated_at = excluded.updated_at"
        " RETURNING kind, number, id",
        (now, now, new_ids(len(keys)), *split_pairs(sorted(keys))),
    )
    return {(kind, number): order_id for kind, number, order_id in rows}


def receive_supply(
    session: Session, movements: Sequence[SupplyMovement], now: datetime, actor: str
) -> list[SupplyMovementResult]:
    """Receive units: raise on hand and lower the schedule. Publishes `inventory.received`.

    A receipt is a fact: units beyond the ordered quantity, or of a line that was closed short, are
    received as well. Returns one result per movement, in order.
    """
    lines = lock_lines(session, {movement.line for movement in movements})
    results, applied = _apply_once(session, "supply_receipt", movements, lines, now, actor)

    posted = []
    for movement, line in applied:
        line.received += movement.quantity
        posted.append(_on_hand_change(line, line.source, movement.quantity))

    _store(session, posted, applied, now=now, actor=actor, cause="receipt")
    append_events(session, _received_events(applied), at=now, actor=actor)
    return results


def ship_supply(
    session: Session, movements: Sequence[SupplyMovement], now: datetime, actor: str
) -> list[SupplyMovementResult]:
    """Ship units of transfers: lower on hand and the scheduled demand at their origin.

    They are still expected at their destination. A shipment is a fact: units beyond the ordered
    quantity or beyond on hand are shipped as well. Ids of shipments are distinct from those of
    receipts. Returns one result per movement, in order.
    """
    lines = lock_lines(session, {movement.line for movement in movements})
    results, applied = _apply_once(session, "supply_shipment", movements, lines, now, actor)

    posted = []
    for movement, line in applied:
        line.shipped += movement.quantity
        posted.append(_on_hand_change(line, line.origin, -movement.quantity))

    _store(session, posted, applied, now=now, actor=actor, cause="transfer shipped")
    return results


def _on_hand_change(line: SupplyLineState, source: str, quantity: Decimal) -> MeasureChange:
    return MeasureChange("", line.product, source, {ON_HAND: quantity}, document=line.document)


def _store(
    session: Session,
    posted: Sequence[MeasureChange],
    applied: Sequence[_AppliedMovement],
    *,
    now: datetime,
    actor: str,
    cause: str,
) -> None:
    """Post the measures and write the lines that moved back."""
    if applied:
        post_measures(session, posted, now=now, actor=actor, cause=cause)
        lines = {one.line.id: one.line for one in applied}
        store_lines(session, list(lines.values()), now=now, actor=actor, cause=cause)


def _apply_once(
    session: Session,
    table: MovementTable,
    movements: Sequence[SupplyMovement],
    lines: Mapping[SupplyLineKey, SupplyLineState],
    now: datetime,
    actor: str,
) -> tuple[list[SupplyMovementResult], list[_AppliedMovement]]:
    """Store the movements that are valid and new; return all results and the stored movements."""
    reasons = []
    valid: dict[str, _AppliedMovement] = {}
    for movement in movements:
        reason = _movement_refusal(movement, lines, needs_origin=table == "supply_shipment")
        reasons.append(reason)
        if not reason:
            valid.setdefault(movement.unique_id, _AppliedMovement(movement, lines[movement.line]))

    new_ids = _store_new_movements(session, table, valid, now, actor)
    results, applied = [], []
    for movement, reason in zip(movements, reasons, strict=True):
        is_new = not reason and movement.unique_id in new_ids
        duplicate = not reason and not is_new
        results.append(SupplyMovementResult(not reason, duplicate=duplicate, reason=reason))
        if is_new:
            new_ids.discard(movement.unique_id)
            applied.append(_AppliedMovement(movement, lines[movement.line]))

    return results, applied


def _movement_refusal(
    movement: SupplyMovement,
    lines: Mapping[SupplyLineKey, SupplyLineState],
    *,
    needs_origin: bool,
) -> str:
    """Return why a movement cannot be applied, or ''."""
    if movement.quantity <= 0:
        return "the quantity must be above zero"

    line = lines.get(movement.line)
    if line is None:
        return "there is no such line"
    if needs_origin and not line.origin:
        return "the line names no origin to ship from"

    return ""


def _store_new_movements(
    session: Session,
    table: MovementTable,
    movements: Mapping[str, _AppliedMovement],
    now: datetime,
    actor: str,
) -> set[str]:
    """Store the movements whose id was not applied before; return their ids."""
    event_ids = sorted(movements)
    line_ids = []
    quantities = []
    for event_id in event_ids:
        line_ids.append(movements[event_id].line.id)
        quantities.append(movements[event_id].movement.quantity)

    rows = fetch(
        session,
        f"INSERT INTO inventory_visibility.{table}"
        " (event_id, line_id, quantity, recorded_at, actor)"
        " SELECT e, l, q, %s, %s FROM unnest(%s::text[], %s::uuid[], %s::numeric[]) AS n(e, l, q)"
        " ON CONFLICT DO NOTHING RETURNING event_id",
        (now, actor, event_ids, line_ids, quantities),
    )
    return {event_id for (event_id,) in rows}


def _received_events(applied: Sequence[_AppliedMovement]) -> list[Event]:
    """Return one event per order."""
    by_order: dict[str, list[_AppliedMovement]] = defaultdict(list)
    for one in applied:
        by_order[one.line.document].append(one)

    events = []
    for document, received in by_order.items():
        keys = {(one.line.product, one.line.source) for one in received}
        units = []
        for movement, line in received:
            units.append(
                {
                    "line": line.key.line_number,
                    "product": line.product,
                    "quantity": format_quantity(movement.quantity),
                }
            )

        data = {"document": document, "keys": named_keys(keys), "units": units}
        events.append(inventory_event(RECEIVED, data))

    return events


def close_short(
    session: Session,
    keys: Sequence[SupplyLineKey],
    now: datetime,
    actor: str,
    *,
    unshipped_only: bool = False,
) -> list[str]:
    """Close lines: expect no more of them and remove what was open from the schedule.

    With `unshipped_only` a transfer's units on their way are still expected: only those that have
    not left the origin are closed.

    Returns:
        For each line '' or the reason why it was not closed.
    """
    lines = lock_lines(session, set(keys))
    reasons = []
    changed: dict[UUID, SupplyLineState] = {}
    for key in keys:
        line = lines.get(key)
        if line is None:
            reasons.append("there is no such line")
            continue

        closed = line.to_ship if unshipped_only and line.origin else line.open
        if closed:
            line.closed += closed
            changed[line.id] = line
            reasons.append("")
        elif line.open:
            reasons.append("everything open of the line is on its way")
        else:
            reasons.append("nothing of the line is open")

    cause = "canceled" if unshipped_only else "closed short"
    store_lines(session, list(changed.values()), now=now, actor=actor, cause=cause)
    return reasons
