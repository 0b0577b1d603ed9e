"""A question that makes sense."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from openiom.fulfillment_optimization.order_port import sku_of
from openiom.fulfillment_optimization.snapshot import Snapshot, StrategyConfig
from openiom.inventory_visibility import Variant
from openiom.logistics import CarrierService
from openiom.platform.geocoding import Point

from .schemas import QuoteAsk


@dataclass(frozen=True)
class ProductFacts:
    weight_kg: float
    currency: str


@dataclass(eq=False)
class Asked:
    """A question that makes sense: placed, with its strategy, and what the catalog knows of its products."""

    ask: QuoteAsk
    at: datetime
    known: Snapshot
    setting: StrategyConfig
    place: Point
    services: tuple[CarrierService, ...]
    facts: Mapping[str, ProductFacts]
    plannable: tuple[int, ...]  # lines whose product may be ordered
    variants: Mapping[int, Variant]  # by the number of the line that names dimensions

    def sku(self, i: int) -> str:
        """What the stock of line number `i` goes by."""
        variant = self.variants.get(i)
        return sku_of(self.ask.lines[i].product, variant.text if variant else "")
