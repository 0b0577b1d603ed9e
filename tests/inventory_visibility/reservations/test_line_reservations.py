"""Stock is promised once, moves only through the ledger, and every refusal changes nothing."""

from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from threading import Barrier, Thread
from uuid import UUID

import psycopg
import pytest
from sqlalchemy.orm import Session
from tests.inventory_visibility.invariants import check

from openiom.inventory_visibility import (
    ShipmentPosting,
    StockChange,
    StockReservationRequest,
    available,
    change_on_hand,
    release,
    release_quantities,
    reserve,
    ship,
)
from openiom.kernel import new_id
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def stocked(session: Session, **units: int) -> None:
    changes = [StockChange("LAMP", source, Decimal(n)) for source, n in units.items()]
    assert change_on_hand(
        session, changes, mode="set", cause="count", document="c-1", now=NOW, actor="test"
    ) == [""] * len(units)


def lamp(line: UUID, quantity: int, source: str = "SEA") -> StockReservationRequest:
    return StockReservationRequest(line, "LAMP", source, quantity)


def balances(database: Database) -> dict[str, tuple[Decimal, Decimal]]:
    with database.reading() as session:
        rows = fetch(session, "SELECT source, on_hand, reserved FROM inventory_visibility.stock")
    return {source: (on_hand, reserved) for source, on_hand, reserved in rows}


def test_requests_are_granted_in_order_and_whole_or_not_at_all(database: Database) -> None:
    a, b, c = new_id(), new_id(), new_id()
    with database.unit_of_work() as session:
        stocked(session, SEA=10)
        assert reserve(session, [lamp(a, 6), lamp(b, 5), lamp(c, 4)], NOW, "test") == [
            True,
            False,
            True,
        ]

    assert balances(database) == {"SEA": (10, 10)}
    with database.reading() as session:
        assert available(session, ["LAMP"]) == {}

    check(database)


def test_unknown_stock_is_refused_and_makes_nothing(database: Database) -> None:
    with database.unit_of_work() as session:
        assert reserve(session, [lamp(new_id(), 1, "MOON")], NOW, "test") == [False]
    assert balances(database) == {}


def test_shipping_uses_the_reservation_and_releasing_gives_the_rest_back(
    database: Database,
) -> None:
    line = new_id()
    with database.unit_of_work() as session:
        stocked(session, SEA=10)
        reserve(session, [lamp(line, 6)], NOW, "test")
        ship(session, [ShipmentPosting(line, "LAMP", "SEA", 4, "parcel-1")], NOW, "test")

    assert balances(database) == {"SEA": (6, 2)}
    with database.unit_of_work() as session:
        assert release(session, [line], NOW, "test", "canceled") == 1
        assert release(session, [line], NOW, "test", "canceled") == 0

    assert balances(database) == {"SEA": (6, 0)}
    check(database)


def test_part_of_a_reservation_can_be_released(database: Database) -> None:
    line = new_id()
    with database.unit_of_work() as session:
        stocked(session, SEA=10)
        reserve(session, [lamp(line, 6)], NOW, "test")
        release_quantities(session, {line: 2}, NOW, "test")
    assert balances(database) == {"SEA": (10, 4)}
    check(database)


def test_units_shipped_beyond_the_book_are_a_discrepancy_never_a_negative_balance(
    database: Database,
) -> None:
    with database.unit_of_work() as session:
        stocked(session, SEA=3)
        ship(session, [ShipmentPosting(new_id(), "LAMP", "SEA", 5, "parcel-1")], NOW, "test")
        entries = fetch(
            session, "SELECT measure, delta FROM inventory_visibility.ledger_entry ORDER BY id"
        )

    assert entries == [("onhand", 3), ("onhand", -3), ("discrepancy", -2)]
    assert balances(database) == {"SEA": (0, 0)}
    check(database)


def test_a_count_below_what_is_promised_is_refused_by_item(database: Database) -> None:
    with database.unit_of_work() as session:
        stocked(session, SEA=10, CHI=1)
        reserve(session, [lamp(new_id(), 6)], NOW, "test")
        answers = change_on_hand(
            session,
            [StockChange("LAMP", "SEA", Decimal(5)), StockChange("LAMP", "CHI", Decimal(7))],
            mode="set",
            cause="count",
            document="c-2",
            now=NOW,
            actor="test",
        )

    assert answers == ["5 on hand would not cover the 6 units already reserved", ""]
    assert balances(database) == {"SEA": (10, 6), "CHI": (7, 0)}
    check(database)


def test_the_ledger_cannot_be_rewritten(database: Database) -> None:
    with database.unit_of_work() as session:
        stocked(session, SEA=10)
    with (
        pytest.raises(psycopg.errors.RaiseException, match="append-only"),
        database.unit_of_work() as session,
    ):
        execute(session, "UPDATE inventory_visibility.ledger_entry SET delta = 99")


def test_eight_buyers_racing_for_ten_units_win_exactly_ten(database: Database) -> None:
    with database.unit_of_work() as session:
        stocked(session, SEA=10, CHI=10)

    barrier, won = Barrier(8), []

    def buy(seed: int) -> None:
        random = Random(seed)
        barrier.wait()

        for _ in range(5):
            sources = ["SEA", "CHI"]
            random.shuffle(sources)

            with database.unit_of_work() as session:
                requests = [lamp(new_id(), 1, source) for source in sources]
                won.extend(
                    a.source
                    for a, ok in zip(requests, reserve(session, requests, NOW, "test"), strict=True)
                    if ok
                )

    threads = [Thread(target=buy, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    assert sorted(won) == ["CHI"] * 10 + ["SEA"] * 10
    check(database)
