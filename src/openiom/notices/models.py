"""Tables of notices."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from openiom.platform.database import Base

SCHEMA = "notices"
PENDING, SENT, FAILED, UNSENT = "pending", "sent", "failed", "unsent"
STATES = (PENDING, SENT, FAILED, UNSENT)

Moment = DateTime(timezone=True)


class Notice(Base):
    """An e-mail to the customer of an order.

    `cause` is the event, the step of a flow or the request that the notice was written for.
    `due_at` is the next attempt of a pending notice; while a worker sends it, the end of its lease.
    """

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("cause", "template", "recipient"),
        CheckConstraint("state IN ('pending', 'sent', 'failed', 'unsent')", name="state"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_at"),
        Index("ix_notice_order", "order_id", "id"),
        Index("ix_notice_due", "due_at", postgresql_where=text("state = 'pending'")),
        {"schema": SCHEMA},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.order.id"))
    cause: Mapped[str] = mapped_column(Text)
    template: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    recipient: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    body_text: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)


class NoticeOptOut(Base):
    """An order whose customer receives no notices."""

    __tablename__ = "opt_out"
    __table_args__ = {"schema": SCHEMA}

    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.order.id"), primary_key=True)
