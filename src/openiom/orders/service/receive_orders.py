"""Take orders in, hundreds at a time: the receiver of order documents."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy.orm import Session

from openiom.kernel import Event, new_ids
from openiom.orders.decisions import LineAmounts, Totals, is_canceled_upstream, totals
from openiom.orders.locks import LockedLine, LockedOrder, adopt
from openiom.orders.schemas import ResolvedLine, ResolvedOrder
from openiom.orders.state_counts import add_counts
from openiom.orders.states import CANCEL, LINE_TABLE, ORDER_TABLE
from openiom.platform.bulk import copy_rows
from openiom.platform.events import append_events
from openiom.platform.write_behind import savepoint
from openiom.provider_contract import InboundDocument, IntakeResult
from openiom.state_framework import Target, advance

from .apply_redelivery import change_received, find_known
from .validate_documents import Draft, check_documents

ORDER_COLUMNS = (
    *(
        "id",
        "number",
        "instance",
        "external_id",
        "external_version",
        "external_status",
        "digest",
        "origin",
    ),
    *(
        "order_type",
        "currency",
        "account",
        "price_list",
        "placed_at",
        "created_at",
        "requested_delivery_date",
    ),
    *(
        "shipping_method",
        "payment_status",
        "subtotal",
        "shipping_amount",
        "discount_amount",
        "tax_amount",
    ),
    *(
        "total_amount",
        "total_difference",
        "note",
        "customer_name",
        "customer_email",
        "customer",
        "bill_to",
    ),
    *("ship_to", "line_count"),
)
LINE_COLUMNS = (
    *(
        "id",
        "order_id",
        "line_number",
        "external_id",
        "product",
        "name",
        "unit",
        "quantity",
        "unit_price",
    ),
    *("discount", "tax", "requested_delivery_date", "state", "state_reason", "canceled"),
)
_ATTEMPTS = 3


def _start(event: str, *, of_line: bool = False) -> Target:
    to = advance(LINE_TABLE if of_line else ORDER_TABLE, event=event, state=None)
    assert to is not None
    return to


ORDER_START, ORDER_OFF = (
    _start("order.created"),
    _start(CANCEL)._replace(reason="Canceled upstream"),
)
LINE_START, LINE_OFF = (
    _start("order_line.created", of_line=True),
    _start("order_line.canceled", of_line=True),
)


def receive_orders(
    session: Session, arrived: Sequence[InboundDocument], now: datetime, actor: str
) -> list[IntakeResult]:
    """
    Take order documents in whose keys are our own names already; one answer each, in order.

    A new order is created and announced as `order.created`; one that its source has canceled before we saw it is
    kept as canceled and starts nothing. A known one is a duplicate, or news that change what still may change.
    A refused document says what, where and what to do, and does not stop the others.
    """
    drafts, answers = check_documents(session, arrived)
    while drafts:
        first, later = list[Draft](), list[Draft]()
        seen: set[tuple[str, str]] = set()
        for draft in drafts:
            (later if draft.key in seen else first).append(draft)
            seen.add(draft.key)
        answers |= _take_distinct(session, first, now, actor)
        drafts = later
    return [answers[index] for index in range(len(arrived))]


def _take_distinct(
    session: Session, drafts: Sequence[Draft], now: datetime, actor: str, *, attempt: int = 1
) -> dict[int, IntakeResult]:
    """Drafts of different orders. Another transaction may win the race for one: then it is known, and asked again."""
    known = find_known(session, [d.key for d in drafts])
    answers = change_received(
        session, [(known[d.key], d) for d in drafts if d.key in known], now, actor
    )
    fresh = [d for d in drafts if d.key not in known]
    try:
        with savepoint(session):
            return answers | _create(session, fresh, now, actor)
    except UniqueViolation:
        if attempt == _ATTEMPTS:
            raise
        return answers | _take_distinct(session, fresh, now, actor, attempt=attempt + 1)


@dataclass(frozen=True, slots=True)
class _New:
    id: UUID
    draft: Draft
    line_ids: list[UUID]
    totals: Totals
    off: bool


def _create(
    session: Session, drafts: Sequence[Draft], now: datetime, actor: str
) -> dict[int, IntakeResult]:
    if not drafts:
        return {}
    new = _numbered(drafts)
    copy_rows(session, "orders.order", ORDER_COLUMNS, (_order_row(one, now) for one in new))
    copy_rows(
        session,
        "orders.order_state",
        ("order_id", "state", "reason", "updated_at"),
        ((one.id, *(ORDER_OFF if one.off else ORDER_START), now) for one in new),
    )
    copy_rows(
        session, "orders.order_line", LINE_COLUMNS, (row for one in new for row in _line_rows(one))
    )
    add_counts(
        session, Counter((ORDER_OFF.state if one.off else ORDER_START.state, "") for one in new)
    )
    append_events(session, (_created(one) for one in new), at=now, actor=actor)
    adopt(session, map(_as_locked, new), (line for one in new for line in _lines_as_locked(one)))
    return {one.draft.index: IntakeResult(ok=True, entity_id=str(one.id)) for one in new}


def _numbered(drafts: Sequence[Draft]) -> list[_New]:
    order_ids = new_ids(len(drafts))
    line_ids = iter(new_ids(sum(len(d.document.lines) for d in drafts)))
    return [
        _New(
            order_id,
            draft,
            [next(line_ids) for _ in draft.document.lines],
            _totals(draft.document),
            is_canceled_upstream(draft.document.external_status),
        )
        for order_id, draft in zip(order_ids, drafts, strict=True)
    ]


def _totals(order: ResolvedOrder) -> Totals:
    return totals(
        [LineAmounts(x.quantity, x.unit_price, x.discount, x.tax) for x in order.lines],
        shipping=order.shipping_amount,
        discount=order.discount_amount,
        tax=order.tax_amount,
        stated=order.total_amount,
        currency=order.currency,
    )


def _order_row(one: _New, now: datetime) -> tuple[Any, ...]:
    order, sums = one.draft.document, one.totals
    return (
        *(one.id, order.number, one.draft.instance, order.external_id, order.external_version),
        *(order.external_status, one.draft.digest, order.origin, order.order_type, order.currency),
        *(order.account, order.price_list, order.placed_at, now, order.requested_delivery_date),
        *(order.shipping_method, order.payment_status, sums.subtotal, order.shipping_amount),
        *(order.discount_amount, sums.tax, sums.total, sums.difference, order.note),
        *(customer_name(order), order.customer.email.lower(), order.customer.model_dump_json()),
        order.bill_to.model_dump_json() if order.bill_to else None,
        *(order.ship_to.model_dump_json(), len(order.lines)),
    )


def customer_name(order: ResolvedOrder) -> str:
    """How people call the customer in lists."""
    return (
        order.customer.name or order.customer.company or order.ship_to.name or order.ship_to.company
    )


def _line_rows(one: _New) -> Iterator[tuple[Any, ...]]:
    state, reason = LINE_OFF if one.off else LINE_START
    for number, (line_id, line) in enumerate(
        zip(one.line_ids, one.draft.document.lines, strict=True), start=1
    ):
        yield (
            *(
                line_id,
                one.id,
                number,
                line.external_id,
                line.product,
                line.name or line.product,
                line.unit,
            ),
            *(
                line.quantity,
                line.unit_price,
                line.discount,
                line.tax,
                line.requested_delivery_date,
            ),
            *(state, reason, line.quantity if one.off else 0),
        )


def _as_locked(one: _New) -> LockedOrder:
    start = ORDER_OFF if one.off else ORDER_START
    return LockedOrder(
        one.id, start.state, start.reason, held=False, previous_state=None, previous_reason=None
    )


def _lines_as_locked(one: _New) -> Iterator[LockedLine]:
    state, reason = LINE_OFF if one.off else LINE_START
    for number, (line_id, line) in enumerate(
        zip(one.line_ids, one.draft.document.lines, strict=True), start=1
    ):
        yield LockedLine(
            line_id,
            one.id,
            number,
            line.product,
            line.unit,
            line.quantity,
            state,
            reason,
            source=None,
            source_reason="",
            released=0,
            shipped=0,
            canceled=line.quantity if one.off else 0,
            requested_delivery_date=line.requested_delivery_date,
        )


def _created(one: _New) -> Event:
    order = one.draft.document
    data: dict[str, Any] = {
        "number": order.number,
        "instance": one.draft.instance,
        "external_id": order.external_id,
        "origin": order.origin,
        "currency": order.currency,
        "total_amount": str(order.total_amount),
        "lines": [_told(i, line) for i, line in zip(one.line_ids, order.lines, strict=True)],
    }
    if one.totals.difference:
        data["total_difference"] = str(one.totals.difference)
    if one.off:
        data |= {
            "reason": ORDER_OFF.reason,
            "state": ORDER_OFF.state,
            "state_reason": ORDER_OFF.reason,
        }
    name = CANCEL if one.off else "order.created"
    return Event(name=name, subject_type="order", subject_id=one.id, root_id=one.id, data=data)


def _told(line_id: UUID, line: ResolvedLine) -> dict[str, Any]:
    return {
        "id": str(line_id),
        "product": line.product,
        "unit": line.unit,
        "quantity": line.quantity,
    }
