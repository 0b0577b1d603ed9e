"""Put, ship, receive and close lines of purchase and transfer orders; each takes many. The schedule follows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility.ledger.measure_intake import post_measures
from openiom.inventory_visibility.measures import ON_HAND, ZERO, MeasureChange, plain
from openiom.kernel import Event, new_id, new_ids
from openiom.platform.bulk import fetch
from openiom.platform.events import append_events

from .lines import Kind, Line, LineName, insert_lines, lock_lines, lock_named, reschedule

RECEIVED = "inventory.received"


@dataclass(frozen=True, slots=True)
class SupplyLineDocument:
    """Units of a product to `source`. Of a transfer `origin` says from where, and `ship_date` when they leave it."""

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
    """A purchase or transfer order as its system tells it; lines it does not name stay as they are."""

    kind: Kind
    number: str
    lines: Sequence[SupplyLineDocument]


@dataclass(frozen=True, slots=True)
class Receipt:
    """Units of a line that arrived; `id` is counted once for its order."""

    id: str
    line: LineName
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Received:
    ok: bool
    duplicate: bool = False
    reason: str = ""


def put_supply(
    session: Session, documents: Sequence[SupplyDocument], now: datetime, actor: str
) -> list[str]:
    """Take orders in, new or amended; '' for each, else why it was refused whole. One order stands once a batch."""
    answers, good = [], dict[tuple[Kind, str], SupplyDocument]()
    for document in documents:
        reason = _refusal(document, twice=(document.kind, document.number) in good)
        answers.append(reason)
        if not reason:
            good[document.kind, document.number] = document
    order_ids = _orders(session, list(good), now)
    lines = lock_lines(session, order_ids.values())
    changed: list[Line] = []
    fresh: list[tuple[UUID, Line]] = []
    for i, document in enumerate(documents):
        if answers[i]:
            continue
        known = {
            n: lines[n]
            for n in (
                LineName(document.kind, document.number, x.line_number) for x in document.lines
            )
            if n in lines
        }
        answers[i] = next(
            filter(None, (_amendment(known.get(_name(document, x)), x) for x in document.lines)), ""
        )
        if answers[i]:
            continue
        for wanted in document.lines:
            line = known.get(_name(document, wanted))
            if line is None:
                line = _new_line(_name(document, wanted), wanted)
                fresh.append((order_ids[document.kind, document.number], line))
            line.quantity, line.confidence = wanted.quantity, wanted.confidence
            line.expected_date, line.ship_date = wanted.expected_date, wanted.leaves_on
            line.origin = wanted.origin
            changed.append(line)
    insert_lines(session, fresh)
    reschedule(session, changed, now=now, actor=actor, cause="supply order")
    return answers


def _name(document: SupplyDocument, line: SupplyLineDocument) -> LineName:
    return LineName(document.kind, document.number, line.line_number)


def _refusal(document: SupplyDocument, *, twice: bool) -> str:
    if twice:
        return f"{document.kind} {document.number} stands twice in this request"
    numbers = [line.line_number for line in document.lines]
    if len(set(numbers)) < len(numbers):
        return "a line number stands twice"
    for line in document.lines:
        if line.origin and document.kind == "purchase":
            return f"line {line.line_number} of a purchase order names an origin; only a transfer order has one"
        if line.origin == line.source:
            return f"line {line.line_number} goes from {line.origin} to itself"
        if line.origin and line.leaves_on > line.expected_date:
            return f"line {line.line_number} leaves after it is expected"
    return ""


def _amendment(line: Line | None, wanted: SupplyLineDocument) -> str:
    """Why a known line cannot become what is wanted; ''."""
    if line is None:
        return ""
    if (line.product, line.source) != (wanted.product, wanted.source):
        return f"line {wanted.line_number} is for {line.product} to {line.source}; close it and add another"
    if line.origin and line.origin != wanted.origin:
        return f"line {wanted.line_number} comes from {line.origin}; close it and add another"
    if line.closed:
        return f"line {wanted.line_number} was closed short; add another"
    if wanted.quantity < line.received:
        return f"{plain(line.received)} units of line {wanted.line_number} were received already"
    if wanted.quantity < line.shipped:
        return f"{plain(line.shipped)} units of line {wanted.line_number} were shipped already"
    return ""


def _new_line(name: LineName, wanted: SupplyLineDocument) -> Line:
    return Line(
        id=new_id(),
        name=name,
        product=wanted.product,
        source=wanted.source,
        origin=wanted.origin,
        quantity=wanted.quantity,
        received=ZERO,
        shipped=ZERO,
        closed=ZERO,
        scheduled=ZERO,
        demanded=ZERO,
        expected_date=wanted.expected_date,
        ship_date=wanted.leaves_on,
        confidence=wanted.confidence,
        version=0,
        scheduled_on=wanted.expected_date,
        demanded_on=wanted.leaves_on,
        sure=wanted.confidence,
    )


def _orders(
    session: Session, names: Sequence[tuple[Kind, str]], now: datetime
) -> dict[tuple[str, str], UUID]:
    """The orders of these names, made when they are new, locked in the order of their names."""
    wanted = sorted(names)
    rows = fetch(
        session,
        "INSERT INTO inventory_visibility.supply_order AS o (id, kind, number, created_at, updated_at)"
        " SELECT i, k, n, %s, %s FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS d(i, k, n)"
        " ON CONFLICT (kind, number) DO UPDATE SET updated_at = excluded.updated_at RETURNING kind, number, id",
        (now, now, new_ids(len(wanted)), [w[0] for w in wanted], [w[1] for w in wanted]),
    )
    return {(kind, number): order_id for kind, number, order_id in rows}


def receive_supply(
    session: Session, receipts: Sequence[Receipt], now: datetime, actor: str
) -> list[Received]:
    """Units arrived: on hand rises and the schedule falls in one transaction; one answer each, in order.

    More than a line asks for is taken, for it stands there. A line that was closed short takes what still comes.
    Announces `inventory.received`.
    """
    lines = lock_named(session, {r.line for r in receipts})
    answers, taken = _take(session, "supply_receipt", receipts, lines, now, actor)
    for receipt, line in taken:
        line.received += receipt.quantity
    if taken:
        posting = [
            MeasureChange("", x.product, x.source, {ON_HAND: r.quantity}, document=x.document)
            for r, x in taken
        ]
        post_measures(session, posting, now=now, actor=actor, cause="receipt")
        reschedule(
            session,
            list({x.id: x for _, x in taken}.values()),
            now=now,
            actor=actor,
            cause="receipt",
        )
        append_events(session, _told(taken), at=now, actor=actor)
    return answers


def ship_supply(
    session: Session, shipments: Sequence[Receipt], now: datetime, actor: str
) -> list[Received]:
    """Units of transfers left their origin: on hand there falls, and the demand scheduled there with it.

    They are still expected where they go. One answer each, in order; an id is counted once for its order, apart from
    those of receipts. A shipment is a fact: more than was ordered or stands there is taken.
    """
    lines = lock_named(session, {s.line for s in shipments})
    answers, taken = _take(session, "supply_shipment", shipments, lines, now, actor)
    for shipment, line in taken:
        line.shipped += shipment.quantity
    if taken:
        posting = [
            MeasureChange("", x.product, x.origin, {ON_HAND: -s.quantity}, document=x.document)
            for s, x in taken
        ]
        post_measures(session, posting, now=now, actor=actor, cause="transfer shipped")
        reschedule(
            session,
            list({x.id: x for _, x in taken}.values()),
            now=now,
            actor=actor,
            cause="transfer shipped",
        )
    return answers


def _take(
    session: Session,
    table: Literal["supply_receipt", "supply_shipment"],
    told: Sequence[Receipt],
    lines: Mapping[LineName, Line],
    now: datetime,
    actor: str,
) -> tuple[list[Received], list[tuple[Receipt, Line]]]:
    """An answer for each that was told, and those that count, each with its line."""
    refusals = [_misfit(one, lines, ships=table == "supply_shipment") for one in told]
    good = [(one, lines[one.line].id) for one, why in zip(told, refusals, strict=True) if not why]
    fresh = _first_time(session, table, good, now, actor)
    answers, taken = [], list[tuple[Receipt, Line]]()
    for one, why in zip(told, refusals, strict=True):
        answers.append(Received(not why, duplicate=not why and _once(one) not in fresh, reason=why))
        if not why and _once(one) in fresh:
            fresh.discard(_once(one))
            taken.append((one, lines[one.line]))
    return answers, taken


def _misfit(one: Receipt, lines: Mapping[LineName, Line], *, ships: bool) -> str:
    if one.quantity <= 0:
        return "the quantity must be above zero"
    if one.line not in lines:
        return "there is no such line"
    return "the line names no origin to ship from" if ships and not lines[one.line].origin else ""


def _once(receipt: Receipt) -> str:
    return f"{receipt.line.kind}/{receipt.line.number}/{receipt.id}"


def _first_time(
    session: Session,
    table: Literal["supply_receipt", "supply_shipment"],
    receipts: Sequence[tuple[Receipt, UUID]],
    now: datetime,
    actor: str,
) -> set[str]:
    """Those that were not counted before; of two with one id in a batch the first."""
    once = {_once(r): (r, line) for r, line in reversed(receipts)}
    events = sorted(once)
    rows = fetch(
        session,
        f"INSERT INTO inventory_visibility.{table} (event_id, line_id, quantity, at, actor)"
        " SELECT e, l, q, %s, %s FROM unnest(%s::text[], %s::uuid[], %s::numeric[]) AS n(e, l, q)"
        " ON CONFLICT DO NOTHING RETURNING event_id",
        (now, actor, events, [once[e][1] for e in events], [once[e][0].quantity for e in events]),
    )
    return {row[0] for row in rows}


def _told(taken: Sequence[tuple[Receipt, Line]]) -> list[Event]:
    """One event an order."""
    by_order: dict[str, list[tuple[Receipt, Line]]] = defaultdict(list)
    for receipt, line in taken:
        by_order[line.document].append((receipt, line))
    events = []
    for document, some in by_order.items():
        subject = new_id()
        data = {
            "document": document,
            "keys": [list(k) for k in sorted({(x.product, x.source) for _, x in some})][:500],
            "units": [
                {"line": x.name.line_number, "product": x.product, "quantity": plain(r.quantity)}
                for r, x in some
            ],
        }
        events.append(
            Event(
                name=RECEIVED,
                subject_type="inventory",
                subject_id=subject,
                root_id=subject,
                data=data,
            )
        )
    return events


def close_short(
    session: Session,
    names: Sequence[LineName],
    now: datetime,
    actor: str,
    *,
    but_shipped: bool = False,
) -> list[str]:
    """Expect no more of these lines; '' for each, else why not. What was open leaves the schedule at both ends.

    `but_shipped` cancels only what has not left its origin: units on their way are still expected.
    """
    lines = lock_named(session, set(names))
    answers, changed = [], dict[UUID, Line]()
    for name in names:
        line = lines.get(name)
        if line is None:
            answers.append("there is no such line")
            continue
        ended = line.to_ship if but_shipped and line.origin else line.open
        if not ended:
            answers.append(
                "everything open of the line is on its way"
                if line.open
                else "nothing of the line is open"
            )
            continue
        line.closed += ended
        changed[line.id] = line
        answers.append("")
    reschedule(
        session,
        list(changed.values()),
        now=now,
        actor=actor,
        cause="canceled" if but_shipped else "closed short",
    )
    return answers
