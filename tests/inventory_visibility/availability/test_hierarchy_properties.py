"""Random families of stock rows against the definitions written as plainly as possible."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from openiom.inventory_visibility.availability.hierarchy import (
    ROOT,
    BackingChange,
    Level,
    LockedStockRow,
    StockFamily,
    levels_of,
    shrunk_backing,
)

HIERARCHY = ("siteid", "colorid", "sizeid")
LEVELS: list[Level] = [ROOT]
for color in ("red", "blue"):
    LEVELS.append(frozenset({("colorid", color)}))
    for size in ("s", "m"):
        LEVELS.append(frozenset({("colorid", color), ("sizeid", size)}))

amounts = st.integers(0, 20)
quantities = st.tuples(amounts, amounts)
stocks = st.dictionaries(st.sampled_from(LEVELS), quantities, min_size=1)


def family(stock: dict[Level, tuple[int, int]]) -> StockFamily:
    rows: dict[Level, LockedStockRow] = {}
    for number, (level, (on_hand, reserved)) in enumerate(stock.items()):
        rows[level] = LockedStockRow(
            id=number,
            level=level,
            on_hand=Decimal(on_hand),
            reserved=Decimal(reserved),
            overdraft=Decimal(0),
            backed_by_variants=Decimal(0),
            oversell=False,
        )

    return StockFamily(rows)


def free_by_hand(stock: dict[Level, tuple[int, int]], level: Level) -> int:
    free = 0
    for at, (on_hand, reserved) in stock.items():
        if level <= at:
            free += on_hand - reserved
    return free


@given(stocks)
def test_free_units_count_a_row_and_all_deeper_ones(stock: dict[Level, tuple[int, int]]) -> None:
    found = family(stock)
    for level in LEVELS:
        assert found.free(level) == free_by_hand(stock, level)


steps = st.lists(st.tuples(st.booleans(), st.sampled_from(LEVELS), st.integers(-9, 9)), max_size=12)


@given(stocks, steps)
def test_cached_figures_follow_every_reservation_and_supply(
    stock: dict[Level, tuple[int, int]], moved: list[tuple[bool, Level, int]]
) -> None:
    found = family(stock)
    for level in LEVELS:
        found.free(level)

    for is_reservation, level, units in moved:
        if level not in stock:
            continue

        on_hand, reserved = stock[level]
        if is_reservation:
            found.reserve(level, Decimal(units))
            stock[level] = (on_hand, reserved + units)
        else:
            found.add_supply(level, Decimal(units))
            stock[level] = (on_hand + units, reserved)

    for level in LEVELS:
        assert found.free(level) == free_by_hand(stock, level)


@given(stocks, st.integers(0, 25), st.sampled_from(LEVELS))
def test_a_quantity_is_refused_exactly_when_a_coarser_level_has_fewer_units(
    stock: dict[Level, tuple[int, int]], quantity: int, level: Level
) -> None:
    levels = levels_of(dict(level), HIERARCHY)
    free = [free_by_hand(stock, one) for one in levels]
    reason = family(stock).refusal(levels, Decimal(quantity))
    assert (reason == "") is (quantity <= min(free))


@given(stocks)
def test_a_balanced_family_backs_every_reserved_unit_once(
    stock: dict[Level, tuple[int, int]],
) -> None:
    found = family(stock)
    list(found.rebalance())

    for row in found.rows.values():
        covered = row.on_hand + row.backed_by_variants + row.overdraft
        assert covered >= row.reserved
        assert min(row.overdraft, row.backed_by_variants) >= 0
        if row.overdraft or row.backed_by_variants:
            assert covered == row.reserved, "no more is backed than is missing"

    for level in found.rows:
        rows = [row for row in found.rows.values() if level <= row.level]
        missing = sum(row.reserved - row.on_hand for row in rows)
        assert sum(row.overdraft for row in rows) >= missing, "overdraft covers every shortage"


@given(stocks)
def test_a_balanced_family_needs_no_further_change(stock: dict[Level, tuple[int, int]]) -> None:
    found = family(stock)
    list(found.rebalance())
    assert list(found.rebalance()) == []


@given(quantities, amounts, amounts)
def test_what_shrinks_is_overdraft_first(
    stock: tuple[int, int], overdraft: int, backed: int
) -> None:
    on_hand, reserved = stock
    row = LockedStockRow(
        id=1,
        level=ROOT,
        on_hand=Decimal(on_hand),
        reserved=Decimal(reserved),
        overdraft=Decimal(overdraft),
        backed_by_variants=Decimal(backed),
        oversell=False,
    )
    shortage = max(0, reserved - on_hand)
    still_backed = min(backed, shortage)
    still_overdraft = min(overdraft, shortage - still_backed)
    assert shrunk_backing(row) == BackingChange(
        row,
        overdraft=Decimal(still_overdraft - overdraft),
        backed_by_variants=Decimal(still_backed - backed),
    )
