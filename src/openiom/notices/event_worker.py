"""The worker that writes notices for events: a consumer of the event log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from openiom.platform.batches import BatchResult
from openiom.platform.database import Database
from openiom.platform.events import LoggedEvent, ensure_consumer, notify, read_new

from .composition import NoticeComposer, NoticeRequest
from .send_worker import SEND_WAKE
from .templates import NoticeTemplateBody, notice_templates

CONSUMER = "notices"
MAX_AGE = timedelta(days=2)
"""Older events send nothing: those before an installation used notices, or of a restored log."""


@dataclass
class NoticeEventWorker:
    """Writes one notice for each event, template and recipient."""

    composer: NoticeComposer
    kind: str = CONSUMER
    _ready: bool = False

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        """Write the notices of up to `limit` events."""
        with database.unit_of_work() as session:
            if not self._ready:
                ensure_consumer(session, CONSUMER)

            templates = notice_templates(session)
            senders = _by_event(templates)
            events, more = read_new(session, consumer=CONSUMER, names=list(senders), limit=limit)
            recent = [event for event in events if event.occurred_at > now - MAX_AGE]
            self._write(session, recent, templates, now)

        self._ready = True
        return BatchResult(len(events), more)

    def _write(
        self,
        session: Session,
        events: Sequence[LoggedEvent],
        templates: Mapping[str, NoticeTemplateBody],
        now: datetime,
    ) -> None:
        senders = _by_event(templates)
        requests: list[NoticeRequest] = []
        for event in events:
            for name in senders[event.name]:
                requests.append(
                    NoticeRequest(event.root_id, name, f"event {event.id}", event.data, event.name)
                )
        if requests:
            self.composer.write(session, requests, templates, now)
            notify(session, SEND_WAKE)


def _by_event(templates: Mapping[str, NoticeTemplateBody]) -> dict[str, list[str]]:
    """Return the names of active templates by the event that sends them."""
    senders: dict[str, list[str]] = {}
    for name, template in templates.items():
        if template.active and template.event:
            senders.setdefault(template.event, []).append(name)
    return senders
