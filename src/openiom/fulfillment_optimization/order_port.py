"""What the optimizer needs of the orders it sources. The orders room stands beside this one; the app joins them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import StockReservationRequest
from openiom.platform.geocoding import Point
from openiom.provider_contract import EventRequest, Outcome


def sku_of(product: str, variant: str) -> str:
    return f"{product}\x1f{variant}" if variant else product


@dataclass(frozen=True, slots=True)
class OpenLine:
    """
    A line that still needs a source. `quantity` is what is open; `source` is set when a policy chose one; `not_from`
    are sources that had the line and gave it back.
    """

    line_id: UUID
    order_id: UUID
    product: str
    quantity: int
    country: str
    place: Point | None
    source: str
    excluded_sources: tuple[str, ...] = ()
    state: str = ""  # province of the destination
    strategy: str = ""  # the order's own
    wanted: date | None = None  # requested delivery date
    business: bool = False  # the destination is a company
    channel: str = ""  # on whose behalf stock is asked for, with the customer group
    customer_group: str = ""
    variant: str = (
        ""  # dimension values, as `Variant.text` has them; empty for the product as a whole
    )
    document: str = ""  # the order's number
    was_backordered: bool = False  # its order waited for stock and was let go on: the line may hold some for the time being

    @property
    def sku(self) -> str:
        """What its stock goes by: the product, or one of its variants."""
        return sku_of(self.product, self.variant)


@dataclass(frozen=True, slots=True)
class SplitPart:
    """Units of a divided line; the first part keeps the line's id, the others are lines of their own."""

    line_id: UUID
    quantity: int
    source: str  # empty for what stays open


@dataclass(frozen=True, slots=True)
class SourcedLine:
    """A line somebody asks about: `line.source` is set only where a policy or a person fixed it."""

    line: OpenLine
    assigned: str  # where it stands now, whoever chose that; empty for none


def reservation_request(
    line: OpenLine, source: str, quantity: int, *, line_id: UUID | None = None
) -> StockReservationRequest:
    """Units of a line, or of the part of it that has `line_id`, asked of one source on behalf of its order."""
    return StockReservationRequest(
        *(line_id or line.line_id, line.product, source, quantity, line.document),
        channel=line.channel,
        customer_group=line.customer_group,
    )


class OrderPort(Protocol):
    def open_lines(self, session: Session, order_ids: Sequence[UUID]) -> Sequence[OpenLine]:
        """Lines neither canceled nor in a fulfillment order, lines of one order together. Locks the orders."""

    def unshipped_lines(self, session: Session, order_ids: Sequence[UUID]) -> Sequence[SourcedLine]:
        """Lines with units neither canceled nor shipped, lines of one order together. Locks nothing."""

    def backlog(
        self,
        session: Session,
        strategies: Sequence[str],
        *,
        limit: int,
        only: Sequence[UUID] | None = None,
    ) -> Sequence[OpenLine]:
        """
        Sourced lines of up to `limit` orders (of `only` these, where given), oldest first, that no fulfillment order
        holds, whose source the optimizer chose; '' among the strategies stands for orders that name none. Orders
        somebody else works on, held ones and those of which anything was released are passed over; the others are
        locked.
        """

    def served(
        self, session: Session, places: Collection[tuple[UUID, str]]
    ) -> set[tuple[UUID, str]]:
        """Of (line, source) those whose line is to be taken from there, and those of which units have left already."""

    def divide(
        self, session: Session, parts: Mapping[UUID, Sequence[SplitPart]], now: datetime, actor: str
    ) -> None:
        """Turn a line (line id -> at least two parts that add up to what is open) into several lines."""

    def assign(
        self, session: Session, sources: Mapping[UUID, str], now: datetime, actor: str
    ) -> None:
        """Write the source of each line (line id -> source name)."""

    def fulfill(
        self, session: Session, order_ids: Sequence[UUID], now: datetime, actor: str
    ) -> Sequence[Outcome]:
        """Make the fulfillment orders of lines that have a source; one outcome an order, in order."""

    def raise_events(
        self, session: Session, raises: Sequence[EventRequest], now: datetime, actor: str
    ) -> Sequence[Outcome]:
        """Raise order events; states move as the state framework allows."""
