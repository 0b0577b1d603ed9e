"""Stock balances, their append-only ledger, and soft reservations."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from openiom.platform.database import Base

ROOM = "inventory_visibility"
Quantity = Numeric(18, 4)


class Stock(Base):
    """One stock key: what stands at a source, and how much of it is already promised."""

    __tablename__ = "stock"
    __table_args__ = (
        UniqueConstraint("organization", "product", "source", "dimensions"),
        CheckConstraint("reserved >= 0 AND (reserved <= on_hand OR oversell)", name="never_promise_twice"),
        Index("ix_stock_product_source", "product", "source"),
        {"schema": ROOM},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    organization: Mapped[str] = mapped_column(Text, server_default="")
    product: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    dimensions: Mapped[str] = mapped_column(Text, server_default="")
    on_hand: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    reserved: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    oversell: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class LedgerEntry(Base):
    """Why a balance moved. Never changed, never removed."""

    __tablename__ = "ledger_entry"
    __table_args__ = (Index("ix_ledger_entry_stock", "stock_id", "id"), {"schema": ROOM})

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    stock_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(f"{ROOM}.stock.id"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    measure: Mapped[str] = mapped_column(Text)
    delta: Mapped[Decimal] = mapped_column(Quantity)
    cause: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)


class Reservation(Base):
    """A soft reservation for one order line at one stock key. `open` units still hold stock."""

    __tablename__ = "reservation"
    __table_args__ = (
        CheckConstraint("open >= 0 AND open + shipped + released = quantity", name="reservation_adds_up"),
        Index("ix_reservation_line", "line_id"),
        Index("ix_reservation_open", "stock_id", postgresql_where=text("open > 0")),
        {"schema": ROOM},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    stock_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(f"{ROOM}.stock.id"))
    line_id: Mapped[UUID]
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    open: Mapped[Decimal] = mapped_column(Quantity)
    shipped: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    released: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


APPEND_ONLY = """
CREATE OR REPLACE FUNCTION inventory_visibility.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the stock ledger is append-only'; END $$;
CREATE OR REPLACE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE ON inventory_visibility.ledger_entry
FOR EACH STATEMENT EXECUTE FUNCTION inventory_visibility.refuse_change();
"""
event.listen(LedgerEntry.__table__, "after_create", DDL(APPEND_ONLY))  # type: ignore[no-untyped-call]
