"""
Carrying tokens: which of them may be moved now, each through its segment, and everything they did in one statement a
table. Whoever holds the tokens' locks carries them: the step wave, the intake that began them, the call they slept for.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from openiom.platform.bulk import copy_rows, execute, fetch
from openiom.platform.database import to_json_text
from openiom.platform.events import notify

from .compiled_flows import Engine
from .merges import due_merges
from .provider_steps import store_outbound
from .steps import run_step
from .token_batch import StepCrashed, TokenBatch
from .tokens import Token, siblings, store

STEPS_WAKE = "orchestration.steps"
CALLS_WAKE = "orchestration.calls"


def carry(
    engine: Engine,
    session: Session,
    tokens: Sequence[Token],
    now: datetime,
    stops: Mapping[str, StepCrashed] | None = None,
) -> None:
    """
    Run every token until it rests, and write what they did. Tokens handed over are left as they were.

    `stops` are steps at which tokens stop with the crash that is known, instead of running them. Raises StepCrashed,
    or what waiting may cure; then nothing of it may be committed.
    """
    wave = _wave(engine, session, tokens, now, stops or {})
    wave.run()
    while due_merges(wave):
        wave.run()
    write(wave)


def _wave(
    engine: Engine,
    session: Session,
    tokens: Sequence[Token],
    now: datetime,
    stops: Mapping[str, StepCrashed],
) -> TokenBatch:
    flows = engine.flows.get(session, {t.version_id for t in tokens})
    wave = TokenBatch(session, engine, flows, now, run_step, stops)
    split = [t.run_id for t in tokens if flows[t.version_id].splits]
    if split:
        for other in siblings(session, split, but=[t.id for t in tokens]):
            wave.siblings[other.run_id].append(other)
        rows = fetch(
            session,
            "SELECT id, passed FROM orchestration.flow_run WHERE id = ANY(%s) AND passed <> '{}'",
            (split,),
        )
        wave.passed.update((flow_run, list(passed)) for flow_run, passed in rows)
    wave.take_in(token.copy() for token in tokens)
    return wave


def movable(
    engine: Engine, session: Session, tokens: Sequence[Token]
) -> tuple[list[Token], list[Token]]:
    """Those that may be moved now, and those of paused flows; the rest belong to flow runs another wave is moving."""
    flows = engine.flows.get(session, {t.version_id for t in tokens})
    names = _paused(session, {flows[t.version_id].name for t in tokens})
    paused = [t for t in tokens if flows[t.version_id].name in names] if names else []
    kept = [t for t in tokens if flows[t.version_id].name not in names] if names else list(tokens)
    split = {t.run_id for t in kept if flows[t.version_id].splits and not t.fresh}
    if not split:
        return kept, paused
    rows = fetch(
        session,
        "SELECT id FROM orchestration.flow_run WHERE id = ANY(%s) ORDER BY id FOR UPDATE SKIP LOCKED",
        (list(split),),
    )
    locked = {row[0] for row in rows}
    return [t for t in kept if t.run_id not in split or t.run_id in locked], paused


def _paused(session: Session, names: set[str]) -> set[str]:
    """Paused flows. The second look locks, so that a resume waits until what is held here is committed."""
    query = "SELECT name FROM orchestration.flow WHERE paused AND name = ANY(%s)"
    found = [row[0] for row in fetch(session, query, (list(names),))] if names else []
    return (
        {row[0] for row in fetch(session, f"{query} ORDER BY name FOR SHARE", (found,))}
        if found
        else set()
    )


def write(wave: TokenBatch) -> None:
    """Everything the wave decided, one statement a table."""
    session = wave.session
    outbound = store_outbound(wave)
    changed = [*wave.tokens, *wave.touched_siblings]
    store(session, changed)
    _write_flow_runs(wave, changed)
    results = [(t.run_id, wave.now, to_json_text(t.entries)) for t in changed if t.entries]
    if results:
        copy_rows(session, "orchestration.step_result", ("run_id", "at", "entries"), results)
    _write_tally(wave)
    if outbound:
        notify(session, CALLS_WAKE)


def _write_flow_runs(wave: TokenBatch, changed: Sequence[Token]) -> None:
    session = wave.session
    failed = [t.run_id for t in changed if t.state == "failed" and not t.gone]
    if failed:
        execute(
            session,
            "UPDATE orchestration.flow_run SET state = 'failed' WHERE id = ANY(%s) AND state = 'running'",
            (failed,),
        )
    ended = list({t.run_id for t in changed if t.gone})
    if ended:
        execute(
            session,
            "UPDATE orchestration.flow_run j SET state = 'completed', finished_at = %s WHERE id = ANY(%s)"
            " AND NOT EXISTS (SELECT 1 FROM orchestration.token t WHERE t.run_id = j.id)",
            (wave.now, ended),
        )
    if wave.newly_passed:
        execute(
            session,
            "UPDATE orchestration.flow_run j SET passed = j.passed || string_to_array(n.marks, ',')"
            " FROM unnest(%s::uuid[], %s::text[]) AS n(id, marks) WHERE j.id = n.id",
            (list(wave.newly_passed), [",".join(marks) for marks in wave.newly_passed.values()]),
        )


def _write_tally(wave: TokenBatch) -> None:
    counts: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for (flow, step, port), number in wave.tally.items():
        counts[flow][step][port] = number
    if counts:
        rows = [(flow, wave.now, to_json_text(steps)) for flow, steps in counts.items()]
        copy_rows(wave.session, "orchestration.step_tally", ("flow", "at", "counts"), rows)
