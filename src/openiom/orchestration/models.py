"""Where every subject stands. A waiting order costs one token row, and one flow run row."""

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
_AT = DateTime(timezone=True)


class Flow(Base):
    """A flow's switchboard: the version new flow runs take, and whether it runs."""

    __tablename__ = "flow"
    __table_args__ = _SCHEMA

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    version_id: Mapped[int] = mapped_column(Integer)
    active: Mapped[bool]
    paused: Mapped[bool] = mapped_column(server_default=text("false"))
    changed_at: Mapped[datetime] = mapped_column(_AT)


class FlowVersion(Base):
    """A published version; never changed."""

    __tablename__ = "flow_version"
    __table_args__ = (UniqueConstraint("name", "version"), _SCHEMA)

    id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    plan: Mapped[dict[str, Any]] = mapped_column(JSONB)
    awaits: Mapped[list[str]] = mapped_column(ARRAY(Text))
    published_at: Mapped[datetime] = mapped_column(_AT)


class FlowRun(Base):
    """One subject in one flow version. `lane` is '' for the flow that took the subject, else an `also` flow's name:
    one event starts a flow once, and one exclusive flow at most."""

    __tablename__ = "flow_run"
    __table_args__ = (
        UniqueConstraint("subject_id", "trigger_event_id", "lane", name="uq_flow_run_start_once"),
        Index("ix_flow_run_root_id", "root_id"),
        CheckConstraint(
            "state IN ('running', 'failed', 'completed', 'canceled')", name="ck_flow_run_state"
        ),
        _SCHEMA,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    flow_version_id: Mapped[int] = mapped_column(Integer)
    flow: Mapped[str] = mapped_column(Text)
    lane: Mapped[str] = mapped_column(Text)
    subject_type: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[UUID]
    root_id: Mapped[UUID]
    trigger_event_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(_AT)
    finished_at: Mapped[datetime | None] = mapped_column(_AT)
    passed: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))


class Token(Base):
    """Where a flow run stands. Due when `due_at` has come; asleep without it.

    arrived   how the step it stands at ended meanwhile: {"port", "reason", "ms", "details"}; null enters the step;
              {"due": true} while held after its wait or delay was over
    frames    the splits it came through, innermost last, as "<splitter>:<split>"
    consumed  ids of the events its waits have used; `since_id` is the trigger's, before which nothing counts
    visit     which visit of the provider action it stands at; 0 when none
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
        CheckConstraint("state IN ('ready', 'waiting', 'held', 'failed')", name="ck_token_state"),
        CheckConstraint("state <> 'ready' OR due_at IS NOT NULL", name="ck_token_ready_is_due"),
        CheckConstraint("state <> 'failed' OR error IS NOT NULL", name="ck_token_failed_says_why"),
        _SCHEMA,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID]
    flow_version_id: Mapped[int] = mapped_column(Integer)
    subject_id: Mapped[UUID]
    root_id: Mapped[UUID]
    step: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime | None] = mapped_column(_AT)
    awaits: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    arrived: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    frames: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    since_id: Mapped[int] = mapped_column(BigInteger)
    consumed: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=text("'{}'"))
    visit: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    entered_at: Mapped[datetime] = mapped_column(_AT)


class StepResult(Base):
    """What a token went through in one wave: a list of {step, port, reason, details, ms}."""

    __tablename__ = "step_result"
    __table_args__ = (Index("ix_step_result_flow_run_id", "run_id"), _SCHEMA)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    run_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(_AT)
    entries: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


class StepTally(Base):
    """How many tokens left which step by which port in one wave: {step: {port: n}}."""

    __tablename__ = "step_tally"
    __table_args__ = (Index("ix_step_tally_flow_at", "flow", "at"), _SCHEMA)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    flow: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(_AT)
    counts: Mapped[dict[str, dict[str, int]]] = mapped_column(JSONB)


class ProviderActionRow(Base):
    """The outbound queue. `key` is the idempotency key: the same on every retry and every reprocess."""

    __tablename__ = "provider_call"
    __table_args__ = (
        UniqueConstraint("key", name="uq_provider_action_key"),
        Index("ix_provider_action_due", "due_at", postgresql_where=text("state = 'ready'")),
        Index(
            "ix_provider_action_group_due",
            "instance",
            "action",
            "due_at",
            postgresql_where=text("state = 'ready'"),
        ),
        Index("ix_provider_action_lease", "lease_until", postgresql_where=text("state = 'leased'")),
        Index("ix_provider_action_token", "token_id"),
        CheckConstraint(
            "state IN ('ready', 'leased', 'done', 'failed', 'held', 'canceled')",
            name="ck_provider_action_state",
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
    visit: Mapped[int] = mapped_column(Integer)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(_AT)
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    max_attempts: Mapped[int] = mapped_column(Integer)
    waits: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    first_delay_seconds: Mapped[float] = mapped_column(Float)
    lease_until: Mapped[datetime | None] = mapped_column(_AT)
    response: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    external_id: Mapped[str] = mapped_column(Text, server_default=text("''"))
    announced: Mapped[bool] = mapped_column(server_default=text("false"))
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    ms: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(_AT)
    finished_at: Mapped[datetime | None] = mapped_column(_AT)
