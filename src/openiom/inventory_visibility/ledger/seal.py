"""The seal of the ledger: digests of entries in blocks, blocks in days, days in a hash chain.

A digest is the first 16 bytes of SHA-256 over the entry's columns as PostgreSQL writes a row.
Blocks cover the ids without gaps, so a changed, a missing and an inserted entry are each found.
To forge an entry unnoticed one has to forge its block, its day and every later day, and a copy of a
single day's hash kept elsewhere still reveals it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy.orm import Session

from openiom.platform.batches import BatchResult
from openiom.platform.bulk import execute, fetch, fetch_as
from openiom.platform.database import Database

BLOCK = 1_024
BLOCKS_PER_BATCH = 32
DIGEST_BYTES = 16
_ADVISORY_LOCK = 7_200_340_021
_DIGEST = f"""substr(sha256(convert_to(ROW(
e.id, e.stock_id, (extract(epoch FROM e.recorded_at) * 1000000)::bigint, e.data_source, e.measure,
e.delta, e.on_hand_sign, e.reserved_sign, e.cause, e.document, e.actor, e.event_id
)::text, 'UTF8')), 1, {DIGEST_BYTES})"""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A row that differs from what the ledger or its seal says it should be."""

    what: str
    row_id: int
    column: str
    actual: str
    expected: str


class _OpenDay(NamedTuple):
    """A day that is being sealed: entries `first_id` to `last_id`."""

    day: date
    first_id: int
    last_id: int


class LedgerSealWorker:
    """Seals the days that have ended, a few blocks per batch."""

    kind = "ledger_seal"

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        with database.unit_of_work() as session:
            locked = fetch(session, "SELECT pg_try_advisory_xact_lock(%s)", (_ADVISORY_LOCK,))
            if locked == [(False,)]:
                return BatchResult(0, False)
            return _seal_some(session, now)


def _seal_some(session: Session, now: datetime) -> BatchResult:
    """Seal the next blocks of the day being sealed, or begin the next day that has ended."""
    open_day = _open_day(session) or _begin_day(session, now)
    if open_day is None:
        return BatchResult(0, False)
    blocks = _seal_blocks(session, open_day)
    if blocks < BLOCKS_PER_BATCH:
        _seal_day(session, open_day.day, now)
    return BatchResult(max(1, blocks), True)


def _open_day(session: Session) -> _OpenDay | None:
    days = fetch_as(
        session,
        _OpenDay,
        "SELECT day, first_id, last_id FROM inventory_visibility.ledger_day"
        " WHERE sealed_at IS NULL",
    )
    return days[0] if days else None


def _begin_day(session: Session, now: datetime) -> _OpenDay | None:
    """Begin the next day to seal if it has ended: from the last sealed id to its last entry.

    Ids are assigned before their transaction commits. The table is therefore locked for a moment,
    after which no smaller id can appear. An entry stamped before midnight that commits later
    belongs to the next day of the chain.
    """
    ((last_day, last_sealed),) = fetch(
        session, "SELECT max(day), coalesce(max(last_id), 0) FROM inventory_visibility.ledger_day"
    )
    entries = fetch(
        session,
        "SELECT recorded_at FROM inventory_visibility.ledger_entry WHERE id > %s"
        " ORDER BY id LIMIT 1",
        (last_sealed,),
    )
    if not entries:
        return None

    ((recorded_at,),) = entries
    day: date = recorded_at.astimezone(UTC).date()
    if last_day is not None:
        day = max(day, last_day + timedelta(days=1))

    end = datetime.combine(day + timedelta(days=1), time.min, UTC)
    if now < end:
        return None

    execute(session, "SET LOCAL lock_timeout = '2s'")
    execute(session, "LOCK TABLE inventory_visibility.ledger_entry IN SHARE MODE")
    ((last_id,),) = fetch(
        session,
        "SELECT id FROM inventory_visibility.ledger_entry WHERE id > %s AND recorded_at < %s"
        " ORDER BY id DESC LIMIT 1",
        (last_sealed, end),
    )
    open_day = _OpenDay(day, last_sealed + 1, last_id)
    execute(
        session,
        "INSERT INTO inventory_visibility.ledger_day (day, first_id, last_id) VALUES (%s, %s, %s)",
        open_day,
    )
    return open_day


def _seal_blocks(session: Session, open_day: _OpenDay) -> int:
    """Digest the next entries of the day; return the number of blocks written."""
    return execute(
        session,
        "WITH begun AS (SELECT coalesce(max(last_id), %(first_id)s - 1) AS id"
        " FROM inventory_visibility.ledger_block WHERE day = %(day)s), digested AS ("
        f" SELECT e.id, {_DIGEST} AS digest,"
        f" (row_number() OVER (ORDER BY e.id) - 1) / {BLOCK} AS block"
        " FROM (SELECT * FROM inventory_visibility.ledger_entry"
        " WHERE id > (SELECT id FROM begun) AND id <= %(last_id)s"
        f" ORDER BY id LIMIT {BLOCK * BLOCKS_PER_BATCH}) e"
        "), blocks AS (SELECT block, max(id) AS last_id, array_agg(id ORDER BY id) AS ids,"
        " string_agg(digest, ''::bytea ORDER BY id) AS digests FROM digested GROUP BY block)"
        " INSERT INTO inventory_visibility.ledger_block"
        " (first_id, last_id, day, ids, digests, hash)"
        " SELECT coalesce(lag(last_id) OVER (ORDER BY block), (SELECT id FROM begun)) + 1, last_id,"
        " %(day)s, ids, digests,"
        " sha256(convert_to(array_to_string(ids, ','), 'UTF8') || digests) FROM blocks",
        open_day._asdict(),
    )


