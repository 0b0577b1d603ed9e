"""
Entering a provider action: one row in the outbound queue for each entity, with a key that never changes.

A token that comes back to a visit it has not finished (reprocess) repeats nothing that was done: rows that are
done stay, failed ones are put back under the same key with a fresh payload.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from openiom.kernel import IomError, Problem
from openiom.platform.bulk import copy_rows, execute, fetch
from openiom.platform.database import to_json_text
from openiom.policies import Failure, compiled_policies
from openiom.provider_contract import EventRequest, ProviderAction

from .compiled_flows import RunningFlow
from .document import ProviderActionStep
from .token_batch import TokenBatch
from .tokens import Token

_COLUMNS = (
    "key",
    "instance",
    "action",
    "entity",
    "entity_id",
    "flow",
    "run_id",
    "token_id",
    "step",
    "visit",
    "payload",
    "state",
    "due_at",
    "max_attempts",
    "first_delay_seconds",
    "created_at",
)
FIRST_DELAY_SECONDS = 2.0


@dataclass
class _Batch:
    """The wave's tokens at one provider step, and what each is to send."""

    wave: TokenBatch
    flow: RunningFlow
    step: ProviderActionStep
    action: ProviderAction

    @property
    def entity(self) -> str:
        return self.step.for_each or self.flow.document.subject


def run_provider_action(
    wave: TokenBatch, flow: RunningFlow, step: ProviderActionStep, tokens: list[Token]
) -> None:
    try:
        action = wave.engine.outside.action(wave.session, step.instance, step.action)
    except IomError as error:
        for token in tokens:
            wave.stop(token, what=error.what, where=error.where, remedy=error.remedy)
        return
    batch = _Batch(wave, flow, step, action)
    wanted = _wanted(batch, tokens)
    back = [token.id for token, _ in wanted if token.visit]
    _give_visits(batch, [token for token, _ in wanted])
    finished = _finished_before(batch, wanted, back)
    _queue(batch, wanted, finished)


def key_of(token: Token, step: str, entity_id: UUID) -> str:
    """The idempotency key of one call: the same on every retry and every reprocess."""
    return f"{token.run_id}:{step}:{entity_id}:{token.visit}"


def _wanted(batch: _Batch, tokens: Sequence[Token]) -> list[tuple[Token, list[UUID]]]:
    """Tokens with the entities to act on; those with none leave, those whose filter fails are stopped."""
    wave, step, subject = batch.wave, batch.step, batch.flow.document.subject
    if batch.entity == subject:
        per_token: list[Sequence[UUID]] = [(token.subject_id,) for token in tokens]
    else:
        found = wave.facts.children(subject, batch.entity, [token.subject_id for token in tokens])
        per_token = [found[token.subject_id] for token in tokens]
    ids = list(dict.fromkeys(id for ids in per_token for id in ids))
    faults = _filtered(batch, ids)
    wanted = []
    for token, mine in zip(tokens, per_token, strict=True):
        fault = next((reason for id in mine if (reason := faults.get(id))), None)
        kept = [id for id in mine if id not in faults]
        if fault:
            wave.stop(token, what=fault)
        elif kept:
            wanted.append((token, kept))
        else:
            wave.leave(token, "skipped" if "skipped" in step.to else "succeeded", "nothing to send")
    return wanted


