"""Lines that wait for stock or for a launch."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from openiom.orders.models import ROOM
from openiom.platform.database import Base

Moment = DateTime(timezone=True)


class WaitingLine(Base):
    """
    A line on hold, and why. `since` is its age in the queue and survives a release that found nothing.

    `released` lines were told to go on and have no source yet; `available_on` is the day stock is promised for.
    """

    __tablename__ = "waiting_line"
    __table_args__ = (
        CheckConstraint("kind IN ('backorder', 'preorder')", name="waits_for_something"),
        CheckConstraint("state IN ('waiting', 'released')", name="waits_or_goes_on"),
        CheckConstraint(
            "kind = 'backorder' OR launch_date IS NOT NULL", name="a_preorder_has_its_day"
        ),
        CheckConstraint("quantity > 0", name="waits_for_units"),
        Index(
            "ix_waiting_line_queue",
            *("product", "since", "line_id"),
            postgresql_include=["quantity", "kind", "state"],
        ),
        Index("ix_waiting_line_since", "since", "line_id"),
        Index("ix_waiting_line_kind", "kind", "since", "line_id"),
        Index(
            "ix_waiting_line_unpromised",
            *("since", "line_id"),
            postgresql_where=text("state = 'waiting' AND available_on IS NULL"),
        ),
        Index("ix_waiting_line_order", "order_id"),
        Index(
            "ix_waiting_line_launch",
            "launch_date",
            postgresql_where=text("state = 'waiting' AND kind = 'preorder'"),
        ),
        Index(
            "ix_waiting_line_expires",
            *("expires_at", "line_id"),
            postgresql_where=text("state = 'waiting' AND expires_at IS NOT NULL"),
        ),
        Index(
            "ix_waiting_line_released", "released_at", postgresql_where=text("state = 'released'")
        ),
        {"schema": ROOM, "postgresql_with": {"fillfactor": "80"}},
    )

    line_id: Mapped[UUID] = mapped_column(ForeignKey(f"{ROOM}.order_line.id"), primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey(f"{ROOM}.order.id"))
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    product: Mapped[str] = mapped_column(Text)
    quantity: Mapped[int] = mapped_column(Integer)
    since: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    launch_date: Mapped[date | None] = mapped_column(Date)
    available_on: Mapped[date | None] = mapped_column(Date)
    confidence: Mapped[Decimal | None] = mapped_column(Numeric(4, 3))
    released_at: Mapped[datetime | None] = mapped_column(Moment)
