"""The orders that sourcing reads and writes.

The orders package is a sibling of this one; the composition root implements `OrderPort` with both.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import StockReservationRequest
from openiom.kernel import StockUnits, in_stock_units
from openiom.platform.geocoding import Point
from openiom.provider_contract import EventRequest, Outcome


def sku_of(product: str, variant: str) -> str:
    """Return the key of a product's stock, or of the stock of one of its variants."""
    return f"{product}\x1f{variant}" if variant else product


class SourceRefusal(NamedTuple):
    """A source that declined an order line or gave it back, and when."""

    source: str
    refused_at: datetime


@dataclass(slots=True)
class OpenLine:
    """An order line without a fulfillment order.

    quantity          what is neither canceled nor in fulfillment, in steps of the product's stock
                      unit, which has `stock_decimals`
    stock_per_step    steps of the stock unit in one step of the line's own unit; the quantity and
                      every part of the line are multiples of it, so that no box is opened
    source            set when a policy or a person chose one
    refusals          sources that had the line and declined it or gave it back
    address           number of the destination among those of the order; an order with several is
                      planned as one shipment for each
    state             province of the destination
    strategy          the order's own strategy; empty for the default one
    wanted            requested delivery date
    business          whether the destination is a company
    channel           with the customer group, on whose behalf stock is requested
    variant           dimension values as in `Variant.text`; empty for the product as a whole
    document          number of the order
    was_backordered   whether the order waited for stock, so that the line may have a backorder
                      reservation
    """

    line_id: UUID
    order_id: UUID
    product: str
    quantity: int
    country: str
    place: Point | None
    source: str
    refusals: tuple[SourceRefusal, ...] = ()
    address: int = 0
    state: str = ""
    strategy: str = ""
    wanted: date | None = None
    business: bool = False
    channel: str = ""
    customer_group: str = ""
    variant: str = ""
    document: str = ""
    was_backordered: bool = False
    stock_per_step: int = 1
    stock_decimals: int = 0

    @property
    def steps(self) -> int:
        """The quantity in steps of the line's own unit."""
        return self.quantity // self.stock_per_step

    def units(self, quantity: int) -> StockUnits:
        """Return steps of the stock unit as a quantity in it, exact."""
        return in_stock_units(quantity, 1, self.stock_decimals)

    @property
    def sku(self) -> str:
        """The key of the line's stock: the product, or one of its variants."""
        return sku_of(self.product, self.variant)


@dataclass(frozen=True, slots=True)
class SplitPart:
    """A part of a split line; `source` is empty for what stays open.

    `quantity` are steps of the line's own unit. The first part keeps the id of the line, the others
    become lines of their own.
    """

    line_id: UUID
    quantity: int
    source: str


@dataclass(frozen=True, slots=True)
class SourcedLine:
    """A line with the source it has now, however it was chosen; empty for none.

    `line.source` is set only when a policy or a person chose it.
    """

    line: OpenLine
    assigned: str


def reservation_request(
    line: OpenLine, source: str, quantity: int, *, line_id: UUID | None = None
) -> StockReservationRequest:
    """Return the request to reserve a quantity of a line, or of its part `line_id`, at a source.

    `quantity` are steps of the stock unit; stock is reserved in the stock unit itself.
    """
    return StockReservationRequest(
        line_id or line.line_id,
        line.product,
        source,
        line.units(quantity),
        line.document,
        channel=line.channel,
        customer_group=line.customer_group,
    )


class OrderPort(Protocol):
    """Reads and writes of orders."""

    def open_lines(self, session: Session, order_ids: Sequence[UUID]) -> Sequence[OpenLine]:
        """Return the lines that are neither canceled nor in a fulfillment order.

        They come by order and address. Locks the orders.
        """

    def unshipped_lines(self, session: Session, order_ids: Sequence[UUID]) -> Sequence[SourcedLine]:
        """Return the lines with units neither canceled nor shipped, by order and address.

        Locks nothing.
        """

    def lock_backlog(
        self,
        session: Session,
        strategies: Sequence[str],
        *,
        limit: int,
        only: Sequence[UUID] | None = None,
    ) -> Sequence[OpenLine]:
        """Lock and return the sourced lines of up to `limit` orders, oldest order first.

        Only lines without a fulfillment order whose source the optimizer chose. '' among the
        strategies selects orders that name none; `only` restricts the orders. Orders that are on
        hold, locked by another transaction or partly released to fulfillment are skipped.
        """

    def lines_served_from(
        self, session: Session, lines: Collection[tuple[UUID, str]]
    ) -> set[tuple[UUID, str]]:
        """Return those (line, source) that are still assigned or of which units have shipped."""

    def split_lines(
        self, session: Session, parts: Mapping[UUID, Sequence[SplitPart]], now: datetime, actor: str
    ) -> None:
        """Replace each line by at least two parts that add up to its open quantity."""

    def assign_sources(
        self, session: Session, sources: Mapping[UUID, str], now: datetime, actor: str
    ) -> None:
        """Set the source of each line."""

    def create_fulfillment_orders(
        self, session: Session, order_ids: Sequence[UUID], now: datetime, actor: str
    ) -> Sequence[Outcome]:
        """Create the fulfillment orders of lines that have a source; one outcome per order."""

    def raise_events(
        self, session: Session, raises: Sequence[EventRequest], now: datetime, actor: str
    ) -> Sequence[Outcome]:
        """Raise order events; states change as the state framework allows."""
