"""A batch of fulfillment orders on the move: what changed is written, orders and stock follow, all told once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.documents import ShipmentDocument
from openiom.fulfillment.decisions import Applied, Standing
from openiom.fulfillment.locks import lock_fulfillment_orders
from openiom.fulfillment.states import ORDER_OWES, SENT_FAILED, event_of
from openiom.inventory_visibility import ShipmentPosting, release_quantities, ship
from openiom.kernel import Event, new_id
from openiom.orders import (
    orders_wholly_shipped,
    raise_order_events,
    record_shipped,
    return_to_sourcing,
)
from openiom.platform.bulk import copy_rows, execute
from openiom.platform.events import append_events
from openiom.provider_contract import EventRequest
from openiom.state_framework import LineStatus, header_events


@dataclass(frozen=True, slots=True)
class _Parcel:
    id: UUID
    standing: Standing
    document: ShipmentDocument
    units: Mapping[UUID, int]
    delivered: bool


@dataclass
class FulfillmentWave:
    """The fulfillment orders of one batch with their siblings, and what has to be written in the end."""

    standings: dict[UUID, Standing]
    before: dict[UUID, list[LineStatus]]
    changed: dict[UUID, str] = field(default_factory=dict)
    external_ids: dict[UUID, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    told: dict[UUID, set[str]] = field(default_factory=lambda: defaultdict(set))
    parcels: list[_Parcel] = field(default_factory=list)
    delivered_parcels: list[tuple[UUID, str]] = field(default_factory=list)
    back: dict[str, dict[UUID, int]] = field(default_factory=lambda: defaultdict(dict))

    @classmethod
    def load(cls, session: Session, ids: Sequence[UUID]) -> "FulfillmentWave":
        standings = lock_fulfillment_orders(session, ids)
        return cls(standings, _places(standings))

    def note(
        self,
        standing: Standing,
        applied: Applied,
        *,
        reason: str = "",
        data: Mapping[str, Any] | None = None,
        parcel: ShipmentDocument | None = None,
    ) -> None:
        """Keep what one event or update changed."""
        if not applied.changed:
            return
        self.changed[standing.id] = reason
        if applied.parcel and parcel:
            arrived = applied.delivered_parcel == parcel.external_id
            self.parcels.append(_Parcel(new_id(), standing, parcel, applied.parcel, arrived))
        elif applied.delivered_parcel:
            self.delivered_parcels.append((standing.id, applied.delivered_parcel))
        for event in applied.events:
            told = {"number": standing.number, "source": standing.source, **(data or {})}
            if reason:
                told["reason"] = reason
            self.events.append(_event(event, standing, told))
            self.told[standing.order_id].add(event)
        if applied.back:
            self.back[reason or standing.reason] |= applied.back

    def write(self, session: Session, now: datetime, actor: str) -> None:
        """Write and announce everything; orders and stock follow."""
        self._write_fulfillment_orders(session, now)
        self._write_parcels(session, now)
        self._write_arrivals(session, now)
        self.events += [_recorded(p) for p in self.parcels]
        append_events(session, self.events, at=now, actor=actor)
        self._tell_orders(session, now, actor)
        self._ship(session, now, actor)
        self._hand_back(session, now, actor)
        self._tell_delivered(session, now, actor)

    def _write_fulfillment_orders(self, session: Session, now: datetime) -> None:
        rows = [self.standings[i] for i in sorted(self.changed)]
        if not rows:
            return
        execute(
            session,
            "UPDATE fulfillment.fulfillment_order f SET state = d.state, state_reason = d.reason,"
            " external_id = CASE WHEN d.external_id <> '' THEN d.external_id ELSE f.external_id END,"
            " sent_at = CASE WHEN d.sent THEN coalesce(f.sent_at, %s) END,"
            " delivered_at = CASE WHEN d.delivered THEN coalesce(f.delivered_at, %s) END"
            " FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::boolean[], %s::boolean[])"
            " AS d(id, state, reason, external_id, sent, delivered) WHERE f.id = d.id",
            (
                *(now, now),
                [r.id for r in rows],
                [r.state for r in rows],
                [self.changed[r.id] or r.reason for r in rows],
                [self.external_ids.get(r.id, "") for r in rows],
                [r.sent for r in rows],
                [r.delivered or r.state == "delivered" for r in rows],
            ),
        )

    def _write_arrivals(self, session: Session, now: datetime) -> None:
        if self.delivered_parcels:
            execute(
                session,
                "UPDATE fulfillment.shipment s SET delivered_at = %s FROM unnest(%s::uuid[], %s::text[])"
                " AS d(id, external_id) WHERE s.fulfillment_order_id = d.id AND s.external_id = d.external_id",
                (
                    now,
                    [i for i, _ in self.delivered_parcels],
                    [e for _, e in self.delivered_parcels],
                ),
            )

    def _write_parcels(self, session: Session, now: datetime) -> None:
        if not self.parcels:
            return
        copy_rows(
            session,
            "fulfillment.shipment",
            (
                *(
                    "id",
                    "fulfillment_order_id",
                    "external_id",
                    "carrier",
                    "service",
                    "tracking_number",
                ),
                *("tracking_url", "shipped_at", "recorded_at", "delivered_at"),
            ),
            (
                (
                    *(
                        p.id,
                        p.standing.id,
                        p.document.external_id,
                        p.document.carrier,
                        p.document.service,
                    ),
                    *(
                        p.document.tracking_number,
                        p.document.tracking_url,
                        p.document.shipped_at,
                        now,
                    ),
                    now if p.delivered else None,
                )
                for p in self.parcels
            ),
        )
        copy_rows(
            session,
            "fulfillment.shipment_line",
            ("id", "shipment_id", "fulfillment_order_line_id", "quantity"),
            (
                (new_id(), p.id, line, units)
                for p in self.parcels
                for line, units in p.units.items()
            ),
        )
        touched = {i: p.standing.lines[i].shipped for p in self.parcels for i in p.units}
        execute(
            session,
            "UPDATE fulfillment.fulfillment_order_line l SET shipped = d.shipped"
            " FROM unnest(%s::uuid[], %s::int[]) AS d(id, shipped) WHERE l.id = d.id",
            (list(touched), list(touched.values())),
        )

    def _tell_orders(self, session: Session, now: datetime, actor: str) -> None:
        """What orders owe now that all their fulfillment orders got somewhere; delivery waits for the lines."""
        raises = []
        after = _places(self.standings)
        for order_id, events in self.told.items():
            owed = header_events(
                ORDER_OWES, before=self.before.get(order_id, ()), after=after[order_id]
            )
            if SENT_FAILED in events:
                owed.append("order.send_to_fulfillment_failed")
            picked = events & {event_of("picked"), event_of("packed")}
            raises += [
                EventRequest(order_id, e)
                for e in owed
                if e != "order.delivered" and (e != "order.picked" or picked)
            ]
        raise_order_events(session, raises, now, actor)

    def _ship(self, session: Session, now: datetime, actor: str) -> None:
        if not self.parcels:
            return
        shipped = [
            (p, p.standing.lines[line], units)
            for p in self.parcels
            for line, units in p.units.items()
        ]
        record_shipped(
            session, [(line.order_line_id, units) for _, line, units in shipped], now, actor
        )
        asks = [
            ShipmentPosting(line.order_line_id, line.product, p.standing.source, units, str(p.id))
            for p, line, units in shipped
        ]
        ship(session, asks, now, actor)

    def _hand_back(self, session: Session, now: datetime, actor: str) -> None:
        for reason, quantities in self.back.items():
            return_to_sourcing(session, quantities, now, actor, reason=reason)
            release_quantities(session, quantities, now, actor, "fulfillment declined")

    def _tell_delivered(self, session: Session, now: datetime, actor: str) -> None:
        after = _places(self.standings)
        owing = [
            order_id
            for order_id in self.told
            if "order.delivered"
            in header_events(ORDER_OWES, before=self.before[order_id], after=after[order_id])
        ]
        if owing:
            parse_id = orders_wholly_shipped(session, owing)
            raise_order_events(
                session,
                [EventRequest(i, "order.delivered") for i in owing if i in parse_id],
                now,
                actor,
            )


def _places(standings: Mapping[UUID, Standing]) -> dict[UUID, list[LineStatus]]:
    places: dict[UUID, list[LineStatus]] = defaultdict(list)
    for standing in standings.values():
        places[standing.order_id].append(LineStatus(standing.state, standing.reason))
    return dict(places)


def _event(name: str, standing: Standing, data: Mapping[str, Any]) -> Event:
    return Event(
        name=name,
        subject_type="fulfillment_order",
        subject_id=standing.id,
        root_id=standing.order_id,
        data=data,
    )


def _recorded(parcel: _Parcel) -> Event:
    document, standing = parcel.document, parcel.standing
    return Event(
        name="shipment.recorded",
        subject_type="shipment",
        subject_id=parcel.id,
        root_id=standing.order_id,
        data={
            "number": document.tracking_number or document.external_id,
            "fulfillment_order": standing.number,
            "source": standing.source,
            "carrier": document.carrier,
            "service": document.service,
            "tracking_number": document.tracking_number,
            "tracking_url": document.tracking_url,
            "shipped_at": document.shipped_at.isoformat(),
            "items": [
                {
                    "order_line_id": str(standing.lines[line].order_line_id),
                    "product": standing.lines[line].product,
                    "quantity": units,
                }
                for line, units in parcel.units.items()
            ],
        },
    )
