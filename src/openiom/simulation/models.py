"""Simulations, their inputs and their results."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from openiom.platform.database import Base

SCHEMA = "simulation"
Instant = DateTime(timezone=True)


class SimulationInput(Base):
    """Demand, stock and documents at the time of the request, as compressed JSON; never changed."""

    __tablename__ = "simulation_input"
    __table_args__ = ({"schema": SCHEMA},)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    orders: Mapped[int] = mapped_column(Integer)
    lines: Mapped[int] = mapped_column(Integer)
    currency: Mapped[str] = mapped_column(Text)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class Simulation(Base):
    """A requested simulation.

    `documents` are the changed documents, `summary` has the figures of all runs.
    """

    __tablename__ = "simulation"
    __table_args__ = (
        Index("ix_simulation_created", "created_at", "id"),
        Index(
            "ix_simulation_waiting",
            "created_at",
            postgresql_where=sql("state IN ('waiting', 'running')"),
        ),
        CheckConstraint(
            "state IN ('waiting', 'running', 'finished', 'failed')", name="ck_simulation_state"
        ),
        CheckConstraint("runs_done >= 0 AND runs_done <= runs", name="ck_simulation_runs_done"),
        {"schema": SCHEMA},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    template: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    request: Mapped[dict[str, Any]] = mapped_column(JSONB)
    documents: Mapped[list[Any]] = mapped_column(JSONB)
    input_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.simulation_input.id"))
    cloned_from: Mapped[UUID | None]
    runs: Mapped[int] = mapped_column(Integer)
    runs_done: Mapped[int] = mapped_column(Integer, server_default=sql("0"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    lease: Mapped[UUID | None]
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    error: Mapped[str] = mapped_column(Text, server_default="")
    summary: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    committed_at: Mapped[datetime | None] = mapped_column(Instant)
    committed_by: Mapped[str] = mapped_column(Text, server_default="")
    cost_currency: Mapped[str] = mapped_column(Text, server_default="")


class SimulationResult(Base):
    """Figures of one run of one scenario, written once; a finished run is never repeated."""

    __tablename__ = "simulation_result"
    __table_args__ = (
        PrimaryKeyConstraint("simulation_id", "run", "scenario"),
        CheckConstraint(
            "scenario IN ('baseline', 'scenario')", name="ck_simulation_result_scenario"
        ),
        {"schema": SCHEMA},
    )

    simulation_id: Mapped[UUID] = mapped_column(
        ForeignKey(f"{SCHEMA}.simulation.id", ondelete="CASCADE")
    )
    run: Mapped[int] = mapped_column(Integer)
    scenario: Mapped[str] = mapped_column(Text)
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB)
