"""The inbox: storing messages before they are processed, replaying and discarding them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from operator import attrgetter
from typing import Any, NamedTuple

from psycopg.errors import UniqueViolation
from sqlalchemy.orm import Session

from openiom.kernel import IomError
from openiom.platform.bulk import copy_rows, execute, fetch_as
from openiom.platform.database import to_json_text
from openiom.platform.events import notify
from openiom.platform.write_behind import savepoint
from openiom.provider_contract import RawMessage

INBOX_WAKE = "inbox"
MAX_KEY_LENGTH = 400
KEPT_OF_TOO_LARGE = 1_024
UNREADABLE = "unreadable"
"""Kind of a webhook body that its provider could not read; it is stored parked."""

_COLUMN_TYPES = {
    "instance": "text",
    "received_at": "timestamptz",
    "kind": "text",
    "key": "text",
    "version": "text",
    "sequence": "bigint",
    "payload": "text",
    "fallback": "jsonb",
    "state": "text",
    "error": "jsonb",
    "deliveries": "int",
}
_COLUMNS = tuple(_COLUMN_TYPES)
_COLUMN_VALUES = attrgetter(*_COLUMNS)
_ARRAYS = ", ".join([f"%({name})s::{kind}[]" for name, kind in _COLUMN_TYPES.items()])

_FIND_KNOWN = """
SELECT m.kind, m.key, m.version
FROM unnest(%(kind)s::text[], %(key)s::text[], %(version)s::text[]) AS u(kind, key, version)
JOIN providers.message m ON m.instance = %(instance)s AND m.kind = u.kind AND m.key = u.key
  AND m.version = u.version
"""
RETURNED = " after "
_FIND_RETURNED = f"""
SELECT u.kind, u.key, u.version, latest.id AS latest_id
FROM unnest(%(kind)s::text[], %(key)s::text[], %(version)s::text[], %(sequence)s::bigint[])
  AS u(kind, key, version, sequence)
CROSS JOIN LATERAL (
  SELECT m.id, m.version, m.sequence FROM providers.message m
  WHERE m.instance = %(instance)s AND m.kind = u.kind AND m.key = u.key
  ORDER BY m.id DESC LIMIT 1
) latest
WHERE latest.version <> u.version AND NOT starts_with(latest.version, u.version || '{RETURNED}')
  AND latest.sequence <= u.sequence
