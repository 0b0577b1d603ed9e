"""The table of lines that wait for stock or for the launch of their product."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Numeric,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from openiom.orders.models import SCHEMA
from openiom.platform.database import Base
from openiom.platform.sort_keys import day_or_last, moment_or_last

Moment = DateTime(timezone=True)


class WaitingLine(Base):
    """A line on hold, and what it waits for.

    `since` is its age in the queue; it survives a release after which no stock was found. A line
    in state `released` has left its hold and has no source yet. `available_on` is the day stock is
    promised for, with `confidence` from 0 to 1. `quantity` are steps of the line's unit, and
    `stock_quantity` is the same in the stock unit of the product. A line of kind `capacity` is in
    stock and waits until `retry_at`, because the days of its sources are full; `note` names them.
    """

    __tablename__ = "waiting_line"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('backorder', 'preorder', 'capacity')", name="ck_waiting_line_kind"
        ),
        CheckConstraint(
            "kind <> 'capacity' OR retry_at IS NOT NULL", name="ck_waiting_line_retry_at"
        ),
        CheckConstraint("state IN ('waiting', 'released')", name="ck_waiting_line_state"),
        CheckConstraint(
            "kind <> 'preorder' OR launch_date IS NOT NULL", name="ck_waiting_line_launch_date"
        ),
        CheckConstraint("quantity > 0", name="ck_waiting_line_quantity"),
        Index(
            "ix_waiting_line_queue",
            "product",
            "since",
            "line_id",
            postgresql_include=["stock_quantity", "kind", "state"],
        ),
        Index("ix_waiting_line_since", "since", "line_id"),
        Index(
            "ix_waiting_line_promised",
            text(day_or_last("available_on")),
            "since",
            "line_id",
        ),
        Index(
            "ix_waiting_line_expiry_sort",
            text(moment_or_last("expires_at")),
            "since",
            "line_id",
        ),
        Index("ix_waiting_line_kind", "kind", "since", "line_id"),
        Index(
            "ix_waiting_line_unpromised",
            "since",
            "line_id",
            postgresql_where=text("state = 'waiting' AND available_on IS NULL"),
        ),
        Index("ix_waiting_line_order", "order_id"),
        Index(
            "ix_waiting_line_launch",
            "launch_date",
            postgresql_where=text("state = 'waiting' AND kind = 'preorder'"),
        ),
        Index(
            "ix_waiting_line_retry",
            "retry_at",
            postgresql_where=text("state = 'waiting' AND kind = 'capacity'"),
        ),
        Index(
            "ix_waiting_line_expires",
            "expires_at",
            "line_id",
            postgresql_where=text("state = 'waiting' AND expires_at IS NOT NULL"),
        ),
        Index(
            "ix_waiting_line_released", "released_at", postgresql_where=text("state = 'released'")
        ),
        {"schema": SCHEMA, "postgresql_with": {"fillfactor": "80"}},
    )

    line_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.order_line.id"), primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.order.id"))
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    product: Mapped[str] = mapped_column(Text)
    quantity: Mapped[int] = mapped_column(BigInteger)
    stock_quantity: Mapped[Decimal] = mapped_column(Numeric(18, 4))
    since: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    launch_date: Mapped[date | None] = mapped_column(Date)
    available_on: Mapped[date | None] = mapped_column(Date)
    confidence: Mapped[Decimal | None] = mapped_column(Numeric(4, 3))
    retry_at: Mapped[datetime | None] = mapped_column(Moment)
    note: Mapped[str] = mapped_column(Text, server_default="")
    released_at: Mapped[datetime | None] = mapped_column(Moment)
