"""Locks on stock: missing rows are created first, and families are locked by their root."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Event, Thread

import pytest
from tests.inventory_visibility.builders import configured, product, stocked

from openiom.inventory_visibility import (
    MeasureChange,
    SoftReservationRequest,
    StockKey,
    StockReservationRequest,
    lock_stock,
    post_measures,
    reserve,
    soft_reserve,
)
from openiom.inventory_visibility.availability.hierarchy import ROOT
from openiom.inventory_visibility.locks import (
    ensure_own_stock,
    ensure_stock,
    lock_families,
    lock_ids,
    lock_keys,
    lock_lines,
    lock_rows,
    open_reservations,
)
from openiom.kernel import new_id
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LAMP, DESK = StockKey("", "LAMP", "SEA"), StockKey("", "DESK", "SEA")
RED = StockKey("", "TEE", "SEA", "colorid=red")
RED_LEVEL = frozenset({("colorid", "red")})


def keys(database: Database) -> list[tuple[str, str, str, str, dict[str, str]]]:
    with database.reading() as session:
        return fetch(
            session,
            "SELECT organization, product, source, dimensions, dimension_values"
            " FROM inventory_visibility.stock ORDER BY id",
        )


def test_missing_rows_are_created_with_their_roots_and_nothing_on_hand(database: Database) -> None:
    with database.unit_of_work() as session:
        ids = ensure_stock(session, [RED, LAMP], {RED.dimensions: RED_LEVEL}, NOW)
    assert set(ids) == {RED, RED.root, LAMP}
    assert keys(database) == [
        ("", "LAMP", "SEA", "", {}),
        ("", "TEE", "SEA", "", {}),
        ("", "TEE", "SEA", "colorid=red", {"colorid": "red"}),
    ]


def test_known_rows_keep_their_ids(database: Database) -> None:
    with database.unit_of_work() as session:
        first = ensure_stock(session, [LAMP], {}, NOW)
        second = ensure_stock(session, [LAMP, DESK], {}, NOW)
    assert second[LAMP] == first[LAMP]
    assert second[DESK] != first[LAMP]
    assert len(keys(database)) == 2


def test_own_stock_is_created_by_product_and_source(database: Database) -> None:
    with database.unit_of_work() as session:
        ensure_own_stock(session, {("LAMP", "SEA"), ("LAMP", "CHI")}, NOW)
        ensure_own_stock(session, [], NOW)
    assert [key[1:3] for key in keys(database)] == [("LAMP", "CHI"), ("LAMP", "SEA")]


@pytest.fixture
def tees(database: Database) -> Database:
    """A root with two units, five red ones of which three are reserved, and another company's."""
    changes = [
        MeasureChange("", "TEE", "SEA", {("pos", "posinbound"): Decimal(2)}),
        MeasureChange(
            "", "TEE", "SEA", {("pos", "posinbound"): Decimal(5)}, dimensions={"colorid": "red"}
        ),
        MeasureChange("partner", "TEE", "SEA", {("pos", "posinbound"): Decimal(9)}),
    ]
    with database.unit_of_work() as session:
        post_measures(session, changes, now=NOW, actor="pos", cause="api")
        request = SoftReservationRequest("", "TEE", "SEA", Decimal(3), {"colorid": "red"})
        assert soft_reserve(session, [request], now=NOW, actor="shop")[0].ok

    return database


def test_a_family_has_all_its_rows_by_level(tees: Database) -> None:
    with tees.unit_of_work() as session:
        families = lock_families(session, [("", "TEE", "SEA"), ("", "LAMP", "SEA")])
    own = families["", "TEE", "SEA"].rows
    assert set(own) == {ROOT, RED_LEVEL}
    assert (own[ROOT].on_hand, own[ROOT].reserved) == (2, 0)
    assert (own[RED_LEVEL].on_hand, own[RED_LEVEL].reserved) == (5, 3)
    assert families["", "LAMP", "SEA"].rows == {}


def test_locking_rows_creates_missing_ones_first(tees: Database) -> None:
    blue = RED._replace(dimensions="colorid=blue")
    level = frozenset({("colorid", "blue")})
    with tees.unit_of_work() as session:
        families = lock_rows(session, [blue, RED], {blue.dimensions: level}, NOW)
    assert set(families["", "TEE", "SEA"].rows) == {ROOT, RED_LEVEL, level}
    with tees.unit_of_work() as session:
        assert lock_families(session, []) == {}


def test_own_root_rows_are_locked_by_key(tees: Database) -> None:
    with tees.unit_of_work() as session:
        found = lock_stock(session, [("TEE", "SEA"), ("TEE", "SEA"), ("TEE", "CHI")])
    assert list(found) == [("TEE", "SEA")]
    assert (found["TEE", "SEA"].on_hand, found["TEE", "SEA"].level) == (2, ROOT)


