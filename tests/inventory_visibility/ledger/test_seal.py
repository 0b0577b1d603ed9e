"""Changes of sealed entries are found and named."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

import psycopg
import pytest
from tests.inventory_visibility.invariants import INVARIANTS

from openiom.inventory_visibility import (
    LedgerSealWorker,
    MeasureChange,
    post_measures,
    verify_chain,
)
from openiom.inventory_visibility.ledger import seal as chain_module
from openiom.inventory_visibility.ledger.seal import Discrepancy
from openiom.platform.batches import drain
from openiom.platform.bulk import fetch
from openiom.platform.database import Database

FRIDAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
SATURDAY, SUNDAY = FRIDAY + timedelta(days=1), FRIDAY + timedelta(days=2)


def post(database: Database, at: datetime, *units: int) -> None:
    with database.unit_of_work() as session:
        for n in units:
            change = MeasureChange(
                "", f"P{n}", "SEA", {("pos", "posinbound"): Decimal(n)}, document='a "strange", one'
            )
            post_measures(session, [change], now=at, actor="pos", cause="api")


def wrong(database: Database) -> list[Discrepancy]:
    with database.reading() as session:
        return verify_chain(session)


def broken(database: Database) -> Sequence[tuple[object, ...]]:
    """What the invariant of the chain says."""
    with database.reading() as session:
        return fetch(session, (INVARIANTS / "ledger_chain_is_intact.sql").read_text())


def tamper(database: Database, *statements: str) -> None:
    """Change the ledger as the owner of the database could."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(
            "ALTER TABLE inventory_visibility.ledger_entry"
            " DISABLE TRIGGER ledger_entry_is_append_only"
        )
        for statement in statements:
            connection.execute(statement.encode())

        connection.execute(
            "ALTER TABLE inventory_visibility.ledger_entry"
            " ENABLE TRIGGER ledger_entry_is_append_only"
        )


