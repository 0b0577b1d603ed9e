"""The outlook of a requester on keys whose positions and limits are known."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from openiom.inventory_visibility import Requester
from openiom.inventory_visibility.availability.allocation_limits import AllocationLimits
from openiom.inventory_visibility.availability.atp import project, ticks
from openiom.inventory_visibility.availability.decisions import (
    ANY_REQUESTER,
    AllocatedStock,
    AllocationPool,
    BufferRule,
)
from openiom.inventory_visibility.availability.projection import (
    AvailabilityOutlook,
    StockPosition,
    formula_of,
)
from openiom.inventory_visibility.configuration import (
    InventoryConfiguration,
    InventoryConfigurationBody,
    parse,
)
from openiom.inventory_visibility.default_configuration import DEFAULT

TODAY = date(2026, 11, 20)
LAMP, DESK = ("LAMP", "SEA"), ("DESK", "SEA")
WEB, SHOP = Requester("web"), Requester("shop")


def position(number: int, on_hand: str, **kept: str) -> StockPosition:
    return StockPosition(
        stock_id=number,
        on_hand=Decimal(on_hand),
        reserved=Decimal(kept.get("reserved", "0")),
        safety_stock=Decimal(kept.get("safety_stock", "0")),
        allocated=Decimal(kept.get("allocated", "0")),
    )


def outlook(
    limits: AllocationLimits,
    lamp: StockPosition,
    *,
    supply: tuple[int, ...] = (0, 0, 0),
    demand: tuple[int, ...] = (0, 0, 0),
) -> AvailabilityOutlook:
    """The outlook of LAMP and of a DESK with four units and no limits, three days long."""
    positions = {DESK: position(2, "4"), LAMP: lamp}
    keys = [DESK, LAMP]
    free = np.array([ticks(positions[key].free) for key in keys], dtype=np.int64)
    none = (0, 0, 0)
    projection = project(
        free,
        np.array([none, supply], dtype=np.int64) * 10_000,
        np.array([none, demand], dtype=np.int64) * 10_000,
    )
    return AvailabilityOutlook(keys, positions, projection, TODAY, limits)


def promised(found: AvailabilityOutlook, requester: Requester) -> list[list[float]]:
    atp: list[list[float]] = (found.view_of(requester).atp / 10_000).tolist()
    return atp


def test_free_units_are_on_hand_less_everything_kept_back() -> None:
    found = position(1, "10.5", reserved="1.5", safety_stock="2", allocated="3")
    assert found.free == Decimal(4)


def test_without_a_channel_the_outlook_is_the_projection_itself() -> None:
    found = outlook(AllocationLimits({}, []), position(1, "10", reserved="4"), supply=(0, 5, 0))
    assert found.view_of(ANY_REQUESTER) is found.projection
    assert promised(found, ANY_REQUESTER) == [[4, 4, 4], [6, 11, 11]]
    assert found.free(LAMP, ANY_REQUESTER) == 6


def test_a_later_demand_lowers_the_promise_of_every_day_before_it() -> None:
    found = outlook(AllocationLimits({}, []), position(1, "10"), supply=(0, 5, 0), demand=(1, 0, 9))
    assert found.projection.projected[1].tolist() == [90_000, 140_000, 50_000]
    assert promised(found, ANY_REQUESTER)[1] == [5, 5, 5]


def test_a_requester_adds_its_allocations_to_what_is_common() -> None:
    stock = AllocatedStock(LAMP, pools=[AllocationPool(7, ("web",), Decimal(3))])
    found = outlook(AllocationLimits({1: stock}, []), position(1, "10", allocated="3"))
    assert promised(found, ANY_REQUESTER)[1] == [7, 7, 7]
    assert promised(found, WEB)[1] == [10, 10, 10]
    assert promised(found, SHOP)[1] == [7, 7, 7]
    assert [found.free(LAMP, one) for one in (ANY_REQUESTER, WEB, SHOP)] == [7, 10, 7]


@pytest.mark.parametrize(
    ("units", "percent", "expected"),
    [("2", "0", 8), ("0", "50", 5), ("7", "50", 3), ("11", "0", 0), ("0", "12.5", 8.75)],
)
def test_the_buffer_of_a_channel_is_kept_from_it(units: str, percent: str, expected: float) -> None:
    rule = BufferRule("LAMP", "", "web", Decimal(units), Decimal(percent))
    found = outlook(AllocationLimits({1: AllocatedStock(LAMP)}, [rule]), position(1, "10"))
    assert promised(found, WEB) == [[4, 4, 4], [expected] * 3]
    assert promised(found, SHOP) == [[4, 4, 4], [10, 10, 10]]
    assert found.free(LAMP, WEB) == Decimal(str(expected))


def test_a_percentage_counts_the_whole_of_on_hand_and_not_what_is_free() -> None:
    rule = BufferRule("", "", "*", Decimal(0), Decimal(10))
    reserved = position(1, "20", reserved="5")
    found = outlook(AllocationLimits({1: AllocatedStock(LAMP)}, [rule]), reserved)
    assert promised(found, WEB)[1] == [13, 13, 13]
    assert found.free(LAMP, WEB) == 13


def test_a_view_is_computed_once_for_each_requester() -> None:
    found = outlook(AllocationLimits({1: AllocatedStock(LAMP)}, []), position(1, "10"))
    assert found.view_of(WEB) is found.view_of(Requester("web"))
    assert found.view_of(WEB) is not found.view_of(Requester("web", "vip"))


def test_a_key_without_limits_is_free_for_every_requester() -> None:
    limited = AllocatedStock(LAMP, Decimal(2))
    found = outlook(AllocationLimits({1: limited}, []), position(1, "10", safety_stock="2"))
    assert found.free(DESK, WEB) == 4
    assert found.free(LAMP, WEB) == 8


def configuration(**changes: object) -> InventoryConfiguration:
    return parse(InventoryConfigurationBody.model_validate({**DEFAULT, **changes}))


def test_dated_changes_count_as_the_first_measure_that_is_promised_by_date() -> None:
    name = next(iter(configuration().calculated))
    dated = configuration(atp={"measures": [list(name)], "days": 7})
    assert formula_of(dated) == dated.calculated[name]


def test_without_such_a_measure_they_count_as_what_may_be_reserved() -> None:
    undated = configuration(atp={"measures": [], "days": 7})
    assert formula_of(undated) == undated.supply
