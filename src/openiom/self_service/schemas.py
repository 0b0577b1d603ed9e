"""Bodies of the public HTTP API: only what the customer of an order may see."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from openiom.documents import AddressDocument, Quantity, QuantityNumber
from openiom.orders import MoneyChange

Status = Literal[
    "preparing", "waiting", "on_hold", "in_fulfillment", "shipped", "delivered", "canceled"
]
Late = Literal["", "shipped", "in_preparation", "ended", "nothing_shipped", "period_over"]
"""Why something is not possible, in a code that the page translates."""


class CustomerBody(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CustomerLinkView(BaseModel):
    """A link that opens an order for its customer."""

    url: str
    expires_at: datetime


class OrderLookup(CustomerBody):
    """The number of an order, and the e-mail address or postal code that it was placed with."""

    number: str = Field(min_length=1, max_length=100)
    proof: str = Field(min_length=1, max_length=200, description="E-mail address or postal code")


class LookupResult(BaseModel):
    """The token of the order; empty when nothing matches, for whatever reason."""

    token: str


class Permission(BaseModel):
    """Whether the customer can do something now, until which day, and why not."""

    allowed: bool
    reason: Late = ""
    until: date | None = None


class CustomerLine(BaseModel):
    """A line of the order; `cancelable` and `returnable` are quantities in its unit."""

    id: UUID
    line_number: int
    name: str
    variant: dict[str, str]
    unit: str
    quantity: QuantityNumber
    shipped: QuantityNumber
    canceled: QuantityNumber
    returned: QuantityNumber
    cancelable: QuantityNumber
    returnable: QuantityNumber
    return_until: date | None
    refund: str
    total: str


class CustomerParcel(BaseModel):
    """A parcel on its way, and the page of its carrier."""

    carrier: str
    tracking_number: str
    tracking_url: str
    shipped_at: datetime
    from_town: str
    delivered: bool


class CustomerEvent(BaseModel):
    """What happened, in a code that the page translates; `detail` is a number or a name."""

    at: datetime
    kind: Literal["placed", "changed", "shipped", "delivered", "canceled", "return_requested"]
    detail: str = ""


class CustomerReturn(BaseModel):
    """A return of the order, and what is paid back for it."""

    number: str
    state: str
    is_withdrawal: bool
    declared_at: datetime
    refund: str


class CustomerAmounts(BaseModel):
    """The money of the order."""

    subtotal: str
    shipping: str
    fees: str
    discount: str
    tax: str
    total: str
    kept: str


class ReasonChoice(BaseModel):
    """A reason for a return."""

    code: str
    title: str


class CustomerActions(BaseModel):
    """What the customer can do now."""

    change_address: Permission
    cancel_order: Permission
    cancel_lines: Permission
    start_return: Permission
    withdraw: Permission


class CustomerOrder(BaseModel):
    """An order as its customer sees it."""

    number: str
    placed_at: datetime
    status: Status
    promised_on: date | None
    expected_on: date | None
    is_late: bool
    currency: str
    amounts: CustomerAmounts
    ship_to: AddressDocument
    lines: list[CustomerLine]
    parcels: list[CustomerParcel]
    timeline: list[CustomerEvent]
    returns: list[CustomerReturn]
    reasons: list[ReasonChoice]
    actions: CustomerActions


class AddressPreviewRequest(CustomerBody):
    """The address that the order is to go to."""

    address: AddressDocument


class CanceledQuantity(CustomerBody):
    """A quantity of a line that the customer does not want any more."""

    line: int = Field(ge=1, le=100_000)
    quantity: Quantity


class CancelPreviewRequest(CustomerBody):
    """Quantities to cancel; none cancels the order."""

    lines: list[CanceledQuantity] = Field([], max_length=500)


class AddressChange(AddressPreviewRequest):
    """An address, for the version of the order that was previewed."""

    version: str = Field(min_length=1, max_length=100)


class Cancellation(CancelPreviewRequest):
    """Quantities to cancel, for the version of the order that was previewed."""

    version: str = Field(min_length=1, max_length=100)


class ChangeEffect(BaseModel):
    """What a change does to the money; `difference` is paid back when it is below zero."""

    version: str
    currency: str
    total_before: str
    total_after: str
    difference: str

    @classmethod
    def of(cls, money: MoneyChange, version: str) -> "ChangeEffect":
        """Return the effect of a change that was previewed or applied."""
        return cls(
            version=version,
            currency=money.currency,
            total_before=money.before.kept,
            total_after=money.after.kept,
            difference=money.difference,
        )


class CustomerReturnLine(CustomerBody):
    """A quantity of a line that comes back, and why."""

    line: UUID
    quantity: Quantity
    reason: str = Field("", max_length=100, description="A withdrawal needs none")
    comment: str = Field("", max_length=500)


class ReturnStart(CustomerBody):
    """Units that come back; with `withdrawal` the consumer withdraws from their purchase."""

    withdrawal: bool = False
    lines: list[CustomerReturnLine] = Field(min_length=1, max_length=500)


class ReturnConfirmation(BaseModel):
    """The return that was created, and when it was declared."""

    number: str
    declared_at: datetime
    is_withdrawal: bool
    refund: str
    currency: str
