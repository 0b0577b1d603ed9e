"""
The ledger's chain: entries are digested in blocks, blocks hashed into days, every day holds the hash of the day before.

A digest is the first 16 bytes of SHA-256 over the entry's columns as PostgreSQL writes a row. Blocks tile the ids
without gaps, so a changed, a missing and a slipped-in entry are each found, and named. Who would forge an entry unseen
must forge its block, its day and every later day, and whoever kept one day's hash outside still knows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256

from sqlalchemy.orm import Session

from openiom.platform.batches import BatchResult
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database

BLOCK = 1_024
BLOCKS_AT_ONCE = 32
DIGEST_BYTES = 16
_SEALER = 7_200_340_021
_DIGEST = f"""substr(sha256(convert_to(ROW(e.id, e.stock_id, (extract(epoch FROM e.at) * 1000000)::bigint,
e.data_source, e.measure, e.delta, e.on_hand_sign, e.reserved_sign, e.cause, e.document, e.actor, e.event_id)::text,
'UTF8')), 1, {DIGEST_BYTES})"""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A row that is not what it should be: which, in what, what stands there and what should."""

    what: str
    row_id: int
    column: str
    stands: str
    should_be: str


class SealTurn:
    """Seals the days that ended, a few blocks a turn."""

    kind = "ledger_seal"

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        with database.unit_of_work() as session:
            if not fetch(session, "SELECT pg_try_advisory_xact_lock(%s)", (_SEALER,))[0][0]:
                return BatchResult(0, False)
            opened = _open_day(session) or _begin_day(session, now)
            if opened is None:
                return BatchResult(0, False)
            day, first_id, last_id = opened
            blocks = _seal_blocks(session, day, first_id, last_id)
            if blocks < BLOCKS_AT_ONCE:
                _seal_day(session, day, now)
            return BatchResult(max(1, blocks), True)


def _open_day(session: Session) -> tuple[date, int, int] | None:
    rows = fetch(
        session,
        "SELECT day, first_id, last_id FROM inventory_visibility.ledger_day WHERE sealed_at IS NULL",
    )
    return (rows[0][0], rows[0][1], rows[0][2]) if rows else None


def _begin_day(session: Session, now: datetime) -> tuple[date, int, int] | None:
    """The next day to seal, if it is over: from the last sealed id to the last entry of that day.

    Ids are given out before a commit, so the table is locked for a moment: then no smaller id can come any more. An
    entry that was stamped just before midnight and comes later belongs to the chain's next day.
    """
    ((last_day, sealed),) = fetch(
        session, "SELECT max(day), coalesce(max(last_id), 0) FROM inventory_visibility.ledger_day"
    )
    rows = fetch(
        session,
        "SELECT at FROM inventory_visibility.ledger_entry WHERE id > %s ORDER BY id LIMIT 1",
        (sealed,),
    )
    if not rows:
        return None
    day: date = rows[0][0].astimezone(UTC).date()
    if last_day is not None:
        day = max(day, last_day + timedelta(days=1))
    ends = datetime.combine(day + timedelta(days=1), time.min, UTC)
    if now < ends:
        return None
    execute(session, "SET LOCAL lock_timeout = '2s'")
    execute(session, "LOCK TABLE inventory_visibility.ledger_entry IN SHARE MODE")
    ((last_id,),) = fetch(
        session,
        "SELECT id FROM inventory_visibility.ledger_entry WHERE id > %s AND at < %s ORDER BY id DESC LIMIT 1",
        (sealed, ends),
    )
    execute(
        session,
        "INSERT INTO inventory_visibility.ledger_day (day, first_id, last_id) VALUES (%s, %s, %s)",
        (day, sealed + 1, last_id),
    )
    return day, sealed + 1, last_id


def _seal_blocks(session: Session, day: date, first_id: int, last_id: int) -> int:
    """Digest the next entries of the day; how many blocks they made."""
    return execute(
        session,
        "WITH begun AS (SELECT coalesce(max(last_id), %s - 1) AS id FROM inventory_visibility.ledger_block"
        " WHERE day = %s), digested AS ("
        f" SELECT e.id, {_DIGEST} AS digest, (row_number() OVER (ORDER BY e.id) - 1) / {BLOCK} AS block"
        " FROM (SELECT * FROM inventory_visibility.ledger_entry WHERE id > (SELECT id FROM begun) AND id <= %s"
        f" ORDER BY id LIMIT {BLOCK * BLOCKS_AT_ONCE}) e"
        "), blocks AS (SELECT block, max(id) AS last_id, array_agg(id ORDER BY id) AS ids,"
        " string_agg(digest, ''::bytea ORDER BY id) AS digests FROM digested GROUP BY block)"
        " INSERT INTO inventory_visibility.ledger_block (first_id, last_id, day, ids, digests, hash)"
        " SELECT coalesce(lag(last_id) OVER (ORDER BY block), (SELECT id FROM begun)) + 1, last_id, %s, ids, digests,"
        " sha256(convert_to(array_to_string(ids, ','), 'UTF8') || digests) FROM blocks",
        (first_id, day, last_id, day),
    )


