"""Canonical business documents exchanged with providers, versioned."""

from .fulfillment import FulfillmentUpdateDocument, ShipmentDocument, ShippedItemDocument
from .inventory import StockDocument, StockItemDocument
from .master_data import AccountDocument, ProductDocument
from .order import KeyDocument, OrderDocument, OrderLineDocument
from .party import AddressDocument, CustomerDocument

__all__ = [
    "AccountDocument",
    "AddressDocument",
    "CustomerDocument",
    "FulfillmentUpdateDocument",
    "KeyDocument",
    "OrderDocument",
    "OrderLineDocument",
    "ProductDocument",
    "ShipmentDocument",
    "ShippedItemDocument",
    "StockDocument",
    "StockItemDocument",
]
