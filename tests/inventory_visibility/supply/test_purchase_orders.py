"""Purchase orders are dated supply until they are received or closed."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

import psycopg
import pytest
from tests.inventory_visibility.builders import (
    NOW,
    allocated,
    balances,
    configured,
    product,
    stocked,
)
from tests.inventory_visibility.invariants import check

from openiom.inventory_visibility import inventory_configuration
from openiom.inventory_visibility.availability.promise_dates import PromiseRequest, promise_dates
from openiom.inventory_visibility.supply import (
    SupplyDocument,
    SupplyLineDocument,
    SupplyLineKey,
    SupplyMovement,
    close_short,
    receive_supply,
    upsert_supply_orders,
)
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database

TODAY = NOW.date()


def on(days: int) -> date:
    return TODAY + timedelta(days=days)


def line(
    number: int, quantity: int, days: int, *, product: str = "LAMP", sure: str = "1"
) -> SupplyLineDocument:
    return SupplyLineDocument(number, product, "SEA", Decimal(quantity), on(days), Decimal(sure))


def put(database: Database, *lines: SupplyLineDocument, number: str = "PO-1") -> str:
    with database.unit_of_work() as session:
        return upsert_supply_orders(
            session, [SupplyDocument("purchase", number, lines)], NOW, "test"
        )[0]


def receive(
    database: Database, identity: str, number: int, quantity: int
) -> tuple[bool, bool, str]:
    with database.unit_of_work() as session:
        receipt = SupplyMovement(
            identity, SupplyLineKey("purchase", "PO-1", number), Decimal(quantity)
        )
        (answer,) = receive_supply(session, [receipt], NOW, "test")
    return answer.ok, answer.duplicate, answer.reason


def scheduled(database: Database) -> dict[date, int]:
    with database.reading() as session:
        query = (
            "SELECT day, sum(quantity)::int FROM inventory_visibility.schedule_balance GROUP BY day"
        )
        return {day: units for day, units in fetch(session, query) if units}


def promised(database: Database, quantity: int, **ahead: int) -> tuple[date, Decimal] | None:
    with database.reading() as session:
        configuration = inventory_configuration(session)
        requests = [PromiseRequest({"LAMP": quantity}, ahead=ahead)]
        (found,) = promise_dates(session, requests, configuration=configuration, today=TODAY)
    return (found.day, found.confidence) if found else None


def test_a_purchase_order_is_promised_amended_received_in_parts_and_closed_short(
    database: Database,
) -> None:
    stocked(database, LAMP__SEA=2)
    assert put(database, line(1, 10, 5, sure="0.8"), line(2, 4, 9)) == ""
    assert scheduled(database) == {on(5): 10, on(9): 4}
    assert balances(database) == {("LAMP", "SEA"): (2, 0)}
    assert promised(database, 2) == (TODAY, 1)
    assert promised(database, 12) == (on(5), Decimal("0.800"))
    assert promised(database, 17) is None
    assert put(database, line(1, 12, 7, sure="0.5")) == ""
    assert scheduled(database) == {on(7): 12, on(9): 4}
    assert promised(database, 12) == (on(7), Decimal("0.500"))
    assert receive(database, "r-1", 1, 5) == (True, False, "")
    assert receive(database, "r-1", 1, 5) == (True, True, "")
    assert scheduled(database) == {on(7): 7, on(9): 4}
    assert balances(database) == {("LAMP", "SEA"): (7, 0)}
    check(database)

    with database.unit_of_work() as session:
        name = SupplyLineKey("purchase", "PO-1", 1)
        assert close_short(session, [name, name], NOW, "test") == [
            "",
            "nothing of the line is open",
        ]

    assert scheduled(database) == {on(9): 4}
    assert put(database, line(1, 20, 7)) == "line 1 was closed short; add another"
    assert receive(database, "r-2", 1, 3) == (True, False, ""), (
        "what comes late stands there all the same"
    )
    assert balances(database) == {("LAMP", "SEA"): (10, 0)}
    assert scheduled(database) == {on(9): 4}

    with database.reading() as session:
        published = fetch(
            session,
            "SELECT data FROM platform.business_event"
            " WHERE name = 'inventory.received' ORDER BY id",
        )

    assert [(t[0]["document"], t[0]["keys"], t[0]["units"][0]["quantity"]) for t in published] == [
        ("purchase PO-1", [["LAMP", "SEA"]], "5"),
        ("purchase PO-1", [["LAMP", "SEA"]], "3"),
    ]
    check(database)


def test_more_than_was_ordered_is_received_and_nothing_stays_scheduled(database: Database) -> None:
    put(database, line(1, 10, 5))
    assert receive(database, "r-1", 1, 14) == (True, False, "")
    assert scheduled(database) == {}
    assert balances(database) == {("LAMP", "SEA"): (14, 0)}
    assert put(database, line(1, 11, 5)) == "14 units of line 1 were received already"
    check(database)


def test_refused_documents_change_nothing_and_let_the_others_through(database: Database) -> None:
    put(database, line(1, 10, 5))
    documents = [
        SupplyDocument("purchase", "PO-1", [line(1, 7, 5, product="DESK"), line(2, 1, 1)]),
        SupplyDocument("purchase", "PO-2", [line(1, 1, 1), line(1, 2, 2)]),
        SupplyDocument("transfer", "PO-1", [line(1, 3, 2)]),
        SupplyDocument("transfer", "PO-1", [line(1, 9, 2)]),
    ]

    with database.unit_of_work() as session:
        answers = upsert_supply_orders(session, documents, NOW, "test")

    assert answers == [
        "line 1 is for LAMP to SEA; close it and add another",
        "a line number appears twice",
        "",
        "transfer PO-1 appears twice in this request",
    ]
    assert scheduled(database) == {on(5): 10, on(2): 3}
    assert receive(database, "r-1", 9, 1) == (False, False, "there is no such line")
    check(database)


def test_a_promise_respects_requests_ahead_and_units_kept_back(
    database: Database,
) -> None:
    configured(
        database, product("LAMP"), ("stock_policy", "p", {"title": "P", "safety_stock": "1"})
    )
    stocked(database, LAMP__SEA=5)
    allocated(database, "LAMP", "SEA", 2, "Online")
    put(database, line(1, 10, 5), line(2, 10, 8))
    assert promised(database, 2) == (TODAY, 1)
    assert promised(database, 3) == (on(5), 1)
    assert promised(database, 3, LAMP=12) == (on(8), 1)
    assert promised(database, 3, LAMP=20) is None


def test_random_supply_lines_keep_schedule_and_stock_consistent(database: Database) -> None:
    random = Random(5)
    on_hand = 0
    for step in range(120):
        number = random.randint(1, 5)
        move = random.random()
        if move < 0.5:
            put(database, line(number, random.randint(1, 30), random.randint(0, 20)))
        elif move < 0.85:
            quantity = random.randint(1, 6)
            ok, _, _ = receive(database, f"r-{step}", number, quantity)
            on_hand += quantity if ok else 0
        elif move < 0.9:
            with database.unit_of_work() as session:
                close_short(session, [SupplyLineKey("purchase", "PO-1", number)], NOW, "test")

    assert balances(database) == {("LAMP", "SEA"): (on_hand, 0)}
    with database.reading() as session:
        open_units = fetch(
            session,
            "SELECT coalesce(sum(greatest(0, quantity - received - closed)), 0)::int"
            " FROM inventory_visibility.supply_line",
        )

    assert sum(scheduled(database).values()) == open_units[0][0]
    check(database)


def test_what_was_scheduled_or_allocated_cannot_be_rewritten(database: Database) -> None:
    stocked(database, LAMP__SEA=5)
    allocated(database, "LAMP", "SEA", 2, "Online")
    put(database, line(1, 10, 5))

    for table in ("schedule_entry", "allocation_entry"):
        with (
            pytest.raises(psycopg.errors.RaiseException, match="append-only"),
            database.unit_of_work() as session,
        ):
            execute(session, f"DELETE FROM inventory_visibility.{table}")

    check(database)
