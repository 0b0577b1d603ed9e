"""A 3PL over HTTP: takes fulfillment orders one at a time or in bulk, and tells what becomes of them.

Owns    the warehouse's orders, parcels and event log.
Holds   one idempotency key takes effect once; with another payload it is a conflict; events have no gaps.
Tells   order.accepted, declined, shipped, delivered, canceled: by signed callback and by poll.
"""

from .application import WarehouseOptions, warehouse_application
from .automation import Behavior
from .callbacks import sign

__all__ = ["Behavior", "WarehouseOptions", "sign", "warehouse_application"]
