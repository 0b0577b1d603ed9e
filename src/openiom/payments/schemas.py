"""Bodies of the HTTP API of payments. Money is text in the currency of the order."""

from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

FactState = Literal["requested", "unknown", "succeeded", "failed"]
FactKind = Literal["authorization", "capture", "refund", "void", "expiry"]


class PaymentMethodView(BaseModel):
    """A payment method of an order with its balances.

    authorized      what may be captured in total, released money excluded
    captured        what was captured, here and before the order was received
    refundable      what may still be refunded
    provider_title  empty if no provider here captures and refunds it
    """

    id: UUID
    kind: str
    title: str
    provider: str
    provider_title: str
    reference: str
    expires_at: datetime | None
    authorized: str
    capture_pending: str
    captured: str
    released: str
    refund_pending: str
    refunded: str
    refundable: str


class PaymentFactView(BaseModel):
    """A payment fact. `needs_person` says that it failed, or its outcome stays unknown."""

    id: UUID
    method_id: UUID
    kind: FactKind
    state: FactState
    amount: str
    method: str
    method_title: str
    provider: str
    reference: str
    reason: str
    error: str
    actor: str
    recorded_at: datetime
    completed_at: datetime | None
    shipment_id: UUID | None
    needs_person: bool
    may_retry: bool


class PaymentTotals(BaseModel):
    """The money of an order.

    total       what all methods pay together
    kept        the part of it that is not canceled
    charged     the value of what has shipped
    uncovered   the part of it that nothing pays
    authorized  what may be captured in total
    to_capture  the part of `kept` that was not captured yet
    """

    total: str
    kept: str
    charged: str
    uncovered: str
    authorized: str
    captured: str
    refunded: str
    refundable: str
    to_capture: str


class OrderPayments(BaseModel):
    """The payments of an order: methods, facts from the newest on, and balances.

    Without any payment, methods and facts are empty and there are no totals.
    """

    currency: str
    totals: PaymentTotals | None = None
    methods: list[PaymentMethodView] = []
    facts: list[PaymentFactView] = []


class PaymentRow(PaymentFactView):
    """A payment fact with its order."""

    order_id: UUID
    order_number: str
    customer_name: str
    currency: str


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RefundItem(_Strict):
    """A refund of one order.

    amount     in the currency of the order; without it everything that may be refunded
    method_id  the method to refund; without it the one used last comes first
    key        a repeated request with the same key refunds nothing more
    """

    order_id: UUID
    key: str = Field(min_length=1, max_length=200)
    amount: Decimal | None = Field(None, gt=0, lt=Decimal(10) ** 13)
    method_id: UUID | None = None
    reason: str = Field("", max_length=500)


class RefundBody(_Strict):
    """Refunds of many orders."""

    refunds: list[RefundItem] = Field(min_length=1, max_length=1_000)


class RefundItemResult(BaseModel):
    """Whether a refund was requested; `reason` says why not.

    `duplicate` says that an earlier request of the same key made it.
    """

    order_id: UUID
    ok: bool
    amount: str
    ids: list[UUID]
    duplicate: bool
    reason: str


class RefundResponse(BaseModel):
    """One result per refund of the request, in order."""

    results: list[RefundItemResult]
