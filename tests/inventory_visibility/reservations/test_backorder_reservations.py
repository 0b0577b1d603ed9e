"""Stock kept for waiting lines: used by sourcing, kept longer, made permanent or released."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from tests.inventory_visibility.builders import NOW, balances, configured, product, stocked
from tests.inventory_visibility.invariants import check

from openiom.inventory_visibility import (
    ReservationExpiryWorker,
    SoftReservationRequest,
    StockReservationRequest,
    backorder_reserved,
    keep_backorder_reservations,
    line_reservations,
    release,
    release_backorder_reservations,
    reserve,
    soft_reserve,
    units_reserved_since,
)
from openiom.kernel import new_id
from openiom.platform.bulk import fetch
from openiom.platform.database import Database

SOON = NOW + timedelta(minutes=15)
LATER = NOW + timedelta(hours=2)


def reserved(
    database: Database,
    units: int,
    *,
    line_id: UUID | None = None,
    source: str = "SEA",
    name: str = "LAMP",
    expires_at: datetime | None = SOON,
) -> UUID:
    request = StockReservationRequest(
        line_id or new_id(), name, source, units, document="20480", expires_at=expires_at
    )
    with database.unit_of_work() as session:
        assert reserve(session, [request], NOW, "shop") == [True]

    return request.line_id


def sourced(database: Database, line_id: UUID, units: int, source: str = "SEA") -> bool:
    """Reserve permanently, using what the line has reserved already."""
    request = StockReservationRequest(line_id, "LAMP", source, units)
    with database.unit_of_work() as session:
        (granted,) = reserve(session, [request], NOW, "flow", backorder_lines=[line_id])
    return granted


def reservations(database: Database, line_id: UUID) -> list[tuple[int, int, bool]]:
    """(open units, released units, whether they expire) of a line, oldest first."""
    with database.reading() as session:
        return fetch(
            session,
            "SELECT open::int, released::int, expires_at IS NOT NULL"
            " FROM inventory_visibility.reservation WHERE line_id = %s ORDER BY id",
            (line_id,),
        )


@pytest.fixture
def lamps(database: Database) -> Database:
    configured(database, product("LAMP"), product("BULB"), product("SET", LAMP=1, BULB=3))
    stocked(database, LAMP__SEA=10, LAMP__CHI=10, BULB__SEA=40)
    return database


def test_sourcing_at_the_same_source_makes_the_reservation_permanent(lamps: Database) -> None:
    line_id = reserved(lamps, 4)
    assert sourced(lamps, line_id, 4)
    assert reservations(lamps, line_id) == [(4, 0, False)]
    assert balances(lamps)["LAMP", "SEA"] == (10, 4)
    check(lamps)


def test_sourcing_reserves_only_what_is_missing(lamps: Database) -> None:
    line_id = reserved(lamps, 4)
    reserved(lamps, 5)
    assert sourced(lamps, line_id, 5), "four of its own and the last free one"
    assert reservations(lamps, line_id) == [(4, 0, False), (1, 0, False)]
    assert balances(lamps)["LAMP", "SEA"] == (10, 10)
    check(lamps)


def test_units_that_sourcing_does_not_use_are_released(lamps: Database) -> None:
    line_id = reserved(lamps, 6)
    assert sourced(lamps, line_id, 4)
    assert reservations(lamps, line_id) == [(4, 2, False)]
    assert balances(lamps)["LAMP", "SEA"] == (10, 4)
    check(lamps)


def test_sourcing_elsewhere_releases_the_reservation(lamps: Database) -> None:
    line_id = reserved(lamps, 6)
    assert sourced(lamps, line_id, 6, "CHI")
    assert reservations(lamps, line_id) == [(0, 6, True), (6, 0, False)]
    assert balances(lamps)["LAMP", "SEA"] == (10, 0)
    assert balances(lamps)["LAMP", "CHI"] == (10, 6)
    check(lamps)


def test_a_line_that_is_not_granted_keeps_what_it_has(lamps: Database) -> None:
    line_id = reserved(lamps, 6)
    assert not sourced(lamps, line_id, 11)
    assert reservations(lamps, line_id) == [(6, 0, True)]
    check(lamps)


def test_the_units_of_one_line_count_for_no_other(lamps: Database) -> None:
    first, second = reserved(lamps, 6), reserved(lamps, 4)
    requests = [
        StockReservationRequest(second, "LAMP", "SEA", 5),
        StockReservationRequest(first, "LAMP", "SEA", 6),
    ]

    with lamps.unit_of_work() as session:
        granted = reserve(session, requests, NOW, "flow", backorder_lines=[first, second])

    assert granted == [False, True]
    assert reservations(lamps, second) == [(4, 0, True)]


def test_a_kit_uses_the_parts_its_line_has_reserved(lamps: Database) -> None:
    line_id = reserved(lamps, 2, name="SET")
    with lamps.reading() as session:
        found = backorder_reserved(session, [line_id], NOW)

    assert found == {line_id: {"SEA": 2}}
    request = StockReservationRequest(line_id, "SET", "SEA", 3)

    with lamps.unit_of_work() as session:
        assert reserve(session, [request], NOW, "flow", backorder_lines=[line_id]) == [True]

    assert balances(lamps)["BULB", "SEA"] == (40, 9)
    assert balances(lamps)["LAMP", "SEA"] == (10, 3)
    check(lamps)


def test_keeping_a_reservation_makes_it_permanent_or_extends_it(lamps: Database) -> None:
    line_id, other = reserved(lamps, 2), reserved(lamps, 3)
    with lamps.unit_of_work() as session:
        keep_backorder_reservations(session, [])
        keep_backorder_reservations(session, [line_id])
        keep_backorder_reservations(session, [other], until=LATER)
        keep_backorder_reservations(session, [other], until=NOW)

    with lamps.reading() as session:
        ends = fetch(session, "SELECT expires_at FROM inventory_visibility.reservation ORDER BY id")

    assert ends == [(None,), (LATER,)], "an earlier end shortens nothing"


def test_an_extended_reservation_survives_its_first_end(lamps: Database) -> None:
    line_id = reserved(lamps, 2)
    with lamps.unit_of_work() as session:
        keep_backorder_reservations(session, [line_id], until=LATER)
    worker = ReservationExpiryWorker()
    assert worker.run_once(lamps, limit=10, now=SOON).rows == 0
    assert worker.run_once(lamps, limit=10, now=LATER).rows == 1
    assert reservations(lamps, line_id) == [(0, 2, True)]


def test_only_backorder_reservations_are_released_as_such(lamps: Database) -> None:
    line_id = reserved(lamps, 2)
    reserved(lamps, 3, line_id=line_id, expires_at=None)

    with lamps.unit_of_work() as session:
        release_backorder_reservations(session, [], NOW, "flow", "given up")
        release_backorder_reservations(session, [line_id], NOW, "flow", "given up")

    assert reservations(lamps, line_id) == [(0, 2, True), (3, 0, False)]
    with lamps.unit_of_work() as session:
        assert release(session, [line_id], NOW, "flow") == 1

    assert reservations(lamps, line_id) == [(0, 2, True), (0, 3, False)]
    check(lamps)


def test_expired_and_permanent_units_are_counted_only_when_asked_for(lamps: Database) -> None:
    line_id = reserved(lamps, 2)
    reserved(lamps, 3, line_id=line_id, source="CHI", expires_at=None)
    with lamps.reading() as session:
        assert backorder_reserved(session, [line_id], NOW) == {line_id: {"SEA": 2}}
        assert backorder_reserved(session, [line_id], SOON) == {}
        both = backorder_reserved(session, [line_id], NOW, include_permanent=True)
        assert both == {line_id: {"SEA": 2, "CHI": 3}}
        assert backorder_reserved(session, [], NOW) == {}


def test_the_open_reservations_of_lines_are_read_without_a_lock(lamps: Database) -> None:
    line_id, other = reserved(lamps, 2), reserved(lamps, 3, source="CHI")
    with lamps.unit_of_work() as session:
        release(session, [other], NOW, "flow")
    with lamps.reading() as session:
        (found,) = line_reservations(session, [line_id, other])
    assert (found.line_id, found.product, found.source) == (line_id, "LAMP", "SEA")
    assert (found.organization, found.dimensions) == ("", "")
    assert (found.units, found.reserved_at) == (2, NOW)


def test_reserved_units_of_a_period_include_shipped_but_not_released_ones(
    lamps: Database,
) -> None:
    reserved(lamps, 2)
    released = reserved(lamps, 3)

    with lamps.unit_of_work() as session:
        release(session, [released], NOW, "flow")
        request = SoftReservationRequest("partner", "LAMP", "SEA", Decimal(4), check=False)
        soft_reserve(session, [request], now=NOW, actor="shop")

    with lamps.reading() as session:
        since = units_reserved_since(session, ["LAMP", "BULB"], NOW)
        after = units_reserved_since(session, ["LAMP"], NOW + timedelta(seconds=1))

    assert [(one.product, one.source, one.units) for one in since] == [("LAMP", "SEA", 2.0)]
    assert after == []
