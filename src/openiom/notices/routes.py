"""HTTP routes of notices and their templates."""

import smtplib
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from sqlalchemy.orm import Session

from openiom.kernel import Invalid, NotFound, ProviderRejected, Refused, new_id
from openiom.orders import order_facts, order_ids_by_number, order_summaries
from openiom.platform.configuration import current_documents
from openiom.platform.http import CurrentPrincipal, Now, ReadSession, Router, WriteSession
from openiom.platform.pagination import Page, PageRequest, page_request
from openiom.platform.secrets import Secrets

from .composition import NoticeComposer, RenderedNotice, opted_out_orders
from .mail import Mail, connected, deliver
from .mail_server import mail_server
from .queries import list_notices, notice_detail, resend, switch_notices
from .schemas import (
    NoticeDetail,
    NoticePreviewRequest,
    NoticeState,
    NoticeSwitch,
    NoticeView,
    OrderNotices,
    PreviewView,
    TemplateList,
    TemplateView,
    template_list,
)
from .send_worker import password_of
from .template_language import check_template
from .templates import KIND, notice_templates

MAX_OF_ORDER = 200
"""Most notices that an order shows."""
NoticePage = Annotated[PageRequest[UUID], Depends(page_request(UUID))]


def notice_router(composer: NoticeComposer, secrets: Secrets) -> Router:
    """Return the routes; `composer` renders previews, `secrets` reveal the password of SMTP."""
    router = Router(prefix="/api/v1", tags=["notices"])
    _add_notices(router)
    _add_templates(router, composer, secrets)
    return router


def _add_notices(router: Router) -> None:
    @router.get("/notices")
    def read_notices(
        paging: NoticePage,
        principal: CurrentPrincipal,
        session: ReadSession,
        state: Annotated[NoticeState | None, Query(description="Only these")] = None,
        template: Annotated[str, Query(max_length=200, description="Of this template")] = "",
    ) -> Page[NoticeView]:
        """E-mails to customers, newest first."""
        principal.require("orders.read")
        before = paging.after[0] if paging.after else None
        found = list_notices(
            session,
            state=state or "",
            template=template,
            before=before,
            limit=paging.fetch_limit,
        )
        page, following = paging.split(found, key=lambda notice: (notice.id,))
        return Page(items=page, next=following)

    @router.get("/notices/{id}")
    def read_notice(id: UUID, principal: CurrentPrincipal, session: ReadSession) -> NoticeDetail:
        """An e-mail with its texts."""
        principal.require("orders.read")
        return notice_detail(session, id)

    @router.post("/notices/{id}/resend", status_code=201)
    def resend_notice(
        id: UUID, principal: CurrentPrincipal, session: WriteSession, now: Now
    ) -> NoticeDetail:
        """Send an e-mail once more, with the same texts."""
        principal.require("orders.write")
        return resend(session, id, now)

    @router.get("/orders/{order_id}/notices")
    def read_order_notices(
        order_id: UUID, principal: CurrentPrincipal, session: ReadSession
    ) -> OrderNotices:
        """The last 200 e-mails about an order, and whether its customer receives more."""
        principal.require("orders.read")
        if order_id not in order_summaries(session, [order_id]):
            raise NotFound(f"no order {order_id}", remedy="look it up in the list of orders")
        items = list_notices(session, order_id=order_id, limit=MAX_OF_ORDER)
        return OrderNotices(enabled=not opted_out_orders(session, [order_id]), items=items)

    @router.put("/orders/{order_id}/notices/switch", status_code=204)
    def switch_order_notices(
        order_id: UUID, body: NoticeSwitch, principal: CurrentPrincipal, session: WriteSession
    ) -> None:
        """Switch e-mails about an order on or off."""
        principal.require("orders.write")
        switch_notices(session, order_id, enabled=body.enabled)


def _add_templates(router: Router, composer: NoticeComposer, secrets: Secrets) -> None:
    @router.get("/notice-templates")
    def read_templates(principal: CurrentPrincipal, session: ReadSession) -> TemplateList:
        """All templates, shipped and own ones, with the tokens that they can use."""
        principal.require("configuration.read")
        own = {document.name for document in current_documents(session, KIND)}
        items: list[TemplateView] = []
        for name, body in notice_templates(session).items():
            items.append(TemplateView(name=name, shipped=name not in own, body=body))
        return template_list(items)

    @router.post("/notice-templates/preview")
    def preview(
        body: NoticePreviewRequest, principal: CurrentPrincipal, session: ReadSession, now: Now
    ) -> PreviewView:
        """Show a template, which need not be saved, for an order."""
        principal.require("configuration.read")
        principal.require("orders.read")
        rendered = _render(session, composer, body, now)
        return PreviewView(
            language=rendered.language,
            subject=rendered.subject,
            body_text=rendered.body_text,
            body_html=rendered.body_html,
        )

    @router.post("/notice-templates/test", status_code=204)
    def send_test(
        body: NoticePreviewRequest, principal: CurrentPrincipal, session: ReadSession, now: Now
    ) -> None:
        """Send a template for an order to your own address."""
        principal.require("configuration.write")
        principal.require("orders.read")
        rendered = _render(session, composer, body, now)
        _send_test(session, secrets, rendered, principal.name, now)


def _render(
    session: Session, composer: NoticeComposer, request: NoticePreviewRequest, now: datetime
) -> RenderedNotice:
    """Return the texts of a template for the order of a number. Raise `Invalid`, `NotFound`."""
    problems = []
    for language, text in request.body.languages.items():
        for part in ("subject", "text", "html"):
            problems += check_template(getattr(text, part), f"languages.{language}.{part}")
    if request.language not in request.body.languages:
        raise Invalid(f"there is no text in {request.language}", where="language")
    if problems:
        raise Invalid("the template has mistakes", problems=problems)

    ids = order_ids_by_number(session, request.order, limit=50)
    numbers = order_summaries(session, ids)
    for order_id, summary in numbers.items():
        if summary.number.lower() == request.order.strip().lower():
            facts = order_facts(session, [order_id])[order_id]
            server = mail_server(session)
            return composer.render(facts, request.body, server, now, language=request.language)
    raise NotFound(f"no order {request.order}", remedy="enter the number of an order")


def _send_test(
    session: Session, secrets: Secrets, rendered: RenderedNotice, address: str, now: datetime
) -> None:
    """Send texts to an address. Raise `Refused` and `ProviderRejected`."""
    server = mail_server(session)
    if server is None:
        raise Refused("no mail server is configured", remedy="configure the mail server")
    if "@" not in address:
        raise Refused(f"{address} is not an e-mail address", remedy="sign in as a user")

    password = password_of(server, secrets)
    session.rollback()
    mail = Mail(new_id(), address, rendered.subject, rendered.body_text, rendered.body_html, now)
    try:
        with connected(server, password) as client:
            delivery = deliver(client, mail, server)
    except (OSError, smtplib.SMTPException) as error:
        raise ProviderRejected(f"{server.host}: {error}", remedy="check the mail server") from error
    if not delivery.ok:
        raise ProviderRejected(delivery.reason, remedy="check the mail server")
