"""Tables of return orders: lines, parcels, receipts, inspections, and their amounts."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Sequence,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from openiom.platform.database import Base

SCHEMA = "returns"
Amount = Numeric(18, 4)
Moment = DateTime(timezone=True)
NUMBER_PREFIX = "RMA-"
NUMBERS = Sequence("return_order_number", start=100_001, schema=SCHEMA, metadata=Base.metadata)


def _order_key() -> ForeignKey:
    """Return a key of an order that its own transaction may insert after this row."""
    return ForeignKey("orders.order.id", deferrable=True, initially="DEFERRED")


class ReturnOrder(Base):
    """Units of one order that come back. A blind return has no order until it is matched.

    outcome               what the customer receives: refund, exchange or replacement
    timing                when an exchange or replacement is sent: standard (after the goods are
                          inspected) or advanced (at once)
    is_withdrawal         whether the customer declared the withdrawal from the contract
    declared_at           when the return was declared
    deadline              last day on which the goods are accepted
    refund_due_on         last day on which a refund is to be paid; null when no law requires one
    replacement_order_id  the order with the replacement or exchange
    """

    __tablename__ = "return_order"
    __table_args__ = (
        Index("ix_return_order_state", "state", "id"),
        Index("ix_return_order_order_id", "order_id"),
        Index("ix_return_order_number", text("number text_pattern_ops")),
        Index("ix_return_order_customer_name", text("lower(customer_name) text_pattern_ops")),
        Index(
            "ix_return_order_deadline",
            "deadline",
            "id",
            postgresql_where=text("state IN ('approved', 'in_transit', 'partially_received')"),
        ),
        CheckConstraint(
            "outcome IN ('refund', 'exchange', 'replacement')"
            " AND timing IN ('', 'standard', 'advanced')"
            " AND (outcome = 'refund') = (timing = '')",
            name="ck_return_order_outcome",
        ),
        CheckConstraint(
            "origin IN ('customer', 'store_counter', 'order_manager', 'blind')"
            " AND (order_id IS NOT NULL OR origin = 'blind')",
            name="ck_return_order_origin",
        ),
        {"schema": SCHEMA, "postgresql_with": {"fillfactor": "80"}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(Text, unique=True)
    order_id: Mapped[UUID | None] = mapped_column(_order_key())
    customer_name: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    state_reason: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    timing: Mapped[str] = mapped_column(Text, server_default="")
    origin: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text, server_default="")
    is_withdrawal: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    declared_at: Mapped[datetime] = mapped_column(Moment)
    deadline: Mapped[date | None] = mapped_column(Date)
    refund_due_on: Mapped[date | None] = mapped_column(Date)
    replacement_order_id: Mapped[UUID | None] = mapped_column(_order_key())
    created_at: Mapped[datetime] = mapped_column(Moment)
    created_by: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class ReturnLine(Base):
    """A quantity of an order line that comes back, in steps of its unit.

    `canceled` are steps that will not come back. `credited` are the steps of which the refund, or
    the credit for an exchange, has been determined. `rejected` were inspected and are not accepted.
    `terms` are those of the return policy when the return was declared.
    """

    __tablename__ = "return_line"
    __table_args__ = (
        UniqueConstraint("return_order_id", "line_number"),
        Index("ix_return_line_order_line_id", "order_line_id"),
        CheckConstraint(
            "quantity > 0 AND received >= 0 AND canceled >= 0 AND received + canceled <= quantity",
            name="ck_return_line_received",
        ),
        CheckConstraint(
            "rejected >= 0 AND rejected <= inspected AND inspected <= received",
            name="ck_return_line_inspected",
        ),
        CheckConstraint("credited BETWEEN 0 AND quantity", name="ck_return_line_credited"),
        {"schema": SCHEMA, "postgresql_with": {"fillfactor": "80"}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    return_order_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.return_order.id"))
    line_number: Mapped[int] = mapped_column(Integer)
    order_line_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("orders.order_line.id", deferrable=True, initially="DEFERRED")
    )
    product: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    variant: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    unit: Mapped[str] = mapped_column(Text)
    unit_decimals: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    stock_per_step: Mapped[int] = mapped_column(BigInteger, server_default=text("1"))
    stock_decimals: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    comment: Mapped[str] = mapped_column(Text, server_default="")
    return_to: Mapped[str] = mapped_column(Text, server_default="")
    quantity: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    canceled: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    inspected: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    rejected: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    credited: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    exchange_for: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class ReturnParcel(Base):
    """A parcel in which units come back, of one or several return orders."""

    __tablename__ = "return_parcel"
    __table_args__ = (
        Index("ix_return_parcel_tracking_number", text("lower(tracking_number) text_pattern_ops")),
        {"schema": SCHEMA},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    carrier: Mapped[str] = mapped_column(Text)
    tracking_number: Mapped[str] = mapped_column(Text)
    tracking_url: Mapped[str] = mapped_column(Text, server_default="")
    label_url: Mapped[str] = mapped_column(Text, server_default="")
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)


class ReturnParcelContent(Base):
    """A return order whose units are in a parcel."""

    __tablename__ = "return_parcel_content"
    __table_args__ = (
        PrimaryKeyConstraint("parcel_id", "return_order_id"),
        Index("ix_return_parcel_content_return_order_id", "return_order_id"),
        {"schema": SCHEMA},
    )

    parcel_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.return_parcel.id"))
    return_order_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.return_order.id"))


class ReturnReceipt(Base):
    """Units of a line that arrived at a place."""

    __tablename__ = "return_receipt"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="ck_return_receipt_quantity"),
        Index("ix_return_receipt_return_line_id", "return_line_id"),
        {"schema": SCHEMA},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    return_line_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.return_line.id"))
    quantity: Mapped[int] = mapped_column(BigInteger)
    place: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(Moment)
    received_by: Mapped[str] = mapped_column(Text)


class ReturnInspection(Base):
    """What was found of units of a line, and what becomes of them.

    The stock that it posts has its id as the event, so that it is posted once.
    """

    __tablename__ = "return_inspection"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="ck_return_inspection_quantity"),
        CheckConstraint(
            "disposition IN ('restock', 'refurbish', 'scrap', 'vendor', 'reject')",
            name="ck_return_inspection_disposition",
        ),
        Index("ix_return_inspection_return_line_id", "return_line_id"),
        {"schema": SCHEMA},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    return_line_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.return_line.id"))
    quantity: Mapped[int] = mapped_column(BigInteger)
    condition: Mapped[str] = mapped_column(Text)
    disposition: Mapped[str] = mapped_column(Text)
    place: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text, server_default="")
    inspected_at: Mapped[datetime] = mapped_column(Moment)
    inspected_by: Mapped[str] = mapped_column(Text)


class ReturnAmount(Base):
    """Money that a return owes the customer (refund, credit) or the customer owes (charge).

    goods     the price paid of the units
    costs     shipping and fees of the order that are paid back
    fee       restocking fee, cost of the label and goodwill given before, which are kept
    amount    goods + costs - fee; a credit pays an order with an exchange or replacement
    """

    __tablename__ = "return_amount"
    __table_args__ = (
        CheckConstraint("kind IN ('refund', 'credit', 'charge')", name="ck_return_amount_kind"),
        CheckConstraint(
            "state IN ('due', 'requested', 'completed', 'failed')", name="ck_return_amount_state"
        ),
        CheckConstraint(
            "goods >= 0 AND costs >= 0 AND fee >= 0 AND amount = goods + costs - fee"
            " AND amount >= 0",
            name="ck_return_amount_amount",
        ),
        Index("ix_return_amount_return_order_id", "return_order_id"),
        Index("ix_return_amount_due", "id", postgresql_where=text("state = 'due'")),
        {"schema": SCHEMA},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    return_order_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.return_order.id"))
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    goods: Mapped[Decimal] = mapped_column(Amount)
    costs: Mapped[Decimal] = mapped_column(Amount)
    fee: Mapped[Decimal] = mapped_column(Amount)
    amount: Mapped[Decimal] = mapped_column(Amount)
    reference: Mapped[str] = mapped_column(Text, server_default="")
    reason: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    completed_at: Mapped[datetime | None] = mapped_column(Moment)


class ReturnAmountLine(Base):
    """The part of an amount that is the price of units of a line; negative in a charge."""

    __tablename__ = "return_amount_line"
    __table_args__ = (
        PrimaryKeyConstraint("amount_id", "return_line_id"),
        Index("ix_return_amount_line_return_line_id", "return_line_id"),
        {"schema": SCHEMA},
    )

    amount_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.return_amount.id"))
    return_line_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.return_line.id"))
    quantity: Mapped[int] = mapped_column(BigInteger)
    goods: Mapped[Decimal] = mapped_column(Amount)
