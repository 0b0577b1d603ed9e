"""
Fulfillment optimization: which source serves which line of which order, and why.

Owns        source, source list, strategy, constraint and rate table (documents); sourcing plan and
            decision, prices, daily capacity usage.
Guarantees  no line is sourced from stock that does not exist; every decision records the cost of
            each candidate.
Publishes   fulfillment.optimization.succeeded, fulfillment.optimization.failed,
            order.source_changed.

Besides sourcing itself (`source_orders`, `sourcing_actions`, the workers and the routers), the
public API has two parts. `OrderPort` and `DemandPort` are implemented by the composition root with
the orders package. `PlanningNetwork` plans orders on documents that need not be in use, for
packages that compute alternatives.
"""

from .actions import sourcing_actions
from .configuration import KINDS, default_strategy
from .explain_routes import explain_router
from .order_port import OpenLine, OrderPort, SourcedLine, SourceRefusal, SplitPart
from .past_demand import DemandPort, PastLine, PastOrder, as_open_lines, by_day
from .planning import (
    CAPACITY_CONSUMER,
    CapacityUsage,
    CapacityUsageWorker,
    PriceLearningWorker,
    Reoptimizer,
)
from .planning.opportunity_costs import OpportunityCosts
from .planning_network import (
    Assignment,
    PlannedLines,
    PlanningConditions,
    PlanningNetwork,
    PlanningStrategy,
    document_problems,
    read_planning_documents,
    strategy_body,
)
from .quotes import quote_router
from .rate_routes import router as rate_router
from .routes import router
from .service import source_orders
from .source_locations import SourceLocation, source_places

__all__ = [
    "SourceLocation",
    "source_places",
    "CAPACITY_CONSUMER",
    "KINDS",
    "Assignment",
    "CapacityUsage",
    "CapacityUsageWorker",
    "DemandPort",
    "OpenLine",
    "OpportunityCosts",
    "OrderPort",
    "PastLine",
    "PastOrder",
    "PlannedLines",
    "PlanningConditions",
    "PlanningNetwork",
    "PlanningStrategy",
    "PriceLearningWorker",
    "Reoptimizer",
    "SourceRefusal",
    "SourcedLine",
    "SplitPart",
    "as_open_lines",
    "by_day",
    "default_strategy",
    "document_problems",
    "explain_router",
    "quote_router",
    "rate_router",
    "read_planning_documents",
    "router",
    "source_orders",
    "sourcing_actions",
    "strategy_body",
]
