"""
The inbox wave: understand waiting messages, resolve their keys, and hand the documents to the rooms.

Messages about one external key are handled one after the other, in the order they arrived. What cannot be
understood, mapped or accepted is parked with what, where, why and what to do; nothing else waits for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from openiom.kernel import IomError
from openiom.platform.batches import BatchWorker
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import to_json_text
from openiom.policies import MappingKey, Transformed, TransformFailure
from openiom.provider_contract import InboundDocument, IntakeResult

from .mapping import ITSELF, Lookup, resolve, step_to
from .messages import INBOX_WAKE
from .registry import ProviderInstance, ProviderRegistry

TAKEN = ("processed", "duplicate")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message in hand."""

    id: int
    instance: str
    kind: str
    key: str
    sequence: int
    payload: str


@dataclass(slots=True)
class Settled:
    """What became of a message."""

    state: str
    entity_id: str = ""
    error: dict[str, str] | None = None
    missing: list[Lookup] = field(default_factory=list)


def parked(what: str, where: str = "", remedy: str = "", missing: Sequence[Lookup] = ()) -> Settled:
    what = what.replace("\x00", " ")[:4000]  # what PostgreSQL keeps as JSON holds no NUL
    return Settled(
        "parked", error={"what": what, "where": where, "remedy": remedy}, missing=list(missing)
    )


def inbox_worker(
    registry: ProviderRegistry, then: Callable[[Session, datetime], None] | None = None
) -> BatchWorker[Waiting]:
    """The wave that empties the inbox; `then` goes on from what it took in, in the same transaction."""

    def process(session: Session, rows: Sequence[Waiting], now: datetime) -> None:
        settled = stale_ones(session, rows)
        fresh = [row for row in rows if row.id not in settled]
        for (instance, kind), group in groupby(
            sorted(fresh, key=_by_kind), key=lambda r: (r.instance, r.kind)
        ):
            settled |= take_in(registry, session, instance, kind, list(group), now)
        write(session, rows, settled, now)
        overtake(session, [row for row in fresh if settled[row.id].state in TAKEN])

    return BatchWorker(INBOX_WAKE, claim, process, park, then)


def _by_kind(row: Waiting) -> tuple[str, str, int]:
    return row.instance, row.kind, row.id


def claim(session: Session, limit: int) -> Sequence[Waiting]:
    """Up to `limit` waiting messages, oldest first; of one key only the eldest, also while others work on it."""
    rows = fetch(
        session,
        "SELECT id, instance, kind, key, sequence, payload FROM providers.message m WHERE state = 'received'"
        " AND NOT EXISTS (SELECT 1 FROM providers.message e WHERE e.state = 'received' AND e.instance = m.instance"
        " AND e.kind = m.kind AND e.key = m.key AND e.id < m.id) ORDER BY id LIMIT %s FOR UPDATE OF m SKIP LOCKED",
        (limit,),
    )
    return [Waiting(*row) for row in rows]


def stale_ones(session: Session, rows: Sequence[Waiting]) -> dict[int, Settled]:
    """Messages older than one of the same key already taken in."""
    ordered = [row for row in rows if row.sequence]
    if not ordered:
        return {}
    found = fetch(
        session,
        f"SELECT w.id FROM {_KEYS} WHERE EXISTS (SELECT 1 FROM providers.message m"
        " WHERE m.instance = w.instance AND m.kind = w.kind AND m.key = w.key"
        " AND m.state IN ('processed', 'duplicate') AND m.sequence > w.sequence)",
        _keys(ordered),
    )
    return {row[0]: Settled("stale") for row in found}


def overtake(session: Session, rows: Sequence[Waiting]) -> None:
    """Parked messages older than one just taken in need nobody any more: they are stale now."""
    taken = [row for row in rows if row.sequence]
    if not taken:
        return
    execute(
        session,
        "WITH gone AS (UPDATE providers.message m SET state = 'stale' FROM (SELECT m.id FROM"
        f" {_KEYS} JOIN providers.message m ON m.instance = w.instance AND m.kind = w.kind AND m.key = w.key"
        " WHERE m.state = 'parked' AND m.sequence > 0 AND m.sequence < w.sequence FOR UPDATE OF m SKIP LOCKED) o"
        " WHERE m.id = o.id RETURNING m.id)"
        " DELETE FROM providers.unmapped_key k USING gone WHERE k.message_id = gone.id",
        _keys(taken),
    )


_KEYS = "unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[]) AS w(id, instance, kind, key, sequence)"


def _keys(rows: Sequence[Waiting]) -> tuple[list[Any], ...]:
    return (
        [r.id for r in rows],
        [r.instance for r in rows],
        [r.kind for r in rows],
        [r.key for r in rows],
        [r.sequence for r in rows],
    )


