"""Orders and what became of them as the optimizer sees them; only the roof knows all three rooms."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.fulfillment import create_fulfillment_orders, declining_sources
from openiom.fulfillment_optimization import LineToSource, OpenLine, Part
from openiom.orders import (
    OPTIMIZED,
    assign_sources,
    lines_served_from,
    movable_orders,
    open_lines,
    raise_order_events,
    split_lines,
    unshipped_lines,
)
from openiom.orders import OpenLine as OrdersLine
from openiom.provider_contract import EventRequest, Outcome


class OrderGateway:
    """`OrderDesk` over the front doors of orders and fulfillment."""

    def open_lines(self, session: Session, order_ids: Sequence[UUID]) -> list[OpenLine]:
        back = declining_sources(session, order_ids)
        return [
            _open_line(x, x.source, back.get(x.line_id, ())) for x in open_lines(session, order_ids)
        ]

    def unshipped_lines(self, session: Session, order_ids: Sequence[UUID]) -> list[LineToSource]:
        back = declining_sources(session, order_ids)
        return [
            LineToSource(
                _open_line(x, "" if optimized else x.source, back.get(x.line_id, ())), x.source
            )
            for x, optimized in unshipped_lines(session, order_ids)
        ]

    def backlog(
        self,
        session: Session,
        strategies: Sequence[str],
        *,
        limit: int,
        only: Sequence[UUID] | None = None,
    ) -> list[OpenLine]:
        orders = movable_orders(session, strategies, limit=limit, only=only)
        return [line for line in self.open_lines(session, orders) if line.source]

    def served(
        self, session: Session, places: Collection[tuple[UUID, str]]
    ) -> set[tuple[UUID, str]]:
        return lines_served_from(session, places)

    def divide(
        self, session: Session, parts: Mapping[UUID, Sequence[Part]], now: datetime, actor: str
    ) -> None:
        split_lines(
            session,
            {line: [(p.line_id, p.quantity) for p in mine] for line, mine in parts.items()},
            now,
            actor,
        )
        rest = {p.line_id: p.source for mine in parts.values() for p in mine[1:] if p.source}
        self.assign(session, rest, now, actor)

    def assign(
        self, session: Session, sources: Mapping[UUID, str], now: datetime, actor: str
    ) -> None:
        assign_sources(
            session, {line: (source, OPTIMIZED) for line, source in sources.items()}, now, actor
        )

    def fulfill(
        self, session: Session, order_ids: Sequence[UUID], now: datetime, actor: str
    ) -> Sequence[Outcome]:
        return create_fulfillment_orders(session, list(order_ids), now, actor)

    def raise_events(
        self, session: Session, raises: Sequence[EventRequest], now: datetime, actor: str
    ) -> Sequence[Outcome]:
        return raise_order_events(session, raises, now, actor)


def _open_line(line: OrdersLine, source: str, not_from: Sequence[str]) -> OpenLine:
    return OpenLine(
        *(
            line.line_id,
            line.order_id,
            line.product,
            line.quantity,
            line.country,
            line.place,
            source,
        ),
        not_from=tuple(not_from),
        state=str(line.ship_to.get("state") or ""),
        strategy=line.strategy,
        wanted=line.requested_delivery_date,
        business=bool(line.ship_to.get("company")),
        channel=line.channel,
        customer_group=line.customer_group,
        document=line.order_number,
        waited=line.waited,
    )
