"""Soft reservations at every level of the hierarchy, each event once."""

from datetime import UTC, datetime
from decimal import Decimal
from random import Random

import pytest
from tests.inventory_visibility.invariants import check

from openiom.inventory_visibility import (
    MeasureChange,
    ReservationResult,
    SoftReservationRequest,
    UnreserveRequest,
    post_measures,
    reference_of,
    soft_reserve,
    unreserve,
)
from openiom.inventory_visibility.measures import StockKey
from openiom.platform.bulk import fetch
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
RED, BLUE, SITE = (
    {"siteid": "1", "colorid": "red"},
    {"siteid": "1", "colorid": "blue"},
    {"siteid": "1"},
)


def supply(database: Database, units: int, dimensions: dict[str, str]) -> None:
    with database.unit_of_work() as session:
        change = MeasureChange(
            "x", "LAMP", "SEA", {("pos", "posinbound"): Decimal(units)}, dimensions=dimensions
        )
        assert post_measures(session, [change], now=NOW, actor="pos", cause="api")[0].ok
    check(database)


def request(
    units: int, dimensions: dict[str, str], event: str = "", **more: object
) -> SoftReservationRequest:
    return SoftReservationRequest(
        "x", "LAMP", "SEA", Decimal(units), dimensions, event_id=event, **more
    )  # type: ignore[arg-type]


def hold(database: Database, *requests: SoftReservationRequest) -> list[ReservationResult]:
    with database.unit_of_work() as session:
        answers = soft_reserve(session, requests, now=NOW, actor="shop")
    check(database)
    return answers


def back(
    database: Database, units: int, dimensions: dict[str, str], **more: object
) -> ReservationResult:
    with database.unit_of_work() as session:
        request = UnreserveRequest("x", "LAMP", "SEA", Decimal(units), dimensions, **more)  # type: ignore[arg-type]
        (answer,) = unreserve(session, [request], now=NOW, actor="shop")
    check(database)
    return answer


def rows(database: Database) -> dict[str, tuple[Decimal, ...]]:
    with database.reading() as session:
        found = fetch(
            session,
            "SELECT dimensions, on_hand, reserved, overdraft, backed_by_variants"
            " FROM inventory_visibility.stock"
            " WHERE dimensions <> ''",
        )
    return {row[0]: row[1:] for row in found}


def test_a_coarse_reservation_is_backed_by_deeper_rows_and_limits_deeper_ones(
    database: Database,
) -> None:
    supply(database, 4, RED)
    supply(database, 6, BLUE)
    first, second, third = hold(database, request(7, SITE), request(4, RED), request(3, RED))
    assert (first.ok, second.ok, third.ok) == (True, False, True)
    assert second.reason == "3 units are free at the source as a whole, requested 4"
    assert rows(database) == {
        "siteid=1": (0, 7, 0, 7),
        "colorid=red;siteid=1": (4, 3, 0, 0),
        "colorid=blue;siteid=1": (6, 0, 0, 0),
    }
    assert [a.ok for a in hold(database, request(1, SITE), request(1, BLUE), request(1, RED))] == [
        False
    ] * 3


def test_a_deeper_fact_that_takes_away_what_a_coarse_reservation_was_backed_by_is_overdraft_there(
    database: Database,
) -> None:
    supply(database, 4, RED)
    supply(database, 6, BLUE)
    assert hold(database, request(7, SITE))[0].ok
    supply(database, -5, BLUE)
    assert rows(database)["siteid=1"] == (0, 7, 2, 5)
    assert hold(database, request(1, RED))[0].ok is False
    supply(database, 2, RED)
    assert rows(database)["siteid=1"] == (0, 7, 0, 7)


def test_unchecked_reservations_take_what_is_not_there_and_book_it(database: Database) -> None:
    supply(database, 1, RED)
    assert hold(database, request(5, RED), request(5, RED, check=False, document="req 1"))[1].ok
    assert rows(database) == {"colorid=red;siteid=1": (1, 5, 4, 0)}
    assert back(database, 2, RED).ok
    assert rows(database) == {"colorid=red;siteid=1": (1, 3, 2, 0)}


