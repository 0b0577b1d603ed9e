"""Who gets the stock, settled on paper."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class StockReservationRequest:
    """`quantity` units of `product` at `source` for one order line; `document` is the order's number.

    Held until shipped or released, or until `expires_at`. A kit is held as its parts. `channel` and `customer_group`
    say on whose behalf: their allocations are used first, and what is kept for others is not touched.
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


@dataclass(frozen=True, slots=True)
class StockChange:
    """A new on-hand quantity (`set`) or a difference (`change`), as the caller's mode says."""

    product: str
    source: str
    quantity: Decimal
