"""Operations of one batch under lock, decided and applied without a database."""

from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from openiom.inventory_visibility import StockKey, dimension_text
from openiom.inventory_visibility.allocation.batch import (
    AllocationBatch,
    AllocationOperation,
    Pool,
)
from openiom.inventory_visibility.availability.hierarchy import (
    ROOT,
    Level,
    LockedStockRow,
    StockFamily,
)
from openiom.inventory_visibility.configuration import (
    InventoryConfiguration,
    InventoryConfigurationBody,
    parse,
)
from openiom.inventory_visibility.default_configuration import DEFAULT
from openiom.inventory_visibility.measures import Measure

SHIPPED = parse(InventoryConfigurationBody.model_validate(DEFAULT))
LAMP = StockKey("", "LAMP", "SEA")
RED = {"colorid": "red"}
RED_KEY = StockKey("", "LAMP", "SEA", dimension_text(RED))
STOCK_ID, RED_ID = 1, 2
NUMBERS = count(1)


def operation(kind: Any, quantity: str = "1", *groups: str, **more: Any) -> AllocationOperation:
    return AllocationOperation(
        kind=kind,
        event_id=more.pop("event_id", f"e-{next(NUMBERS)}"),
        organization=more.pop("organization", ""),
        product="LAMP",
        source="SEA",
        groups=groups or ("web",),
        quantity=Decimal(quantity),
        **more,
    )


def row(number: int, level: Level = ROOT, **quantities: int) -> LockedStockRow:
    return LockedStockRow(
        id=number,
        level=level,
        on_hand=Decimal(quantities.get("on_hand", 0)),
        reserved=Decimal(quantities.get("reserved", 0)),
        overdraft=Decimal(0),
        backed_by_variants=Decimal(0),
        oversell=False,
        safety_stock=Decimal(quantities.get("safety_stock", 0)),
    )


def batch(
    *,
    on_hand: int = 10,
    reserved: int = 0,
    safety_stock: int = 0,
    red_on_hand: int = 0,
    pools: dict[tuple[int, tuple[str, ...]], int] | None = None,
    dimensions: str = "",
    configuration: InventoryConfiguration = SHIPPED,
) -> AllocationBatch:
    """A batch on LAMP at SEA and on its red variant; balances are as `iom.onhand`."""
    own = row(STOCK_ID, on_hand=on_hand, reserved=reserved, safety_stock=safety_stock)
    red = row(RED_ID, frozenset(RED.items()), on_hand=red_on_hand)
    balances: dict[int, dict[Measure, Decimal]] = {
        STOCK_ID: {
            ("iom", "onhand"): Decimal(on_hand),
            ("iv", "softreservordered"): Decimal(reserved),
        },
        RED_ID: {("iom", "onhand"): Decimal(red_on_hand)},
    }

    by_pool: dict[Pool, Decimal] = {}
    for (stock_id, groups), units in (pools or {}).items():
        by_pool[Pool(stock_id, groups)] = Decimal(units)

    return AllocationBatch(
        configuration=configuration,
        ids={LAMP: STOCK_ID, RED_KEY: RED_ID},
        families={LAMP.family: StockFamily({ROOT: own, red.level: red})},
        balances=balances,
        pools=by_pool,
        dimensions={("", "LAMP"): dimensions},
    )


@pytest.mark.parametrize("quantity", ["0", "-1", "-0.0001"])
@pytest.mark.parametrize("kind", ["allocate", "unallocate", "reallocate", "consume"])
def test_every_operation_needs_a_quantity_above_zero(kind: str, quantity: str) -> None:
    assert batch().refusal(operation(kind, quantity)) == "the quantity must be above zero"


@pytest.mark.parametrize(
    ("quantity", "reason"),
    [
        ("0.0001", ""),
        ("5", ""),
        ("5.0001", "5 units are available to allocate"),
        ("9", "5 units are available to allocate"),
    ],
)
def test_no_more_is_allocated_than_is_free_above_safety_stock_and_allocations(
    quantity: str, reason: str
) -> None:
    found = batch(on_hand=10, reserved=1, safety_stock=2, pools={(STOCK_ID, ("shop",)): 2})
    assert found.refusal(operation("allocate", quantity)) == reason


def test_a_negative_rest_is_reported_as_zero_units() -> None:
    found = batch(on_hand=1, safety_stock=4)
    assert found.refusal(operation("allocate")) == "0 units are available to allocate"


def test_allocations_of_another_key_do_not_reduce_what_is_available() -> None:
    found = batch(on_hand=3, pools={(RED_ID, ("web",)): 3})
    assert found.refusal(operation("allocate", "3")) == ""


@pytest.mark.parametrize(
    ("configured", "given", "names"),
    [
        ("", RED, "no further dimension"),
        ("colorid", {}, "colorid"),
        ("colorid;sizeid", RED, "colorid, sizeid"),
    ],
)
def test_a_product_is_always_allocated_by_the_same_dimensions(
    configured: str, given: dict[str, str], names: str
) -> None:
    found = batch(dimensions=configured).refusal(operation("allocate", dimensions=given))
    assert found == (
        f"LAMP is allocated by {names}; a product is always allocated by the same dimensions"
    )


