"""Kits are available, reserved, shipped and released as their parts."""

from collections import Counter
from random import Random

from tests.inventory_visibility.builders import NOW, balances, configured, product, stocked
from tests.inventory_visibility.invariants import check

from openiom.inventory_visibility import (
    ShipmentPosting,
    StockReservationRequest,
    available,
    release,
    release_quantities,
    reserve,
    ship,
)
from openiom.kernel import new_id
from openiom.platform.bulk import fetch
from openiom.platform.database import Database


def want(name: str, quantity: int, source: str = "SEA") -> StockReservationRequest:
    return StockReservationRequest(new_id(), name, source, quantity)


def granted(database: Database, *requests: StockReservationRequest) -> list[bool]:
    with database.unit_of_work() as session:
        return reserve(session, requests, NOW, "test")


def test_lines_and_kits_that_share_a_part_are_checked_against_their_sum(database: Database) -> None:
    configured(
        database,
        product("BOLT"),
        product("TOP"),
        product("LEG", BOLT=2),
        product("TABLE", TOP=1, LEG=4),
    )
    stocked(database, BOLT__SEA=20, TOP__SEA=9, BOLT__CHI=100)

    with database.reading() as session:
        assert available(session, ["TABLE", "LEG"]) == {
            ("TABLE", "SEA"): 2,
            ("LEG", "SEA"): 10,
            ("LEG", "CHI"): 50,
        }

    requests = [
        want("TABLE", 1),
        want("LEG", 6),
        want("TABLE", 1),
        want("BOLT", 1),
        want("TABLE", 1, "CHI"),
    ]
    assert granted(database, *requests) == [True, True, False, False, False]
    assert balances(database) == {
        ("BOLT", "SEA"): (20, 20),
        ("TOP", "SEA"): (9, 1),
        ("BOLT", "CHI"): (100, 0),
    }
    check(database)


def test_a_kit_ships_and_is_released_by_the_parts_it_was_reserved_with(database: Database) -> None:
    configured(database, product("BOLT"), product("TOP"), product("TABLE", TOP=1, BOLT=8))
    stocked(database, BOLT__SEA=100, TOP__SEA=10)
    line = want("TABLE", 5)
    assert granted(database, line) == [True]
    configured(database, product("TABLE", TOP=1, BOLT=4))

    with database.unit_of_work() as session:
        ship(session, [ShipmentPosting(line.line_id, "TABLE", "SEA", 2, "parcel-1")], NOW, "test")
        release_quantities(session, {line.line_id: 1}, NOW, "test")

    assert balances(database) == {("BOLT", "SEA"): (84, 16), ("TOP", "SEA"): (8, 2)}
    with database.unit_of_work() as session:
        release(session, [line.line_id], NOW, "test")

    assert balances(database) == {("BOLT", "SEA"): (84, 0), ("TOP", "SEA"): (8, 0)}
    check(database)


Bundles = dict[str, dict[str, int]]


def leaves_of(kits: Bundles, name: str, units: int) -> Counter[str]:
    if name not in kits:
        return Counter({name: units})
    out: Counter[str] = Counter()
    for part, each in kits[name].items():
        out += leaves_of(kits, part, units * each)
    return out


def random_bundles(random: Random, prefix: str) -> tuple[list[str], Bundles]:
    leaves = [f"L{prefix}_{n}" for n in range(4)]
    names, kits = list(leaves), Bundles()
    for n in range(4):
        kits[f"K{prefix}_{n}"] = {
            part: random.randint(1, 3) for part in random.sample(names, random.randint(1, 3))
        }
        names.append(f"K{prefix}_{n}")
    return leaves, kits


def expected(
    requests: list[StockReservationRequest], kits: Bundles, on_hand: dict[str, int]
) -> dict[StockReservationRequest, Counter[str]]:
    """Who gets what when every ask is looked at alone, in order, leaf by leaf."""
    left, granted_parts = dict(on_hand), dict[StockReservationRequest, Counter[str]]()
    for request in requests:
        needs = leaves_of(kits, request.product, request.quantity)
        if all(left[part] >= units for part, units in needs.items()):
            granted_parts[request] = needs
            for part, units in needs.items():
                left[part] -= units

    return granted_parts


def test_random_bundles_conserve_every_part(database: Database) -> None:
    random = Random(11)
    for round_ in range(12):
        leaves, kits = random_bundles(random, str(round_))
        configured(
            database,
            *(product(leaf) for leaf in leaves),
            *(product(k, **parts) for k, parts in kits.items()),
        )
        on_hand = {leaf: random.randint(10, 60) for leaf in leaves}
        stocked(database, **{f"{leaf}__SEA": units for leaf, units in on_hand.items()})
        requests = [want(random.choice([*leaves, *kits]), random.randint(1, 3)) for _ in range(25)]
        granted_parts = expected(requests, kits, on_hand)
        assert granted(database, *requests) == [request in granted_parts for request in requests]
        reserved = sum(granted_parts.values(), Counter[str]())
        assert book(database, leaves) == {leaf: (on_hand[leaf], reserved[leaf]) for leaf in leaves}

        for request, needs in granted_parts.items():
            shipped = random.randint(0, request.quantity)
            with database.unit_of_work() as session:
                ship(
                    session,
                    [ShipmentPosting(request.line_id, request.product, "SEA", shipped, "p")]
                    if shipped
                    else [],
                    NOW,
                    "t",
                )
                release(session, [request.line_id], NOW, "test")

            for part, units in needs.items():
                on_hand[part] -= units * shipped // request.quantity

        assert book(database, leaves) == {leaf: (on_hand[leaf], 0) for leaf in leaves}

    check(database)
    with database.reading() as session:
        lost = fetch(
            session,
            "SELECT count(*) FROM inventory_visibility.ledger_entry WHERE measure = 'discrepancy'",
        )

    assert lost == [(0,)]


def book(database: Database, leaves: list[str]) -> dict[str, tuple[int, int]]:
    return {part: units for (part, _), units in balances(database).items() if part in leaves}
