"""The data pipeline's tables: instances, checkpoints, the inbox, id mappings and the outbound call log."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from openiom.platform.database import Base

ROOM = "providers"
Instant = DateTime(timezone=True)


class ProviderInstance(Base):
    """Read model of the `provider_instance` documents, and what the last probe and poll found."""

    __tablename__ = "provider_instance"
    __table_args__ = {"schema": ROOM}

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    provider: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    mapping_group: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(Boolean)
    poll_seconds: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text, server_default="untested")
    account: Mapped[str] = mapped_column(Text, server_default="")
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    missing_scopes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    error: Mapped[str] = mapped_column(Text, server_default="")
    probed_at: Mapped[datetime | None] = mapped_column(Instant)
    next_probe_at: Mapped[datetime | None] = mapped_column(Instant)
    last_poll_at: Mapped[datetime | None] = mapped_column(Instant)
    next_poll_at: Mapped[datetime | None] = mapped_column(Instant)
    poll_failures: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    poll_asked: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    poll_lease: Mapped[UUID | None]
    poll_lease_until: Mapped[datetime | None] = mapped_column(Instant)
    last_error: Mapped[str] = mapped_column(Text, server_default="")


class Checkpoint(Base):
    """Where a poll of one kind of message resumes."""

    __tablename__ = "checkpoint"
    __table_args__ = {"schema": ROOM}

    instance: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)


class Message(Base):
    """The inbox: whatever arrived, as it arrived, acknowledged only once it stands here."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("instance", "kind", "key", "version", name="one_row_a_message"),
        Index("ix_message_waiting", "id", postgresql_where=text("state = 'received'")),
        Index(
            "ix_message_elders",
            "instance",
            "kind",
            "key",
            "id",
            postgresql_where=text("state = 'received'"),
        ),
        Index(
            "ix_message_state",
            "state",
            "id",
            postgresql_where=text("state IN ('parked', 'discarded')"),
        ),
        {"schema": ROOM},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    instance: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(Text)
    sequence: Mapped[int] = mapped_column(BigInteger)
    payload: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    deliveries: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    received_at: Mapped[datetime] = mapped_column(Instant)
    processed_at: Mapped[datetime | None] = mapped_column(Instant)
    entity_id: Mapped[str] = mapped_column(Text, server_default="")
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class UnmappedKey(Base):
    """A lookup a parked message waits for."""

    __tablename__ = "missing_key"
    __table_args__ = (
        Index("ix_missing_key_lookup", "table_name", "field", "value"),
        {"schema": ROOM},
    )

    message_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(f"{ROOM}.message.id", ondelete="CASCADE"), primary_key=True
    )
    table_name: Mapped[str] = mapped_column(Text, primary_key=True)
    field: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[str] = mapped_column(Text, primary_key=True)
    instance: Mapped[str] = mapped_column(Text)


class IdMapping(Base):
    """One outside key of one of our records. Exact match; an instance's own beats its group's beats the default."""

    __tablename__ = "id_mapping"
    __table_args__ = (
        Index("ix_id_mapping_internal", "table_name", "field", "internal"),
        {"schema": ROOM},
    )

    table_name: Mapped[str] = mapped_column(Text, primary_key=True)
    field: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[str] = mapped_column(Text, primary_key=True)
    scope: Mapped[str] = mapped_column(Text, primary_key=True)
    scope_name: Mapped[str] = mapped_column(Text, primary_key=True)
    internal: Mapped[str] = mapped_column(Text)


class OutboundRequestRow(Base):
    """One HTTP exchange with the outside, for people who must find out what happened; also a refused webhook call."""

    __tablename__ = "outside_call"
    __table_args__ = (Index("ix_outside_call_instance", "instance", "id"), {"schema": ROOM})

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    instance: Mapped[str] = mapped_column(Text)
    method: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    status: Mapped[int | None] = mapped_column(Integer)
    milliseconds: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime] = mapped_column(Instant)
    attempt: Mapped[int] = mapped_column(Integer)
    action: Mapped[str] = mapped_column(Text, server_default="")
    error: Mapped[str] = mapped_column(Text)