def _filtered(batch: _Batch, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Entities that are not to be acted on; with a reason when that is because something is wrong."""
    wave, step = batch.wave, batch.step
    known = wave.facts.of(batch.entity, ids)
    out = {id: f"the {batch.entity} no longer exists" for id in ids if id not in known}
    if step.when:
        kept = [id for id in ids if id not in out]
        answers = batch.flow.conditions[step.id].evaluate_many([known[id] for id in kept])
        for id, answer in zip(kept, answers, strict=True):
            if isinstance(answer, Failure):
                out[id] = f"`{answer.expression}` has no answer: {answer.message}"
            elif not answer:
                out[id] = ""
    if step.filter:
        policy = compiled_policies(wave.session, [step.filter])[step.filter]
        kept = [id for id in ids if id not in out]
        for id, verdict in zip(kept, policy.evaluate([known[id] for id in kept]), strict=True):
            if not verdict.passed:
                out[id] = f"{step.filter}: {verdict.error}" if verdict.error else ""
    return out


def _give_visits(batch: _Batch, tokens: Sequence[Token]) -> None:
    """Number the visit of tokens that are new here; only steps in a loop or behind a split can have had one."""
    new = [token for token in tokens if not token.visit]
    highest: dict[UUID, int] = {}
    if batch.step.id in batch.flow.plan.revisited:
        rows = fetch(
            batch.wave.session,
            "SELECT run_id, max(visit) FROM orchestration.provider_call"
            " WHERE run_id = ANY(%s) AND step = %s GROUP BY 1",
            ([token.run_id for token in new], batch.step.id),
        )
        highest.update((flow_run, visit) for flow_run, visit in rows)
    for token in new:
        token.visit = highest[token.run_id] = highest.get(token.run_id, 0) + 1


def _finished_before(
    batch: _Batch, wanted: Sequence[tuple[Token, list[UUID]]], back: Sequence[UUID]
) -> Mapping[str, str]:
    """State by key of the rows that tokens coming back have already. Done ones that raised no event raise it now."""
    if not back:
        return {}
    rows = fetch(
        batch.wave.session,
        "SELECT key, state, entity_id, announced, id, external_id FROM orchestration.provider_call"
        " WHERE token_id = ANY(%s) AND step = %s",
        (list(back), batch.step.id),
    )
    mine = {key_of(token, batch.step.id, id) for token, ids in wanted for id in ids}
    silent = [row for row in rows if row[0] in mine and row[1] == "done" and not row[3]]
    if silent:
        raises = [
            EventRequest(
                row[2],
                batch.action.succeeded,
                {"instance": batch.step.instance, "external_id": row[5]},
            )
            for row in silent
        ]
        batch.wave.raise_events(batch.flow, batch.entity, raises)
        execute(
            batch.wave.session,
            "UPDATE orchestration.provider_call SET announced = true WHERE id = ANY(%s)",
            ([row[4] for row in silent],),
        )
    return {row[0]: row[1] for row in rows if row[0] in mine}


def _queue(
    batch: _Batch, wanted: Sequence[tuple[Token, list[UUID]]], finished: Mapping[str, str]
) -> None:
    """Queue what is still to be done. A token of which one payload cannot be built queues nothing."""
    wave, step = batch.wave, batch.step
    todo = [
        (token, [id for id in ids if finished.get(key_of(token, step.id, id)) != "done"])
        for token, ids in wanted
    ]
    every = list(dict.fromkeys(id for _, ids in todo for id in ids))
    known = wave.facts.of(batch.entity, every)
    payloads = dict(
        zip(
            every,
            wave.engine.outside.payloads(
                wave.session, step.instance, step.action, [known[id] for id in every]
            )
            if every
            else [],
            strict=True,
        )
    )
    again: list[tuple[str, str]] = []
    for token, ids in todo:
        problem = next((p for id in ids if isinstance(p := payloads[id], Problem)), None)
        if problem is not None:
            wave.stop(token, what=problem.what, where=problem.where, remedy=problem.remedy)
            continue
        if not ids:
            wave.leave(token, "succeeded", "done before")
            continue
        for id in ids:
            key, payload = key_of(token, step.id, id), to_json_text(payloads[id])
            if key in finished:
                again.append((key, payload))
            else:
                wave.outbound.append(_row(batch, token, id, key, payload))
        wave.sleep(token)
    if again:
        _put_back(batch, again)


def _row(batch: _Batch, token: Token, id: UUID, key: str, payload: str) -> tuple[Any, ...]:
    step, now = batch.step, batch.wave.now
    attempts = step.retry.max_attempts or batch.action.max_attempts
    delay = step.retry.first_delay_seconds or FIRST_DELAY_SECONDS
    return (
        key,
        step.instance,
        step.action,
        batch.entity,
        id,
        batch.flow.name,
        token.run_id,
        token.id,
        step.id,
        token.visit,
        payload,
        "ready",
        now,
        attempts,
        delay,
        now,
    )


def _put_back(batch: _Batch, rows: Sequence[tuple[str, str]]) -> None:
    """Failed rows are tried again under their key, with attempts counted afresh."""
    execute(
        batch.wave.session,
        "UPDATE orchestration.provider_call p SET state = 'ready', due_at = %s, attempts = 0, waits = 0,"
        " error = NULL, finished_at = NULL, payload = n.payload::jsonb"
        " FROM unnest(%s::text[], %s::text[]) AS n(key, payload)"
        " WHERE p.key = n.key AND p.state IN ('failed', 'canceled')",
        (batch.wave.now, [key for key, _ in rows], [payload for _, payload in rows]),
    )


def store_outbound(wave: TokenBatch) -> int:
    """Copy the wave's new calls into the queue; returns how many."""
    if not wave.outbound:
        return 0
    return copy_rows(wave.session, "orchestration.provider_call", _COLUMNS, wave.outbound)
