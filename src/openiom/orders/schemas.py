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
from openiom.providers import MessageState

from .list_columns import ListColumn, column_titles
from .models import MAX_TAGS

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
    """The provider that an order waits for, and since when it has been down or paused."""

    instance: str
    title: str
    since: datetime
    cause: Literal["down", "paused"] = "down"


class OrderRow(BaseModel):
    """A row of the order list; money as text in `currency`."""

    id: Annotated[UUID, ListColumn("o.id")]
    number: Annotated[str, ListColumn("o.number")]
    instance: Annotated[str, ListColumn("o.instance")]
    origin: Annotated[str, ListColumn("o.origin")]
    customer_name: Annotated[str, ListColumn("o.customer_name")]
    customer_email: Annotated[str, ListColumn("o.customer_email", title="Email")]
    ship_to_city: Annotated[str, ListColumn("coalesce(o.ship_to->>'city', '')")]
    ship_to_state: Annotated[str, ListColumn("coalesce(o.ship_to->>'state', '')")]
    ship_to_country: Annotated[str, ListColumn("coalesce(o.ship_to->>'country', '')")]
    shipping_method: Annotated[str, ListColumn("o.shipping_method", title="Shipping method")]
    state: Annotated[str, ListColumn("s.state")]
    state_reason: Annotated[str, ListColumn("s.reason")]
    external_status: Annotated[str, ListColumn("o.external_status", title="Status in the store")]
    currency: Annotated[str, ListColumn("o.currency")]
    total_amount: Annotated[str, ListColumn("o.total_amount")]
    line_count: Annotated[int, ListColumn("o.line_count")]
    placed_at: Annotated[datetime, ListColumn("o.placed_at")]
    created_at: Annotated[datetime, ListColumn("o.created_at")]
    manual_hold: Annotated[bool, ListColumn("s.manual_hold")]
    sources: Annotated[
        list[str],
        ListColumn(
            "ARRAY(SELECT DISTINCT l.source FROM orders.order_line l"
            " WHERE l.order_id = o.id AND l.source IS NOT NULL ORDER BY 1)"
        ),
    ]
    tags: Annotated[
        list[str],
        ListColumn(
            "ARRAY(SELECT t.tag FROM orders.order_tag t WHERE t.order_id = o.id ORDER BY 1)"
        ),
    ]
    blocked: Blocked | None = None


ORDER_COLUMN_TITLES = column_titles(OrderRow)
"""Text columns of the orders list that users can show, by field."""


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


VerdictStatus = Literal[
    "canceled",
    "delivered",
    "shipped",
    "completed",
    "on_hold",
    "failed",
    "blocked",
    "waiting_for_stock",
    "waiting_for_launch",
    "waiting_for_capacity",
    "sending",
    "awaiting_fulfiller",
    "in_progress",
]
VerdictBasis = Literal["", "promise", "plan"]
VerdictAction = Literal[
    "", "release", "reprocess", "open_connection", "open_waiting_line", "open_fulfillment_order"
]


class OrderVerdict(BaseModel):
    """Whether an order keeps its promise, what it waits for, and what a person can do now.

    promised_on  the day the customer was promised; null when no day was
    planned_on   the first day on which units in fulfillment that have not shipped were planned to
    basis        whether timeliness is measured by the promise or, without one or when only that is
                 broken, by the plan; empty when there is neither
    timeliness   compares that day with what happened or is expected
    days_late    how many days late it is, or is expected to be
    text         what the order waits for, or how it ended
    expected_on  the day for which stock, a launch or a free day is expected
    since        since when it has waited
    action       what a person can do about it; empty when there is nothing to do
    target       the id of what the action opens
    """

    status: VerdictStatus
    promised_on: date | None = None
    planned_on: date | None = None
    basis: VerdictBasis = ""
    timeliness: Literal["", "on_time", "late"] = ""
    days_late: int = 0
    text: str
    expected_on: date | None = None
    since: datetime | None = None
    action: VerdictAction = ""
    target: str = ""


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
    note: str
    requested_delivery_date: date | None
    state_label: str
    progress: list[ProgressStep]
    lines: list[LineDetail]
    actions: AllowedActions
    source_changes: list[SourceChange]
    verdict: OrderVerdict


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


class AcknowledgedOrder(BaseModel):
    """An order that is stored and will be received; its outcome is read at `status_url`."""

    index: int
    message: str = Field(description="The id of its message in the inbox")
    status_url: str
    duplicate: bool = Field(description="Whether the same document was sent before")


class OrdersAcknowledged(BaseModel):
    """One acknowledgment per order, by its index."""

    acknowledged: list[AcknowledgedOrder]


class OrderMessage(BaseModel):
    """What became of an acknowledged order.

    state       `received` waits to be processed; `processed` created or changed `order_id`;
                `duplicate` and `ignored` changed nothing; `parked` waits for what `problem` says
    deliveries  how often the document was sent
    """

    message: str
    instance: str
    external_id: str
    state: MessageState
    received_at: datetime
    processed_at: datetime | None
    deliveries: int
    order_id: UUID | None
    problem: "ProblemResponse | None"


class ProblemResponse(BaseModel):
    """Why an order was refused, where, and what to do about it."""

    what: str
    where: str
    remedy: str


class OrderCheckRequest(Strict):
    """An order document without its total; without a number, one is given."""

    order: dict[str, Any]


class CheckedLine(BaseModel):
    """What a line costs, and the decimals that its quantity may have."""

    unit_decimals: int
    amount: str


class OrderCheck(BaseModel):
    """What an order costs, and everything that prevents it from being placed."""

    number: str
    currency: str
    subtotal: str
    shipping: str
    discount: str
    tax: str
    total: str
    lines: list[CheckedLine]
    problems: list[ProblemResponse]


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


class TagRequest(Strict):
    """Ids of orders, the tags that they get, and the tags that they lose."""

    ids: list[UUID] = Field(min_length=1, max_length=10_000)
    add: list[str] = Field([], max_length=MAX_TAGS)
    remove: list[str] = Field([], max_length=MAX_TAGS)


class UsedTagView(BaseModel):
    """A tag and the number of orders that have it; 1,000 means that many or more."""

    tag: str
    orders: int


class UsedTags(BaseModel):
    """Tags by name."""

    items: list[UsedTagView]


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
