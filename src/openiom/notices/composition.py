"""Notices composed from templates and the facts of orders."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import IomError, new_id
from openiom.orders import header_facts, order_facts
from openiom.platform.bulk import execute, fetch_column
from openiom.platform.signed_links import SignedLinks

from .languages import language_of
from .mail_server import ADDRESS, MailServerBody, mail_server
from .models import FAILED, PENDING, UNSENT
from .template_language import render_html, render_subject, render_text
from .templates import NoticeTemplateBody, NoticeText, text_for

LINK_PURPOSE = "orders"
NO_MAIL_SERVER = "no mail server is configured"
DEFAULT_LINK_DAYS = 90
MAX_VALUE = 500
"""Most characters of one value of an order in a notice."""
_COLUMNS = {
    "id": "uuid",
    "order_id": "uuid",
    "cause": "text",
    "template": "text",
    "language": "text",
    "recipient": "text",
    "subject": "text",
    "body_text": "text",
    "body_html": "text",
    "state": "text",
    "reason": "text",
}
_INSERT = f"""
INSERT INTO notices.notice ({", ".join(_COLUMNS)}, created_at, due_at)
SELECT u.*, %s, %s FROM unnest({", ".join(f"%s::{kind}[]" for kind in _COLUMNS.values())}) AS u
ON CONFLICT (cause, template, recipient) DO NOTHING
"""
_RECIPIENT = ("customer", "ship_to")
_ORDER_TEXTS = (
    "number",
    "currency",
    "subtotal_amount",
    "shipping_amount",
    "discount_amount",
    "tax_amount",
    "total_amount",
    "requested_delivery_date",
)


@dataclass(frozen=True, slots=True)
class NoticeRequest:
    """One order that a template is sent for, and why; `data` is that of the event."""

    order_id: UUID
    template: str
    cause: str
    data: Mapping[str, Any] = field(default_factory=dict)
    event: str = ""


@dataclass(frozen=True, slots=True)
class RenderedNotice:
    """The texts of a notice."""

    language: str
    subject: str
    body_text: str
    body_html: str


@dataclass(frozen=True)
class NoticeComposer:
    """Composes notices with links to the customer's page below `public_url`."""

    links: SignedLinks
    public_url: str

    def write(
        self,
        session: Session,
        requests: Sequence[NoticeRequest],
        templates: Mapping[str, NoticeTemplateBody],
        now: datetime,
    ) -> dict[str, str]:
        """Write a notice for each request whose order has an e-mail address, and return by cause
        why none was written or why it is not sent. Repeated requests have no second effect.

        Without a mail server a notice has no texts: rendering costs more than all else of it.
        """
        order_ids = [request.order_id for request in requests]
        opted_out = opted_out_orders(session, order_ids)
        server = mail_server(session)
        if server is None:
            facts = header_facts(session, order_ids, _RECIPIENT)
        else:
            facts = order_facts(session, order_ids)

        rows: list[dict[str, Any]] = []
        refused: dict[str, str] = {}
        for request in requests:
            order = facts.get(request.order_id)
            reason = _refusal(order, request.order_id in opted_out)
            if reason or order is None:
                refused[request.cause] = reason
                continue

            row = self._row(request, order, templates[request.template], server, now)
            rows.append(row)
            if row["state"] != PENDING:
                refused[request.cause] = row["reason"]

        if rows:
            _insert(session, rows, now)
        return refused

    def render(
        self,
        order: Mapping[str, Any],
        template: NoticeTemplateBody,
        server: MailServerBody | None,
        now: datetime,
        *,
        data: Mapping[str, Any] | None = None,
        language: str = "",
        event: str = "",
    ) -> RenderedNotice:
        """Return the texts of a template for an order. Raise `Invalid`."""
        chosen, text = text_for(template, language or language_of(order))
        values = self._values(order, server, now, data or {}, event)
        return _rendered(chosen, text, values)

    def _row(
        self,
        request: NoticeRequest,
        order: Mapping[str, Any],
        template: NoticeTemplateBody,
        server: MailServerBody | None,
        now: datetime,
    ) -> dict[str, Any]:
        """Return the columns of a notice; a template that cannot be rendered is a failed one."""
        rendered = RenderedNotice(language_of(order), template.title, "", "")
        state, reason = UNSENT, NO_MAIL_SERVER
        if server is not None:
            try:
                rendered = self.render(
                    order, template, server, now, data=request.data, event=request.event
                )
                state, reason = PENDING, ""
            except IomError as error:
                state, reason = FAILED, str(error)

        return {
            "id": new_id(),
            "order_id": request.order_id,
            "cause": request.cause,
            "template": request.template,
            "language": rendered.language,
            "recipient": address_of(order),
            "subject": rendered.subject,
            "body_text": rendered.body_text,
            "body_html": rendered.body_html,
            "state": state,
            "reason": reason,
        }

    def _values(
        self,
        order: Mapping[str, Any],
        server: MailServerBody | None,
        now: datetime,
        data: Mapping[str, Any],
        event: str,
    ) -> dict[str, Any]:
        """Return the values of all tokens; what is unknown is empty."""
        days = server.link_days if server else DEFAULT_LINK_DAYS
        expires_at = now + timedelta(days=days)
        token = self.links.token(
            LINK_PURPOSE, str(order["id"]), expires_at=expires_at, issued_at=now
        )
        texts = {name: _text(order.get(name)) for name in _ORDER_TEXTS}
        texts["placed_on"] = _text(order.get("placed_at"))[:10]
        texts["link"] = f"{self.public_url.rstrip('/')}/track/{token}"
        customer, ship_to = order.get("customer") or {}, order.get("ship_to") or {}
        tracking_url = _text(data.get("tracking_url"))
        is_web = tracking_url.startswith(("https://", "http://"))
        number = _text(data.get("number")) if event.startswith("return_order.") else ""
        return {
            "order": texts,
            "customer": _texts(customer, ("name", "email")),
            "ship_to": _texts(
                ship_to, ("name", "line1", "line2", "postal_code", "city", "country")
            ),
            "parcel": {
                **_texts(data, ("carrier", "tracking_number")),
                "tracking_url": tracking_url if is_web else "",
            },
            "pickup": _texts(data, ("code", "store", "ready_until")),
            "refund": _texts(data, ("amount",)),
            "return": {"number": number},
            "sender": {"name": server.sender_name if server else ""},
            "lines": [_line(line) for line in order.get("lines", ())],
        }


