"""Business events of orders and their lines, as the log stores them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from openiom.kernel import Event

from .locked_rows import LockedLine


def order_event(name: str, order_id: UUID, data: Mapping[str, Any]) -> Event:
    """Return an event whose subject is an order."""
    return Event(
        name=name, subject_type="order", subject_id=order_id, root_id=order_id, data=dict(data)
    )


def line_event(name: str, line: LockedLine, data: Mapping[str, Any]) -> Event:
    """Return an event whose subject is an order line; its data names the line on the timeline."""
    return Event(
        name=name,
        subject_type="order_line",
        subject_id=line.id,
        root_id=line.order_id,
        data={"line_number": line.line_number, "product": line.product, **data},
    )
