"""Calling out: batches where the vendor has a bulk call, otherwise several at once within its limits."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Any

import structlog
from sqlalchemy.orm import Session

from openiom.kernel import (
    IomError,
    Problem,
    ProviderDown,
    ProviderError,
    ProviderRejected,
    ProviderUnauthorized,
)
from openiom.platform.bulk import execute, fetch
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.platform.events import notify
from openiom.policies import Transformed, TransformFailure
from openiom.provider_contract import Call, CallResult, ProviderAction

from .instances import PROBE_WAKE
from .mapping import resolve_outside, step_to
from .registry import ProviderInstance, ProviderRegistry, acting

log = structlog.get_logger("calls")
RED_PAUSE_SECONDS = 30.0


def build_payloads(
    registry: ProviderRegistry,
    session: Session,
    instance: str,
    action: str,
    facts: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any] | Problem]:
    """What to send for each entity, by the action's transformation; a Problem where it cannot be built.

    The transformation's keys name our records; their outside keys are looked up for all entities in one query. Where
    none is mapped, what the transformation filled in itself stays.
    """
    opened = registry.open(session, instance)
    opened.action(action)
    answers = opened.transformations[f"action:{action}"].transform_many(list(facts))
    lookups = [
        (k.table, k.field, k.value)
        for answer in answers
        if isinstance(answer, Transformed)
        for k in answer.keys
    ]
    found = resolve_outside(session, opened.name, opened.mapping_group, lookups)
    return [_payload(answer, found) for answer in answers]


def _payload(
    answer: Transformed | TransformFailure, found: Mapping[tuple[str, str, str], str]
) -> dict[str, Any] | Problem:
    if isinstance(answer, TransformFailure):
        values = ", ".join(f"{k} = {v!r}"[:120] for k, v in answer.values.items())
        what = answer.message + (f" ({values})" if values else "")
        return Problem(answer.path, what, "correct the data or the transformation, and reprocess")
    for key in answer.keys:
        outside = found.get((key.table, key.field, key.value))
        if key.into is None:
            continue
        target, name = step_to(answer.document, key.into)
        if outside is not None:
            target[name] = outside
        elif target.get(name) in (None, ""):
            what = f"our {key.table} {key.value} has no {key.field} at this provider"
            return Problem(key.into, what, "map it, and reprocess")
    return answer.document


def call_provider(
    registry: ProviderRegistry,
    database: Database,
    instance: str,
    action_name: str,
    calls: Sequence[Call],
) -> list[CallResult]:
    """Make the calls, outside any transaction; one result a call, in order. Never raises for a single call."""
    with database.reading() as session:
        state = fetch(
            session,
            "SELECT state, error FROM providers.provider_instance WHERE name = %s",
            (instance,),
        )
        opened = registry.open(session, instance)
        action = opened.action(action_name)
    if state and state[0][0] == "red":
        down = ProviderDown(
            f"the connection of {instance} is red: {state[0][1]}",
            retry_after=RED_PAUSE_SECONDS,
            where=instance,
            remedy="mend the connection; the call is made once it is green",
        )
        return [CallResult(call.key, error=down) for call in calls]
    doing = acting.set(action_name)
    try:
        results = {result.key: result for result in _in_groups(opened, action, calls)}
    finally:
        acting.reset(doing)
    registry.calls.flush(database)
    refused = [r.error for r in results.values() if isinstance(r.error, ProviderUnauthorized)]
    if refused:
        _turn_red(database, instance, refused[0])
    missing = ProviderDown("the provider did not answer this call", where=instance)
    return [_later(results.get(call.key) or CallResult(call.key, error=missing)) for call in calls]


def _in_groups(
    opened: ProviderInstance, action: ProviderAction, calls: Sequence[Call]
) -> list[CallResult]:
    """Groups of at most `batch`, `concurrency` at once. A group that outlives its time is given up, outcome unknown."""
    groups = [calls[i : i + action.batch] for i in range(0, len(calls), action.batch)]
    if len(groups) == 1:
        return list(_call_group(opened, action, groups[0]))
    pool = ThreadPoolExecutor(
        max_workers=min(action.concurrency, len(groups)), thread_name_prefix=opened.name
    )
    rounds = -(-len(groups) // action.concurrency)
    running: dict[Future[Sequence[CallResult]], Sequence[Call]] = {
        pool.submit(copy_context().run, _call_group, opened, action, group): group
        for group in groups
    }
    wait(running, timeout=action.timeout_seconds * rounds)
    results: list[CallResult] = []
    for future, group in running.items():
        if future.done():
            results += future.result()
        else:
            future.cancel()
            late = ProviderDown(
                f"no answer within {action.timeout_seconds} s; the outcome is unknown",
                where=opened.name,
            )
            results += [CallResult(call.key, error=late) for call in group]
    pool.shutdown(wait=False, cancel_futures=True)
    return results


def _call_group(
    opened: ProviderInstance, action: ProviderAction, calls: Sequence[Call]
) -> Sequence[CallResult]:
    try:
        return action.run(opened.connector, calls)
    except ProviderError as error:
        return [CallResult(call.key, error=error) for call in calls]
    except IomError as error:
        rejected = ProviderRejected(
            error.what, where=error.where or opened.name, remedy=error.remedy
        )
        return [CallResult(call.key, error=rejected) for call in calls]
    except Exception as error:
        log.error("provider_broke", instance=opened.name, action=action.name, exc_info=error)
        broken = ProviderError(
            f"the provider's code broke: {type(error).__name__}: {error}"[:500], where=opened.name
        )
        return [CallResult(call.key, error=broken) for call in calls]


def _later(result: CallResult) -> CallResult:
    """A wrong credential concerns the connection, not this order: the call waits until a person mended it."""
    error = result.error
    if not isinstance(error, ProviderUnauthorized):
        return result
    down = ProviderDown(
        error.what, retry_after=RED_PAUSE_SECONDS, where=error.where, remedy=error.remedy
    )
    return CallResult(result.key, error=down)


def _turn_red(database: Database, instance: str, error: ProviderError) -> None:
    with database.unit_of_work() as session:
        execute(
            session,
            "UPDATE providers.provider_instance SET state = 'red', error = %s, next_probe_at = %s WHERE name = %s",
            (str(error)[:2000], utc_now(), instance),
        )
        notify(session, PROBE_WAKE)
