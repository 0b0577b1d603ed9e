"""
Fulfillment optimization: which source should serve which line of which order, and why.

Owns    source, source list, strategy, sourcing decision.
Holds   no line is sourced from stock that does not exist; every decision keeps what each candidate would have cost.
Tells   fulfillment.optimization.succeeded, fulfillment.optimization.failed.
"""

from .actions import sourcing_actions
from .configuration import KINDS as SOURCING_KINDS
from .explain_routes import explain_router
from .order_port import LineToSource, OpenLine, OrderPort, Part
from .past_demand import DemandPort, PastLine, PastOrder
from .planning import CAPACITY_CONSUMER, CapacityUsageWorker, PriceLearningWorker, Reoptimizer
from .quotes import quote_router
from .rate_routes import router as rate_router
from .routes import router
from .service import source_orders
from .source_places import SourcePlace, source_places

KINDS = SOURCING_KINDS

__all__ = [
    "KINDS",
    "CAPACITY_CONSUMER",
    "LineToSource",
    "DemandPort",
    "OpenLine",
    "OrderPort",
    "Part",
    "PastLine",
    "PastOrder",
    "CapacityUsageWorker",
    "PriceLearningWorker",
    "Reoptimizer",
    "SourcePlace",
    "explain_router",
    "quote_router",
    "rate_router",
    "router",
    "source_orders",
    "source_places",
    "sourcing_actions",
]