def test_an_event_is_applied_once_and_a_refused_one_may_be_repeated(database: Database) -> None:
    supply(database, 2, RED)
    assert [
        (a.ok, a.duplicate)
        for a in hold(database, request(2, RED, "a"), request(2, RED, "a"), request(2, RED, "b"))
    ] == [
        (True, False),
        (True, True),
        (False, False),
    ]
    supply(database, 2, RED)
    assert [
        (a.ok, a.duplicate) for a in hold(database, request(2, RED, "a"), request(2, RED, "b"))
    ] == [
        (True, True),
        (True, False),
    ]
    assert rows(database) == {"colorid=red;siteid=1": (4, 4, 0, 0)}


def test_giving_back_takes_the_oldest_first_and_reports_the_surplus(database: Database) -> None:
    supply(database, 10, RED)
    (held, _) = hold(
        database,
        request(3, RED, document="one"),
        request(4, RED, measure="softreservphysical", document="two"),
    )
    assert held.reference == reference_of(StockKey("x", "LAMP", "SEA", "colorid=red;siteid=1"))
    answer = back(database, 4, RED, reference=held.reference, event_id="u")
    assert (answer.ok, answer.invalid) == (True, 0)
    assert back(database, 4, RED, event_id="u").duplicate

    with database.reading() as session:
        left = fetch(
            session,
            "SELECT document, open, released FROM inventory_visibility.reservation ORDER BY id",
        )

    assert left == [("one", 0, 3), ("two", 3, 1)]
    answer = back(database, 5, RED)
    assert (answer.ok, answer.invalid, answer.reason) == (
        True,
        2,
        "2 of 5 units were not reserved there",
    )
    assert back(database, 1, RED).ok is False
    assert rows(database) == {"colorid=red;siteid=1": (10, 0, 0, 0)}


def test_a_negative_reservation_undoes_one_of_the_same_batch(database: Database) -> None:
    supply(database, 3, RED)
    answers = hold(database, request(3, RED), request(-2, RED), request(2, RED), request(-9, RED))
    assert [(a.ok, a.invalid) for a in answers] == [(True, 0), (True, 0), (True, 0), (True, 6)]
    assert rows(database) == {"colorid=red;siteid=1": (3, 0, 0, 0)}


def test_what_cannot_be_a_reservation_is_refused_with_a_reason(database: Database) -> None:
    supply(database, 3, RED)
    size = {"siteid": "1", "sizeid": "small"}
    refused = hold(database, request(1, size), request(0, RED), request(1, RED, measure="onhand"))
    assert [a.ok for a in refused] == [False] * 3
    assert refused[0].reason == (
        "dimensions siteid, sizeid"
        " are not a beginning of siteid, colorid, sizeid, styleid without a gap"
    )
    assert back(database, 1, RED, reference="somebody else's").reason.startswith(
        "the reservation id belongs to"
    )
    assert rows(database) == {"colorid=red;siteid=1": (3, 0, 0, 0)}


@pytest.mark.parametrize("seed", range(6))
def test_random_requests_never_oversell_a_level(database: Database, seed: int) -> None:
    """Random supplies, reservations and releases at three levels against a recount of each."""
    random = Random(seed)
    places = [
        SITE,
        *({"siteid": "1", "colorid": c} for c in ("red", "blue")),
        *({"siteid": "1", "colorid": c, "sizeid": s} for c in ("red", "blue") for s in ("s", "m")),
    ]

    for _ in range(40):
        kind, place, units = random.choice("SRRRU"), random.choice(places), random.randint(1, 6)
        if kind == "S":
            supply(database, units, place)
        elif kind == "U":
            back(database, units, place)
        else:
            before = rows(database)
            (answer,) = hold(database, request(units, place))
            free = [_free(before, level) for level in _levels(place)]
            assert answer.ok is (min(free) >= units), (before, place, units)

    assert all(row[2] == 0 for row in rows(database).values()), (
        "supply only grew: nothing may stand on nothing"
    )


def _levels(place: dict[str, str]) -> list[dict[str, str]]:
    """The levels of the hierarchy from the product down to the place."""
    named = list(place.items())
    return [dict(named[:depth]) for depth in range(len(named) + 1)]


def _free(stock: dict[str, tuple[Decimal, ...]], level: dict[str, str]) -> Decimal:
    wanted = {f"{name}={value}" for name, value in level.items()}
    return sum(
        (row[0] - row[1] for text, row in stock.items() if wanted <= set(text.split(";"))),
        Decimal(0),
    )
