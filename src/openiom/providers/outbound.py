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
from openiom.provider_contract import (
    Call,
    CallResult,
    PaymentCall,
    PaymentFunction,
    PaymentKind,
    PaymentService,
    ProviderAction,
)

from .call_log import requests_for
from .instance_state import InstanceState, find_state
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

    return _call_opened(registry, database, opened, state, action, calls)


def call_payments(
    registry: ProviderRegistry,
    database: Database,
    instance: str,
    kind: PaymentKind,
    calls: Sequence[PaymentCall],
) -> list[CallResult]:
    """Capture, refund or release money outside any transaction; one result per call, in order.

    An error of a call is in its result. `ProviderRejected` means that the provider refused the
    call; whatever else failed may be repeated under the same key.
    """
    requests = [Call(call.key, {"call": call}, call.attempt) for call in calls]
    with database.reading() as session:
        state = find_state(session, instance)
        if state is None:
            return _not_made(requests, "the provider instance is not installed", instance)
        try:
            opened = registry.open(session, instance)
        except IomError as error:
            return _not_made(requests, error.what, instance)

    service = opened.provider.payments
    if service is None:
        return _not_made(requests, f"{opened.provider.title} takes no payments", instance)

    try:
        _ = opened.connector
    except IomError as error:
        return _not_made(requests, error.what, instance)

    action = _payment_action(service, kind)
    return _call_opened(registry, database, opened, state, action, requests)


def payment_service(registry: ProviderRegistry, session: Session, instance: str) -> PaymentService:
    """Return the payments of an instance, for its limits; default limits where it has none."""
    try:
        return registry.open(session, instance).provider.payments or _NO_PAYMENTS
    except IomError:
        return _NO_PAYMENTS


def _refuse(connector: Any, call: PaymentCall) -> str:
    raise ProviderRejected("the provider takes no payments")


_NO_PAYMENTS = PaymentService(_refuse, _refuse, _refuse)


def _not_made(calls: Sequence[Call], what: str, instance: str) -> list[CallResult]:
    """Return results of calls that were not made and may be made later."""
    error = ProviderDown(what, retry_after=RED_PAUSE_SECONDS, where=instance)
    return [CallResult(call.key, error=error) for call in calls]


def _payment_action(service: PaymentService, kind: PaymentKind) -> ProviderAction:
    """Return the calls of one kind as an action, which shares its limits and its call log."""
    functions = {"capture": service.capture, "refund": service.refund, "void": service.void}
    execute_call = functions[kind]

    def run(connector: Any, calls: Sequence[Call]) -> list[CallResult]:
        return [_pay(execute_call, connector, call) for call in calls]

    return ProviderAction(
        name=kind,
        title=kind,
        entity="payment",
        transformation={},
        run=run,
        succeeded="",
        failed="",
        concurrency=service.concurrency,
        timeout_seconds=service.timeout_seconds,
        max_attempts=service.max_attempts,
    )


def _pay(function: PaymentFunction, connector: Any, call: Call) -> CallResult:
    """Make one call. An error that no provider reported leaves the outcome unknown."""
    try:
        return CallResult(call.key, external_id=function(connector, call.payload["call"]))
    except ProviderError as error:
        return CallResult(call.key, error=error)
    except Exception as error:
        log.error("payment_failed", key=call.key, exc_info=error)
        unknown = ProviderDown(f"{type(error).__name__}: {error}"[:500])
        return CallResult(call.key, error=unknown)


def _call_opened(
    registry: ProviderRegistry,
    database: Database,
    opened: ProviderInstance,
    state: InstanceState | None,
    action: ProviderAction,
    calls: Sequence[Call],
) -> list[CallResult]:
    """Make calls of an open instance and return one result per call, in order."""
    instance = opened.name
    if state is not None and state.state == "red":
        error = ProviderDown(
            f"the connection of {instance} is red: {state.error}",
            retry_after=RED_PAUSE_SECONDS,
            where=instance,
            remedy="correct the connection; the call is made once it is green",
        )
        return [CallResult(call.key, error=error) for call in calls]

    results: dict[str, CallResult] = {}
    with requests_for(action.name):
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
