"""
Inventory visibility: what stands where, what of it is promised, and why.

Owns    stock, measures of every source system, ledger entry and its daily chain, reservation.
Holds   reserved never exceeds what stands there, at any level; the sum of ledger entries is every balance; the ledger
        is append-only, and what was sealed cannot be changed unseen.
Tells   inventory.changed, inventory.freed, inventory.received, inventory.scheduled, inventory.drift_found,
        reservation.expired.
"""

from openiom.platform.batches import Worker

from .allocation.routes import router as allocation_router
from .backorder_reservations import backorder_reserved, keep
from .configuration import InventoryConfiguration, inventory_configuration
from .configuration_kind import KINDS as CONFIGURATION_KINDS
from .decisions import ShipmentPosting, StockChange, StockReservationRequest
from .expiry import ExpiryTurn
from .history import as_of
from .ledger_seal import SealTurn, verify_chain
from .measure_intake import post_measures
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
from .overview import router as overview_router
from .promise.inbound import inbound
from .promise.policies import STOCK_POLICY
from .promise.projection import PromiseDate, PromiseRequest, promise_dates
from .promise.routes import router as promise_router
from .queries import available, channels_matter
from .receiver import receive_stock
from .reconciliation import CheckTurn, first_wrong_row
from .reservation_batcher import ReservationBatcher
from .reservations import line_reservations, lock_stock, units_reserved_since
from .routes import router
from .service import (
    change_on_hand,
    ensure_keys,
    release,
    release_backorder_reservations,
    release_quantities,
    reserve,
    ship,
)
from .soft_reservations import soft_reserve, unreserve
from .supply.routes import router as supply_router
from .variants import Variant, VariantStock, variant_dimensions, variant_stock

KINDS = (*CONFIGURATION_KINDS, STOCK_POLICY)
RECEIVERS = {"stock": receive_stock}
EVENTS = (
    *("inventory.changed", "inventory.freed", "inventory.scheduled", "inventory.received"),
    *("inventory.drift_found", "reservation.expired"),
)


def workers() -> tuple[Worker, ...]:
    """Return the background workers of this package."""
    return ExpiryTurn(), SealTurn(), CheckTurn()


__all__ = [
    "DEFAULT_FORMULA",
    "EVENTS",
    "HIERARCHY",
    "KINDS",
    "RECEIVERS",
    "Formula",
    "InventoryConfiguration",
    "Measure",
    "MeasureChange",
    "Posted",
    "PromiseRequest",
    "PromiseDate",
    "StockReservationRequest",
    "ReservationBatcher",
    "Reserved",
    "ShipmentPosting",
    "SoftReserve",
    "StockChange",
    "StockKey",
    "Unreserve",
    "Variant",
    "VariantStock",
    "allocation_router",
    "as_of",
    "available",
    "change_on_hand",
    "channels_matter",
    "dimension_text",
    "release_backorder_reservations",
    "ensure_keys",
    "first_wrong_row",
    "backorder_reserved",
    "inbound",
    "inventory_configuration",
    "keep",
    "line_reservations",
    "lock_stock",
    "overview_router",
    "post_measures",
    "promise_dates",
    "promise_router",
    "receive_stock",
    "reference_of",
    "release",
    "release_quantities",
    "reserve",
    "router",
    "ship",
    "soft_reserve",
    "supply_router",
    "units_reserved_since",
    "workers",
    "unreserve",
    "variant_dimensions",
    "variant_stock",
    "verify_chain",
]
