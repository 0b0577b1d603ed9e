"""The orders room as the optimizer sees it; the two stand side by side and only the roof knows both."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.fulfillment_optimization import OpenLine
from openiom.orders import assign_sources, open_lines, raise_order_events
from openiom.provider_contract import Outcome, Raise


class OrdersDesk:
    """`OrderDesk` over the front door of orders."""

    def open_lines(self, session: Session, order_ids: Sequence[UUID]) -> list[OpenLine]:
        return [
            OpenLine(x.line_id, x.order_id, x.product, x.quantity, x.country, x.place, x.source)
            for x in open_lines(session, order_ids)
        ]

    def assign(self, session: Session, sources: Mapping[UUID, str], now: datetime, actor: str) -> None:
        assign_sources(session, {line: (source, "optimized") for line, source in sources.items()}, now, actor)

    def raise_events(self, session: Session, raises: Sequence[Raise], now: datetime, actor: str) -> Sequence[Outcome]:
        return raise_order_events(session, raises, now, actor)