def take_in(
    registry: ProviderRegistry,
    session: Session,
    instance: str,
    kind: str,
    rows: Sequence[Waiting],
    now: datetime,
) -> dict[int, Settled]:
    """Transform, resolve and hand over the messages of one kind of one instance."""
    try:
        opened = registry.open(session, instance)
        message_kind = opened.message_kind(kind)
    except IomError as error:
        return {row.id: parked(error.what, error.where or instance, error.remedy) for row in rows}
    settled: dict[int, Settled] = {}
    good: list[tuple[Waiting, Transformed]] = []
    answers = opened.transformations[f"message:{kind}"].transform_many(
        [row.payload for row in rows]
    )
    for row, answer in zip(rows, answers, strict=True):
        if isinstance(answer, TransformFailure):
            settled[row.id] = untransformed(answer)
        else:
            good.append((row, answer))
    documents, missed = _resolved(session, opened, good)
    settled |= missed
    arrived = [
        InboundDocument(row.id, instance, documents[row.id])
        for row, _ in good
        if row.id in documents
    ]
    if arrived:
        receive = registry.receivers.get(message_kind.document)
        if receive is None:
            missing = parked(
                f"no room takes {message_kind.document!r} documents",
                instance,
                "see the provider's manifest",
            )
            return settled | {a.message_id: missing for a in arrived}
        taken = receive(session, arrived, now, f"provider:{instance}")
        settled |= {a.message_id: outcome(t) for a, t in zip(arrived, taken, strict=True)}
    return settled


def _resolved(
    session: Session, opened: ProviderInstance, good: Sequence[tuple[Waiting, Transformed]]
) -> tuple[dict[int, Mapping[str, Any]], dict[int, Settled]]:
    found = resolve(
        session,
        opened.name,
        opened.mapping_group,
        ((k.table, k.field, k.value) for _, t in good for k in t.keys),
    )
    documents: dict[int, Mapping[str, Any]] = {}
    missed: dict[int, Settled] = {}
    for row, transformed in good:
        missing = fill(transformed, found)
        if missing:
            missed[row.id] = unmapped(missing)
        else:
            documents[row.id] = transformed.document
    return documents, missed


def fill(transformed: Transformed, found: Mapping[Lookup, str]) -> list[MappingKey]:
    """Write our names into the document where its keys say; the keys nothing is known for."""
    missing = []
    for key in transformed.keys:
        ours = found.get((key.table, key.field, key.value))
        if ours is None:
            missing.append(key)
        elif key.into is not None:
            target, name = step_to(transformed.document, key.into)
            target[name] = ours
    return missing


def untransformed(failure: TransformFailure) -> Settled:
    values = ", ".join(f"{k} = {v!r}"[:120] for k, v in failure.values.items())
    return parked(
        failure.message + (f" ({values})" if values else ""),
        failure.path,
        "correct the message at its source, or the transformation, and replay",
    )


def unmapped(missing: Sequence[MappingKey]) -> Settled:
    lookups = list(dict.fromkeys((k.table, k.field, k.value) for k in missing))
    listed = ", ".join(f"{table} {field}={value}" for table, field, value in lookups[:5])
    more = f" and {len(lookups) - 5} more" if len(lookups) > 5 else ""
    return parked(
        f"no mapping for {listed}{more}",
        missing[0].into or "",
        "map the keys; it replays by itself",
        lookups,
    )


def outcome(taken: IntakeResult) -> Settled:
    if not taken.ok:
        return parked(
            taken.error,
            taken.where,
            taken.remedy,
            [(kind, ITSELF, name) for kind, name in taken.needs],
        )
    return Settled("duplicate" if taken.duplicate else "processed", taken.entity_id)


def write(
    session: Session, rows: Sequence[Waiting], settled: Mapping[int, Settled], now: datetime
) -> None:
    """Record what became of every message, set-based."""
    ids = [row.id for row in rows]
    execute(
        session,
        "UPDATE providers.message m SET state = d.state, entity_id = d.entity, error = d.error,"
        " attempts = m.attempts + 1, processed_at = CASE WHEN d.state = 'parked' THEN NULL ELSE %s END"
        " FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::jsonb[]) AS d(id, state, entity, error)"
        " WHERE m.id = d.id",
        (
            now,
            ids,
            [settled[i].state for i in ids],
            [settled[i].entity_id for i in ids],
            [to_json_text(settled[i].error) if settled[i].error else None for i in ids],
        ),
    )
    missing = [
        (row.id, row.instance, *lookup) for row in rows for lookup in settled[row.id].missing
    ]
    if missing:
        execute(
            session,
            "INSERT INTO providers.unmapped_key (message_id, instance, table_name, field, value)"
            " SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])"
            " ON CONFLICT DO NOTHING",
            [list(column) for column in zip(*missing, strict=True)],
        )


def park(session: Session, row: Waiting, error: Exception, now: datetime) -> None:
    """A message that broke its room is parked with the error; the rest of its wave went through."""
    if isinstance(error, IomError):
        settled = parked(error.what, error.where, error.remedy)
    else:
        settled = parked(
            f"{type(error).__name__}: {error}"[:1000],
            row.kind,
            "report this; replay once it is mended",
        )
    write(session, [row], {row.id: settled}, now)
