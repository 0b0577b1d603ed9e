"""Reads of the HTTP API: return orders with lines, parcels and amounts."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.documents import variant_fact
from openiom.kernel import amount_text, from_steps
from openiom.orders import order_summaries
from openiom.platform.bulk import fetch, fetch_as, fetch_column

from .allowed_actions import allowed_return_actions, verdict_of
from .configuration import return_policy
from .decisions import ReturnLineState, ReturnState
from .facts import read_returns
from .schemas import (
    AmountView,
    InspectionView,
    ParcelView,
    ReceiptView,
    ReturnCounts,
    ReturnDetail,
    ReturnLineView,
    ReturnRow,
)
from .search import search_condition
from .states import RETURN_ORDER_TABLE

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnFilter:
    """What the list is narrowed to; empty fields match everything."""

    state: str = ""
    outcome: str = ""
    origin: str = ""
    order_id: UUID | None = None
    search: str = ""
    open_only: bool = False
    refund_due: bool = False


def list_returns(
    session: Session, chosen: ReturnFilter, *, after: UUID | None, limit: int
) -> list[ReturnRow]:
    """Return return orders, newest first; `after` is the id of the last row shown."""
    conditions: list[str] = []
    values: list[Any] = []
    for condition, value in (
        ("r.state = %s", chosen.state),
        ("r.outcome = %s", chosen.outcome),
        ("r.origin = %s", chosen.origin),
        ("r.order_id = %s", chosen.order_id),
        ("r.id < %s", after),
    ):
        if value:
            conditions.append(condition)
            values.append(value)

    if chosen.search:
        condition, found = search_condition(session, chosen.search)
        conditions.append(condition)
        values += found
    if chosen.open_only:
        conditions.append("r.state NOT IN ('refused', 'closed', 'canceled')")
    if chosen.refund_due:
        conditions.append(f"r.id IN ({_REFUND_DUE})")

    where = " AND ".join(conditions) or "TRUE"
    ids = fetch_column(
        session,
        f"SELECT r.id FROM returns.return_order r WHERE {where} ORDER BY r.id DESC LIMIT %s",
        (*values, limit),
    )
    reader = _Reader.load(session, ids)
    return [ReturnRow(**reader.row(return_id)) for return_id in ids]


_REFUND_DUE = "SELECT return_order_id FROM returns.return_amount WHERE state = 'due'"


def count_returns(session: Session) -> ReturnCounts:
    """Return how many return orders are in each state, and of how many a payment is due."""
    query = "SELECT state, count(*) FROM returns.return_order GROUP BY state"
    due = "SELECT count(DISTINCT return_order_id) FROM returns.return_amount WHERE state = 'due'"
    return ReturnCounts(states=dict(fetch(session, query)), refund_due=fetch(session, due)[0][0])


def count_returns_of_orders(session: Session, order_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how many returns orders have, without those that were refused or canceled."""
    query = (
        "SELECT order_id, count(*) FROM returns.return_order WHERE order_id = ANY(%s)"
        " AND state NOT IN ('refused', 'canceled') GROUP BY order_id"
    )
    return dict(fetch(session, query, (list(order_ids),)))


class _AmountRow(NamedTuple):
    id: UUID
    return_order_id: UUID
    kind: str
    state: str
    goods: Decimal
    costs: Decimal
    fee: Decimal
    amount: Decimal
    reference: str
    reason: str
    created_at: datetime
    completed_at: datetime | None


