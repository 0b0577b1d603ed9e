"""Requests of order lines: stock to reserve and shipments to post."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class StockReservationRequest:
    """`quantity` units of `product` at `source` for one order line.

    They stay reserved until they are shipped or released, or until `expires_at`. A kit is reserved
    as its parts. `channel` and `customer_group` name the requester, whose allocations are consumed
    first. `document` is the order number.
    """

    line_id: UUID
    product: str
    source: str
    quantity: int
    document: str = ""
    expires_at: datetime | None = None
    channel: str = ""
    customer_group: str = ""


@dataclass(frozen=True, slots=True)
class ShipmentPosting:
    """Units of a line that left `source`; `document` is the shipment."""

    line_id: UUID
    product: str
    source: str
    quantity: int
    document: str
