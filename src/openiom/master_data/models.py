"""Read models of the master data documents, one row per document in use.

Rows of deleted documents are deleted; orders store names as text, without foreign keys.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Computed,
    Date,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from openiom.platform.database import Base

SCHEMA = "master_data"
Amount = Numeric(18, 4)


class Unit(Base):
    """A unit of measure: `factor` base units of its group, with `decimals` decimal places."""

    __tablename__ = "unit"
    __table_args__ = (
        CheckConstraint("decimals BETWEEN 0 AND 4", name="ck_unit_decimals"),
        {"schema": SCHEMA},
    )

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    unit_group: Mapped[str] = mapped_column(Text)
    factor: Mapped[Decimal] = mapped_column(Numeric(24, 9))
    decimals: Mapped[int] = mapped_column(SmallInteger, server_default="0")


class Currency(Base):
    """A currency by its ISO 4217 code."""

    __tablename__ = "currency"
    __table_args__ = {"schema": SCHEMA}

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    title: Mapped[str] = mapped_column(Text)


class PriceList(Base):
    """A price list and its currency."""

    __tablename__ = "price_list"
    __table_args__ = {"schema": SCHEMA}

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)


class Account(Base):
    """A customer that orders are billed to; `on_hold` is a credit hold."""

    __tablename__ = "account"
    __table_args__ = {"schema": SCHEMA}

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    company: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    phone: Mapped[str] = mapped_column(Text)
    price_list: Mapped[str | None] = mapped_column(Text)
    on_hold: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    address: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


PART_TEXT = "lower(number || E'\\n' || name || E'\\n' || sku)"
"""What products are found by any part of."""


class Product(Base):
    """A product. Lengths in centimeters, weight in kilograms, costs in `currency` per `unit`."""

    __tablename__ = "product"
    __table_args__ = (
        Index("ix_product_name", text("lower(name) text_pattern_ops")),
        Index("ix_product_number_prefix", text("lower(number) text_pattern_ops")),
        Index("ix_product_sku", text("lower(sku)")),
        Index("ix_product_search", "search", postgresql_using="gin"),
        Index(
            "ix_product_part",
            text(f"platform.trigrams({PART_TEXT}) array_ops"),
            postgresql_using="gin",
        ),
        Index("ix_product_preorder", "number", postgresql_where=text("preorder_eligible")),
        {"schema": SCHEMA},
    )

    number: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    sku: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    search_name: Mapped[str] = mapped_column(Text, server_default="")
    product_type: Mapped[str] = mapped_column(Text, server_default="item")
    attributes: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    weight_kg: Mapped[Decimal | None] = mapped_column(Amount)
    length_cm: Mapped[Decimal | None] = mapped_column(Amount)
    width_cm: Mapped[Decimal | None] = mapped_column(Amount)
    height_cm: Mapped[Decimal | None] = mapped_column(Amount)
    image: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    current_cost: Mapped[Decimal | None] = mapped_column(Amount)
    standard_cost: Mapped[Decimal | None] = mapped_column(Amount)
    list_price: Mapped[Decimal | None] = mapped_column(Amount)
    preorder_eligible: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    launch_date: Mapped[date | None] = mapped_column(Date)
    days_to_replace: Mapped[int | None] = mapped_column(Integer)
    components: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    search: Mapped[Any] = mapped_column(
        TSVECTOR,
        Computed("to_tsvector('simple', number || ' ' || name || ' ' || sku)", persisted=True),
    )


class KitPart(Base):
    """A part of an exploded kit: `quantity` units of a non-kit product in one unit of `kit`."""

    __tablename__ = "kit_part"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="ck_kit_part_quantity"),
        Index("ix_kit_part_product", "product"),
        {"schema": SCHEMA},
    )

    kit: Mapped[str] = mapped_column(Text, primary_key=True)
    product: Mapped[str] = mapped_column(Text, primary_key=True)
    quantity: Mapped[int] = mapped_column(Integer)


class OrderIntakeSettings(Base):
    """How strictly orders are validated on intake; one row, named `default`."""

    __tablename__ = "order_intake_settings"
    __table_args__ = {"schema": SCHEMA}

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    write_in_products: Mapped[bool] = mapped_column(Boolean)
