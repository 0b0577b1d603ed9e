"""An order as captured from any source. Version 1."""

from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from openiom.kernel import Day, Moment

from .party import AddressDocument, CustomerDocument
from .quantity import CountedQuantity, Quantity, VariantDocument


def _parse_mail_date(value: Any) -> Any:
    """Return an RFC 2822 date as a datetime, and any other value unchanged."""
    if not isinstance(value, str):
        return value
    try:
        return parsedate_to_datetime(value) if "," in value else value
    except (ValueError, TypeError, OverflowError):
        return value


# Several stores write RFC 2822 dates, such as "Thu, 26 Nov 2026 08:30:00 +0100". They contain a
# comma, which ISO 8601 dates do not.
MailMoment = Annotated[Moment, BeforeValidator(_parse_mail_date)]

Disposition = Literal["accept", "update", "hold", "cancel"]
"""What the source says is to be done with an order.

accept  it is to be fulfilled
update  it is kept current if it was accepted before; otherwise somebody else fulfills it
hold    it is not to be fulfilled now
cancel  it is not to be fulfilled
"""

Delivery = Literal["shipment", "pickup", "digital"]
"""How the customer receives a line: in a parcel, at a pickup location, or without any goods."""


PaymentKind = Literal[
    "card", "paypal", "gift_card", "store_credit", "bank_transfer", "invoice", "other"
]
"""How an order is paid."""


class KeyDocument(BaseModel):
    """An external key of a record, looked up exactly in the mapping table `field` belongs to."""

    model_config = ConfigDict(extra="forbid")

    field: str
    value: str


class OrderLineDocument(BaseModel):
    """An order line. Money is in the currency of the order; `unit_price` is that of one unit.

    `product`, `unit` and `pickup_source` are external keys until mappings resolve them to internal
    names. Quantities have at most the decimals of the unit.

    canceled_quantity  what the source has canceled or refunded of `quantity`
    shipped_quantity   what has been shipped of `quantity` as the source knows, by whomever
    ship_to            the address of the line if it is not that of the order
    pickup_source      the source where a pickup is collected
    """

    model_config = ConfigDict(extra="forbid")

    external_id: str
    product: str | KeyDocument
    unit: str | KeyDocument
    name: str = ""
    quantity: Quantity
    canceled_quantity: CountedQuantity = Decimal(0)
    shipped_quantity: CountedQuantity = Decimal(0)
    delivery: Delivery = "shipment"
    ship_to: AddressDocument | None = None
    pickup_source: str | KeyDocument | None = None
    variant: VariantDocument | None = None
    unit_price: Decimal = Field(Decimal(0), ge=0)
    discount: Decimal = Field(Decimal(0), ge=0)
    tax: Decimal = Field(Decimal(0), ge=0)
    requested_delivery_date: Day | None = None

    @property
    def variant_values(self) -> dict[str, str] | None:
        """The dimensions of the variant that are not empty, None for the product as a whole."""
        return (self.variant and self.variant.values()) or None


class PaymentDocument(BaseModel):
    """A way in which an order is paid. Money is in the currency of the order.

    method      together with `reference` it identifies the payment in later deliveries
    title       what people call it, such as "Visa •••• 4242"
    provider    the provider instance that captures what is authorized; empty if none here does
    reference   what the provider calls the authorization, or the number of a gift card
    amount      what is authorized, captured money included
    captured    what was captured before the order was delivered
    expires_at  when what is authorized can no longer be captured
    """

    model_config = ConfigDict(extra="forbid")

    method: PaymentKind
    title: str = Field("", max_length=200)
    provider: str = Field("", max_length=200)
    reference: str = Field("", max_length=500)
    amount: Decimal = Field(gt=0, lt=Decimal(10) ** 13)
    captured: Decimal = Field(Decimal(0), ge=0)
    expires_at: Moment | None = None

    @model_validator(mode="after")
    def _is_consistent(self) -> "PaymentDocument":
        if self.captured > self.amount:
            raise ValueError("captured is more than the amount")
        if self.provider and not self.reference:
            raise ValueError("a provider needs the reference of what it captures")
        return self


class OrderDocument(BaseModel):
    """A complete order. Of two deliveries, the one with the higher `external_version` is newer.

    `fees_amount` are costs beside shipping, such as handling and gift wrapping. `credit_amount` was
    paid with store credit and gift certificates. `payments` are the methods that pay the order;
    without any, nothing here is captured or refunded.
    """

    model_config = ConfigDict(extra="forbid")

    external_id: str = Field(min_length=1)
    external_version: int = Field(
        0, ge=0, lt=2**63, description="Higher is newer, e.g. seconds since 1970; 0: unknown"
    )
    number: str = Field(min_length=1)
    placed_at: MailMoment
    disposition: Disposition = "accept"
    origin: str = Field(
        "", description="Sales origin: the channel, e.g. e-commerce, marketplace, edi"
    )
    order_type: str = "sales_order"
    external_status: str = ""
    currency: str = Field(pattern="^[A-Z]{3}$")
    account: str | KeyDocument | None = None
    price_list: str | KeyDocument | None = None
    customer: CustomerDocument = CustomerDocument()
    bill_to: AddressDocument | None = None
    ship_to: AddressDocument
    requested_delivery_date: Day | None = None
    shipping_method: str = ""
    payment_status: str = ""
    shipping_amount: Decimal = Field(Decimal(0), ge=0)
    fees_amount: Decimal = Field(Decimal(0), ge=0)
    credit_amount: Decimal = Field(Decimal(0), ge=0)
    discount_amount: Decimal = Field(Decimal(0), ge=0)
    tax_amount: Decimal = Field(Decimal(0), ge=0)
    total_amount: Decimal = Field(ge=0)
    note: str = ""
    expected_line_count: int | None = Field(None, ge=0)
    payments: list[PaymentDocument] = Field(default_factory=list, max_length=20)
    lines: list[OrderLineDocument] = Field(min_length=1, max_length=2000)

    @field_validator("payments")
    @classmethod
    def _payments_are_distinct(cls, payments: list[PaymentDocument]) -> list[PaymentDocument]:
        keys = {(payment.method, payment.reference) for payment in payments}
        if len(keys) < len(payments):
            raise ValueError("two payments have the same method and reference")
        return payments


class OrderWithdrawalDocument(BaseModel):
    """An order that its source no longer wants fulfilled; nothing else of it needs to be readable.

    A provider adds it to a message as its fallback.
    """

    model_config = ConfigDict(extra="forbid")

    external_id: str = Field(min_length=1)
    external_version: int = Field(0, ge=0, lt=2**63)
    external_status: str = ""
    disposition: Literal["hold", "cancel"]
