"""Decisions on what a requester may have: allocations, safety stock and channel buffers."""

from decimal import Decimal

import pytest

from openiom.inventory_visibility import Requester
from openiom.inventory_visibility.availability.decisions import (
    ANY_REQUESTER,
    AllocatedStock,
    AllocationPool,
    BufferRule,
    buffer_of,
    rule_for,
)

KEY = ("LAMP", "SEA")
WEB = Requester("web")
WEB_VIP = Requester("web", "vip")


def pool(*groups: str, units: int = 5, number: int = 1) -> AllocationPool:
    return AllocationPool(number, groups, Decimal(units))


def rule(
    product: str = "",
    source: str = "",
    channel: str = "web",
    units: str = "0",
    percent: str = "0",
) -> BufferRule:
    return BufferRule(product, source, channel, Decimal(units), Decimal(percent))


def available(
    stock: AllocatedStock, requester: Requester, free: int, *rules: BufferRule, on_hand: int = 100
) -> Decimal:
    return stock.available_to(
        requester, on_hand=Decimal(on_hand), free=Decimal(free), rules=list(rules)
    )


@pytest.mark.parametrize(
    ("requester", "path"),
    [
        (Requester(), ()),
        (Requester("Web"), ("web",)),
        (Requester("Web", "VIP"), ("web", "vip")),
        (Requester("", "vip"), ()),
    ],
)
def test_a_customer_group_counts_only_within_its_channel(
    requester: Requester, path: tuple[str, ...]
) -> None:
    assert requester.path == path


@pytest.mark.parametrize(
    ("groups", "requester", "serves"),
    [
        (("web",), WEB, True),
        (("WEB",), WEB, True),
        (("web",), WEB_VIP, True),
        (("web", "vip"), WEB_VIP, True),
        (("Web", "Vip"), WEB_VIP, True),
        (("web", "vip"), WEB, False),
        (("web", "vip", "us"), WEB_VIP, False),
        (("shop",), WEB, False),
        (("web",), ANY_REQUESTER, False),
    ],
)
def test_a_pool_serves_its_own_group_and_the_groups_below(
    groups: tuple[str, ...], requester: Requester, serves: bool
) -> None:
    assert pool(*groups).serves(requester) is serves


@pytest.mark.parametrize(
    ("one", "applies"),
    [
        (rule(), True),
        (rule(channel="WEB"), True),
        (rule(channel="*"), True),
        (rule(channel="shop"), False),
        (rule(channel=""), False),
        (rule(product="LAMP"), True),
        (rule(product="DESK"), False),
        (rule(source="SEA"), True),
        (rule(source="CHI"), False),
        (rule(product="LAMP", source="CHI"), False),
    ],
)
def test_a_rule_applies_to_its_product_source_and_channel(one: BufferRule, applies: bool) -> None:
    assert one.applies_to(KEY, "web") is applies


def test_the_most_specific_rule_is_by_product_then_source_then_channel() -> None:
    everything = rule(channel="*", units="1")
    by_channel = rule(units="2")
    by_source = rule(source="SEA", channel="*", units="3")
    by_product = rule(product="LAMP", channel="*", units="4")
    by_both = rule(product="LAMP", source="SEA", channel="*", units="5")
    for expected, *others in (
        (by_channel, everything),
        (by_source, everything, by_channel),
        (by_product, everything, by_channel, by_source),
        (by_both, everything, by_channel, by_source, by_product),
    ):
        assert rule_for([*others, expected], KEY, "web") is expected
        assert rule_for([expected, *others], KEY, "web") is expected


def test_no_rule_limits_a_requester_without_a_channel_or_another_channel() -> None:
    assert rule_for([rule(channel="*")], KEY, "") is None
    assert rule_for([rule(channel="shop")], KEY, "web") is None
    assert rule_for([], KEY, "web") is None


