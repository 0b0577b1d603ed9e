"""What a fulfiller (warehouse, store, 3PL, drop-ship vendor) tells about a fulfillment order. Version 1."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class ShippedItemDocument(BaseModel):
    """Units of one fulfillment order line in a parcel. `line` is the line reference we sent."""

    model_config = ConfigDict(extra="forbid")

    line: str
    quantity: int = Field(gt=0)


class ShipmentDocument(BaseModel):
    model_config = ConfigDict(extra="forbid")

    external_id: str
    carrier: str = ""
    service: str = ""
    tracking_number: str = ""
    tracking_url: str = ""
    shipped_at: datetime
    items: list[ShippedItemDocument] = Field(min_length=1)


def _none_if_empty(value: Any) -> Any:
    """A mapping makes a shell of a shipment even for news without one."""
    return None if isinstance(value, dict) and not any(value.values()) else value


class FulfillmentUpdateDocument(BaseModel):
    """One thing that happened to a fulfillment order. `number` is our fulfillment order number."""

    model_config = ConfigDict(extra="forbid")

    number: str
    external_id: str = ""
    kind: Literal["accepted", "declined", "picked", "packed", "shipped", "delivered", "canceled"]
    at: datetime
    reason: str = ""
    shipment: Annotated[ShipmentDocument | None, BeforeValidator(_none_if_empty)] = None
