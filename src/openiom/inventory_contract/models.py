"""What the contract keeps beside the stock: when a quantity was last set, adjustments, jobs and feed files."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from openiom.platform.database import Base

ROOM = "inventory_visibility"
Quantity = Numeric(18, 4)
JOB_STATES = ("queued", "completed", "failed")
FEED_STATES = ("done", "error")


class SetMark(Base):
    """When the system that owns a measure last said what it is; an older word changes nothing."""

    __tablename__ = "set_mark"
    __table_args__ = ({"schema": ROOM},)

    organization: Mapped[str] = mapped_column(Text, primary_key=True)
    product: Mapped[str] = mapped_column(Text, primary_key=True)
    source: Mapped[str] = mapped_column(Text, primary_key=True)
    dimensions: Mapped[str] = mapped_column(Text, primary_key=True)
    data_source: Mapped[str] = mapped_column(Text, primary_key=True)
    measure: Mapped[str] = mapped_column(Text, primary_key=True)
    modified_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Adjustment(Base):
    """A change the business layer keeps for the ERP. `iv_posted`: on-hand has moved; `created`: only noted."""

    __tablename__ = "adjustment"
    __table_args__ = (
        UniqueConstraint("organization", "external_id"),
        CheckConstraint("status IN ('created', 'iv_posted')", name="adjustment_status"),
        {"schema": ROOM},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    external_id: Mapped[str] = mapped_column(Text)
    organization: Mapped[str] = mapped_column(Text)
    product: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    dimensions: Mapped[dict[str, str]] = mapped_column(JSONB)
    data_source: Mapped[str] = mapped_column(Text)
    measure: Mapped[str] = mapped_column(Text)
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    reference_category: Mapped[str] = mapped_column(Text)
    reference_id: Mapped[str] = mapped_column(Text)
    journal_name: Mapped[str] = mapped_column(Text)
    cost_price: Mapped[Decimal | None] = mapped_column(Quantity)
    transaction_date: Mapped[date] = mapped_column(Date)
    status: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor: Mapped[str] = mapped_column(Text)


class ContractJob(Base):
    """Work a caller asked for and looks at later; done by a worker."""

    __tablename__ = "contract_job"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'completed', 'failed')", name="contract_job_state"),
        Index("ix_contract_job_queued", "at", postgresql_where=text("state = 'queued'")),
        {"schema": ROOM},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    request: Mapped[dict[str, Any]] = mapped_column(JSONB)
    result: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    message: Mapped[str] = mapped_column(Text, server_default="")
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    actor: Mapped[str] = mapped_column(Text)


class ContractJobPart(Base):
    """A piece of the file a job wrote, in order; a piece holds whole lines."""

    __tablename__ = "contract_job_part"
    __table_args__ = ({"schema": ROOM},)

    job_id: Mapped[UUID] = mapped_column(
        ForeignKey(f"{ROOM}.contract_job.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    content: Mapped[str] = mapped_column(Text)


class FeedFile(Base):
    """A file of the inventory feed, by its name and digest: taken whole, or refused whole with its first problem."""

    __tablename__ = "feed_file"
    __table_args__ = (
        UniqueConstraint("name", "digest"),
        CheckConstraint("state IN ('done', 'error')", name="feed_file_state"),
        {"schema": ROOM},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    data_source: Mapped[str] = mapped_column(Text)
    feed_type: Mapped[str] = mapped_column(Text)
    records: Mapped[int] = mapped_column(Integer)
    problems: Mapped[int] = mapped_column(Integer)
    problem: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
