"""Tables of orders: the order, its state, its lines, its changes, counters and stored responses.

The columns that change often (state, manual hold) are in `order_state`, a narrow row beside the
wide `order`, so that a state change rewrites a hundred bytes and two index entries instead of
addresses and seven.
"""

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
    Numeric,
    PrimaryKeyConstraint,
    Sequence,
    SmallInteger,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from openiom.platform.database import Base

SCHEMA = "orders"
Amount = Numeric(18, 4)
Moment = DateTime(timezone=True)
MANUAL_NUMBERS = Sequence("manual_order_number", start=1_001, schema=SCHEMA, metadata=Base.metadata)


PUNCTUATION = "@.,;:/()[]\"_+-&#'"
"""What separates the words of a search, and is left out of numbers."""

SEARCH_FUNCTION = """
CREATE OR REPLACE FUNCTION orders.search_terms(
    number text, name text, email text, city text, phone text
) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    words text := number || ' ' || name || ' ' || email || ' ' || city;
    n text := translate(left(number, 60), '@.,;:/()[]"_+-&#'' ', '');
    p text := translate(left(phone, 40), ' +-()./', '');
BEGIN
    RETURN array_to_tsvector(array_remove(string_to_array(lower(
        translate(left(words, 400), '@.,;:/()[]"_+-&#''', '                 ')
        || ' ' || n || ' ' || right(n, 3) || ' ' || right(n, 4) || ' ' || right(n, 5)
        || ' ' || right(n, 6) || ' ' || right(n, 7) || ' ' || right(n, 8) || ' ' || right(n, 9)
        || ' ' || p || ' ' || right(p, 4) || ' ' || right(p, 7) || ' ' || right(p, 8)
        || ' ' || right(p, 9) || ' ' || right(p, 10)
    ), ' '), ''));
END $$
"""
"""What an order is found by the beginning of: words, and all ends of its number and phone number.

The beginning of an end is any part. It uses fast functions only: it runs for every new order.
"""

SEARCH_TERMS = (
    "orders.search_terms(number, customer_name, customer_email, coalesce(ship_to->>'city', ''),"
    " coalesce(nullif(customer->>'phone', ''), ship_to->>'phone', ''))"
)

event.listen(Base.metadata, "before_create", DDL(SEARCH_FUNCTION))  # type: ignore[no-untyped-call]


class Order(Base):
    """A customer's order.

    `total_difference` is the stated total less the one computed from the lines. `source_changes`
    are changes that its source made too late to be applied, until a person has seen them.
    `goodwill_amount` was given back without units coming back. `source_content` is what the source
    of an order said when a person changed it for the first time; later deliveries are compared
    with it.
    """

    __tablename__ = "order"
    __table_args__ = (
        UniqueConstraint("external_id", "instance"),
        Index("ix_order_placed_at", "placed_at", "id"),
        Index("ix_order_total_amount", "total_amount", "id"),
        Index("ix_order_instance", "instance", "id"),
        Index("ix_order_origin", "origin", "id"),
        Index("ix_order_number", text("lower(number) text_pattern_ops")),
        Index("ix_order_customer_name", text("lower(customer_name) text_pattern_ops")),
        Index("ix_order_search", text(f"{SEARCH_TERMS} tsvector_ops"), postgresql_using="gin"),
        Index("ix_order_source_changes", "id", postgresql_where=text("source_changes IS NOT NULL")),
        {"schema": SCHEMA},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(Text)
    instance: Mapped[str] = mapped_column(Text)
    external_id: Mapped[str] = mapped_column(Text)
    external_version: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    external_status: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    order_type: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    account: Mapped[str | None] = mapped_column(Text)
    price_list: Mapped[str | None] = mapped_column(Text)
    company: Mapped[str] = mapped_column(Text, server_default="")
    strategy: Mapped[str] = mapped_column(Text, server_default="")
    placed_at: Mapped[datetime] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    requested_delivery_date: Mapped[date | None] = mapped_column(Date)
    shipping_method: Mapped[str] = mapped_column(Text)
    payment_status: Mapped[str] = mapped_column(Text)
    subtotal: Mapped[Decimal] = mapped_column(Amount)
    shipping_amount: Mapped[Decimal] = mapped_column(Amount)
    fees_amount: Mapped[Decimal] = mapped_column(Amount, server_default=text("0"))
    credit_amount: Mapped[Decimal] = mapped_column(Amount, server_default=text("0"))
    discount_amount: Mapped[Decimal] = mapped_column(Amount)
    tax_amount: Mapped[Decimal] = mapped_column(Amount)
    total_amount: Mapped[Decimal] = mapped_column(Amount)
    total_difference: Mapped[Decimal] = mapped_column(Amount)
    note: Mapped[str] = mapped_column(Text)
    customer_name: Mapped[str] = mapped_column(Text)
    customer_email: Mapped[str] = mapped_column(Text)
    customer: Mapped[dict[str, Any]] = mapped_column(JSONB)
    bill_to: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    ship_to: Mapped[dict[str, Any]] = mapped_column(JSONB)
    line_count: Mapped[int] = mapped_column(Integer)
    goodwill_amount: Mapped[Decimal] = mapped_column(Amount, server_default=text("0"))
    source_content: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    source_changes: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB)


