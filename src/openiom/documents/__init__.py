"""Canonical business documents exchanged with providers, versioned."""

from .fulfillment import FulfillmentUpdateDocument, ShipmentDocument, ShippedItemDocument
from .inventory import StockDocument, StockItemDocument
from .master_data import AccountDocument, ProductDocument
from .order import (
    Delivery,
    Disposition,
    KeyDocument,
    OrderDocument,
    OrderLineDocument,
    OrderWithdrawalDocument,
    PaymentDocument,
    PaymentKind,
)
from .party import AddressDocument, CustomerDocument
from .quantity import (
    CountedQuantity,
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
    "CountedQuantity",
    "CustomerDocument",
    "Delivery",
    "Disposition",
    "FulfillmentUpdateDocument",
    "KeyDocument",
    "OrderDocument",
    "OrderLineDocument",
    "OrderWithdrawalDocument",
    "PaymentDocument",
    "PaymentKind",
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
