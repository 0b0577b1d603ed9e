"""Stock balances, their measures, the append-only ledger with its daily chain, and soft reservations."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from openiom.platform.database import Base

ROOM = "inventory_visibility"
Quantity = Numeric(18, 4)
ROOM_FOR_UPDATES = {"fillfactor": 70}
"""Balances move all day: a page with room takes the new row version without touching an index."""


class Stock(Base):
    """One stock key: what stands at a source, and how much of it is already promised.

    `on_hand` is the signed sum of the measures that supply, `reserved` that of the soft reservations. `covered` is
    the part of `reserved` that stands on deeper rows (a reservation of "any color" on red and blue units);
    `overdraft` is the part that stands on nothing, because a document said it may, or the units turned out missing.
    """

    __tablename__ = "stock"
    __table_args__ = (
        UniqueConstraint("organization", "product", "source", "dimensions"),
        CheckConstraint(
            "reserved >= 0 AND (reserved <= on_hand + overdraft + covered OR oversell)",
            name="never_promise_twice",
        ),
        CheckConstraint(
            "overdraft >= 0 AND covered >= 0 AND safety_stock >= 0", name="nothing_below_zero"
        ),
        Index("ix_stock_product_source", "product", "source"),
        {"schema": ROOM, "postgresql_with": ROOM_FOR_UPDATES},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    organization: Mapped[str] = mapped_column(Text, server_default="")
    product: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    dimensions: Mapped[str] = mapped_column(Text, server_default="")
    dimension_values: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'"))
    on_hand: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    reserved: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    overdraft: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    covered: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    safety_stock: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    oversell: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class MeasureBalance(Base):
    """One physical measure of one source system at one stock key, e.g. (`pos`, `posinbound`)."""

    __tablename__ = "measure_balance"
    __table_args__ = ({"schema": ROOM, "postgresql_with": ROOM_FOR_UPDATES},)

    stock_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(f"{ROOM}.stock.id"), primary_key=True
    )
    data_source: Mapped[str] = mapped_column(Text, primary_key=True)
    measure: Mapped[str] = mapped_column(Text, primary_key=True)
    quantity: Mapped[Decimal] = mapped_column(Quantity)


class LedgerEntry(Base):
    """Why a balance moved. Never changed, never removed.

    `delta` moves the measure; `on_hand_sign` and `reserved_sign` (-1, 0, 1) say how it moved the stock row beside it.
    Entries without a data source move the stock row alone (`overdraft`, and `on_hand` when a formula changed).
    No foreign key: checking it costs a quarter of a bulk change, stock rows are never deleted, and the invariant
    `ledger_makes_the_balance` names an entry without one.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        Index("ix_ledger_entry_stock", "stock_id", "id"),
        Index(
            "uq_ledger_entry_event",
            "event_id",
            unique=True,
            postgresql_where=text("event_id IS NOT NULL"),
        ),
        {"schema": ROOM},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    stock_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    data_source: Mapped[str] = mapped_column(Text, server_default="iom")
    measure: Mapped[str] = mapped_column(Text)
    delta: Mapped[Decimal] = mapped_column(Quantity)
    on_hand_sign: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    reserved_sign: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    cause: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    event_id: Mapped[str | None] = mapped_column(Text)


class LedgerBlock(Base):
    """Sealed entries `first_id`..`last_id`: the id and digest (16 bytes) of each, and one hash over all of them."""

    __tablename__ = "ledger_block"
    __table_args__ = (Index("ix_ledger_block_day", "day", "first_id"), {"schema": ROOM})

    first_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    last_id: Mapped[int] = mapped_column(BigInteger)
    day: Mapped[date] = mapped_column(Date, ForeignKey(f"{ROOM}.ledger_day.day"))
    ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    digests: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class LedgerDay(Base):
    """A link of the chain: the hash of all blocks of a day and of the day before. `sealed_at` ends the sealing."""

    __tablename__ = "ledger_day"
    __table_args__ = ({"schema": ROOM},)

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    first_id: Mapped[int] = mapped_column(BigInteger)
    last_id: Mapped[int] = mapped_column(BigInteger)
    entries: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary, server_default=text("''::bytea"))
    hash: Mapped[bytes] = mapped_column(LargeBinary, server_default=text("''::bytea"))
    sealed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class LedgerCheckpoint(Base):
    """What the ledger adds up to at a stock key, up to and with `entry_id`; the checker goes on from there."""

    __tablename__ = "ledger_checkpoint"
    __table_args__ = ({"schema": ROOM},)

    stock_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(f"{ROOM}.stock.id"), primary_key=True
    )
    entry_id: Mapped[int] = mapped_column(BigInteger)
    sums: Mapped[dict[str, Any]] = mapped_column(JSONB)


class LedgerCheck(Base):
    """Where the checker stands: one row. Stock ids and sealed blocks are gone through round after round."""

    __tablename__ = "ledger_check"
    __table_args__ = (CheckConstraint("id = 1", name="one_checker"), {"schema": ROOM})

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    stock_id: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    block_id: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    round_began_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    checked_through: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    chain_checked_through: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class LedgerDrift(Base):
    """A row that is not what the ledger says: found by the checker, kept until it agrees again."""

    __tablename__ = "ledger_drift"
    __table_args__ = ({"schema": ROOM},)

    what: Mapped[str] = mapped_column(Text, primary_key=True)
    row_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    column: Mapped[str] = mapped_column(Text, primary_key=True)
    stands: Mapped[str] = mapped_column(Text)
    should_be: Mapped[str] = mapped_column(Text)
    found_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Reservation(Base):
    """A soft reservation at one stock key, of an order line or of an outside request. `open` units still hold stock.

    `reference` stands for the product and its dimension values; `document` is the order number or request id.
    `per_unit` is more than one, or the product another than the line's, when the line asks for a kit.
    """

    __tablename__ = "reservation"
    __table_args__ = (
        CheckConstraint(
            "open >= 0 AND open + shipped + released = quantity", name="reservation_adds_up"
        ),
        Index("ix_reservation_line", "line_id"),
        Index("ix_reservation_open", "stock_id", "id", postgresql_where=text("open > 0")),
        Index(
            "ix_reservation_expires",
            "expires_at",
            postgresql_where=text("open > 0 AND expires_at IS NOT NULL"),
        ),
        Index("ix_reservation_document", "document", postgresql_where=text("document <> ''")),
        {"schema": ROOM},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    stock_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(f"{ROOM}.stock.id"))
    line_id: Mapped[UUID | None]
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    open: Mapped[Decimal] = mapped_column(Quantity)
    shipped: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    released: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reference: Mapped[str] = mapped_column(Text, server_default="")
    data_source: Mapped[str] = mapped_column(Text, server_default="iv")
    measure: Mapped[str] = mapped_column(Text, server_default="softreservordered")
    document: Mapped[str] = mapped_column(Text, server_default="")
    per_unit: Mapped[int] = mapped_column(Integer, server_default=text("1"))


APPEND_ONLY = """
CREATE OR REPLACE FUNCTION inventory_visibility.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the stock ledger is append-only'; END $$;
CREATE OR REPLACE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE ON inventory_visibility.ledger_entry
FOR EACH STATEMENT EXECUTE FUNCTION inventory_visibility.refuse_change();
"""
event.listen(LedgerEntry.__table__, "after_create", DDL(APPEND_ONLY))  # type: ignore[no-untyped-call]
