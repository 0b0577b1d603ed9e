"""A transfer is demand at its origin until it ships, and supply at its destination."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest
from tests.inventory_visibility.builders import NOW, balances, stocked
from tests.inventory_visibility.invariants import INVARIANTS, check

from openiom.inventory_visibility import (
    Requester,
    StockReservationRequest,
    available,
    inventory_configuration,
    reserve,
)
from openiom.inventory_visibility.availability.dated_quantities import dated_quantities
from openiom.inventory_visibility.availability.promise_dates import PromiseRequest, promise_dates
from openiom.inventory_visibility.availability.timelines import timelines
from openiom.inventory_visibility.supply import (
    SupplyDocument,
    SupplyLineDocument,
    SupplyLineKey,
    SupplyMovement,
    close_short,
    receive_supply,
    ship_supply,
    upsert_supply_orders,
)
from openiom.inventory_visibility.supply.queries import SupplyLineFilter, list_supply_lines
from openiom.kernel import new_id
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database

TODAY = NOW.date()
NAME = SupplyLineKey("transfer", "T-1", 1)


def on(days: int) -> date:
    return TODAY + timedelta(days=days)


def line(
    quantity: int, leaves: int, arrives: int, *, number: int = 1, origin: str = "SEA"
) -> SupplyLineDocument:
    return SupplyLineDocument(
        number, "LAMP", "CHI", Decimal(quantity), on(arrives), origin=origin, ship_date=on(leaves)
    )


def put(database: Database, *lines: SupplyLineDocument) -> str:
    with database.unit_of_work() as session:
        return upsert_supply_orders(
            session, [SupplyDocument("transfer", "T-1", lines)], NOW, "test"
        )[0]


def ship(
    database: Database, identity: str, quantity: int, number: int = 1
) -> tuple[bool, bool, str]:
    with database.unit_of_work() as session:
        movement = SupplyMovement(
            identity, SupplyLineKey("transfer", "T-1", number), Decimal(quantity)
        )
        (answer,) = ship_supply(session, [movement], NOW, "test")
    return answer.ok, answer.duplicate, answer.reason


def receive(database: Database, identity: str, quantity: int, number: int = 1) -> bool:
    with database.unit_of_work() as session:
        movement = SupplyMovement(
            identity, SupplyLineKey("transfer", "T-1", number), Decimal(quantity)
        )
        return receive_supply(session, [movement], NOW, "test")[0].ok


def close(database: Database, *, unshipped_only: bool, number: int = 1) -> str:
    with database.unit_of_work() as session:
        name = SupplyLineKey("transfer", "T-1", number)
        return close_short(session, [name], NOW, "test", unshipped_only=unshipped_only)[0]


def scheduled(database: Database) -> dict[tuple[str, date], int]:
    query = (
        "SELECT s.source, b.day, b.quantity::int FROM inventory_visibility.schedule_balance b"
        " JOIN inventory_visibility.stock s ON s.id = b.stock_id WHERE b.quantity <> 0"
    )
    with database.reading() as session:
        return {(source, day): units for source, day, units in fetch(session, query)}


def promised(database: Database, quantity: int, source: str) -> date | None:
    with database.reading() as session:
        configuration = inventory_configuration(session)
        requests = [PromiseRequest({"LAMP": quantity}, source)]
        (found,) = promise_dates(session, requests, configuration=configuration, today=TODAY)
    return found.day if found else None


def test_a_transfer_is_demand_at_its_origin_and_supply_where_it_goes(database: Database) -> None:
    stocked(database, LAMP__SEA=10, LAMP__CHI=1)
    assert put(database, line(6, 2, 5)) == ""
    assert scheduled(database) == {("SEA", on(2)): -6, ("CHI", on(5)): 6}
    assert balances(database) == {("LAMP", "SEA"): (10, 0), ("LAMP", "CHI"): (1, 0)}
    assert [promised(database, 4, "SEA"), promised(database, 5, "SEA")] == [TODAY, None]
    assert [promised(database, 7, "CHI"), promised(database, 8, "CHI")] == [on(5), None]

    with database.reading() as session:
        (seen,) = timelines(
            session,
            "LAMP",
            source="SEA",
            today=TODAY,
            after="",
            limit=5,
            requester=Requester(),
        )
        (row,) = list_supply_lines(
            session, SupplyLineFilter(source="SEA", open_only=True), after=None, limit=5
        )

    assert (seen.free, seen.days[0].atp, seen.days[2].demand, seen.days[2].entries[0].document) == (
        10,
        4,
        6,
        "transfer T-1",
    )
    assert (row.origin, row.ship_date, row.to_ship, row.open) == ("SEA", on(2), 6, 6)
    check(database)


def test_a_transfer_that_is_late_to_leave_is_demand_until_it_ships(database: Database) -> None:
    stocked(database, LAMP__SEA=10, LAMP__CHI=0)
    assert put(database, line(10, -1, 3)) == ""
    assert [promised(database, 1, "SEA"), promised(database, 10, "CHI")] == [None, on(3)]

    with database.reading() as session:
        (seen,) = timelines(
            session, "LAMP", source="SEA", today=TODAY, after="", limit=5, requester=Requester()
        )
    today = seen.days[0]
    assert (today.demand, today.projected, today.atp) == (10, 0, 0)
    assert [(entry.document, entry.quantity) for entry in today.entries] == [("transfer T-1", -10)]

    assert ship(database, "s-1", 4)[0]
    assert promised(database, 1, "SEA") is None
    assert close(database, unshipped_only=True) == ""
    assert promised(database, 6, "SEA") == TODAY
    check(database)


def test_an_external_query_sees_late_transfers_as_demand_of_today(database: Database) -> None:
    stocked(database, LAMP__SEA=10)
    put(database, line(3, -9, 2), line(2, -1, 2, number=2), line(1, 4, 6, number=3))
    with database.reading() as session:
        configuration = inventory_configuration(session)
        ids = fetch(session, "SELECT id FROM inventory_visibility.stock WHERE source = 'SEA'")
        (found,) = dated_quantities(
            session, [[ids[0][0]]], configuration=configuration, today=TODAY
        )

    promises = [day["iv"]["availabletopromise"] for day in found.atp_quantities.values()]
    assert promises == [4.0] * 30
    assert found.quantities_by_date[f"{TODAY}T00:00:00"]["iom"] == {"onhand": -5.0}


def test_late_supply_is_not_promised(database: Database) -> None:
    stocked(database, LAMP__SEA=10)
    put(database, line(6, -3, -1))
    assert promised(database, 1, "CHI") is None
    assert [promised(database, 4, "SEA"), promised(database, 5, "SEA")] == [TODAY, None]


def test_scheduled_demand_does_not_keep_stock_from_being_reserved(database: Database) -> None:
    stocked(database, LAMP__SEA=10)
    put(database, line(6, 2, 5))

    with database.unit_of_work() as session:
        assert available(session, ["LAMP"]) == {("LAMP", "SEA"): 10}
        assert reserve(
            session, [StockReservationRequest(new_id(), "LAMP", "SEA", 7)], NOW, "t"
        ) == [True]

    assert balances(database)["LAMP", "SEA"] == (10, 7)
    assert promised(database, 1, "SEA") is None, "ten, less seven promised, less six that leave"
    assert ship(database, "s-1", 6) == (True, False, ""), "they left all the same"
    assert balances(database)["LAMP", "SEA"] == (4, 7)
    check(database)


def test_demand_shrinks_as_the_transfer_ships_in_parts(database: Database) -> None:
    stocked(database, LAMP__SEA=10)
    put(database, line(6, 2, 5))
    assert ship(database, "s-1", 4) == (True, False, "")
    assert ship(database, "s-1", 4) == (True, True, "")
    assert scheduled(database) == {("SEA", on(2)): -2, ("CHI", on(5)): 6}
    assert balances(database)["LAMP", "SEA"] == (6, 0)
    assert promised(database, 4, "SEA") == TODAY, "the same before and after it ships"
    assert receive(database, "r-1", 3)
    assert scheduled(database) == {("SEA", on(2)): -2, ("CHI", on(5)): 3}
    assert put(database, line(3, 2, 5)) == "4 units of line 1 were shipped already"
    assert put(database, line(5, 3, 6)) == ""
    assert scheduled(database) == {("SEA", on(3)): -1, ("CHI", on(6)): 2}
    assert ship(database, "s-2", 1)[0]
    assert receive(database, "r-2", 2)
    assert scheduled(database) == {}
    assert balances(database) == {("LAMP", "SEA"): (5, 0), ("LAMP", "CHI"): (5, 0)}
    check(database)


def test_received_units_have_left_the_origin_although_no_shipment_was_reported(
    database: Database,
) -> None:
    stocked(database, LAMP__SEA=10)
    put(database, line(6, 2, 5))
    assert receive(database, "r-1", 6)
    assert scheduled(database) == {}
    assert balances(database) == {("LAMP", "SEA"): (10, 0), ("LAMP", "CHI"): (6, 0)}
    assert ship(database, "s-1", 6)[0], "told late, and counted"
    assert balances(database)["LAMP", "SEA"] == (4, 0)
    check(database)


def test_a_canceled_transfer_keeps_what_is_on_its_way_and_a_closed_one_nothing(
    database: Database,
) -> None:
    stocked(database, LAMP__SEA=10)
    put(database, line(6, 2, 5))
    ship(database, "s-1", 4)
    assert close(database, unshipped_only=True) == ""
    assert scheduled(database) == {("CHI", on(5)): 4}
    assert close(database, unshipped_only=True) == "everything open of the line is on its way"
    check(database)
    assert close(database, unshipped_only=False) == ""
    assert scheduled(database) == {}
    assert close(database, unshipped_only=False) == "nothing of the line is open"
    check(database)


def test_a_transfer_may_get_an_origin_later_and_keeps_it(
    database: Database,
) -> None:
    stocked(database, LAMP__SEA=10)
    assert put(database, line(6, 5, 5, origin="")) == ""
    assert scheduled(database) == {("CHI", on(5)): 6}
    assert ship(database, "s-1", 1) == (False, False, "the line names no origin to ship from")
    assert put(database, line(6, 2, 5)) == ""
    assert scheduled(database) == {("SEA", on(2)): -6, ("CHI", on(5)): 6}
    assert (
        put(database, line(6, 2, 5, origin="NYC"))
        == "line 1 comes from SEA; close it and add another"
    )
    assert put(database, line(6, 2, 5, origin="CHI", number=2)) == "line 2 goes from CHI to itself"
    assert put(database, line(6, 6, 5, number=2)) == "line 2 leaves after it is expected"

    with database.unit_of_work() as session:
        answer = upsert_supply_orders(
            session, [SupplyDocument("purchase", "P", [line(6, 2, 5)])], NOW, "test"
        )

    assert answer == ["line 1 of a purchase order names an origin; only a transfer order has one"]
    check(database)


def test_random_transfers_keep_both_ends_consistent(database: Database) -> None:
    random = Random(11)
    stocked(database, LAMP__SEA=1_000)

    left = came = 0
    for step in range(150):
        number, units, move = random.randint(1, 4), random.randint(1, 6), random.random()
        if move < 0.4:
            leaves = random.randint(0, 9)
            put(
                database,
                line(random.randint(1, 30), leaves, leaves + random.randint(0, 5), number=number),
            )
        elif move < 0.65:
            left += units if ship(database, f"s-{step}", units, number)[0] else 0
        elif move < 0.9:
            came += units if receive(database, f"r-{step}", units, number) else 0
        else:
            close(database, unshipped_only=random.random() < 0.7, number=number)

        if step % 10 == 0:
            check(database)

    assert (balances(database)["LAMP", "SEA"], balances(database)["LAMP", "CHI"]) == (
        (1_000 - left, 0),
        (came, 0),
    )
    assert left
    assert came
    check(database)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE inventory_visibility.supply_line SET scheduled_demand = scheduled_demand - 1",
        "UPDATE inventory_visibility.supply_line SET ship_date = ship_date + 1",
        "UPDATE inventory_visibility.supply_line SET origin = 'NYC'",
        "UPDATE inventory_visibility.supply_shipment SET quantity = quantity + 1",
    ],
)
def test_the_invariant_of_transfers_finds_damage(database: Database, damage: str) -> None:
    stocked(database, LAMP__SEA=10)
    put(database, line(6, 2, 5))
    ship(database, "s-1", 2)
    check(database)
    with database.unit_of_work() as session:
        execute(session, damage)
        promise = (INVARIANTS / "open_transfers_are_scheduled_demand.sql").read_text()
        assert len(fetch(session, promise)) == 1