@pytest.mark.parametrize(
    ("one", "on_hand", "expected"),
    [
        (rule(units="4"), 100, "4"),
        (rule(percent="10"), 100, "10"),
        (rule(units="4", percent="10"), 100, "10"),
        (rule(units="4", percent="10"), 30, "4"),
        (rule(percent="12.5"), 20, "2.5"),
    ],
)
def test_a_buffer_is_the_larger_of_units_and_percent_of_on_hand(
    one: BufferRule, on_hand: int, expected: str
) -> None:
    assert buffer_of([one], KEY, "web", Decimal(on_hand)) == Decimal(expected)


def test_there_is_no_buffer_without_a_rule() -> None:
    assert buffer_of([], KEY, "web", Decimal(100)) == 0


def test_safety_stock_is_kept_from_every_requester() -> None:
    stock = AllocatedStock(KEY, Decimal(3))
    assert available(stock, ANY_REQUESTER, 10) == 7
    assert available(stock, WEB, 10) == 7
    assert available(stock, WEB, 2) == 0


def test_units_allocated_to_others_are_kept_back_and_own_ones_are_not() -> None:
    stock = AllocatedStock(KEY, Decimal(1), [pool("web", units=4), pool("shop", units=2)])
    assert stock.allocated == 6
    assert available(stock, ANY_REQUESTER, 20) == 13
    assert available(stock, WEB, 20) == 17
    assert available(stock, Requester("shop"), 20) == 15


def test_a_group_has_the_pools_of_its_own_path_and_above() -> None:
    stock = AllocatedStock(KEY, Decimal(0), [pool("web", units=4), pool("web", "vip", units=2)])
    assert stock.allocated_to(WEB) == 4
    assert stock.allocated_to(WEB_VIP) == 6
    assert stock.allocated_to(ANY_REQUESTER) == 0
    assert available(stock, WEB_VIP, 10) == 10
    assert available(stock, WEB, 10) == 8


def test_a_buffer_reduces_common_units_but_not_allocated_ones() -> None:
    stock = AllocatedStock(KEY, Decimal(0), [pool("web", units=4)])
    assert available(stock, WEB, 10, rule(units="2")) == 8
    assert available(stock, WEB, 10, rule(units="50")) == 4
    assert available(stock, ANY_REQUESTER, 10, rule(channel="*", units="2")) == 6


def test_a_shortage_reduces_the_allocations_and_is_never_negative() -> None:
    stock = AllocatedStock(KEY, Decimal(0), [pool("web", units=4), pool("shop", units=4)])
    assert available(stock, WEB, 6) == 2
    assert available(stock, WEB, 3) == 0
    assert available(stock, ANY_REQUESTER, 6) == 0
    assert available(stock, WEB, 6, rule(units="1")) == 2, "no buffer of units that do not exist"


def test_with_exactly_what_is_kept_back_the_requester_has_its_own() -> None:
    stock = AllocatedStock(KEY, Decimal(2), [pool("web", units=4)])
    assert available(stock, WEB, 6) == 4
    assert available(stock, WEB, 6, rule(units="1")) == 4


def test_the_most_specific_pool_is_consumed_first() -> None:
    web, vip = pool("web", units=4, number=1), pool("web", "vip", units=2, number=2)
    stock = AllocatedStock(KEY, pools=[web, vip, pool("shop", units=9, number=3)])
    consumed = stock.consume(WEB_VIP, Decimal(5))
    assert [(one.id, int(units)) for one, units in consumed] == [(2, 2), (1, 3)]
    assert [int(one.allocated) for one in stock.pools] == [1, 0, 9]


def test_units_beyond_the_pools_are_common() -> None:
    web = pool("web", units=4)
    stock = AllocatedStock(KEY, pools=[web])
    assert stock.consume(WEB, Decimal(9)) == [(web, 4)]
    assert stock.consume(WEB, Decimal(1)) == [], "an empty pool gives nothing"
    assert stock.consume(ANY_REQUESTER, Decimal(1)) == []


def test_nothing_is_consumed_beyond_the_quantity() -> None:
    first, second = pool("web", units=4, number=1), pool("web", units=4, number=2)
    stock = AllocatedStock(KEY, pools=[first, second])
    assert stock.consume(WEB, Decimal(4)) == [(first, 4)]
    assert second.allocated == 4
