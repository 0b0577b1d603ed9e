"""
Stock by product and source: what is on hand, what is reserved, and what may be promised.

Owns        stock rows, measures of every source system, the ledger and its daily chain (`ledger`);
            soft reservations (`reservations`); allocations (`allocation`); stock policies and all
            reads of availability (`availability`); dated changes and supply orders (`supply`).
Guarantees  reserved units never exceed what is on hand, at any level; every balance is the sum of
            its ledger entries; the ledger is append-only, and a change of sealed entries is found.
Publishes   inventory.changed, inventory.availability_increased, inventory.received,
            inventory.scheduled, inventory.discrepancy_found, reservation.expired.
"""

from openiom.platform.batches import Worker

from .allocation import (
    AllocationOperation,
    AllocationResult,
    AllocationRow,
    allocations_at,
    apply_allocations,
)
from .allocation import Kind as AllocationKind
from .availability.dated_quantities import DatedQuantities, dated_quantities
from .availability.decisions import Requester
from .availability.inbound import inbound
from .availability.measure_sums import (
    ORGANIZATION,
    SCALE,
    DateRange,
    Group,
    Shape,
    StockQuery,
    Sums,
    group_fields,
    locations_of,
    measure_sums,
    stock_of_groups,
)
from .availability.promise_dates import PromiseDate, PromiseRequest, promise_dates
from .availability.queries import available, channels_matter
from .availability.stock_policies import STOCK_POLICY
from .availability.variants import Variant, VariantStock, variant_dimensions, variant_stock
from .configuration import (
    BASE_DIMENSIONS,
    LOCATION,
    SITE,
    DataSource,
    InventoryConfiguration,
    InventoryConfigurationBody,
    configuration_body,
    configuration_for_writing,
    inventory_configuration,
)
from .configuration import KIND as CONFIGURATION_KIND
from .configuration import NAME as CONFIGURATION_NAME
from .configuration_kind import INVENTORY_CONFIGURATION
from .deletion_guards import DELETION_GUARDS
from .events import EVENTS
from .ledger.history import as_of
from .ledger.increases import StockIncrease, increased_since
from .ledger.measure_intake import known_events, post_measures
from .ledger.on_hand import StockChange, change_on_hand
from .ledger.queries import LedgerFilter, LedgerLine, ledger_lines
from .ledger.reconciliation import ReconciliationWorker, first_discrepancy
from .ledger.seal import LedgerSealWorker, verify_chain
from .locks import lock_stock
from .measures import (
    DEFAULT_FORMULA,
    HIERARCHY,
    Formula,
    Measure,
    MeasureChange,
    PostingResult,
    ReservationResult,
    SoftReservationRequest,
    StockKey,
    UnreserveRequest,
    dimension_text,
    event_key,
    reference_of,
)
from .reservations.backorder_reservations import (
    backorder_reserved,
    keep_backorder_reservations,
)
from .reservations.batcher import ReservationBatcher
from .reservations.expiry import CAUSE as EXPIRY_CAUSE
from .reservations.expiry import (
    ReservationExpiryWorker,
    delete_closed_external_reservations,
    expired_external_reservations,
    release_reservations,
)
from .reservations.line_reservations import (
    release,
    release_backorder_reservations,
    release_quantities,
    reserve,
    ship,
)
from .reservations.queries import (
    LineReservation,
    ReservationFilter,
    ReservedUnits,
    line_reservations,
    list_reservations,
    units_reserved_since,
)
from .reservations.requests import ShipmentPosting, StockReservationRequest
from .reservations.soft_reservations import soft_reserve, unreserve
from .routes import router
from .stock_feed import receive_stock
from .supply import (
    ScheduleChange,
    SupplyDocument,
    SupplyLineDocument,
    SupplyLineKey,
    SupplyMovement,
    SupplyMovementResult,
    close_short,
    post_schedule,
    receive_supply,
    ship_supply,
    upsert_supply_orders,
)

KINDS = (INVENTORY_CONFIGURATION, STOCK_POLICY)
RECEIVERS = {"stock": receive_stock}


def workers() -> tuple[Worker, ...]:
    """Return the background workers of this package."""
    return ReservationExpiryWorker(), LedgerSealWorker(), ReconciliationWorker()


__all__ = [
    "DELETION_GUARDS",
    "LineReservation",
    "ReservedUnits",
    "line_reservations",
    "lock_stock",
    "units_reserved_since",
    "AllocationOperation",
    "AllocationResult",
    "AllocationRow",
    "BASE_DIMENSIONS",
    "DEFAULT_FORMULA",
    "DataSource",
    "DateRange",
    "DatedQuantities",
    "EVENTS",
    "EXPIRY_CAUSE",
    "Formula",
    "Group",
    "HIERARCHY",
    "INVENTORY_CONFIGURATION",
    "InventoryConfiguration",
    "InventoryConfigurationBody",
    "CONFIGURATION_KIND",
    "KINDS",
    "AllocationKind",
    "LOCATION",
    "LedgerFilter",
    "LedgerLine",
    "LedgerSealWorker",
    "Measure",
    "MeasureChange",
    "CONFIGURATION_NAME",
    "ORGANIZATION",
    "PostingResult",
    "PromiseDate",
    "PromiseRequest",
    "RECEIVERS",
    "ReconciliationWorker",
    "Requester",
    "ReservationBatcher",
    "ReservationExpiryWorker",
    "ReservationFilter",
    "ReservationResult",
    "SCALE",
    "SITE",
    "STOCK_POLICY",
    "ScheduleChange",
    "Shape",
    "ShipmentPosting",
    "SoftReservationRequest",
    "StockChange",
    "StockIncrease",
    "StockKey",
    "StockQuery",
    "StockReservationRequest",
    "Sums",
    "SupplyDocument",
    "SupplyLineDocument",
    "SupplyLineKey",
    "SupplyMovement",
    "SupplyMovementResult",
    "UnreserveRequest",
    "Variant",
    "VariantStock",
    "allocations_at",
    "apply_allocations",
    "as_of",
    "available",
    "backorder_reserved",
    "change_on_hand",
    "channels_matter",
    "close_short",
    "configuration_body",
    "configuration_for_writing",
    "dated_quantities",
    "delete_closed_external_reservations",
    "dimension_text",
    "event_key",
    "expired_external_reservations",
    "first_discrepancy",
    "group_fields",
    "inbound",
    "increased_since",
    "inventory_configuration",
    "keep_backorder_reservations",
    "known_events",
    "ledger_lines",
    "list_reservations",
    "locations_of",
    "measure_sums",
    "post_measures",
    "post_schedule",
    "promise_dates",
    "receive_stock",
    "receive_supply",
    "reference_of",
    "release",
    "release_backorder_reservations",
    "release_quantities",
    "release_reservations",
    "reserve",
    "router",
    "ship",
    "ship_supply",
    "soft_reserve",
    "stock_of_groups",
    "unreserve",
    "upsert_supply_orders",
    "variant_dimensions",
    "variant_stock",
    "verify_chain",
    "workers",
]
