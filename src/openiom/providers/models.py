"""Tables of the package: instances, checkpoints, the inbox, id mappings and the outbound log."""

from datetime import datetime
from decimal import Decimal
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
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from openiom.platform.database import Base

SCHEMA = "providers"
Instant = DateTime(timezone=True)


class ProviderInstanceRow(Base):
    """Read model of a `provider_instance` document, with the results of its last probe and poll."""

    __tablename__ = "provider_instance"
    __table_args__ = {"schema": SCHEMA}

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    provider: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    mapping_group: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(Boolean)
    paused_at: Mapped[datetime | None] = mapped_column(Instant)
    paused_by: Mapped[str] = mapped_column(Text, server_default="")
    poll_seconds: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text, server_default="untested")
    account: Mapped[str] = mapped_column(Text, server_default="")
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    missing_scopes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    error: Mapped[str] = mapped_column(Text, server_default="")
    red_since: Mapped[datetime | None] = mapped_column(Instant)
    probed_at: Mapped[datetime | None] = mapped_column(Instant)
    next_probe_at: Mapped[datetime | None] = mapped_column(Instant)
    last_poll_at: Mapped[datetime | None] = mapped_column(Instant)
    next_poll_at: Mapped[datetime | None] = mapped_column(Instant)
    poll_failures: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    poll_requested: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    poll_lease: Mapped[UUID | None]
    poll_lease_until: Mapped[datetime | None] = mapped_column(Instant)
    last_error: Mapped[str] = mapped_column(Text, server_default="")


class Checkpoint(Base):
    """Where the next poll of one message kind continues."""

    __tablename__ = "checkpoint"
    __table_args__ = {"schema": SCHEMA}

    instance: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Instant)


class Message(Base):
    """The inbox: every received message as it arrived, stored before it is acknowledged.

    `fallback` is a document of its provider, processed if the message itself cannot be.
    `sender` is who sent it to our own API, empty for a provider. `search_text` is what a parked
    message is found by, `total_amount` what its order costs.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("instance", "kind", "key", "version", name="uq_message_identity"),
        Index("ix_message_received", "id", postgresql_where=text("state = 'received'")),
        Index(
            "ix_message_received_key",
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
            postgresql_where=text("state IN ('parked', 'discarded', 'on_hold')"),
        ),
        Index(
            "ix_message_key",
            "state",
            "key",
            "id",
            postgresql_where=text("state IN ('parked', 'discarded', 'on_hold')"),
        ),
        Index(
            "ix_message_instance",
            "state",
            "instance",
            "id",
            postgresql_where=text("state IN ('parked', 'discarded', 'on_hold')"),
        ),
        Index(
            "ix_message_total",
            "state",
            text("COALESCE(total_amount, 0::numeric)"),
            "id",
            postgresql_where=text("state IN ('parked', 'discarded', 'on_hold')"),
        ),
        {"schema": SCHEMA},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    instance: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(Text)
    sequence: Mapped[int] = mapped_column(BigInteger)
    payload: Mapped[str] = mapped_column(Text)
    fallback: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    sender: Mapped[str] = mapped_column(Text, server_default="")
    state: Mapped[str] = mapped_column(Text)
    deliveries: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    received_at: Mapped[datetime] = mapped_column(Instant)
    processed_at: Mapped[datetime | None] = mapped_column(Instant)
    entity_id: Mapped[str] = mapped_column(Text, server_default="")
    search_text: Mapped[str] = mapped_column(Text, server_default="")
    total_amount: Mapped[Decimal | None] = mapped_column(Numeric(18, 4))
    currency: Mapped[str] = mapped_column(Text, server_default="")
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class ProcessingAttempt(Base):
    """A batch of messages in progress, or one whose process was lost."""

    __tablename__ = "processing_attempt"
    __table_args__ = {"schema": SCHEMA}

    id: Mapped[UUID] = mapped_column(primary_key=True)
    message_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    started_at: Mapped[datetime] = mapped_column(Instant)


class UnmappedKey(Base):
    """A lookup that a parked message waits for."""

    __tablename__ = "unmapped_key"
    __table_args__ = (
        Index("ix_unmapped_key_lookup", "table_name", "field", "value"),
        {"schema": SCHEMA},
    )

    message_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(f"{SCHEMA}.message.id", ondelete="CASCADE"), primary_key=True
    )
    table_name: Mapped[str] = mapped_column(Text, primary_key=True)
    field: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[str] = mapped_column(Text, primary_key=True)
    instance: Mapped[str] = mapped_column(Text)


class IdMapping(Base):
    """One external key of one of our records. See `mapping` for the precedence of scopes."""

    __tablename__ = "id_mapping"
    __table_args__ = (
        Index("ix_id_mapping_internal", "table_name", "field", "internal"),
        {"schema": SCHEMA},
    )

    table_name: Mapped[str] = mapped_column(Text, primary_key=True)
    field: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[str] = mapped_column(Text, primary_key=True)
    scope: Mapped[str] = mapped_column(Text, primary_key=True)
    scope_name: Mapped[str] = mapped_column(Text, primary_key=True)
    internal: Mapped[str] = mapped_column(Text)


class OutboundRequestRow(Base):
    """One HTTP exchange with another system, for troubleshooting; also a refused webhook call."""

    __tablename__ = "outbound_request"
    __table_args__ = (Index("ix_outbound_request_instance", "instance", "id"), {"schema": SCHEMA})

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