@dataclass(slots=True)
class _Reader:
    """Return orders with their amounts and the numbers of their orders."""

    returns: Mapping[UUID, ReturnState]
    amounts: Mapping[UUID, Sequence[_AmountRow]]
    numbers: Mapping[UUID, str]

    @classmethod
    def load(cls, session: Session, ids: Sequence[UUID]) -> "_Reader":
        returns = read_returns(session, ids)
        amounts: dict[UUID, list[_AmountRow]] = defaultdict(list)
        query = (
            f"SELECT {', '.join(_AmountRow._fields)} FROM returns.return_amount"
            " WHERE return_order_id = ANY(%s) ORDER BY created_at, id"
        )
        for row in fetch_as(session, _AmountRow, query, (list(ids),)):
            amounts[row.return_order_id].append(row)

        order_ids: list[UUID] = []
        for one in returns.values():
            order_ids += [i for i in (one.order_id, one.replacement_order_id) if i]
        summaries = order_summaries(session, order_ids)
        numbers = {order_id: order.number for order_id, order in summaries.items()}
        return cls(returns, amounts, numbers)

    def row(self, return_id: UUID) -> dict[str, Any]:
        """Return the fields of a row of the list."""
        one = self.returns[return_id]
        units, received, uninspected = ZERO, ZERO, ZERO
        for line in one.lines.values():
            units += from_steps(line.quantity, line.unit_decimals)
            received += from_steps(line.received, line.unit_decimals)
            uninspected += from_steps(line.uninspected, line.unit_decimals)

        refund, refund_state = self._refund(return_id)
        return {
            "id": one.id,
            "number": one.number,
            "order_id": one.order_id,
            "order_number": self.numbers.get(one.order_id, "") if one.order_id else "",
            "customer_name": one.customer_name,
            "state": one.state,
            "state_label": RETURN_ORDER_TABLE.state(one.state).label,
            "state_reason": one.state_reason,
            "outcome": one.outcome,
            "timing": one.timing,
            "origin": one.origin,
            "is_withdrawal": one.is_withdrawal,
            "currency": one.currency,
            "units": units,
            "received_units": received,
            "uninspected_units": uninspected,
            "refund_amount": amount_text(refund, one.currency) if one.currency else "",
            "refund_state": refund_state,
            "declared_at": one.declared_at,
            "deadline": one.deadline,
            "refund_due_on": one.refund_due_on,
            "actions": allowed_return_actions(one),
        }

    def _refund(self, return_id: UUID) -> tuple[Decimal, str]:
        """Return the refunds of a return together, and the state of the least advanced one."""
        refunds = [one for one in self.amounts.get(return_id, ()) if one.kind == "refund"]
        states = {one.state for one in refunds}
        for state in ("failed", "due", "requested", "completed"):
            if state in states:
                return sum((one.amount for one in refunds), ZERO), state
        return ZERO, ""

    def amount_views(self, return_id: UUID) -> list[AmountView]:
        """Return the amounts of a return order."""
        currency = self.returns[return_id].currency
        views: list[AmountView] = []
        for one in self.amounts.get(return_id, ()):
            views.append(
                AmountView(
                    id=one.id,
                    kind=one.kind,
                    state=one.state,
                    goods=amount_text(one.goods, currency),
                    costs=amount_text(one.costs, currency),
                    fee=amount_text(one.fee, currency),
                    amount=amount_text(one.amount, currency),
                    reference=one.reference,
                    reason=one.reason,
                    created_at=one.created_at,
                    completed_at=one.completed_at,
                )
            )
        return views


def get_returns(session: Session, ids: Sequence[UUID]) -> list[ReturnDetail]:
    """Return return orders with everything that belongs to them, oldest first."""
    reader = _Reader.load(session, ids)
    extras = _Extras.load(session, list(reader.returns))
    details: list[ReturnDetail] = []
    for return_id in sorted(reader.returns, key=str):
        one = reader.returns[return_id]
        head = extras.heads[return_id]
        replacement = one.replacement_order_id
        details.append(
            ReturnDetail(
                **reader.row(return_id),
                note=head.note,
                created_by=head.created_by,
                sent_at=one.sent_at,
                ended_at=one.ended_at,
                replacement_order_id=replacement,
                replacement_order_number=reader.numbers.get(replacement, "") if replacement else "",
                verdict=verdict_of(one, reader.row(return_id)["refund_state"]),
                lines=[extras.line(line) for line in one.lines.values()],
                parcels=extras.parcels.get(return_id, []),
                amounts=reader.amount_views(return_id),
            )
        )
    return details


def returns_of_order(session: Session, order_id: UUID) -> list[ReturnDetail]:
    """Return every return order of an order, oldest first."""
    query = "SELECT id FROM returns.return_order WHERE order_id = %s"
    return get_returns(session, fetch_column(session, query, (order_id,)))


class _Head(NamedTuple):
    id: UUID
    note: str
    created_by: str


class _ReceiptRow(NamedTuple):
    return_line_id: UUID
    quantity: int
    place: str
    received_at: datetime
    received_by: str


class _InspectionRow(NamedTuple):
    return_line_id: UUID
    quantity: int
    condition: str
    disposition: str
    place: str
    note: str
    inspected_at: datetime
    inspected_by: str


class _ParcelRow(NamedTuple):
    return_order_id: UUID
    id: UUID
    carrier: str
    tracking_number: str
    tracking_url: str
    label_url: str
    sent_at: datetime | None
    numbers: list[str]
    ids: list[UUID]


