"""What a quote is asked and what it answers. Money is in the currency that is said with it, weights in kilograms."""

from datetime import date, datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

MOST_LINES = 200
AddressType = Literal["Business", "Residence", "Any"]
PickupKind = Literal["bopis", "curbside", "ship_to_store"]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", str_max_length=500)


class QuoteCustomer(_Asked):
    """Who asks: stock allocated to the group stands in. The rest only goes into the execution id."""

    name: str = ""
    number: str = ""
    group: str = ""
    email: str = ""


class QuoteDestination(_Asked):
    type: AddressType = "Any"
    line1: str = ""
    line2: str = ""
    line3: str = ""
    city: str = Field(min_length=1)
    state: str = Field(min_length=1)
    postal_code: str = Field(min_length=1)
    country: str = Field(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2")


class QuoteLine(_Asked):
    line_id: str = Field(min_length=1, max_length=100)
    product: str = Field(min_length=1, max_length=200)
    quantity: int = Field(gt=0, le=1_000_000_000)
    free_shipping: bool = Field(False, description="Its weight is not rated")
    dimensions: dict[str, str] = Field(
        {},
        max_length=50,
        description="The variant, e.g. colorId and sizeId, by base names or those of any data source: every stock row"
        " with these values counts, whatever else it says. Empty is stock kept without dimensions, as orders take it",
    )


class QuoteRequest(_Asked):
    company: str = Field("", description="Only goes into the execution id")
    strategy: str = Field("", description="Empty is the default strategy")
    carrier: str = Field("", description="Carrier to rate with; empty rates nothing")
    channel: str = Field("", description="An order's origin; stock is what it may have")
    customer: QuoteCustomer = QuoteCustomer()
    destination: QuoteDestination
    lines: list[QuoteLine] = Field(min_length=1, max_length=MOST_LINES)
    requested_delivery_date: date | None = None
    at: AwareDatetime | None = Field(None, description="Moment the quote is for; now when left out")


class PlannedLine(BaseModel):
    """`quantity` units of a line come from `source`; a divided line has several rows."""

    line_id: str
    product: str
    dimensions: dict[str, str]
    source: str
    quantity: int
    ordered_quantity: int


class NotFulfilled(BaseModel):
    line_id: str
    product: str
    dimensions: dict[str, str]
    quantity: int
    reason: str


class QuotePlan(BaseModel):
    """What a real run would choose at this moment. `cost_parts` add up to `cost`."""

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
    earliest: date
    expected: date
    latest: date


class QuotePromise(BaseModel):
    """`confidence` is the chance that the parcel arrives by `delivery.latest`."""

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
    name: str
    amount: float


class ArrivalChance(BaseModel):
    """The chance that the parcel arrives by this day."""

    date: date
    confidence: float


class CarrierRate(BaseModel):
    """A service of the carrier for the parcel of one source; `net` is `base` plus the surcharges."""

    service: str
    title: str
    source: str
    is_fallback: bool
    live: bool = Field(description="Asked of the carrier a moment ago")
    reason: str = Field(description="Why it is a stand-in; empty when it is none")
    base: float
    surcharges: list[Surcharge]
    net: float
    currency: str
    weight: float
    zone: str
    edd: list[ArrivalChance]


class CarrierQuote(BaseModel):
    """`is_fallback` says that at least one rate is a stand-in: none is known, or the carrier was not heard in time."""

    name: str
    is_fallback: bool
    rates: list[CarrierRate]


class CalendarDay(BaseModel):
    """Whether everything that was planned can be there on this day."""

    date: date
    possible: bool


class PickupOption(BaseModel):
    """The whole cart, ready to be taken at a source."""

    kind: PickupKind
    source: str
    title: str
    ready_at: datetime
    distance_km: float


class Located(BaseModel):
    """Where the destination was found; `country` precision means that neither postal code nor city is known."""

    latitude: float
    longitude: float
    precision: Literal["place", "country"]


class Quote(BaseModel):
    """The same question about the same stock and configuration within a minute has the same id and answer."""

    execution_id: str
    at: datetime
    destination: Located
    plan: QuotePlan
    promises: list[QuotePromise]
    carrier: CarrierQuote | None
    calendar: list[CalendarDay]
    pickup: list[PickupOption]
