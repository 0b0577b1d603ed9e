"""Outbound calls: payloads of actions, and the calls themselves in groups and in parallel."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from datetime import datetime, timedelta
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
from openiom.platform.bulk import execute
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.platform.events import notify
from openiom.policies import DIRECT, Evaluator
from openiom.provider_contract import Call, CallResult, ProviderAction

from .call_log import requests_for
from .instance_state import find_state
from .instances import PROBE_WAKE
from .mapping import resolve_external
from .mapping_rules import build_payload, lookups_of, unexpected_error
from .registry import ProviderInstance, ProviderRegistry

log = structlog.get_logger("calls")
RED_PAUSE_SECONDS = 30.0


def build_payloads(
    registry: ProviderRegistry,
    session: Session,
    instance: str,
    action: str,
    facts: Sequence[Mapping[str, Any]],
    evaluator: Evaluator = DIRECT,
) -> list[dict[str, Any] | Problem]:
    """Return what an action sends for each entity, or the problem that prevents it.

    The transformation of the action refers to our records; their external keys are read for all
    entities in one query.
    """
    opened = registry.open(session, instance)
    opened.action(action)
    transformation = opened.transformations[f"action:{action}"]
    results = evaluator.transformed(transformation, list(facts))
    lookups = lookups_of(results)
    external_values = resolve_external(session, opened.name, opened.mapping_group, lookups)
    return [build_payload(result, external_values) for result in results]


def call_provider(
    registry: ProviderRegistry,
    database: Database,
    instance: str,
    action_name: str,
    calls: Sequence[Call],
) -> list[CallResult]:
    """Make calls outside any transaction and return one result per call, in order.

    An error of a call is in its result. Raise `NotFound` for an unknown instance or action.
    """
    if not calls:
        return []

    with database.reading() as session:
        state = find_state(session, instance)
        opened = registry.open(session, instance)
        action = opened.action(action_name)

    if state is not None and state.state == "red":
        error = ProviderDown(
            f"the connection of {instance} is red: {state.error}",
            retry_after=RED_PAUSE_SECONDS,
            where=instance,
            remedy="correct the connection; the call is made once it is green",
        )
        return [CallResult(call.key, error=error) for call in calls]

    results: dict[str, CallResult] = {}
    with requests_for(action_name):
        for result in _call_in_groups(opened, action, calls):
            results[result.key] = result

    registry.calls.flush(database)
    _record_failures(database, instance, results.values(), utc_now())
    no_result = ProviderDown("the provider returned no result for this call", where=instance)

    ordered = []
    for call in calls:
        result = results.get(call.key, CallResult(call.key, error=no_result))
        ordered.append(_retry_refused_credential(result))

    return ordered


def _call_in_groups(
    opened: ProviderInstance, action: ProviderAction, calls: Sequence[Call]
) -> list[CallResult]:
    """Call in groups of at most `batch`, up to `concurrency` at once.

    A group that exceeds its time is abandoned; its outcome is unknown.
    """
    groups = [calls[start : start + action.batch] for start in range(0, len(calls), action.batch)]
    if len(groups) == 1:
        return list(_call_group(opened, action, groups[0]))

    pool = ThreadPoolExecutor(
        max_workers=min(action.concurrency, len(groups)), thread_name_prefix=opened.name
    )
    running: dict[Future[Sequence[CallResult]], Sequence[Call]] = {}
    for group in groups:
        future = pool.submit(copy_context().run, _call_group, opened, action, group)
        running[future] = group

    rounds = -(-len(groups) // action.concurrency)
    wait(running, timeout=action.timeout_seconds * rounds)

    results: list[CallResult] = []
    for future, group in running.items():
        if future.done():
            results += future.result()
        else:
            future.cancel()
            results += _failed(group, _no_answer(opened, action))

    pool.shutdown(wait=False, cancel_futures=True)
    return results


def _call_group(
    opened: ProviderInstance, action: ProviderAction, calls: Sequence[Call]
) -> Sequence[CallResult]:
    """Make the calls of one group. An error of the group is the result of each of its calls.

    An error of ours, such as `Invalid`, rejects the calls: a retry would send the same data.
    """
    try:
        return action.run(opened.connector, calls)
    except ProviderError as error:
        return _failed(calls, error)
    except IomError as error:
        where = error.where or opened.name
        return _failed(calls, ProviderRejected(error.what, where=where, remedy=error.remedy))
    except Exception as error:
        log.error("provider_failed", instance=opened.name, action=action.name, exc_info=error)
        return _failed(calls, unexpected_error(error, opened.name))


def _failed(calls: Sequence[Call], error: ProviderError) -> list[CallResult]:
    return [CallResult(call.key, error=error) for call in calls]


def _no_answer(opened: ProviderInstance, action: ProviderAction) -> ProviderDown:
    what = f"no answer within {action.timeout_seconds} s; the outcome is unknown"
    return ProviderDown(what, where=opened.name)


def _retry_refused_credential(result: CallResult) -> CallResult:
    """Return a result that is retried later when the credential was refused.

    A refused credential is a fault of the connection, not of the entity.
    """
    error = result.error
    if not isinstance(error, ProviderUnauthorized):
        return result

    later = ProviderDown(
        error.what, retry_after=RED_PAUSE_SECONDS, where=error.where, remedy=error.remedy
    )
    return CallResult(result.key, error=later)


def _record_failures(
    database: Database, instance: str, results: Iterable[CallResult], now: datetime
) -> None:
    """Turn the connection red when a credential was refused; probe it when it is unreachable."""
    for result in results:
        if isinstance(result.error, ProviderUnauthorized):
            _record_red(database, instance, str(result.error)[:2000], now)
            return
        if isinstance(result.error, ProviderDown) and result.error.retry_after is None:
            _request_probe(database, instance, now)
            return


def _record_red(database: Database, instance: str, error: str, now: datetime) -> None:
    with database.unit_of_work() as session:
        execute(
            session,
            "UPDATE providers.provider_instance SET state = 'red', error = %(error)s,"
            " red_since = coalesce(red_since, %(now)s), next_probe_at = %(now)s"
            " WHERE name = %(name)s",
            {"error": error, "now": now, "name": instance},
        )
        notify(session, PROBE_WAKE)


def _request_probe(database: Database, instance: str, now: datetime) -> None:
    """Probe a green connection now, unless it was probed within the last 30 seconds.

    An outage is shown once a probe has confirmed it, not up to 15 minutes later.
    """
    parameters = {
        "now": now,
        "probed_before": now - timedelta(seconds=RED_PAUSE_SECONDS),
        "name": instance,
    }
    with database.unit_of_work() as session:
        execute(
            session,
            "UPDATE providers.provider_instance SET next_probe_at = %(now)s"
            " WHERE name = %(name)s AND state = 'green' AND next_probe_at > %(now)s"
            " AND probed_at < %(probed_before)s",
            parameters,
        )
        notify(session, PROBE_WAKE)
