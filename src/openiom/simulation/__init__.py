"""
Simulation: what sourcing would have done, or will do, if something were different.

Owns    simulation, its inputs and its results.
Holds   live stock and orders are never written; scenarios of one seed meet the same demand, so that changing nothing
        differs by exactly nothing; what is committed is what was simulated.
"""

from .routes import simulation_router
from .worker import SimulationWorker

__all__ = ["SimulationWorker", "simulation_router"]
