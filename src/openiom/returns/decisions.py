"""Pure decisions about return orders: what may be returned, received, inspected and credited."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from openiom.documents import quantity_number
from openiom.kernel import Problem, StockUnits, in_stock_units

from .progress import (
    AWAITING_GOODS,
    CANCELED,
    CLOSED,
    EXPECTED,
    INSPECTED,
    LABELS,
    PARTIALLY_RECEIVED,
    RECEIVED,
    REFUSED,
    REQUESTED,
)

Disposition = Literal["restock", "refurbish", "scrap", "vendor", "reject"]
"""What becomes of inspected units; rejected ones are not accepted and earn no refund."""
Outcome = Literal["refund", "exchange", "replacement"]
Timing = Literal["", "standard", "advanced"]
Origin = Literal["customer", "store_counter", "order_manager", "blind"]


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a return of a line, by the rule `title` of the policy that matched."""

    title: str
    returnable: bool
    days: int | None
    deadline_days: int
    auto_approve: bool
    refund_on: str
    restocking_fee_percent: Decimal
    label_fee: Decimal
    refund_shipping: bool
    return_to: str

    def as_json(self) -> dict[str, Any]:
        """Return the terms as JSON values, money and percentages as text."""
        return {
            "title": self.title,
            "days": self.days,
            "refund_on": self.refund_on,
            "restocking_fee_percent": str(self.restocking_fee_percent),
            "label_fee": str(self.label_fee),
            "refund_shipping": self.refund_shipping,
        }


@dataclass(slots=True)
class ReturnLineState:
    """A line of a return order; quantities are steps of its unit."""

    id: UUID
    return_order_id: UUID
    line_number: int
    order_line_id: UUID | None
    product: str
    name: str
    variant: dict[str, str] | None
    unit: str
    unit_decimals: int
    stock_per_step: int
    stock_decimals: int
    state: str
    reason: str
    return_to: str
    quantity: int
    received: int
    canceled: int
    inspected: int
    rejected: int
    credited: int
    terms: dict[str, Any]
    exchange_for: dict[str, Any] | None

    @property
    def outstanding(self) -> int:
        """Steps that are still expected."""
        return self.quantity - self.received - self.canceled

    @property
    def uninspected(self) -> int:
        return self.received - self.inspected

    def number(self, steps: int) -> int | float:
        """Return steps of this line as a number of its unit."""
        return quantity_number(steps, self.unit_decimals)

    def in_stock(self, steps: int) -> StockUnits:
        """Return steps of this line as a quantity in the stock unit of its product."""
        return in_stock_units(steps, self.stock_per_step, self.stock_decimals)

    def update_state(self) -> None:
        """Set the state that follows from the quantities."""
        if self.canceled == self.quantity:
            self.state = CANCELED
        elif self.outstanding:
            self.state = PARTIALLY_RECEIVED if self.received else EXPECTED
        else:
            self.state = RECEIVED if self.uninspected else INSPECTED


@dataclass(slots=True)
class ReturnState:
    """A return order with its lines; the changes of one batch build on each other."""

    id: UUID
    number: str
    order_id: UUID | None
    customer_name: str
    currency: str
    state: str
    state_reason: str
    outcome: str
    timing: str
    origin: str
    is_withdrawal: bool
    declared_at: datetime
    deadline: date | None
    refund_due_on: date | None
    replacement_order_id: UUID | None
    sent_at: datetime | None
    ended_at: datetime | None
    lines: dict[UUID, ReturnLineState] = field(default_factory=dict)

    @property
    def is_outstanding(self) -> bool:
        """Whether units of a line are still expected."""
        return any(line.outstanding for line in self.lines.values())

    @property
    def root_id(self) -> UUID:
        """The order whose timeline shows the return; a blind return is its own root."""
        return self.order_id or self.id


def receive_units(order: ReturnState, line: ReturnLineState, steps: int) -> Problem | None:
    """Count steps of a line as received. A `Problem` changes nothing."""
    if order.state not in AWAITING_GOODS:
        what = f"{order.number} is {LABELS[order.state].lower()}, so nothing of it can be received"
        remedy = "approve it first" if order.state == "requested" else "create a new return"
        return Problem("id", what, remedy)
    if steps > line.outstanding:
        what = (
            f"{line.number(line.outstanding)} {line.unit} of {line.product} are expected with"
            f" {order.number}, {line.number(steps)} arrived"
        )
        return Problem("quantity", what, "create another return for what is not expected")

    line.received += steps
    line.update_state()
    return None


