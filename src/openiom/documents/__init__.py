"""Canonical business documents exchanged with providers, versioned."""

from .fulfillment import FulfillmentUpdateDocument, ShipmentDocument, ShippedItemDocument
from .inventory import StockDocument, StockItemDocument
from .master_data import AccountDocument, ProductDocument
from .order import KeyDocument, OrderDocument, OrderLineDocument
from .party import AddressDocument, CustomerDocument
from .quantity import (
    Quantity,
    QuantityNumber,
    VariantDocument,
    plain_number,
    quantity_number,
    variant_fact,
)

__all__ = [
    "AccountDocument",
    "AddressDocument",
    "CustomerDocument",
    "FulfillmentUpdateDocument",
    "KeyDocument",
    "OrderDocument",
    "OrderLineDocument",
    "ProductDocument",
    "Quantity",
    "QuantityNumber",
    "ShipmentDocument",
    "ShippedItemDocument",
    "StockDocument",
    "StockItemDocument",
    "VariantDocument",
    "plain_number",
    "quantity_number",
    "variant_fact",
]
