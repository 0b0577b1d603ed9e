"""What the optimizer needs of the orders it sources. The orders room stands beside this one; the app joins them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.places import Point
from openiom.provider_contract import Outcome, Raise


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
    not_from: tuple[str, ...] = ()


class OrderDesk(Protocol):
    def open_lines(self, session: Session, order_ids: Sequence[UUID]) -> Sequence[OpenLine]:
        """Lines neither canceled nor in a fulfillment order, lines of one order together."""

    def assign(self, session: Session, sources: Mapping[UUID, str], now: datetime, actor: str) -> None:
        """Write the source of each line (line id -> source name)."""

    def raise_events(self, session: Session, raises: Sequence[Raise], now: datetime, actor: str) -> Sequence[Outcome]:
        """Raise order events; states move as the state framework allows."""
