"""Tables of the business event log and of the positions of its readers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    FetchedValue,
    Identity,
    Index,
    PrimaryKeyConstraint,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from .database import Base


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


class PgSnapshot(UserDefinedType[str]):
    """The transactions that had ended at a moment."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "pg_snapshot"


class BusinessEvent(Base):
    """One event of the log."""

    __tablename__ = "business_event"
    __table_args__ = (
        PrimaryKeyConstraint("xid", "id", "occurred_at"),
        Index("ix_business_event_root_id", "root_id", "id"),
        {"schema": "platform", "postgresql_partition_by": "RANGE (occurred_at)"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    xid: Mapped[int] = mapped_column(Xid8, server_default=func.pg_current_xact_id())
    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    name: Mapped[str] = mapped_column(Text)
    subject_type: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[UUID]
    root_id: Mapped[UUID]
    actor: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)


class EventConsumer(Base):
    """A named reader and its position.

    seen            it has read the events of the transactions that this snapshot sees
    xid, event_id   it has also read the events of one more transaction up to this id
    """

    __tablename__ = "event_consumer"
    __table_args__ = {"schema": "platform"}

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    seen: Mapped[str] = mapped_column(PgSnapshot, server_default=text("'1:1:'::pg_snapshot"))
    xid: Mapped[int] = mapped_column(Xid8, server_default=text("'0'::xid8"))
    event_id: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), server_onupdate=FetchedValue()
    )


class EventBacklog(Base):
    """An event of a restored log that a consumer had not read when the log was rebased."""

    __tablename__ = "event_backlog"
    __table_args__ = (PrimaryKeyConstraint("consumer", "event_id"), {"schema": "platform"})

    consumer: Mapped[str] = mapped_column(Text)
    event_id: Mapped[int] = mapped_column(BigInteger)
    xid: Mapped[int] = mapped_column(Xid8)
    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