def test_rows_locked_by_id_know_which_of_them_are_own_roots(tees: Database) -> None:
    with tees.unit_of_work() as session:
        rows = fetch(
            session,
            "SELECT organization || dimensions, id FROM inventory_visibility.stock",
        )
        ids = dict(rows)
        stock = lock_ids(session, ids.values())
        deeper = lock_ids(session, [ids["colorid=red"]])

    assert set(stock.rows) == set(ids.values())
    assert stock.own == {("TEE", "SEA"): stock.rows[ids[""]]}
    assert list(deeper.rows) == [ids["colorid=red"]]
    assert deeper.own == {}


def test_the_lock_of_a_root_keeps_other_transactions_from_the_whole_family(
    tees: Database,
) -> None:
    started, locked = Event(), Event()

    def reserve_red() -> None:
        with tees.unit_of_work() as session:
            started.set()
            request = SoftReservationRequest("", "TEE", "SEA", Decimal(1), {"colorid": "red"})
            soft_reserve(session, [request], now=NOW, actor="shop")
            locked.set()

    thread = Thread(target=reserve_red)
    with tees.unit_of_work() as session:
        lock_stock(session, [("TEE", "SEA")])
        thread.start()
        assert started.wait(20)
        assert not locked.wait(0.3)

    thread.join(20)
    assert locked.is_set()


def test_two_transactions_that_lock_in_different_orders_do_not_deadlock(
    database: Database,
) -> None:
    stocked(database, LAMP__SEA=1, DESK__SEA=1)
    finished = []

    def lock(*products: str) -> None:
        for _ in range(20):
            with database.unit_of_work() as session:
                lock_stock(session, [(product, "SEA") for product in products])
                execute(session, "SELECT pg_sleep(0.001)")
        finished.append(products)

    threads = [
        Thread(target=lock, args=("LAMP", "DESK")),
        Thread(target=lock, args=("DESK", "LAMP")),
    ]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join(60)

    assert len(finished) == 2


def test_lines_are_locked_with_their_stock_and_that_of_other_keys(database: Database) -> None:
    configured(database, product("LAMP"), product("DESK"))
    stocked(database, LAMP__SEA=10, DESK__SEA=10, LAMP__CHI=10)
    permanent, expiring = new_id(), new_id()
    requests = [
        StockReservationRequest(permanent, "LAMP", "SEA", 2, "S-1"),
        StockReservationRequest(expiring, "DESK", "SEA", 3, "S-2", NOW + timedelta(hours=1)),
    ]

    with database.unit_of_work() as session:
        assert reserve(session, requests, NOW, "shop") == [True, True]

    with database.unit_of_work() as session:
        both, stock = lock_lines(session, [permanent, expiring], [("LAMP", "CHI")])
        ending, fewer = lock_lines(session, [permanent, expiring], expiring_only=True)
        none, nothing = lock_lines(session, [new_id()])

    assert [(one.product, one.open, one.document) for one in both] == [
        ("LAMP", 2, "S-1"),
        ("DESK", 3, "S-2"),
    ]
    assert set(stock.own) == {("LAMP", "SEA"), ("DESK", "SEA"), ("LAMP", "CHI")}
    assert [(one.line_id, one.per_unit) for one in ending] == [(expiring, 1)]
    assert set(fewer.own) == {("DESK", "SEA")}
    assert (none, nothing.rows) == ([], {})


def test_open_reservations_are_read_by_condition_oldest_first(database: Database) -> None:
    stocked(database, LAMP__SEA=10)
    lines = [new_id() for _ in range(3)]
    requests = [StockReservationRequest(line, "LAMP", "SEA", 1) for line in lines]
    with database.unit_of_work() as session:
        reserve(session, requests, NOW, "shop")
        found = open_reservations(session, "r.line_id = ANY(%s)", (lines[:2],))
    assert [one.line_id for one in found] == lines[:2]
    assert (found[0].data_source, found[0].measure) == ("iv", "softreservordered")


def test_keys_are_locked_by_their_roots_whether_their_rows_are_new_or_known(
    database: Database,
) -> None:
    values = {RED.dimensions: RED_LEVEL}
    with database.unit_of_work() as session:
        ensure_stock(session, [LAMP], {}, NOW)

    with database.unit_of_work() as session:
        created = lock_keys(session, [RED, LAMP], values, NOW)

    with database.unit_of_work() as session, database.unit_of_work() as other:
        assert lock_keys(session, [RED, LAMP], values, NOW) == created
        free = fetch(
            other,
            "SELECT id FROM inventory_visibility.stock FOR NO KEY UPDATE SKIP LOCKED",
        )
        assert free == [(created[RED],)]

    assert set(created) == {RED, RED.root, LAMP}
    names = [("LAMP", ""), ("TEE", ""), ("TEE", RED.dimensions)]
    assert [row[1:4:2] for row in keys(database)] == names
