"""
Fulfillment optimization: which source should serve which line of which order, and why.

Owns    source, source list, strategy, sourcing decision.
Holds   no line is sourced from stock that does not exist; every decision keeps what each candidate would have cost.
Tells   fulfillment.optimization.succeeded, fulfillment.optimization.failed.
"""

from .actions import sourcing_actions
from .configuration import KINDS as SOURCING_KINDS
from .desk import AskedLine, OpenLine, OrderDesk, Part
from .explain_routes import explain_router
from .past_demand import DemandDesk, PastLine, PastOrder
from .planning import PLACES_CONSUMER, PlacesTurn, PriceTurn, Reoptimizer
from .quoting import quote_router
from .rate_routes import router as rate_router
from .routes import router
from .service import source_orders
from .simulation import SimulationTurn, simulation_router
from .timing import TIMING_KINDS

KINDS = (*TIMING_KINDS, *SOURCING_KINDS)

__all__ = [
    "KINDS",
    "PLACES_CONSUMER",
    "AskedLine",
    "DemandDesk",
    "OpenLine",
    "OrderDesk",
    "Part",
    "PastLine",
    "PastOrder",
    "PlacesTurn",
    "PriceTurn",
    "Reoptimizer",
    "SimulationTurn",
    "explain_router",
    "quote_router",
    "rate_router",
    "router",
    "simulation_router",
    "source_orders",
    "sourcing_actions",
]
