"""Webhooks: verified by their provider, stored, and only then acknowledged. A refused call leaves a trace."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog

from openiom.kernel import Invalid, IomError, NotFound, Refused, TooLarge
from openiom.platform.bulk import fetch
from openiom.platform.database import Database
from openiom.provider_contract import OutboundRequest, WebhookResult

from .messages import store_messages, store_unreadable
from .poll_worker import announce_news
from .registry import ProviderInstance, ProviderRegistry, acting
from .schemas import WebhookTaken

log = structlog.get_logger("webhooks")


def receive_webhook(
    registry: ProviderRegistry,
    database: Database,
    instance: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: datetime,
) -> WebhookTaken:
    """Store what a webhook call brings; `headers` lower case.

    Raises NotFound for an unknown instance or one without webhooks, Refused while it is not active, TooLarge,
    Unauthenticated, and Invalid for what its provider cannot read, which is kept and parked.
    """
    with database.reading() as session:
        found = fetch(
            session, "SELECT active FROM providers.provider_instance WHERE name = %s", (instance,)
        )
        if not found:
            raise NotFound(
                f"no provider instance {instance}", remedy="correct the address of the webhook"
            )
        opened = registry.open(session, instance)
    try:
        if not found[0][0]:
            raise Refused(f"{instance} is not active", remedy="activate it; then send this again")
        if len(body) > registry.message_limit_bytes:
            what = f"the message has {len(body)} bytes; the limit is {registry.message_limit_bytes}"
            raise TooLarge(
                what, where="body", remedy="send it in parts, or raise OPENIOM_MESSAGE_LIMIT_BYTES"
            )
        received = _received(opened, headers, body)
    except IomError as error:
        _trace(registry, database, instance, error, now)
        if isinstance(error, Unreadable):
            with database.unit_of_work() as session:
                limit = registry.message_limit_bytes
                store_unreadable(session, instance, body, error, now=now, limit_bytes=limit)
        raise
    with database.unit_of_work() as session:
        stored = store_messages(
            session, instance, received.messages, now=now, limit_bytes=registry.message_limit_bytes
        )
        if received.poll_now:
            announce_news(session, instance)
    return WebhookTaken(stored=stored.new, duplicates=stored.duplicates, poll=received.poll_now)


class Unreadable(Invalid):
    """A known sender sent what its provider cannot read."""


def _received(opened: ProviderInstance, headers: Mapping[str, str], body: bytes) -> WebhookResult:
    receive: Any = getattr(opened.connector, "receive", None)
    if receive is None:
        raise NotFound(f"{opened.provider.title} takes no webhooks", where=opened.name)
    try:
        received: WebhookResult = receive(headers, body)
    except Invalid as error:
        raise Unreadable(
            error.what, where=error.where, remedy=error.remedy, problems=error.problems
        ) from error
    except IomError:
        raise
    except Exception as error:
        log.error("provider_broke", instance=opened.name, exc_info=error)
        what = f"the provider's code broke over it: {type(error).__name__}: {error}"[:1000]
        raise Invalid(what, where="body", remedy="send what the provider documents") from error
    return received


def _trace(
    registry: ProviderRegistry, database: Database, instance: str, error: IomError, now: datetime
) -> None:
    """A refused call stands in the call log, without its body: who sends it may be anybody."""
    doing = acting.set("webhook")
    try:
        told = OutboundRequest("POST", f"/hooks/{instance}", error.status, 0, now, error=str(error))
        registry.calls.add(instance, told)
    finally:
        acting.reset(doing)
    registry.calls.flush(database)
