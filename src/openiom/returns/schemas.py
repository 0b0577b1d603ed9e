"""Bodies of the HTTP API of return orders."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from openiom.documents import Quantity, QuantityNumber
from openiom.orders import AllowedAction, BulkRequest

from .decisions import Disposition, Outcome, Timing

MOST_RETURNS = 500


class StrictBody(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ExchangeItem(StrictBody):
    """What the customer receives for a line; without a price, for the price that was paid."""

    product: str = Field(min_length=1)
    variant: dict[str, str] = Field(default_factory=dict)
    unit_price: Decimal | None = Field(None, ge=0, description="Price of a unit with its tax")


class NewReturnLine(StrictBody):
    """A quantity of an order line, in its unit; `exchange_for` with the outcome exchange only."""

    order_line_id: UUID
    quantity: Quantity
    reason: str = Field(
        "", description="Code of a reason of the return policy; a withdrawal needs none"
    )
    comment: str = Field("", max_length=500)
    exchange_for: ExchangeItem | None = None


class NewReturn(StrictBody):
    """Units of one order that come back.

    `override` returns what the policy does not allow, which an order manager may decide.
    """

    order_id: UUID
    outcome: Outcome = "refund"
    timing: Timing = ""
    origin: Literal["customer", "store_counter", "order_manager"] = "order_manager"
    note: str = Field("", max_length=1000)
    withdrawal: bool = Field(False, description="The consumer withdraws from the contract")
    override: bool = Field(False, description="Approved whatever the policy says")
    lines: list[NewReturnLine] = Field(min_length=1, max_length=500)


class NewParcel(StrictBody):
    """A parcel in which units come back; `sent_at` is proof that the customer has sent it."""

    carrier: str = Field("", max_length=100)
    tracking_number: str = Field(min_length=1, max_length=100)
    tracking_url: str = Field("", max_length=500)
    label_url: str = Field("", max_length=500)
    sent_at: datetime | None = None


class CreateReturnsRequest(StrictBody):
    """Return orders; one `parcel` may have the units of all of them."""

    returns: list[NewReturn] = Field(min_length=1, max_length=MOST_RETURNS)
    parcel: NewParcel | None = None


class BlindLine(StrictBody):
    """Units of a product that arrived without an order, in the stock unit of the product."""

    product: str = Field(min_length=1)
    quantity: Quantity
    reason: str = Field("", max_length=100)
    comment: str = Field("", max_length=500)


class BlindReturn(StrictBody):
    """Units that arrived at a place, of which the order is not known yet."""

    place: str = Field(min_length=1)
    customer_name: str = Field("", max_length=200)
    note: str = Field("", max_length=1000)
    lines: list[BlindLine] = Field(min_length=1, max_length=500)


class BlindReturnsRequest(StrictBody):
    returns: list[BlindReturn] = Field(min_length=1, max_length=MOST_RETURNS)


class MatchLine(StrictBody):
    """The order line that the units of a line of a blind return belong to."""

    id: UUID
    order_line_id: UUID


class MatchRequest(StrictBody):
    """Lines of blind returns and the order lines they belong to."""

    lines: list[MatchLine] = Field(min_length=1, max_length=1000)


class ReturnResult(BaseModel):
    """Whether a return order was created; `reason` and `remedy` say why not."""

    index: int
    ok: bool
    id: UUID | None = None
    number: str = ""
    reason: str = ""
    where: str = ""
    remedy: str = ""


class ReturnResults(BaseModel):
    """One result per return order of the request."""

    results: list[ReturnResult]


class ParcelRequest(StrictBody):
    """The parcel of return orders."""

    ids: list[UUID] = Field(min_length=1, max_length=1000)
    parcel: NewParcel


class ReceivedUnits(StrictBody):
    """Units of a line that arrived; with a condition and disposition they are inspected too."""

    id: UUID = Field(description="Id of the line of the return order")
    quantity: Quantity
    condition: str = Field("", max_length=50)
    disposition: Disposition | None = None
    note: str = Field("", max_length=500)


class ReceiveRequest(StrictBody):
    """Units that arrived at a place, which is a source of inventory."""

    place: str = Field("", description="Source; empty: where the return was to be sent")
    items: list[ReceivedUnits] = Field(min_length=1, max_length=1000)


class InspectedUnits(StrictBody):
    """What was found of received units, and what becomes of them."""

    id: UUID = Field(description="Id of the line of the return order")
    quantity: Quantity
    condition: str = Field(min_length=1, max_length=50)
    disposition: Disposition
    place: str = Field("", description="Source that has the stock; empty: where it was received")
    note: str = Field("", max_length=500)


class InspectRequest(StrictBody):
    items: list[InspectedUnits] = Field(min_length=1, max_length=1000)


class RecordPaymentRequest(BulkRequest):
    """Amounts by their ids that were paid in another system, or failed to be."""

    state: Literal["completed", "failed"] = "completed"
    reference: str = Field("", max_length=200)


class ReturnActions(BaseModel):
    """The manual actions on a return order."""

    approve: AllowedAction
    refuse: AllowedAction
    send: AllowedAction
    receive: AllowedAction
    inspect: AllowedAction
    match: AllowedAction
    close: AllowedAction
    cancel: AllowedAction


class ReturnRow(BaseModel):
    """A row of the list of return orders; money as text in `currency`."""

    id: UUID
    number: str
    order_id: UUID | None
    order_number: str
    customer_name: str
    state: str
    state_label: str
    state_reason: str
    outcome: str
    timing: str
    origin: str
    is_withdrawal: bool
    currency: str
    units: QuantityNumber
    received_units: QuantityNumber
    uninspected_units: QuantityNumber
    refund_amount: str
    refund_state: str
    declared_at: datetime
    deadline: date | None
    refund_due_on: date | None
    actions: ReturnActions


class ReturnCounts(BaseModel):
    """Return orders by state, and those of which a refund is due."""

    states: dict[str, int]
    refund_due: int


class InspectionView(BaseModel):
    quantity: QuantityNumber
    condition: str
    disposition: str
    place: str
    note: str
    inspected_at: datetime
    inspected_by: str


class ReceiptView(BaseModel):
    quantity: QuantityNumber
    place: str
    received_at: datetime
    received_by: str


class ReturnLineView(BaseModel):
    """A line of a return order; quantities are in its unit."""

    id: UUID
    order_line_id: UUID | None
    product: str
    name: str
    variant: dict[str, str]
    unit: str
    unit_decimals: int
    state: str
    reason: str
    reason_title: str
    comment: str
    return_to: str
    quantity: QuantityNumber
    received: QuantityNumber
    canceled: QuantityNumber
    inspected: QuantityNumber
    rejected: QuantityNumber
    outstanding: QuantityNumber
    uninspected: QuantityNumber
    terms: dict[str, Any]
    exchange_for: dict[str, Any] | None
    receipts: list[ReceiptView]
    inspections: list[InspectionView]


class AmountView(BaseModel):
    """Money that a return owes the customer, or the customer owes; as text."""

    id: UUID
    kind: str
    state: str
    goods: str
    costs: str
    fee: str
    amount: str
    reference: str
    reason: str
    created_at: datetime
    completed_at: datetime | None


class ParcelView(BaseModel):
    """A parcel; `also_in_it` are the other return orders in it."""

    id: UUID
    carrier: str
    tracking_number: str
    tracking_url: str
    label_url: str
    sent_at: datetime | None
    also_in_it: list[str]


class ReturnDetail(ReturnRow):
    """A return order with everything that belongs to it."""

    note: str
    created_by: str
    sent_at: datetime | None
    ended_at: datetime | None
    replacement_order_id: UUID | None
    replacement_order_number: str
    verdict: str
    lines: list[ReturnLineView]
    parcels: list[ParcelView]
    amounts: list[AmountView]


class ReturnEvent(BaseModel):
    """An event of a return order or of one of its lines."""

    id: int
    occurred_at: datetime
    name: str
    title: str
    actor: str
    data: dict[str, Any]


class ReturnTimeline(BaseModel):
    events: list[ReturnEvent]


class ReturnItems(BaseModel):
    items: list[ReturnDetail]


class ReturnableLine(BaseModel):
    """What of an order line may be returned, until when and for how much; `reason` says why not.

    `amount` is the refund of all returnable units, `fee` what is kept of it.
    """

    order_line_id: UUID
    line_number: int
    product: str
    name: str
    variant: dict[str, str]
    unit: str
    unit_decimals: int
    ordered: QuantityNumber
    shipped: QuantityNumber
    returned: QuantityNumber
    in_return: QuantityNumber
    returnable: QuantityNumber
    allowed: bool
    reason: str
    until: date | None
    amount: str
    fee: str
    rule: str


class ReturnableOrder(BaseModel):
    """What of an order may be returned; `withdrawal_until` is null before the period begins."""

    order_id: UUID
    number: str
    currency: str
    can_withdraw: bool
    withdrawal_reason: str
    withdrawal_until: date | None
    lines: list[ReturnableLine]


class ReasonView(BaseModel):
    code: str
    title: str
    seller_fault: bool


class ReturnPolicyView(BaseModel):
    """What return forms offer to choose from."""

    reasons: list[ReasonView]
    conditions: list[str]
    dispositions: list[str]
