"""Canonical business documents: the shapes that cross the provider border, versioned."""

from .fulfillment import FulfillmentUpdateDocument, ShipmentDocument, ShippedItemDocument
from .inventory import StockDocument, StockItemDocument
from .order import KeyDocument, OrderDocument, OrderLineDocument
from .party import AddressDocument, CustomerDocument

__all__ = [
    "AddressDocument",
    "CustomerDocument",
    "FulfillmentUpdateDocument",
    "KeyDocument",
    "OrderDocument",
    "OrderLineDocument",
    "ShipmentDocument",
    "ShippedItemDocument",
    "StockDocument",
    "StockItemDocument",
]
