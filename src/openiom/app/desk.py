"""Orders and what became of them as the optimizer sees them; only the roof knows all three rooms."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.fulfillment import sources_that_gave_back
from openiom.fulfillment_optimization import OpenLine
from openiom.orders import assign_sources, open_lines, raise_order_events
from openiom.provider_contract import Outcome, Raise


class OrdersDesk:
    """`OrderDesk` over the front doors of orders and fulfillment."""

    def open_lines(self, session: Session, order_ids: Sequence[UUID]) -> list[OpenLine]:
        back = sources_that_gave_back(session, order_ids)
        return [
            OpenLine(
                *(x.line_id, x.order_id, x.product, x.quantity, x.country, x.place, x.source), back.get(x.line_id, ())
            )
            for x in open_lines(session, order_ids)
        ]

    def assign(self, session: Session, sources: Mapping[UUID, str], now: datetime, actor: str) -> None:
        assign_sources(session, {line: (source, "optimized") for line, source in sources.items()}, now, actor)

    def raise_events(self, session: Session, raises: Sequence[Raise], now: datetime, actor: str) -> Sequence[Outcome]:
        return raise_order_events(session, raises, now, actor)
