"""
Inventory visibility: what stands where, what of it is promised, and why.

Owns    stock, ledger entry, reservation.
Holds   reserved never exceeds on hand; the sum of ledger entries is the balance; the ledger is append-only.
Tells   inventory.changed.
"""

from .decisions import ReserveAsk, ShipAsk, StockChange
from .queries import available
from .receiver import receive_stock
from .routes import router
from .service import change_on_hand, ensure_keys, release, release_quantities, reserve, ship

RECEIVERS = {"stock": receive_stock}

__all__ = [
    "RECEIVERS",
    "ReserveAsk",
    "ShipAsk",
    "StockChange",
    "available",
    "change_on_hand",
    "ensure_keys",
    "receive_stock",
    "release",
    "release_quantities",
    "reserve",
    "router",
    "ship",
]