def inspect_units(
    order: ReturnState, line: ReturnLineState, steps: int, disposition: Disposition
) -> Problem | None:
    """Count received steps of a line as inspected. A `Problem` changes nothing."""
    if steps > line.uninspected:
        what = (
            f"{line.number(line.uninspected)} {line.unit} of {line.product} wait for inspection"
            f" in {order.number}, {line.number(steps)} were to be inspected"
        )
        return Problem("quantity", what, "receive the units first")
    if disposition == "reject" and line.credited > line.received - line.rejected - steps:
        what = f"the units of {order.number} were credited before their inspection"
        return Problem("disposition", what, "choose what becomes of the units instead")

    line.inspected += steps
    if disposition == "reject":
        line.rejected += steps
    line.update_state()
    return None


def cancel_rest(order: ReturnState) -> dict[UUID, int]:
    """Stop expecting what has not come; return the steps by order line."""
    canceled: dict[UUID, int] = {}
    for line in order.lines.values():
        steps = line.outstanding
        line.canceled += steps
        line.update_state()
        if steps and line.order_line_id:
            canceled[line.order_line_id] = canceled.get(line.order_line_id, 0) + steps
    return canceled


def close_refusal(order: ReturnState) -> str:
    """Return why a return order cannot be closed, or an empty text."""
    if order.state not in (PARTIALLY_RECEIVED, INSPECTED):
        return f"{order.number} is {LABELS[order.state].lower()}"
    if any(line.uninspected for line in order.lines.values()):
        return f"units of {order.number} wait for inspection"
    if order.order_id is None:
        return f"{order.number} has no order yet; match it first"
    return ""


def creditable_steps(order: ReturnState, line: ReturnLineState) -> int:
    """Return the steps of a line of which the price is owed and was not credited yet."""
    return max(0, _owed_steps(order, line) - line.credited)


def _is_price_owed(order: ReturnState) -> bool:
    """Return whether a return is far enough for the price of its goods to be owed."""
    if order.order_id is None or order.state in (REQUESTED, REFUSED, CANCELED):
        return False
    return order.timing != "standard" or order.state in (INSPECTED, CLOSED)


def _owed_steps(order: ReturnState, line: ReturnLineState) -> int:
    """Return the steps of a line of which the price is owed, credited or not."""
    if not _is_price_owed(order):
        return 0
    if order.timing == "advanced" or _counts_when_sent(order, line):
        return line.quantity - line.canceled
    if line.terms["refund_on"] == "inspected":
        return line.inspected - line.rejected
    return line.received - line.rejected


def _counts_when_sent(order: ReturnState, line: ReturnLineState) -> bool:
    """Return whether proof of sending makes the refund due."""
    return line.terms["refund_on"] == "sent" and order.sent_at is not None


@dataclass(frozen=True, slots=True)
class Window:
    """Until when a line may be returned; `until` None is without limit, or not begun."""

    until: date | None
    is_open: bool
    reason: str = ""


def return_window(terms: Terms, arrived_at: datetime | None, now: datetime) -> Window:
    """Return the window of a line that arrived, or was shipped, at `arrived_at`."""
    if not terms.returnable:
        return Window(None, False, f"final sale ({terms.title})")
    return _window(terms.days, arrived_at, now)


def withdrawal_window(days: int, delivered_at: datetime | None, now: datetime) -> Window:
    """Return the period of withdrawal, which begins when the last parcel is delivered."""
    return _window(days, delivered_at, now)


def _window(days: int | None, start: datetime | None, now: datetime) -> Window:
    """Return a period of whole days after the day of `start`, which does not count."""
    if days is None or start is None:
        return Window(None, True)

    until = start.date() + timedelta(days=days)
    if now.date() <= until:
        return Window(until, True)
    return Window(until, False, f"the return window ended on {until}")


def earliest_deadline(declared_on: date, terms: Iterable[Terms]) -> date:
    """Return the last day on which the goods of a return are accepted."""
    days = [one.deadline_days for one in terms]
    return declared_on + timedelta(days=min(days))
