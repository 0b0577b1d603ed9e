"""Fulfillment orders in memory, and updates of fulfillers about them."""

from typing import Any
from uuid import UUID

from openiom.documents import FulfillmentUpdateDocument
from openiom.fulfillment.decisions import (
    FulfillmentLineState,
    FulfillmentOrderState,
    ParcelState,
    UpdateEffect,
    apply_update,
)
from openiom.kernel import Problem

SCALE, LAMP = UUID(int=1), UUID(int=2)
SCALE_LINE, LAMP_LINE = UUID(int=11), UUID(int=12)


def fulfillment_order(
    state: str = "new", *, shipped: int = 0, sent: bool = False
) -> FulfillmentOrderState:
    """Five scales and two lamps; `shipped` of the scales have left in parcel P0."""
    lines = {
        SCALE: FulfillmentLineState(SCALE, SCALE_LINE, "SCALE", 5, shipped),
        LAMP: FulfillmentLineState(LAMP, LAMP_LINE, "LAMP", 2, 0),
    }
    parcels = {"P0": ParcelState({SCALE: shipped})} if shipped else {}
    return FulfillmentOrderState(
        id=UUID(int=100),
        number="FO-1",
        order_id=UUID(int=200),
        source="SEA",
        state=state,
        state_reason="",
        sent=sent,
        delivered=False,
        lines=lines,
        parcels=parcels,
    )


def update(kind: str, shipment: dict[str, Any] | None = None) -> FulfillmentUpdateDocument:
    document = {"number": "FO-1", "kind": kind, "at": "2026-11-21T08:00:00Z"}
    if shipment:
        document["shipment"] = shipment
    return FulfillmentUpdateDocument.model_validate(document)


def parcel(external_id: str, *items: tuple[UUID | str, int]) -> dict[str, Any]:
    return {
        "external_id": external_id,
        "shipped_at": "2026-11-21T07:00:00Z",
        "items": [{"line": str(line), "quantity": quantity} for line, quantity in items],
    }


def effect_of(
    order: FulfillmentOrderState, kind: str, shipment: dict[str, Any] | None = None
) -> UpdateEffect:
    effect = apply_update(order, update(kind, shipment))
    assert isinstance(effect, UpdateEffect), effect
    return effect


def problem_of(
    order: FulfillmentOrderState, kind: str, shipment: dict[str, Any] | None = None
) -> Problem:
    problem = apply_update(order, update(kind, shipment))
    assert isinstance(problem, Problem), problem
    return problem