class OrderState(Base):
    """The state of an order. Only transitions of the state framework are written here.

    `promised_on` is the first day that the order or one of its lines is requested for: late orders
    are found by an index over it and the state.
    """

    __tablename__ = "order_state"
    __table_args__ = (
        Index("ix_order_state_state", "state", "order_id"),
        Index(
            "ix_order_state_manual_hold",
            "order_id",
            unique=True,
            postgresql_where=text("manual_hold"),
        ),
        Index(
            "ix_order_state_promised",
            "promised_on",
            "order_id",
            postgresql_where=text(
                "promised_on IS NOT NULL AND state NOT IN ('completed', 'canceled')"
            ),
        ),
        CheckConstraint("NOT manual_hold OR state = 'on_hold'", name="ck_order_state_manual_hold"),
        {"schema": SCHEMA, "postgresql_with": {"fillfactor": "80"}},
    )

    order_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.order.id"), primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    manual_hold: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    previous_state: Mapped[str | None] = mapped_column(Text)
    previous_reason: Mapped[str | None] = mapped_column(Text)
    promised_on: Mapped[date | None] = mapped_column(Date)
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    updated_at: Mapped[datetime] = mapped_column(Moment)


class OrderLine(Base):
    """One product, or a variant of it, of an order.

    Its quantity is in fulfillment (in a fulfillment order and not yet shipped), shipped or
    canceled; the rest is open. All quantities are whole steps of the line's unit, which had
    `unit_decimals` when the order was received. Of what was shipped, `returned` came back, and
    `in_return` is expected back by a return order. One step is `stock_per_step` steps of the
    product's stock unit, which had `stock_decimals`. A digital line is shipped when it is received.
    A line that does not go to the address of its order has its own `ship_to`. A line that was
    `removed` is canceled, and no part of what the order charges.
    """

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "line_number"),
        Index("ix_order_line_product", "product", "order_id"),
        Index(
            "ix_order_line_source",
            "source",
            "order_id",
            postgresql_where=text("source IS NOT NULL"),
        ),
        CheckConstraint(
            "shipped >= 0 AND canceled >= 0 AND in_fulfillment >= 0"
            " AND shipped + canceled + in_fulfillment <= quantity",
            name="ck_order_line_units",
        ),
        CheckConstraint(
            "returned >= 0 AND in_return >= 0 AND returned + in_return <= shipped",
            name="ck_order_line_returns",
        ),
        CheckConstraint("quantity > 0", name="ck_order_line_quantity"),
        CheckConstraint(
            "delivery IN ('shipment', 'pickup', 'digital')", name="ck_order_line_delivery"
        ),
        CheckConstraint(
            "unit_decimals BETWEEN 0 AND 4 AND stock_decimals BETWEEN 0 AND 4"
            " AND stock_per_step > 0",
            name="ck_order_line_unit",
        ),
        {"schema": SCHEMA, "postgresql_with": {"fillfactor": "80"}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.order.id"))
    line_number: Mapped[int] = mapped_column(Integer)
    external_id: Mapped[str] = mapped_column(Text)
    product: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    variant: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    unit: Mapped[str] = mapped_column(Text)
    unit_decimals: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    stock_per_step: Mapped[int] = mapped_column(BigInteger, server_default=text("1"))
    stock_decimals: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    quantity: Mapped[int] = mapped_column(BigInteger)
    unit_price: Mapped[Decimal] = mapped_column(Amount)
    discount: Mapped[Decimal] = mapped_column(Amount)
    tax: Mapped[Decimal] = mapped_column(Amount)
    requested_delivery_date: Mapped[date | None] = mapped_column(Date)
    company: Mapped[str] = mapped_column(Text, server_default="")
    state: Mapped[str] = mapped_column(Text)
    state_reason: Mapped[str] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(Text)
    source_reason: Mapped[str] = mapped_column(Text, server_default="")
    in_fulfillment: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    shipped: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    canceled: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    returned: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    in_return: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    delivery: Mapped[str] = mapped_column(Text, server_default="shipment")
    ship_to: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    removed: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))


