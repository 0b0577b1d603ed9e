"""
Inventory visibility: what stands where, what of it is promised, and why.

Owns    stock, measures of every source system, ledger entry and its daily chain, reservation.
Holds   reserved never exceeds what stands there, at any level; the sum of ledger entries is every balance; the ledger
        is append-only, and what was sealed cannot be changed unseen.
Tells   inventory.changed, inventory.drift_found, reservation.expired.
"""

from .chain import SealTurn, verify_chain
from .checking import CheckTurn, first_wrong_row
from .decisions import ReserveAsk, ShipAsk, StockChange, grant
from .expiry import ExpiryTurn
from .history import as_of
from .measures import (
    DEFAULT_FORMULA,
    HIERARCHY,
    Formula,
    Measure,
    MeasureChange,
    Posted,
    Reserved,
    SoftReserve,
    StockKey,
    Unreserve,
    dimension_text,
    reference_of,
)
from .posting import post_measures
from .queries import available
from .receiver import receive_stock
from .reserving import soft_reserve, unreserve
from .routes import router
from .service import change_on_hand, ensure_keys, release, release_quantities, reserve, ship
from .together import ReserveTogether

RECEIVERS = {"stock": receive_stock}
EVENTS = ("inventory.changed", "inventory.drift_found", "reservation.expired")


def turns() -> tuple[ExpiryTurn, SealTurn, CheckTurn]:
    """What a worker runs for this room."""
    return ExpiryTurn(), SealTurn(), CheckTurn()


__all__ = [
    "DEFAULT_FORMULA",
    "EVENTS",
    "HIERARCHY",
    "RECEIVERS",
    "Formula",
    "Measure",
    "MeasureChange",
    "Posted",
    "ReserveAsk",
    "ReserveTogether",
    "Reserved",
    "ShipAsk",
    "SoftReserve",
    "StockChange",
    "StockKey",
    "Unreserve",
    "as_of",
    "available",
    "change_on_hand",
    "dimension_text",
    "ensure_keys",
    "first_wrong_row",
    "grant",
    "post_measures",
    "receive_stock",
    "reference_of",
    "release",
    "release_quantities",
    "reserve",
    "router",
    "ship",
    "soft_reserve",
    "turns",
    "unreserve",
    "verify_chain",
]
