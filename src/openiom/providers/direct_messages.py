"""Messages of direct instances: storing them with their ids, and reading what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from operator import attrgetter
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch_as
from openiom.platform.events import notify

from .messages import INBOX_WAKE, RETURNED, shorten
from .schemas import MessageError

MessageState = Literal[
    "received", "on_hold", "processed", "duplicate", "ignored", "stale", "parked", "discarded"
]

_Subject = tuple[str, str, str]
"""(instance, kind, key) of a document."""

# A document is the present state of its subject: one that its subject has returned to is a message
# of its own, as in `store_messages`. The `+ 0` keeps the planner from reading the whole table by
# its newest rows for the latest one of a subject that has none.
_STORE = f"""
INSERT INTO providers.message
  (instance, kind, key, version, sequence, payload, sender, state, received_at, deliveries)
SELECT u.instance, u.kind, u.key,
  CASE
    WHEN latest.id IS NULL THEN u.version
    WHEN latest.version = u.version OR starts_with(latest.version, u.version || '{RETURNED}')
      THEN latest.version
    WHEN EXISTS (
      SELECT 1 FROM providers.message m
      WHERE m.instance = u.instance AND m.kind = u.kind AND m.key = u.key
        AND m.version = u.version
    ) THEN u.version || '{RETURNED}' || latest.id
    ELSE u.version
  END,
  0, u.payload, u.sender, 'received', %(now)s, 1
FROM unnest(%(instance)s::text[], %(kind)s::text[], %(key)s::text[], %(version)s::text[],
            %(payload)s::text[], %(sender)s::text[])
  AS u(instance, kind, key, version, payload, sender)
LEFT JOIN LATERAL (
  SELECT m.id, m.version FROM providers.message m
  WHERE m.instance = u.instance AND m.kind = u.kind AND m.key = u.key
  ORDER BY m.id + 0 DESC LIMIT 1
) latest ON true
ON CONFLICT (instance, kind, key, version)
  DO UPDATE SET deliveries = providers.message.deliveries + 1
RETURNING id, instance, kind, key, deliveries
"""
_OUTCOMES = """
SELECT id::text AS id, instance, key, state, received_at, processed_at, error, deliveries,
  nullif(entity_id, '') AS entity_id
FROM providers.message
WHERE id = ANY(%(ids)s::bigint[]) AND instance = ANY(%(instances)s::text[]) AND kind = %(kind)s
ORDER BY id
"""


@dataclass(slots=True)
class DirectDocument:
    """A document that a program sent to our own API, as JSON text.

    `key` identifies its subject; `sender` is the principal of the request.
    """

    instance: str
    kind: str
    key: str
    payload: str
    sender: str


class StoredDocument(NamedTuple):
    """The id of the message of a document, and whether it has been sent before."""

    id: int
    is_repeated: bool


class _StoredRow(NamedTuple):
    """The row of a document, and how often the document has been sent."""

    id: int
    instance: str
    kind: str
    key: str
    deliveries: int


@dataclass(slots=True)
class _Row:
    """A row to insert for the document at `index`."""

    index: int
    instance: str
    kind: str
    key: str
    version: str
    payload: str
    sender: str

    @property
    def subject(self) -> _Subject:
        return self.instance, self.kind, self.key


class MessageOutcomeView(BaseModel):
    """What became of a document that was sent: its state, and what it created or why not."""

    id: str
    instance: str
    key: str
    state: MessageState
    received_at: datetime
    processed_at: datetime | None
    error: MessageError | None
    deliveries: int
    entity_id: str | None


def store_documents(
    session: Session, documents: Sequence[DirectDocument], *, now: datetime
) -> list[StoredDocument]:
    """Store documents, many at once; return the message of each, in order.

    A repeated delivery is only counted: its message is the one that was stored before. Documents of
    one subject are stored one after the other.
    """
    stored: dict[int, StoredDocument] = {}
    waiting = [_row(index, document) for index, document in enumerate(documents)]
    while waiting:
        distinct, waiting = _split_repeated(waiting)
        found = _store(session, distinct, now)
        for row in distinct:
            message = found[row.subject]
            stored[row.index] = StoredDocument(message.id, message.deliveries > 1)

    if documents:
        notify(session, INBOX_WAKE)

    return [stored[index] for index in range(len(documents))]


def _split_repeated(rows: Sequence[_Row]) -> tuple[list[_Row], list[_Row]]:
    """Return the first row of each subject, and the others."""
    distinct: dict[_Subject, _Row] = {}
    repeated: list[_Row] = []
    for row in rows:
        if distinct.setdefault(row.subject, row) is not row:
            repeated.append(row)
    return list(distinct.values()), repeated


def _row(index: int, document: DirectDocument) -> _Row:
    return _Row(
        index=index,
        instance=document.instance,
        kind=document.kind,
        key=shorten(document.key),
        version=sha256(document.payload.encode()).hexdigest(),
        payload=document.payload,
        sender=document.sender,
    )


def _store(session: Session, rows: Sequence[_Row], now: datetime) -> dict[_Subject, _StoredRow]:
    """Return the messages by subject. Concurrent writers lock their rows in one order."""
    ordered = sorted(rows, key=attrgetter("subject"))
    parameters: dict[str, Any] = {"now": now}
    for column in ("instance", "kind", "key", "version", "payload", "sender"):
        parameters[column] = list(map(attrgetter(column), ordered))

    found = fetch_as(session, _StoredRow, _STORE, parameters)
    return {(row.instance, row.kind, row.key): row for row in found}


def read_outcomes(
    session: Session, ids: Sequence[int], *, instances: Sequence[str], kind: str
) -> list[MessageOutcomeView]:
    """Return what became of documents of one kind, those of these instances only."""
    parameters = {"ids": list(ids), "instances": list(instances), "kind": kind}
    return fetch_as(session, MessageOutcomeView, _OUTCOMES, parameters)
