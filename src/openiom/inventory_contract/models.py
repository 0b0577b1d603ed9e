"""Tables of the contract: watermarks of set quantities, adjustments, jobs and feed files."""

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

SCHEMA = "inventory_contract"
Quantity = Numeric(18, 4)


class MeasureWatermark(Base):
    """The time of the newest value that was set for a measure; older values are ignored."""

    __tablename__ = "measure_watermark"
    __table_args__ = ({"schema": SCHEMA},)

    organization: Mapped[str] = mapped_column(Text, primary_key=True)
    product: Mapped[str] = mapped_column(Text, primary_key=True)
    source: Mapped[str] = mapped_column(Text, primary_key=True)
    dimensions: Mapped[str] = mapped_column(Text, primary_key=True)
    data_source: Mapped[str] = mapped_column(Text, primary_key=True)
    measure: Mapped[str] = mapped_column(Text, primary_key=True)
    modified_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class AdjustmentRecord(Base):
    """An adjustment stored for the ERP. `iv_posted`: on hand was changed; `created`: it was not."""

    __tablename__ = "adjustment"
    __table_args__ = (
        UniqueConstraint("organization", "external_id"),
        CheckConstraint("status IN ('created', 'iv_posted')", name="ck_adjustment_status"),
        {"schema": SCHEMA},
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
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor: Mapped[str] = mapped_column(Text)


class ExportJob(Base):
    """A job that a client requested and a worker runs."""

    __tablename__ = "export_job"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'completed', 'failed')", name="ck_export_job_state"),
        Index("ix_export_job_queued", "created_at", postgresql_where=text("state = 'queued'")),
        {"schema": SCHEMA},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    request: Mapped[dict[str, Any]] = mapped_column(JSONB)
    result: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    message: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    actor: Mapped[str] = mapped_column(Text)


class ExportJobPart(Base):
    """A part of the file that a job wrote, in order of `number`; a part contains whole lines."""

    __tablename__ = "export_job_part"
    __table_args__ = ({"schema": SCHEMA},)

    job_id: Mapped[UUID] = mapped_column(
        ForeignKey(f"{SCHEMA}.export_job.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    content: Mapped[str] = mapped_column(Text)


class FeedFile(Base):
    """A file of the inventory feed by name and digest, posted or refused as a whole.

    `problem` is the first of its problems.
    """

    __tablename__ = "feed_file"
    __table_args__ = (
        UniqueConstraint("name", "digest"),
        CheckConstraint("state IN ('done', 'error')", name="ck_feed_file_state"),
        {"schema": SCHEMA},
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
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
