"""Tables of stock balances, measures, the append-only ledger, its daily chain, and reservations."""

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

SCHEMA = "inventory_visibility"
Quantity = Numeric(18, 4)
UPDATED_OFTEN = {"fillfactor": 70}
"""Leaves free space in each page, so that an update of a balance does not touch an index."""


class Stock(Base):
    """The balance of one stock key: a product at a source, with further dimensions.

    `on_hand` is the signed sum of the supplying measures and `reserved` the sum of the open soft
    reservations. Two columns say what `reserved` rests on beyond the row's own units:
    `backed_by_variants` is the part that deeper rows supply (a reservation of any color that red
    and blue units cover), and `overdraft` the part without any units, because a document allowed it
    or because units turned out to be missing.
    """

    __tablename__ = "stock"
    __table_args__ = (
        UniqueConstraint("organization", "product", "source", "dimensions"),
        CheckConstraint(
            "reserved >= 0 AND (reserved <= on_hand + overdraft + backed_by_variants OR oversell)",
            name="ck_stock_never_promise_twice",
        ),
        CheckConstraint(
            "overdraft >= 0 AND backed_by_variants >= 0 AND safety_stock >= 0",
            name="ck_stock_not_negative",
        ),
        Index("ix_stock_product_source", "product", "source"),
        {"schema": SCHEMA, "postgresql_with": UPDATED_OFTEN},
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
    backed_by_variants: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    safety_stock: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    oversell: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class MeasureBalance(Base):
    """The balance of one physical measure of one source system, e.g. (`pos`, `posinbound`)."""

    __tablename__ = "measure_balance"
    __table_args__ = ({"schema": SCHEMA, "postgresql_with": UPDATED_OFTEN},)

    stock_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(f"{SCHEMA}.stock.id"), primary_key=True
    )
    data_source: Mapped[str] = mapped_column(Text, primary_key=True)
    measure: Mapped[str] = mapped_column(Text, primary_key=True)
    quantity: Mapped[Decimal] = mapped_column(Quantity)


class LedgerEntry(Base):
    """The reason a balance moved; append-only.

    `delta` moves the measure; `on_hand_sign` and `reserved_sign` (-1, 0, 1) say how it moves the
    stock row as well. Entries without a data source move the stock row alone (`overdraft`,
    `backed_by_variants`, and `on_hand` when a formula changed).

    There is no foreign key to the stock row: checking it costs a quarter of a bulk change, stock
    rows are never deleted, and the invariant `ledger_adds_up_to_stock` finds an entry without one.
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
        {"schema": SCHEMA},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    stock_id: Mapped[int] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
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
    """Sealed entries `first_id` to `last_id`: id and digest (16 bytes) of each, and their hash."""

    __tablename__ = "ledger_block"
    __table_args__ = (Index("ix_ledger_block_day", "day", "first_id"), {"schema": SCHEMA})

    first_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    last_id: Mapped[int] = mapped_column(BigInteger)
    day: Mapped[date] = mapped_column(Date, ForeignKey(f"{SCHEMA}.ledger_day.day"))
    ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    digests: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class LedgerDay(Base):
    """One link of the chain: the hash over a day's blocks and the day before.

    `sealed_at` is null until all blocks of the day are written.
    """

    __tablename__ = "ledger_day"
    __table_args__ = ({"schema": SCHEMA},)

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    first_id: Mapped[int] = mapped_column(BigInteger)
    last_id: Mapped[int] = mapped_column(BigInteger)
    entries: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary, server_default=text("''::bytea"))
    hash: Mapped[bytes] = mapped_column(LargeBinary, server_default=text("''::bytea"))
    sealed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class LedgerCheckpoint(Base):
    """Sums of the ledger of one stock key through `entry_id`; reconciliation continues there."""

    __tablename__ = "ledger_checkpoint"
    __table_args__ = ({"schema": SCHEMA},)

    stock_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(f"{SCHEMA}.stock.id"), primary_key=True
    )
    entry_id: Mapped[int] = mapped_column(BigInteger)
    sums: Mapped[dict[str, Any]] = mapped_column(JSONB)


class LedgerCheck(Base):
    """The position of reconciliation (a single row), which cycles through stock rows and blocks."""

    __tablename__ = "ledger_check"
    __table_args__ = (
        CheckConstraint("id = 1", name="ck_ledger_check_single_row"),
        {"schema": SCHEMA},
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    stock_id: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    block_id: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    round_began_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    checked_through: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    chain_checked_through: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class LedgerDiscrepancy(Base):
    """A row that differs from the ledger; kept until reconciliation finds it equal again."""

    __tablename__ = "ledger_discrepancy"
    __table_args__ = ({"schema": SCHEMA},)

    what: Mapped[str] = mapped_column(Text, primary_key=True)
    row_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    column: Mapped[str] = mapped_column(Text, primary_key=True)
    actual: Mapped[str] = mapped_column(Text)
    expected: Mapped[str] = mapped_column(Text)
    found_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Reservation(Base):
    """A soft reservation at one stock key, of an order line or of an external request.

    `open` units still reserve stock. `reference` identifies the product with its dimension values;
    `document` is the order number or request id. When the line orders a kit, the stock key is that
    of a part and `per_unit` the number of parts in one kit.
    """

    __tablename__ = "reservation"
    __table_args__ = (
        CheckConstraint(
            "open >= 0 AND open + shipped + released = quantity",
            name="ck_reservation_adds_up",
        ),
        Index("ix_reservation_line", "line_id"),
        Index("ix_reservation_open", "stock_id", "id", postgresql_where=text("open > 0")),
        Index(
            "ix_reservation_expires",
            "expires_at",
            postgresql_where=text("open > 0 AND expires_at IS NOT NULL"),
        ),
        Index("ix_reservation_document", "document", postgresql_where=text("document <> ''")),
        {"schema": SCHEMA},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    stock_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(f"{SCHEMA}.stock.id"))
    line_id: Mapped[UUID | None]
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    open: Mapped[Decimal] = mapped_column(Quantity)
    shipped: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    released: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reference: Mapped[str] = mapped_column(Text, server_default="")
    data_source: Mapped[str] = mapped_column(Text, server_default="iv")
    measure: Mapped[str] = mapped_column(Text, server_default="softreservordered")
    document: Mapped[str] = mapped_column(Text, server_default="")
    per_unit: Mapped[int] = mapped_column(Integer, server_default=text("1"))


_APPEND_ONLY = """
CREATE OR REPLACE FUNCTION inventory_visibility.refuse_change()
RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '%% is append-only', TG_TABLE_NAME; END $$;
CREATE OR REPLACE TRIGGER {table}_is_append_only
BEFORE UPDATE OR DELETE ON inventory_visibility.{table}
FOR EACH STATEMENT EXECUTE FUNCTION inventory_visibility.refuse_change();
"""


def make_append_only(model: type[Base]) -> None:
    """Make PostgreSQL refuse updates and deletions in the table of `model`."""
    statement = DDL(_APPEND_ONLY.format(table=model.__tablename__))  # type: ignore[no-untyped-call]
    event.listen(model.__table__, "after_create", statement)


make_append_only(LedgerEntry)