class OrderChange(Base):
    """A change of an order: its operations, their inverse, and the money before and after.

    `touched` are the lines and fields it changed, `quantities` what the touched lines ordered
    afterwards, in steps. A change that undoes another one names it in `undoes`; none is undone
    twice.
    """

    __tablename__ = "order_change"
    __table_args__ = (
        UniqueConstraint("order_id", "number"),
        Index(
            "ix_order_change_undoes",
            "undoes",
            unique=True,
            postgresql_where=text("undoes IS NOT NULL"),
        ),
        CheckConstraint("origin IN ('person', 'source')", name="ck_order_change_origin"),
        CheckConstraint("number > 0", name="ck_order_change_number"),
        {"schema": SCHEMA},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.order.id"))
    number: Mapped[int] = mapped_column(Integer)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    author: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    words: Mapped[list[str]] = mapped_column(JSONB)
    operations: Mapped[list[Any]] = mapped_column(JSONB)
    inverse: Mapped[list[Any]] = mapped_column(JSONB)
    touched: Mapped[list[str]] = mapped_column(JSONB)
    quantities: Mapped[dict[str, int]] = mapped_column(JSONB)
    money_before: Mapped[dict[str, str]] = mapped_column(JSONB)
    money_after: Mapped[dict[str, str]] = mapped_column(JSONB)
    difference: Mapped[Decimal] = mapped_column(Amount)
    undoes: Mapped[UUID | None] = mapped_column(ForeignKey(f"{SCHEMA}.order_change.id"))


MAX_TAGS = 20
"""Most tags of an order."""


class OrderTag(Base):
    """A tag of an order, which users chose to group orders."""

    __tablename__ = "order_tag"
    __table_args__ = (
        PrimaryKeyConstraint("tag", "order_id"),
        CheckConstraint("tag <> '' AND tag = lower(tag)", name="ck_order_tag_tag"),
        {"schema": SCHEMA},
    )

    tag: Mapped[str] = mapped_column(Text(collation="C"))
    order_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.order.id"), index=True)
    tagged_at: Mapped[datetime] = mapped_column(Moment)
    tagged_by: Mapped[str] = mapped_column(Text)


class OrderCountDelta(Base):
    """A change of the number of orders in a state, appended by each batch and compacted later."""

    __tablename__ = "order_count_delta"
    __table_args__ = {"schema": SCHEMA}

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    attention: Mapped[str] = mapped_column(Text)
    orders: Mapped[int] = mapped_column(BigInteger)


class IdempotencyKey(Base):
    """The response to a request with an Idempotency-Key, returned when the request is repeated."""

    __tablename__ = "idempotency_key"
    __table_args__ = (PrimaryKeyConstraint("principal", "key"), {"schema": SCHEMA})

    principal: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    response: Mapped[dict[str, Any]] = mapped_column(JSONB)
    stored_at: Mapped[datetime] = mapped_column(Moment)
