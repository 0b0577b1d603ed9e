"""The inbox worker: transforms waiting messages, maps their keys and passes on the documents.

Messages of one external key are processed one after the other, in the order of their arrival. A
message that cannot be transformed, mapped or accepted is parked with the reason and its remedy,
unless its fallback document is accepted; other messages do not wait for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from openiom.kernel import IomError
from openiom.platform.batches import BatchWorker
from openiom.platform.bulk import execute, fetch_as
from openiom.platform.database import to_json_text
from openiom.policies import Transformed, TransformFailure
from openiom.provider_contract import InboundDocument, MessageKind

from .instance_pause import hold_messages
from .mapping import resolve
from .mapping_rules import (
    ACCEPTED,
    PARKED,
    STALE,
    MessageOutcome,
    apply_mappings,
    intake_outcome,
    lookups_of,
    parked,
    parked_for_error,
    parked_for_failure,
    parked_for_keys,
)
from .message_total import ORDER, message_total
from .messages import INBOX_WAKE, MessageId
from .processing_attempts import CountedBatchWorker
from .registry import ProviderInstance, ProviderRegistry
from .search_text import search_text

Outcomes = dict[int, MessageOutcome]
AfterBatch = Callable[[Session, datetime], None]

CLAIM_ROUNDS = 8
"""Pages of waiting messages that a claim looks through, when many have the same key."""
_LOCK_OLDEST = """
SELECT id, instance, kind, key, sequence, payload, fallback, sender FROM providers.message
WHERE state = 'received' AND id > %s ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""
_BATCH = """
unnest(%(id)s::bigint[], %(instance)s::text[], %(kind)s::text[], %(key)s::text[],
       %(sequence)s::bigint[]) AS b(id, instance, kind, key, sequence)
"""
_FIND_FOLLOWERS = f"""
SELECT b.id FROM {_BATCH}
CROSS JOIN LATERAL (
  SELECT m.id FROM providers.message m
  WHERE m.state = 'received' AND m.instance = b.instance AND m.kind = b.kind AND m.key = b.key
  ORDER BY m.id LIMIT 1
) first
WHERE first.id < b.id
"""
_FIND_STALE = f"""
SELECT b.id FROM {_BATCH}
WHERE EXISTS (
  SELECT 1 FROM providers.message m
  WHERE m.instance = b.instance AND m.kind = b.kind AND m.key = b.key
    AND m.state IN ('processed', 'duplicate', 'ignored') AND m.sequence > b.sequence)
"""
_MARK_SUPERSEDED = f"""
WITH superseded AS (
  UPDATE providers.message m SET state = 'stale'
  FROM (
    SELECT m.id FROM {_BATCH}
    JOIN providers.message m ON m.instance = b.instance AND m.kind = b.kind AND m.key = b.key
    WHERE m.state = 'parked' AND m.sequence > 0 AND m.sequence < b.sequence
    FOR UPDATE OF m SKIP LOCKED
  ) older
  WHERE m.id = older.id RETURNING m.id)
DELETE FROM providers.unmapped_key k USING superseded WHERE k.message_id = superseded.id
"""
_STORE_OUTCOMES = """
UPDATE providers.message m
SET state = o.state, entity_id = o.entity_id, error = o.error, search_text = o.search_text,
    total_amount = o.total_amount, currency = o.currency,
    attempts = m.attempts + 1,
    processed_at = CASE WHEN o.state = 'parked' THEN NULL ELSE %(now)s END
FROM unnest(%(id)s::bigint[], %(state)s::text[], %(entity_id)s::text[], %(error)s::jsonb[],
            %(search_text)s::text[], %(total_amount)s::numeric[], %(currency)s::text[])
  AS o(id, state, entity_id, error, search_text, total_amount, currency)
WHERE m.id = o.id
"""
_STORE_UNMAPPED_KEYS = """
INSERT INTO providers.unmapped_key (message_id, instance, table_name, field, value)
SELECT * FROM unnest(%(message_id)s::bigint[], %(instance)s::text[], %(table_name)s::text[],
                     %(field)s::text[], %(value)s::text[])
ON CONFLICT DO NOTHING
"""


@dataclass(slots=True)
class PendingMessage:
    """A message that a worker has claimed; `sender` is who sent it to our own API."""

    id: int
    instance: str
    kind: str
    key: str
    sequence: int
    payload: str
    fallback: Mapping[str, Any] | None = None
    sender: str = ""


class MessageGroup(NamedTuple):
    """The messages of one kind, instance and sender in a batch."""

    instance: ProviderInstance
    kind: MessageKind
    messages: Sequence[PendingMessage]


def inbox_worker(
    registry: ProviderRegistry, after_batch: AfterBatch | None = None
) -> BatchWorker[PendingMessage]:
    """Return the worker that processes the inbox.

    `after_batch` continues with what a batch has changed, in the same transaction.
    """

    def process(session: Session, messages: Sequence[PendingMessage], now: datetime) -> None:
        process_batch(registry, session, messages, now)

    return CountedBatchWorker(INBOX_WAKE, claim_messages, process, park_message, after_batch)


