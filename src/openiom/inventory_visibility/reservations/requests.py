"""Requests of order lines: stock to reserve and shipments to post."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class StockReservationRequest:
    """`quantity` of `product`, in its stock unit, at `source` for one order line.

    They stay reserved until they are shipped or released, or until `expires_at`. A kit is reserved
    as its parts. `channel` and `customer_group` name the requester, whose allocations are consumed
    first. `document` is the order number.
    """

    line_id: UUID
    product: str
    source: str
    quantity: Decimal
    document: str = ""
    expires_at: datetime | None = None
    channel: str = ""
    customer_group: str = ""


@dataclass(frozen=True, slots=True)
class ShipmentPosting:
    """What left `source` of a line, in the stock unit; `document` is the shipment."""

    line_id: UUID
    product: str
    source: str
    quantity: Decimal
    document: str
