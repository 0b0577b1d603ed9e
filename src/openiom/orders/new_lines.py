"""New order lines, of new orders and of orders whose source added lines."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from openiom.kernel import stored_amount
from openiom.platform.database import to_json_text
from openiom.state_framework import Target, advance

from .line_quantities import LineQuantity
from .locked_rows import LockedLine
from .schemas import ResolvedLine
from .states import (
    COMPLETED,
    LINE_CANCELED,
    LINE_CREATED,
    LINE_DELIVERED_DIGITALLY,
    LINE_TABLE,
)

PICKUP_LOCATION = "pickup location"
"""The reason of a line's source where the customer collects it."""

LINE_COLUMNS = (
    "id",
    "order_id",
    "line_number",
    "external_id",
    "product",
    "name",
    "variant",
    "unit",
    "unit_decimals",
    "stock_per_step",
    "stock_decimals",
    "quantity",
    "unit_price",
    "discount",
    "tax",
    "requested_delivery_date",
    "state",
    "state_reason",
    "in_fulfillment",
    "canceled",
    "shipped",
    "source",
    "source_reason",
    "delivery",
    "ship_to",
)


def _line_target(event: str) -> Target:
    target = advance(LINE_TABLE, event=event, state=None)
    assert target is not None
    return target


_NEW = _line_target(LINE_CREATED)
_CANCELED = _line_target(LINE_CANCELED)
_DELIVERED = _line_target(LINE_DELIVERED_DIGITALLY)


@dataclass(slots=True)
class NewLine:
    """A line to insert. Its source may have canceled or shipped a part of it before it arrived.

    Attributes:
        is_digital: Whether the line has no goods.
        canceled: Steps that are not to be fulfilled here.
        target: The first state of the line.
    """

    id: UUID
    order_id: UUID
    number: int
    document: ResolvedLine
    quantity: LineQuantity
    order_canceled: bool = False
    is_digital: bool = field(init=False)
    canceled: int = field(init=False)
    target: Target = field(init=False)

    def __post_init__(self) -> None:
        self.is_digital = self.document.delivery == "digital"
        self.canceled = self._canceled_steps()
        if self.canceled == self.quantity.steps:
            self.target = _CANCELED
        else:
            self.target = _DELIVERED if self.is_digital else _NEW

    def _canceled_steps(self) -> int:
        if self.order_canceled:
            return self.quantity.steps

        elsewhere = 0 if self.is_digital else self.quantity.shipped
        return min(self.quantity.steps, self.quantity.canceled + elsewhere)

    @property
    def shipped(self) -> int:
        """Steps that count as shipped on arrival: those of a line without goods."""
        return self.quantity.steps - self.canceled if self.is_digital else 0

    @property
    def is_delivered(self) -> bool:
        """Whether the line is complete on arrival."""
        return self.target.state == COMPLETED

    @property
    def source(self) -> str | None:
        """Where the customer collects the line, if the document says so."""
        return self.document.pickup_source or None

    def row(self, current: LockedLine) -> tuple[Any, ...]:
        """Return the row of `orders.order_line`, in the order of LINE_COLUMNS.

        `current` is the line as the transaction has changed it since.
        """
        line, unit = self.document, self.quantity.unit
        variant = line.variant_values
        return (
            self.id,
            self.order_id,
            self.number,
            line.external_id,
            line.product,
            line.name or line.product,
            to_json_text(variant) if variant else None,
            line.unit,
            unit.decimals,
            unit.stock_per_step,
            unit.stock_decimals,
            self.quantity.steps,
            line.unit_price,
            line.discount,
            line.tax,
            line.requested_delivery_date,
            current.state,
            current.state_reason,
            current.in_fulfillment,
            current.canceled,
            current.shipped,
            current.source,
            current.source_reason,
            line.delivery,
            line.ship_to.model_dump_json() if line.ship_to else None,
        )

    def columns(self, current: LockedLine) -> dict[str, Any]:
        """Return what policies read of a line, as the database returns it."""
        line = self.document
        return {
            "id": self.id,
            "order_id": self.order_id,
            "line_number": self.number,
            "external_id": line.external_id,
            "product": line.product,
            "name": line.name or line.product,
            "variant": line.variant_values,
            "unit": line.unit,
            "unit_decimals": self.quantity.unit.decimals,
            "quantity": self.quantity.steps,
            "unit_price": stored_amount(line.unit_price),
            "discount": stored_amount(line.discount),
            "tax": stored_amount(line.tax),
            "requested_delivery_date": line.requested_delivery_date,
            "company": "",
            "state": current.state,
            "state_reason": current.state_reason,
            "source": current.source,
            "in_fulfillment": current.in_fulfillment,
            "shipped": current.shipped,
            "canceled": current.canceled,
        }

    def locked(self) -> LockedLine:
        """Return the line as the document describes it."""
        line, unit = self.document, self.quantity.unit
        state, reason = self.target
        day: date | None = line.requested_delivery_date
        return LockedLine(
            id=self.id,
            order_id=self.order_id,
            line_number=self.number,
            product=line.product,
            unit=line.unit,
            quantity=self.quantity.steps,
            state=state,
            state_reason=reason,
            source=self.source,
            source_reason=PICKUP_LOCATION if self.source else "",
            in_fulfillment=0,
            shipped=self.shipped,
            canceled=self.canceled,
            requested_delivery_date=day,
            unit_decimals=unit.decimals,
            stock_per_step=unit.stock_per_step,
            stock_decimals=unit.stock_decimals,
            variant=line.variant_values,
            delivery=line.delivery,
        )


def new_lines(
    order_id: UUID,
    line_ids: Sequence[UUID],
    documents: Sequence[ResolvedLine],
    quantities: Sequence[LineQuantity],
    *,
    canceled: bool,
) -> list[NewLine]:
    """Return the lines of a new order, numbered in the order of its document."""
    lines: list[NewLine] = []
    for index, document in enumerate(documents):
        quantity = quantities[index]
        line = NewLine(line_ids[index], order_id, index + 1, document, quantity, canceled)
        lines.append(line)

    return lines
