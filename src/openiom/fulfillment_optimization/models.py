"""Sources as the optimizer reads them, and the decisions it took."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Boolean, DateTime, Float, Index, Integer, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB
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


class SourcingDecision(Base):
    """What was chosen for one order in one run, at what cost, and what every candidate would have cost."""

    __tablename__ = "sourcing_decision"
    __table_args__ = (Index("ix_sourcing_decision_order", "order_id", "at"), {"schema": ROOM})

    id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID]
    order_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    strategy: Mapped[str] = mapped_column(Text)
    complete: Mapped[bool] = mapped_column(Boolean)
    cost: Mapped[float] = mapped_column(Numeric(18, 4))
    explanation: Mapped[dict[str, Any]] = mapped_column(JSON)
