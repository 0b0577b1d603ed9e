"""The event consumer: business events start flow runs, call them off and wake those that wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from openiom.platform.batches import BatchResult, process_or_quarantine
from openiom.platform.bulk import fetch
from openiom.platform.database import Database
from openiom.platform.events import EVENTS_WAKE, LoggedEvent, ensure_consumer, notify, read_new
from openiom.policies import Failure

from .compiled_flows import Engine, FactsOfWave, RunningFlow
from .execution import STEPS_WAKE
from .flow_runs import Begin, begin, begun, call_off
from .waits import wake_waiting

CONSUMER = "orchestration"
log = structlog.get_logger("orchestration")


@dataclass
class Dispatcher:
    """A turn. Only one process reads for the consumer at a time; the others pass."""

    engine: Engine
    kind: str = EVENTS_WAKE
    _ready: bool = False

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        with database.unit_of_work() as session:
            if not self._ready:
                ensure_consumer(session, CONSUMER)
            flows = active_flows(self.engine, session)
            events, more = read_new(
                session, consumer=CONSUMER, names=_names(session, flows), limit=limit
            )
            if events:
                self._dispatch(session, flows, events, now)
        self._ready = True
        return BatchResult(len(events), more)

    def _dispatch(
        self,
        session: Session,
        flows: Sequence[RunningFlow],
        events: Sequence[LoggedEvent],
        now: datetime,
    ) -> None:
        triggers = {flow.document.trigger.event for flow in flows}
        starting = [event for event in events if event.name in triggers]
        if starting:  # most flow runs began in the transaction that told the event
            before = begun(session, starting)
            starting = [event for event in starting if event.id not in before]

        def start(session: Session, events: Sequence[LoggedEvent], now: datetime) -> None:
            facts = FactsOfWave(session, self.engine.catalog.entities)
            begin(session, choose(flows, events, facts), now=now)

        def park(session: Session, event: LoggedEvent, error: Exception, now: datetime) -> None:
            taker = next(f for f in flows if _triggers(f, event))
            why = f"{type(error).__name__}: {error}"
            begin(
                session,
                [Begin(taker, event, _unclear(taker, "the trigger could not be judged", why))],
                now=now,
            )

        if starting:
            process_or_quarantine(session, starting, process=start, park=park, now=now)
        called_off = _called_off(session, flows, events)
        if called_off:
            call_off(session, called_off, now=now)
        woken = wake_waiting(session, events, now=now)
        if starting or woken:
            notify(session, STEPS_WAKE)


def active_flows(engine: Engine, session: Session) -> list[RunningFlow]:
    """Flows that start flow runs, in the order in which they are asked."""
    ids = [
        row[0] for row in fetch(session, "SELECT version_id FROM orchestration.flow WHERE active")
    ]
    known = engine.flows.get(session, ids)
    return sorted((known[id] for id in ids), key=lambda f: (f.document.trigger.priority, f.name))


def choose(
    flows: Sequence[RunningFlow], events: Sequence[LoggedEvent], facts: FactsOfWave
) -> list[Begin]:
    """For each event the first flow that matches, and beside it every flow that says `also`."""
    taken: set[int] = set()
    wanted: list[Begin] = []
    for flow in flows:
        also = flow.document.trigger.also
        asked = [e for e in events if _triggers(flow, e) and (also or e.id not in taken)]
        condition = flow.conditions.get("trigger")
        if condition is None:
            answers: list[bool | Failure] = [True] * len(asked)
        else:
            known = facts.of(
                flow.document.subject, list({e.subject_id for e in asked}), condition.roots
            )
            asked = [e for e in asked if e.subject_id in known]
            answers = condition.evaluate_many([known[e.subject_id] for e in asked])
        for event, answer in zip(asked, answers, strict=True):
            if isinstance(answer, Failure):
                wanted.append(
                    Begin(flow, event, _unclear(flow, answer.message, str(answer.values)))
                )
            elif answer:
                wanted.append(Begin(flow, event))
            if answer and not also:
                taken.add(event.id)
    return wanted


def _triggers(flow: RunningFlow, event: LoggedEvent) -> bool:
    return event.name == flow.document.trigger.event and event.subject_type == flow.document.subject


def _unclear(flow: RunningFlow, what: str, why: str) -> dict[str, Any]:
    return {
        "what": f"the trigger's condition has no answer: {what}",
        "where": "trigger, condition",
        "why": why,
        "remedy": "correct the condition or the subject, then reprocess",
        "step": flow.plan.start,
    }


def _names(session: Session, flows: Sequence[RunningFlow]) -> set[str]:
    """Events any flow starts by, is called off by or has ever waited for."""
    rows = fetch(session, "SELECT DISTINCT unnest(awaits) FROM orchestration.flow_version")
    own = {
        name for flow in flows for name in (flow.document.trigger.event, *flow.document.cancel_on)
    }
    return own | {row[0] for row in rows}


def _called_off(
    session: Session, flows: Sequence[RunningFlow], events: Sequence[LoggedEvent]
) -> list[UUID]:
    pairs = [
        (flow.name, event)
        for flow in flows
        for event in events
        if event.name in flow.document.cancel_on
    ]
    if not pairs:
        return []
    rows = fetch(
        session,
        "SELECT DISTINCT j.id FROM unnest(%s::text[], %s::uuid[], %s::bigint[]) AS n(flow, subject_id, event_id)"
        " JOIN orchestration.flow_run j ON j.subject_id = n.subject_id AND j.flow = n.flow"
        " AND j.trigger_event_id < n.event_id WHERE j.state IN ('running', 'failed')",
        ([flow for flow, _ in pairs], [e.subject_id for _, e in pairs], [e.id for _, e in pairs]),
    )
    return [row[0] for row in rows]
