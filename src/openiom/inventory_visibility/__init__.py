"""
Inventory visibility: what stands where, what of it is promised, and why.

Owns    stock, ledger entry, reservation.
Holds   reserved never exceeds on hand; the sum of ledger entries is the balance; the ledger is append-only.
Tells   inventory.changed.
"""

from .configuration import inventory_configuration
from .decisions import ReserveAsk, ShipAsk, StockChange
from .promise.policies import STOCK_POLICY
from .promise.routes import router as promise_router
from .promise.timeline import PromiseAsk, PromiseDate, promise_dates
from .queries import available
from .receiver import receive_stock
from .routes import router
from .service import change_on_hand, ensure_keys, release, release_quantities, reserve, ship

KINDS = (STOCK_POLICY,)
RECEIVERS = {"stock": receive_stock}

__all__ = [
    "KINDS",
    "RECEIVERS",
    "PromiseAsk",
    "PromiseDate",
    "ReserveAsk",
    "ShipAsk",
    "StockChange",
    "available",
    "change_on_hand",
    "ensure_keys",
    "inventory_configuration",
    "promise_dates",
    "promise_router",
    "receive_stock",
    "release",
    "release_quantities",
    "reserve",
    "router",
    "ship",
]
