"""The fulfillment orders of one batch: changes are written, orders and stock follow."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.documents import ShipmentDocument
from openiom.fulfillment.decisions import FulfillmentLineState, FulfillmentOrderState, UpdateEffect
from openiom.fulfillment.locks import lock_fulfillment_orders
from openiom.fulfillment.progress import DELIVERED, ENDED, PACKED, PICKED, event_of
from openiom.fulfillment.states import (
    ORDER_DELIVERED,
    ORDER_EVENTS,
    ORDER_PICKED,
    ORDERS_FOLLOW,
)
from openiom.inventory_visibility import (
    ShipmentPosting,
    backorder_reserved,
    release_quantities,
    ship,
)
from openiom.kernel import Event, StockUnits, new_id, sorted_ids
from openiom.orders import (
    cancel_recalled,
    orders_wholly_shipped,
    owed_in_stock,
    raise_order_events,
    record_shipped,
    return_to_sourcing,
)
from openiom.platform.bulk import copy_rows, execute
from openiom.platform.database import to_json_text
from openiom.platform.events import append_events
from openiom.provider_contract import EventRequest
from openiom.state_framework import LineStatus, header_events

_PICKED_EVENTS = frozenset((event_of(PICKED), event_of(PACKED)))
_SHIPMENT_COLUMNS = (
    "id",
    "fulfillment_order_id",
    "external_id",
    "carrier",
    "service",
    "tracking_number",
    "tracking_url",
    "shipped_at",
    "recorded_at",
    "delivered_at",
)
_SHIPMENT_LINE_COLUMNS = (
    "id",
    "shipment_id",
    "fulfillment_order_line_id",
    "variant",
    "unit",
    "unit_decimals",
    "quantity",
)


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A parcel to insert; `steps` by fulfillment order line."""

    id: UUID
    order: FulfillmentOrderState
    document: ShipmentDocument
    steps: Mapping[UUID, int]
    delivered: bool

    def items(self) -> Iterable[tuple[FulfillmentLineState, int]]:
        """Return the lines in the parcel and their steps."""
        for line_id, steps in self.steps.items():
            yield self.order.lines[line_id], steps


