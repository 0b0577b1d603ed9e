"""Tables of allocations to groups of requesters and of what moved them."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from openiom.inventory_visibility.models import SCHEMA, Quantity, make_append_only
from openiom.platform.database import Base

Moment = DateTime(timezone=True)


class AllocationLevel(Base):
    """The dimension names a product is allocated by, the same for all its allocations."""

    __tablename__ = "allocation_level"
    __table_args__ = ({"schema": SCHEMA},)

    organization: Mapped[str] = mapped_column(Text, primary_key=True)
    product: Mapped[str] = mapped_column(Text, primary_key=True)
    dimensions: Mapped[str] = mapped_column(Text)


class Allocation(Base):
    """Units of one stock key allocated to a path of groups, e.g. {Online, VIP}, highest first."""

    __tablename__ = "allocation"
    __table_args__ = (
        UniqueConstraint("stock_id", "groups"),
        CheckConstraint("allocated >= 0 AND consumed >= 0", name="ck_allocation_not_negative"),
        CheckConstraint("cardinality(groups) BETWEEN 1 AND 8", name="ck_allocation_group_count"),
        {"schema": SCHEMA},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    stock_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(f"{SCHEMA}.stock.id"))
    groups: Mapped[list[str]] = mapped_column(ARRAY(Text))
    allocated: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    cumulative_allocated: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    consumed: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    cumulative_consumed: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))


class AllocationEvent(Base):
    """The id of an applied allocation operation; a repeated id changes nothing."""

    __tablename__ = "allocation_event"
    __table_args__ = ({"schema": SCHEMA},)

    event_id: Mapped[str] = mapped_column(Text, primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(Moment)


class AllocationEntry(Base):
    """The reason an allocation moved; append-only."""

    __tablename__ = "allocation_entry"
    __table_args__ = (
        Index("ix_allocation_entry_allocation", "allocation_id", "id"),
        {"schema": SCHEMA},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    allocation_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(f"{SCHEMA}.allocation.id"))
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    operation: Mapped[str] = mapped_column(Text)
    allocated: Mapped[Decimal] = mapped_column(Quantity)
    consumed: Mapped[Decimal] = mapped_column(Quantity)
    granted: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    document: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)


class AllocationConsumption(Base):
    """Units of an allocation that an order line consumed with its open reservations."""

    __tablename__ = "allocation_consumption"
    __table_args__ = (
        CheckConstraint("open > 0", name="ck_allocation_consumption_open"),
        {"schema": SCHEMA},
    )

    line_id: Mapped[UUID] = mapped_column(primary_key=True)
    allocation_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(f"{SCHEMA}.allocation.id"), primary_key=True
    )
    open: Mapped[Decimal] = mapped_column(Quantity)


make_append_only(AllocationEntry)
