"""The worker that sends notices: claim with a lease and commit, send, record.

No transaction is open while mails are sent. A worker that dies in between loses nothing: its lease
ends, and the notice is sent with the same Message-ID, by which a mail program recognizes it.
"""

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import Event, IomError
from openiom.platform.batches import BatchResult
from openiom.platform.bulk import execute, fetch_as
from openiom.platform.database import Database
from openiom.platform.events import append_events
from openiom.platform.retry import OUTBOUND_RETRY, RetryPolicy
from openiom.platform.secrets import Secrets

from .composition import NO_MAIL_SERVER
from .event_titles import NOTICE_FAILED, NOTICE_SENT
from .mail import Mail, SendResult, connected, deliver
from .mail_server import MailServerBody, mail_server

SEND_WAKE = "notice_mails"
ACTOR = "notices"
BATCH = 20
"""Most mails of one connection."""
LEASE = timedelta(minutes=30)
SENDING_SECONDS = 300.0
"""No mail of a batch is begun later; the lease is longer by more than one slow exchange."""
RETRY = replace(OUTBOUND_RETRY, first_seconds=30.0, max_seconds=3_600.0, attempts=12)
_NOT_REACHED = "the batch ended before this notice"


class DueNotice(NamedTuple):
    """A claimed notice; `attempts` counts this attempt."""

    id: UUID
    order_id: UUID
    template: str
    recipient: str
    subject: str
    body_text: str
    body_html: str
    attempts: int
    created_at: datetime

    @property
    def mail(self) -> Mail:
        """The e-mail of this notice."""
        return Mail(
            self.id,
            self.recipient,
            self.subject,
            self.body_text,
            self.body_html,
            self.created_at,
        )


_CLAIM = """
UPDATE notices.notice n SET due_at = %s, attempts = n.attempts + 1
FROM (SELECT id FROM notices.notice WHERE state = 'pending' AND due_at <= %s
      ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED) due
WHERE n.id = due.id
RETURNING n.id, n.order_id, n.template, n.recipient, n.subject, n.body_text, n.body_html,
    n.attempts, n.created_at
"""
_RECORD = """
UPDATE notices.notice n SET state = r.state, reason = r.reason, due_at = r.due_at,
    sent_at = CASE r.state WHEN 'sent' THEN %s::timestamptz END
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::timestamptz[], %s::int[])
    AS r(id, state, reason, due_at, attempts)
WHERE n.id = r.id AND n.state = 'pending' AND n.attempts = r.attempts
RETURNING n.id
"""


class _Recorded(NamedTuple):
    id: UUID


@dataclass
class NoticeSendWorker:
    """Sends due notices. Any number of processes may run one."""

    secrets: Secrets
    policy: RetryPolicy = field(default=RETRY)
    kind: str = SEND_WAKE

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        """Send up to `BATCH` due notices over one connection."""
        with database.unit_of_work() as session:
            server = mail_server(session)
            if server is None:
                return BatchResult(_give_up(session, now), False)
            batch = min(limit, BATCH)
            due = fetch_as(session, DueNotice, _CLAIM, (now + LEASE, now, batch))

        if not due:
            return BatchResult(0, False)

        started = monotonic()
        deliveries = self._send(server, due)
        finished = now + timedelta(seconds=monotonic() - started)
        with database.unit_of_work() as session:
            record_deliveries(session, due, deliveries, finished, self.policy)
        return BatchResult(len(due), len(due) == batch)

    def _send(self, server: MailServerBody, due: Sequence[DueNotice]) -> dict[UUID, SendResult]:
        """Return the results by notice; those after a lost connection have none."""
        done: dict[UUID, SendResult] = {}
        latest = monotonic() + SENDING_SECONDS
        try:
            with connected(server, password_of(server, self.secrets)) as client:
                for notice in due:
                    if monotonic() > latest:
                        break
                    done[notice.id] = deliver(client, notice.mail, server)
        except (OSError, smtplib.SMTPException, IomError) as error:
            failure = SendResult(False, f"{server.host}: {error}"[:500], retry=True)
            for notice in due:
                done.setdefault(notice.id, failure)
        return done


def password_of(server: MailServerBody, secrets: Secrets) -> str:
    """Return the password of a mail server in clear. Raise `Invalid`."""
    return secrets.reveal(server.password, name="password") if server.password else ""


def record_deliveries(
    session: Session,
    due: Sequence[DueNotice],
    deliveries: dict[UUID, SendResult],
    now: datetime,
    policy: RetryPolicy,
) -> None:
    """Record the results of an attempt, each once, with the events of those that ended."""
    states, reasons, times = [], [], []
    for notice in due:
        delivery = deliveries.get(notice.id, SendResult(False, _NOT_REACHED, retry=True))
        states.append(_state_after(delivery, notice, policy))
        reasons.append(delivery.reason)
        times.append(now + timedelta(seconds=policy.delay(notice.attempts)))

    ids = [notice.id for notice in due]
    attempts = [notice.attempts for notice in due]
    values = (now, ids, states, reasons, times, attempts)
    recorded = {row.id for row in fetch_as(session, _Recorded, _RECORD, values)}
    events: list[Event] = []
    for notice, state, reason in zip(due, states, reasons, strict=True):
        if notice.id in recorded and state != "pending":
            events.append(_event(notice, state, reason))
    append_events(session, events, at=now, actor=ACTOR)


def _state_after(delivery: SendResult, notice: DueNotice, policy: RetryPolicy) -> str:
    if delivery.ok:
        return "sent"
    exhausted = policy.attempts is not None and notice.attempts >= policy.attempts
    return "pending" if delivery.retry and not exhausted else "failed"


def _event(notice: DueNotice, state: str, reason: str) -> Event:
    data = {"notice": str(notice.id), "template": notice.template, "to": notice.recipient}
    return Event(
        name=NOTICE_SENT if state == "sent" else NOTICE_FAILED,
        subject_type="order",
        subject_id=notice.order_id,
        root_id=notice.order_id,
        data={**data, "reason": reason} if reason else data,
    )


def _give_up(session: Session, now: datetime) -> int:
    """Mark pending notices as not sent: the mail server was removed."""
    return execute(
        session,
        "UPDATE notices.notice SET state = 'unsent', reason = %s WHERE id IN (SELECT id FROM"
        " notices.notice WHERE state = 'pending' AND due_at <= %s LIMIT 1000)",
        (NO_MAIL_SERVER, now),
    )
