"""Dated changes, supply documents, allocations to channels and customer groups, and what is kept back."""

from datetime import date, datetime
from decimal import Decimal
from typing import cast
from uuid import UUID

from sqlalchemy import (
    DDL,
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from openiom.inventory_visibility.models import ROOM, Quantity, Stock
from openiom.platform.database import Base

Moment = DateTime(timezone=True)


class ScheduleEvent(Base):
    """An id somebody scheduled under: the same one is never counted twice."""

    __tablename__ = "schedule_event"
    __table_args__ = ({"schema": ROOM},)

    event_id: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)


class ScheduleEntry(Base):
    """Why a dated balance moved. Never changed, never removed. `confidence` is how sure the date is, 0 to 1."""

    __tablename__ = "schedule_entry"
    __table_args__ = (
        CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence_is_a_share"),
        Index("ix_schedule_entry_stock", "stock_id", "day"),
        Index("ix_schedule_entry_event", "event_id"),
        {"schema": ROOM},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    event_id: Mapped[str] = mapped_column(Text, ForeignKey(f"{ROOM}.schedule_event.event_id"))
    stock_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(f"{ROOM}.stock.id"))
    day: Mapped[date] = mapped_column(Date)
    data_source: Mapped[str] = mapped_column(Text)
    measure: Mapped[str] = mapped_column(Text)
    delta: Mapped[Decimal] = mapped_column(Quantity)
    confidence: Mapped[Decimal] = mapped_column(Numeric(4, 3), server_default=text("1"))
    cause: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)


class ScheduleBalance(Base):
    """What is scheduled to change on a day, in one physical measure of one source system at one stock key."""

    __tablename__ = "schedule_balance"
    __table_args__ = ({"schema": ROOM, "postgresql_with": {"fillfactor": "80"}},)

    stock_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(f"{ROOM}.stock.id"), primary_key=True
    )
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    data_source: Mapped[str] = mapped_column(Text, primary_key=True)
    measure: Mapped[str] = mapped_column(Text, primary_key=True)
    quantity: Mapped[Decimal] = mapped_column(Quantity)


class SupplyOrder(Base):
    """A purchase or transfer order, as far as stock to come is concerned."""

    __tablename__ = "supply_order"
    __table_args__ = (UniqueConstraint("kind", "number"), {"schema": ROOM})

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)


class SupplyLine(Base):
    """
    Units that are to come to `source`; what is neither received nor closed short is scheduled on its day. What of a
    transfer has not left its `origin` is demand there on `ship_date`.
    """

    __tablename__ = "supply_line"
    __table_args__ = (
        UniqueConstraint("order_id", "line_number"),
        CheckConstraint(
            "quantity > 0 AND received >= 0 AND closed >= 0 AND closed <= quantity",
            name="counts_units",
        ),
        CheckConstraint(
            "shipped >= 0 AND demanded >= 0 AND (origin <> '' OR shipped = 0)",
            name="ships_from_somewhere",
        ),
        Index("ix_supply_line_product", "product", "source"),
        {"schema": ROOM},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey(f"{ROOM}.supply_order.id"))
    line_number: Mapped[int] = mapped_column(Integer)
    product: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    received: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    closed: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    scheduled: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    expected_date: Mapped[date] = mapped_column(Date)
    confidence: Mapped[Decimal] = mapped_column(Numeric(4, 3), server_default=text("1"))
    version: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    origin: Mapped[str] = mapped_column(Text, server_default="")
    ship_date: Mapped[date] = mapped_column(Date)
    shipped: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    demanded: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))


class SupplyReceipt(Base):
    """Units of a supply line that arrived. The same id is never received twice."""

    __tablename__ = "supply_receipt"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="something_arrived"),
        Index("ix_supply_receipt_line", "line_id"),
        {"schema": ROOM},
    )

    event_id: Mapped[str] = mapped_column(Text, primary_key=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey(f"{ROOM}.supply_line.id"))
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    at: Mapped[datetime] = mapped_column(Moment)
    actor: Mapped[str] = mapped_column(Text)


class SupplyShipment(Base):
    """Units of a transfer that left its origin. The same id is never shipped twice."""

    __tablename__ = "supply_shipment"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="something_left"),
        Index("ix_supply_shipment_line", "line_id"),
        {"schema": ROOM},
    )

    event_id: Mapped[str] = mapped_column(Text, primary_key=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey(f"{ROOM}.supply_line.id"))
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    at: Mapped[datetime] = mapped_column(Moment)
    actor: Mapped[str] = mapped_column(Text)


