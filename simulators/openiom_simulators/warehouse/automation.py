"""Automatic mode: orders are accepted or declined, picked, shipped and delivered in time, by seeded dice."""

import asyncio
import hashlib
import heapq
import struct
import time
from dataclasses import dataclass, fields
from typing import Any

from openiom_simulators.warehouse.state import (
    ACCEPTED,
    DECLINED,
    OPEN,
    PARTIALLY_SHIPPED,
    PICKED,
    SHIPPED,
    WAITING,
    Refusal,
    Warehouse,
    WarehouseOrder,
)

TICK_SECONDS = 0.02
STEPS_PER_TICK = 2_000
CARRIERS = (("UPS", "Ground"), ("FedEx", "Home Delivery"), ("USPS", "Priority Mail"))
REASONS = ("out of stock", "address not served", "damaged in the warehouse")


def dice(*, seed: int, number: int) -> tuple[float, float, float, float]:
    """Four numbers from 0 to below 1 that an order keeps for life: declined, split, short, and a free choice."""
    a, b, c, d = struct.unpack(
        "<4I", hashlib.blake2b(f"{seed}/{number}".encode(), digest_size=16).digest()
    )
    return a / 2**32, b / 2**32, c / 2**32, d / 2**32


@dataclass(slots=True)
class Behavior:
    """How the warehouse behaves by itself: delays in seconds, ratios from 0 to 1.

    `partial` orders leave in two parcels; `short` orders leave with one unit missing, for good.
    """

    automatic: bool = True
    accept_after: float = 0.0
    pick_after: float = 0.0
    ship_after: float = 0.0
    deliver_after: float | None = None
    decline_ratio: float = 0.0
    partial_ratio: float = 0.0
    short_ratio: float = 0.0
    seed: int = 1


class Automation:
    """Moves orders on when their time has come. Runs on the server's event loop."""

    def __init__(self, warehouse: Warehouse, behavior: Behavior) -> None:
        self.warehouse, self.behavior = warehouse, behavior
        self.due: list[tuple[float, int, WarehouseOrder]] = []
        self.turn = 0
        self.task: asyncio.Task[None] | None = None

    def change(self, document: dict[str, Any]) -> None:
        """Change these habits; turning automatic on picks up what waits. ValueError for unknown ones."""
        known = {habit.name for habit in fields(Behavior)}
        unknown = sorted(set(document) - known)
        if unknown:
            raise ValueError(f"unknown habit {unknown[0]}; one of {', '.join(sorted(known))}")
        for name, value in document.items():
            setattr(self.behavior, name, value)
        if document.get("automatic"):
            queued = {order.id for _, _, order in self.due}
            for order in self.warehouse.orders.values():
                if order.state in OPEN and order.id not in queued:
                    self.expect(order)

    def expect(self, order: WarehouseOrder) -> None:
        """Plan the order's next step, if the warehouse acts by itself."""
        behavior = self.behavior
        after = {
            WAITING: behavior.accept_after,
            ACCEPTED: behavior.pick_after,
            PICKED: behavior.ship_after,
            PARTIALLY_SHIPPED: behavior.ship_after,
            SHIPPED: behavior.deliver_after,
        }.get(order.state)
        if behavior.automatic and after is not None:
            self.turn += 1
            heapq.heappush(self.due, (time.monotonic() + after, self.turn, order))

    def start(self) -> None:
        self.task = asyncio.create_task(self._run())

    def stop(self) -> None:
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
        """One step of one order; an order a person moved meanwhile is left where it is."""
        try:
            self._advance(order, dice(seed=self.behavior.seed, number=order.number))
        except Refusal:
            return
        if order.state != DECLINED:
            self.expect(order)

    def _advance(self, order: WarehouseOrder, thrown: tuple[float, float, float, float]) -> None:
        behavior, warehouse = self.behavior, self.warehouse
        declined, split, short, chance = thrown
        carrier, service = CARRIERS[int(chance * len(CARRIERS))]
        if order.state == WAITING and declined < behavior.decline_ratio:
            warehouse.decline(order, reason=REASONS[int(chance * len(REASONS))])
        elif order.state == WAITING:
            warehouse.accept(order)
        elif order.state == ACCEPTED:
            warehouse.pick(order)
        elif order.state == PICKED:
            items, final = self._parcel(
                order, split=split < behavior.partial_ratio, short=short < behavior.short_ratio
            )
            warehouse.ship(order, carrier=carrier, service=service, items=items, final=final)
        elif order.state == PARTIALLY_SHIPPED:
            warehouse.ship(order, carrier=carrier, service=service)
        elif order.state == SHIPPED:
            warehouse.deliver(order)

    def _parcel(
        self, order: WarehouseOrder, *, split: bool, short: bool
    ) -> tuple[dict[str, int] | None, bool]:
        """Items of the first parcel (None for all) and whether it is the last; one unit cannot be split."""
        units = {line.reference: line.quantity for line in order.lines}
        if sum(units.values()) < 2 or not (split or short):
            return None, True
        last = order.lines[-1].reference
        units[last] -= 1
        return {reference: quantity for reference, quantity in units.items() if quantity}, not split