@pytest.fixture
def sealed(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Entries 1-5 of Friday in blocks of two and 6-8 of Saturday are sealed; 9 of Sunday is not."""
    monkeypatch.setattr(chain_module, "BLOCK", 2)
    post(database, FRIDAY, 1, 2, 3, 4, 5)
    post(database, SATURDAY, 6, 7, 8)
    post(database, SUNDAY, 9)
    drain(database, [LedgerSealWorker()], now=SUNDAY)
    return database


def days(database: Database) -> Sequence[tuple[object, ...]]:
    with database.reading() as session:
        return fetch(
            session,
            "SELECT day, first_id, last_id, entries, sealed_at IS NOT NULL"
            " FROM inventory_visibility.ledger_day"
            " ORDER BY day",
        )


def test_days_that_ended_are_sealed_and_the_running_one_is_not(sealed: Database) -> None:
    friday, saturday = date(2026, 11, 20), date(2026, 11, 21)
    assert days(sealed) == [(friday, 1, 5, 5, True), (saturday, 6, 8, 3, True)]
    assert wrong(sealed) == []
    assert broken(sealed) == []
    drain(sealed, [LedgerSealWorker()], now=SUNDAY)
    assert len(days(sealed)) == 2
    drain(sealed, [LedgerSealWorker()], now=SUNDAY + timedelta(days=1))
    assert days(sealed)[2] == (date(2026, 11, 22), 9, 9, 1, True)
    assert wrong(sealed) == []


def test_a_digest_is_what_the_document_says_it_is(sealed: Database) -> None:
    with sealed.reading() as session:
        ((digests,),) = fetch(
            session, "SELECT digests FROM inventory_visibility.ledger_block WHERE first_id = 1"
        )
    at = int(FRIDAY.timestamp() * 1_000_000)
    row = f'(1,1,{at},pos,posinbound,1.0000,1,0,api,"a ""strange"", one",pos,)'
    assert bytes(digests)[:16] == sha256(row.encode()).digest()[:16]


@pytest.mark.parametrize(
    ("statement", "row", "column"),
    [
        ("UPDATE inventory_visibility.ledger_entry SET delta = 99 WHERE id = 3", 3, "digest"),
        ("UPDATE inventory_visibility.ledger_entry SET actor = 'nobody' WHERE id = 7", 7, "digest"),
        ("UPDATE inventory_visibility.ledger_entry SET event_id = '' WHERE id = 1", 1, "digest"),
        ("DELETE FROM inventory_visibility.ledger_entry WHERE id = 4", 4, "missing"),
        (
            "UPDATE inventory_visibility.ledger_day SET entries = 4 WHERE first_id = 1",
            1,
            "2026-11-20",
        ),
    ],
)
def test_a_change_of_any_sealed_row_is_named(
    sealed: Database, statement: str, row: int, column: str
) -> None:
    tamper(sealed, statement)
    (first, *more) = wrong(sealed)
    assert (first.row_id, first.column, more) == (row, column, [])
    assert bool(broken(sealed)) is (column != "digest"), (
        "digests are the checker's, gaps and hashes are the query's"
    )


def test_an_inserted_entry_is_named(sealed: Database) -> None:
    with sealed.unit_of_work() as session:  # a transaction that was rolled back leaves such a gap
        fetch(
            session,
            "SELECT nextval(pg_get_serial_sequence('inventory_visibility.ledger_entry', 'id'))",
        )

    post(sealed, SUNDAY, 1)
    drain(sealed, [LedgerSealWorker()], now=SUNDAY + timedelta(days=1))
    assert [day[1:4] for day in days(sealed)] == [(1, 5, 5), (6, 8, 3), (9, 11, 2)]
    assert wrong(sealed) == []
    tamper(
        sealed,
        "INSERT INTO inventory_visibility.ledger_entry"
        " (id, stock_id, recorded_at, measure, delta, cause, document, actor)"
        " OVERRIDING SYSTEM VALUE VALUES (10, 1, now(), 'onhand', 7, 'gift', '', 'nobody')",
    )
    assert [(w.row_id, w.column) for w in wrong(sealed)] == [(10, "inserted")]


def test_a_forged_block_breaks_its_day_and_a_forged_day_the_next_one(
    sealed: Database,
) -> None:
    forged = (
        "UPDATE inventory_visibility.ledger_entry SET delta = 99 WHERE id = 3",
        "UPDATE inventory_visibility.ledger_block SET digests = digest.all FROM (SELECT string_agg("
        f"{chain_module._DIGEST}, ''::bytea ORDER BY e.id) AS all"
        " FROM inventory_visibility.ledger_entry e"
        " WHERE e.id IN (3, 4)) digest WHERE first_id = 3",
        "UPDATE inventory_visibility.ledger_block SET hash ="
        " sha256(convert_to(array_to_string(ids, ','), 'UTF8')"
        " || digests) WHERE first_id = 3",
    )
    tamper(sealed, *forged[:2])
    assert [row[:2] for row in broken(sealed)] == [("block", "3")]
    assert [(w.what, w.row_id) for w in wrong(sealed)] == [("ledger_block", 3)]
    tamper(sealed, forged[2])
    assert [row[:2] for row in broken(sealed)] == [("day", "2026-11-20")]
    (day,) = wrong(sealed)
    assert (day.what, day.column) == ("ledger_day", "2026-11-20")
    tamper(
        sealed,
        f"UPDATE inventory_visibility.ledger_day SET hash = '\\x{day.expected}' WHERE first_id = 1",
    )
    assert [(w.what, w.column) for w in wrong(sealed)] == [("ledger_day", "2026-11-21")]


def test_an_entry_that_comes_late_belongs_to_the_next_day_of_the_chain(sealed: Database) -> None:
    post(sealed, SATURDAY, 3)
    drain(sealed, [LedgerSealWorker()], now=SUNDAY + timedelta(days=1))
    assert days(sealed)[2] == (date(2026, 11, 22), 9, 10, 2, True)
    assert wrong(sealed) == []
