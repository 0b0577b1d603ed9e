"""Automatic processing: orders are accepted, picked, shipped and delivered over time."""

import asyncio
import hashlib
import heapq
import struct
import time
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, NamedTuple

from openiom_simulators.warehouse.state import (
    ACCEPTED,
    DECLINED,
    OPEN,
    PARTIALLY_SHIPPED,
    PICKED,
    SHIPPED,
    WAITING,
    Warehouse,
    WarehouseOrder,
    WarehouseRefusal,
)

TICK_SECONDS = 0.02
STEPS_PER_TICK = 2_000
CARRIERS = (("UPS", "Ground"), ("FedEx", "Home Delivery"), ("USPS", "Priority Mail"))
REASONS = ("out of stock", "address not served", "damaged in the warehouse")


class OrderChances(NamedTuple):
    """Numbers from 0 to below 1 that decide about an order; the same at every step."""

    decline: float
    split: float
    short: float
    choice: float


def chances(*, seed: int, number: int) -> OrderChances:
    """Return the chances of the order with a number."""
    digest = hashlib.blake2b(f"{seed}/{number}".encode(), digest_size=16).digest()
    return OrderChances(*(value / 2**32 for value in struct.unpack("<4I", digest)))


def cancel_chance(*, seed: int, number: int) -> float:
    """Return the number from 0 to below 1 that decides whether an order may still be canceled."""
    digest = hashlib.blake2b(f"{seed}/{number}/cancel".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "little") / float(2**32)


@dataclass(slots=True)
class Behavior:
    """Delays in seconds and ratios from 0 to 1 of automatic processing.

    `partial_ratio` of the orders leave in two parcels; `short_ratio` of them leave with one unit
    missing, which does not follow. `refuse_cancel_ratio` of the orders are not canceled on request.
    """

    automatic: bool = True
    accept_after: float = 0.0
    pick_after: float = 0.0
    ship_after: float = 0.0
    deliver_after: float | None = None
    decline_ratio: float = 0.0
    partial_ratio: float = 0.0
    short_ratio: float = 0.0
    refuse_cancel_ratio: float = 0.0
    seed: int = 1


class Automation:
    """Processes orders when their next step is due. Runs on the event loop of the server."""

    def __init__(self, warehouse: Warehouse, behavior: Behavior) -> None:
        self.warehouse, self.behavior = warehouse, behavior
        self.due: list[tuple[float, int, WarehouseOrder]] = []
        self.counter = 0
        self.task: asyncio.Task[None] | None = None

    def change(self, document: dict[str, Any]) -> None:
        """Change the behavior. `automatic` continues with waiting orders. Raise `ValueError`."""
        _check_names(document)
        for name, value in document.items():
            setattr(self.behavior, name, value)

        if document.get("automatic"):
            self._schedule_open_orders()

    def _schedule_open_orders(self) -> None:
        scheduled = {order.id for _, _, order in self.due}
        for order in self.warehouse.orders.values():
            if order.state in OPEN and order.id not in scheduled:
                self.schedule(order)

    def schedule(self, order: WarehouseOrder) -> None:
        """Schedule the next step of an order, in automatic mode."""
        delay = self._delay(order.state)
        if self.behavior.automatic and delay is not None:
            self.counter += 1
            heapq.heappush(self.due, (time.monotonic() + delay, self.counter, order))

    def cancel(self, order: WarehouseOrder) -> None:
        """Cancel an order on request. Raise `WarehouseRefusal` when the warehouse goes on."""
        behavior = self.behavior
        chance = cancel_chance(seed=behavior.seed, number=order.number)
        if order.state in OPEN and chance < behavior.refuse_cancel_ratio:
            detail = f"order {order.id} is being packed and cannot be canceled"
            raise WarehouseRefusal("cancellation_refused", detail, status=409)

        self.warehouse.cancel(order)

    def _delay(self, state: str) -> float | None:
        """Return the seconds an order remains in a state, None for a final one."""
        delays = {
            WAITING: self.behavior.accept_after,
            ACCEPTED: self.behavior.pick_after,
            PICKED: self.behavior.ship_after,
            PARTIALLY_SHIPPED: self.behavior.ship_after,
            SHIPPED: self.behavior.deliver_after,
        }
        return delays.get(state)

    def start(self) -> None:
        """Start processing."""
        self.task = asyncio.create_task(self._run())

    def stop(self) -> None:
        """Stop processing."""
        if self.task is not None:
            self.task.cancel()

    async def _run(self) -> None:
        while True:
            steps, now = 0, time.monotonic()
            while self.due and self.due[0][0] <= now and steps < STEPS_PER_TICK:
                _, _, order = heapq.heappop(self.due)
                steps += 1
                if self.behavior.automatic:
                    self._step(order)
            await asyncio.sleep(0 if steps == STEPS_PER_TICK else TICK_SECONDS)

    def _step(self, order: WarehouseOrder) -> None:
        """Process one step; an order that an operator has changed meanwhile is left alone."""
        try:
            self._advance(order, chances(seed=self.behavior.seed, number=order.number))
        except WarehouseRefusal:
            return
        if order.state != DECLINED:
            self.schedule(order)

    def _advance(self, order: WarehouseOrder, chance: OrderChances) -> None:
        if order.state == WAITING:
            self._accept_or_decline(order, chance)
        elif order.state == ACCEPTED:
            self.warehouse.pick(order)
        elif order.state in (PICKED, PARTIALLY_SHIPPED):
            self._ship(order, chance)
        elif order.state == SHIPPED:
            self.warehouse.deliver(order)

    def _accept_or_decline(self, order: WarehouseOrder, chance: OrderChances) -> None:
        if chance.decline < self.behavior.decline_ratio:
            reason = REASONS[int(chance.choice * len(REASONS))]
            self.warehouse.decline(order, reason=reason)
        else:
            self.warehouse.accept(order)

    def _ship(self, order: WarehouseOrder, chance: OrderChances) -> None:
        """Ship the first parcel of a picked order, or the rest of a partially shipped one."""
        carrier, service = CARRIERS[int(chance.choice * len(CARRIERS))]
        items, final = self._next_parcel(order, chance)
        self.warehouse.ship(order, carrier=carrier, service=service, items=items, final=final)

    def _next_parcel(
        self, order: WarehouseOrder, chance: OrderChances
    ) -> tuple[dict[str, Decimal] | None, bool]:
        """Return the units by line of the next parcel and whether it is the last one.

        None stands for all units that are left.
        """
        split = chance.split < self.behavior.partial_ratio
        is_whole = not split and chance.short >= self.behavior.short_ratio
        if order.state != PICKED or is_whole:
            return None, True

        items = _all_but_one_unit(order)
        return items, items is None or not split


def _check_names(document: dict[str, Any]) -> None:
    """Raise `ValueError` for a field that `Behavior` does not have."""
    known = {field.name for field in fields(Behavior)}
    unknown = sorted(document.keys() - known)
    if unknown:
        raise ValueError(f"unknown behavior {unknown[0]}; one of {', '.join(sorted(known))}")


def _all_but_one_unit(order: WarehouseOrder) -> dict[str, Decimal] | None:
    """Return the units by line without the last one, None for an order of a single unit.

    Of a last line of less than one unit nothing is left.
    """
    units = {line.reference: line.quantity for line in order.lines}
    if sum(units.values()) < 2:
        return None

    last = order.lines[-1].reference
    units[last] = max(Decimal(0), units[last] - 1)
    if not units[last]:
        del units[last]

    return units
