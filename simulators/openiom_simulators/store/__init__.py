"""A BigCommerce-compatible store that holds its state in memory.

Owns    orders, shipments, catalog, customers and webhooks of one simulated shop.
Holds   a line is never shipped beyond its quantity; a page past the end of a v2 list is a 204 without body.
Tells   the store's webhooks; `/_sim/*` loads it, trickles orders in and switches faults.
"""

from .application import StoreOptions, store_application

__all__ = ["StoreOptions", "store_application"]
