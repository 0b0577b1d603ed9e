"""The one way a flow run starts, and the one way it is canceled; many at once."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import new_ids, sorted_ids
from openiom.orchestration.context import ExecutableFlow, distinct_ids
from openiom.orchestration.engine import Engine
from openiom.orchestration.fact_cache import FactCache
from openiom.orchestration.token import Token
from openiom.platform.bulk import fetch_column
from openiom.platform.events import LoggedEvent
from openiom.policies import Condition, Failure
from openiom.provider_contract import Facts

from . import flow_run_store
from .call_queue import cancel_calls_of_runs
from .columns import Record, columns_of
from .token_store import delete_tokens_of_runs, lock_tokens, retry_tokens

_INSERT = """
INSERT INTO orchestration.flow_run (id, flow_version_id, flow, parallel_key, subject_type,
                                    subject_id, root_id, trigger_event_id, state, started_at)
SELECT n.*, %(started_at)s
FROM unnest(%(id)s::uuid[], %(flow_version_id)s::int[], %(flow)s::text[],
            %(parallel_key)s::text[], %(subject_type)s::text[], %(subject_id)s::uuid[],
            %(root_id)s::uuid[], %(trigger_event_id)s::bigint[], %(state)s::text[]) AS n
ON CONFLICT DO NOTHING
RETURNING id
"""


@dataclass(slots=True)
class FlowStart:
    """A flow to start for an event; with an error the flow run fails at its start."""

    flow: ExecutableFlow
    event: LoggedEvent
    error: dict[str, Any] | None = None

    @property
    def parallel_key(self) -> str:
        """Empty for the one flow an event starts exclusively, else the parallel flow's name."""
        return self.flow.name if self.flow.trigger.parallel else ""


def active_flows(engine: Engine, session: Session) -> list[ExecutableFlow]:
    """Return the flows that start flow runs, in the order in which they are evaluated."""
    ids = fetch_column(session, "SELECT version_id FROM orchestration.flow WHERE active")
    flows = engine.flows.get(session, ids).values()
    return sorted(flows, key=lambda flow: (flow.trigger.priority, flow.name))


def trigger_events(flows: Sequence[ExecutableFlow]) -> set[str]:
    """Return the events that start one of these flows."""
    return {flow.trigger.event for flow in flows}


def triggering_events(
    flows: Sequence[ExecutableFlow], events: Sequence[LoggedEvent]
) -> list[LoggedEvent]:
    """Return those of the events whose name starts one of these flows."""
    names = trigger_events(flows)
    return [event for event in events if event.name in names]


def start_runs(
    engine: Engine,
    session: Session,
    flows: Sequence[ExecutableFlow],
    events: Sequence[LoggedEvent],
    *,
    now: datetime,
) -> list[Token]:
    """Start the flow runs that these events trigger; return their first tokens.

    `flows` are the active flows. The tokens have no row yet: execute or insert them. An event
    starts a flow once, however often it is passed.
    """
    starts = choose_flows(flows, events, FactCache(session, engine.catalog.entities))
    return _open_runs(session, starts, now=now)


def start_failed_run(
    session: Session,
    flows: Sequence[ExecutableFlow],
    event: LoggedEvent,
    error: Exception,
    *,
    now: datetime,
) -> list[Token]:
    """Start the run of an event whose trigger could not be evaluated; it fails at its start."""
    flow = next(flow for flow in flows if _is_triggered(flow, event))
    why = f"{type(error).__name__}: {error}"
    problem = _trigger_problem(flow, "the trigger could not be evaluated", why)
    return _open_runs(session, [FlowStart(flow, event, problem)], now=now)


def choose_flows(
    flows: Sequence[ExecutableFlow], events: Sequence[LoggedEvent], facts: FactCache
) -> list[FlowStart]:
    """Return, for each event, the first flow that matches and every parallel flow that does."""
    assigned: set[int] = set()
    starts: list[FlowStart] = []
    for flow in flows:
        found = _matching(flow, _candidates(flow, events, assigned), facts)
        starts += found
        if not flow.trigger.parallel:
            assigned.update(start.event.id for start in found)

    return starts