def claim_messages(session: Session, limit: int) -> Sequence[PendingMessage]:
    """Lock and return up to `limit` waiting messages, only the oldest of each key.

    Those of paused instances are held instead.

    Both statements are planned for the rows that wait now, and read them by index even when the
    table has no statistics yet.
    """
    hold_messages(session)
    claimed: list[PendingMessage] = []
    after = 0
    for _ in range(CLAIM_ROUNDS):
        wanted = limit - len(claimed)
        locked = fetch_as(session, PendingMessage, _LOCK_OLDEST, (after, wanted), prepare=False)
        claimed += _without_followers(session, locked)
        if len(locked) < wanted or len(claimed) == limit:
            break

        after = locked[-1].id

    return claimed


def _without_followers(
    session: Session, messages: Sequence[PendingMessage]
) -> list[PendingMessage]:
    """Return the messages that no earlier one of their key waits before."""
    if not messages:
        return []

    rows = fetch_as(session, MessageId, _FIND_FOLLOWERS, _batch_arrays(messages), prepare=False)
    followers = {row.id for row in rows}
    return [message for message in messages if message.id not in followers]


def process_batch(
    registry: ProviderRegistry, session: Session, messages: Sequence[PendingMessage], now: datetime
) -> None:
    """Process the messages of a batch and store their outcomes.

    A message that is older than an accepted one of its key is stale and not processed. An accepted
    message makes older parked ones of its key stale.
    """
    outcomes = find_stale(session, messages)
    fresh = [message for message in messages if message.id not in outcomes]

    for (instance, kind, _), group in _group(fresh):
        outcomes |= process_group(registry, session, instance, kind, group, now)

    store_outcomes(session, messages, outcomes, now)
    mark_superseded(session, _accepted(fresh, outcomes))


def _accepted(messages: Sequence[PendingMessage], outcomes: Outcomes) -> list[PendingMessage]:
    """Return the messages whose document a package has accepted."""
    return [message for message in messages if outcomes[message.id].state in ACCEPTED]


def _group(
    messages: Sequence[PendingMessage],
) -> list[tuple[tuple[str, str, str], list[PendingMessage]]]:
    """Return the messages by (instance, kind, sender), in a fixed order, oldest message first."""
    groups: dict[tuple[str, str, str], list[PendingMessage]] = {}
    for message in sorted(messages, key=attrgetter("id")):
        group = (message.instance, message.kind, message.sender)
        groups.setdefault(group, []).append(message)
    return sorted(groups.items(), key=itemgetter(0))


def find_stale(session: Session, messages: Sequence[PendingMessage]) -> Outcomes:
    """Return the outcome of messages that are older than an accepted one of the same key."""
    sequenced = [message for message in messages if message.sequence]
    if not sequenced:
        return {}
    rows = fetch_as(session, MessageId, _FIND_STALE, _batch_arrays(sequenced))
    return {row.id: MessageOutcome(STALE) for row in rows}


def mark_superseded(session: Session, accepted: Sequence[PendingMessage]) -> None:
    """Mark parked messages stale that are older than an accepted one of the same key."""
    sequenced = [message for message in accepted if message.sequence]
    if sequenced:
        execute(session, _MARK_SUPERSEDED, _batch_arrays(sequenced))


def _batch_arrays(messages: Sequence[PendingMessage]) -> dict[str, list[Any]]:
    arrays = {}
    for column in ("id", "instance", "kind", "key", "sequence"):
        arrays[column] = list(map(attrgetter(column), messages))
    return arrays


def process_group(
    registry: ProviderRegistry,
    session: Session,
    instance: str,
    kind: str,
    messages: Sequence[PendingMessage],
    now: datetime,
) -> Outcomes:
    """Transform and map messages of one kind, instance and sender, and pass on the documents."""
    try:
        opened = registry.open(session, instance)
        group = MessageGroup(opened, opened.message_kind(kind), messages)
    except IomError as error:
        return {message.id: parked_for_error(error, instance) for message in messages}

    outcomes, transformed = _transform(group)
    documents, unmapped = _map_keys(session, opened, transformed)
    outcomes |= unmapped
    if documents:
        outcomes |= _pass_on(registry, session, group, documents, now)

    fallbacks = _fallbacks(messages, outcomes)
    if fallbacks:
        outcomes |= _accepted_only(_pass_on(registry, session, group, fallbacks, now))

    if group.kind.document == ORDER:
        return _with_totals(outcomes, transformed)
    return outcomes


def _with_totals(outcomes: Outcomes, transformed: Mapping[int, Transformed]) -> Outcomes:
    """Return the outcomes, those of parked orders with what the orders cost."""
    found = dict(outcomes)
    for message_id, result in transformed.items():
        outcome = outcomes[message_id]
        if outcome.state == PARKED:
            found[message_id] = replace(outcome, total=message_total(result.document))

    return found


