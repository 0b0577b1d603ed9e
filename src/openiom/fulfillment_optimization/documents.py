"""Documents of sources, rates and strategies.

Money is in the currency of the strategy that counts with it, which is the company's accounting
currency unless the strategy states another one. Nothing is converted.
"""

from datetime import date
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from openiom.documents import AddressDocument
from openiom.kernel import Day

CURRENCY = "^([A-Z]{3})?$"
CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"
Capability = Literal["ship", "pickup", "curbside", "ship_to_store"]
ProcessMode = Literal["check", "fulfillment_order", "check_and_fulfillment_order"]
SourceType = Literal["warehouse", "store", "3pl", "drop_ship_vendor", "virtual"]


def effective(first: date | None, last: date | None, day: date) -> bool:
    """Return whether a day is within a period that includes both of its ends."""
    if first is not None and day < first:
        return False
    return last is None or day <= last


class Handling(BaseModel):
    """Handling costs of one source; an empty figure is the strategy's own."""

    model_config = ConfigDict(extra="forbid")

    per_parcel: float | None = Field(None, ge=0)
    per_line: float | None = Field(None, ge=0)
    per_unit: float | None = Field(None, ge=0)


class ZoneOverride(BaseModel):
    """A zone agreed for destinations, instead of the zone of their distance."""

    model_config = ConfigDict(extra="forbid")

    country: str = Field(pattern="^[A-Z]{2}$")
    state: str = Field("", description="Empty is the whole country")
    zone: str = Field(min_length=1)


class SourceBody(BaseModel):
    """A fulfillment source: a warehouse, a store, a 3PL, a drop-ship vendor or a virtual site."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1)
    type: SourceType = "warehouse"
    active: bool = True
    address: AddressDocument
    site: str = Field("", description="Site the location belongs to; empty is the source itself")
    processing_days: int = Field(
        1, ge=0, le=365, description="Average working days from order to handover"
    )
    processing_hours: float | None = Field(
        None, ge=0, le=720, description="Finer than days, where known"
    )
    daily_parcels: int | None = Field(
        None, ge=0, description="Parcels a day; empty is without limit"
    )
    daily_lines: int | None = Field(
        None, ge=0, description="Order lines a day; empty is without limit"
    )
    time_zone: str = "UTC"
    calendar: str | None = Field(None, description="Working calendar; empty is always open")
    cutoff: str | None = Field(
        None, pattern=CLOCK, description="Local time after which orders wait for the next day"
    )
    pickup_schedule: str | None = Field(None, description="When carriers collect here")
    safety_stock: int = Field(
        0, ge=0, description="Units of a product below which the constraint keeps away"
    )
    handling: Handling = Handling()
    capabilities: list[Capability] = ["ship"]
    preference_cost: float = Field(
        0.0, ge=0, description="Money a parcel for preferring other sources"
    )
    zone_overrides: list[ZoneOverride] = []


class SourceListBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1)
    sources: list[str] = Field(min_length=1)


class Zone(BaseModel):
    """A band of great-circle distance."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    up_to_km: float | None = Field(None, gt=0, description="Empty is everything farther")


class Price(BaseModel):
    """The price of a parcel of a zone up to a weight."""

    model_config = ConfigDict(extra="forbid")

    zone: str
    up_to_kg: float = Field(gt=0)
    price: float = Field(ge=0)


def _lightest_first(price: Price) -> tuple[float, float]:
    return price.up_to_kg, price.price


class RateFactor(BaseModel):
    """The mark-up or mark-down of a known rate, and the fallback where none is known."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    source_type: SourceType | None = Field(None, description="Empty is every type")
    address_type: Literal["Business", "Residence", "Any"] = "Any"
    rate_factor: float = Field(0.0, ge=-100, description="Per cent added to a known rate")
    free_shipping: bool = Field(
        False, description="The buyer pays nothing; the cost of the shipment stays"
    )
    fallback_weight: float = Field(0.0, ge=0, description="Kilograms the fallback rate covers")
    fallback_rate: float = Field(0.0, ge=0)
    fallback_increment: float = Field(0.0, ge=0, description="Money for each kilogram beyond")


class RateTableBody(BaseModel):
    """Shipping rates by zone and weight."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1)
    currency: str = Field(
        "", pattern=CURRENCY, description="Empty is the currency of the strategy that uses it"
    )
    zones: list[Zone] = Field(min_length=1)
    prices: list[Price] = []
    per_kg_beyond: float = Field(
        0.0, ge=0, description="Money for each kilogram beyond the heaviest price"
    )
    factors: list[RateFactor] = []

    def prices_of(self, zone: str) -> list[Price]:
        """Return the prices of a zone, lightest first."""
        prices = [price for price in self.prices if price.zone == zone]
        return sorted(prices, key=_lightest_first)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self._check_bands()
        self._check_zones()
        for zone in self.zones:
            self._check_prices(zone.name)
        return self

    def _check_zones(self) -> None:
        """Raise ValueError unless zones have distinct names and prices name one of them."""
        names = {zone.name for zone in self.zones}
        if len(names) < len(self.zones):
            raise ValueError("zones: two have the same name")
        for price in self.prices:
            if price.zone not in names:
                raise ValueError(f"prices: no zone named {price.zone}")

    def _check_bands(self) -> None:
        """Raise ValueError unless zones ascend and only the last one has no limit."""
        *limits, last = [zone.up_to_km for zone in self.zones]
        ascending = [limit for limit in limits if limit is not None]
        if last is not None or len(ascending) < len(limits) or ascending != sorted(ascending):
            raise ValueError(
                "zones: list them by distance; the last one, and only it, has no limit"
            )

    def _check_prices(self, zone: str) -> None:
        """Raise ValueError unless the prices of a zone rise with weight."""
        tiers = self.prices_of(zone)
        weights = {tier.up_to_kg for tier in tiers}
        prices = [tier.price for tier in tiers]
        if len(weights) < len(tiers) or prices != sorted(prices):
            raise ValueError(
                f"prices: zone {zone} needs one price per weight, rising with the weight"
            )


