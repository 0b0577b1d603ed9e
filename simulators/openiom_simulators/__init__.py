"""Outside systems to practise with: a BigCommerce-compatible store, a 3PL and a carrier, each a process of its own.

Owns    nothing of the product: no room imports it, it imports no room.
Holds   every behaviour is seeded; faults strike only when they are switched on.
Tells   over HTTP only, as the outside does.
"""

from .carrier import CarrierOptions, carrier_application
from .lab import LabOptions, lab_application
from .process import SimulatorProcess, simulator_process
from .server import RunningServer, running, serve_in_thread
from .store import StoreOptions, store_application
from .warehouse import Behavior, WarehouseOptions, sign, warehouse_application

__all__ = [
    "CarrierOptions",
    "Behavior",
    "LabOptions",
    "RunningServer",
    "SimulatorProcess",
    "StoreOptions",
    "WarehouseOptions",
    "carrier_application",
    "lab_application",
    "running",
    "serve_in_thread",
    "sign",
    "simulator_process",
    "store_application",
    "warehouse_application",
]
