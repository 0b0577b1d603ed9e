"""The document of kind `order_change_policy`: how far people may change and cancel orders."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from openiom.kernel import Problem, Refused
from openiom.platform.bulk import fetch
from openiom.platform.configuration import DocumentKind, current_documents

from .operations import ExchangeLine, Operation, SubstituteLine
from .values import OrderValue

KIND, NAME = "order_change_policy", "default"
ITEM_KINDS = ("add_line", "change_quantity", "exchange_line", "remove_line", "substitute_line")
"""Operations that change what is ordered."""

_ITEM_CHANGES = """
SELECT c.order_id, count(*) FROM orders.order_change c
WHERE c.order_id = ANY(%s) AND c.origin = 'person' AND c.undoes IS NULL
    AND EXISTS (SELECT FROM jsonb_array_elements(c.operations) AS o
        WHERE o ->> 'kind' = ANY(%s))
    AND NOT EXISTS (SELECT FROM orders.order_change u WHERE u.undoes = c.id)
GROUP BY c.order_id
"""


class OrderChangePolicyBody(BaseModel):
    """How far people may change orders; without a document nothing is limited."""

    model_config = ConfigDict(extra="forbid")

    item_changes: int | None = Field(
        None,
        ge=0,
        le=1000,
        description="How often the items of an order may be changed; empty for no limit",
    )
    exchange_within_product: bool = Field(
        False, description="Lines are exchanged only for another variant of their product"
    )
    cancel_after_item_change: bool = Field(
        True, description="Orders may be canceled after their items were changed"
    )
    cancel_reasons: list[str] = Field(
        default_factory=list, description="Reasons of a cancellation; empty for any reason"
    )


def _check(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    if name == NAME:
        return []
    return [Problem("name", "there is only one order change policy", f"name it {NAME}")]


ORDER_CHANGE_POLICY = DocumentKind(KIND, OrderChangePolicyBody, 32, check=_check)


def order_change_policy(session: Session) -> OrderChangePolicyBody:
    """Return the policy in use."""
    documents = current_documents(session, KIND, names=[NAME])
    return OrderChangePolicyBody.model_validate(documents[0].body if documents else {})


def count_item_changes(session: Session, order_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how often people have changed the items of orders, less what was undone."""
    if not order_ids:
        return {}
    return dict(fetch(session, _ITEM_CHANGES, (list(order_ids), list(ITEM_KINDS))))


class ChangeLimits:
    """The policy, and the item changes of the orders that it limits."""

    def __init__(self, policy: OrderChangePolicyBody, item_changes: Mapping[UUID, int]) -> None:
        self._policy = policy
        self._item_changes = item_changes

    @classmethod
    def load(cls, session: Session, order_ids: Collection[UUID]) -> "ChangeLimits":
        """Read the policy, and count the item changes of these orders where they matter."""
        policy = order_change_policy(session)
        is_counted = policy.item_changes is not None or not policy.cancel_after_item_change
        return cls(policy, count_item_changes(session, order_ids) if is_counted else {})

    def check(self, value: OrderValue, operations: Sequence[Operation]) -> None:
        """Raise `Refused` when the policy does not allow these operations on an order."""
        for index, operation in enumerate(operations):
            if operation.kind in ITEM_KINDS:
                self._check_count(value.id, f"operations[{index}].kind")
            if self._policy.exchange_within_product:
                _check_product(value, operation, f"operations[{index}].product")

    def _check_count(self, order_id: UUID, where: str) -> None:
        """Raise `Refused` when the items of an order were changed as often as allowed."""
        limit = self._policy.item_changes
        if limit is None or self._item_changes.get(order_id, 0) < limit:
            return

        raise Refused(
            f"the items of an order may be changed {_times(limit)}, and were",
            where=where,
            remedy="undo the earlier change, or place a new order",
        )

    def cancel_refusal(self, order_id: UUID, reason: str) -> str:
        """Return why an order may not be canceled for a reason, or ''."""
        reasons = self._policy.cancel_reasons
        if reasons and reason not in reasons:
            return f"the reason of a cancellation is one of: {', '.join(reasons)}"
        if not self._policy.cancel_after_item_change and self._item_changes.get(order_id):
            return "its items were changed, after which an order is not canceled; undo the change"
        return ""


def _check_product(value: OrderValue, operation: Operation, where: str) -> None:
    """Raise `Refused` for a line that would be exchanged for another product."""
    if isinstance(operation, ExchangeLine):
        products = {operation.product}
    elif isinstance(operation, SubstituteLine):
        products = set(operation.candidates)
    else:
        return

    ordered = {line.line_number: line.product for line in value.lines}
    product = ordered.get(operation.line)
    if product is None:
        raise Refused(
            f"the order has no line {operation.line} before the change",
            where=where,
            remedy="exchange a line of the order",
        )
    if products != {product}:
        raise Refused(
            f"line {operation.line} is exchanged only for a variant of {product}",
            where=where,
            remedy="choose another variant of the same product",
        )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
