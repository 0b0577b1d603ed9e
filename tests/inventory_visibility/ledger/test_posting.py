"""Posting entries: balances, measures and stock rows move together; entries never change."""

from datetime import UTC, datetime
from decimal import Decimal

import psycopg
import pytest
from tests.inventory_visibility.invariants import STOCK_INVARIANTS, check

from openiom.inventory_visibility import StockKey
from openiom.inventory_visibility.availability.hierarchy import (
    ROOT,
    BackingChange,
    LockedStockRow,
)
from openiom.inventory_visibility.ledger.allocations import PoolMove, move_pools, pool_entries
from openiom.inventory_visibility.ledger.posting import (
    LedgerPosting,
    NewReservation,
    backing_entries,
    discrepancy_entry,
    formula_entry,
    on_hand_entry,
    post,
    reserved_entry,
)
from openiom.inventory_visibility.locks import ensure_stock
from openiom.inventory_visibility.measures import ZERO
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LAMP, DESK = StockKey("", "LAMP", "SEA"), StockKey("", "DESK", "SEA")


@pytest.fixture
def stock(database: Database) -> Database:
    """The empty stock rows 1 (desk) and 2 (lamp)."""
    with database.unit_of_work() as session:
        assert ensure_stock(session, [LAMP, DESK], {}, NOW) == {DESK: 1, LAMP: 2}
    return database


def posted(
    database: Database, *entries: LedgerPosting, reservations: list[NewReservation] | None = None
) -> None:
    with database.unit_of_work() as session:
        post(session, entries, now=NOW, actor="test", reservations=reservations or [])


def row(database: Database, stock_id: int = 2) -> tuple[int, int, int, int]:
    """(on hand, reserved, overdraft, backed by variants)."""
    with database.reading() as session:
        ((on_hand, reserved, overdraft, backed),) = fetch(
            session,
            "SELECT on_hand::int, reserved::int, overdraft::int, backed_by_variants::int"
            " FROM inventory_visibility.stock WHERE id = %s",
            (stock_id,),
        )

    return on_hand, reserved, overdraft, backed


def measures(database: Database) -> dict[tuple[int, str, str], int]:
    with database.reading() as session:
        rows = fetch(
            session,
            "SELECT stock_id, data_source, measure, quantity::int"
            " FROM inventory_visibility.measure_balance",
        )
    return {(stock_id, source, measure): units for stock_id, source, measure, units in rows}


def locked(overdraft: int = 0, backed: int = 0) -> BackingChange:
    one = LockedStockRow(2, ROOT, ZERO, ZERO, ZERO, ZERO, oversell=False)
    return BackingChange(one, Decimal(overdraft), Decimal(backed))


def test_each_kind_of_entry_moves_its_own_balances() -> None:
    assert on_hand_entry(2, 5, "c", "d") == LedgerPosting(2, ("iom", "onhand"), 5, "c", "d", 1, 0)
    assert reserved_entry(2, 5, "c", "d") == LedgerPosting(
        2, ("iv", "softreservordered"), 5, "c", "d", 0, 1
    )
    physical = ("iv", "softreservphysical")
    assert reserved_entry(2, 5, "c", "d", physical).measure == physical
    assert discrepancy_entry(2, -5, "c", "d") == LedgerPosting(
        2, ("iom", "discrepancy"), -5, "c", "d"
    )
    assert formula_entry(2, Decimal(5), "c", "d") == LedgerPosting(
        2, ("", "on_hand"), 5, "c", "d", 1
    )


def test_backing_entries_are_made_for_what_changes() -> None:
    assert backing_entries(locked(), "c", "d") == []
    assert backing_entries(locked(3), "c", "d") == [
        LedgerPosting(2, ("", "overdraft"), 3, "c", "d")
    ]
    assert backing_entries(locked(-3, 2), "c", "d") == [
        LedgerPosting(2, ("", "overdraft"), -3, "c", "d"),
        LedgerPosting(2, ("", "backed_by_variants"), 2, "c", "d"),
    ]


def test_entries_move_measures_and_stock_rows_together(stock: Database) -> None:
    posted(
        stock,
        on_hand_entry(2, 9, "count", "C-1"),
        on_hand_entry(2, -2, "count", "C-2"),
        on_hand_entry(1, 4, "count", "C-3"),
        LedgerPosting(2, ("pos", "posoutbound"), 3, "api", "P-1", on_hand_sign=-1),
        discrepancy_entry(2, -6, "ship", "S-1"),
    )
    assert row(stock) == (4, 0, 0, 0)
    assert row(stock, 1) == (4, 0, 0, 0)
    assert measures(stock) == {
        (2, "iom", "onhand"): 7,
        (1, "iom", "onhand"): 4,
        (2, "pos", "posoutbound"): 3,
        (2, "iom", "discrepancy"): -6,
    }
    check(stock, ("ledger_adds_up_to_stock", "ledger_adds_up_to_measures"))


def test_entries_without_a_data_source_move_the_stock_row_alone(stock: Database) -> None:
    posted(
        stock,
        reserved_entry(2, 7, "reserve", "cart"),
        *backing_entries(locked(4, 3), "reserve", "cart"),
        formula_entry(2, Decimal(0), "configuration", "x"),
        reservations=[
            NewReservation(2, None, Decimal(7), None, "r", "iv", "softreservordered", "cart")
        ],
    )
    assert row(stock) == (0, 7, 4, 3)
    assert measures(stock) == {(2, "iv", "softreservordered"): 7}
    check(stock, ("ledger_adds_up_to_stock", "never_promise_twice"))