def _insert(session: Session, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Insert notices that are due now, without those that exist."""
    columns: list[list[Any]] = []
    for name in _COLUMNS:
        columns.append([row[name] for row in rows])
    execute(session, _INSERT, (now, now, *columns))


def address_of(order: Mapping[str, Any]) -> str:
    """Return the e-mail address of an order's customer; empty when there is no valid one."""
    customer = order.get("customer") or {}
    address = str(customer.get("email") or "").strip()
    return address if re.fullmatch(ADDRESS, address) and len(address) <= 254 else ""


def opted_out_orders(session: Session, order_ids: Collection[UUID]) -> set[UUID]:
    """Return those of these orders whose customers receive no notices."""
    query = "SELECT order_id FROM notices.opt_out WHERE order_id = ANY(%s)"
    return set(fetch_column(session, query, (list(order_ids),)))


def _refusal(order: Mapping[str, Any] | None, opted_out: bool) -> str:
    if order is None:
        return "there is no such order"
    if opted_out:
        return "notices are switched off for this order"
    return "" if address_of(order) else "the customer has no e-mail address"


def _rendered(language: str, text: NoticeText, values: Mapping[str, Any]) -> RenderedNotice:
    return RenderedNotice(
        language=language,
        subject=render_subject(text.subject, values),
        body_text=render_text(text.text, values),
        body_html=render_html(text.html, values) if text.html else "",
    )


def _line(line: Mapping[str, Any]) -> dict[str, str]:
    return _texts(line, ("name", "product", "quantity", "shipped", "canceled", "unit_price"))


def _texts(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, str]:
    return {name: _text(values.get(name)) for name in names}


def _text(value: Any) -> str:
    return "" if value is None else str(value)[:MAX_VALUE]
