"""The history of changes of orders: what was changed, by whom, and how it is undone."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import Event, amount_text, new_ids
from openiom.orders.events import order_event
from openiom.platform.bulk import copy_rows, fetch, fetch_as
from openiom.platform.database import to_json_text
from openiom.platform.events import append_events

from .differences import operations_between
from .facts import ChangeFacts
from .money import OrderMoney, derive_money
from .patches import DecidedPatch, operation_documents
from .values import LineValue, OrderValue

ORDER_CHANGED = "order.changed"
HISTORY_LIMIT = 200
_FIELDS = (
    "shipping",
    "fees",
    "credit",
    "discount",
    "order_tax",
    "goodwill",
    "ship_to",
    "bill_to",
    "requested_date",
    "shipping_method",
)
_MONEY = (
    "lines",
    "shipping",
    "fees",
    "discount",
    "tax",
    "total",
    "canceled",
    "goodwill",
    "refunds",
    "kept",
)
_COLUMNS = (
    "id",
    "order_id",
    "number",
    "recorded_at",
    "author",
    "origin",
    "reason",
    "words",
    "operations",
    "inverse",
    "touched",
    "quantities",
    "money_before",
    "money_after",
    "difference",
    "undoes",
)


@dataclass(frozen=True, slots=True)
class NewChange:
    """A change to record."""

    patch: DecidedPatch
    author: str
    origin: Literal["person", "source"]
    reason: str = ""
    undoes: UUID | None = None


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """A change of an order as it is stored, with the change that undid it."""

    id: UUID
    order_id: UUID
    number: int
    recorded_at: datetime
    author: str
    origin: str
    reason: str
    words: list[str]
    operations: list[dict[str, Any]]
    inverse: list[dict[str, Any]]
    touched: list[str]
    quantities: dict[str, int]
    money_before: dict[str, str]
    money_after: dict[str, str]
    difference: Decimal
    undoes: UUID | None
    undone_by: UUID | None


def record_changes(
    session: Session, changes: Sequence[NewChange], facts: ChangeFacts, now: datetime
) -> list[UUID]:
    """Store changes with their inverse; return their ids, in order.

    Those of people are published as `order.changed`; a delivery of the source is `order.modified`.
    `facts` have the units of all products of the orders. The caller has locked the orders.
    """
    if not changes:
        return []

    last = _last_numbers(session, [change.patch.before.id for change in changes])
    ids = new_ids(len(changes))
    rows: list[tuple[Any, ...]] = []
    for change_id, change in zip(ids, changes, strict=True):
        last[change.patch.before.id] += 1
        rows.append(_row(change_id, change, last[change.patch.before.id], facts, now))

    copy_rows(session, "orders.order_change", _COLUMNS, rows)
    for change_id, change in zip(ids, changes, strict=True):
        if change.origin == "person":
            append_events(session, [_event(change_id, change)], at=now, actor=change.author)
    return ids


def read_changes(session: Session, order_ids: Sequence[UUID]) -> list[RecordedChange]:
    """Return the changes of orders, newest first."""
    return fetch_as(
        session,
        RecordedChange,
        f"SELECT {', '.join(f'c.{name}' for name in _COLUMNS)},"
        " (SELECT u.id FROM orders.order_change u WHERE u.undoes = c.id LIMIT 1) AS undone_by"
        " FROM orders.order_change c WHERE c.order_id = ANY(%s)"
        " ORDER BY c.order_id, c.number DESC LIMIT %s",
        (list(order_ids), HISTORY_LIMIT * len(order_ids)),
    )


def money_texts(money: OrderMoney, currency: str) -> dict[str, str]:
    """Return the money of an order as text with the digits of its currency."""
    return {name: amount_text(getattr(money, name), currency) for name in _MONEY}


def touched_parts(before: OrderValue, after: OrderValue) -> list[str]:
    """Return the lines and fields that differ: `line 2`, `ship_to`."""
    content_before, content_after = before.content(), after.content()
    touched = _touched_lines(before, after)
    for name in _FIELDS:
        if content_before[name] != content_after[name]:
            touched.append(name)
    return touched


def _touched_lines(before: OrderValue, after: OrderValue) -> list[str]:
    contents = {line.line_number: line.content() for line in before.lines}
    new_contents = {line.line_number: line.content() for line in after.lines}
    touched: list[str] = []
    for number in sorted(contents.keys() | new_contents.keys()):
        if contents.get(number) != new_contents.get(number):
            touched.append(f"line {number}")
    return touched


def changed_quantities(touched: Iterable[str], after: OrderValue) -> dict[str, int]:
    """Return what the touched lines order afterwards, in steps; 0 of a removed one."""
    lines = _lines_by_number(after)
    quantities: dict[str, int] = {}
    for part in touched:
        if part.startswith("line "):
            line = lines.get(int(part.removeprefix("line ")))
            quantities[part] = line.quantity if line else 0
    return quantities


def _lines_by_number(value: OrderValue) -> Mapping[int, LineValue]:
    return {line.line_number: line for line in value.lines}


def _last_numbers(session: Session, order_ids: Sequence[UUID]) -> Counter[UUID]:
    rows = fetch(
        session,
        "SELECT order_id, max(number) FROM orders.order_change WHERE order_id = ANY(%s) GROUP BY 1",
        (order_ids,),
    )
    return Counter(dict(rows))


def _row(
    change_id: UUID, change: NewChange, number: int, facts: ChangeFacts, now: datetime
) -> tuple[Any, ...]:
    patch = change.patch
    before, after = patch.before, patch.after
    inverse = operations_between(after, before, facts, reason=f"change {number} undone")
    touched = touched_parts(before, after)
    money_before, money_after = derive_money(before), derive_money(after)
    return (
        change_id,
        before.id,
        number,
        now,
        change.author,
        change.origin,
        change.reason,
        to_json_text(list(patch.words)),
        to_json_text(operation_documents(patch.operations)),
        to_json_text(operation_documents(inverse)),
        to_json_text(touched),
        to_json_text(changed_quantities(touched, after)),
        to_json_text(money_texts(money_before, before.currency)),
        to_json_text(money_texts(money_after, before.currency)),
        money_after.kept - money_before.kept,
        change.undoes,
    )


def _event(change_id: UUID, change: NewChange) -> Event:
    patch = change.patch
    difference = patch.money_after.kept - patch.money_before.kept
    data: dict[str, Any] = {
        "number": patch.before.number,
        "change": str(change_id),
        "words": list(patch.words),
        "difference": amount_text(difference, patch.before.currency),
        "currency": patch.before.currency,
    }
    if change.reason:
        data["reason"] = change.reason
    if change.undoes:
        data["undoes"] = str(change.undoes)
    return order_event(ORDER_CHANGED, patch.before.id, data)
