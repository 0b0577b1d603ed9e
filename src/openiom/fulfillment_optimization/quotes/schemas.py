"""Requests and responses of quotes. Money is in the currency beside it, weights in kilograms."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from openiom.kernel import AwareMoment, Day

MOST_LINES = 200
AddressType = Literal["Business", "Residence", "Any"]
PickupKind = Literal["bopis", "curbside", "ship_to_store"]


class _RequestModel(BaseModel):
    model_config = ConfigDict(extra="forbid", str_max_length=500)


class QuoteCustomer(_RequestModel):
    """The customer; stock allocated to the group is available.

    The rest only goes into the execution id.
    """

    name: str = ""
    number: str = ""
    group: str = ""
    email: str = ""


class QuoteDestination(_RequestModel):
    """The address of the cart."""

    type: AddressType = "Any"
    line1: str = ""
    line2: str = ""
    line3: str = ""
    city: str = Field(min_length=1)
    state: str = Field(min_length=1)
    postal_code: str = Field(min_length=1)
    country: str = Field(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2")


class QuoteLine(_RequestModel):
    """A line of the cart."""

    line_id: str = Field(min_length=1, max_length=100)
    product: str = Field(min_length=1, max_length=200)
    quantity: int = Field(gt=0, le=1_000_000_000)
    free_shipping: bool = Field(False, description="Its weight is not rated")
    dimensions: dict[str, str] = Field(
        {},
        max_length=50,
        description="The variant, e.g. colorId and sizeId, by base names or those of any data"
        " source: every stock row with these values counts. Empty is stock"
        " without dimensions, which orders use",
    )


class QuoteRequest(_RequestModel):
    """The cart to quote."""

    company: str = Field("", description="Only goes into the execution id")
    strategy: str = Field("", description="Empty is the default strategy")
    carrier: str = Field("", description="Carrier to rate with; empty returns no rates")
    channel: str = Field("", description="An order's origin; its allocations and buffers apply")
    customer: QuoteCustomer = QuoteCustomer()
    destination: QuoteDestination
    lines: list[QuoteLine] = Field(min_length=1, max_length=MOST_LINES)
    requested_delivery_date: Day | None = None
    at: AwareMoment | None = Field(None, description="Moment the quote is for; now when left out")


class PlannedLine(BaseModel):
    """`quantity` units of a line come from `source`; a divided line has several rows."""

    line_id: str
    product: str
    dimensions: dict[str, str]
    source: str
    quantity: int
    ordered_quantity: int


class NotFulfilled(BaseModel):
    """Units that no source serves."""

    line_id: str
    product: str
    dimensions: dict[str, str]
    quantity: int
    reason: str


class QuotePlan(BaseModel):
    """The plan a real run would make now. `cost_parts` add up to `cost`."""

    strategy: str
    complete: bool
    lines: list[PlannedLine]
    not_fulfilled: list[NotFulfilled]
    cost: float
    currency: str = Field(
        description="Of the strategy; empty where kilometers are counted, or none is configured"
    )
    cost_parts: dict[str, float]


class DeliveryWindow(BaseModel):
    """Days local to the destination."""

    earliest: date
    expected: date
    latest: date


class QuotePromise(BaseModel):
    """`confidence` is the probability that the parcel arrives by `delivery.latest`."""

    source: str
    carrier: str
    service: str
    ready_at: datetime
    pickup_at: datetime
    ship_date: date
    delivery: DeliveryWindow
    confidence: float
    distance_km: float


class Surcharge(BaseModel):
    """An amount on top of the base rate; negative for a discount."""

    name: str
    amount: float


class ArrivalChance(BaseModel):
    """The probability that the parcel arrives by this day."""

    date: date
    confidence: float


class CarrierRate(BaseModel):
    """
    A service of the carrier for the parcel of one source; `net` is `base` plus the surcharges.
    """

    service: str
    title: str
    source: str
    is_fallback: bool
    live: bool = Field(description="Returned by the carrier just now")
    reason: str = Field(description="Why it is a fallback; empty when it is none")
    base: float
    surcharges: list[Surcharge]
    net: float
    currency: str
    weight: float
    zone: str
    edd: list[ArrivalChance]


class CarrierQuote(BaseModel):
    """The rates of a carrier.

    `is_fallback` is true when at least one rate is a fallback: none is known, or the carrier did
    not answer in time.
    """

    name: str
    is_fallback: bool
    rates: list[CarrierRate]


class CalendarDay(BaseModel):
    """Whether all planned parcels can be delivered on this day."""

    date: date
    possible: bool


class PickupOption(BaseModel):
    """A source where the whole cart can be picked up."""

    kind: PickupKind
    source: str
    title: str
    ready_at: datetime
    distance_km: float


class Located(BaseModel):
    """The location of the destination.

    `country` precision means that neither postal code nor city is known.
    """

    latitude: float
    longitude: float
    precision: Literal["place", "country"]


class Quote(BaseModel):
    """A quote.

    The same request about the same stock and configuration within a minute has the same id and
    answer.
    """

    execution_id: str
    at: datetime
    destination: Located
    plan: QuotePlan
    promises: list[QuotePromise]
    carrier: CarrierQuote | None
    calendar: list[CalendarDay]
    pickup: list[PickupOption]
