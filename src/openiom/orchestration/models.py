"""Tables of the package. A waiting order costs one token row and one flow run row."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Float,
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

_SCHEMA = {"schema": "orchestration"}
_TIMESTAMP = DateTime(timezone=True)


class Flow(Base):
    """A flow: the version that new flow runs use, and whether it is active or paused."""

    __tablename__ = "flow"
    __table_args__ = _SCHEMA

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    version_id: Mapped[int] = mapped_column(Integer)
    active: Mapped[bool]
    paused: Mapped[bool] = mapped_column(server_default=text("false"))
    changed_at: Mapped[datetime] = mapped_column(_TIMESTAMP)


class FlowVersion(Base):
    """A published version; immutable."""

    __tablename__ = "flow_version"
    __table_args__ = (UniqueConstraint("name", "version"), _SCHEMA)

    id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    plan: Mapped[dict[str, Any]] = mapped_column(JSONB)
    awaits: Mapped[list[str]] = mapped_column(ARRAY(Text))
    published_at: Mapped[datetime] = mapped_column(_TIMESTAMP)


class FlowRun(Base):
    """One subject in one flow version.

    parallel_key   '' for the flow that an event starts exclusively, else the parallel flow's name:
                   one event starts each flow once, and at most one flow exclusively
    joined_splits  joins of which the first branch has passed
    """

    __tablename__ = "flow_run"
    __table_args__ = (
        UniqueConstraint(
            "subject_id", "trigger_event_id", "parallel_key", name="uq_flow_run_start_once"
        ),
        Index("ix_flow_run_root_id", "root_id"),
        CheckConstraint(
            "state IN ('running', 'failed', 'completed', 'canceled')", name="ck_flow_run_state"
        ),
        _SCHEMA,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    flow_version_id: Mapped[int] = mapped_column(Integer)
    flow: Mapped[str] = mapped_column(Text)
    parallel_key: Mapped[str] = mapped_column(Text)
    subject_type: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[UUID]
    root_id: Mapped[UUID]
    trigger_event_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(_TIMESTAMP)
    finished_at: Mapped[datetime | None] = mapped_column(_TIMESTAMP)
    joined_splits: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))


class TokenRow(Base):
    """The position of a flow run. It is due at `due_at`, and asleep without it.

    step_result         how its step ended while it waited: {"port", "reason", "duration_ms",
                        "details"}; null enters the step; {"due": true} while held after its wait
                        or delay was over
    split_path          the splits it is inside of, innermost last, as "<splitter>:<split>"
    since_id            id of the trigger's event; earlier events do not satisfy a wait
    consumed_event_ids  ids of the events that its waits have used
    generation          which visit of a provider action it is at; 0 when it is at none
    """

    __tablename__ = "token"
    __table_args__ = (
        Index("ix_token_due", "due_at", "id", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_token_awaits_subject", "subject_id", postgresql_where=text("awaits IS NOT NULL")),
        Index("ix_token_flow_run_id", "run_id"),
        Index(
            "ix_token_stopped",
            "flow_version_id",
            "id",
            postgresql_where=text("state IN ('failed', 'held')"),
        ),
        Index("ix_token_failed_run", "run_id", postgresql_where=text("state = 'failed'")),
        Index(
            "ix_token_failed_since",
            "entered_at",
            "run_id",
            postgresql_where=text("state = 'failed'"),
        ),
        CheckConstraint("state IN ('ready', 'waiting', 'held', 'failed')", name="ck_token_state"),
        CheckConstraint("state <> 'ready' OR due_at IS NOT NULL", name="ck_token_ready_is_due"),
        CheckConstraint("state <> 'failed' OR error IS NOT NULL", name="ck_token_failed_has_error"),
        _SCHEMA,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID]
    flow_version_id: Mapped[int] = mapped_column(Integer)
    subject_id: Mapped[UUID]
    root_id: Mapped[UUID]
    step: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime | None] = mapped_column(_TIMESTAMP)
    awaits: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    step_result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    split_path: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    since_id: Mapped[int] = mapped_column(BigInteger)
    consumed_event_ids: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger), server_default=text("'{}'")
    )
    generation: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    entered_at: Mapped[datetime] = mapped_column(_TIMESTAMP)


class StepResult(Base):
    """What a token did in one batch: a list of {step, port, reason, details, duration_ms}."""

    __tablename__ = "step_result"
    __table_args__ = (Index("ix_step_result_flow_run_id", "run_id"), _SCHEMA)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    run_id: Mapped[UUID]
    recorded_at: Mapped[datetime] = mapped_column(_TIMESTAMP)
    entries: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


class StepTally(Base):
    """How many tokens left which step by which port in one batch: {step: {port: n}}."""

    __tablename__ = "step_tally"
    __table_args__ = (Index("ix_step_tally_flow_recorded_at", "flow", "recorded_at"), _SCHEMA)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    flow: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(_TIMESTAMP)
    counts: Mapped[dict[str, dict[str, int]]] = mapped_column(JSONB)


class ProviderCall(Base):
    """A call in the outbound queue.

    key           the idempotency key: the same on every retry and every reprocess
    deferrals     how often the provider asked us to wait; those do not count as attempts
    event_raised  whether the event of a final outcome was raised
    """

    __tablename__ = "provider_call"
    __table_args__ = (
        UniqueConstraint("key", name="uq_provider_call_key"),
        Index("ix_provider_call_due", "due_at", postgresql_where=text("state = 'ready'")),
        Index(
            "ix_provider_call_group_due",
            "instance",
            "action",
            "due_at",
            postgresql_where=text("state = 'ready'"),
        ),
        Index("ix_provider_call_on_hold", "instance", postgresql_where=text("state = 'held'")),
        Index("ix_provider_call_lease", "lease_until", postgresql_where=text("state = 'leased'")),
        Index("ix_provider_call_token", "token_id"),
        Index("ix_provider_call_run", "run_id"),
        CheckConstraint(
            "state IN ('ready', 'leased', 'done', 'failed', 'held', 'canceled')",
            name="ck_provider_call_state",
        ),
        _SCHEMA,
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(Text)
    instance: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    entity: Mapped[str] = mapped_column(Text)
    entity_id: Mapped[UUID]
    flow: Mapped[str] = mapped_column(Text)
    run_id: Mapped[UUID]
    token_id: Mapped[UUID]
    step: Mapped[str] = mapped_column(Text)
    generation: Mapped[int] = mapped_column(Integer)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(_TIMESTAMP)
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    max_attempts: Mapped[int] = mapped_column(Integer)
    deferrals: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    first_delay_seconds: Mapped[float] = mapped_column(Float)
    lease_until: Mapped[datetime | None] = mapped_column(_TIMESTAMP)
    response: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    external_id: Mapped[str] = mapped_column(Text, server_default=text("''"))
    event_raised: Mapped[bool] = mapped_column(server_default=text("false"))
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    duration_ms: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(_TIMESTAMP)
    finished_at: Mapped[datetime | None] = mapped_column(_TIMESTAMP)
