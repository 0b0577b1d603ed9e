"""The table of stock policy rules, and the trigger that applies safety stock to new stock rows."""

from decimal import Decimal
from typing import cast

from sqlalchemy import DDL, Numeric, Table, Text, event, text
from sqlalchemy.orm import Mapped, mapped_column

from openiom.inventory_visibility.models import SCHEMA, Quantity, Stock
from openiom.platform.database import Base


class StockPolicyRule(Base):
    """Read model of the `stock_policy` documents; '' as product or source means every one.

    A rule without a channel is a safety stock in units. A rule with a channel is that channel's
    buffer in units or percent; `*` stands for every channel without a buffer of its own.
    """

    __tablename__ = "stock_policy_rule"
    __table_args__ = ({"schema": SCHEMA},)

    policy: Mapped[str] = mapped_column(Text, primary_key=True)
    product: Mapped[str] = mapped_column(Text, primary_key=True)
    source: Mapped[str] = mapped_column(Text, primary_key=True)
    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    units: Mapped[Decimal] = mapped_column(Quantity, server_default=text("0"))
    percent: Mapped[Decimal] = mapped_column(Numeric(6, 3), server_default=text("0"))


SAFETY_STOCK = """
CREATE OR REPLACE FUNCTION inventory_visibility.safety_stock_of(p text, s text)
RETURNS numeric LANGUAGE sql STABLE AS $$
SELECT coalesce((
    SELECT units FROM inventory_visibility.stock_policy_rule
    WHERE channel = '' AND product IN (p, '') AND source IN (s, '')
    ORDER BY product <> '' DESC, source <> '' DESC, policy LIMIT 1
), 0) $$;
CREATE OR REPLACE FUNCTION inventory_visibility.set_safety_stock()
RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.organization = '' AND NEW.dimensions = '' THEN
    NEW.safety_stock := inventory_visibility.safety_stock_of(NEW.product, NEW.source);
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER stock_sets_safety_stock
BEFORE INSERT ON inventory_visibility.stock
FOR EACH ROW EXECUTE FUNCTION inventory_visibility.set_safety_stock();
"""
"""A new stock row gets the safety stock that the stock policies define for it."""

cast(Table, StockPolicyRule.__table__).add_is_dependent_on(cast(Table, Stock.__table__))
_STATEMENT = DDL(SAFETY_STOCK)  # type: ignore[no-untyped-call]
event.listen(StockPolicyRule.__table__, "after_create", _STATEMENT)
