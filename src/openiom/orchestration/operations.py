"""Manual operations on flow runs and flows: reprocess, skip, cancel, pause, resume."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import NotFound
from openiom.platform.bulk import fetch_as, fetch_column
from openiom.platform.events import notify

from .engine import Engine
from .runtime.call_queue import cancel_calls_of_tokens, resume_calls
from .runtime.flow_run_store import mark_running
from .runtime.flow_runs import cancel_flow_runs, retry_failed_runs
from .runtime.token_store import lock_tokens, resume_tokens, skip_tokens
from .runtime.wakes import CALLS_WAKE, STEPS_WAKE

_UNKNOWN = "no such flow run"


@dataclass(frozen=True, slots=True)
class OperationResult:
    """The result of an operation for one requested id; `reason` says why it was refused."""

    id: UUID
    ok: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _RunState:
    id: UUID
    state: str


def reprocess(
    session: Session, *, run_ids: Sequence[UUID] = (), root_ids: Sequence[UUID] = (), now: datetime
) -> list[OperationResult]:
    """Run failed flow runs again from the step that failed.

    Provider calls that are done are not repeated; failed ones are retried under the same key.
    `root_ids` names documents (orders): all their failed flow runs and those below them. Return
    one result per flow run id, then one per root id.
    """
    affected = [*run_ids, *_failed_runs_below(session, root_ids)]
    retried = retry_failed_runs(session, affected, now=now)
    moved = {token.run_id for token in retried}
    roots = {token.root_id for token in retried}
    if moved:
        notify(session, STEPS_WAKE)

    results = _results(session, run_ids, moved)

    for id in root_ids:
        results.append(
            _result(id, "" if id in roots else "nothing has failed that could run again")
        )

    return results


def skip(
    session: Session, engine: Engine, *, run_ids: Sequence[UUID], now: datetime
) -> list[OperationResult]:
    """Let failed and waiting tokens leave by their step's first port, as if it had succeeded."""
    tokens = lock_tokens(session, run_ids)
    flows = engine.flows.of_tokens(session, tokens)

    ports: dict[UUID, str] = {}
    moved: set[UUID] = set()
    for token in tokens:
        required = flows[token.flow_version_id].document(token.step).required_ports
        if required and token.state in ("failed", "waiting"):
            ports[token.id] = required[0]
            moved.add(token.run_id)

    skip_tokens(session, ports, now=now)
    cancel_calls_of_tokens(session, ports, now=now)
    _continue_runs(session, moved)
    return _results(session, run_ids, moved)


def cancel(session: Session, *, run_ids: Sequence[UUID], now: datetime) -> list[OperationResult]:
    """End flow runs where they are. Provider calls that were already made are not undone."""
    canceled = cancel_flow_runs(session, run_ids, now=now)
    return _results(session, run_ids, canceled)


def pause(session: Session, *, names: Sequence[str], now: datetime) -> None:
    """Hold the tokens and calls of these flows as they come due. Raise `NotFound`.

    Events are kept, and calls that were already made are recorded.
    """
    _set_paused(session, names, paused=True, now=now)


def resume(session: Session, *, names: Sequence[str], now: datetime) -> int:
    """Release what was held, in the order in which it came due; return how many tokens.

    Raise `NotFound`.
    """
    _set_paused(session, names, paused=False, now=now)
    tokens = resume_tokens(session, names)
    resume_calls(session, names)

    for kind in (STEPS_WAKE, CALLS_WAKE):
        notify(session, kind)

    return tokens


def _set_paused(session: Session, names: Sequence[str], *, paused: bool, now: datetime) -> None:
    switched = fetch_column(
        session,
        "UPDATE orchestration.flow SET paused = %s, changed_at = %s WHERE name IN"
        " (SELECT name FROM orchestration.flow WHERE name = ANY(%s) ORDER BY name FOR UPDATE)"
        " RETURNING name",
        (paused, now, list(names)),
    )
    missing = sorted(set(names).difference(switched))
    if missing:
        raise NotFound(
            f"no flow named {', '.join(missing)}", remedy="GET /api/v1/flows lists the flows"
        )


def _failed_runs_below(session: Session, root_ids: Sequence[UUID]) -> list[UUID]:
    if not root_ids:
        return []
    return fetch_column(
        session,
        "SELECT id FROM orchestration.flow_run WHERE root_id = ANY(%s) AND state = 'failed'"
        " ORDER BY id",
        (list(root_ids),),
    )


def _continue_runs(session: Session, run_ids: Collection[UUID]) -> None:
    if run_ids:
        mark_running(session, run_ids)
        notify(session, STEPS_WAKE)


def _results(
    session: Session, run_ids: Sequence[UUID], moved: Collection[UUID]
) -> list[OperationResult]:
    """Return one result per id, with the state of the flow runs that were not moved."""
    refused = [id for id in run_ids if id not in moved]
    rows = fetch_as(
        session,
        _RunState,
        "SELECT id, state FROM orchestration.flow_run WHERE id = ANY(%s)",
        (refused,),
    )
    reasons = dict.fromkeys(refused, _UNKNOWN)

    for row in rows:
        reasons[row.id] = f"the flow run is {row.state}"

    return [_result(id, reasons.get(id, "")) for id in run_ids]


def _result(id: UUID, refusal: str) -> OperationResult:
    """Return the result for one id; a `refusal` says why nothing was done."""
    return OperationResult(id, ok=not refusal, reason=refusal)
