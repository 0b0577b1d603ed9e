"""The earliest day a request can be promised, decided on an outlook without a database."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from openiom.inventory_visibility import PromiseDate, PromiseRequest
from openiom.inventory_visibility.availability.allocation_limits import AllocationLimits
from openiom.inventory_visibility.availability.atp import project, ticks
from openiom.inventory_visibility.availability.decisions import AllocatedStock, AllocationPool
from openiom.inventory_visibility.availability.projection import (
    AvailabilityOutlook,
    StockPosition,
)
from openiom.inventory_visibility.availability.promise_dates import ExpectedReceipt, PromisePlanner
from openiom.inventory_visibility.measures import ZERO, ProductSource

TODAY = date(2026, 11, 20)
DAYS = 10
LAMP_SEA, LAMP_CHI = ("LAMP", "SEA"), ("LAMP", "CHI")


def on(days: int) -> date:
    return TODAY + timedelta(days=days)


def planner(
    on_hand: Mapping[ProductSource, int],
    changes: Mapping[ProductSource, Mapping[int, int]] | None = None,
    receipts: Mapping[ProductSource, Sequence[ExpectedReceipt]] | None = None,
    allocated: Mapping[ProductSource, int] | None = None,
) -> PromisePlanner:
    """Stock by key, changes by key and offset from today, and units allocated to the web."""
    keys = sorted(on_hand)
    supply = np.zeros((len(keys), DAYS), dtype=np.int64)
    demand = np.zeros((len(keys), DAYS), dtype=np.int64)

    positions, limited, free = {}, {}, []
    for number, key in enumerate(keys):
        web = Decimal((allocated or {}).get(key, 0))
        position = StockPosition(number + 1, Decimal(on_hand[key]), ZERO, ZERO, web)
        positions[key] = position
        if web:
            limited[number + 1] = AllocatedStock(key, ZERO, [AllocationPool(1, ("web",), web)])

        free.append(ticks(position.free))
        for offset, units in (changes or {}).get(key, {}).items():
            side = supply if units > 0 else demand
            side[number, offset] += abs(ticks(Decimal(units)))

    projection = project(np.array(free, dtype=np.int64), supply, demand)
    outlook = AvailabilityOutlook(keys, positions, projection, TODAY, AllocationLimits(limited, []))
    return PromisePlanner(outlook, receipts or {})


def promised(found: PromisePlanner, quantity: int, **more: object) -> PromiseDate | None:
    return found.promise(PromiseRequest({"LAMP": quantity}, **more))  # type: ignore[arg-type]


def test_stock_on_hand_is_promised_today_with_certainty() -> None:
    found = planner({LAMP_SEA: 5})
    assert promised(found, 5) == PromiseDate(TODAY, Decimal(1))
    assert promised(found, 6) is None


def test_supply_is_promised_from_its_day_on() -> None:
    found = planner({LAMP_SEA: 5}, {LAMP_SEA: {3: 10}})
    assert promised(found, 6) == PromiseDate(on(3), Decimal(1))
    assert promised(found, 15) == PromiseDate(on(3), Decimal(1))
    assert promised(found, 16) is None


def test_later_demand_is_never_broken() -> None:
    found = planner({LAMP_SEA: 5}, {LAMP_SEA: {2: -4, 6: 10}})
    assert promised(found, 1) == PromiseDate(TODAY, Decimal(1))
    assert promised(found, 2) == PromiseDate(on(6), Decimal(1))


def test_the_source_with_the_earliest_day_is_chosen() -> None:
    found = planner({LAMP_SEA: 0, LAMP_CHI: 0}, {LAMP_SEA: {5: 9}, LAMP_CHI: {3: 9}})
    assert promised(found, 2) == PromiseDate(on(3), Decimal(1))
    assert promised(found, 2, source="SEA") == PromiseDate(on(5), Decimal(1))
    assert promised(found, 2, source="NYC") is None


def test_no_source_alone_has_enough() -> None:
    assert promised(planner({LAMP_SEA: 3, LAMP_CHI: 3}), 4) is None


def test_of_sources_with_the_same_day_the_most_certain_one_is_chosen() -> None:
    receipts = {
        LAMP_SEA: [ExpectedReceipt(on(3), Decimal("0.6"))],
        LAMP_CHI: [ExpectedReceipt(on(3), Decimal("0.9")), ExpectedReceipt(on(4), Decimal("0.1"))],
    }
    found = planner(
        {LAMP_SEA: 0, LAMP_CHI: 0}, {LAMP_SEA: {3: 9}, LAMP_CHI: {3: 9, 4: 9}}, receipts
    )
    assert promised(found, 2) == PromiseDate(on(3), Decimal("0.9"))
    assert promised(found, 2, source="SEA") == PromiseDate(on(3), Decimal("0.6"))


def test_an_earlier_day_counts_more_than_certainty() -> None:
    receipts = {LAMP_SEA: [ExpectedReceipt(on(2), Decimal("0.2"))]}
    found = planner({LAMP_SEA: 0, LAMP_CHI: 0}, {LAMP_SEA: {2: 9}, LAMP_CHI: {3: 9}}, receipts)
    assert promised(found, 2) == PromiseDate(on(2), Decimal("0.2"))


def test_the_confidence_is_that_of_the_least_certain_receipt_up_to_the_day() -> None:
    receipts = {
        LAMP_SEA: [
            ExpectedReceipt(on(1), Decimal("0.8")),
            ExpectedReceipt(on(2), Decimal("0.5")),
            ExpectedReceipt(on(3), Decimal("0.1")),
        ]
    }
    found = planner({LAMP_SEA: 1}, {LAMP_SEA: {1: 1, 2: 1, 3: 1}}, receipts)
    assert promised(found, 1) == PromiseDate(TODAY, Decimal(1))
    assert promised(found, 2) == PromiseDate(on(1), Decimal("0.8"))
    assert promised(found, 3) == PromiseDate(on(2), Decimal("0.5"))
    assert promised(found, 4) == PromiseDate(on(3), Decimal("0.1"))


def test_all_parts_come_from_one_source_on_one_day() -> None:
    keys = {LAMP_SEA: 4, ("CORD", "SEA"): 0, ("CORD", "CHI"): 9, LAMP_CHI: 0}
    found = planner(keys, {("CORD", "SEA"): {2: 8}, LAMP_CHI: {4: 9}})
    request = PromiseRequest({"LAMP": 2, "CORD": 4})
    assert found.promise(request) == PromiseDate(on(2), Decimal(1))
    assert found.promise(PromiseRequest({"LAMP": 2, "CORD": 9})) == PromiseDate(on(4), Decimal(1))
    assert found.promise(PromiseRequest({"LAMP": 1, "SHADE": 1})) is None


def test_units_ahead_count_against_all_sources_together() -> None:
    found = planner({LAMP_SEA: 6, LAMP_CHI: 4}, {LAMP_SEA: {5: 5}})
    assert promised(found, 2, ahead={"LAMP": 8}) == PromiseDate(TODAY, Decimal(1))
    assert promised(found, 3, ahead={"LAMP": 8}) == PromiseDate(on(5), Decimal(1))
    assert promised(found, 3, ahead={"LAMP": 13}) is None
    assert promised(found, 3, ahead={"DESK": 99}) == PromiseDate(TODAY, Decimal(1))


def test_a_shortage_at_one_source_takes_nothing_from_another() -> None:
    found = planner({LAMP_SEA: 2, LAMP_CHI: -5})
    assert promised(found, 1, ahead={"LAMP": 1}) == PromiseDate(TODAY, Decimal(1))


def test_others_that_are_ahead_get_at_most_what_is_common() -> None:
    found = planner({LAMP_SEA: 10}, allocated={LAMP_SEA: 6})
    assert promised(found, 6, channel="web", ahead_of_others={"LAMP": 50}) == PromiseDate(
        TODAY, Decimal(1)
    )
    assert promised(found, 7, channel="web", ahead_of_others={"LAMP": 50}) is None
    assert promised(found, 7, channel="web", ahead_of_others={"LAMP": 3}) == PromiseDate(
        TODAY, Decimal(1)
    )
    assert promised(found, 8, channel="web", ahead_of_others={"LAMP": 3}) is None
    assert promised(found, 5) is None, "what is allocated to the web is not common"


def test_an_allocation_is_promised_to_its_channel_only() -> None:
    found = planner({LAMP_SEA: 10}, {LAMP_SEA: {4: 5}}, allocated={LAMP_SEA: 6})
    assert promised(found, 10, channel="web") == PromiseDate(TODAY, Decimal(1))
    assert promised(found, 9, channel="shop") == PromiseDate(on(4), Decimal(1))
    assert promised(found, 4) == PromiseDate(TODAY, Decimal(1))
