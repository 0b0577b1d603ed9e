"""Filling requests for variants from shared stock rows."""

from itertools import product
from random import Random

from openiom.inventory_visibility.availability.hierarchy import ROOT, Level
from openiom.inventory_visibility.availability.variant_supply import VariantSupply, VariantUnits


def level(**values: str) -> Level:
    return frozenset(values.items())


RED, BLUE = level(color="red"), level(color="blue")
RED_M, BLUE_M = level(color="red", size="m"), level(color="blue", size="m")
M = level(size="m")


def supply(*rows: tuple[Level, int], reserved: int = 0) -> VariantSupply:
    units = [VariantUnits(at, quantity) for at, quantity in rows]
    return VariantSupply(units, [(ROOT, reserved)] if reserved else [])


def test_one_request_has_all_units_of_its_level_and_deeper_rows() -> None:
    stock = supply((RED, 2), (RED_M, 3), (BLUE_M, 4))
    assert stock.grant([(RED, 99)]) == [5]
    assert stock.grant([(M, 99)]) == [7]
    assert stock.grant([(RED_M, 2)]) == [2]
    assert stock.grant([(level(color="green"), 1)]) == [0]


def test_no_requests_are_granted_nothing() -> None:
    assert supply((RED, 2)).grant([]) == []


def test_units_kept_back_are_never_granted() -> None:
    stock = VariantSupply([VariantUnits(RED, 2, kept_back=True), VariantUnits(RED, 1)])
    assert stock.grant([(RED, 9)]) == [1]
    assert stock.grant([(RED, 1), (RED, 1)]) == [1, 0]


def test_an_earlier_request_moves_to_another_row_to_make_room() -> None:
    stock = supply((RED_M, 1), (BLUE_M, 1))
    assert stock.grant([(M, 1), (RED_M, 1)]) == [1, 1]
    assert stock.grant([(M, 1), (BLUE_M, 1)]) == [1, 1]


def test_an_earlier_request_keeps_what_it_has_when_there_is_no_other_row() -> None:
    stock = supply((RED_M, 1))
    assert stock.grant([(M, 1), (RED_M, 1)]) == [1, 0]


def test_a_chain_of_requests_moves_along_several_rows() -> None:
    large = level(color="red", size="l")
    stock = supply((RED_M, 1), (large, 1), (BLUE_M, 1))
    assert stock.grant([(M, 1), (RED, 1), (RED_M, 1)]) == [1, 1, 1]


def test_part_of_a_request_is_granted() -> None:
    stock = supply((RED_M, 3), (BLUE_M, 2))
    assert stock.grant([(RED, 2), (M, 9)]) == [2, 3]


def test_several_units_move_at_once() -> None:
    stock = supply((RED_M, 5), (BLUE_M, 5))
    assert stock.grant([(M, 5), (RED_M, 5)]) == [5, 5]
    assert stock.grant([(M, 7), (RED_M, 5)]) == [7, 3]


def test_units_that_coarse_reservations_need_are_not_granted() -> None:
    stock = supply((RED_M, 2), (BLUE_M, 2), reserved=3)
    assert stock.grant([(RED_M, 2)]) == [1]
    assert stock.grant([(RED_M, 1), (BLUE_M, 1)]) == [1, 0]


def test_a_reservation_rests_on_units_that_are_kept_back_first_if_it_can() -> None:
    stock = VariantSupply(
        [VariantUnits(RED, 2), VariantUnits(BLUE, 2, kept_back=True)], [(ROOT, 2)]
    )
    assert stock.grant([(RED, 2)]) == [2]


def test_a_reservation_needs_rows_deeper_than_its_own() -> None:
    stock = VariantSupply([VariantUnits(RED, 2)], [(RED, 1)])
    assert stock.grant([(RED, 2)]) == [2]


def test_granting_changes_nothing_for_the_next_call() -> None:
    stock = supply((RED_M, 1), (BLUE_M, 1))
    assert [stock.grant([(M, 2), (RED_M, 1)]) for _ in range(2)] == [[2, 0], [2, 0]]


def test_grants_are_as_good_as_trying_everything() -> None:
    """The same total as placing every unit in every way, and earlier requests first."""
    random = Random(7)
    values = [level(), *(level(c=c) for c in "rb"), *(level(s=s) for s in "ml")]
    values += [level(c=c, s=s) for c, s in product("rb", "ml")]

    for _ in range(400):
        rows = [
            VariantUnits(random.choice(values[1:]), random.randint(1, 3), random.random() < 0.2)
            for _ in range(4)
        ]
        reserved = [(level(), 1)] if random.random() < 0.3 else []
        requested = [
            (random.choice(values[1:]), random.randint(1, 3)) for _ in range(random.randint(1, 4))
        ]
        got = VariantSupply(rows, reserved).grant(requested)
        fits = reachable(rows, reserved, requested)
        most_reserved = max(vector[0] for vector in fits)
        kept = {vector[1:] for vector in fits if not reserved or vector[0] == most_reserved}
        assert tuple(got) == max(kept), (rows, reserved, requested)


def reachable(
    rows: list[VariantUnits], reserved: list[tuple[Level, int]], requested: list[tuple[Level, int]]
) -> set[tuple[int, ...]]:
    """Return every vector (reserved units, units of each request) that some placing makes."""
    found = {(0,) * (1 + len(requested))}
    for one in rows:
        takers = [0] if any(of < one.level for of, _ in reserved) else []
        takers += [
            n + 1 for n, (of, _) in enumerate(requested) if of <= one.level and not one.kept_back
        ]
        most = [sum(n for _, n in reserved), *(n for _, n in requested)]

        for _ in range(one.units):
            for vector, taker in product(list(found), takers):
                if vector[taker] < most[taker]:
                    found.add(with_one_more(vector, taker))

    return found


def with_one_more(vector: tuple[int, ...], taker: int) -> tuple[int, ...]:
    return (*vector[:taker], vector[taker] + 1, *vector[taker + 1 :])
