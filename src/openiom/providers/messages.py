"""Storing what arrived, before anybody understands it, and letting people replay or discard it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from psycopg.errors import UniqueViolation
from sqlalchemy.orm import Session

from openiom.kernel import IomError
from openiom.platform.bulk import copy_rows, execute, fetch
from openiom.platform.database import to_json_text
from openiom.platform.events import notify
from openiom.platform.write_behind import savepoint
from openiom.provider_contract import RawMessage

INBOX_WAKE = "inbox"
LONGEST_KEY = 400
UNREADABLE = "unreadable"
"""The kind of a webhook's body its provider could not read: kept and parked, so that a person can see it."""


@dataclass(frozen=True, slots=True)
class StoreResult:
    """How many messages were new, and how many had been delivered before."""

    new: int
    duplicates: int


def store_messages(
    session: Session,
    instance: str,
    messages: Sequence[RawMessage],
    *,
    now: datetime,
    limit_bytes: int,
) -> StoreResult:
    """Write messages to the inbox, many at once. A second delivery of one is counted and changes nothing.

    A message over `limit_bytes` is kept as its first kilobyte and parked, so that a person can see it.
    """
    if not messages:
        return StoreResult(0, 0)
    rows: dict[Identity, list[Any]] = {}
    times: Counter[Identity] = Counter()
    for message in messages:
        text = payload_text(message.payload)
        version = message.version or sha256(text.encode()).hexdigest()
        identity = (message.kind, short(message.key), short(version))
        times[identity] += 1
        size = len(text.encode())
        error = too_large(size, limit_bytes) if size > limit_bytes else None
        kept = text[:1024] if error else text
        rows.setdefault(
            identity, [message.sequence, kept, "parked" if error else "received", error]
        )
    # Writers of the same messages wait for each other, never in a circle: everybody inserts in order, then counts in
    # order, and who still inserts holds no row that somebody who counts could want.
    ordered = sorted(rows.items())
    known = _known(session, instance, [identity for identity, _ in ordered])
    fresh = [
        (*identity, *row, times[identity]) for identity, row in ordered if identity not in known
    ]
    inserted = _insert(session, instance, fresh, now)
    _count_again(
        session, instance, [identity for identity, _ in ordered if identity not in inserted], times
    )
    new = len(inserted)
    if new:
        notify(session, INBOX_WAKE)
    return StoreResult(new, len(messages) - new)


Identity = tuple[str, str, str]  # kind, key, version


def _known(session: Session, instance: str, identities: Sequence[Identity]) -> set[Identity]:
    """Those that are stored already, as far as this transaction sees; locks nothing."""
    rows = fetch(
        session,
        "SELECT m.kind, m.key, m.version FROM unnest(%s::text[], %s::text[], %s::text[]) AS u(kind, key, version)"
        " JOIN providers.message m ON m.instance = %s AND m.kind = u.kind AND m.key = u.key AND m.version = u.version",
        (*([i[n] for i in identities] for n in range(3)), instance),
    )
    return {(kind, key, version) for kind, key, version in rows}


def _count_again(
    session: Session, instance: str, identities: Sequence[Identity], times: Mapping[Identity, int]
) -> None:
    """Count another delivery of what is stored already."""
    if identities:
        execute(
            session,
            "UPDATE providers.message m SET deliveries = m.deliveries + k.times FROM (SELECT m.id, u.times"
            " FROM unnest(%s::text[], %s::text[], %s::text[], %s::int[]) AS u(kind, key, version, times)"
            " JOIN providers.message m ON m.instance = %s AND m.kind = u.kind AND m.key = u.key"
            " AND m.version = u.version ORDER BY m.kind, m.key, m.version FOR UPDATE OF m) k WHERE m.id = k.id",
            (
                *([i[n] for i in identities] for n in range(3)),
                [times[i] for i in identities],
                instance,
            ),
        )


_COLUMNS = ("kind", "key", "version", "sequence", "payload", "state", "error", "deliveries")


