"""Granting the requests of one batch: shared parts, shared allocations, all parts or none."""

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID, uuid4

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
from openiom.inventory_visibility.measures import ZERO, ProductSource

WEB, SHOP = Requester("web"), Requester("shop")
TOP, LEG = ("TOP", "SEA"), ("LEG", "SEA")


def rows(**on_hand: int) -> dict[ProductSource, LockedStockRow]:
    found = {}
    for number, (product, units) in enumerate(on_hand.items(), 1):
        found[product, "SEA"] = LockedStockRow(
            number, ROOT, Decimal(units), ZERO, ZERO, ZERO, oversell=False
        )
    return found


def request(
    parts: Mapping[str, int],
    requester: Requester = ANY_REQUESTER,
    source: str = "SEA",
    line_id: UUID | None = None,
) -> PartsRequest:
    units = {product: Decimal(quantity) for product, quantity in parts.items()}
    return PartsRequest(line_id or uuid4(), source, units, requester)


def no_limits() -> AllocationLimits:
    return AllocationLimits({}, [])


def test_requests_are_granted_in_order_until_a_part_is_used_up() -> None:
    stock = rows(TOP=2, LEG=8)
    table = {"TOP": 1, "LEG": 4}
    granted = no_limits().grant([request(table), request(table), request(table)], stock)
    assert granted == [True, True, False]
    assert (stock[TOP].reserved, stock[LEG].reserved) == (2, 8)


def test_a_refused_request_reserves_none_of_its_parts() -> None:
    stock = rows(TOP=5, LEG=3)
    granted = no_limits().grant([request({"TOP": 1, "LEG": 4}), request({"LEG": 3})], stock)
    assert granted == [False, True]
    assert (stock[TOP].reserved, stock[LEG].reserved) == (0, 3)


def test_a_source_without_a_stock_key_grants_nothing() -> None:
    stock = rows(TOP=5)
    assert no_limits().grant([request({"TOP": 1, "LEG": 1})], stock) == [False]
    assert no_limits().grant([request({"TOP": 1}, source="CHI")], stock) == [False]
    assert stock[TOP].reserved == 0


def test_stock_that_may_be_oversold_grants_everything() -> None:
    stock = rows(TOP=0)
    stock[TOP].oversell = True
    assert no_limits().grant([request({"TOP": 1_000})], stock) == [True]
    assert stock[TOP].reserved == 1_000


def test_exactly_what_is_free_is_granted() -> None:
    stock = rows(TOP=3)
    assert no_limits().grant([request({"TOP": 3}), request({"TOP": 1})], stock) == [True, False]


def test_a_stock_key_without_limits_offers_what_is_free() -> None:
    limits = AllocationLimits({2: AllocatedStock(LEG, Decimal(5))}, [])
    free = Decimal(7)
    assert limits.available_to(1, WEB, on_hand=free, free=free) == 7
    assert limits.available_to(2, WEB, on_hand=free, free=free) == 2


def test_allocations_are_consumed_by_line_and_pool() -> None:
    web = AllocationPool(11, ("web",), Decimal(3))
    shop = AllocationPool(12, ("shop",), Decimal(2))
    limits = AllocationLimits({1: AllocatedStock(TOP, ZERO, [web, shop])}, [])
    stock = rows(TOP=6)
    first, second, third = (UUID(int=number) for number in (1, 2, 3))
    granted = limits.grant(
        [
            request({"TOP": 2}, WEB, line_id=first),
            request({"TOP": 2}, WEB, line_id=second),
            request({"TOP": 2}, SHOP, line_id=third),
            request({"TOP": 1}),
        ],
        stock,
    )
    assert granted == [True, True, True, False]
    assert limits.consumed == [
        Consumption(first, 11, 1, Decimal(2)),
        Consumption(second, 11, 1, Decimal(1)),
        Consumption(third, 12, 1, Decimal(2)),
    ]
    assert (web.allocated, shop.allocated) == (0, 0)


def test_units_a_line_consumes_twice_of_one_pool_add_up() -> None:
    pool = AllocationPool(11, ("web",), Decimal(5))
    limits = AllocationLimits({1: AllocatedStock(TOP, ZERO, [pool])}, [])
    line_id = UUID(int=1)
    for quantity in (2, 1):
        limits.consume(1, WEB, line_id, Decimal(quantity))
    limits.consume(9, WEB, line_id, Decimal(1))
    assert limits.consumed == [Consumption(line_id, 11, 1, Decimal(3))]


def test_a_buffer_is_kept_within_a_batch() -> None:
    limits = AllocationLimits(
        {1: AllocatedStock(TOP)}, [BufferRule("", "", "web", Decimal(2), ZERO)]
    )
    stock = rows(TOP=5)
    granted = limits.grant(
        [request({"TOP": 3}, WEB), request({"TOP": 1}, WEB), request({"TOP": 2}, SHOP)], stock
    )
    assert granted == [True, False, True]
