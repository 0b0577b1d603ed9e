"""The event consumer: business events start, cancel and retry flow runs, and wake tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from openiom.orchestration.context import ExecutableFlow
from openiom.orchestration.engine import Engine
from openiom.platform.batches import BatchResult, process_or_quarantine
from openiom.platform.bulk import fetch_column
from openiom.platform.database import Database
from openiom.platform.events import EVENTS_WAKE, LoggedEvent, ensure_consumer, notify, read_new

from .event_waits import wake_tokens
from .flow_runs import (
    active_flows,
    already_started,
    cancel_flow_runs,
    retry_failed_runs,
    runs_canceled_by,
    runs_retried_by,
    start_failed_run,
    start_runs,
    triggering_events,
)
from .token_store import insert_tokens
from .wakes import STEPS_WAKE

CONSUMER = "orchestration"


@dataclass
class Dispatcher:
    """A worker. Only one process reads the log for the consumer at a time; others do nothing."""

    engine: Engine
    kind: str = EVENTS_WAKE
    _is_registered: bool = False

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        """Process the next events of the log."""
        with database.unit_of_work() as session:
            if not self._is_registered:
                ensure_consumer(session, CONSUMER)

            flows = active_flows(self.engine, session)
            names = _names_of_interest(session, flows)
            events, more = read_new(session, consumer=CONSUMER, names=names, limit=limit)
            if events:
                self._dispatch(session, flows, events, now)

        self._is_registered = True
        return BatchResult(len(events), more)

    def _dispatch(
        self,
        session: Session,
        flows: Sequence[ExecutableFlow],
        events: Sequence[LoggedEvent],
        now: datetime,
    ) -> None:
        starting = _not_started(session, flows, events)

        def start(session: Session, events: Sequence[LoggedEvent], now: datetime) -> None:
            insert_tokens(session, start_runs(self.engine, session, flows, events, now=now))

        def park(session: Session, event: LoggedEvent, error: Exception, now: datetime) -> None:
            insert_tokens(session, start_failed_run(session, flows, event, error, now=now))

        if starting:
            process_or_quarantine(session, starting, process=start, park=park, now=now)

        cancel_flow_runs(session, runs_canceled_by(session, flows, events), now=now)
        retried = retry_failed_runs(session, runs_retried_by(session, flows, events), now=now)
        woken = wake_tokens(session, events, now=now)
        if starting or retried or woken:
            notify(session, STEPS_WAKE)


def _not_started(
    session: Session, flows: Sequence[ExecutableFlow], events: Sequence[LoggedEvent]
) -> list[LoggedEvent]:
    """Return the events that start flow runs and have not done so in their own transaction."""
    starting = triggering_events(flows, events)
    if not starting:
        return []
    started = already_started(session, starting)
    return [event for event in starting if event.id not in started]


def _names_of_interest(session: Session, flows: Sequence[ExecutableFlow]) -> set[str]:
    """Return the events that start or cancel a flow, or that any version waits for."""
    query = "SELECT DISTINCT unnest(awaits) FROM orchestration.flow_version"
    names = set(fetch_column(session, query))
    for flow in flows:
        names.add(flow.trigger.event)
        names.update(flow.cancel_on)
        names.update(flow.retry_on)
    return names
