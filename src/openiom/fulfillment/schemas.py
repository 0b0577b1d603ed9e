"""Bodies of the HTTP API of fulfillment orders."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from openiom.documents import QuantityNumber
from openiom.orders import AllowedAction, BulkRequest


class FulfillmentOrderActions(BaseModel):
    """The manual actions on a fulfillment order."""

    recall: AllowedAction
    lift_refusal: AllowedAction


class FulfillmentOrderRow(BaseModel):
    """A row of the list of fulfillment orders; units are those of all its lines together.

    `recall` is empty, requested, accepted or refused; `recalled_units` says what becomes of them,
    and `recall_reason` why it was recalled.
    """

    id: UUID
    number: str
    order_id: UUID
    order_number: str
    source: str
    state: str
    state_label: str
    state_reason: str
    customer_name: str
    ship_to_city: str
    units: QuantityNumber
    shipped_units: QuantityNumber
    created_at: datetime
    planned_ship_date: date | None
    sent_at: datetime | None
    external_id: str
    fulfiller: str
    recall: str
    recalled_units: str
    recall_reason: str
    actions: FulfillmentOrderActions


class FulfillmentOrderLineView(BaseModel):
    """A line of a fulfillment order; quantities are in its unit, which has `unit_decimals`."""

    id: UUID
    order_line_id: UUID
    product: str
    name: str
    variant: dict[str, str]
    unit: str
    unit_decimals: int
    quantity: QuantityNumber
    shipped: QuantityNumber


class ShipmentItemView(BaseModel):
    """A quantity of a product in a parcel, in `unit`."""

    product: str
    variant: dict[str, str]
    unit: str
    quantity: QuantityNumber


class ShipmentView(BaseModel):
    """A parcel with its tracking and items."""

    id: UUID
    external_id: str
    carrier: str
    service: str
    tracking_number: str
    tracking_url: str
    shipped_at: datetime
    items: list[ShipmentItemView]


class AddressView(BaseModel):
    """A postal address; unknown parts are empty."""

    name: str = ""
    company: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""
    email: str = ""
    latitude: float | None = None
    longitude: float | None = None


class PlaceView(BaseModel):
    """A place on the map; latitude and longitude are null when unknown."""

    name: str
    latitude: float | None
    longitude: float | None
    address: AddressView


class FulfillmentOrderDetail(FulfillmentOrderRow):
    """One fulfillment order with its lines, parcels and places."""

    ship_to: AddressView
    source_place: PlaceView
    ship_to_place: PlaceView
    lines: list[FulfillmentOrderLineView]
    shipments: list[ShipmentView]


class FulfillmentOrderItems(BaseModel):
    """All fulfillment orders of an order."""

    items: list[FulfillmentOrderDetail]


class RecallRequest(BulkRequest):
    """A recall; `units` says what becomes of what comes back."""

    units: Literal["source_again", "cancel"] = "source_again"


class RecallAnswerRequest(BulkRequest):
    """What the fulfillers of recalled fulfillment orders answered, or that the recall ends."""

    answer: Literal["accepted", "refused", "withdrawn"]
