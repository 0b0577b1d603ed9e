"""Requests granted in their order: whole or not at all, within allocations and buffers."""

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openiom.inventory_visibility import Requester
from openiom.inventory_visibility.availability.allocation_limits import (
    AllocationLimits,
    Consumption,
)
from openiom.inventory_visibility.availability.decisions import (
    ANY_REQUESTER,
    AllocatedStock,
    AllocationPool,
    BufferRule,
    PartsRequest,
)
from openiom.inventory_visibility.availability.hierarchy import ROOT, LockedStockRow
from openiom.inventory_visibility.measures import ProductSource

WEB, SHOP = Requester("web"), Requester("shop")
WEB_VIP = Requester("web", "vip")
LINE, OTHER_LINE = UUID(int=1), UUID(int=2)
LAMP, BULB = ("LAMP", "SEA"), ("BULB", "SEA")


def row(number: int, on_hand: int, reserved: int = 0, *, oversell: bool = False) -> LockedStockRow:
    return LockedStockRow(
        id=number,
        level=ROOT,
        on_hand=Decimal(on_hand),
        reserved=Decimal(reserved),
        overdraft=Decimal(0),
        backed_by_variants=Decimal(0),
        oversell=oversell,
    )


def request(
    requester: Requester = ANY_REQUESTER, line: UUID = LINE, source: str = "SEA", **parts: int
) -> PartsRequest:
    needed = {product: Decimal(units) for product, units in parts.items()}
    return PartsRequest(line, source, needed, requester)


def limits(
    *stock: tuple[int, AllocatedStock], rules: list[BufferRule] | None = None
) -> AllocationLimits:
    return AllocationLimits(dict(stock), rules or [])


def pool(number: int, units: int, *groups: str) -> AllocationPool:
    return AllocationPool(number, groups, Decimal(units))


@pytest.mark.parametrize(("units", "granted"), [(6, True), (7, True), (8, False)])
def test_a_request_may_use_everything_that_is_not_reserved(units: int, granted: bool) -> None:
    lamp = row(1, on_hand=10, reserved=3)
    assert limits().grant([request(LAMP=units)], {LAMP: lamp}) == [granted]
    assert lamp.reserved == 3 + units * granted


def test_an_oversold_row_grants_everything() -> None:
    lamp = row(1, on_hand=0, oversell=True)
    assert limits().grant([request(LAMP=1_000)], {LAMP: lamp}) == [True]
    assert lamp.reserved == 1_000


def test_a_product_without_a_stock_row_at_the_source_is_not_granted() -> None:
    lamp = row(1, on_hand=10)
    assert limits().grant([request(BULB=1)], {LAMP: lamp}) == [False]
    assert limits().grant([request(source="CHI", LAMP=1)], {LAMP: lamp}) == [False]


def test_all_parts_of_a_kit_are_reserved_or_none() -> None:
    rows = {LAMP: row(1, on_hand=5), BULB: row(2, on_hand=3)}
    found = limits().grant([request(LAMP=2, BULB=4), request(LAMP=4, BULB=3)], rows)
    assert found == [False, True]
    assert (rows[LAMP].reserved, rows[BULB].reserved) == (4, 3)


def test_lines_that_share_a_part_compete_for_it_in_order() -> None:
    rows = {LAMP: row(1, on_hand=5)}
    requests = [request(LAMP=3), request(LAMP=3), request(LAMP=2)]
    assert limits().grant(requests, rows) == [True, False, True]
    assert rows[LAMP].reserved == 5


def test_a_granted_request_consumes_the_pools_of_its_requester() -> None:
    web, vip = pool(7, 3, "web"), pool(8, 2, "web", "vip")
    found = limits((1, AllocatedStock(LAMP, pools=[web, vip])))
    rows = {LAMP: row(1, on_hand=9)}
    assert found.grant([request(WEB_VIP, LAMP=4), request(WEB, OTHER_LINE, LAMP=2)], rows) == [
        True,
        True,
    ]
    assert found.consumed == [
        Consumption(LINE, 7, 1, Decimal(2)),
        Consumption(LINE, 8, 1, Decimal(2)),
        Consumption(OTHER_LINE, 7, 1, Decimal(1)),
    ]
    assert (web.allocated, vip.allocated) == (0, 0)


