"""
Inventory visibility: what stands where, what of it is promised, and why.

Owns    stock, measures of every source system, ledger entry and its daily chain, reservation.
Holds   reserved never exceeds what stands there, at any level; the sum of ledger entries is every balance; the ledger
        is append-only, and what was sealed cannot be changed unseen.
Tells   inventory.changed, inventory.freed, inventory.received, inventory.scheduled, inventory.drift_found,
        reservation.expired.
"""

from pathlib import Path

from openiom.platform.waves import Turn

from .allocation.routes import router as allocation_router
from .chain import SealTurn, verify_chain
from .checking import CheckTurn, first_wrong_row
from .configuration import InventoryConfiguration, inventory_configuration
from .configuring import KINDS as CONFIGURATION_KINDS
from .contract import FeedTurn, jobs_wave
from .contract import router as contract_router
from .decisions import ReserveAsk, ShipAsk, StockChange
from .expiry import ExpiryTurn
from .history import as_of
from .holds import held_for, keep
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
from .posting import post_measures
from .promise.inbound import inbound
from .promise.policies import STOCK_POLICY
from .promise.routes import router as promise_router
from .promise.timeline import PromiseAsk, PromiseDate, promise_dates
from .queries import available, channels_matter
from .receiver import receive_stock
from .reserving import soft_reserve, unreserve
from .routes import router
from .service import change_on_hand, drop_holds, ensure_keys, release, release_quantities, reserve, ship
from .supply.routes import router as supply_router
from .together import ReserveTogether
from .variants import Variant, VariantStock, variant_dimensions, variant_stock

KINDS = (*CONFIGURATION_KINDS, STOCK_POLICY)
RECEIVERS = {"stock": receive_stock}
EVENTS = (
    *("inventory.changed", "inventory.freed", "inventory.scheduled", "inventory.received"),
    *("inventory.drift_found", "reservation.expired"),
)


def turns(feed_folder: Path | None) -> tuple[Turn, ...]:
    """What a worker runs for this room; feed files are read from `feed_folder`."""
    return ExpiryTurn(), SealTurn(), CheckTurn(), jobs_wave(), FeedTurn(feed_folder)


__all__ = [
    "DEFAULT_FORMULA",
    "EVENTS",
    "HIERARCHY",
    "KINDS",
    "RECEIVERS",
    "FeedTurn",
    "Formula",
    "InventoryConfiguration",
    "Measure",
    "MeasureChange",
    "Posted",
    "PromiseAsk",
    "PromiseDate",
    "ReserveAsk",
    "ReserveTogether",
    "Reserved",
    "ShipAsk",
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
    "contract_router",
    "dimension_text",
    "drop_holds",
    "ensure_keys",
    "first_wrong_row",
    "held_for",
    "inbound",
    "inventory_configuration",
    "jobs_wave",
    "keep",
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
    "turns",
    "unreserve",
    "variant_dimensions",
    "variant_stock",
    "verify_chain",
]
