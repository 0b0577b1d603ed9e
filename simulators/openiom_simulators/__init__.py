"""Simulated systems for demos and tests: a store, a 3PL, a carrier, a payment provider, a lab.

Owns        nothing of the product; the simulators import no package of it, and none imports them.
Guarantees  every behavior is seeded, and faults occur only when they are switched on.
Publishes   webhooks and callbacks over HTTP, as real systems do.
"""

from .carrier import CarrierOptions, carrier_application
from .lab import LabOptions, lab_application
from .payments import PaymentsOptions, payments_application
from .process import SimulatorProcess, simulator_process
from .server import RunningServer, running, serve_in_thread
from .store import StoreOptions, store_application
from .warehouse import Behavior, WarehouseOptions, sign, warehouse_application

__all__ = [
    "Behavior",
    "CarrierOptions",
    "LabOptions",
    "PaymentsOptions",
    "RunningServer",
    "SimulatorProcess",
    "StoreOptions",
    "WarehouseOptions",
    "carrier_application",
    "lab_application",
    "payments_application",
    "running",
    "serve_in_thread",
    "sign",
    "simulator_process",
    "store_application",
    "warehouse_application",
]
