"""Reads and changes of notices for the HTTP API."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from openiom.kernel import NotFound, Refused, new_id
from openiom.orders import order_summaries
from openiom.platform.events import notify

from .mail_server import mail_server
from .models import PENDING, Notice, NoticeOptOut
from .schemas import NoticeDetail, NoticeView
from .send_worker import SEND_WAKE


def list_notices(
    session: Session,
    *,
    state: str = "",
    template: str = "",
    order_id: UUID | None = None,
    before: UUID | None = None,
    limit: int,
) -> list[NoticeView]:
    """Return notices, newest first."""
    query = select(Notice).order_by(Notice.id.desc()).limit(limit)
    if state:
        query = query.where(Notice.state == state)
    if template:
        query = query.where(Notice.template == template)
    if order_id:
        query = query.where(Notice.order_id == order_id)
    if before:
        query = query.where(Notice.id < before)
    return _views(session, session.scalars(query).all())


def notice_detail(session: Session, notice_id: UUID) -> NoticeDetail:
    """Return a notice with its texts. Raise `NotFound`."""
    notice = _notice(session, notice_id)
    [view] = _views(session, [notice])
    return NoticeDetail(**view.model_dump(), body_text=notice.body_text, body_html=notice.body_html)


def resend(session: Session, notice_id: UUID, now: datetime) -> NoticeDetail:
    """Write a copy of a notice that is sent now. Raise `NotFound` and `Refused`."""
    notice = _notice(session, notice_id)
    if mail_server(session) is None:
        raise Refused("no mail server is configured", remedy="configure the mail server")
    if notice.state == PENDING:
        raise Refused("this notice is still being sent", remedy="wait for the result")
    if not notice.body_text:
        raise Refused(
            f"this notice has no text: {notice.reason}",
            remedy="correct the cause, and send the order a new notice from a flow",
        )

    copy_id = new_id()
    copied = {
        column: getattr(notice, column)
        for column in ("order_id", "template", "language", "recipient", "subject")
    }
    copied |= {"body_text": notice.body_text, "body_html": notice.body_html}
    session.execute(
        insert(Notice).values(
            id=copy_id,
            cause=f"resend {copy_id}",
            state=PENDING,
            created_at=now,
            due_at=now,
            **copied,
        )
    )
    notify(session, SEND_WAKE)
    return notice_detail(session, copy_id)


def switch_notices(session: Session, order_id: UUID, *, enabled: bool) -> None:
    """Switch the notices of an order on or off. Raise `NotFound`."""
    if order_id not in order_summaries(session, [order_id]):
        raise NotFound(f"no order {order_id}", remedy="look it up in the list of orders")
    if enabled:
        session.execute(delete(NoticeOptOut).where(NoticeOptOut.order_id == order_id))
    else:
        session.execute(insert(NoticeOptOut).values(order_id=order_id).on_conflict_do_nothing())


def _notice(session: Session, notice_id: UUID) -> Notice:
    notice = session.get(Notice, notice_id)
    if notice is None:
        raise NotFound(f"no notice {notice_id}", remedy="look it up in the list of notices")
    return notice


def _views(session: Session, notices: Sequence[Notice]) -> list[NoticeView]:
    orders = order_summaries(session, [notice.order_id for notice in notices])
    views: list[NoticeView] = []
    for notice in notices:
        views.append(
            NoticeView.model_validate(
                {
                    **notice_columns(notice),
                    "order_number": orders[notice.order_id].number,
                }
            )
        )
    return views


def notice_columns(notice: Notice) -> dict[str, object]:
    """Return the columns of a notice that lists show."""
    shown = NoticeView.model_fields.keys() - {"order_number"}
    return {name: getattr(notice, name) for name in shown}