"""
_INSERT_UNKNOWN = f"""
INSERT INTO providers.message ({", ".join(_COLUMNS)})
SELECT * FROM unnest({_ARRAYS})
ON CONFLICT (instance, kind, key, version) DO NOTHING
RETURNING kind, key, version
"""
_COUNT_DELIVERIES = """
UPDATE providers.message m SET deliveries = m.deliveries + known.deliveries
FROM (
  SELECT m.id, u.deliveries
  FROM unnest(%(kind)s::text[], %(key)s::text[], %(version)s::text[], %(deliveries)s::int[])
    AS u(kind, key, version, deliveries)
  JOIN providers.message m ON m.instance = %(instance)s AND m.kind = u.kind AND m.key = u.key
    AND m.version = u.version
  ORDER BY m.kind, m.key, m.version FOR UPDATE OF m
) known
WHERE m.id = known.id
"""


@dataclass(frozen=True, slots=True)
class StoreResult:
    """How many of the stored messages were new, and how many repeated deliveries."""

    new: int
    duplicates: int

    def __add__(self, other: "StoreResult") -> "StoreResult":
        return StoreResult(self.new + other.new, self.duplicates + other.duplicates)


class MessageIdentity(NamedTuple):
    """What identifies a message of one instance."""

    kind: str
    key: str
    version: str


class _ReturnedState(NamedTuple):
    """A state received before, and the id of the latest message of its subject, another state."""

    kind: str
    key: str
    version: str
    latest_id: int


class MessageId(NamedTuple):
    """The id of a stored message."""

    id: int


@dataclass(slots=True)
class _NewMessage:
    """A row to insert into `message`, with the number of its deliveries in one call."""

    instance: str
    received_at: datetime
    kind: str
    key: str
    version: str
    sequence: int
    payload: str
    fallback: str | None
    state: str
    error: str | None
    is_state: bool
    deliveries: int = 0

    @property
    def identity(self) -> MessageIdentity:
        return MessageIdentity(self.kind, self.key, self.version)


def store_messages(
    session: Session,
    instance: str,
    messages: Sequence[RawMessage],
    *,
    now: datetime,
    limit_bytes: int,
) -> StoreResult:
    """Store received messages, many at once. A repeated delivery is only counted.

    Of a message larger than `limit_bytes`, the first kilobyte is stored, parked.
    """
    unique: dict[MessageIdentity, _NewMessage] = {}
    for message in messages:
        new = _new_message(instance, message, now=now, limit_bytes=limit_bytes)
        unique.setdefault(new.identity, new).deliveries += 1

    # Concurrent writers of the same messages must not deadlock: every writer first inserts in the
    # order of the identities and then counts in that order, and a writer that still inserts has not
    # locked a row that another one counts.
    ordered = [unique[identity] for identity in sorted(unique)]
    known = _find_known(session, instance, ordered)
    _renew_returned_states(session, instance, [new for new in ordered if new.identity in known])
    inserted = _insert(session, [new for new in ordered if new.identity not in known])
    _count_deliveries(session, instance, [new for new in ordered if new.identity not in inserted])
    if inserted:
        notify(session, INBOX_WAKE)

    return StoreResult(len(inserted), len(messages) - len(inserted))


def _new_message(
    instance: str, message: RawMessage, *, now: datetime, limit_bytes: int
) -> _NewMessage:
    text = payload_text(message.payload)
    encoded = text.encode()
    version = message.version or sha256(encoded).hexdigest()
    state, error = "received", None
    if len(encoded) > limit_bytes:
        text, state = text[:KEPT_OF_TOO_LARGE], "parked"
        error = _too_large(len(encoded), limit_bytes)

    return _NewMessage(
        instance=instance,
        received_at=now,
        kind=message.kind,
        key=shorten(message.key),
        version=shorten(version),
        sequence=message.sequence,
        payload=text,
        fallback=to_json_text(message.fallback) if message.fallback else None,
        state=state,
        error=error,
        is_state=message.is_state,
    )


def _find_known(
    session: Session, instance: str, messages: Sequence[_NewMessage]
) -> set[MessageIdentity]:
    """Return the identities that are stored already, as far as this transaction sees."""
    if not messages:
        return set()
    parameters = {"instance": instance, **_arrays(messages, MessageIdentity._fields)}
    return set(fetch_as(session, MessageIdentity, _FIND_KNOWN, parameters))


def _renew_returned_states(session: Session, instance: str, known: Sequence[_NewMessage]) -> None:
    """Give states that their subjects have returned to a version of their own.

    It names the message they follow, so that a repeated delivery of the same return is known.
    """
    states = {new.identity: new for new in known if new.is_state}
    if not states:
        return

    columns = (*MessageIdentity._fields, "sequence")
    parameters = {"instance": instance, **_arrays(list(states.values()), columns)}
    for found in fetch_as(session, _ReturnedState, _FIND_RETURNED, parameters):
        identity = MessageIdentity(found.kind, found.key, found.version)
        states[identity].version = shorten(f"{found.version}{RETURNED}{found.latest_id}")


def _insert(session: Session, messages: Sequence[_NewMessage]) -> set[MessageIdentity]:
    """Insert new messages and return their identities, without those of another writer."""
    if not messages:
        return set()

    try:
        with savepoint(session):
            rows = list(map(_COLUMN_VALUES, messages))
            copy_rows(session, "providers.message", _COLUMNS, rows)
            return {message.identity for message in messages}
    except UniqueViolation:
        parameters = _arrays(messages, _COLUMNS)
        return set(fetch_as(session, MessageIdentity, _INSERT_UNKNOWN, parameters))


def _count_deliveries(session: Session, instance: str, messages: Sequence[_NewMessage]) -> None:
    """Count repeated deliveries of messages that are stored already."""
    if messages:
        columns = (*MessageIdentity._fields, "deliveries")
        parameters = {"instance": instance, **_arrays(messages, columns)}
        execute(session, _COUNT_DELIVERIES, parameters)


def _arrays(messages: Sequence[_NewMessage], columns: Sequence[str]) -> dict[str, list[Any]]:
    """Return the values of each column, by its name."""
    arrays = {}
    for column in columns:
        arrays[column] = list(map(attrgetter(column), messages))
    return arrays


def store_unreadable(
    session: Session,
    instance: str,
    body: bytes,
    error: IomError,
    *,
    now: datetime,
    limit_bytes: int,
) -> None:
    """Store a body of a verified sender that could not be read, parked with the reason."""
    key = sha256(body).hexdigest()
    message = RawMessage(UNREADABLE, key, body)
    store_messages(session, instance, [message], now=now, limit_bytes=limit_bytes)
    reason = {
        "what": error.what,
        "where": error.where,
        "remedy": error.remedy or "have the sender correct it",
    }
    execute(
        session,
        "UPDATE providers.message SET state = 'parked', error = %s::jsonb"
        " WHERE instance = %s AND kind = %s AND key = %s AND state = 'received'",
        (to_json_text(reason), instance, UNREADABLE, key),
    )


def shorten(text: str) -> str:
    """Return a key or version that fits into an index; a long one ends in its hash."""
    text = text.replace("\x00", " ")
    if len(text) <= MAX_KEY_LENGTH:
        return text
    digest = sha256(text.encode(errors="replace")).hexdigest()
    return f"{text[: MAX_KEY_LENGTH - 65]}~{digest}"


def payload_text(payload: Any) -> str:
    """Return the payload as text that PostgreSQL stores: valid UTF-8, with NUL as a space."""
    if isinstance(payload, bytes):
        text = payload.decode("utf-8", "replace")
    elif isinstance(payload, str):
        text = payload
    else:
        text = to_json_text(payload)
    return text.replace("\x00", " ").encode(errors="replace").decode()


def _too_large(size: int, limit: int) -> str:
    return to_json_text(
        {
            "what": f"the message has {size} bytes; the limit is {limit}",
            "where": "message",
            "remedy": "raise OPENIOM_MESSAGE_LIMIT_BYTES and poll again, or have it split",
        }
    )


def replay(session: Session, ids: Sequence[int]) -> list[int]:
    """Queue parked or discarded messages for processing, and return the ids of those queued."""
    rows = fetch_as(
        session,
        MessageId,
        "UPDATE providers.message SET state = 'received', error = NULL WHERE id IN"
        " (SELECT id FROM providers.message WHERE id = ANY(%s) AND state IN ('parked', 'discarded')"
        " ORDER BY id FOR UPDATE) RETURNING id",
        (list(ids),),
    )
    replayed = [row.id for row in rows]
    if replayed:
        _delete_unmapped_keys(session, replayed)
        notify(session, INBOX_WAKE)

    return replayed


def discard(session: Session, ids: Sequence[int]) -> list[int]:
    """Discard parked messages, and return the ids of those discarded. They can be replayed."""
    rows = fetch_as(
        session,
        MessageId,
        "UPDATE providers.message SET state = 'discarded' WHERE id = ANY(%s) AND state = 'parked'"
        " RETURNING id",
        (list(ids),),
    )
    discarded = [row.id for row in rows]
    _delete_unmapped_keys(session, discarded)
    return discarded


def _delete_unmapped_keys(session: Session, ids: Sequence[int]) -> None:
    query = "DELETE FROM providers.unmapped_key WHERE message_id = ANY(%s)"
    execute(session, query, (list(ids),))
