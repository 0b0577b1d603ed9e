"""The source read model, sourcing plans and decisions, prices, and daily capacity usage."""

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

SCHEMA = "fulfillment_optimization"
Instant = DateTime(timezone=True)


class Source(Base):
    """Read model of the `source` documents: where goods can ship from."""

    __tablename__ = "source"
    __table_args__ = {"schema": SCHEMA}

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
    """The decision of one plan about one order: its cost and the candidates' costs."""

    __tablename__ = "sourcing_decision"
    __table_args__ = (
        Index("ix_sourcing_decision_order", "order_id", "decided_at"),
        {"schema": SCHEMA},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    plan_id: Mapped[UUID]
    order_id: Mapped[UUID]
    decided_at: Mapped[datetime] = mapped_column(Instant)
    strategy: Mapped[str] = mapped_column(Text)
    complete: Mapped[bool] = mapped_column(Boolean)
    cost: Mapped[float] = mapped_column(Numeric(18, 4))
    explanation: Mapped[dict[str, Any]] = mapped_column(JSON)


class SourcingPlan(Base):
    """One run of the optimizer.

    `lower_bound` and `gap` are set when a batch proved them. `parts` adds up to `cost`. Money is in
    `currency`, which is empty when kilometers are counted or none is configured. Its decisions have
    this `plan_id`; their ids lie between `first_decision` and `last_decision`, so that the primary
    key finds them without an index of their own.
    """

    __tablename__ = "sourcing_plan"
    __table_args__ = (
        Index("ix_sourcing_plan_strategy", "strategy", "mode", "planned_at"),
        CheckConstraint(
            "mode IN ('realtime', 'batch', 'reoptimize')", name="ck_sourcing_plan_mode"
        ),
        {"schema": SCHEMA},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    planned_at: Mapped[datetime] = mapped_column(Instant)
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


class ShadowPriceRecord(Base):
    """The marginal value of a scarce resource in one batch.

    The resource is a unit of a product at a source or, without a product, a parcel of the source's
    day. `price` is the dual of the batch; `saving` the money that planning again with one more
    saved, where that was computed.
    """

    __tablename__ = "shadow_price"
    __table_args__ = (Index("ix_shadow_price_plan", "plan_id", "product"), {"schema": SCHEMA})

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    plan_id: Mapped[UUID] = mapped_column(
        ForeignKey(f"{SCHEMA}.sourcing_plan.id", ondelete="CASCADE")
    )
    source: Mapped[str] = mapped_column(Text)
    product: Mapped[str | None] = mapped_column(Text)
    price: Mapped[float] = mapped_column(Float)
    saving: Mapped[float | None] = mapped_column(Float)
    recorded_at: Mapped[datetime] = mapped_column(Instant)


class OpportunityCost(Base):
    """The value of the next unit of a resource to orders still to come, learned for one strategy.

    The resource is a unit of a product at a source or, with an empty product, a parcel of the
    source's day. `step_costs` has the value of a unit while `step` or fewer are left, then while
    up to twice as many are left, and so on. A row with an empty source records that prices were
    learned at all.
    """

    __tablename__ = "opportunity_cost"
    __table_args__ = (PrimaryKeyConstraint("strategy", "product", "source"), {"schema": SCHEMA})

    strategy: Mapped[str] = mapped_column(Text)
    product: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    step: Mapped[int] = mapped_column(BigInteger)
    step_costs: Mapped[list[float]] = mapped_column(ARRAY(Float))
    learned_at: Mapped[datetime] = mapped_column(Instant)


class SourceDailyUsage(Base):
    """Parcels and order lines planned from a source on a day of its time zone.

    Kept for sources with a daily limit.
    """

    __tablename__ = "source_daily_usage"
    __table_args__ = (
        PrimaryKeyConstraint("source", "day"),
        CheckConstraint("parcels >= 0 AND lines >= 0", name="ck_source_daily_usage_not_negative"),
        {"schema": SCHEMA},
    )

    source: Mapped[str] = mapped_column(Text)
    day: Mapped[date] = mapped_column(Date)
    parcels: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    lines: Mapped[int] = mapped_column(Integer, server_default=text("0"))


class SourceUsageLine(Base):
    """An order line counted in `source_daily_usage`; lines of one order share a parcel."""

    __tablename__ = "source_usage_line"
    __table_args__ = (
        PrimaryKeyConstraint("source", "day", "order_id", "line_id"),
        Index("ix_source_usage_line_order", "order_id"),
        Index("ix_source_usage_line_day", "day"),
        {"schema": SCHEMA},
    )

    source: Mapped[str] = mapped_column(Text)
    day: Mapped[date] = mapped_column(Date)
    order_id: Mapped[UUID]
    line_id: Mapped[UUID]


class ReoptimizationMove(Base):
    """A line that the re-optimizer moved to another source."""

    __tablename__ = "reoptimization_move"
    __table_args__ = (
        Index("ix_reoptimization_move_order", "order_id"),
        Index("ix_reoptimization_move_plan", "plan_id"),
        {"schema": SCHEMA},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    plan_id: Mapped[UUID] = mapped_column(
        ForeignKey(f"{SCHEMA}.sourcing_plan.id", ondelete="CASCADE")
    )
    order_id: Mapped[UUID]
    line_id: Mapped[UUID]
    from_source: Mapped[str] = mapped_column(Text)
    to_source: Mapped[str] = mapped_column(Text)
    saving: Mapped[float] = mapped_column(Numeric(18, 4))
    moved_at: Mapped[datetime] = mapped_column(Instant)
