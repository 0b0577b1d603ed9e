"""Orders and lines as a transaction has locked and changes them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from openiom.documents import quantity_number
from openiom.kernel import StockUnits, from_steps, in_stock_units

from .state_counts import Bucket
from .states import attention


@dataclass(slots=True)
class LockedOrder:
    """An order's state; mutable, so that several events of one transaction build on each other."""

    id: UUID
    state: str
    reason: str
    manual_hold: bool
    previous_state: str | None
    previous_reason: str | None

    @property
    def bucket(self) -> Bucket:
        """The counter this order belongs to."""
        return self.state, attention(self.state, manual_hold=self.manual_hold)

    @property
    def state_before_hold(self) -> str:
        """The state to which the order returns when its manual hold is released."""
        return self.previous_state or self.state

    def place_manual_hold(self) -> None:
        """Place the order on manual hold and remember its state."""
        self.manual_hold = True
        self.previous_state, self.previous_reason = self.state, self.reason

    def release_manual_hold(self) -> None:
        """Release the manual hold, if there is one, and forget the state before it."""
        self.manual_hold = False
        self.previous_state, self.previous_reason = None, None


@dataclass(slots=True)
class LockedLine:
    """An order line's state, source and counters; mutable like its order.

    Quantities are steps of the line's unit, see `OrderLine`.
    """

    id: UUID
    order_id: UUID
    line_number: int
    product: str
    unit: str
    quantity: int
    state: str
    state_reason: str
    source: str | None
    source_reason: str
    in_fulfillment: int
    shipped: int
    canceled: int
    requested_delivery_date: date | None
    unit_decimals: int = 0
    stock_per_step: int = 1
    stock_decimals: int = 0
    variant: dict[str, str] | None = None
    delivery: str = "shipment"
    returned: int = 0
    in_return: int = 0

    @property
    def is_digital(self) -> bool:
        """Whether the line has no goods: it counts as shipped, and nothing of it is sent."""
        return self.delivery == "digital"

    @property
    def open(self) -> int:
        """Steps neither canceled, shipped nor in a fulfillment order."""
        return self.quantity - self.canceled - self.shipped - self.in_fulfillment

    @property
    def owed(self) -> int:
        """Steps neither canceled nor shipped."""
        return self.quantity - self.canceled - self.shipped

    @property
    def returnable(self) -> int:
        """Steps that were shipped and are neither returned nor in a return order."""
        return self.shipped - self.returned - self.in_return

    def number(self, steps: int) -> int | float:
        """Return steps of this line as a number of its unit, for events and messages."""
        return quantity_number(steps, self.unit_decimals)

    def units(self, steps: int) -> Decimal:
        """Return steps of this line as a quantity of its unit."""
        return from_steps(steps, self.unit_decimals)

    def in_stock(self, steps: int) -> StockUnits:
        """Return steps of this line as a quantity in the stock unit of its product."""
        return in_stock_units(steps, self.stock_per_step, self.stock_decimals)
