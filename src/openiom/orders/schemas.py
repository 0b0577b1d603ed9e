"""Shapes of documents as this room takes them, and of its HTTP API."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from openiom.documents import AddressDocument, CustomerDocument, OrderDocument, OrderLineDocument

_OWN_FIELDS = ("number", "name")


def _own_name(value: Any) -> Any:
    """A key that already is our own name: plain text, or `{"field": "number", "value": ...}`."""
    if isinstance(value, Mapping):
        if value.get("field") not in _OWN_FIELDS or set(value) != {"field", "value"}:
            raise ValueError(
                'is not one of our names; give it as text or as {"field": "number", "value": ...}'
            )
        return value["value"]
    return value


OwnName = Annotated[str, BeforeValidator(_own_name), Field(min_length=1)]


class ResolvedLine(OrderLineDocument):
    """A line whose product and unit are our own names."""

    product: OwnName
    unit: OwnName


class ResolvedOrder(OrderDocument):
    """An order whose outside keys have been replaced by our own names."""

    account: OwnName | None = None
    price_list: OwnName | None = None
    lines: list[ResolvedLine] = Field(min_length=1, max_length=2000)  # type: ignore[assignment]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OrderRow(BaseModel):
    """One line of the order list; money as text in `currency`."""

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
    held: bool
    sources: list[str]


class OrderCounts(BaseModel):
    """Orders in each state, held by hand, and stopped by a failed check."""

    states: dict[str, int]
    held: int
    failed: int


class Amounts(BaseModel):
    """`difference` is what the stated total exceeds the sum of the lines by; "0.00" when they agree."""

    subtotal: str
    shipping: str
    discount: str
    tax: str
    total: str
    difference: str


class ProgressStep(BaseModel):
    state: str
    label: str
    position: int
    reached: bool


class Permit(BaseModel):
    """Whether a verb is possible now, and if not, why."""

    allowed: bool
    why: str = ""


class Permits(BaseModel):
    hold: Permit
    release: Permit
    cancel: Permit


class LineDetail(BaseModel):
    """`available_on` is the day a waiting line is promised for, `expires_at` when it is canceled by itself."""

    id: UUID
    line_number: int
    external_id: str
    product: str
    name: str
    unit: str
    quantity: int
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
    released: int
    shipped: int
    canceled: int
    returned: int
    available_on: date | None = None
    expires_at: datetime | None = None


class OrderDetail(OrderRow):
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
    actions: Permits


class TimelineEvent(BaseModel):
    id: int
    at: datetime
    name: str
    title: str
    subject_type: str
    subject_id: UUID
    subject_label: str
    actor: str
    data: dict[str, Any]


class Timeline(BaseModel):
    events: list[TimelineEvent]


class OrdersRequest(Strict):
    """Up to 500 orders, each as an order document whose keys are our own names."""

    instance: Literal["api", "manual"] = "api"
    orders: list[dict[str, Any]] = Field(min_length=1, max_length=5000)


class ProblemAnswer(BaseModel):
    what: str
    where: str
    remedy: str


class OrderResult(BaseModel):
    index: int
    ok: bool
    id: str = ""
    number: str = ""
    duplicate: bool = False
    problem: ProblemAnswer | None = None


class OrdersAnswer(BaseModel):
    results: list[OrderResult]


class BulkRequest(Strict):
    ids: list[UUID] = Field(min_length=1, max_length=10_000)
    reason: str = Field("", max_length=500)


class CancelLine(Strict):
    """`quantity` empty cancels all units that are left."""

    id: UUID
    quantity: int | None = Field(None, ge=1)


class CancelLinesRequest(Strict):
    lines: list[CancelLine] = Field(min_length=1, max_length=10_000)
    reason: str = Field("", max_length=500)


class BulkResult(BaseModel):
    id: UUID
    ok: bool
    reason: str


class BulkAnswer(BaseModel):
    results: list[BulkResult]
