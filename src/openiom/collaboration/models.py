"""Tables of notes, mentions and watched orders."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, DateTime, ForeignKey, Index, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from openiom.platform.database import Base

SCHEMA = "collaboration"
MAX_TEXT = 5_000
"""Most characters of a note."""

Moment = DateTime(timezone=True)


class Note(Base):
    """What a person wrote about an order."""

    __tablename__ = "note"
    __table_args__ = (
        Index("ix_note_order", "order_id", "pinned", "id"),
        CheckConstraint(f"char_length(text) BETWEEN 1 AND {MAX_TEXT}", name="ck_note_text"),
        {"schema": SCHEMA},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.order.id"))
    author: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    pinned: Mapped[bool] = mapped_column(Boolean, server_default=false())
    written_at: Mapped[datetime] = mapped_column(Moment)
    edited_at: Mapped[datetime | None] = mapped_column(Moment)


class Mention(Base):
    """A person named in a note, by the e-mail address of the user in lower case."""

    __tablename__ = "mention"
    __table_args__ = (
        Index("ix_mention_unread", "recipient", postgresql_where=text("read_at IS NULL")),
        {"schema": SCHEMA},
    )

    recipient: Mapped[str] = mapped_column(Text, primary_key=True)
    note_id: Mapped[UUID] = mapped_column(
        ForeignKey(f"{SCHEMA}.note.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    read_at: Mapped[datetime | None] = mapped_column(Moment)


class Watch(Base):
    """An order that a user watches, and when the user last looked at it."""

    __tablename__ = "watch"
    __table_args__ = {"schema": SCHEMA}

    watcher: Mapped[str] = mapped_column(Text, primary_key=True)
    order_id: Mapped[UUID] = mapped_column(
        ForeignKey("orders.order.id"), primary_key=True, index=True
    )
    since: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)
