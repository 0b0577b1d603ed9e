"""
Purchase and transfer orders as future stock, and dated changes of any system.

Owns        schedule entries and balances, supply orders and lines, receipts, shipments.
Guarantees  what of a line is neither received nor closed is scheduled on its day, and nothing else
            of it; what of a transfer has not left its origin is demand there on the day it leaves.
Publishes   inventory.scheduled, inventory.received.
"""

from .lines import SupplyLineKey
from .schedule import ScheduleChange, post_schedule
from .service import (
    SupplyDocument,
    SupplyLineDocument,
    SupplyMovement,
    SupplyMovementResult,
    close_short,
    receive_supply,
    ship_supply,
    upsert_supply_orders,
)

__all__ = [
    "ScheduleChange",
    "SupplyDocument",
    "SupplyLineDocument",
    "SupplyLineKey",
    "SupplyMovement",
    "SupplyMovementResult",
    "close_short",
    "post_schedule",
    "receive_supply",
    "ship_supply",
    "upsert_supply_orders",
]
