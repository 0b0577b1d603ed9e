"""Bodies of the HTTP API of changes of orders."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from .changes.operations import Operation
from .changes.patches import MOST_OPERATIONS
from .schemas import AllowedAction, BulkResult, Strict

Reason = Annotated[str, Field(max_length=500)]
Operations = Annotated[list[Operation], Field(min_length=1, max_length=MOST_OPERATIONS)]


class ChangePreviewRequest(Strict):
    """The operations of a change, in order."""

    operations: Operations


class ChangeBody(Strict):
    """Operations to apply, and the version of the order for which they were previewed."""

    operations: Operations
    version: str = Field(min_length=1, max_length=100)
    reason: Reason = ""


class BulkChangeRequest(Strict):
    """Operations to apply to each of up to 1,000 orders, as they are."""

    ids: list[UUID] = Field(min_length=1, max_length=10_000)
    operations: Operations
    reason: Reason = ""


class ChangeMoney(Strict):
    """The money of an order; `kept` is the total less the refunds.

    `canceled` is the part of the total for canceled units, `goodwill` what was given back besides.
    """

    lines: str
    shipping: str
    fees: str
    discount: str
    tax: str
    total: str
    canceled: str
    goodwill: str
    refunds: str
    kept: str


class MoneyChange(Strict):
    """The money of an order before and after a change.

    `difference` is to be paid when it is above zero, and to be refunded when it is below.
    """

    currency: str
    before: ChangeMoney
    after: ChangeMoney
    difference: str


class StockNeed(Strict):
    """Units that a change needs of a product, in its stock unit, and whether there are as many.

    `available` is what one source has at most; `available_on` the first day all can be promised.
    """

    line_number: int
    product: str
    unit: str
    needed: Decimal
    available: Decimal
    enough: bool
    available_on: date | None


class ChangeTask(Strict):
    """Something that happens because of a change."""

    kind: Literal["recall", "source", "store"]
    text: str


class PromiseChange(Strict):
    """The first day that an order is promised for, and when units it lacks can be promised."""

    before: date | None
    after: date | None
    expected_on: date | None


class ChangePreview(Strict):
    """What a change would do to an order; nothing is stored."""

    version: str
    words: list[str]
    money: MoneyChange
    stock: list[StockNeed]
    tasks: list[ChangeTask]
    promise: PromiseChange


class AppliedOrderChange(Strict):
    """A change that was applied."""

    id: UUID
    order_id: UUID
    words: list[str]
    money: MoneyChange


class OrderChangeRow(Strict):
    """A change in the history of an order, and whether it can be undone now."""

    id: UUID
    number: int
    recorded_at: datetime
    author: str
    origin: Literal["person", "source"]
    reason: str
    words: list[str]
    operations: list[dict[str, Any]]
    money: MoneyChange
    undoes: UUID | None
    undone_by: UUID | None
    undo: AllowedAction


class OrderChanges(Strict):
    """The changes of an order, newest first, and whether it can be changed now."""

    edit: AllowedAction
    goodwill: AllowedAction
    changes: list[OrderChangeRow]


class BulkChangeResult(BulkResult):
    """The result of one order, and what the customer pays more, or gets back."""

    number: str
    difference: str
    currency: str


class BulkChangeResponse(Strict):
    """One result per id of the request."""

    results: list[BulkChangeResult]