def _fallbacks(
    messages: Sequence[PendingMessage], outcomes: Outcomes
) -> dict[int, Mapping[str, Any]]:
    """Return the fallback documents of parked messages, by message id."""
    fallbacks: dict[int, Mapping[str, Any]] = {}
    for message in messages:
        if message.fallback and outcomes[message.id].state not in ACCEPTED:
            fallbacks[message.id] = message.fallback
    return fallbacks


def _accepted_only(outcomes: Outcomes) -> Outcomes:
    """Return the outcomes of accepted documents; the others stay parked for their first reason."""
    return {number: outcome for number, outcome in outcomes.items() if outcome.state in ACCEPTED}


def _transform(group: MessageGroup) -> tuple[Outcomes, dict[int, Transformed]]:
    """Return the outcomes of unreadable messages, and the others transformed, by message id."""
    payloads = [message.payload for message in group.messages]
    results = group.instance.transform(group.kind.name, payloads)

    outcomes: Outcomes = {}
    transformed: dict[int, Transformed] = {}
    for message, result in zip(group.messages, results, strict=True):
        if isinstance(result, TransformFailure):
            outcomes[message.id] = parked_for_failure(result)
        else:
            transformed[message.id] = result

    return outcomes, transformed


def _map_keys(
    session: Session, opened: ProviderInstance, transformed: Mapping[int, Transformed]
) -> tuple[dict[int, Mapping[str, Any]], Outcomes]:
    """Return the mapped documents and the outcomes of messages with unmapped keys, by id."""
    lookups = lookups_of(transformed.values())
    internal_names = resolve(session, opened.name, opened.mapping_group, lookups)

    documents: dict[int, Mapping[str, Any]] = {}
    outcomes: Outcomes = {}
    for message_id, result in transformed.items():
        missing = apply_mappings(result, internal_names)
        if missing:
            outcomes[message_id] = parked_for_keys(missing)
        else:
            documents[message_id] = result.document

    return documents, outcomes


def _pass_on(
    registry: ProviderRegistry,
    session: Session,
    group: MessageGroup,
    documents: Mapping[int, Mapping[str, Any]],
    now: datetime,
) -> Outcomes:
    """Pass the documents to the package that accepts their kind, and return the outcomes."""
    name = group.instance.name
    receive = registry.receivers.get(group.kind.document)
    if receive is None:
        what = f"no package accepts {group.kind.document!r} documents"
        outcome = parked(what, name, "see the provider's manifest")
        return dict.fromkeys(documents, outcome)

    inbound = []
    for message_id, document in documents.items():
        inbound.append(InboundDocument(message_id, name, document))

    actor = group.messages[0].sender or f"provider:{name}"
    results = receive(session, inbound, now, actor)
    outcomes: Outcomes = {}
    for one, result in zip(inbound, results, strict=True):
        outcomes[one.message_id] = intake_outcome(result)

    return outcomes


def store_outcomes(
    session: Session,
    messages: Sequence[PendingMessage],
    outcomes: Mapping[int, MessageOutcome],
    now: datetime,
) -> None:
    """Store the outcome of every message of a batch."""
    rows: dict[str, list[Any]] = {
        "id": [],
        "state": [],
        "entity_id": [],
        "error": [],
        "search_text": [],
        "total_amount": [],
        "currency": [],
    }
    unmapped: dict[str, list[Any]] = {
        "message_id": [],
        "instance": [],
        "table_name": [],
        "field": [],
        "value": [],
    }
    for message in messages:
        outcome = outcomes[message.id]
        rows["id"].append(message.id)
        rows["state"].append(outcome.state)
        rows["entity_id"].append(outcome.entity_id)
        rows["error"].append(to_json_text(outcome.error) if outcome.error else None)
        rows["search_text"].append(_search_text(message, outcome))
        rows["total_amount"].append(outcome.total.amount if outcome.total else None)
        rows["currency"].append(outcome.total.currency if outcome.total else "")

        for lookup in outcome.missing:
            unmapped["message_id"].append(message.id)
            unmapped["instance"].append(message.instance)
            unmapped["table_name"].append(lookup.table)
            unmapped["field"].append(lookup.field)
            unmapped["value"].append(lookup.value)

    execute(session, _STORE_OUTCOMES, {**rows, "now": now})
    if unmapped["message_id"]:
        execute(session, _STORE_UNMAPPED_KEYS, unmapped)


def _search_text(message: PendingMessage, outcome: MessageOutcome) -> str:
    return search_text(message.key, message.payload) if outcome.state == PARKED else ""


def park_message(
    session: Session, message: PendingMessage, error: Exception, now: datetime
) -> None:
    """Park a message whose processing raised an exception; the rest of its batch is processed."""
    if isinstance(error, IomError):
        outcome = parked_for_error(error)
    else:
        what = f"{type(error).__name__}: {error}"[:1000]
        outcome = parked(what, message.kind, "report this, and replay the message once it is fixed")

    store_outcomes(session, [message], {message.id: outcome}, now)