def _insert(
    session: Session, instance: str, rows: Sequence[tuple[Any, ...]], now: datetime
) -> set[Identity]:
    """COPY new messages; which. One that another writer was faster with is left to him."""
    if not rows:
        return set()
    try:
        with savepoint(session):
            columns = ("instance", "received_at", *_COLUMNS)
            copy_rows(
                session, "providers.message", columns, [(instance, now, *row) for row in rows]
            )
            return {(row[0], row[1], row[2]) for row in rows}
    except UniqueViolation:
        answers = fetch(
            session,
            f"INSERT INTO providers.message (instance, received_at, {', '.join(_COLUMNS)})"
            " SELECT %s, %s, u.* FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[],"
            " %s::text[], %s::text[], %s::jsonb[], %s::int[]) AS u"
            " ON CONFLICT (instance, kind, key, version) DO NOTHING RETURNING kind, key, version",
            (instance, now, *(list(column) for column in zip(*rows, strict=True))),
        )
        return {(kind, key, version) for kind, key, version in answers}


def store_unreadable(
    session: Session,
    instance: str,
    body: bytes,
    error: IomError,
    *,
    now: datetime,
    limit_bytes: int,
) -> None:
    """Keep what a known sender sent and nobody could read, parked with the reason."""
    key = sha256(body).hexdigest()
    store_messages(
        session, instance, [RawMessage(UNREADABLE, key, body)], now=now, limit_bytes=limit_bytes
    )
    told = {
        "what": error.what,
        "where": error.where,
        "remedy": error.remedy or "have the sender correct it",
    }
    execute(
        session,
        "UPDATE providers.message SET state = 'parked', error = %s::jsonb"
        " WHERE instance = %s AND kind = %s AND key = %s AND state = 'received'",
        (to_json_text(told), instance, UNREADABLE, key),
    )


def short(text: str) -> str:
    """A key or version an index can hold: a long one ends in its hash, so that it stays as distinct as it was."""
    text = text.replace("\x00", " ")
    if len(text) <= LONGEST_KEY:
        return text
    return f"{text[: LONGEST_KEY - 65]}~{sha256(text.encode(errors='replace')).hexdigest()}"


def payload_text(payload: Any) -> str:
    """The payload as text; what arrived as text stays as it is. NUL cannot be stored and becomes a space."""
    if isinstance(payload, bytes):
        payload = payload.decode("utf-8", "replace")
    text = payload if isinstance(payload, str) else to_json_text(payload)
    return text.replace("\x00", " ").encode(errors="replace").decode()


def too_large(size: int, limit: int) -> str:
    return orjson.dumps(
        {
            "what": f"the message has {size} bytes; the limit is {limit}",
            "where": "message",
            "remedy": "raise OPENIOM_MESSAGE_LIMIT_BYTES and poll again, or ask the sender to split it",
        }
    ).decode()


def replay(session: Session, ids: Sequence[int]) -> list[int]:
    """Put parked or discarded messages back to be processed; returns those that were."""
    rows = fetch(
        session,
        "UPDATE providers.message SET state = 'received', error = NULL WHERE id IN (SELECT id FROM providers.message"
        " WHERE id = ANY(%s) AND state IN ('parked', 'discarded') ORDER BY id FOR UPDATE) RETURNING id",
        (list(ids),),
    )
    if rows:
        execute(
            session,
            "DELETE FROM providers.unmapped_key WHERE message_id = ANY(%s)",
            ([r[0] for r in rows],),
        )
        notify(session, INBOX_WAKE)
    return [row[0] for row in rows]


def discard(session: Session, ids: Sequence[int]) -> list[int]:
    """Take parked messages off the list without processing them; they stay readable and can be replayed."""
    rows = fetch(
        session,
        "UPDATE providers.message SET state = 'discarded' WHERE id = ANY(%s) AND state = 'parked' RETURNING id",
        (list(ids),),
    )
    execute(
        session,
        "DELETE FROM providers.unmapped_key WHERE message_id = ANY(%s)",
        ([r[0] for r in rows],),
    )
    return [row[0] for row in rows]