@dataclass
class FulfillmentBatch:
    """The fulfillment orders of one batch with all others of their orders, and their changes."""

    orders: dict[UUID, FulfillmentOrderState]
    before: dict[UUID, list[LineStatus]]
    reasons: dict[UUID, str] = field(default_factory=dict)
    external_ids: dict[UUID, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    event_names: dict[UUID, set[str]] = field(default_factory=lambda: defaultdict(set))
    parcels: list[_Parcel] = field(default_factory=list)
    fulfillers: dict[UUID, str] = field(default_factory=dict)
    delivered_parcels: list[tuple[UUID, str]] = field(default_factory=list)
    returned: dict[str, dict[UUID, int]] = field(default_factory=lambda: defaultdict(dict))
    canceled: dict[str, dict[UUID, int]] = field(default_factory=lambda: defaultdict(dict))
    reclaimed: dict[UUID, int] = field(default_factory=dict)

    @classmethod
    def load(cls, session: Session, ids: Sequence[UUID]) -> "FulfillmentBatch":
        """Lock these fulfillment orders and all others of their orders."""
        orders = lock_fulfillment_orders(session, ids)
        return cls(orders, _statuses(orders))

    def add(
        self,
        order: FulfillmentOrderState,
        effect: UpdateEffect,
        *,
        reason: str = "",
        data: Mapping[str, Any] | None = None,
        parcel: ShipmentDocument | None = None,
    ) -> None:
        """Remember what one event or update changed."""
        if not effect.is_change:
            return

        self.reasons[order.id] = reason
        if effect.parcel and parcel:
            delivered = effect.delivered_parcel == parcel.external_id
            self.parcels.append(_Parcel(new_id(), order, parcel, effect.parcel, delivered))
        elif effect.delivered_parcel:
            self.delivered_parcels.append((order.id, effect.delivered_parcel))

        event_data = {"number": order.number, "source": order.source, **(data or {})}
        if reason:
            event_data["reason"] = reason
        if effect.returned and order.recall_reason:
            event_data.setdefault("reason", order.recall_reason)

        for name in effect.events:
            self.events.append(_event(name, order, event_data))
            self.event_names[order.order_id].add(name)

        self._move_units(order, effect, event_data.get("reason") or order.state_reason)

    def _move_units(self, order: FulfillmentOrderState, effect: UpdateEffect, reason: str) -> None:
        """Remember the units of order lines that one effect returns, cancels and reclaims."""
        if effect.returned:
            ending = self.canceled if order.recalled_units == "cancel" else self.returned
            ending[reason] |= effect.returned

        for line_id, steps in effect.reclaimed.items():
            self._reclaim(line_id, steps)

    def _reclaim(self, line_id: UUID, steps: int) -> None:
        """Keep shipped units in fulfillment that this batch returns; reclaim the others."""
        reclaimed = steps - self._keep_returned(line_id, steps)
        if reclaimed:
            self.reclaimed[line_id] = self.reclaimed.get(line_id, 0) + reclaimed

    def _keep_returned(self, line_id: UUID, steps: int) -> int:
        """Remove up to `steps` from the units this batch returns; return how many are removed."""
        left = steps
        for quantities in self.returned.values():
            kept = min(left, quantities.get(line_id, 0))
            if kept:
                left -= kept
                quantities[line_id] -= kept
        return steps - left

    def write(self, session: Session, now: datetime, actor: str) -> None:
        """Write and publish every change; orders and stock follow."""
        self._update_orders(session, now)
        if self.parcels:
            self._insert_parcels(session, now)
            self._update_lines(session)

        self._update_delivered_parcels(session, now)
        self.events += [_recorded_event(parcel) for parcel in self.parcels]
        append_events(session, self.events, at=now, actor=actor)
        self._raise_on_orders(session, now, actor)
        if self.parcels:
            self._ship(session, now, actor)

        self._return_units(session, now, actor)
        self._cancel_units(session, now, actor)
        self._raise_delivered(session, now, actor)

    def _update_orders(self, session: Session, now: datetime) -> None:
        if not self.reasons:
            return

        columns: dict[str, list[Any]] = defaultdict(list)
        for order_id in sorted_ids(self.reasons):
            order = self.orders[order_id]
            columns["id"].append(order.id)
            columns["state"].append(order.state)
            columns["state_reason"].append(self.reasons[order_id] or order.state_reason)
            columns["external_id"].append(self.external_ids.get(order_id, ""))
            columns["fulfiller"].append(self.fulfillers.get(order_id, ""))
            columns["recall"].append(order.recall)
            columns["recalled_units"].append(order.recalled_units)
            columns["recall_reason"].append(order.recall_reason)
            columns["final_parcels"].append(order.final_parcels)
            columns["sent"].append(order.sent)
            columns["delivered"].append(order.delivered or order.state == DELIVERED)
            columns["ended"].append(order.state in ENDED)

        execute(session, _UPDATE_ORDERS, {"now": now, **columns})

    def _insert_parcels(self, session: Session, now: datetime) -> None:
        shipments: list[Sequence[Any]] = []
        lines: list[Sequence[Any]] = []
        for parcel in self.parcels:
            document = parcel.document
            shipments.append(
                (
                    parcel.id,
                    parcel.order.id,
                    document.external_id,
                    document.carrier,
                    document.service,
                    document.tracking_number,
                    document.tracking_url,
                    document.shipped_at,
                    now,
                    now if parcel.delivered else None,
                )
            )

            for line, steps in parcel.items():
                variant = to_json_text(line.variant) if line.variant else None
                row = (new_id(), parcel.id, line.id, variant, line.unit, line.unit_decimals, steps)
                lines.append(row)

        copy_rows(session, "fulfillment.shipment", _SHIPMENT_COLUMNS, shipments)
        copy_rows(session, "fulfillment.shipment_line", _SHIPMENT_LINE_COLUMNS, lines)

    def _update_lines(self, session: Session) -> None:
        shipped: dict[UUID, int] = {}
        for parcel in self.parcels:
            for line, _ in parcel.items():
                shipped[line.id] = line.shipped
        execute(session, _UPDATE_LINES, (list(shipped), list(shipped.values())))

    def _update_delivered_parcels(self, session: Session, now: datetime) -> None:
        if not self.delivered_parcels:
            return
        order_ids, external_ids = map(list, zip(*self.delivered_parcels, strict=True))
        execute(session, _UPDATE_DELIVERED_PARCELS, (now, order_ids, external_ids))

    def _raise_on_orders(self, session: Session, now: datetime, actor: str) -> None:
        """Raise what orders owe because all their fulfillment orders have reached a state.

        Delivery is raised later, after the lines are counted as shipped.
        """
        after = _statuses(self.orders)
        requests: list[EventRequest] = []
        for order_id, names in self.event_names.items():
            for event in self._owed(order_id, after):
                if _precedes_shipping(event, names):
                    requests.append(EventRequest(order_id, event))

            for name in ORDERS_FOLLOW.keys() & names:
                requests.append(EventRequest(order_id, ORDERS_FOLLOW[name]))

        raise_order_events(session, requests, now, actor)

    def _owed(self, order_id: UUID, after: Mapping[UUID, Sequence[LineStatus]]) -> list[str]:
        before = self.before.get(order_id, ())
        return list(header_events(ORDER_EVENTS, before=before, after=after[order_id]))

    def _ship(self, session: Session, now: datetime, actor: str) -> None:
        shipped: list[tuple[UUID, int]] = []
        postings: list[ShipmentPosting] = []
        for parcel in self.parcels:
            source, document = parcel.order.source, str(parcel.id)
            for line, steps in parcel.items():
                shipped.append((line.order_line_id, steps))
                units = line.in_stock(steps)
                postings.append(
                    ShipmentPosting(line.order_line_id, line.product, source, units, document)
                )

        record_shipped(session, shipped, now, actor, reclaimed=self.reclaimed)
        ship(session, postings, now, actor)
        if self.reclaimed:
            self._release_excess(session, now, actor)

    def _release_excess(self, session: Session, now: datetime, actor: str) -> None:
        """Release what reclaimed lines have reserved elsewhere and do not need any more."""
        owed = owed_in_stock(session, self.reclaimed)
        excess: dict[UUID, StockUnits] = {}
        reserved = backorder_reserved(session, owed, now, include_permanent=True)
        for line_id, units_by_source in reserved.items():
            excess[line_id] = sum(units_by_source.values()) - owed[line_id]

        release_quantities(session, excess, now, actor, "shipped from another source")

    def _return_units(self, session: Session, now: datetime, actor: str) -> None:
        for reason, quantities in self.returned.items():
            steps = {line_id: count for line_id, count in quantities.items() if count}
            return_to_sourcing(session, steps, now, actor, reason=reason)
            released = self._in_stock(steps)
            release_quantities(session, released, now, actor, "fulfillment declined")

    def _cancel_units(self, session: Session, now: datetime, actor: str) -> None:
        for reason, quantities in self.canceled.items():
            cancel_recalled(session, quantities, now, actor, reason=reason)
            released = self._in_stock(quantities)
            release_quantities(session, released, now, actor, "fulfillment recalled")

    def _in_stock(self, steps: Mapping[UUID, int]) -> dict[UUID, StockUnits]:
        """Return steps by order line as quantities in stock units."""
        quantities: dict[UUID, StockUnits] = {}
        for order in self.orders.values():
            for line in order.lines.values():
                if line.order_line_id in steps:
                    quantities[line.order_line_id] = line.in_stock(steps[line.order_line_id])
        return quantities

    def _delivered_orders(self) -> list[UUID]:
        after = _statuses(self.orders)
        delivered: list[UUID] = []
        for order_id in self.event_names:
            if ORDER_DELIVERED in self._owed(order_id, after):
                delivered.append(order_id)
        return delivered

    def _raise_delivered(self, session: Session, now: datetime, actor: str) -> None:
        wholly_shipped = orders_wholly_shipped(session, self._delivered_orders())
        requests = [
            EventRequest(order_id, ORDER_DELIVERED) for order_id in sorted_ids(wholly_shipped)
        ]
        raise_order_events(session, requests, now, actor)


_UPDATE_ORDERS = """
UPDATE fulfillment.fulfillment_order f SET state = d.state, state_reason = d.state_reason,
    external_id = CASE WHEN d.external_id <> '' THEN d.external_id ELSE f.external_id END,
    fulfiller = CASE WHEN d.fulfiller <> '' THEN d.fulfiller ELSE f.fulfiller END,
    recall = d.recall, recalled_units = d.recalled_units, recall_reason = d.recall_reason,
    final_parcels = d.final_parcels,
    sent_at = CASE WHEN d.sent THEN coalesce(f.sent_at, %(now)s) END,
    delivered_at = CASE WHEN d.delivered THEN coalesce(f.delivered_at, %(now)s) END,
    ended_at = CASE WHEN d.ended THEN coalesce(f.ended_at, %(now)s) END
FROM unnest(%(id)s::uuid[], %(state)s::text[], %(state_reason)s::text[],
    %(external_id)s::text[], %(fulfiller)s::text[], %(recall)s::text[],
    %(recalled_units)s::text[], %(recall_reason)s::text[], %(final_parcels)s::smallint[],
    %(sent)s::boolean[], %(delivered)s::boolean[], %(ended)s::boolean[])
    AS d(id, state, state_reason, external_id, fulfiller, recall, recalled_units, recall_reason,
        final_parcels,
        sent, delivered, ended)
WHERE f.id = d.id
"""

_UPDATE_LINES = """
UPDATE fulfillment.fulfillment_order_line l SET shipped = d.shipped
FROM unnest(%s::uuid[], %s::bigint[]) AS d(id, shipped) WHERE l.id = d.id
"""

_UPDATE_DELIVERED_PARCELS = """
UPDATE fulfillment.shipment s SET delivered_at = %s
FROM unnest(%s::uuid[], %s::text[]) AS d(id, external_id)
WHERE s.fulfillment_order_id = d.id AND s.external_id = d.external_id
"""


def _precedes_shipping(event: str, names: Collection[str]) -> bool:
    """Return whether an order owes an event before its lines are counted as shipped.

    `names` are the events of its fulfillment orders in the batch: units may ship without having
    been reported as picked.
    """
    if event == ORDER_PICKED:
        return not _PICKED_EVENTS.isdisjoint(names)
    return event != ORDER_DELIVERED


def _statuses(
    orders: Mapping[UUID, FulfillmentOrderState],
) -> dict[UUID, list[LineStatus]]:
    """Return the states of fulfillment orders by order."""
    statuses: dict[UUID, list[LineStatus]] = defaultdict(list)
    for order in orders.values():
        statuses[order.order_id].append(LineStatus(order.state, order.state_reason))
    return dict(statuses)


def _event(name: str, order: FulfillmentOrderState, data: Mapping[str, Any]) -> Event:
    return Event(
        name=name,
        subject_type="fulfillment_order",
        subject_id=order.id,
        root_id=order.order_id,
        data=data,
    )


def _recorded_event(parcel: _Parcel) -> Event:
    document, order = parcel.document, parcel.order
    items: list[dict[str, Any]] = []
    for line, steps in parcel.items():
        items.append(
            {
                "order_line_id": str(line.order_line_id),
                "product": line.product,
                "unit": line.unit,
                "quantity": line.number(steps),
            }
        )

    return Event(
        name="shipment.recorded",
        subject_type="shipment",
        subject_id=parcel.id,
        root_id=order.order_id,
        data={
            "number": document.tracking_number or document.external_id,
            "fulfillment_order": order.number,
            "source": order.source,
            "carrier": document.carrier,
            "service": document.service,
            "tracking_number": document.tracking_number,
            "tracking_url": document.tracking_url,
            "shipped_at": document.shipped_at.isoformat(),
            "items": items,
        },
    )
