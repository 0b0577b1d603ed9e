"""What the warehouse remembers, and the few things that may happen to an order in it."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

WAITING, ACCEPTED, PICKED, PARTIALLY_SHIPPED = "waiting", "accepted", "picked", "partially_shipped"
SHIPPED, DELIVERED, DECLINED, CANCELED = "shipped", "delivered", "declined", "canceled"
OPEN = frozenset({WAITING, ACCEPTED, PICKED, PARTIALLY_SHIPPED})
STATES = (WAITING, ACCEPTED, PICKED, PARTIALLY_SHIPPED, SHIPPED, DELIVERED, DECLINED, CANCELED)


class Refusal(Exception):
    """The warehouse will not do this; `status` is HTTP's, `code` is for programs, `detail` for people."""

    def __init__(self, code: str, detail: str, *, status: int) -> None:
        super().__init__(detail)
        self.code, self.detail, self.status = code, detail, status


@dataclass(slots=True)
class WarehouseLine:
    """What is asked for on one line; `reference` is the caller's name for it."""

    reference: str
    sku: str
    quantity: int
    shipped: int = 0


@dataclass(slots=True)
class Parcel:
    """One shipment that left; `items` are (line reference, sku, quantity)."""

    id: str
    carrier: str
    service: str
    tracking_number: str
    items: list[tuple[str, str, int]]
    delivered: bool = False


@dataclass(slots=True)
class WarehouseOrder:
    """One order the warehouse took in."""

    id: str
    number: int
    reference: str
    lines: list[WarehouseLine]
    ship_to: Mapping[str, Any]
    received_at: str
    state: str = WAITING
    reason: str = ""
    parcels: list[Parcel] = field(default_factory=list)


@dataclass(slots=True)
class KeyUse:
    """What an idempotency key stands for, and how often it was used."""

    order: WarehouseOrder
    digest: bytes
    calls: int = 1
    conflicts: int = 0