def _seal_day(session: Session, day: date, now: datetime) -> None:
    hashed, entries, previous = _day_hash(session, day)
    execute(
        session,
        "UPDATE inventory_visibility.ledger_day SET hash = %s, previous_hash = %s, entries = %s, sealed_at = %s"
        " WHERE day = %s",
        (hashed, previous, entries, now, day),
    )


def _day_hash(session: Session, day: date) -> tuple[bytes, int, bytes]:
    """(hash, entries, hash of the day before) of a day, from what its blocks and its predecessor say now."""
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
    previous = bytes(before[0][0]) if before else b""
    blocks = fetch(
        session,
        "SELECT hash, cardinality(ids) FROM inventory_visibility.ledger_block WHERE day = %s ORDER BY first_id",
        (day,),
    )
    entries = sum(row[1] for row in blocks)
    summed = sha256(previous + f"{day}|{first_id}|{last_id}|{entries}".encode())
    for row in blocks:
        summed.update(row[0])
    return summed.digest(), entries, previous


def verify_blocks(session: Session, *, after: int, limit: int) -> tuple[list[Wrong], int | None]:
    """What is wrong in the next sealed blocks beyond the entry id `after`, and the last entry id they cover.

    None when no block came after.
    """
    blocks = fetch(
        session,
        "SELECT first_id, last_id, ids, digests, hash FROM inventory_visibility.ledger_block WHERE first_id > %s"
        " ORDER BY first_id LIMIT %s",
        (after, limit),
    )
    wrong: list[Wrong] = []
    for first_id, last_id, ids, digests, hashed in blocks:
        wrong += _verify_block(session, first_id, last_id, ids, bytes(digests), bytes(hashed))
    return wrong, blocks[-1][1] if blocks else None


def _verify_block(
    session: Session, first_id: int, last_id: int, ids: Sequence[int], digests: bytes, hashed: bytes
) -> list[Wrong]:
    summed = sha256(",".join(map(str, ids)).encode() + digests).digest()
    if summed != hashed:
        return [Wrong("ledger_block", first_id, "hash", hashed.hex(), summed.hex())]
    rows = fetch(
        session,
        f"SELECT e.id, {_DIGEST} FROM inventory_visibility.ledger_entry e WHERE e.id BETWEEN %s AND %s",
        (first_id, last_id),
    )
    stands = {row[0]: bytes(row[1]) for row in rows}
    sealed = {id_: digests[n * DIGEST_BYTES : (n + 1) * DIGEST_BYTES] for n, id_ in enumerate(ids)}
    if stands == sealed:
        return []
    return [
        Wrong(
            "ledger_entry",
            entry,
            "digest"
            if entry in stands and entry in sealed
            else "missing"
            if entry in sealed
            else "slipped in",
            stands[entry].hex() if entry in stands else "",
            sealed[entry].hex() if entry in sealed else "",
        )
        for entry in sorted(stands.keys() | sealed.keys())
        if stands.get(entry) != sealed.get(entry)
    ]


def verify_days(session: Session) -> list[Wrong]:
    """Days whose hash is not that of their blocks and of the day before, oldest first."""
    wrong = []
    days = fetch(
        session,
        "SELECT day, first_id, hash, previous_hash, entries FROM inventory_visibility.ledger_day"
        " WHERE sealed_at IS NOT NULL ORDER BY day",
    )
    for day, first_id, hashed, previous, entries in days:
        should, counted, before = _day_hash(session, day)
        if (bytes(hashed), entries, bytes(previous)) != (should, counted, before):
            wrong.append(Wrong("ledger_day", first_id, str(day), bytes(hashed).hex(), should.hex()))
    return wrong


def verify_chain(session: Session) -> list[Wrong]:
    """Everything wrong with what was sealed, from the first entry on; empty when the chain is whole."""
    wrong: list[Wrong] = []
    after: int | None = 0
    while after is not None:
        found, after = verify_blocks(session, after=after, limit=BLOCKS_AT_ONCE)
        wrong += found
    return wrong + verify_days(session)