def test_reservations_are_created_by_the_statement_that_posts_them(stock: Database) -> None:
    posted(
        stock,
        on_hand_entry(2, 9, "count", "C-1"),
        reserved_entry(2, 3, "reserve", "cart"),
        reservations=[
            NewReservation(2, None, Decimal(3), NOW, "r", "iv", "softreservordered", "cart")
        ],
    )
    with stock.reading() as session:
        rows = fetch(
            session,
            "SELECT stock_id, quantity::int, open::int, created_at, expires_at, reference,"
            " document, per_unit FROM inventory_visibility.reservation",
        )

    assert rows == [(2, 3, 3, NOW, NOW, "r", "cart", 1)]
    check(stock, STOCK_INVARIANTS)


def test_no_entries_change_nothing(stock: Database) -> None:
    posted(stock)
    assert measures(stock) == {}


def test_entries_say_who_moved_what_and_why(stock: Database) -> None:
    posted(stock, on_hand_entry(2, 9, "count", "C-1")._replace(event_id="/e-1"))
    with stock.reading() as session:
        rows = fetch(
            session,
            "SELECT stock_id, recorded_at, data_source, measure, delta::int, on_hand_sign,"
            " reserved_sign, cause, document, actor, event_id"
            " FROM inventory_visibility.ledger_entry",
        )

    assert rows == [(2, NOW, "iom", "onhand", 9, 1, 0, "count", "C-1", "test", "/e-1")]


def test_an_event_is_entered_once(stock: Database) -> None:
    entry = on_hand_entry(2, 9, "count", "C-1")._replace(event_id="/e-1")
    posted(stock, entry)
    with pytest.raises(psycopg.errors.UniqueViolation):
        posted(stock, entry)
    assert row(stock) == (9, 0, 0, 0)


@pytest.mark.parametrize(
    "entries",
    [
        [reserved_entry(2, 1, "c", "d")],
        [reserved_entry(2, -1, "c", "d")],
        [LedgerPosting(2, ("", "overdraft"), -1, "c", "d")],
        [LedgerPosting(2, ("", "backed_by_variants"), -1, "c", "d")],
        [on_hand_entry(2, 5, "c", "d"), reserved_entry(2, 6, "c", "d")],
    ],
)
def test_the_database_forbids_a_promise_without_units(
    stock: Database, entries: list[LedgerPosting]
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        posted(stock, *entries)
    assert row(stock) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE inventory_visibility.ledger_entry SET delta = 1",
        "DELETE FROM inventory_visibility.ledger_entry",
    ],
)
def test_the_database_refuses_to_rewrite_entries(stock: Database, statement: str) -> None:
    posted(stock, on_hand_entry(2, 9, "count", "C-1"))
    with (
        pytest.raises(psycopg.errors.RaiseException, match="ledger_entry is append-only"),
        stock.unit_of_work() as session,
    ):
        execute(session, statement)


def test_pool_entries_move_the_allocation_measures() -> None:
    entries = pool_entries(
        2, allocated=Decimal(-3), consumed=Decimal(3), granted=Decimal(0), cause="c", document="d"
    )
    assert [(entry.measure[1], int(entry.delta)) for entry in entries] == [
        ("@allocated", -3),
        ("@consumed", 3),
        ("@cumulative_consumed", 3),
    ]
    granted = pool_entries(2, allocated=Decimal(5), consumed=ZERO, granted=Decimal(5), cause="c")
    assert [(entry.measure[1], int(entry.delta)) for entry in granted] == [
        ("@allocated", 5),
        ("@cumulative_allocated", 5),
    ]
    assert all(entry.measure[0] == "@iv" for entry in [*entries, *granted])
    assert pool_entries(2, allocated=ZERO, consumed=ZERO, cause="c") == []


def test_moves_of_one_pool_add_up_and_have_an_entry_each(stock: Database) -> None:
    with stock.unit_of_work() as session:
        ((pool,),) = fetch(
            session,
            "INSERT INTO inventory_visibility.allocation (stock_id, groups)"
            " VALUES (2, '{web}') RETURNING id",
        )
        moves = [
            PoolMove(pool, Decimal(9), "a", granted=Decimal(9)),
            PoolMove(pool, Decimal(-4), "b", consumed=Decimal(4)),
            PoolMove(pool, Decimal(1), "c", consumed=Decimal(-1)),
        ]
        move_pools(session, moves, "test", NOW, "planner")
        figures = fetch(
            session,
            "SELECT allocated::int, cumulative_allocated::int, consumed::int,"
            " cumulative_consumed::int FROM inventory_visibility.allocation",
        )
        entries = fetch(
            session,
            "SELECT operation, allocated::int, consumed::int, granted::int, document, actor,"
            " recorded_at FROM inventory_visibility.allocation_entry ORDER BY id",
        )

    assert figures == [(6, 9, 3, 3)]
    assert entries == [
        ("test", 9, 0, 9, "a", "planner", NOW),
        ("test", -4, 4, 0, "b", "planner", NOW),
        ("test", 1, -1, 0, "c", "planner", NOW),
    ]
