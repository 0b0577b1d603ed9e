"""Webhooks: verified by their provider, stored and then acknowledged. Refused calls are logged."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog

from openiom.kernel import Invalid, IomError, NotFound, Refused, TooLarge
from openiom.platform.database import Database
from openiom.provider_contract import OutboundRequest, WebhookResult

from .call_log import requests_for
from .instance_state import InstanceState, find_state
from .messages import store_messages, store_unreadable
from .poll_worker import request_poll_soon
from .registry import ProviderInstance, ProviderRegistry
from .schemas import WebhookReceipt

log = structlog.get_logger("webhooks")


class UnreadableBody(Invalid):
    """A body of a verified sender that its provider cannot read."""


def receive_webhook(
    registry: ProviderRegistry,
    database: Database,
    instance: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: datetime,
) -> WebhookReceipt:
    """Store the messages of a webhook call; header names are in lower case.

    Raise `NotFound` for an unknown instance or one without webhooks, `Refused` while it is not
    active, `TooLarge`, `Unauthenticated`, and `Invalid` for a body that its provider cannot read;
    this body is stored and parked.
    """
    with database.reading() as session:
        state = find_state(session, instance)
        if state is None:
            raise NotFound(
                f"no provider instance {instance}", remedy="correct the address of the webhook"
            )

        opened = registry.open(session, instance)

    limit = registry.message_limit_bytes
    try:
        _check_acceptable(state, body, limit)
        received = _read(opened, headers, body)
    except IomError as error:
        _log_refusal(registry, database, instance, error, now)
        if isinstance(error, UnreadableBody):
            with database.unit_of_work() as session:
                store_unreadable(session, instance, body, error, now=now, limit_bytes=limit)

        raise

    with database.unit_of_work() as session:
        stored = store_messages(session, instance, received.messages, now=now, limit_bytes=limit)
        if received.poll_now:
            request_poll_soon(session, instance)

    return WebhookReceipt(stored=stored.new, duplicates=stored.duplicates, poll=received.poll_now)


def _check_acceptable(state: InstanceState, body: bytes, limit: int) -> None:
    """Raise `Refused` for an inactive instance and `TooLarge` for a body over the limit."""
    if not state.active:
        raise Refused(f"{state.name} is not active", remedy="activate it, and send this again")
    if len(body) > limit:
        raise TooLarge(
            f"the message has {len(body)} bytes; the limit is {limit}",
            where="body",
            remedy="send it in parts, or raise OPENIOM_MESSAGE_LIMIT_BYTES",
        )


def _read(opened: ProviderInstance, headers: Mapping[str, str], body: bytes) -> WebhookResult:
    """Have the provider verify and read a call. Raise what `receive_webhook` documents."""
    receive: Any = getattr(opened.connector, "receive", None)
    if receive is None:
        raise NotFound(f"{opened.provider.title} receives no webhooks", where=opened.name)

    try:
        received: WebhookResult = receive(headers, body)
    except Invalid as error:
        raise UnreadableBody(
            error.what, where=error.where, remedy=error.remedy, problems=error.problems
        ) from error
    except IomError:
        raise
    except Exception as error:
        log.error("provider_failed", instance=opened.name, exc_info=error)
        what = f"the provider's code failed on it: {type(error).__name__}: {error}"[:1000]
        raise Invalid(what, where="body", remedy="send what the provider documents") from error

    return received


def _log_refusal(
    registry: ProviderRegistry, database: Database, instance: str, error: IomError, now: datetime
) -> None:
    """Log a refused call, without its body: the sender may be unknown.

    Refusals beyond the budget of the instance are counted only.
    """
    left_out = registry.refusals.admit(instance, now=now)
    if left_out is None:
        return

    what = f"{error} ({left_out} more since the last one)" if left_out else str(error)
    request = OutboundRequest("POST", f"/hooks/{instance}", error.status, 0, now, error=what)
    with requests_for("webhook"):
        registry.calls.add(instance, request)
    registry.calls.flush(database)
