"""Calling out: batches where the vendor has a bulk call, otherwise several at once within its limits."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from sqlalchemy.orm import Session

from openiom.kernel import IomError, Problem, ProviderDown, ProviderError, ProviderUnauthorized
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database
from openiom.platform.events import utc_now, wake
from openiom.policies import TransformFailure
from openiom.provider_contract import Call, CallResult, ProviderAction

from .instances import PROBE_WAKE
from .pipeline import Opened, Pipeline

log = structlog.get_logger("calls")


def build_payloads(
    pipeline: Pipeline, session: Session, instance: str, action: str, facts: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any] | Problem]:
    """What to send for each entity, by the action's transformation; a Problem where it cannot be built."""
    opened = pipeline.open(session, instance)
    opened.action(action)
    answers = opened.transformations[f"action:{action}"].transform_many(list(facts))
    return [
        Problem(a.path, a.message, "correct the data or the transformation, and reprocess")
        if isinstance(a, TransformFailure)
        else a.document
        for a in answers
    ]


def call_provider(
    pipeline: Pipeline, database: Database, instance: str, action_name: str, calls: Sequence[Call]
) -> list[CallResult]:
    """Make the calls, outside any transaction; one result a call, in order. Never raises for a single call."""
    with database.reading() as session:
        state = fetch(session, "SELECT state, error FROM providers.provider_instance WHERE name = %s", (instance,))
        opened = pipeline.open(session, instance)
        action = opened.action(action_name)
    if state and state[0][0] == "red":
        down = ProviderDown(f"the connection of {instance} is red: {state[0][1]}", retry_after=30.0)
        return [CallResult(call.key, error=down) for call in calls]
    groups = [calls[i : i + action.batch] for i in range(0, len(calls), action.batch)]
    with ThreadPoolExecutor(max_workers=max(1, min(action.concurrency, len(groups)))) as pool:
        answers = list(pool.map(lambda group: _call_group(opened, action, group), groups))
    pipeline.calls.flush(database)
    results = {result.key: result for answer in answers for result in answer}
    refused = [r.error for r in results.values() if isinstance(r.error, ProviderUnauthorized)]
    if refused:
        _turn_red(database, instance, refused[0])
    missing = ProviderDown("the provider did not answer this call")
    return [_later(results.get(call.key) or CallResult(call.key, error=missing)) for call in calls]


def _call_group(opened: Opened, action: ProviderAction, calls: Sequence[Call]) -> Sequence[CallResult]:
    try:
        return action.run(opened.connector, calls)
    except ProviderError as error:
        return [CallResult(call.key, error=error) for call in calls]
    except IomError as error:
        return [CallResult(call.key, error=ProviderError(error.what, where=error.where)) for call in calls]
    except Exception as error:
        log.error("provider_broke", instance=opened.name, action=action.name, exc_info=error)
        broken = ProviderError(f"the provider's code broke: {type(error).__name__}: {error}"[:500], where=opened.name)
        return [CallResult(call.key, error=broken) for call in calls]


def _later(result: CallResult) -> CallResult:
    """A wrong credential concerns the connection, not this order: the call waits until a person mended it."""
    if not isinstance(result.error, ProviderUnauthorized):
        return result
    return CallResult(result.key, error=ProviderDown(result.error.what, retry_after=30.0, where=result.error.where))


def _turn_red(database: Database, instance: str, error: ProviderError) -> None:
    with database.unit_of_work() as session:
        execute(
            session,
            "UPDATE providers.provider_instance SET state = 'red', error = %s, next_probe_at = %s WHERE name = %s",
            (str(error)[:2000], utc_now(), instance),
        )
        wake(session, PROBE_WAKE)
