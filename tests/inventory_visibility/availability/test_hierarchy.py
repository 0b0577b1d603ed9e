"""Availability along the dimension hierarchy: what fits, and what reserved units rest on."""

from decimal import Decimal
from itertools import count
from random import Random

import pytest

from openiom.inventory_visibility.availability.hierarchy import (
    INFINITE,
    ROOT,
    BackingChange,
    Level,
    LockedStockRow,
    StockFamily,
    levels_of,
    shrunk_backing,
)

HIERARCHY = ("siteid", "colorid", "sizeid")


def level(**values: str) -> Level:
    return frozenset(values.items())


RED, BLUE = level(colorid="red"), level(colorid="blue")
RED_M = level(colorid="red", sizeid="m")
NUMBERS = count(1)


def row(
    at: Level = ROOT,
    *,
    on_hand: int = 0,
    reserved: int = 0,
    overdraft: int = 0,
    backed: int = 0,
    oversell: bool = False,
) -> LockedStockRow:
    return LockedStockRow(
        id=next(NUMBERS),
        level=at,
        on_hand=Decimal(on_hand),
        reserved=Decimal(reserved),
        overdraft=Decimal(overdraft),
        backed_by_variants=Decimal(backed),
        oversell=oversell,
    )


def family(*rows: LockedStockRow) -> StockFamily:
    return StockFamily({one.level: one for one in rows})


def changes(stock: StockFamily) -> dict[Level, tuple[int, int]]:
    found = {}
    for change in stock.rebalance():
        found[change.row.level] = (int(change.overdraft), int(change.backed_by_variants))
    return found


def test_a_row_is_free_as_far_as_it_is_not_reserved() -> None:
    assert row(on_hand=10, reserved=3).free == 7
    assert row(on_hand=3, reserved=5).free == -2
    assert row(oversell=True).free == INFINITE


def test_free_units_of_a_level_are_those_of_its_row_and_all_deeper_rows() -> None:
    stock = family(
        row(on_hand=2), row(RED, on_hand=5, reserved=1), row(RED_M, on_hand=3), row(BLUE)
    )
    assert stock.free(ROOT) == 9
    assert stock.free(RED) == 7
    assert stock.free(RED_M) == 3
    assert stock.free(BLUE) == 0


def test_reserving_changes_the_free_units_of_its_level_and_every_coarser_one() -> None:
    stock = family(row(on_hand=2), row(RED, on_hand=5), row(BLUE, on_hand=4))
    assert [stock.free(one) for one in (ROOT, RED, BLUE)] == [11, 5, 4]
    stock.reserve(RED, Decimal(3))
    assert [stock.free(one) for one in (ROOT, RED, BLUE)] == [8, 2, 4]
    assert stock.rows[RED].reserved == 3
    stock.reserve(RED, Decimal(-1))
    assert [stock.free(one) for one in (ROOT, RED, BLUE)] == [9, 3, 4]


def test_supply_changes_the_free_units_of_its_level_and_every_coarser_one() -> None:
    stock = family(row(), row(RED, on_hand=1))
    assert stock.free(ROOT) == 1
    stock.add_supply(RED, Decimal(4))
    assert (stock.free(ROOT), stock.free(RED)) == (5, 5)
    assert stock.rows[RED].on_hand == 5
    stock.add_supply(ROOT, Decimal(2))
    assert (stock.free(ROOT), stock.free(RED)) == (7, 5)


def test_a_request_must_fit_every_level() -> None:
    stock = family(row(reserved=4), row(RED, on_hand=5))
    assert stock.refusal([ROOT], Decimal(1)) == ""
    assert stock.refusal([ROOT, RED], Decimal(1)) == ""
    assert (
        stock.refusal([ROOT, RED], Decimal(2))
        == "1 units are free at the source as a whole, requested 2"
    )
    assert (
        family(row(on_hand=9), row(RED, on_hand=2)).refusal([ROOT, RED], Decimal(3))
        == "2 units are free at colorid red, requested 3"
    )


def test_a_refusal_names_all_values_in_order_and_never_negative_units() -> None:
    stock = family(row(on_hand=20), row(RED_M, on_hand=1, reserved=3))
    assert (
        stock.refusal([RED_M], Decimal("0.5"))
        == "0 units are free at colorid red, sizeid m, requested 0.5"
    )


def test_exactly_what_is_free_fits() -> None:
    assert family(row(on_hand=5, reserved=2)).refusal([ROOT], Decimal(3)) == ""


@pytest.mark.parametrize(
    ("stock_row", "expected"),
    [
        (row(on_hand=5, reserved=5), {}),
        (row(on_hand=5, reserved=7), {ROOT: (2, 0)}),
        (row(on_hand=5, reserved=7, overdraft=2), {}),
        (row(on_hand=9, reserved=7, overdraft=2), {ROOT: (-2, 0)}),
        (row(on_hand=9, reserved=7, backed=1), {ROOT: (0, -1)}),
        (row(on_hand=0, reserved=7, oversell=True), {}),
        (row(on_hand=0, reserved=7, overdraft=3, oversell=True), {ROOT: (-3, 0)}),
    ],
)
def test_a_single_row_has_overdraft_for_what_its_own_units_do_not_cover(
    stock_row: LockedStockRow, expected: dict[Level, tuple[int, int]]
) -> None:
    assert changes(family(stock_row)) == expected


