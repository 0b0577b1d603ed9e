"""The adapter through which the optimizer reads and changes orders and their fulfillment."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom import fulfillment
from openiom.fulfillment import create_fulfillment_orders, source_refusals
from openiom.fulfillment_optimization import OpenLine, SourcedLine, SourceRefusal, SplitPart
from openiom.orders import (
    OPTIMIZED,
    UnfulfilledLine,
    assign_sources,
    lines_served_from,
    movable_orders,
    open_lines,
    raise_order_events,
    split_lines,
    unshipped_lines,
)
from openiom.provider_contract import EventRequest, Outcome


class OrderGateway:
    """Implements `OrderPort` of fulfillment optimization with orders and fulfillment."""

    def open_lines(self, session: Session, order_ids: Sequence[UUID]) -> list[OpenLine]:
        """Return the lines of these orders without fulfillment order, and lock the orders."""
        refusals = source_refusals(session, order_ids)
        lines: list[OpenLine] = []
        for line in open_lines(session, order_ids):
            lines.append(_open_line(line, line.source, refusals.get(line.line_id, ())))
        return lines

    def unshipped_lines(self, session: Session, order_ids: Sequence[UUID]) -> list[SourcedLine]:
        """Return the unshipped lines of these orders, unlocked, with their present sources.

        A source that the optimizer assigned is not given to it as a requirement.
        """
        refusals = source_refusals(session, order_ids)
        lines: list[SourcedLine] = []
        for line, optimized in unshipped_lines(session, order_ids):
            required_source = "" if optimized else line.source
            refused = refusals.get(line.line_id, ())
            open_line = _open_line(line, required_source, refused)
            lines.append(SourcedLine(open_line, line.source))

        return lines

    def lock_backlog(
        self,
        session: Session,
        strategies: Sequence[str],
        *,
        limit: int,
        only: Sequence[UUID] | None = None,
    ) -> list[OpenLine]:
        """Return sourced lines that could still move to another source, for these strategies."""
        order_ids = movable_orders(session, strategies, limit=limit, only=only)
        return [line for line in self.open_lines(session, order_ids) if line.source]

    def lines_served_from(
        self, session: Session, places: Collection[tuple[UUID, str]]
    ) -> set[tuple[UUID, str]]:
        """Return those (line, source) that are to be, or were, served from there."""
        return lines_served_from(session, places)

    def split_lines(
        self, session: Session, parts: Mapping[UUID, Sequence[SplitPart]], now: datetime, actor: str
    ) -> None:
        """Split lines into parts and assign the sources of all parts but the first."""
        quantities: dict[UUID, list[tuple[UUID, int]]] = {}
        sources: dict[UUID, str] = {}
        for line_id, line_parts in parts.items():
            quantities[line_id] = [(part.line_id, part.quantity) for part in line_parts]
            for part in line_parts[1:]:
                if part.source:
                    sources[part.line_id] = part.source

        split_lines(session, quantities, now, actor)
        self.assign_sources(session, sources, now, actor)

    def assign_sources(
        self, session: Session, sources: Mapping[UUID, str], now: datetime, actor: str
    ) -> None:
        """Assign sources to lines as the optimizer's decision."""
        assigned = {line_id: (source, OPTIMIZED) for line_id, source in sources.items()}
        assign_sources(session, assigned, now, actor)

    def create_fulfillment_orders(
        self, session: Session, order_ids: Sequence[UUID], now: datetime, actor: str
    ) -> Sequence[Outcome]:
        """Create fulfillment orders for these orders."""
        return create_fulfillment_orders(session, list(order_ids), now, actor)

    def raise_events(
        self, session: Session, raises: Sequence[EventRequest], now: datetime, actor: str
    ) -> Sequence[Outcome]:
        """Raise events on orders."""
        return raise_order_events(session, raises, now, actor)


def _open_line(
    line: UnfulfilledLine, source: str, refusals: Sequence[fulfillment.RefusedLine]
) -> OpenLine:
    return OpenLine(
        line_id=line.line_id,
        order_id=line.order_id,
        product=line.product,
        quantity=line.quantity * line.stock_per_step,
        country=line.country,
        place=line.place,
        source=source,
        refusals=tuple(SourceRefusal(one.source, one.refused_at) for one in refusals),
        state=str(line.ship_to.get("state") or ""),
        strategy=line.strategy,
        wanted=line.requested_delivery_date,
        business=bool(line.ship_to.get("company")),
        channel=line.channel,
        customer_group=line.customer_group,
        address=line.address,
        document=line.order_number,
        was_backordered=line.waited,
        stock_per_step=line.stock_per_step,
        stock_decimals=line.stock_decimals,
    )
