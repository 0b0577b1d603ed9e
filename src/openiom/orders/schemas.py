"""Order documents with resolved keys, and the bodies of the HTTP API."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from openiom.documents import (
    AddressDocument,
    CustomerDocument,
    Delivery,
    OrderDocument,
    OrderLineDocument,
    Quantity,
    QuantityNumber,
)

_OWN_FIELDS = ("number", "name")


def _own_name(value: Any) -> Any:
    """Return a key that already is our own name, from text or `{"field": ..., "value": ...}`."""
    if isinstance(value, Mapping):
        if value.get("field") not in _OWN_FIELDS or set(value) != {"field", "value"}:
            raise ValueError(
                'is not one of our names; give it as text or as {"field": "number", "value": ...}'
            )
        return value["value"]
    return value


OwnName = Annotated[str, BeforeValidator(_own_name), Field(min_length=1)]


class ResolvedLine(OrderLineDocument):
    """A document line whose product, unit and pickup source are our own names."""

    product: OwnName
    unit: OwnName
    pickup_source: OwnName | None = None


class ResolvedOrder(OrderDocument):
    """An order document whose external keys are replaced by our own names."""

    account: OwnName | None = None
    price_list: OwnName | None = None
    lines: list[ResolvedLine] = Field(min_length=1, max_length=2000)  # type: ignore[assignment]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Blocked(BaseModel):
    """The provider that an order waits for, and since when it has been down."""

    instance: str
    title: str
    since: datetime


class OrderRow(BaseModel):
    """A row of the order list; money as text in `currency`."""

    id: UUID
    number: str
    instance: str
    origin: str
    customer_name: str
    ship_to_city: str
    ship_to_state: str
    ship_to_country: str
    state: str
    state_reason: str
    currency: str
    total_amount: str
    line_count: int
    placed_at: datetime
    created_at: datetime
    manual_hold: bool
    sources: list[str]
    blocked: Blocked | None = None


class OrderCounts(BaseModel):
    """Orders in each state, on manual hold, and stopped by a failed check."""

    states: dict[str, int]
    manual_hold: int
    failed: int


class MatchingOrders(BaseModel):
    """How many orders match; `limit` means that many or more, null that counting took too long."""

    count: int | None
    limit: int


class Amounts(BaseModel):
    """Amounts of an order; `difference` is the stated total less the computed one.

    `fees` are handling and gift wrapping; `credit` was paid with store credit or certificates.
    """

    subtotal: str
    shipping: str
    fees: str
    credit: str
    discount: str
    tax: str
    total: str
    difference: str


class ProgressStep(BaseModel):
    """A state of the progress bar."""

    state: str
    label: str
    position: int
    reached: bool


class AllowedAction(BaseModel):
    """Whether an action is possible now, and the reason when it is not."""

    allowed: bool
    reason: str = ""


class AllowedActions(BaseModel):
    """The manual actions on an order."""

    hold: AllowedAction
    release: AllowedAction
    cancel: AllowedAction
    recall: AllowedAction


class LineDetail(BaseModel):
    """An order line; quantities are in its unit, which has `unit_decimals`.

    `available_on` is the day a waiting line is promised for, `expires_at` when it is canceled.
    """

    id: UUID
    line_number: int
    external_id: str
    product: str
    name: str
    variant: dict[str, str]
    unit: str
    unit_decimals: int
    quantity: QuantityNumber
    unit_price: str
    discount: str
    tax: str
    total: str
    requested_delivery_date: date | None
    state: str
    state_label: str
    state_reason: str
    source: str | None
    source_reason: str
    in_fulfillment: QuantityNumber
    shipped: QuantityNumber
    canceled: QuantityNumber
    returned: QuantityNumber
    delivery: Delivery
    ship_to: AddressDocument | None
    available_on: date | None = None
    expires_at: datetime | None = None


class SourceChange(BaseModel):
    """A change that the source of an order made too late to be applied.

    `what` is a line, the order, its amounts, or a field; `here` is the value here, `source` that of
    the source. Of a line both are the quantity to be fulfilled.
    """

    what: str
    external_id: str = ""
    product: str = ""
    here: Any = None
    source: Any = None
    reason: str = ""


class OrderDetail(OrderRow):
    """One order with its lines, progress and allowed actions."""

    external_id: str
    external_status: str
    order_type: str
    account: str | None
    price_list: str | None
    company: str
    strategy: str
    customer: CustomerDocument
    bill_to: AddressDocument | None
    ship_to: AddressDocument
    amounts: Amounts
    payment_status: str
    shipping_method: str
    note: str
    requested_delivery_date: date | None
    state_label: str
    progress: list[ProgressStep]
    lines: list[LineDetail]
    actions: AllowedActions
    source_changes: list[SourceChange]


class TimelineEvent(BaseModel):
    """An event of an order or of something that belongs to it."""

    id: int
    occurred_at: datetime
    name: str
    title: str
    subject_type: str
    subject_id: UUID
    subject_label: str
    actor: str
    data: dict[str, Any]


class Timeline(BaseModel):
    """Events, newest first."""

    events: list[TimelineEvent]


class OrdersRequest(Strict):
    """Up to 500 order documents whose keys are our own names."""

    instance: Literal["api", "manual"] = "api"
    orders: list[dict[str, Any]] = Field(min_length=1, max_length=5000)


class ProblemResponse(BaseModel):
    """Why an order was refused, where, and what to do about it."""

    what: str
    where: str
    remedy: str


class OrderResult(BaseModel):
    """The result of one order of a request, by its index.

    `ignored` is an order that does not exist and is not to be fulfilled now.
    """

    index: int
    ok: bool
    id: str = ""
    number: str = ""
    duplicate: bool = False
    ignored: bool = False
    problem: ProblemResponse | None = None


class OrdersResponse(BaseModel):
    """One result per order of the request."""

    results: list[OrderResult]


class BulkRequest(Strict):
    """Ids of what to act on, and a reason for the timeline."""

    ids: list[UUID] = Field(min_length=1, max_length=10_000)
    reason: str = Field("", max_length=500)


class CancelLine(Strict):
    """A quantity of a line to cancel, in the unit of the line; without it all that is open."""

    id: UUID
    quantity: Quantity | None = None


class CancelLinesRequest(Strict):
    """Lines of which a quantity is to be canceled."""

    lines: list[CancelLine] = Field(min_length=1, max_length=10_000)
    reason: str = Field("", max_length=500)


class BulkResult(BaseModel):
    """Whether one action succeeded; `reason` says why not."""

    id: UUID
    ok: bool
    reason: str


class BulkResponse(BaseModel):
    """One result per id of the request."""

    results: list[BulkResult]


class OrderLineRow(BaseModel):
    """An order line with the order it belongs to."""

    line_id: UUID
    order_id: UUID
    order_number: str
    line_number: int
