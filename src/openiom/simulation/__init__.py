"""
Simulation: what sourcing would have done, or will do, if something were different.

Owns        simulation, its inputs and its results.
Guarantees  live stock and orders are never written; scenarios of one seed meet the same demand, so
            that a scenario without changes differs by exactly zero; the documents that a commit
            applies are those that were simulated.
Publishes   nothing.
"""

from .routes import simulation_router
from .worker import SimulationWorker

__all__ = ["SimulationWorker", "simulation_router"]
