"""Execution of tokens: the one way a flow run continues.

The component that has locked tokens executes them: the step worker, the intake that started their
flow runs, and the worker that recorded the provider calls they waited for.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from openiom.orchestration.context import ExecutableFlow
from openiom.orchestration.elements import ELEMENTS
from openiom.orchestration.engine import Engine
from openiom.orchestration.token import Token
from openiom.platform.bulk import copy_rows
from openiom.platform.database import to_json_text
from openiom.platform.events import notify
from openiom.platform.retry import is_transient
from openiom.platform.write_behind import savepoint

from . import flow_run_store
from .effects import DatabaseEffects
from .token_batch import StepCrashed, TokenBatch
from .token_store import read_siblings, store_tokens
from .wakes import CALLS_WAKE

Result = TypeVar("Result")
log = structlog.get_logger("orchestration")


def execute_tokens(
    engine: Engine,
    session: Session,
    tokens: Sequence[Token],
    now: datetime,
    crashes: Mapping[str, StepCrashed] | None = None,
) -> None:
    """Advance every token until it blocks and persist the result.

    The tokens passed in are not mutated. At the steps in `crashes` a token stops with the crash
    instead of running the step. Raise `StepCrashed` or a transient database error; nothing may be
    committed then.
    """
    if not tokens:
        return

    flows = engine.flows.of_tokens(session, tokens)
    effects = DatabaseEffects(session, engine.catalog, now)
    batch = TokenBatch(session, engine.catalog, effects, flows, now, crashes)
    _load_splits(batch, tokens)
    batch.add(token.copy() for token in tokens)
    run_until_blocked(batch)
    calls = effects.write_calls()
    _write(batch)
    if calls:
        notify(session, CALLS_WAKE)


def run_until_blocked(batch: TokenBatch) -> None:
    """Run the batch, and again whatever its elements continue after that."""
    pending = True
    while pending:
        batch.run()
        pending = False
        for element in ELEMENTS.values():
            if element.after_batch(batch):
                pending = True


def lock_executable(
    engine: Engine, session: Session, tokens: Sequence[Token]
) -> tuple[list[Token], list[Token]]:
    """Return the tokens that can be executed now, and those of paused flows.

    Tokens in neither list belong to flow runs that another batch is executing.
    """
    flows = engine.flows.of_tokens(session, tokens)
    names = {flows[token.flow_version_id].name for token in tokens}
    paused_flows = flow_run_store.lock_paused_flows(session, names)

    paused: list[Token] = []
    active: list[Token] = []
    for token in tokens:
        if flows[token.flow_version_id].name in paused_flows:
            paused.append(token)
        else:
            active.append(token)

    shared = _shared_runs(flows, active)
    blocked = shared - flow_run_store.lock_runs(session, shared)
    executable = [token for token in active if token.run_id not in blocked]
    return executable, paused


def _shared_runs(flows: Mapping[int, ExecutableFlow], tokens: Sequence[Token]) -> set[UUID]:
    """Return the flow runs that may have other tokens than these."""
    run_ids: set[UUID] = set()
    for token in tokens:
        if flows[token.flow_version_id].splits and not token.is_new:
            run_ids.add(token.run_id)
    return run_ids


def in_savepoint(session: Session, work: Callable[[], Result], *, left_to: str) -> Result | None:
    """Return the result of `work`, or None when it failed and was rolled back.

    Inline execution is an optimization: what fails here is repeated by the worker named in
    `left_to`, which isolates the faulty token. Transient database errors are raised.
    """
    try:
        with savepoint(session):
            return work()
    except Exception as error:
        if is_transient(error):
            raise

        log.warning("inline_execution_failed", left_to=left_to, error=str(error)[:500])
        return None


def _load_splits(batch: TokenBatch, tokens: Sequence[Token]) -> None:
    """Load what joining needs: the other tokens of the flow runs, and the joins passed."""
    run_ids = _splitting_runs(batch, tokens)
    if not run_ids:
        return
    claimed = [token.id for token in tokens]
    for sibling in read_siblings(batch.session, run_ids, claimed=claimed):
        batch.siblings[sibling.run_id].append(sibling)
    batch.joined.update(flow_run_store.read_joined(batch.session, run_ids))


def _splitting_runs(batch: TokenBatch, tokens: Sequence[Token]) -> list[UUID]:
    """Return the flow runs of these tokens whose flow has a splitter."""
    run_ids: list[UUID] = []
    for token in tokens:
        if batch.flows[token.flow_version_id].splits:
            run_ids.append(token.run_id)
    return run_ids


def _write(batch: TokenBatch) -> None:
    """Write everything the batch decided, with one statement per table."""
    session = batch.session
    tokens = batch.changed_tokens()
    store_tokens(session, tokens)

    failed: set[UUID] = set()
    ended: set[UUID] = set()
    results = []
    for token in tokens:
        if token.has_ended:
            ended.add(token.run_id)
        elif token.state == "failed":
            failed.add(token.run_id)

        if token.entries:
            results.append((token.run_id, batch.now, to_json_text(token.entries)))

    flow_run_store.mark_failed(session, failed)
    flow_run_store.complete_ended(session, ended, now=batch.now)
    flow_run_store.append_joined(session, batch.newly_joined)
    columns = ("run_id", "recorded_at", "entries")
    copy_rows(session, "orchestration.step_result", columns, results)
    _write_tally(batch)


def _write_tally(batch: TokenBatch) -> None:
    counts: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for (flow, step, port), number in batch.tally.items():
        counts[flow][step][port] = number
    rows = [(flow, batch.now, to_json_text(steps)) for flow, steps in counts.items()]
    columns = ("flow", "recorded_at", "counts")
    copy_rows(batch.session, "orchestration.step_tally", columns, rows)
