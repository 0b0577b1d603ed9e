"""Put, receive and close lines of purchase and transfer orders; each takes many. The schedule follows every step."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility.measures import ON_HAND, ZERO, MeasureChange, plain
from openiom.inventory_visibility.posting import post_measures
from openiom.inventory_visibility.promise.schedule import ScheduleChange, post_schedule
from openiom.kernel import Event, new_id, new_ids
from openiom.platform.bulk import copy_rows, execute, fetch
from openiom.platform.events import announce

Kind = Literal["purchase", "transfer"]
RECEIVED = "inventory.received"


@dataclass(frozen=True, slots=True)
class SupplyLineDocument:
    line_number: int
    product: str
    source: str
    quantity: Decimal
    expected_date: date
    confidence: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class SupplyDocument:
    """A purchase or transfer order as its system tells it; lines it does not name stay as they are."""

    kind: Kind
    number: str
    lines: Sequence[SupplyLineDocument]


@dataclass(frozen=True, slots=True)
class LineName:
    kind: Kind
    number: str
    line_number: int


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


@dataclass(slots=True)
class Line:
    """A locked line. `scheduled` is what of it stands in the schedule, on `scheduled_on` with `sure`."""

    id: UUID
    name: LineName
    product: str
    source: str
    quantity: Decimal
    received: Decimal
    closed: Decimal
    scheduled: Decimal
    expected_date: date
    confidence: Decimal
    version: int
    scheduled_on: date
    sure: Decimal

    @property
    def open(self) -> Decimal:
        return max(ZERO, self.quantity - self.received - self.closed)

    @property
    def document(self) -> str:
        return f"{self.name.kind} {self.name.number}"


def put_supply(session: Session, documents: Sequence[SupplyDocument], now: datetime, actor: str) -> list[str]:
    """Take orders in, new or amended; '' for each, else why it was refused whole. One order stands once a batch."""
    answers, good = [], dict[tuple[Kind, str], SupplyDocument]()
    for document in documents:
        reason = _refusal(document, twice=(document.kind, document.number) in good)
        answers.append(reason)
        if not reason:
            good[document.kind, document.number] = document
    order_ids = _orders(session, list(good), now)
    lines = _lock_lines(session, order_ids.values())
    changed: list[Line] = []
    fresh: list[tuple[UUID, Line]] = []
    for i, document in enumerate(documents):
        if answers[i]:
            continue
        known = {
            n: lines[n]
            for n in (LineName(document.kind, document.number, x.line_number) for x in document.lines)
            if n in lines
        }
        answers[i] = next(filter(None, (_amendment(known.get(_name(document, x)), x) for x in document.lines)), "")
        if answers[i]:
            continue
        for wanted in document.lines:
            line = known.get(_name(document, wanted))
            if line is None:
                line = _new_line(_name(document, wanted), wanted)
                fresh.append((order_ids[document.kind, document.number], line))
            line.quantity, line.expected_date, line.confidence = (
                *(wanted.quantity, wanted.expected_date, wanted.confidence),
            )
            changed.append(line)
    _insert(session, fresh)
    _reschedule(session, changed, now=now, actor=actor, cause="supply order")
    return answers


def _name(document: SupplyDocument, line: SupplyLineDocument) -> LineName:
    return LineName(document.kind, document.number, line.line_number)


def _refusal(document: SupplyDocument, *, twice: bool) -> str:
    if twice:
        return f"{document.kind} {document.number} stands twice in this request"
    numbers = [line.line_number for line in document.lines]
    if len(set(numbers)) < len(numbers):
        return "a line number stands twice"
    return ""


def _amendment(line: Line | None, wanted: SupplyLineDocument) -> str:
    """Why a known line cannot become what is wanted; ''."""
    if line is None:
        return ""
    if (line.product, line.source) != (wanted.product, wanted.source):
        return f"line {wanted.line_number} is for {line.product} to {line.source}; close it and add another"
    if line.closed:
        return f"line {wanted.line_number} was closed short; add another"
    if wanted.quantity < line.received:
        return f"{plain(line.received)} units of line {wanted.line_number} were received already"
    return ""


def _new_line(name: LineName, wanted: SupplyLineDocument) -> Line:
    return Line(
        id=new_id(),
        name=name,
        product=wanted.product,
        source=wanted.source,
        quantity=wanted.quantity,
        received=ZERO,
        closed=ZERO,
        scheduled=ZERO,
        expected_date=wanted.expected_date,
        confidence=wanted.confidence,
        version=0,
        scheduled_on=wanted.expected_date,
        sure=wanted.confidence,
    )


def _orders(session: Session, names: Sequence[tuple[Kind, str]], now: datetime) -> dict[tuple[str, str], UUID]:
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


_LINE = (
    "SELECT l.id, o.kind, o.number, l.line_number, l.product, l.source, l.quantity, l.received, l.closed, l.scheduled,"
    " l.expected_date, l.confidence, l.version FROM inventory_visibility.supply_line l"
    " JOIN inventory_visibility.supply_order o ON o.id = l.order_id"
)


def _lock_lines(session: Session, order_ids: Collection[UUID]) -> dict[LineName, Line]:
    rows = fetch(session, f"{_LINE} WHERE l.order_id = ANY(%s) ORDER BY l.id FOR UPDATE OF l", (list(order_ids),))
    return {line.name: line for line in map(_line, rows)}


def _lock_named(session: Session, names: Collection[LineName]) -> dict[LineName, Line]:
    wanted = list(names)
    rows = fetch(
        session,
        f"{_LINE} JOIN unnest(%s::text[], %s::text[], %s::int[]) AS w(kind, number, line) ON o.kind = w.kind"
        " AND o.number = w.number AND l.line_number = w.line ORDER BY l.id FOR UPDATE OF l",
        ([n.kind for n in wanted], [n.number for n in wanted], [n.line_number for n in wanted]),
    )
    return {line.name: line for line in map(_line, rows)}


def _line(row: Sequence[Any]) -> Line:
    line_id, kind, number, line_number, product, source, quantity, received, closed, scheduled, day, sure, version = row
    name = LineName(kind, number, line_number)
    return Line(
        *(line_id, name, product, source, quantity, received, closed, scheduled, day, sure, version, day, sure),
    )


def _insert(session: Session, fresh: Sequence[tuple[UUID, Line]]) -> None:
    copy_rows(
        session,
        "inventory_visibility.supply_line",
        ("id", "order_id", "line_number", "product", "source", "quantity", "expected_date", "confidence"),
        [
            (x.id, order, x.name.line_number, x.product, x.source, x.quantity, x.expected_date, x.confidence)
            for order, x in fresh
        ],
    )


def _reschedule(session: Session, lines: Sequence[Line], *, now: datetime, actor: str, cause: str) -> None:
    """Write lines back, and schedule what is open of each on its day in place of what was scheduled before."""
    changes = []
    for line in lines:
        if (line.open, line.expected_date, line.confidence) == (line.scheduled, line.scheduled_on, line.sure):
            continue
        quantities: dict[tuple[date, str, str], Decimal] = defaultdict(Decimal)
        quantities[line.scheduled_on, *ON_HAND] -= line.scheduled
        quantities[line.expected_date, *ON_HAND] += line.open
        line.scheduled, line.version = line.open, line.version + 1
        moved = {key: units for key, units in quantities.items() if units}
        if moved:
            event = f"supply/{line.id}/{line.version}"
            changes.append(
                ScheduleChange(
                    *(event, "", line.product, line.source, moved), document=line.document, confidence=line.confidence
                )
            )
    execute(
        session,
        "UPDATE inventory_visibility.supply_line l SET quantity = d.quantity, received = d.received,"
        " closed = d.closed, scheduled = d.scheduled, expected_date = d.day, confidence = d.confidence,"
        " version = d.version FROM unnest(%s::uuid[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[],"
        " %s::date[], %s::numeric[], %s::int[]) AS d(id, quantity, received, closed, scheduled, day, confidence,"
        " version) WHERE l.id = d.id",
        (
            [x.id for x in lines],
            [x.quantity for x in lines],
            [x.received for x in lines],
            [x.closed for x in lines],
            [x.scheduled for x in lines],
            [x.expected_date for x in lines],
            [x.confidence for x in lines],
            [x.version for x in lines],
        ),
    )
    post_schedule(session, changes, now=now, actor=actor, cause=cause)


def receive_supply(session: Session, receipts: Sequence[Receipt], now: datetime, actor: str) -> list[Received]:
    """Units arrived: on hand rises and the schedule falls in one transaction; one answer each, in order.

    More than a line asks for is taken, for it stands there. A line that was closed short takes what still comes.
    Announces `inventory.received`.
    """
    lines = _lock_named(session, {r.line for r in receipts})
    fresh = _first_time(session, [(r, lines[r.line].id) for r in receipts if _fits(r, lines)], now, actor)
    answers, taken = [], list[tuple[Receipt, Line]]()
    for receipt in receipts:
        if not _fits(receipt, lines):
            what = "the quantity must be above zero" if receipt.quantity <= 0 else "there is no such line"
            answers.append(Received(False, reason=what))
        elif _once(receipt) not in fresh:
            answers.append(Received(True, duplicate=True))
        else:
            fresh.discard(_once(receipt))
            line = lines[receipt.line]
            line.received += receipt.quantity
            taken.append((receipt, line))
            answers.append(Received(True))
    if taken:
        posting = [MeasureChange("", x.product, x.source, {ON_HAND: r.quantity}, document=x.document) for r, x in taken]
        post_measures(session, posting, now=now, actor=actor, cause="receipt")
        _reschedule(session, list({x.id: x for _, x in taken}.values()), now=now, actor=actor, cause="receipt")
        announce(session, _told(taken), at=now, actor=actor)
    return answers


def _fits(receipt: Receipt, lines: Mapping[LineName, Line]) -> bool:
    return receipt.quantity > 0 and receipt.line in lines


def _once(receipt: Receipt) -> str:
    return f"{receipt.line.kind}/{receipt.line.number}/{receipt.id}"


def _first_time(session: Session, receipts: Sequence[tuple[Receipt, UUID]], now: datetime, actor: str) -> set[str]:
    """Receipts that were not counted before; of two with one id in a batch the first."""
    once = {_once(r): (r, line) for r, line in reversed(receipts)}
    events = sorted(once)
    rows = fetch(
        session,
        "INSERT INTO inventory_visibility.supply_receipt (event_id, line_id, quantity, at, actor)"
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
                {"line": x.name.line_number, "product": x.product, "quantity": plain(r.quantity)} for r, x in some
            ],
        }
        events.append(Event(name=RECEIVED, subject_type="inventory", subject_id=subject, root_id=subject, data=data))
    return events


def close_short(session: Session, names: Sequence[LineName], now: datetime, actor: str) -> list[str]:
    """Expect no more of these lines; '' for each, else why not. What was open leaves the schedule."""
    lines = _lock_named(session, set(names))
    answers, changed = [], dict[UUID, Line]()
    for name in names:
        line = lines.get(name)
        if line is None:
            answers.append("there is no such line")
        elif not line.open:
            answers.append("nothing of the line is open")
        else:
            line.closed += line.open
            changed[line.id] = line
            answers.append("")
    _reschedule(session, list(changed.values()), now=now, actor=actor, cause="closed short")
    return answers