def _candidates(
    flow: ExecutableFlow, events: Sequence[LoggedEvent], assigned: Collection[int]
) -> list[LoggedEvent]:
    """Return the events that may start the flow.

    `assigned` are the ids of events that have started a flow exclusively; only a parallel flow may
    start for them, too.
    """
    candidates = []
    for event in events:
        is_free = flow.trigger.parallel or event.id not in assigned
        if is_free and _is_triggered(flow, event):
            candidates.append(event)

    return candidates


def _matching(
    flow: ExecutableFlow, events: Sequence[LoggedEvent], facts: FactCache
) -> list[FlowStart]:
    """Return starts for the events whose subject meets the trigger's condition."""
    if flow.trigger_condition is None:
        return [FlowStart(flow, event) for event in events]
    return list(_meeting(flow, flow.trigger_condition, events, facts))


def _meeting(
    flow: ExecutableFlow, condition: Condition, events: Sequence[LoggedEvent], facts: FactCache
) -> Iterator[FlowStart]:
    subject_ids = distinct_ids([event.subject_id] for event in events)
    known = facts.load(flow.subject, subject_ids, condition.roots)
    for event in events:
        start = _start_if_true(flow, event, condition, known.get(event.subject_id))
        if start is not None:
            yield start


def _start_if_true(
    flow: ExecutableFlow, event: LoggedEvent, condition: Condition, facts: Facts | None
) -> FlowStart | None:
    """Return a start where the condition holds; it fails where the condition has no result.

    `facts` are None when the subject no longer exists, which starts nothing.
    """
    if facts is None:
        return None

    answer = condition.evaluate(facts)
    if isinstance(answer, Failure):
        what = f"the trigger's condition has no result: {answer.message}"
        return FlowStart(flow, event, _trigger_problem(flow, what, str(answer.values)))

    return FlowStart(flow, event) if answer else None


def _is_triggered(flow: ExecutableFlow, event: LoggedEvent) -> bool:
    return event.name == flow.trigger.event and event.subject_type == flow.subject


def _trigger_problem(flow: ExecutableFlow, what: str, why: str) -> dict[str, Any]:
    return {
        "what": what,
        "where": "trigger, condition",
        "why": why,
        "remedy": "correct the condition or the subject, then reprocess",
        "step": flow.plan.start,
    }


def _open_runs(session: Session, starts: Sequence[FlowStart], *, now: datetime) -> list[Token]:
    """Insert the flow runs that do not exist yet; return the first token of each."""
    if not starts:
        return []

    by_id = dict(zip(new_ids(len(starts)), starts, strict=True))
    columns = columns_of(map(_run_record, by_id, by_id.values()))
    inserted = sorted_ids(fetch_column(session, _INSERT, {**columns, "started_at": now}))

    tokens = []
    for token_id, run_id in zip(new_ids(len(inserted)), inserted, strict=True):
        tokens.append(_first_token(token_id, run_id, by_id[run_id], now))

    return tokens


def _run_record(id: UUID, start: FlowStart) -> Record:
    return {
        "id": id,
        "flow_version_id": start.flow.id,
        "flow": start.flow.name,
        "parallel_key": start.parallel_key,
        "subject_type": start.event.subject_type,
        "subject_id": start.event.subject_id,
        "root_id": start.event.root_id,
        "trigger_event_id": start.event.id,
        "state": "failed" if start.error else "running",
    }


def _first_token(id: UUID, run_id: UUID, start: FlowStart, now: datetime) -> Token:
    token = Token(
        id=id,
        run_id=run_id,
        flow_version_id=start.flow.id,
        subject_id=start.event.subject_id,
        root_id=start.event.root_id,
        step=start.flow.plan.start,
        state="ready",
        step_result=None,
        split_path=(),
        since_id=start.event.id,
        consumed_event_ids=(),
        generation=0,
        entered_at=now,
        due_at=now,
        is_new=True,
    )
    if start.error:
        token.state = "failed"
        token.due_at = None
        token.error = start.error

    return token


