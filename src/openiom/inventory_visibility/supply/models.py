"""Tables of dated changes and of purchase and transfer orders."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
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
from sqlalchemy.orm import Mapped, mapped_column

from openiom.inventory_visibility.models import SCHEMA, Quantity, make_append_only
from openiom.platform.database import Base

Moment = DateTime(timezone=True)


class ScheduleEvent(Base):
    """The id of an applied schedule change; a repeated id changes nothing."""

    __tablename__ = "schedule_event"
    __table_args__ = ({"schema": SCHEMA},)

    event_id: Mapped[str] = mapped_column(Text, primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(Moment)


class ScheduleEntry(Base):
    """The reason a dated balance moved; append-only.

    `confidence` is the probability of the date, from 0 to 1.
    """

    __tablename__ = "schedule_entry"
    __table_args__ = (
        CheckConstraint("confidence BETWEEN 0 AND 1", name="ck_schedule_entry_confidence"),
        Index("ix_schedule_entry_stock", "stock_id", "day"),
        Index("ix_schedule_entry_event", "event_id"),
        {"schema": SCHEMA},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    event_id: Mapped[str] = mapped_column(Text, ForeignKey(f"{SCHEMA}.schedule_event.event_id"))
    stock_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(f"{SCHEMA}.stock.id"))
    day: Mapped[date] = mapped_column(Date)
    data_source: Mapped[str] = mapped_column(Text)
    measure: Mapped[str] = mapped_column(Text)
    delta: Mapped[Decimal] = mapped_column(Quantity)
    confidence: Mapped[Decimal] = mapped_column(Numeric(4, 3), server_default=text("1"))
    cause: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Moment)


class ScheduleBalance(Base):
    """The scheduled change of one physical measure of a stock key on one day."""

    __tablename__ = "schedule_balance"
    __table_args__ = ({"schema": SCHEMA, "postgresql_with": {"fillfactor": "80"}},)

    stock_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(f"{SCHEMA}.stock.id"), primary_key=True
    )
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    data_source: Mapped[str] = mapped_column(Text, primary_key=True)
    measure: Mapped[str] = mapped_column(Text, primary_key=True)
    quantity: Mapped[Decimal] = mapped_column(Quantity)


class SupplyOrder(Base):
    """A purchase or transfer order, reduced to what it says about future stock."""

    __tablename__ = "supply_order"
    __table_args__ = (UniqueConstraint("kind", "number"), {"schema": SCHEMA})

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)


class SupplyLine(Base):
    """Units expected at `source`.

    Units neither received nor closed short are `scheduled` as supply on `expected_date`. Units of
    a transfer that have not left its `origin` are `scheduled_demand` there on `ship_date`.
    """

    __tablename__ = "supply_line"
    __table_args__ = (
        UniqueConstraint("order_id", "line_number"),
        CheckConstraint(
            "quantity > 0 AND received >= 0 AND closed >= 0 AND closed <= quantity",
            name="ck_supply_line_quantities",
        ),
        CheckConstraint(
            "shipped >= 0 AND scheduled_demand >= 0 AND (origin <> '' OR shipped = 0)",
            name="ck_supply_line_shipped_from_origin",
        ),
        Index("ix_supply_line_product", "product", "source"),
        Index(
            "ix_supply_line_to_ship",
            "product",
            "origin",
            postgresql_where=text("scheduled_demand > 0"),
        ),
        {"schema": SCHEMA},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.supply_order.id"))
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
    scheduled_demand: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))


class SupplyReceipt(Base):
    """Units of a supply line that arrived; a repeated id is not received again."""

    __tablename__ = "supply_receipt"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="ck_supply_receipt_quantity"),
        Index("ix_supply_receipt_line", "line_id"),
        {"schema": SCHEMA},
    )

    event_id: Mapped[str] = mapped_column(Text, primary_key=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.supply_line.id"))
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    actor: Mapped[str] = mapped_column(Text)


class SupplyShipment(Base):
    """Units of a transfer that left its origin; a repeated id is not shipped again."""

    __tablename__ = "supply_shipment"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="ck_supply_shipment_quantity"),
        Index("ix_supply_shipment_line", "line_id"),
        {"schema": SCHEMA},
    )

    event_id: Mapped[str] = mapped_column(Text, primary_key=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.supply_line.id"))
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    actor: Mapped[str] = mapped_column(Text)


make_append_only(ScheduleEntry)
