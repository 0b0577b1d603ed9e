"""Tables of self-service: since when the links of an order are valid."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from openiom.platform.database import Base

SCHEMA = "self_service"


class RevokedLinks(Base):
    """An order whose links that were issued until `revoked_at` open nothing."""

    __tablename__ = "revoked_links"
    __table_args__ = {"schema": SCHEMA}

    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.order.id"), primary_key=True)
    revoked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_by: Mapped[str] = mapped_column(Text)