class CostWeights(BaseModel):
    """Costs the optimizer minimizes, in the currency of the strategy."""

    model_config = ConfigDict(extra="forbid")

    parcel: float = Field(6.0, ge=0, description="Opening a parcel: label, packing")
    per_100_km: float = Field(
        0.35, ge=0, description="Carriage of a parcel per 100 km great circle, without a rate table"
    )
    line: float = Field(0.4, ge=0, description="Picking one line")
    unit: float = Field(0.05, ge=0, description="Handling one unit")
    split: float = Field(4.0, ge=0, description="Each parcel of an order after the first")
    open_line: float = Field(500.0, gt=0, description="Leaving a line without a source")
    unknown_distance_km: float = Field(
        4000.0, ge=0, description="Assumed when an address cannot be located"
    )
    lateness_per_day: float = Field(
        2.0, ge=0, description="Each day a parcel arrives after the requested date"
    )
    capacity_pressure: float = Field(
        0.0, ge=0, description="Each parcel beyond 80 % of a source's day"
    )
    stock_out: float = Field(
        0.0, ge=0, description="Each unit taken where the days of cover are zero"
    )
    stock_out_days: float = Field(
        7.0, gt=0, description="Days of cover from which there is no risk"
    )
    markdown_credit: float = Field(
        0.0, ge=0, description="Each unit taken where it would be marked down otherwise"
    )
    markdown_days: float = Field(60.0, gt=0, description="Days of cover at which markdowns begin")
    preference: float = Field(1.0, ge=0, description="Factor of the preference cost of each source")


class Batch(BaseModel):
    """Planning of many orders together."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool = Field(False, description="Collect orders for a while, then plan them together")
    minutes: float = Field(2.0, gt=0, le=1440)
    contention: int | None = Field(
        50,
        ge=1,
        description="Batches in which more orders compete for the same stock are planned together"
        " without a window",
    )
    seconds: float = Field(
        10.0, gt=0, le=600, description="Longest search; the best plan found by then is used"
    )
    bid_prices: bool = Field(
        True, description="Between batches, orders pay for what they take from later ones"
    )
    price_minutes: float = Field(
        60.0, gt=0, le=1440, description="Interval at which opportunity costs are learned"
    )

    @property
    def uses_bid_prices(self) -> bool:
        """Whether orders planned one at a time pay for what they take from later ones.

        Never where nothing is planned together.
        """
        return self.bid_prices and (self.contention is not None or self.enabled)


class Reoptimize(BaseModel):
    """Improvement of orders that are sourced but not yet released to fulfillment."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool = False
    minutes: float = Field(15.0, gt=0, le=1440)
    minimum_saving: float = Field(1.0, ge=0, description="Money an order must save to be moved")
    max_moves: int = Field(2, ge=1, description="How often one order may be moved")
    max_moved_orders: int = Field(500, ge=1, description="Orders moved in one run")
    orders: int = Field(2000, ge=1, le=10_000, description="Orders examined in one run")


class StrategyBody(BaseModel):
    """A strategy: how orders are sourced."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1)
    source_list: str | None = Field(
        None, description="Sources to choose from; empty is every active one"
    )
    is_default: bool = Field(
        False, description="Used when an order names none; of several, the one stored last"
    )
    alternate: str | None = Field(
        None, description="Strategy applied to lines this one leaves unsourced"
    )
    effective_from: Day | None = None
    effective_to: Day | None = Field(None, description="Last day")
    constraints: list[str] = []
    objective: Literal["cost", "distance"] = "cost"
    currency: str = Field(
        "",
        pattern=CURRENCY,
        description="Of the strategy's costs; empty is the company's accounting currency",
    )
    rate_table: str | None = Field(None, description="Shipping rates; empty is money by distance")
    carrier: str = Field(
        "", description="Carrier whose transit days count; empty is a standard ground service"
    )
    carrier_service: str = Field("", description="Empty is the carrier's first")
    allow_partial: bool = Field(
        False, description="Source what can be sourced; otherwise all lines or none"
    )
    max_sources_per_order: int | None = Field(None, ge=1)
    max_line_sources: int = Field(
        1, ge=1, description="Sources one line may be divided across; 1 is never divided"
    )
    maximum_distance_km: float | None = Field(None, gt=0)
    same_country_only: bool = False
    retry_refusals_after_hours: int = Field(
        24,
        ge=0,
        le=8_760,
        description="Hours after which a source that declined a line is considered again, also"
        " without new stock; 0 is never",
    )
    weights: CostWeights = CostWeights()
    batch: Batch = Batch()
    reoptimize: Reoptimize = Reoptimize()

    def is_effective(self, day: date) -> bool:
        """Return whether the strategy is in force on this day."""
        return effective(self.effective_from, self.effective_to, day)


class OrderHandlingBody(BaseModel):
    """What happens to orders whose source a policy chose; one document, named `default`."""

    model_config = ConfigDict(extra="forbid")

    title: str = "Order handling"
    fulfillment_process: ProcessMode = Field(
        "check",
        description="check: reserve what is on hand, no fulfillment order; fulfillment_order: make"
        " fulfillment orders without a check; check_and_fulfillment_order: only where there is"
        " stock",
    )
