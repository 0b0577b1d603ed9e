"""Tables of payments: methods of orders, charges of what shipped, and payment facts.

Amounts are whole minor units of the currency of their order. The balances of methods, charges and
orders are derived from facts and written in the same transaction; their constraints forbid what no
decision may do: capture more than was authorized or shipped, refund more than was captured.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from openiom.platform.database import Base

SCHEMA = "payments"
Moment = DateTime(timezone=True)
ZERO = text("0")


class OrderPayment(Base):
    """An order with payments. Its row is the lock of everything that is paid for the order.

    decimals   digits of the minor units of its currency
    charged    value of what has shipped
    uncovered  the part of it that no method has paid and no capture under way will pay
    """

    __tablename__ = "order_payment"
    __table_args__ = (
        CheckConstraint(
            "uncovered >= 0 AND uncovered <= charged", name="ck_order_payment_uncovered"
        ),
        Index("ix_order_payment_uncovered", "order_id", postgresql_where=text("uncovered > 0")),
        {"schema": SCHEMA, "postgresql_with": {"fillfactor": "80"}},
    )

    order_id: Mapped[UUID] = mapped_column(
        ForeignKey("orders.order.id", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    currency: Mapped[str] = mapped_column(Text)
    decimals: Mapped[int] = mapped_column(SmallInteger)
    charged: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    uncovered: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)


class PaymentMethod(Base):
    """One way in which an order is paid.

    instance         the provider instance that captures and refunds; '' if nothing here does
    reference        what the provider calls the authorization, or the number of a card
    stated           the amount that the source of the order stated last
    authorized       what may be captured in total
    prepaid          what was captured before the order was received
    covered          value of shipped units that is paid without a capture here: from what was
                     prepaid, or by a method that is collected elsewhere
    capture_pending  requested captures without an outcome
    captured         succeeded captures
    released         what is not to be captured any more: voided, being voided, or expired
    refund_pending   requested refunds without an outcome
    refunded         succeeded refunds
    """

    __tablename__ = "payment_method"
    __table_args__ = (
        UniqueConstraint("order_id", "kind", "reference"),
        Index(
            "ix_payment_method_expires_at",
            "expires_at",
            postgresql_where=text(
                "instance <> '' AND expires_at IS NOT NULL"
                " AND authorized > prepaid + capture_pending + captured + released"
            ),
        ),
        CheckConstraint(
            "prepaid >= 0 AND capture_pending >= 0 AND captured >= 0 AND released >= 0"
            " AND prepaid + capture_pending + captured + released <= authorized",
            name="ck_payment_method_captured",
        ),
        CheckConstraint(
            "refund_pending >= 0 AND refunded >= 0"
            " AND refund_pending + refunded <= prepaid + captured",
            name="ck_payment_method_refunded",
        ),
        CheckConstraint(
            "covered >= 0 AND covered <= CASE WHEN instance = '' THEN authorized ELSE prepaid END",
            name="ck_payment_method_covered",
        ),
        {"schema": SCHEMA, "postgresql_with": {"fillfactor": "80"}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.order_payment.order_id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    instance: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    stated: Mapped[int] = mapped_column(BigInteger)
    authorized: Mapped[int] = mapped_column(BigInteger)
    prepaid: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    covered: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    capture_pending: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    captured: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    released: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    refund_pending: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    refunded: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)


class Charge(Base):
    """What the units of one shipment cost, or those of one digital line, and how it is paid.

    The id is that of the shipment or of the line, so that neither is charged twice.

    covered   what is paid without a capture here
    captured  captures of it that are requested or succeeded
    """

    __tablename__ = "charge"
    __table_args__ = (
        Index("ix_charge_order_id", "order_id"),
        CheckConstraint(
            "covered >= 0 AND captured >= 0 AND covered + captured <= amount",
            name="ck_charge_captured",
        ),
        CheckConstraint("kind IN ('shipment', 'digital')", name="ck_charge_kind"),
        {"schema": SCHEMA, "postgresql_with": {"fillfactor": "80"}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.order_payment.order_id"))
    kind: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    covered: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    captured: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    charged_at: Mapped[datetime] = mapped_column(Moment)


class PaymentFact(Base):
    """One fact about a payment method. Facts are appended; only their outcome is written later.

    A fact that a provider must carry out is requested first, and is called with its key until the
    outcome is known.

    key          the idempotency key of the call, the same on every attempt
    charge_id    the charge that a capture pays; NULL if it was captured before the order came
    request_key  the key of the request that a refund belongs to
    reference    what the provider calls the result
    needs_person whether it failed, or its outcome stays unknown, and it was not retried
    due_at       when the provider is called next; NULL if it is not
    """

    __tablename__ = "payment_fact"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('authorization', 'capture', 'refund', 'void', 'expiry')",
            name="ck_payment_fact_kind",
        ),
        CheckConstraint(
            "state IN ('requested', 'unknown', 'succeeded', 'failed')",
            name="ck_payment_fact_state",
        ),
        CheckConstraint("amount > 0", name="ck_payment_fact_amount"),
        CheckConstraint(
            "due_at IS NULL OR state IN ('requested', 'unknown')", name="ck_payment_fact_due"
        ),
        Index("ix_payment_fact_order_id", "order_id", "id"),
        Index("ix_payment_fact_method_id", "method_id"),
        Index(
            "ix_payment_fact_charge_id", "charge_id", postgresql_where=text("charge_id IS NOT NULL")
        ),
        Index("ix_payment_fact_list", "needs_person", "id"),
        Index("ix_payment_fact_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        {"schema": SCHEMA, "postgresql_with": {"fillfactor": "80"}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.order_payment.order_id"))
    method_id: Mapped[UUID] = mapped_column(ForeignKey(f"{SCHEMA}.payment_method.id"))
    kind: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text, unique=True)
    state: Mapped[str] = mapped_column(Text)
    charge_id: Mapped[UUID | None] = mapped_column(ForeignKey(f"{SCHEMA}.charge.id"))
    request_key: Mapped[str] = mapped_column(Text, server_default="")
    reason: Mapped[str] = mapped_column(Text, server_default="")
    reference: Mapped[str] = mapped_column(Text, server_default="")
    error: Mapped[str] = mapped_column(Text, server_default="")
    actor: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    completed_at: Mapped[datetime | None] = mapped_column(Moment)
    needs_person: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=ZERO)
    deferrals: Mapped[int] = mapped_column(SmallInteger, server_default=ZERO)
    due_at: Mapped[datetime | None] = mapped_column(Moment)
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
