"""A BigCommerce-compatible store with its state in memory.

Owns        orders, shipments, catalog, customers and webhooks of one simulated shop.
Guarantees  a line is never shipped beyond its quantity; a page past the end of a v2 list is a 204
            without body, as in the real API.
Publishes   the webhooks of the store. `/_sim/*` loads data, places orders and switches faults.
"""

from .application import StoreOptions, store_application

__all__ = ["StoreOptions", "store_application"]
