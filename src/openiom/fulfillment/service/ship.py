"""Parcels: what left, in which box, counted on the fulfillment order, the order line and the stock."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.documents import FulfillmentUpdateDocument, ShipmentDocument
from openiom.fulfillment.locks import LockedFulfillmentOrder
from openiom.fulfillment.states import OPEN, PARTIALLY_SHIPPED, SHIPPED, event_of
from openiom.inventory_visibility import ShipAsk, ship
from openiom.kernel import Event, new_id, new_ids
from openiom.orders import record_shipped
from openiom.platform.bulk import copy_rows, execute, fetch
from openiom.platform.events import announce
from openiom.provider_contract import Raise, Taken

from .raise_events import raise_fulfillment_order_events

_SHIPMENT = (
    *("id", "fulfillment_order_id", "external_id", "carrier", "service", "tracking_number", "tracking_url"),
    *("shipped_at", "recorded_at"),
)
_TO_SHIP = (*OPEN, PARTIALLY_SHIPPED)


@dataclass(slots=True)
class AskedLine:
    """A line of a fulfillment order and what of it has shipped so far."""

    id: UUID
    fulfillment_order_id: UUID
    order_line_id: UUID
    product: str
    quantity: int
    shipped: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """A shipment that is new and fits what was asked."""

    id: UUID
    document: ShipmentDocument
    fulfillment_order: LockedFulfillmentOrder
    units: dict[UUID, int]  # fulfillment order line -> units


def record_shipments(
    session: Session,
    told: Sequence[tuple[FulfillmentUpdateDocument, LockedFulfillmentOrder]],
    now: datetime,
    actor: str,
) -> list[Taken]:
    """Record parcels of locked fulfillment orders, each at most once here; one answer each, in order.

    Units reconcile upwards: parcel, fulfillment order line, order line, stock, all in this transaction. More units
    than asked, or units of a line the fulfillment order does not have, are refused and change nothing.
    """
    if not told:
        return []
    lines = _lines(session, [f.id for _, f in told])
    known = _known(session, [f.id for _, f in told])
    answers, parcels = [], []
    for document, found in told:
        answer = _judge(document, found, lines[found.id], known)
        if isinstance(answer, Parcel):
            parcels.append(answer)
            answers.append(Taken(ok=True, entity_id=str(answer.id)))
        else:
            answers.append(answer)
    if parcels:
        _write(session, parcels, lines, now, actor)
    return answers


def _lines(session: Session, ids: Sequence[UUID]) -> dict[UUID, dict[str, AskedLine]]:
    rows = fetch(
        session,
        "SELECT id, fulfillment_order_id, order_line_id, product, quantity, shipped"
        " FROM fulfillment.fulfillment_order_line WHERE fulfillment_order_id = ANY(%s) ORDER BY id",
        (list(ids),),
    )
    lines: dict[UUID, dict[str, AskedLine]] = defaultdict(dict)
    for row in rows:
        lines[row[1]][str(row[0])] = AskedLine(*row)
    return lines


def _known(session: Session, ids: Sequence[UUID]) -> dict[tuple[UUID, str], UUID]:
    query = (
        "SELECT fulfillment_order_id, external_id, id FROM fulfillment.shipment WHERE fulfillment_order_id = ANY(%s)"
    )
    return {(row[0], row[1]): row[2] for row in fetch(session, query, (list(ids),))}


def _judge(
    document: FulfillmentUpdateDocument,
    found: LockedFulfillmentOrder,
    lines: dict[str, AskedLine],
    known: dict[tuple[UUID, str], UUID],
) -> Parcel | Taken:
    shipment = document.shipment
    if shipment is None:
        return _refused("a shipped update needs its shipment", "shipment", "send what was in the parcel")
    if (found.id, shipment.external_id) in known:
        return Taken(ok=True, entity_id=str(known[found.id, shipment.external_id]), duplicate=True)
    if found.state not in _TO_SHIP:
        what = f"{found.number} is {found.state} and cannot ship"
        return _refused(what, "number", "settle it with the fulfiller, then replay or discard")
    units: dict[UUID, int] = defaultdict(int)
    for i, item in enumerate(shipment.items):
        line = lines.get(item.line)
        if line is None:
            what = f"{found.number} has no line {item.line}"
            return _refused(what, f"shipment.items[{i}].line", "use the line references that were sent with it")
        units[line.id] += item.quantity
        if units[line.id] > line.quantity - line.shipped:
            left = line.quantity - line.shipped
            what = f"{left} units of {line.product} are left to ship, told {units[line.id]}"
            return _refused(what, f"shipment.items[{i}].quantity", "correct the parcel with the fulfiller, then replay")
    return Parcel(new_id(), shipment, found, dict(units))


def _refused(what: str, where: str, remedy: str) -> Taken:
    return Taken(ok=False, error=what, where=where, remedy=remedy)


def _write(
    session: Session, parcels: Sequence[Parcel], lines: dict[UUID, dict[str, AskedLine]], now: datetime, actor: str
) -> None:
    _write_parcels(session, parcels, now)
    asked = {line.id: line for group in lines.values() for line in group.values()}
    ships, shipped, raises = [], [], []
    for parcel in parcels:
        found = parcel.fulfillment_order
        for line_id, quantity in parcel.units.items():
            line = asked[line_id]
            line.shipped += quantity
            ships.append(ShipAsk(line.order_line_id, line.product, found.source, quantity, parcel.document.external_id))
            shipped.append((line.order_line_id, quantity))
        whole = all(line.shipped == line.quantity for line in lines[found.id].values())
        raises.append(Raise(found.id, event_of(SHIPPED if whole else PARTIALLY_SHIPPED)))
    execute(
        session,
        "UPDATE fulfillment.fulfillment_order_line l SET shipped = d.shipped"
        " FROM unnest(%s::uuid[], %s::int[]) AS d(id, shipped) WHERE l.id = d.id",
        ([i for p in parcels for i in p.units], [asked[i].shipped for p in parcels for i in p.units]),
    )
    raise_fulfillment_order_events(session, raises, now, actor)
    ship(session, ships, now, actor)
    announce(session, [_recorded(p, asked) for p in parcels], at=now, actor=actor)
    record_shipped(session, shipped, now, actor)


def _write_parcels(session: Session, parcels: Sequence[Parcel], now: datetime) -> None:
    copy_rows(
        session,
        "fulfillment.shipment",
        _SHIPMENT,
        (
            (
                p.id,
                p.fulfillment_order.id,
                p.document.external_id,
                p.document.carrier,
                p.document.service,
                p.document.tracking_number,
                p.document.tracking_url,
                p.document.shipped_at,
                now,
            )
            for p in parcels
        ),
    )
    rows = [(p.id, line, quantity) for p in parcels for line, quantity in p.units.items()]
    copy_rows(
        session,
        "fulfillment.shipment_line",
        ("id", "shipment_id", "fulfillment_order_line_id", "quantity"),
        ((new, *row) for new, row in zip(new_ids(len(rows)), rows, strict=True)),
    )


def _recorded(parcel: Parcel, asked: dict[UUID, AskedLine]) -> Event:
    found = parcel.fulfillment_order
    return Event(
        name="shipment.recorded",
        subject_type="shipment",
        subject_id=parcel.id,
        root_id=found.order_id,
        data={
            "number": found.number,
            "source": found.source,
            "carrier": parcel.document.carrier,
            "tracking_number": parcel.document.tracking_number,
            "items": [{"product": asked[i].product, "quantity": q} for i, q in list(parcel.units.items())[:50]],
        },
    )