def already_started(session: Session, events: Sequence[LoggedEvent]) -> set[int]:
    """Return the ids of those events that have started a flow run."""
    started = fetch_column(
        session,
        "SELECT DISTINCT r.trigger_event_id"
        " FROM unnest(%s::uuid[], %s::bigint[]) AS e(subject_id, id)"
        " JOIN orchestration.flow_run r ON r.subject_id = e.subject_id"
        " AND r.trigger_event_id = e.id",
        ([event.subject_id for event in events], [event.id for event in events]),
    )
    return set(started)


def runs_canceled_by(
    session: Session, flows: Sequence[ExecutableFlow], events: Sequence[LoggedEvent]
) -> list[UUID]:
    """Return the flow runs that have not ended and that one of these events cancels."""
    records = []
    for flow in flows:
        for event in events:
            if event.name in flow.cancel_on:
                records.append(_cancellation_record(flow, event))

    if not records:
        return []

    return fetch_column(
        session,
        "SELECT DISTINCT r.id FROM unnest(%(flow)s::text[], %(subject_id)s::uuid[],"
        " %(event_id)s::bigint[]) AS n(flow, subject_id, event_id)"
        " JOIN orchestration.flow_run r ON r.subject_id = n.subject_id AND r.flow = n.flow"
        " AND r.trigger_event_id < n.event_id WHERE r.state IN ('running', 'failed')",
        columns_of(records),
    )


def _cancellation_record(flow: ExecutableFlow, event: LoggedEvent) -> Record:
    return {"flow": flow.name, "subject_id": event.subject_id, "event_id": event.id}


def runs_retried_by(
    session: Session, flows: Sequence[ExecutableFlow], events: Sequence[LoggedEvent]
) -> list[UUID]:
    """Return the failed flow runs that one of these events lets try their step again.

    What a flow has raised itself retries none of its own runs, so that they cannot circle.
    """
    records = []
    for flow in flows:
        for event in events:
            if event.name in flow.retry_on and event.actor != flow.actor:
                record = {"flow": flow.name, "event_id": event.id, "root_id": event.root_id}
                records.append({**record, "subject_id": event.subject_id})

    if not records:
        return []

    return fetch_column(
        session,
        "SELECT DISTINCT r.id FROM unnest(%(flow)s::text[], %(subject_id)s::uuid[],"
        " %(root_id)s::uuid[], %(event_id)s::bigint[]) AS n(flow, subject_id, root_id, event_id)"
        " JOIN orchestration.flow_run r ON r.subject_id = ANY(ARRAY[n.subject_id, n.root_id])"
        " AND r.flow = n.flow AND r.trigger_event_id < n.event_id WHERE r.state = 'failed'",
        columns_of(records),
    )


def retry_failed_runs(session: Session, run_ids: Sequence[UUID], *, now: datetime) -> list[Token]:
    """Let the failed tokens of these flow runs enter their step again; return these tokens."""
    if not run_ids:
        return []

    failed = [token for token in lock_tokens(session, run_ids) if token.state == "failed"]
    retry_tokens(session, [token.id for token in failed], now=now)
    flow_run_store.mark_running(session, {token.run_id for token in failed})
    return failed


def cancel_flow_runs(session: Session, run_ids: Sequence[UUID], *, now: datetime) -> set[UUID]:
    """Cancel flow runs that have not ended, and their calls that were not made; return which."""
    if not run_ids:
        return set()
    lock_tokens(session, run_ids)
    canceled = flow_run_store.cancel_runs(session, run_ids, now=now)
    delete_tokens_of_runs(session, canceled)
    cancel_calls_of_runs(session, canceled, now=now)
    return canceled
