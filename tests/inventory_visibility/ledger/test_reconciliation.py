"""Reconciliation finds the row that differs, publishes it once, and sees it resolved."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest

from openiom.inventory_visibility import (
    LedgerSealWorker,
    MeasureChange,
    ReconciliationWorker,
    StockReservationRequest,
    first_discrepancy,
    post_measures,
    reserve,
)
from openiom.inventory_visibility.ledger.reconciliation import ledger_health
from openiom.inventory_visibility.ledger.seal import Discrepancy
from openiom.kernel import new_id
from openiom.platform.batches import drain
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def post(database: Database, *units: int) -> None:
    changes = [
        MeasureChange("", f"P{n}", "SEA", {("pos", "posinbound"): Decimal(n)}) for n in units
    ]
    with database.unit_of_work() as session:
        assert all(a.ok for a in post_measures(session, changes, now=NOW, actor="pos", cause="api"))


def rounds(database: Database, turn: ReconciliationWorker, times: int) -> None:
    for n in range(times):
        assert turn.run_once(database, limit=500, now=NOW + timedelta(seconds=n)).rows == 0


def wrong(database: Database) -> Discrepancy | None:
    with database.reading() as session:
        return first_discrepancy(session)


def published(database: Database) -> list[tuple[object, ...]]:
    with database.reading() as session:
        return fetch(
            session,
            "SELECT data FROM platform.business_event WHERE name = 'inventory.discrepancy_found'",
        )


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "UPDATE inventory_visibility.stock SET on_hand = 7 WHERE id = 3",
            ("stock", 3, "on_hand", "7", "4"),
        ),
        ("UPDATE inventory_visibility.stock SET safety_stock = 7 WHERE id = 3", None),
        (
            "UPDATE inventory_visibility.measure_balance SET quantity = 1 WHERE stock_id = 2",
            ("measure_balance", 2, "pos.posinbound", "1", "3"),
        ),
        (
            "DELETE FROM inventory_visibility.measure_balance WHERE stock_id = 5",
            ("measure_balance", 5, "pos.posinbound", "0", "6"),
        ),
        (
            "UPDATE inventory_visibility.reservation SET open = 1, released = 1",
            ("reservation", 4, "open", "1", "2"),
        ),
    ],
)
def test_changes_without_a_ledger_entry_are_found(
    database: Database, statement: str, expected: tuple[object, ...] | None
) -> None:
    post(database, 2, 3, 4, 5, 6)
    with database.unit_of_work() as session:
        assert reserve(
            session, [StockReservationRequest(new_id(), "P5", "SEA", 2)], NOW, "test"
        ) == [True]

    turn = ReconciliationWorker(rows=2)
    rounds(database, turn, 3)
    assert wrong(database) is None

    with database.unit_of_work() as session:
        execute(session, statement)

    rounds(database, turn, 6)
    found = wrong(database)
    assert found == (Discrepancy(*expected) if expected else None)  # type: ignore[arg-type]
    if found:
        names = ("what", "row_id", "column", "actual", "expected")
        assert published(database) == [(dict(zip(names, expected or (), strict=True)),)], (
            "told once, whatever the rounds"
        )


def test_a_resolved_discrepancy_is_removed(database: Database) -> None:
    post(database, 2)
    with database.unit_of_work() as session:
        execute(session, "UPDATE inventory_visibility.stock SET on_hand = 7")

    rounds(database, ReconciliationWorker(), 1)
    assert wrong(database) == Discrepancy("stock", 1, "on_hand", "7", "2")

    with database.unit_of_work() as session:
        execute(session, "UPDATE inventory_visibility.stock SET on_hand = 2")

    rounds(database, ReconciliationWorker(), 1)
    assert wrong(database) is None


def test_a_changed_sealed_entry_is_found_by_reconciliation(database: Database) -> None:
    post(database, 2, 3, 4)
    drain(database, [LedgerSealWorker()], now=NOW + timedelta(days=1))
    rounds(database, ReconciliationWorker(), 2)

    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(
            "ALTER TABLE inventory_visibility.ledger_entry"
            " DISABLE TRIGGER ledger_entry_is_append_only"
        )
        connection.execute(
            "UPDATE inventory_visibility.ledger_entry SET document = 'another' WHERE id = 2"
        )
        connection.execute(
            "ALTER TABLE inventory_visibility.ledger_entry"
            " ENABLE TRIGGER ledger_entry_is_append_only"
        )

    rounds(database, ReconciliationWorker(), 2)
    found = wrong(database)
    assert found is not None
    assert (found.what, found.row_id, found.column) == ("ledger_entry", 2, "digest")

    with database.reading() as session:
        state = ledger_health(session)

    assert str(state.sealed_through) == "2026-11-20"
    assert state.checked_through is not None
    assert state.chain_checked_through is not None


def test_a_long_ledger_is_added_up_over_several_batches(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openiom.inventory_visibility.ledger.reconciliation.ENTRIES", 2)
    monkeypatch.setattr(
        "openiom.inventory_visibility.ledger.reconciliation.ENTRIES_OF_FIRST_ROW", 3
    )

    for _ in range(4):
        post(database, 1, 2)

    with database.unit_of_work() as session:
        execute(session, "UPDATE inventory_visibility.stock SET on_hand = on_hand + 1 WHERE id = 2")

    turn = ReconciliationWorker()
    rounds(database, turn, 1)
    assert wrong(database) is None, "not judged before it is added up"
    rounds(database, turn, 8)
    assert wrong(database) == Discrepancy("stock", 2, "on_hand", "9", "8")
