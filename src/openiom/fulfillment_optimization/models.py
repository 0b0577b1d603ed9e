"""Sources as the optimizer reads them, the plans it made, and what they left behind."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from openiom.platform.database import Base

ROOM = "fulfillment_optimization"


class Source(Base):
    """Read model of the `source` documents: where goods can be shipped from."""

    __tablename__ = "source"
    __table_args__ = {"schema": ROOM}

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(Boolean)
    latitude: Mapped[float] = mapped_column(Float)
    longitude: Mapped[float] = mapped_column(Float)
    address: Mapped[dict[str, Any]] = mapped_column(JSONB)
    processing_days: Mapped[int] = mapped_column(Integer)
    daily_parcels: Mapped[int | None] = mapped_column(Integer)
    time_zone: Mapped[str] = mapped_column(Text)
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))


class SourcingDecision(Base):
    """What was chosen for one order in one run, at what cost, and what every candidate would have cost."""

    __tablename__ = "sourcing_decision"
    __table_args__ = (Index("ix_sourcing_decision_order", "order_id", "at"), {"schema": ROOM})

    id: Mapped[UUID] = mapped_column(primary_key=True)
    plan_id: Mapped[UUID]
    order_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    strategy: Mapped[str] = mapped_column(Text)
    complete: Mapped[bool] = mapped_column(Boolean)
    cost: Mapped[float] = mapped_column(Numeric(18, 4))
    explanation: Mapped[dict[str, Any]] = mapped_column(JSON)


class SourcingPlan(Base):
    """
    One run. `lower_bound` and `gap` stand where a batch proved them; `parts` add up to `cost`; money is in `currency`
    (empty where kilometers were counted, or nobody had said which it is). Its decisions are those
    with this `run_id`; their ids lie between the two kept here, so that they are found without an index of their own.
    """

    __tablename__ = "sourcing_plan"
    __table_args__ = (
        Index("ix_sourcing_plan_strategy", "strategy", "mode", "at"),
        CheckConstraint("mode IN ('realtime', 'batch', 'reoptimize')", name="a_known_mode"),
        {"schema": ROOM},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    strategy: Mapped[str] = mapped_column(Text)
    mode: Mapped[str] = mapped_column(Text)
    method: Mapped[str] = mapped_column(Text)
    orders: Mapped[int] = mapped_column(Integer)
    lines: Mapped[int] = mapped_column(Integer)
    open_lines: Mapped[int] = mapped_column(Integer)
    cost: Mapped[float] = mapped_column(Numeric(18, 4))
    lower_bound: Mapped[float | None] = mapped_column(Numeric(18, 4))
    gap: Mapped[float | None] = mapped_column(Float)
    seconds: Mapped[float] = mapped_column(Float)
    moves: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    parts: Mapped[dict[str, float]] = mapped_column(JSONB)
    currency: Mapped[str] = mapped_column(Text, server_default="")
    first_decision: Mapped[UUID | None]
    last_decision: Mapped[UUID | None]


class ShadowPrice(Base):
    """
    What one more unit of a product at a source is worth, or, without a product, one more parcel of its day: the dual
    of a batch, and for some the money that planning again with one more saved.
    """

    __tablename__ = "shadow_price"
    __table_args__ = (Index("ix_shadow_price_plan", "plan_id", "product"), {"schema": ROOM})

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    plan_id: Mapped[UUID] = mapped_column(
        ForeignKey(f"{ROOM}.sourcing_plan.id", ondelete="CASCADE")
    )
    source: Mapped[str] = mapped_column(Text)
    product: Mapped[str | None] = mapped_column(Text)
    price: Mapped[float] = mapped_column(Float)
    saving: Mapped[float | None] = mapped_column(Float)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class OpportunityCost(Base):
    """
    What the next unit of a product at a source is worth to the orders still to come, or, without a product, the next
    parcel of its day: `worths` of the last `block` places, of the block before, and so on. Learned for one strategy;
    a row without a source says that it was learned at all.
    """

    __tablename__ = "opportunity_cost"
    __table_args__ = (PrimaryKeyConstraint("strategy", "product", "source"), {"schema": ROOM})

    strategy: Mapped[str] = mapped_column(Text)
    product: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    block: Mapped[int] = mapped_column(BigInteger)
    worths: Mapped[list[float]] = mapped_column(ARRAY(Float))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class SourceDailyUsage(Base):
    """What was sourced from a source on a day of its own time zone; kept for sources whose day has a limit."""

    __tablename__ = "source_day"
    __table_args__ = (
        PrimaryKeyConstraint("source", "day"),
        CheckConstraint("parcels >= 0 AND lines >= 0", name="never_below_nothing"),
        {"schema": ROOM},
    )

    source: Mapped[str] = mapped_column(Text)
    day: Mapped[date] = mapped_column(Date)
    parcels: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    lines: Mapped[int] = mapped_column(Integer, server_default=text("0"))


class SourceUsageLine(Base):
    """An order line counted into the day of a source; lines of one order share its parcel of the day."""

    __tablename__ = "source_place"
    __table_args__ = (
        PrimaryKeyConstraint("source", "day", "order_id", "line_id"),
        Index("ix_source_place_order", "order_id"),
        Index("ix_source_place_day", "day"),
        {"schema": ROOM},
    )

    source: Mapped[str] = mapped_column(Text)
    day: Mapped[date] = mapped_column(Date)
    order_id: Mapped[UUID]
    line_id: Mapped[UUID]


class ReoptimizationMove(Base):
    """A line that the re-optimizer gave to another source."""

    __tablename__ = "source_move"
    __table_args__ = (
        Index("ix_source_move_order", "order_id"),
        Index("ix_source_move_plan", "plan_id"),
        {"schema": ROOM},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    plan_id: Mapped[UUID] = mapped_column(
        ForeignKey(f"{ROOM}.sourcing_plan.id", ondelete="CASCADE")
    )
    order_id: Mapped[UUID]
    line_id: Mapped[UUID]
    from_source: Mapped[str] = mapped_column(Text)
    to_source: Mapped[str] = mapped_column(Text)
    saving: Mapped[float] = mapped_column(Numeric(18, 4))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
