"""
Fulfillment optimization: which source serves which line of which order, and why.

Owns        source, source list, strategy, constraint and rate table (documents); sourcing plan and
            decision, prices, daily capacity usage.
Guarantees  no line is sourced from stock that does not exist; every decision records the cost of
            each candidate.
Publishes   fulfillment.optimization.succeeded, fulfillment.optimization.failed,
            order.source_changed.
"""

from .actions import sourcing_actions
from .configuration import KINDS as SOURCING_KINDS
from .explain_routes import explain_router
from .order_port import OpenLine, OrderPort, SourcedLine, SplitPart
from .past_demand import DemandPort, PastLine, PastOrder
from .planning import CAPACITY_CONSUMER, CapacityUsageWorker, PriceLearningWorker, Reoptimizer
from .quotes import quote_router
from .rate_routes import router as rate_router
from .routes import router
from .service import source_orders

KINDS = SOURCING_KINDS

__all__ = [
    "KINDS",
    "CAPACITY_CONSUMER",
    "SourcedLine",
    "DemandPort",
    "OpenLine",
    "OrderPort",
    "SplitPart",
    "PastLine",
    "PastOrder",
    "CapacityUsageWorker",
    "PriceLearningWorker",
    "Reoptimizer",
    "explain_router",
    "quote_router",
    "rate_router",
    "router",
    "source_orders",
    "sourcing_actions",
]