def _seal_day(session: Session, day: date, now: datetime) -> None:
    sealed = _computed_day(session, day)
    execute(
        session,
        "UPDATE inventory_visibility.ledger_day"
        " SET hash = %s, previous_hash = %s, entries = %s, sealed_at = %s WHERE day = %s",
        (sealed.hash, sealed.previous_hash, sealed.entries, now, day),
    )


class _DaySeal(NamedTuple):
    """What is sealed of a day."""

    hash: bytes
    entries: int
    previous_hash: bytes


def _computed_day(session: Session, day: date) -> _DaySeal:
    """Return the seal of a day computed from its blocks and the hash of the day before."""
    ((first_id, last_id),) = fetch(
        session,
        "SELECT first_id, last_id FROM inventory_visibility.ledger_day WHERE day = %s",
        (day,),
    )
    before = fetch(
        session,
        "SELECT hash FROM inventory_visibility.ledger_day WHERE day < %s ORDER BY day DESC LIMIT 1",
        (day,),
    )
    previous = b""
    if before:
        ((stored,),) = before
        previous = bytes(stored)

    blocks = fetch(
        session,
        "SELECT hash, cardinality(ids) FROM inventory_visibility.ledger_block WHERE day = %s"
        " ORDER BY first_id",
        (day,),
    )
    entries = sum(count for _, count in blocks)
    digest = sha256(previous + f"{day}|{first_id}|{last_id}|{entries}".encode())

    for block_hash, _ in blocks:
        digest.update(block_hash)

    return _DaySeal(digest.digest(), entries, previous)


@dataclass(frozen=True, slots=True)
class _Block:
    """A sealed block; `digests` are those of `ids`, one after the other."""

    first_id: int
    last_id: int
    ids: Sequence[int]
    digests: bytes
    hash: bytes


def verify_blocks(
    session: Session, *, after: int, limit: int
) -> tuple[list[Discrepancy], int | None]:
    """Verify the next sealed blocks beyond the entry id `after`.

    Returns:
        The discrepancies, and the last entry id the blocks cover; None when there are no more.
    """
    blocks = fetch_as(
        session,
        _Block,
        "SELECT first_id, last_id, ids, digests, hash FROM inventory_visibility.ledger_block"
        " WHERE first_id > %s ORDER BY first_id LIMIT %s",
        (after, limit),
    )
    found: list[Discrepancy] = []
    for block in blocks:
        found += _verify_block(session, block)

    return found, blocks[-1].last_id if blocks else None


def _verify_block(session: Session, block: _Block) -> list[Discrepancy]:
    """Verify the hash of a block, and then the digests of its entries."""
    digests, stored_hash = bytes(block.digests), bytes(block.hash)
    computed = sha256(",".join(map(str, block.ids)).encode() + digests).digest()
    if computed != stored_hash:
        return [
            Discrepancy("ledger_block", block.first_id, "hash", stored_hash.hex(), computed.hex())
        ]

    rows = fetch(
        session,
        f"SELECT e.id, {_DIGEST} FROM inventory_visibility.ledger_entry e"
        " WHERE e.id BETWEEN %s AND %s",
        (block.first_id, block.last_id),
    )
    actual = {entry_id: bytes(digest) for entry_id, digest in rows}

    sealed = {}
    for number, entry_id in enumerate(block.ids):
        sealed[entry_id] = digests[number * DIGEST_BYTES : (number + 1) * DIGEST_BYTES]

    return compare_digests(actual, sealed)


def compare_digests(actual: dict[int, bytes], sealed: dict[int, bytes]) -> list[Discrepancy]:
    """Return the entries that were changed, removed or inserted since they were sealed."""
    found = []
    for entry_id in sorted(actual.keys() | sealed.keys()):
        now, then = actual.get(entry_id, b""), sealed.get(entry_id, b"")
        if now == then:
            continue

        if entry_id not in actual:
            kind = "missing"
        elif entry_id not in sealed:
            kind = "inserted"
        else:
            kind = "digest"

        found.append(Discrepancy("ledger_entry", entry_id, kind, now.hex(), then.hex()))

    return found


class _SealedDay(NamedTuple):
    """A day as it was sealed."""

    day: date
    first_id: int
    hash: bytes
    previous_hash: bytes
    entries: int


def verify_days(session: Session) -> list[Discrepancy]:
    """Return the days whose hash is not that of their blocks and the day before, oldest first."""
    days = fetch_as(
        session,
        _SealedDay,
        "SELECT day, first_id, hash, previous_hash, entries FROM inventory_visibility.ledger_day"
        " WHERE sealed_at IS NOT NULL ORDER BY day",
    )
    found = []
    for stored in days:
        computed = _computed_day(session, stored.day)
        stored_seal = _DaySeal(bytes(stored.hash), stored.entries, bytes(stored.previous_hash))
        if stored_seal != computed:
            found.append(
                Discrepancy(
                    what="ledger_day",
                    row_id=stored.first_id,
                    column=str(stored.day),
                    actual=stored_seal.hash.hex(),
                    expected=computed.hash.hex(),
                )
            )

    return found


def verify_chain(session: Session) -> list[Discrepancy]:
    """Return all discrepancies of the sealed ledger, from the first entry on."""
    found: list[Discrepancy] = []
    after: int | None = 0
    while after is not None:
        more, after = verify_blocks(session, after=after, limit=BLOCKS_PER_BATCH)
        found += more
    return found + verify_days(session)
