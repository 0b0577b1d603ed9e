"""Updates of fulfillment orders by their fulfiller. Version 1.

A fulfiller is a warehouse, a store, a 3PL or a drop-ship vendor.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from openiom.kernel import Moment

from .quantity import Quantity


class ShippedItemDocument(BaseModel):
    """A quantity of one fulfillment order line in a parcel, in the unit of that line.

    `line` is the line reference sent.
    """

    model_config = ConfigDict(extra="forbid")

    line: str
    quantity: Quantity


class ShipmentDocument(BaseModel):
    """A parcel with its contents and tracking.

    After a `final` parcel nothing follows: what has not shipped then is not shipped any more.
    `parcels` says how many parcels the order has then, so that a final parcel that arrives before
    another one does not end the order too early.
    """

    model_config = ConfigDict(extra="forbid")

    external_id: str
    carrier: str = ""
    service: str = ""
    tracking_number: str = ""
    tracking_url: str = ""
    shipped_at: Moment
    items: list[ShippedItemDocument] = Field(min_length=1)
    final: bool = False
    parcels: int | None = Field(None, ge=1)


def _none_if_empty(value: Any) -> Any:
    """Return None for a shipment without any value, which mappings of other updates produce."""
    if isinstance(value, dict) and not any(value.values()):
        return None
    return value


class FulfillmentUpdateDocument(BaseModel):
    """One update of a fulfillment order; `number` is the fulfillment order number sent."""

    model_config = ConfigDict(extra="forbid")

    number: str
    external_id: str = ""
    kind: Literal["accepted", "declined", "picked", "packed", "shipped", "delivered", "canceled"]
    at: Moment
    reason: str = ""
    shipment: Annotated[ShipmentDocument | None, BeforeValidator(_none_if_empty)] = None
