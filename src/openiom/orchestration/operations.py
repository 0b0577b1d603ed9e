"""What people do with flow runs and flows, many at once: reprocess, skip, cancel, pause, resume."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import NotFound
from openiom.platform.bulk import execute, fetch
from openiom.platform.events import notify

from .compiled_flows import Engine
from .execution import CALLS_WAKE, STEPS_WAKE
from .flow_runs import call_off, lock_tokens


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one flow run that was asked for."""

    id: UUID
    ok: bool
    reason: str = ""


def reprocess(
    session: Session, *, run_ids: Sequence[UUID] = (), root_ids: Sequence[UUID] = (), now: datetime
) -> list[Done]:
    """Run failed flow runs again from the step that failed. Finished provider actions are not repeated; failed ones
    are tried again under the same key. `root_ids` names documents (orders): all failed flow runs of them and under
    them. One answer a flow run id, then one a root id."""
    flow_runs = [*run_ids, *_failed_under(session, root_ids)]
    tokens = [token for token, _, state in lock_tokens(session, flow_runs) if state == "failed"]
    rows = fetch(
        session,
        "UPDATE orchestration.token SET state = 'ready', due_at = %s, error = NULL, awaits = NULL, arrived = NULL"
        " WHERE id = ANY(%s) RETURNING run_id, root_id",
        (now, tokens),
    )
    moved, roots = {row[0] for row in rows}, {row[1] for row in rows}
    _running_again(session, list(moved))
    why = _why_not(session, [id for id in run_ids if id not in moved])
    return [
        *(Done(id, id in moved, "" if id in moved else why[id]) for id in run_ids),
        *(
            Done(id, id in roots, "" if id in roots else "nothing of it has failed")
            for id in root_ids
        ),
    ]


def skip(session: Session, engine: Engine, *, run_ids: Sequence[UUID], now: datetime) -> list[Done]:
    """Let failed or waiting tokens go on by their step's first port, as if the step had gone well."""
    lock_tokens(session, run_ids)
    rows = fetch(
        session,
        "SELECT id, run_id, flow_version_id, step FROM orchestration.token"
        " WHERE run_id = ANY(%s) AND state IN ('failed', 'waiting')",
        (list(run_ids),),
    )
    known = engine.flows.get(session, {version for _, _, version, _ in rows})
    ports = {token: known[version].steps[step].must_have[:1] for token, _, version, step in rows}
    moving = [(token, ports[token][0], flow_run) for token, flow_run, _, _ in rows if ports[token]]
    execute(
        session,
        "UPDATE orchestration.token t SET state = 'ready', due_at = %s, error = NULL, awaits = NULL,"
        " arrived = jsonb_build_object('port', n.port, 'reason', 'skipped by hand')"
        " FROM unnest(%s::uuid[], %s::text[]) AS n(id, port) WHERE t.id = n.id",
        (now, [token for token, _, _ in moving], [port for _, port, _ in moving]),
    )
    execute(
        session,
        "UPDATE orchestration.provider_call SET state = 'canceled', finished_at = %s"
        " WHERE token_id = ANY(%s) AND state IN ('ready', 'held', 'failed')",
        (now, [token for token, _, _ in moving]),
    )
    moved = {flow_run for _, _, flow_run in moving}
    _running_again(session, list(moved))
    why = _why_not(session, [id for id in run_ids if id not in moved])
    return [Done(id, id in moved, "" if id in moved else why[id]) for id in run_ids]


def cancel(session: Session, *, run_ids: Sequence[UUID], now: datetime) -> list[Done]:
    """End flow runs where they stand. What a provider has been asked to do already is not taken back."""
    canceled = call_off(session, run_ids, now=now)
    why = _why_not(session, [id for id in run_ids if id not in canceled])
    return [Done(id, id in canceled, "" if id in canceled else why[id]) for id in run_ids]


def pause(session: Session, *, names: Sequence[str], now: datetime) -> None:
    """Nothing of these flows moves from now on: tokens and calls are held as they come due, events are kept.
    Calls already made are recorded. Raises NotFound."""
    _switch(session, names, paused=True, now=now)


def resume(session: Session, *, names: Sequence[str], now: datetime) -> int:
    """Let what was held go on, in the order in which it came; returns how many tokens. Raises NotFound."""
    _switch(session, names, paused=False, now=now)
    tokens = execute(
        session,
        "UPDATE orchestration.token t SET due_at = t.entered_at,"
        " state = CASE WHEN t.arrived ? 'due' THEN 'waiting' ELSE 'ready' END,"
        " arrived = CASE WHEN t.arrived ? 'due' THEN NULL ELSE t.arrived END"
        " FROM orchestration.flow_version v WHERE v.id = t.flow_version_id AND v.name = ANY(%s) AND t.state = 'held'",
        (list(names),),
    )
    execute(
        session,
        "UPDATE orchestration.provider_call SET state = 'ready' WHERE state = 'held' AND flow = ANY(%s)",
        (list(names),),
    )
    for kind in (STEPS_WAKE, CALLS_WAKE):
        notify(session, kind)
    return tokens


def _switch(session: Session, names: Sequence[str], *, paused: bool, now: datetime) -> None:
    rows = fetch(
        session,
        "UPDATE orchestration.flow SET paused = %s, changed_at = %s WHERE name IN"
        " (SELECT name FROM orchestration.flow WHERE name = ANY(%s) ORDER BY name FOR UPDATE) RETURNING name",
        (paused, now, list(names)),
    )
    missing = sorted(set(names) - {row[0] for row in rows})
    if missing:
        raise NotFound(f"no flow named {', '.join(missing)}")


def _failed_under(session: Session, root_ids: Sequence[UUID]) -> list[UUID]:
    if not root_ids:
        return []
    rows = fetch(
        session,
        "SELECT id FROM orchestration.flow_run WHERE root_id = ANY(%s) AND state = 'failed' ORDER BY id",
        (list(root_ids),),
    )
    return [row[0] for row in rows]


def _running_again(session: Session, flow_runs: Sequence[UUID]) -> None:
    if not flow_runs:
        return
    execute(
        session,
        "UPDATE orchestration.flow_run j SET state = 'running' WHERE id = ANY(%s) AND state = 'failed' AND NOT EXISTS"
        " (SELECT 1 FROM orchestration.token t WHERE t.run_id = j.id AND t.state = 'failed')",
        (list(flow_runs),),
    )
    notify(session, STEPS_WAKE)


def _why_not(session: Session, flow_runs: Sequence[UUID]) -> Mapping[UUID, str]:
    rows = fetch(
        session,
        "SELECT id, state FROM orchestration.flow_run WHERE id = ANY(%s)",
        (list(flow_runs),),
    )
    states = {id: f"the flow run is {state}" for id, state in rows}
    return {id: states.get(id, "no such flow run") for id in flow_runs}
