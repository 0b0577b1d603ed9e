"""Rows of payments as services read them, and the sums by which they change."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import sorted_ids
from openiom.platform.bulk import copy_rows, execute, fetch_as

REQUESTED = "requested"
UNKNOWN = "unknown"
SUCCEEDED = "succeeded"
FAILED = "failed"

AUTHORIZATION = "authorization"
CAPTURE = "capture"
REFUND = "refund"
VOID = "void"
EXPIRY = "expiry"


@dataclass(slots=True)
class MethodRow:
    """A payment method with its balances."""

    id: UUID
    order_id: UUID
    position: int
    kind: str
    title: str
    instance: str
    reference: str
    expires_at: datetime | None
    stated: int
    authorized: int
    prepaid: int
    covered: int
    capture_pending: int
    captured: int
    released: int
    refund_pending: int
    refunded: int

    @property
    def used(self) -> int:
        """What can no longer be captured."""
        return self.prepaid + self.capture_pending + self.captured + self.released

    @property
    def coverable(self) -> int:
        """What it can pay without a capture."""
        return (self.prepaid if self.instance else self.authorized) - self.covered

    @property
    def refundable(self) -> int:
        """What was captured and is neither refunded nor being refunded."""
        return self.prepaid + self.captured - self.refunded - self.refund_pending


@dataclass(slots=True)
class ChargeRow:
    """A charge with what is paid of it."""

    id: UUID
    order_id: UUID
    amount: int
    covered: int
    captured: int

    @property
    def uncovered(self) -> int:
        """What nothing pays."""
        return self.amount - self.covered - self.captured


@dataclass(slots=True)
class NewFact:
    """A fact to append."""

    id: UUID
    order_id: UUID
    method_id: UUID
    kind: str
    amount: int
    currency: str
    key: str
    state: str
    actor: str
    recorded_at: datetime
    charge_id: UUID | None = None
    request_key: str = ""
    reason: str = ""
    reference: str = ""
    completed_at: datetime | None = None
    due_at: datetime | None = None
    needs_person: bool = False


@dataclass(slots=True)
class MethodChange:
    """What is added to the balances of a method."""

    stated: int = 0
    authorized: int = 0
    prepaid: int = 0
    covered: int = 0
    capture_pending: int = 0
    captured: int = 0
    released: int = 0
    refund_pending: int = 0
    refunded: int = 0


@dataclass(slots=True)
class ChargeChange:
    """What is added to the balances of a charge."""

    covered: int = 0
    captured: int = 0


_BALANCES = tuple(field.name for field in fields(MethodChange))
_FACT_COLUMNS = tuple(field.name for field in fields(NewFact))
_METHOD_COLUMNS = ", ".join(field.name for field in fields(MethodRow))
_SET_BALANCES = ", ".join(f"{name} = m.{name} + d.{name}" for name in _BALANCES)
_BALANCE_ARRAYS = ", ".join(f"%({name})s::bigint[]" for name in _BALANCES)
_METHODS = f"""
SELECT {_METHOD_COLUMNS} FROM payments.payment_method
WHERE order_id = ANY(%s) ORDER BY order_id, position, id
"""
_CHARGES = """
SELECT id, order_id, amount, covered, captured FROM payments.charge
WHERE order_id = ANY(%s) ORDER BY order_id, charged_at, id
"""
_UPDATE_METHODS = f"""
UPDATE payments.payment_method m SET {_SET_BALANCES}
FROM unnest(%(id)s::uuid[], {_BALANCE_ARRAYS}) AS d(id, {", ".join(_BALANCES)})
WHERE m.id = d.id
"""
_UPDATE_CHARGES = """
UPDATE payments.charge c SET covered = c.covered + d.covered, captured = c.captured + d.captured
FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[]) AS d(id, covered, captured)
WHERE c.id = d.id
"""
_CLOSE_EXPIRIES = """
UPDATE payments.payment_fact SET needs_person = false
WHERE order_id = ANY(%s) AND kind = 'expiry' AND needs_person
"""
_UPDATE_ORDERS = """
UPDATE payments.order_payment o SET charged = c.charged, uncovered = c.uncovered
FROM (SELECT order_id, sum(amount)::bigint AS charged,
        sum(amount - covered - captured)::bigint AS uncovered
    FROM payments.charge WHERE order_id = ANY(%s) GROUP BY order_id) c
WHERE o.order_id = c.order_id AND (o.charged, o.uncovered) IS DISTINCT FROM (c.charged, c.uncovered)
"""


def methods_of(session: Session, order_ids: Collection[UUID]) -> list[MethodRow]:
    """Return the methods of orders, in the order in which their sources stated them."""
    return fetch_as(session, MethodRow, _METHODS, (list(order_ids),))


def charges_of(session: Session, order_ids: Collection[UUID]) -> list[ChargeRow]:
    """Return the charges of orders, oldest first."""
    return fetch_as(session, ChargeRow, _CHARGES, (list(order_ids),))


def append_facts(session: Session, facts: Iterable[NewFact]) -> None:
    """Append facts; their balances are changed by the caller."""
    rows: list[Sequence[Any]] = []
    for fact in facts:
        rows.append([getattr(fact, name) for name in _FACT_COLUMNS])
    copy_rows(session, "payments.payment_fact", _FACT_COLUMNS, rows)


def change_methods(session: Session, changes: Mapping[UUID, MethodChange]) -> None:
    """Add to the balances of methods, whose orders are locked."""
    if not changes:
        return

    ids = sorted_ids(changes)
    columns: dict[str, list[Any]] = {"id": ids}
    for name in _BALANCES:
        columns[name] = [getattr(changes[method_id], name) for method_id in ids]
    execute(session, _UPDATE_METHODS, columns)


def change_charges(session: Session, changes: Mapping[UUID, ChargeChange]) -> None:
    """Add to the balances of charges, whose orders are locked."""
    if not changes:
        return

    ids = sorted_ids(changes)
    covered = [changes[charge_id].covered for charge_id in ids]
    captured = [changes[charge_id].captured for charge_id in ids]
    execute(session, _UPDATE_CHARGES, (ids, covered, captured))


def close_expiries(session: Session, order_ids: Collection[UUID]) -> None:
    """Mark expired authorizations of orders as of no concern any more."""
    if order_ids:
        execute(session, _CLOSE_EXPIRIES, (sorted_ids(order_ids),))


def update_order_balances(session: Session, order_ids: Collection[UUID]) -> None:
    """Add up what was charged for orders, and what nothing pays of it."""
    execute(session, _UPDATE_ORDERS, (sorted_ids(order_ids),))