@dataclass(slots=True)
class _Extras:
    """What the page of a return order shows beside its row."""

    heads: Mapping[UUID, _Head]
    comments: Mapping[UUID, str]
    reasons: Mapping[str, str]
    receipts: Mapping[UUID, Sequence[_ReceiptRow]]
    inspections: Mapping[UUID, Sequence[_InspectionRow]]
    parcels: Mapping[UUID, list[ParcelView]]

    @classmethod
    def load(cls, session: Session, ids: list[UUID]) -> "_Extras":
        heads = fetch_as(
            session,
            _Head,
            "SELECT id, note, created_by FROM returns.return_order WHERE id = ANY(%s)",
            (ids,),
        )
        comments = fetch(
            session,
            "SELECT id, comment FROM returns.return_line WHERE return_order_id = ANY(%s)",
            (ids,),
        )
        line_ids = [line_id for line_id, _ in comments]
        receipts: dict[UUID, list[_ReceiptRow]] = defaultdict(list)
        for receipt in fetch_as(session, _ReceiptRow, _RECEIPTS, (line_ids,)):
            receipts[receipt.return_line_id].append(receipt)
        inspections: dict[UUID, list[_InspectionRow]] = defaultdict(list)
        for inspection in fetch_as(session, _InspectionRow, _INSPECTIONS, (line_ids,)):
            inspections[inspection.return_line_id].append(inspection)

        return cls(
            heads={head.id: head for head in heads},
            comments=dict(comments),
            reasons={one.code: one.title for one in return_policy(session).reasons},
            receipts=receipts,
            inspections=inspections,
            parcels=_parcels(session, ids),
        )

    def line(self, line: ReturnLineState) -> ReturnLineView:
        """Return a line with its receipts and inspections."""
        receipts: list[ReceiptView] = []
        for receipt in self.receipts.get(line.id, ()):
            receipts.append(
                ReceiptView(
                    quantity=line.number(receipt.quantity),
                    place=receipt.place,
                    received_at=receipt.received_at,
                    received_by=receipt.received_by,
                )
            )
        inspections: list[InspectionView] = []
        for one in self.inspections.get(line.id, ()):
            fields = one._asdict() | {"quantity": line.number(one.quantity)}
            fields.pop("return_line_id")
            inspections.append(InspectionView(**fields))

        return ReturnLineView(
            id=line.id,
            order_line_id=line.order_line_id,
            product=line.product,
            name=line.name,
            variant=variant_fact(line.variant),
            unit=line.unit,
            unit_decimals=line.unit_decimals,
            state=line.state,
            reason=line.reason,
            reason_title=self.reasons.get(line.reason, line.reason),
            comment=self.comments[line.id],
            return_to=line.return_to,
            quantity=line.number(line.quantity),
            received=line.number(line.received),
            canceled=line.number(line.canceled),
            inspected=line.number(line.inspected),
            rejected=line.number(line.rejected),
            outstanding=line.number(line.outstanding),
            uninspected=line.number(line.uninspected),
            terms=line.terms,
            exchange_for=line.exchange_for,
            receipts=receipts,
            inspections=inspections,
        )


_RECEIPTS = """
SELECT return_line_id, quantity, place, received_at, received_by FROM returns.return_receipt
WHERE return_line_id = ANY(%s) ORDER BY received_at, id
"""
_INSPECTIONS = """
SELECT return_line_id, quantity, condition, disposition, place, note, inspected_at, inspected_by
FROM returns.return_inspection WHERE return_line_id = ANY(%s) ORDER BY inspected_at, id
"""
_PARCELS = """
SELECT c.return_order_id, p.id, p.carrier, p.tracking_number, p.tracking_url, p.label_url,
    p.sent_at, array_agg(r.number ORDER BY r.number) AS numbers,
    array_agg(r.id ORDER BY r.number) AS ids
FROM returns.return_parcel_content c
JOIN returns.return_parcel p ON p.id = c.parcel_id
JOIN returns.return_parcel_content o ON o.parcel_id = p.id
JOIN returns.return_order r ON r.id = o.return_order_id
WHERE c.return_order_id = ANY(%s)
GROUP BY c.return_order_id, p.id ORDER BY p.recorded_at, p.id
"""


def _parcels(session: Session, ids: list[UUID]) -> dict[UUID, list[ParcelView]]:
    parcels: dict[UUID, list[ParcelView]] = defaultdict(list)
    for row in fetch_as(session, _ParcelRow, _PARCELS, (ids,)):
        others: list[str] = []
        for return_id, number in zip(row.ids, row.numbers, strict=True):
            if return_id != row.return_order_id:
                others.append(number)
        parcels[row.return_order_id].append(
            ParcelView(
                id=row.id,
                carrier=row.carrier,
                tracking_number=row.tracking_number,
                tracking_url=row.tracking_url,
                label_url=row.label_url,
                sent_at=row.sent_at,
                also_in_it=others,
            )
        )
    return parcels
