"""
Purchase and transfer orders by day: put, amended, shipped and received in parts, closed short.

Holds   what of a line is neither received nor closed is scheduled on its day, and nothing else of it is; what of a
        transfer has not left its origin is demand there on the day it leaves.
Tells   inventory.received.
"""

from .lines import LineName
from .service import (
    Receipt,
    SupplyDocument,
    SupplyLineDocument,
    close_short,
    put_supply,
    receive_supply,
    ship_supply,
)

__all__ = [
    "LineName",
    "Receipt",
    "SupplyDocument",
    "SupplyLineDocument",
    "close_short",
    "put_supply",
    "receive_supply",
    "ship_supply",
]
