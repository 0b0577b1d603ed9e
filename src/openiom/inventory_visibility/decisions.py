"""Who gets the stock, settled on paper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ReserveAsk:
    """`quantity` units of `product` at `source` for one order line; `document` is the order's number.

    Held until shipped or released, or until `expires_at`.
    """

    line_id: UUID
    product: str
    source: str
    quantity: int
    document: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShipAsk:
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


def grant(asks: Sequence[ReserveAsk], available: Mapping[Key, Decimal]) -> list[bool]:
    """First come, first served: an ask is granted whole or not at all, and a refused one takes nothing."""
    left = dict(available)
    granted = []
    for ask in asks:
        key = (ask.product, ask.source)
        fits = ask.quantity <= left.get(key, Decimal(0))
        if fits:
            left[key] -= ask.quantity
        granted.append(fits)
    return granted
