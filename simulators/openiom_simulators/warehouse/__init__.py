"""A 3PL over HTTP: accepts fulfillment orders one by one or in bulk, and reports their events.

Owns        the orders, parcels and events of one warehouse.
Guarantees  an idempotency key takes effect once, and is a conflict with another payload; the
            sequence of events has no gaps.
Publishes   order.accepted, declined, canceled, shipped, delivered: by signed callback and by poll.
"""

from .application import WarehouseOptions, warehouse_application
from .automation import Behavior
from .callbacks import sign

__all__ = ["Behavior", "WarehouseOptions", "sign", "warehouse_application"]
