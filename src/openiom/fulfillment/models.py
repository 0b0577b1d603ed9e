"""Tables of fulfillment orders and shipments, and of their lines."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Sequence,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from openiom.platform.database import Base
from openiom.platform.sort_keys import day_or_last

SCHEMA = "fulfillment"
Moment = DateTime(timezone=True)

NUMBER_PREFIX = "FO-"
NUMBERS = Sequence("fulfillment_order_number", start=100_001, schema=SCHEMA, metadata=Base.metadata)


def _checked_at_commit(column: str) -> ForeignKey:
    """Return a key of a row that its own transaction may insert after this one."""
    return ForeignKey(column, deferrable=True, initially="DEFERRED")


class FulfillmentOrder(Base):
    """What one source is to deliver of one order.

    fulfiller          the provider instance it was sent with
    recall             '', or the state of a request to cancel it: requested, accepted, refused
    recalled_units     what becomes of the units of a recalled one: source_again or cancel
    recall_reason      why it was recalled, as its person, flow or source said
    final_parcels      how many parcels its fulfiller ships in total, once it has said so
    ended_at           when its rest was declined, canceled or closed
    refusal_lifted_at  when a person let its source be considered again
    """

    __tablename__ = "fulfillment_order"
    __table_args__ = (
        Index("ix_fulfillment_order_order_id", "order_id"),
        Index("ix_fulfillment_order_state", "state", "id"),
        Index("ix_fulfillment_order_number_prefix", text("number text_pattern_ops")),
        Index(
            "ix_fulfillment_order_external_id",
            text("lower(external_id) text_pattern_ops"),
            postgresql_where=text("external_id <> ''"),
        ),
        Index("ix_fulfillment_order_source", "source", "id"),
        Index(
            "ix_fulfillment_order_recall",
            "recall",
            "id",
            postgresql_where=text("recall IN ('requested', 'refused')"),
        ),
        Index(
            "ix_fulfillment_order_planned_sort",
            text(day_or_last("planned_ship_date")),
            "id",
        ),
        Index(
            "ix_fulfillment_order_planned",
            "planned_ship_date",
            "order_id",
            postgresql_where=text(
                "planned_ship_date IS NOT NULL AND state IN"
                " ('new', 'sent', 'accepted', 'picked', 'packed', 'partially_shipped')"
            ),
        ),
        CheckConstraint(
            "recall IN ('', 'requested', 'accepted', 'refused')"
            " AND recalled_units IN ('', 'source_again', 'cancel')"
            " AND (recall = '' OR recalled_units <> '')",
            name="ck_fulfillment_order_recall",
        ),
        {"schema": SCHEMA, "postgresql_with": {"fillfactor": "80"}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(Text, unique=True)
    order_id: Mapped[UUID] = mapped_column(
        ForeignKey("orders.order.id", deferrable=True, initially="DEFERRED")
    )
    source: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    state_reason: Mapped[str] = mapped_column(Text)
    external_id: Mapped[str] = mapped_column(Text, server_default="")
    fulfiller: Mapped[str] = mapped_column(Text, server_default="")
    recall: Mapped[str] = mapped_column(Text, server_default="")
    recalled_units: Mapped[str] = mapped_column(Text, server_default="")
    recall_reason: Mapped[str] = mapped_column(Text, server_default="")
    ship_to: Mapped[dict[str, Any]] = mapped_column(JSONB)
    planned_ship_date: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    delivered_at: Mapped[datetime | None] = mapped_column(Moment)
    final_parcels: Mapped[int | None] = mapped_column(SmallInteger)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    refusal_lifted_at: Mapped[datetime | None] = mapped_column(Moment)


class FulfillmentOrderLine(Base):
    """A quantity of one order line that the source is to deliver.

    Quantities are whole steps of `unit`; unit, decimals and variant are those of the order line.
    """

    __tablename__ = "fulfillment_order_line"
    __table_args__ = (
        CheckConstraint(
            "quantity > 0 AND shipped BETWEEN 0 AND quantity",
            name="ck_fulfillment_order_line_units",
        ),
        Index("ix_fulfillment_order_line_fulfillment_order_id", "fulfillment_order_id"),
        Index("ix_fulfillment_order_line_order_line_id", "order_line_id"),
        {"schema": SCHEMA, "postgresql_with": {"fillfactor": "80"}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    fulfillment_order_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.fulfillment_order.id"))
    order_line_id: Mapped[UUID] = mapped_column(
        ForeignKey("orders.order_line.id", deferrable=True, initially="DEFERRED")
    )
    product: Mapped[str] = mapped_column(Text)
    variant: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    unit: Mapped[str] = mapped_column(Text)
    unit_decimals: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    stock_per_step: Mapped[int] = mapped_column(BigInteger, server_default=text("1"))
    stock_decimals: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    quantity: Mapped[int] = mapped_column(BigInteger)
    shipped: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class Shipment(Base):
    """A parcel with its tracking."""

    __tablename__ = "shipment"
    __table_args__ = (
        UniqueConstraint("fulfillment_order_id", "external_id"),
        Index("ix_shipment_tracking_number", text("lower(tracking_number) text_pattern_ops")),
        Index(
            "ix_shipment_tracking_number_end",
            text("reverse(lower(tracking_number)) text_pattern_ops"),
        ),
        {"schema": SCHEMA},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    fulfillment_order_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.fulfillment_order.id"))
    external_id: Mapped[str] = mapped_column(Text)
    carrier: Mapped[str] = mapped_column(Text)
    service: Mapped[str] = mapped_column(Text)
    tracking_number: Mapped[str] = mapped_column(Text)
    tracking_url: Mapped[str] = mapped_column(Text)
    shipped_at: Mapped[datetime] = mapped_column(Moment)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    delivered_at: Mapped[datetime | None] = mapped_column(Moment)


class ShipmentLine(Base):
    """A quantity of one fulfillment order line in one parcel, in steps of its unit."""

    __tablename__ = "shipment_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="ck_shipment_line_quantity"),
        Index("ix_shipment_line_shipment_id", "shipment_id"),
        Index("ix_shipment_line_fulfillment_order_line_id", "fulfillment_order_line_id"),
        {"schema": SCHEMA},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    shipment_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.shipment.id"))
    fulfillment_order_line_id: Mapped[UUID] = mapped_column(
        ForeignKey(f"{SCHEMA}.fulfillment_order_line.id")
    )
    variant: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    unit: Mapped[str] = mapped_column(Text)
    unit_decimals: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    quantity: Mapped[int] = mapped_column(BigInteger)