class AllocationLevel(Base):
    """The dimension names a product is allocated by; the same for all its allocations."""

    __tablename__ = "allocation_level"
    __table_args__ = ({"schema": ROOM},)

    organization: Mapped[str] = mapped_column(Text, primary_key=True)
    product: Mapped[str] = mapped_column(Text, primary_key=True)
    dimensions: Mapped[str] = mapped_column(Text)


class Allocation(Base):
    """Units of one stock key kept for a path of groups, e.g. {Online, VIP}, highest group first."""

    __tablename__ = "allocation"
    __table_args__ = (
        UniqueConstraint("stock_id", "groups"),
        CheckConstraint("allocated >= 0 AND consumed >= 0", name="allocation_never_negative"),
        CheckConstraint("cardinality(groups) BETWEEN 1 AND 8", name="one_to_eight_groups"),
        {"schema": ROOM},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    stock_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(f"{ROOM}.stock.id"))
    groups: Mapped[list[str]] = mapped_column(ARRAY(Text))
    allocated: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    cumulative_allocated: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    consumed: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    cumulative_consumed: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))


class AllocationEvent(Base):
    """An id of an allocation act: the same one is never counted twice."""

    __tablename__ = "allocation_event"
    __table_args__ = ({"schema": ROOM},)

    event_id: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)


class AllocationEntry(Base):
    """Why an allocation moved. Never changed, never removed."""

    __tablename__ = "allocation_entry"
    __table_args__ = (
        Index("ix_allocation_entry_allocation", "allocation_id", "id"),
        {"schema": ROOM},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    allocation_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(f"{ROOM}.allocation.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    act: Mapped[str] = mapped_column(Text)
    allocated: Mapped[Decimal] = mapped_column(Quantity)
    consumed: Mapped[Decimal] = mapped_column(Quantity)
    granted: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    document: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)


class AllocationUse(Base):
    """What an order line holds of an allocation in its open reservations."""

    __tablename__ = "allocation_use"
    __table_args__ = (
        CheckConstraint("open > 0", name="a_use_is_some"),
        {"schema": ROOM},
    )

    line_id: Mapped[UUID] = mapped_column(primary_key=True)
    allocation_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(f"{ROOM}.allocation.id"), primary_key=True
    )
    open: Mapped[Decimal] = mapped_column(Quantity)


class StockRule(Base):
    """
    Read model of the `stock_policy` documents; '' as product or source is every one.

    Channel '' is the safety stock in units, kept from everybody; else units or percent kept from that channel,
    `*` being every channel that has no buffer of its own.
    """

    __tablename__ = "stock_rule"
    __table_args__ = ({"schema": ROOM},)

    policy: Mapped[str] = mapped_column(Text, primary_key=True)
    product: Mapped[str] = mapped_column(Text, primary_key=True)
    source: Mapped[str] = mapped_column(Text, primary_key=True)
    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    units: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    percent: Mapped[Decimal] = mapped_column(Numeric(6, 3), server_default=text("0"))


APPEND_ONLY = """
CREATE OR REPLACE FUNCTION inventory_visibility.refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
CREATE OR REPLACE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON inventory_visibility.{table}
FOR EACH STATEMENT EXECUTE FUNCTION inventory_visibility.refuse_rewriting();
"""
SAFETY_STOCK = """
CREATE OR REPLACE FUNCTION inventory_visibility.safety_stock_of(p text, s text) RETURNS numeric LANGUAGE sql STABLE
AS $$ SELECT coalesce((SELECT units FROM inventory_visibility.stock_rule WHERE channel = '' AND product IN (p, '')
AND source IN (s, '') ORDER BY product <> '' DESC, source <> '' DESC, policy LIMIT 1), 0) $$;
CREATE OR REPLACE FUNCTION inventory_visibility.keep_safety_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.organization = '' AND NEW.dimensions = '' THEN
    NEW.safety_stock := inventory_visibility.safety_stock_of(NEW.product, NEW.source);
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER stock_keeps_safety_stock BEFORE INSERT ON inventory_visibility.stock
FOR EACH ROW EXECUTE FUNCTION inventory_visibility.keep_safety_stock();
"""
"""A stock key is born with the safety stock its policies ask for, whoever makes it."""

for _table in (ScheduleEntry, AllocationEntry):
    _statement = APPEND_ONLY.format(table=_table.__tablename__).replace("%", "%%")
    event.listen(_table.__table__, "after_create", DDL(_statement))  # type: ignore[no-untyped-call]
cast(Table, StockRule.__table__).add_is_dependent_on(cast(Table, Stock.__table__))
event.listen(StockRule.__table__, "after_create", DDL(SAFETY_STOCK))  # type: ignore[no-untyped-call]
