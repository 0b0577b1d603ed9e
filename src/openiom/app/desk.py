"""Orders and what became of them as the optimizer sees them; only the roof knows all three rooms."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.fulfillment import create_fulfillment_orders, sources_that_gave_back
from openiom.fulfillment_optimization import OpenLine, Part
from openiom.orders import (
    OPTIMIZED,
    assign_sources,
    divide_lines,
    movable_orders,
    open_lines,
    raise_order_events,
)
from openiom.provider_contract import Outcome, Raise


class OrdersDesk:
    """`OrderDesk` over the front doors of orders and fulfillment."""

    def open_lines(self, session: Session, order_ids: Sequence[UUID]) -> list[OpenLine]:
        back = sources_that_gave_back(session, order_ids)
        return [
            OpenLine(
                *(x.line_id, x.order_id, x.product, x.quantity, x.country, x.place, x.source),
                not_from=back.get(x.line_id, ()),
                state=str(x.ship_to.get("state") or ""),
                strategy=x.strategy,
                wanted=x.requested_delivery_date,
                business=bool(x.ship_to.get("company")),
                channel=x.channel,
                customer_group=x.customer_group,
            )
            for x in open_lines(session, order_ids)
        ]

    def backlog(
        self, session: Session, strategies: Sequence[str], *, limit: int, only: Sequence[UUID] | None = None
    ) -> list[OpenLine]:
        orders = movable_orders(session, strategies, limit=limit, only=only)
        return [line for line in self.open_lines(session, orders) if line.source]

    def divide(self, session: Session, parts: Mapping[UUID, Sequence[Part]], now: datetime, actor: str) -> None:
        divide_lines(
            session, {line: [(p.line_id, p.quantity) for p in mine] for line, mine in parts.items()}, now, actor
        )
        rest = {p.line_id: p.source for mine in parts.values() for p in mine[1:] if p.source}
        self.assign(session, rest, now, actor)

    def assign(self, session: Session, sources: Mapping[UUID, str], now: datetime, actor: str) -> None:
        assign_sources(session, {line: (source, OPTIMIZED) for line, source in sources.items()}, now, actor)

    def fulfill(self, session: Session, order_ids: Sequence[UUID], now: datetime, actor: str) -> Sequence[Outcome]:
        return create_fulfillment_orders(session, list(order_ids), now, actor)

    def raise_events(self, session: Session, raises: Sequence[Raise], now: datetime, actor: str) -> Sequence[Outcome]:
        return raise_order_events(session, raises, now, actor)