def test_coarse_reservations_rest_on_the_surplus_of_deeper_rows() -> None:
    stock = family(row(on_hand=1, reserved=4), row(RED, on_hand=2), row(BLUE, on_hand=5))
    assert changes(stock) == {ROOT: (0, 3)}
    assert stock.rows[ROOT].backed_by_variants == 3
    assert changes(stock) == {}, "a second pass finds nothing to change"


def test_what_no_deeper_surplus_covers_is_overdraft() -> None:
    stock = family(row(reserved=4), row(RED, on_hand=2, reserved=1))
    assert changes(stock) == {ROOT: (3, 1)}


def test_a_deeper_row_without_cover_is_overdrawn_itself_and_offers_nothing_above() -> None:
    stock = family(row(reserved=2), row(RED, on_hand=1, reserved=4))
    assert changes(stock) == {RED: (3, 0), ROOT: (2, 0)}


def test_three_levels_are_rebalanced_from_the_deepest_up() -> None:
    stock = family(row(reserved=3), row(RED, reserved=4), row(RED_M, on_hand=6))
    assert changes(stock) == {RED: (0, 4), ROOT: (1, 2)}


def test_rows_beside_each_other_do_not_cover_each_other() -> None:
    stock = family(row(), row(RED, reserved=2), row(BLUE, on_hand=9))
    assert changes(stock) == {RED: (2, 0)}


def test_a_row_that_may_be_oversold_covers_everything_above_it() -> None:
    stock = family(row(reserved=50), row(RED, oversell=True, reserved=7, overdraft=1))
    assert changes(stock) == {RED: (-1, 0), ROOT: (0, 50)}


def test_backing_of_random_families_never_promises_a_unit_twice() -> None:
    random = Random(5)
    for _ in range(500):
        stock = family(
            *(
                row(at, on_hand=random.randint(0, 6), reserved=random.randint(0, 6))
                for at in (ROOT, RED, BLUE, RED_M)
            )
        )
        list(stock.rebalance())

        for one in stock.rows.values():
            assert one.reserved <= one.on_hand + one.overdraft + one.backed_by_variants
            assert one.overdraft >= 0
            assert one.backed_by_variants >= 0
            below = sum(
                other.on_hand - other.reserved + other.overdraft
                for other in stock.rows.values()
                if one.level <= other.level
            )
            assert below >= 0


def test_the_levels_of_a_request_run_from_the_root_to_its_own() -> None:
    assert levels_of({}, HIERARCHY) == [ROOT]
    assert levels_of({"siteid": "1"}, HIERARCHY) == [ROOT, level(siteid="1")]
    assert levels_of({"colorid": "red", "siteid": "1"}, HIERARCHY) == [
        ROOT,
        level(siteid="1"),
        level(siteid="1", colorid="red"),
    ]


def test_the_site_may_be_left_out() -> None:
    assert levels_of({"colorid": "red", "sizeid": "m"}, HIERARCHY) == [ROOT, RED, RED_M]


@pytest.mark.parametrize(
    ("dimensions", "named"),
    [
        ({"sizeid": "m"}, "sizeid"),
        ({"siteid": "1", "sizeid": "m"}, "siteid, sizeid"),
        ({"styleid": "slim"}, "styleid"),
        ({"siteid": "1", "colorid": "red", "sizeid": "m", "styleid": "s"}, "colorid, siteid"),
    ],
)
def test_dimensions_with_a_gap_or_unknown_ones_are_refused(
    dimensions: dict[str, str], named: str
) -> None:
    with pytest.raises(ValueError, match=f"dimensions {named}.*siteid, colorid, sizeid without"):
        levels_of(dimensions, HIERARCHY)


@pytest.mark.parametrize(
    ("stock_row", "overdraft", "backed"),
    [
        (row(on_hand=10, reserved=4, overdraft=3, backed=2), -3, -2),
        (row(on_hand=0, reserved=4, overdraft=3, backed=2), -1, 0),
        (row(on_hand=3, reserved=4, overdraft=3, backed=2), -3, -1),
        (row(on_hand=0, reserved=9, overdraft=3, backed=2), 0, 0),
        (row(on_hand=0, reserved=9, overdraft=3, oversell=True), -3, 0),
    ],
)
def test_a_smaller_shortage_repays_overdraft_before_backed_units(
    stock_row: LockedStockRow, overdraft: int, backed: int
) -> None:
    assert shrunk_backing(stock_row) == BackingChange(
        stock_row, Decimal(overdraft), Decimal(backed)
    )