class Warehouse:
    """One warehouse's books. `hear` is told the event documents as they are written, in order."""

    def __init__(
        self, *, now: Callable[[], datetime], hear: Callable[[dict[str, Any]], None]
    ) -> None:
        self.now, self.hear = now, hear
        self.orders: dict[str, WarehouseOrder] = {}
        self.by_reference: dict[str, list[WarehouseOrder]] = {}
        self.keys: dict[str, KeyUse] = {}
        self.events: list[dict[str, Any]] = []
        self.parcels = 0
        self.calls = {
            "single": 0,
            "bulk": 0,
            "bulk_items": 0,
            "repeats": 0,
            "conflicts": 0,
            "refused": 0,
        }

    def receive(self, *, key: str, document: Mapping[str, Any]) -> tuple[WarehouseOrder, bool]:
        """Take an order in once for its key: (order, is it new). Refuses a key used for another payload."""
        digest = hashlib.blake2b(
            orjson.dumps(document, option=orjson.OPT_SORT_KEYS), digest_size=16
        ).digest()
        use = self.keys.get(key)
        if use is not None:
            use.calls += 1
            if use.digest != digest:
                use.conflicts += 1
                self.calls["conflicts"] += 1
                raise Refusal(
                    "idempotency_key_reused",
                    f"idempotency key {key} was used for another payload; send a new key for a new order",
                    status=409,
                )
            self.calls["repeats"] += 1
            return use.order, False
        lines = self._checked_lines(document)
        number = len(self.orders) + 1
        order = WarehouseOrder(
            f"WH-{number:08d}",
            number,
            document["reference"],
            lines,
            document.get("ship_to") or {},
            self.now().isoformat(),
        )
        self.orders[order.id] = order
        self.by_reference.setdefault(order.reference, []).append(order)
        self.keys[key] = KeyUse(order, digest)
        return order, True

    def _checked_lines(self, document: Mapping[str, Any]) -> list[WarehouseLine]:
        """The lines of a well-formed order; refused with the path of what is wrong."""
        if not isinstance(document.get("reference"), str) or not document["reference"]:
            raise self._invalid("reference", "must be a non-empty string")
        rows = document.get("lines")
        if not isinstance(rows, list) or not rows:
            raise self._invalid("lines", "must hold at least one line")
        lines = []
        for index, row in enumerate(rows):
            if not isinstance(row, dict) or not isinstance(row.get("sku"), str) or not row["sku"]:
                raise self._invalid(f"lines[{index}].sku", "must be a non-empty string")
            quantity = row.get("quantity")
            if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 1:
                raise self._invalid(f"lines[{index}].quantity", "must be a whole number above 0")
            lines.append(
                WarehouseLine(str(row.get("line_reference") or index + 1), row["sku"], quantity)
            )
        if len({line.reference for line in lines}) < len(lines):
            raise self._invalid("lines", "must not repeat a line_reference")
        return lines

    def _invalid(self, path: str, problem: str) -> Refusal:
        self.calls["refused"] += 1
        return Refusal("invalid_order", f"{path} {problem}", status=422)

    def order(self, order_id: str) -> WarehouseOrder:
        """The order; refused with 404 when there is none."""
        if order_id not in self.orders:
            raise Refusal("order_not_found", f"no order {order_id}", status=404)
        return self.orders[order_id]

    def accept(self, order: WarehouseOrder) -> None:
        self._move(order, ACCEPTED, allowed=(WAITING,))
        self._tell("order.accepted", order)

    def decline(self, order: WarehouseOrder, *, reason: str) -> None:
        self._move(order, DECLINED, allowed=(WAITING, ACCEPTED, PICKED))
        order.reason = reason
        self._tell("order.declined", order, reason=reason)

    def cancel(self, order: WarehouseOrder) -> None:
        """Cancel at the caller's wish; refused once something has left."""
        if order.state == CANCELED:
            return
        self._move(order, CANCELED, allowed=(WAITING, ACCEPTED, PICKED))
        self._tell("order.canceled", order)

    def pick(self, order: WarehouseOrder) -> None:
        self._move(order, PICKED, allowed=(ACCEPTED,))

    def ship(
        self,
        order: WarehouseOrder,
        *,
        carrier: str,
        service: str,
        items: Mapping[str, int] | None = None,
        final: bool = True,
    ) -> Parcel:
        """Send one parcel with these units by line reference (all that is left when None).

        `final` says that nothing more will follow, also when units stay behind (shipped short).
        """
        if order.state not in (ACCEPTED, PICKED, PARTIALLY_SHIPPED):
            raise self._wrong_state(order, "shipped")
        left = {line.reference: line.quantity - line.shipped for line in order.lines}
        wanted = (
            {ref: units for ref, units in left.items() if units} if items is None else dict(items)
        )
        for reference, units in wanted.items():
            if not 0 < units <= left.get(reference, 0):
                raise Refusal(
                    "invalid_shipment",
                    f"line {reference} has {left.get(reference, 0)} left to ship, not {units}",
                    status=422,
                )
        self.parcels += 1
        number = self.parcels
        parcel = Parcel(f"SHP-{number:08d}", carrier, service, f"1Z{number:010d}", [])
        for line in order.lines:
            if line.reference in wanted:
                line.shipped += wanted[line.reference]
                parcel.items.append((line.reference, line.sku, wanted[line.reference]))
        parse_id = all(line.shipped == line.quantity for line in order.lines)
        order.parcels.append(parcel)
        order.state = SHIPPED if parse_id or final else PARTIALLY_SHIPPED
        self._tell(
            "order.shipped", order, shipment=parcel_document(parcel, final=order.state == SHIPPED)
        )
        return parcel

    def deliver(self, order: WarehouseOrder) -> None:
        """Every parcel reached the customer."""
        self._move(order, DELIVERED, allowed=(SHIPPED,))
        for parcel in order.parcels:
            parcel.delivered = True
        last = order.parcels[-1]
        self._tell("order.delivered", order, shipment=parcel_document(last, final=True))

    def _move(self, order: WarehouseOrder, state: str, *, allowed: Sequence[str]) -> None:
        if order.state not in allowed:
            raise self._wrong_state(order, state)
        order.state = state

    def _wrong_state(self, order: WarehouseOrder, state: str) -> Refusal:
        return Refusal(
            "wrong_state", f"order {order.id} is {order.state} and cannot be {state}", status=409
        )

    def _tell(self, kind: str, order: WarehouseOrder, **more: Any) -> None:
        sequence = len(self.events) + 1
        event = {
            "id": f"EVT-{sequence:010d}",
            "type": kind,
            "occurred_at": self.now().isoformat(),
            "sequence": sequence,
            "order": {"id": order.id, "reference": order.reference},
            **more,
        }
        self.events.append(event)
        self.hear(event)


def parcel_document(parcel: Parcel, *, final: bool) -> dict[str, Any]:
    """A parcel as events and orders show it."""
    return {
        "id": parcel.id,
        "carrier": parcel.carrier,
        "service": parcel.service,
        "tracking_number": parcel.tracking_number,
        "items": [
            {"line_reference": reference, "sku": sku, "quantity": quantity}
            for reference, sku, quantity in parcel.items
        ],
        "final": final,
    }


def order_document(order: WarehouseOrder) -> dict[str, Any]:
    """An order as `/v1/orders/{id}` shows it."""
    done = order.state in (SHIPPED, DELIVERED)
    last = len(order.parcels) - 1
    return {
        "id": order.id,
        "reference": order.reference,
        "state": order.state,
        "reason": order.reason,
        "received_at": order.received_at,
        "ship_to": order.ship_to,
        "lines": [
            {
                "line_reference": x.reference,
                "sku": x.sku,
                "quantity": x.quantity,
                "shipped": x.shipped,
            }
            for x in order.lines
        ],
        "shipments": [
            {**parcel_document(parcel, final=done and index == last), "delivered": parcel.delivered}
            for index, parcel in enumerate(order.parcels)
        ],
    }


def utc_now() -> datetime:
    return datetime.now(UTC)