def test_a_refused_request_consumes_nothing() -> None:
    web = pool(7, 3, "web")
    found = limits((1, AllocatedStock(LAMP, pools=[web])))
    rows = {LAMP: row(1, on_hand=9), BULB: row(2, on_hand=0)}
    assert found.grant([request(WEB, LAMP=3, BULB=1)], rows) == [False]
    assert (found.consumed, web.allocated, rows[LAMP].reserved) == ([], 3, 0)


def test_two_lines_of_one_order_line_add_up_in_one_pool() -> None:
    found = limits((1, AllocatedStock(LAMP, pools=[pool(7, 5, "web")])))
    rows = {LAMP: row(1, on_hand=9)}
    assert found.grant([request(WEB, LAMP=2), request(WEB, LAMP=2)], rows) == [True, True]
    assert found.consumed == [Consumption(LINE, 7, 1, Decimal(4))]


def test_a_stock_row_without_limits_consumes_nothing() -> None:
    found = limits((1, AllocatedStock(LAMP, pools=[pool(7, 5, "web")])))
    found.consume(2, WEB, LINE, Decimal(5))
    assert found.consumed == []
    assert found.available_to(2, WEB, on_hand=Decimal(4), free=Decimal(3)) == 3


def test_the_buffer_of_a_channel_limits_only_that_channel() -> None:
    rule = BufferRule("", "", "web", units=Decimal(2), percent=Decimal(0))
    found = limits((1, AllocatedStock(LAMP)), rules=[rule])
    assert found.available_to(1, WEB, on_hand=Decimal(5), free=Decimal(5)) == 3
    assert found.available_to(1, SHOP, on_hand=Decimal(5), free=Decimal(5)) == 5
    assert found.available_to(1, ANY_REQUESTER, on_hand=Decimal(5), free=Decimal(5)) == 5


requesters = st.sampled_from([ANY_REQUESTER, WEB, WEB_VIP, SHOP])
unit_counts = st.integers(0, 12)
pool_lists = st.lists(
    st.tuples(unit_counts, st.sampled_from([("web",), ("web", "vip"), ("shop",)])), max_size=4
)
request_lists = st.lists(st.tuples(requesters, st.integers(1, 8)), max_size=8)


@given(unit_counts, unit_counts, pool_lists, request_lists)
def test_batches_equal_the_rules_applied_one_request_after_the_other(
    on_hand: int,
    safety_stock: int,
    pools: list[tuple[int, tuple[str, ...]]],
    requested: list[tuple[Requester, int]],
) -> None:
    stock = AllocatedStock(LAMP, Decimal(safety_stock))
    for number, (units, groups) in enumerate(pools):
        stock.pools.append(pool(number, units, *groups))

    rows: dict[ProductSource, LockedStockRow] = {LAMP: row(1, on_hand=on_hand)}
    requests = [request(requester, LAMP=units) for requester, units in requested]
    granted = limits((1, stock)).grant(requests, rows)
    assert granted == granted_by_hand(on_hand, safety_stock, pools, requested)


def granted_by_hand(
    free: int,
    safety_stock: int,
    pools: list[tuple[int, tuple[str, ...]]],
    requested: list[tuple[Requester, int]],
) -> list[bool]:
    """Whole units: own allocations plus what is common, of what is left of everything."""
    left = [units for units, _ in pools]
    granted = []
    for requester, units in requested:
        own = [n for n, (_, groups) in enumerate(pools) if requester.path[: len(groups)] == groups]
        common = free - safety_stock - sum(left)
        available = sum(left[n] for n in own) + common
        if common >= 0 or available > 0:
            granted.append(units <= available)
        else:
            granted.append(False)

        if granted[-1]:
            free -= units
            for n in sorted(own, key=lambda n: -len(pools[n][1])):
                used = min(units, left[n])
                left[n] -= used
                units -= used

    return granted