@pytest.mark.parametrize("kind", ["unallocate", "consume"])
def test_a_group_gives_up_at_most_what_it_has(kind: str) -> None:
    found = batch(pools={(STOCK_ID, ("web", "vip")): 3})
    assert found.refusal(operation(kind, "3", "web", "vip")) == ""
    assert found.refusal(operation(kind, "3.5", "web", "vip")) == (
        "3 units are allocated to web > vip, requested 3.5"
    )
    assert found.refusal(operation(kind, "1", "web")) == (
        "0 units are allocated to web, requested 1"
    ), "the units of a group below are not its own"


def test_a_reallocation_takes_from_the_source_groups() -> None:
    found = batch(pools={(STOCK_ID, ("web",)): 9, (STOCK_ID, ("shop",)): 2})
    assert found.refusal(operation("reallocate", "2", "web", sources=("shop",))) == ""
    assert found.refusal(operation("reallocate", "3", "web", sources=("shop",))) == (
        "2 units are allocated to shop, requested 3"
    )
    assert found.refusal(operation("reallocate", "1", "web", sources=("web",))) == (
        "units cannot be reallocated from a group to itself"
    )


@pytest.mark.parametrize(
    ("kind", "pool", "allocated", "consumed", "granted"),
    [
        ("allocate", 7, 3, 0, 3),
        ("unallocate", 1, -3, 0, 0),
        ("consume", 1, -3, 3, 0),
    ],
)
def test_the_entries_of_an_operation(
    kind: str, pool: int, allocated: int, consumed: int, granted: int
) -> None:
    found = batch(pools={(STOCK_ID, ("web",)): 4})
    found.move(operation(kind, "3", event_id="A-1"))
    assert found.pools == {(STOCK_ID, ("web",)): pool}
    assert found.allocated == {STOCK_ID: allocated}
    deltas = {entry.measure[1]: entry.delta for entry in found.entries}
    expected = {
        "@allocated": allocated,
        "@consumed": consumed,
        "@cumulative_consumed": consumed,
        "@cumulative_allocated": granted,
    }
    assert deltas == {name: units for name, units in expected.items() if units}
    assert {(entry.cause, entry.document) for entry in found.entries} == {(kind, "A-1")}


def test_a_reallocation_moves_units_between_groups_and_allocates_none() -> None:
    found = batch(pools={(STOCK_ID, ("shop",)): 4})
    found.move(operation("reallocate", "3", "web", sources=("shop",)))
    assert found.pools == {(STOCK_ID, ("shop",)): 1, (STOCK_ID, ("web",)): 3}
    assert found.allocated == {STOCK_ID: 0}
    assert found.entries == []
    moved = [(move.pool.groups, move.units, move.granted, move.consumed) for move in found.moves]
    assert moved == [(("web",), 3, 3, 0), (("shop",), -3, -3, 0)]


def test_a_consumption_counts_as_consumed_by_its_pool_only() -> None:
    found = batch(pools={(STOCK_ID, ("web",)): 4})
    found.move(operation("consume", "3"))
    ((move),) = found.moves
    assert (move.units, move.consumed, move.granted) == (-3, 3, 0)


def test_later_operations_meet_what_earlier_ones_of_the_batch_allocated() -> None:
    found = batch(on_hand=5)
    found.move(operation("allocate", "3"))
    assert found.refusal(operation("allocate", "2")) == ""
    assert found.refusal(operation("allocate", "3")) == "2 units are available to allocate"
    assert found.refusal(operation("unallocate", "3")) == ""
    found.move(operation("unallocate", "3"))
    assert found.refusal(operation("allocate", "5")) == ""


def test_later_operations_meet_what_a_consumption_posted_and_reserved() -> None:
    found = batch(on_hand=5, pools={(STOCK_ID, ("web",)): 5})
    consumption = operation(
        "consume",
        "2",
        measures={("iom", "onhand"): -1, ("iv", "softreservordered"): 1},
    )
    found.apply_posted(consumption, {("iom", "onhand"): Decimal(-2)}, reserved=Decimal(2))
    own = found.families[LAMP.family].rows[ROOT]
    assert (own.on_hand, own.reserved) == (3, 2)
    assert found.balances[STOCK_ID] == {("iom", "onhand"): 3, ("iv", "softreservordered"): 2}


def test_an_unknown_measure_of_a_consumption_moves_no_supply() -> None:
    found = batch(on_hand=5)
    found.apply_posted(operation("consume"), {("crm", "leads"): Decimal(9)}, reserved=Decimal(0))
    assert found.families[LAMP.family].rows[ROOT].on_hand == 5


def test_the_id_of_an_operation_counts_once_in_its_organization() -> None:
    assert operation("allocate", event_id="e", organization="usmf").unique_id == "usmf/e"
    assert operation("allocate", event_id="e").unique_id == "/e"
    assert operation("allocate", dimensions=RED).key == RED_KEY
    assert operation("allocate", dimensions=RED).level == frozenset({("colorid", "red")})
