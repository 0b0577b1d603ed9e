"""Decide patches: a list of operations makes one value of an order from another, or is refused."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from openiom.kernel import Refused

from .facts import ChangeFacts
from .money import OrderMoney, derive_money, scale_money
from .operations import OPERATIONS, ChangeOperation, Operation, RestateAmounts, SetTax
from .operations.remove_line import require_lines
from .values import ZERO, OrderValue

MOST_OPERATIONS = 200
AMOUNT_LIMIT = Decimal(10) ** 13
"""What an order must cost less than."""


@dataclass(frozen=True, slots=True)
class DecidedPatch:
    """What operations make of an order, and what they do in words."""

    before: OrderValue
    after: OrderValue
    operations: Sequence[Operation]
    words: Sequence[str]

    @property
    def money_before(self) -> OrderMoney:
        """The money before the change."""
        return derive_money(self.before)

    @property
    def money_after(self) -> OrderMoney:
        """The money after the change."""
        return derive_money(self.after)


def decide_patch(
    value: OrderValue, operations: Sequence[Operation], facts: ChangeFacts
) -> DecidedPatch:
    """Return what operations make of an order. Raise `Refused`, with the operation at fault."""
    after = value
    words: list[str] = []
    for index, operation in enumerate(operations):
        try:
            operation.check(after, facts)
            words.append(operation.describe(after))
            after = apply_operation(after, operation, facts)
            _check_size(after)
        except InvalidOperation as error:
            raise _refused_at(index, operation, _too_large(after)) from error
        except Refused as error:
            raise _refused_at(index, operation, error) from error

    _check_result(value, after)
    return DecidedPatch(value, after, operations, words)


def apply_operation(
    value: OrderValue, operation: ChangeOperation, facts: ChangeFacts
) -> OrderValue:
    """Return the order after an operation, with its tax in proportion.

    The tax of an order whose lines state none follows its goods, unless the operation states it.
    """
    after = operation.change(value, facts)
    if value.order_tax is None or isinstance(operation, SetTax | RestateAmounts):
        return after

    now = after.subtotal - after.discount
    before = value.subtotal - value.discount
    return replace(
        after, order_tax=scale_money(value.order_tax, max(ZERO, now), before, value.currency)
    )


def products_of(operations: Iterable[ChangeOperation], value: OrderValue) -> set[str]:
    """Return the products that operations on an order need to be known."""
    products: set[str] = set()
    for operation in operations:
        products.update(operation.products(value))
    return products


def read_operations(documents: Sequence[Mapping[str, Any]]) -> list[Operation]:
    """Return stored operations."""
    return OPERATIONS.validate_python(list(documents))


def operation_documents(operations: Sequence[Operation]) -> list[dict[str, Any]]:
    """Return operations as they are stored and sent."""
    return [operation.model_dump(mode="json") for operation in operations]


def _refused_at(index: int, operation: Operation, error: Refused) -> Refused:
    where = f"operations[{index}].{error.where or operation.kind}"
    return Refused(error.what, where=where, remedy=error.remedy)


def _check_size(value: OrderValue) -> None:
    """Raise `Refused` for amounts that cannot be stored."""
    money = derive_money(value)
    if max(money.lines, money.total, value.shipping, value.discount) >= AMOUNT_LIMIT:
        raise _too_large(value)


def _too_large(value: OrderValue) -> Refused:
    what = f"the order would cost {AMOUNT_LIMIT:f} {value.currency} or more"
    return Refused(what, where="amounts", remedy="correct the price or the quantity")


def _check_result(before: OrderValue, after: OrderValue) -> None:
    """Raise `Refused` for a change of nothing, and for an order with an impossible total."""
    require_lines(after)
    money = derive_money(after)
    if money.total < 0:
        raise Refused(
            f"the order would cost {money.total} {after.currency}",
            where="discount",
            remedy="lower its discount",
        )
    if money.goodwill and money.canceled + money.goodwill > money.total:
        raise Refused(
            f"the goodwill of {money.goodwill} {after.currency} is more than the order would keep",
            where="goodwill",
            remedy="withdraw a part of the goodwill in the same change",
        )
    if after.content() == before.content():
        raise Refused(
            "the change leaves the order as it is",
            where="operations",
            remedy="change something, or cancel editing",
        )
