"""New orders: objects until the transaction writes them, each row once and in its last state."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.documents import OrderDocument
from openiom.kernel import stored_amount
from openiom.platform.bulk import copy_rows
from openiom.state_framework import Target, advance

from .decisions import Totals, customer_title
from .locked_rows import LockedLine, LockedOrder
from .new_lines import LINE_COLUMNS, NewLine
from .schemas import ResolvedOrder
from .states import (
    CANCEL,
    CANCELED,
    CANCELED_BY_SOURCE,
    CREATE,
    DELIVERED_DIGITALLY,
    FULFILLED_BY_SOURCE,
    ORDER_TABLE,
)

_STATE_COLUMNS = (
    "order_id",
    "state",
    "reason",
    "manual_hold",
    "previous_state",
    "previous_reason",
    "promised_on",
    "updated_at",
)


def _first_target(event: str) -> Target:
    target = advance(ORDER_TABLE, event=event, state=None)
    assert target is not None
    return target


_FIRST_TARGETS = {
    CREATE: _first_target(CREATE),
    CANCEL: _first_target(CANCEL),
    DELIVERED_DIGITALLY: _first_target(DELIVERED_DIGITALLY),
}


@dataclass(slots=True)
class NewOrder:
    """An order to insert, with its lines in the order of the document.

    Attributes:
        event: The event that creates the order.
        target: The first state of the order.
        columns: The columns of `orders.order` as the database returns them, but JSON as text.
    """

    id: UUID
    instance: str
    digest: str
    document: ResolvedOrder
    lines: Sequence[NewLine]
    totals: Totals
    created_at: datetime
    event: str = field(init=False)
    target: Target = field(init=False)
    columns: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.event = self._first_event()
        self.target = _FIRST_TARGETS[self.event]
        if self.event == CANCEL:
            self.target = self.target._replace(reason=self._cancellation_reason())

        self.columns = self._columns()

    def _first_event(self) -> str:
        if all(line.canceled == line.quantity.steps for line in self.lines):
            return CANCEL
        if all(line.is_delivered or line.target.state == CANCELED for line in self.lines):
            return DELIVERED_DIGITALLY
        return CREATE

    def _cancellation_reason(self) -> str:
        canceled = self.document.disposition == "cancel"
        shipped = any(line.quantity.shipped for line in self.lines)
        return FULFILLED_BY_SOURCE if shipped and not canceled else CANCELED_BY_SOURCE

    def locked(self) -> LockedOrder:
        """Return the order in its first state."""
        state, reason = self.target
        return LockedOrder(self.id, state, reason, False, None, None)

    def state_row(self, current: LockedOrder, now: datetime) -> tuple[Any, ...]:
        """Return the values of `_STATE_COLUMNS` for the state the transaction has moved it to."""
        return (
            self.id,
            current.state,
            current.reason,
            current.manual_hold,
            current.previous_state,
            current.previous_reason,
            promised_on(self.document),
            now,
        )

    def _columns(self) -> dict[str, Any]:
        order = self.document
        return {
            "id": self.id,
            "number": order.number,
            "instance": self.instance,
            "external_id": order.external_id,
            "external_version": order.external_version,
            "external_status": order.external_status,
            "digest": self.digest,
            "origin": order.origin,
            "order_type": order.order_type,
            "currency": order.currency,
            "account": order.account,
            "price_list": order.price_list,
            "company": "",
            "strategy": "",
            "placed_at": order.placed_at.astimezone(UTC),
            "created_at": self.created_at,
            "requested_delivery_date": order.requested_delivery_date,
            "shipping_method": order.shipping_method,
            "payment_status": order.payment_status,
            "subtotal": stored_amount(self.totals.subtotal),
            "shipping_amount": stored_amount(order.shipping_amount),
            "fees_amount": order.fees_amount,
            "credit_amount": order.credit_amount,
            "discount_amount": stored_amount(order.discount_amount),
            "tax_amount": stored_amount(self.totals.tax),
            "total_amount": stored_amount(self.totals.total),
            "total_difference": self.totals.difference,
            "note": order.note,
            "customer_name": customer_title(
                order.customer.name,
                order.customer.company,
                order.ship_to.name,
                order.ship_to.company,
            ),
            "customer_email": order.customer.email.lower(),
            "customer": order.customer.model_dump_json(),
            "bill_to": order.bill_to.model_dump_json() if order.bill_to else None,
            "ship_to": order.ship_to.model_dump_json(),
            "line_count": len(order.lines),
        }


def promised_on(order: OrderDocument) -> date | None:
    """Return the first day that a document promises its order or one of its lines for."""
    days = [order.requested_delivery_date]
    days += [line.requested_delivery_date for line in order.lines]
    return min(filter(None, days), default=None)


def insert_new_orders(
    session: Session,
    new: Sequence[NewOrder],
    states: Mapping[UUID, LockedOrder],
    lines: Mapping[UUID, Iterable[LockedLine]],
    now: datetime,
) -> None:
    """Insert new orders with their present states and lines."""
    order_rows: list[Sequence[Any]] = []
    state_rows: list[Sequence[Any]] = []
    line_rows: list[Sequence[Any]] = []
    for order in new:
        order_rows.append(tuple(order.columns.values()))
        state_rows.append(order.state_row(states[order.id], now))
        for line, current in zip(order.lines, lines[order.id], strict=True):
            line_rows.append(line.row(current))

    copy_rows(session, "orders.order", tuple(new[0].columns), order_rows)
    copy_rows(session, "orders.order_state", _STATE_COLUMNS, state_rows)
    copy_rows(session, "orders.order_line", LINE_COLUMNS, line_rows)
