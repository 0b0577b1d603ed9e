"""A known order arrives again: a duplicate, news that change it, or a cancellation by its source."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import Event
from openiom.orders.decisions import is_canceled_upstream, is_news
from openiom.orders.schemas import ResolvedOrder
from openiom.orders.states import CANCEL, CANCELED, OPEN
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import to_json_text
from openiom.platform.events import append_events
from openiom.provider_contract import EventRequest, IntakeResult

from .apply_events import raise_order_events
from .validate_documents import Draft

_ALWAYS = ("external_status", "payment_status", "note")
_BEFORE_FULFILLMENT = (
    "shipping_method",
    "requested_delivery_date",
    "customer",
    "bill_to",
    "ship_to",
)


@dataclass(frozen=True, slots=True)
class KnownOrder:
    id: UUID
    state: str
    version: int
    digest: str


def find_known(
    session: Session, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], KnownOrder]:
    """The orders we have under these (instance, external id), locked until the transaction ends."""
    rows = fetch(
        session,
        "SELECT o.instance, o.external_id, o.id, s.state, o.external_version, o.digest"
        " FROM unnest(%s::text[], %s::text[]) AS k(instance, external_id)"
        " JOIN orders.order o USING (instance, external_id) JOIN orders.order_state s ON s.order_id = o.id"
        " ORDER BY o.id FOR UPDATE OF s",
        ([k[0] for k in keys], [k[1] for k in keys]),
    )
    return {(row[0], row[1]): KnownOrder(*row[2:]) for row in rows}


def change_received(
    session: Session, deliveries: Sequence[tuple[KnownOrder, Draft]], now: datetime, actor: str
) -> dict[int, IntakeResult]:
    """What each delivery of a known order amounts to, by index of its document; changes are written and announced."""
    news, answers = [], dict[int, IntakeResult]()
    for known, draft in deliveries:
        fresh = is_news(
            known_version=known.version,
            known_digest=known.digest,
            version=draft.document.external_version,
            digest=draft.digest,
        )
        answers[draft.index] = IntakeResult(ok=True, entity_id=str(known.id), duplicate=not fresh)
        if fresh:
            news.append((known, draft))
    if news:
        canceled = [
            k.id
            for k, d in news
            if is_canceled_upstream(d.document.external_status) and k.state != CANCELED
        ]
        _apply(session, news, now, actor)
        _cancel(session, canceled, now, actor)
    return answers


def _cancel(session: Session, ids: Sequence[UUID], now: datetime, actor: str) -> None:
    raises = [EventRequest(i, CANCEL, {"upstream": True}, "Canceled upstream") for i in ids]
    outcomes = raise_order_events(session, raises, now, actor)
    refused = [
        Event(
            name="order.cancellation_refused",
            subject_type="order",
            subject_id=i,
            root_id=i,
            data={"reason": o.reason},
        )
        for i, o in zip(ids, outcomes, strict=True)
        if not o.ok
    ]
    append_events(session, refused, at=now, actor=actor)


def _apply(
    session: Session, news: Sequence[tuple[KnownOrder, Draft]], now: datetime, actor: str
) -> None:
    fields = (*_ALWAYS, *_BEFORE_FULFILLMENT)
    stored = {
        row[0]: (dict(zip(fields, row[1:-1], strict=True)), row[-1])
        for row in fetch(
            session,
            f"SELECT o.id, {', '.join('o.' + f for f in fields)}, (SELECT jsonb_agg(jsonb_build_array(l.external_id,"
            " l.product, l.quantity) ORDER BY l.line_number) FROM orders.order_line l WHERE l.order_id = o.id)"
            " FROM orders.order o WHERE o.id = ANY(%s)",
            ([known.id for known, _ in news],),
        )
    }
    rows, events = [], []
    for known, draft in news:
        before, lines = stored[known.id]
        stated = _fields(draft.document)
        may = fields if known.state in OPEN else _ALWAYS
        after = {f: stated[f] if f in may else before[f] for f in fields}
        rows.append((known.id, draft, after))
        changed = [f for f in fields if after[f] != before[f]]
        ignored = [f for f in fields if f not in may and stated[f] != before[f]]
        if [[x.external_id, x.product, x.quantity] for x in draft.document.lines] != lines:
            ignored.append("lines")
        if changed or ignored:
            data = {"number": draft.document.number, "changed": changed, "not_applied": ignored}
            events.append(
                Event(
                    name="order.modified",
                    subject_type="order",
                    subject_id=known.id,
                    root_id=known.id,
                    data=data,
                )
            )
    _write(session, rows)
    append_events(session, events, at=now, actor=actor)


def _fields(order: ResolvedOrder) -> dict[str, Any]:
    return {
        "external_status": order.external_status,
        "payment_status": order.payment_status,
        "note": order.note,
        "shipping_method": order.shipping_method,
        "requested_delivery_date": order.requested_delivery_date,
        "customer": order.customer.model_dump(mode="json"),
        "bill_to": order.bill_to.model_dump(mode="json") if order.bill_to else None,
        "ship_to": order.ship_to.model_dump(mode="json"),
    }


def _write(session: Session, rows: Sequence[tuple[UUID, Draft, dict[str, Any]]]) -> None:
    payload = [
        {
            **after,
            "id": order_id,
            "external_version": draft.document.external_version,
            "digest": draft.digest,
            "customer_name": after["customer"]["name"]
            or after["customer"]["company"]
            or after["ship_to"]["name"],
            "customer_email": after["customer"]["email"].lower(),
        }
        for order_id, draft, after in rows
    ]
    types = {
        **dict.fromkeys(
            (*_ALWAYS, "shipping_method", "digest", "customer_name", "customer_email"), "text"
        ),
        **dict.fromkeys(("customer", "bill_to", "ship_to"), "jsonb"),
        "requested_delivery_date": "date",
        "external_version": "bigint",
    }
    execute(
        session,
        f"UPDATE orders.order o SET {', '.join(f'{f} = d.{f}' for f in types)}"
        f" FROM jsonb_to_recordset(%s::jsonb) AS d(id uuid, {', '.join(f'{f} {t}' for f, t in types.items())})"
        " WHERE o.id = d.id",
        (to_json_text(payload),),
    )
