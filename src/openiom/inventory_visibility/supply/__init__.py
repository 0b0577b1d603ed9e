"""
Purchase and transfer orders as dated supply: put, amended, received in parts, closed short.

Holds   what of a line is neither received nor closed is scheduled on its day, and nothing else of it is.
Tells   inventory.received.
"""

from .service import LineName, Receipt, SupplyDocument, SupplyLineDocument, close_short, put_supply, receive_supply

__all__ = [
    "LineName",
    "Receipt",
    "SupplyDocument",
    "SupplyLineDocument",
    "close_short",
    "put_supply",
    "receive_supply",
]
