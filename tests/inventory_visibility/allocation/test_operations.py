"""Allocation operations: applied once, in order, and refused with a reason."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from tests.inventory_visibility.invariants import check

from openiom.inventory_visibility import (
    AllocationKind,
    AllocationOperation,
    AllocationResult,
    MeasureChange,
    StockKey,
    allocations_at,
    apply_allocations,
    inventory_configuration,
    post_measures,
)
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LAMP = StockKey("", "LAMP", "SEA")
NUMBERS = count(1)
SOFT, INBOUND = ("iv", "softreservordered"), ("pos", "inbound")


def operation(
    kind: AllocationKind,
    quantity: object,
    *groups: str,
    id: str = "",
    **more: Any,
) -> AllocationOperation:
    """An operation on the lamps at SEA; without an id each one has its own."""
    event_id = id or f"op-{next(NUMBERS)}"
    given = {"organization": "", "product": "LAMP", "source": "SEA", **more}
    return AllocationOperation(
        kind, event_id, groups=groups or ("web",), quantity=Decimal(str(quantity)), **given
    )


def apply(database: Database, *operations: AllocationOperation) -> list[AllocationResult]:
    with database.unit_of_work() as session:
        return apply_allocations(
            session,
            operations,
            configuration=inventory_configuration(session),
            now=NOW,
            actor="planner",
        )


def reason(database: Database, one: AllocationOperation) -> str:
    (result,) = apply(database, one)
    assert result.ok is (not result.reason)
    return result.reason


def supplied(
    database: Database, units: object, product: str = "LAMP", organization: str = "", **values: str
) -> None:
    change = MeasureChange(
        organization,
        product,
        "SEA",
        {("pos", "posinbound"): Decimal(str(units))},
        dimensions=values,
    )
    with database.unit_of_work() as session:
        assert post_measures(session, [change], now=NOW, actor="pos", cause="api")[0].ok


def pools(database: Database) -> dict[tuple[str, ...], tuple[int, int, int, int]]:
    """(allocated, cumulative, consumed, cumulative) by path of groups."""
    with database.reading() as session:
        rows = fetch(
            session,
            "SELECT groups, allocated::int, cumulative_allocated::int, consumed::int,"
            " cumulative_consumed::int FROM inventory_visibility.allocation",
        )
    return {tuple(groups): tuple(figures) for groups, *figures in rows}  # type: ignore[misc]


def measures(database: Database) -> Mapping[str, int]:
    with database.reading() as session:
        rows = fetch(
            session,
            "SELECT measure, quantity::int FROM inventory_visibility.measure_balance"
            " WHERE data_source IN ('@iv', 'iv')",
        )
    return {measure: quantity for measure, quantity in rows if quantity}


@pytest.fixture
def stocked(database: Database) -> Database:
    supplied(database, 20)
    return database


def test_units_are_allocated_up_to_what_is_available(stocked: Database) -> None:
    assert reason(stocked, operation("allocate", 15)) == ""
    assert reason(stocked, operation("allocate", 6)) == "5 units are available to allocate"
    assert reason(stocked, operation("allocate", 5, "web", "vip")) == ""
    assert reason(stocked, operation("allocate", 1)) == "0 units are available to allocate"
    assert pools(stocked) == {("web",): (15, 15, 0, 0), ("web", "vip"): (5, 5, 0, 0)}
    assert measures(stocked) == {"@allocated": 20, "@cumulative_allocated": 20}
    check(stocked)


def test_operations_of_one_call_see_each_other(stocked: Database) -> None:
    results = apply(
        stocked,
        operation("allocate", 15),
        operation("allocate", 10),
        operation("unallocate", 5),
        operation("allocate", 10, "shop"),
    )
    assert [result.reason for result in results] == [
        "",
        "5 units are available to allocate",
        "",
        "",
    ]
    assert pools(stocked) == {("web",): (10, 15, 0, 0), ("shop",): (10, 10, 0, 0)}
    check(stocked)


def test_an_operation_is_applied_once(stocked: Database) -> None:
    once = operation("allocate", 4, id="same")
    assert apply(stocked, once, once) == [
        AllocationResult(True),
        AllocationResult(True, duplicate=True),
    ]
    assert apply(stocked, once) == [AllocationResult(True, duplicate=True)]
    assert pools(stocked) == {("web",): (4, 4, 0, 0)}


def test_the_id_of_a_refused_operation_may_be_used_again(stocked: Database) -> None:
    assert reason(stocked, operation("allocate", 99, id="again"))
    assert reason(stocked, operation("allocate", 4, id="again")) == ""


def test_ids_of_organizations_are_distinct(stocked: Database) -> None:
    supplied(stocked, 9, organization="partner")
    own, other = (
        operation("allocate", 4, id="same"),
        operation("allocate", 4, id="same", organization="partner"),
    )
    assert [result.duplicate for result in apply(stocked, own, other)] == [False, False]


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_quantity_is_above_zero(stocked: Database, quantity: int) -> None:
    one = operation("allocate", quantity)
    assert reason(stocked, one) == "the quantity must be above zero"


def test_a_group_gives_up_only_what_it_has(stocked: Database) -> None:
    apply(stocked, operation("allocate", 4, "web", "vip"))
    wanted = "4 units are allocated to web > vip, requested 5"
    assert reason(stocked, operation("unallocate", 5, "web", "vip")) == wanted
    assert reason(stocked, operation("consume", 5, "web", "vip")) == wanted
    move = operation("reallocate", 5, "shop", sources=("web", "vip"))
    assert reason(stocked, move) == wanted
    assert (
        reason(stocked, operation("unallocate", 1)) == "0 units are allocated to web, requested 1"
    )
    assert reason(stocked, operation("unallocate", 4, "web", "vip")) == ""
    check(stocked)


def test_a_reallocation_moves_units_between_groups(stocked: Database) -> None:
    apply(stocked, operation("allocate", 8))
    assert reason(stocked, operation("reallocate", 3, "shop", sources=("web",))) == ""
    assert pools(stocked) == {("web",): (5, 5, 0, 0), ("shop",): (3, 3, 0, 0)}
    assert measures(stocked)["@allocated"] == 8
    assert (
        reason(stocked, operation("reallocate", 1, sources=("web",)))
        == "units cannot be reallocated from a group to itself"
    )
    check(stocked)


def test_a_consumption_uses_units_up(stocked: Database) -> None:
    apply(stocked, operation("allocate", 8))
    assert reason(stocked, operation("consume", 3)) == ""
    assert pools(stocked) == {("web",): (5, 8, 3, 3)}
    assert measures(stocked) == {
        "@allocated": 5,
        "@cumulative_allocated": 8,
        "@consumed": 3,
        "@cumulative_consumed": 3,
    }
    check(stocked)


def test_a_consumption_reserves_the_units_it_names(stocked: Database) -> None:
    apply(stocked, operation("allocate", 8))
    assert reason(stocked, operation("consume", 3, measures={SOFT: 1})) == ""
    assert measures(stocked)["softreservordered"] == 3
    results = apply(
        stocked,
        operation("consume", 2, measures={SOFT: 1}),
        operation("allocate", 99),
    )
    assert [result.reason for result in results] == ["", "12 units are available to allocate"]
    check(stocked)


def test_a_consumption_posts_the_measures_it_names(stocked: Database) -> None:
    apply(stocked, operation("allocate", 8))
    results = apply(
        stocked,
        operation("consume", 3, measures={INBOUND: -1}),
        operation("allocate", 99),
    )
    assert [result.reason for result in results] == ["", "12 units are available to allocate"]

    with stocked.reading() as session:
        assert fetch(session, "SELECT on_hand::int FROM inventory_visibility.stock") == [(17,)]

    check(stocked)


def test_a_measure_has_the_sign_opposite_to_the_formula(stocked: Database) -> None:
    apply(stocked, operation("allocate", 8))
    wrong = operation("consume", 3, measures={INBOUND: 1})
    assert reason(stocked, wrong) == (
        "pos.inbound must be given with the sign opposite to its sign in @iv.@available_to_allocate"
    )
    released = operation("consume", 3, measures={SOFT: -1})
    assert reason(stocked, released).startswith("iv.softreservordered must be given")
    two = {SOFT: 1, ("iv", "softreservphysical"): 1}
    assert (
        reason(stocked, operation("consume", 3, measures=two))
        == "name one soft-reservation measure"
    )
    assert pools(stocked) == {("web",): (8, 8, 0, 0)}

    outside = operation("consume", 3, measures={("crm", "stock"): 1})
    assert reason(stocked, outside) == "", "the formula has no sign to be opposite to"
    assert pools(stocked) == {("web",): (5, 8, 3, 3)}


def test_a_reservation_that_does_not_fit_refuses_the_consumption(stocked: Database) -> None:
    apply(stocked, operation("allocate", 8))
    with stocked.unit_of_work() as session:
        change = MeasureChange("", "LAMP", "SEA", {("pos", "posinbound"): Decimal(-18)})
        post_measures(session, [change], now=NOW, actor="pos", cause="api")

    assert (
        reason(stocked, operation("consume", 3, measures={SOFT: 1}))
        == "2 units are free at the source as a whole, requested 3"
    )
    assert pools(stocked) == {("web",): (8, 8, 0, 0)}
    check(stocked)


def test_safety_stock_is_not_allocated(stocked: Database) -> None:
    with stocked.unit_of_work() as session:
        execute(session, "UPDATE inventory_visibility.stock SET safety_stock = 6")
    assert reason(stocked, operation("allocate", 15)) == "14 units are available to allocate"
    assert reason(stocked, operation("allocate", 14)) == ""


def test_units_of_deeper_rows_may_be_allocated_at_a_coarser_key(database: Database) -> None:
    supplied(database, 4, "TEE", colorid="red")
    supplied(database, 3, "TEE", colorid="red", sizeid="m")
    red = {"product": "TEE", "dimensions": {"colorid": "red"}}
    assert reason(database, operation("allocate", 8, **red)) == "7 units are available to allocate"
    assert reason(database, operation("allocate", 7, **red)) == ""
    check(database)


def test_a_product_is_always_allocated_by_the_same_dimensions(database: Database) -> None:
    supplied(database, 9, "TEE")
    supplied(database, 9, "TEE", colorid="red")
    red = {"product": "TEE", "dimensions": {"colorid": "red"}}
    assert reason(database, operation("allocate", 2, product="TEE")) == ""
    assert reason(database, operation("allocate", 2, **red)) == (
        "TEE is allocated by no further dimension;"
        " a product is always allocated by the same dimensions"
    )
    assert reason(database, operation("unallocate", 2, product="TEE")) == ""
    assert reason(database, operation("allocate", 2, **red)) == "", "nothing was allocated any more"
    assert reason(database, operation("allocate", 1, product="TEE")) == (
        "TEE is allocated by colorid; a product is always allocated by the same dimensions"
    )


def test_the_first_operation_of_a_call_decides_by_which_dimensions(database: Database) -> None:
    supplied(database, 9, "TEE")
    supplied(database, 9, "TEE", colorid="red")
    red = {"product": "TEE", "dimensions": {"colorid": "red"}}
    results = apply(
        database, operation("allocate", 2, **red), operation("allocate", 2, product="TEE")
    )
    assert [result.ok for result in results] == [True, False]


def test_allocations_are_read_by_the_beginning_of_their_path(stocked: Database) -> None:
    apply(
        stocked,
        operation("allocate", 4, "web"),
        operation("allocate", 3, "web", "vip"),
        operation("allocate", 2, "shop"),
    )
    with stocked.reading() as session:
        everything = allocations_at(session, LAMP)
        web = allocations_at(session, LAMP, ("web",))
        none = allocations_at(session, LAMP._replace(source="CHI"))

    assert [(tuple(row.groups), row.allocated) for row in everything] == [
        (("shop",), 2),
        (("web",), 4),
        (("web", "vip"), 3),
    ]
    assert [tuple(row.groups) for row in web] == [("web",), ("web", "vip")]
    assert none == []
    assert (web[0].product, web[0].source, web[0].dimensions) == ("LAMP", "SEA", {})


def test_every_move_has_an_entry(stocked: Database) -> None:
    apply(stocked, operation("allocate", 8, id="a"))
    apply(stocked, operation("reallocate", 3, "shop", sources=("web",), id="b"))
    apply(stocked, operation("consume", 2, id="c"))

    with stocked.reading() as session:
        rows = fetch(
            session,
            "SELECT a.groups, e.operation, e.allocated::int, e.consumed::int, e.granted::int,"
            " e.document, e.actor FROM inventory_visibility.allocation_entry e"
            " JOIN inventory_visibility.allocation a ON a.id = e.allocation_id ORDER BY e.id",
        )

    assert rows == [
        (["web"], "allocate", 8, 0, 8, "a", "planner"),
        (["shop"], "reallocate", 3, 0, 3, "b", "planner"),
        (["web"], "reallocate", -3, 0, -3, "b", "planner"),
        (["web"], "consume", -2, 2, 0, "c", "planner"),
    ]


def test_own_stock_without_dimensions_is_published(stocked: Database) -> None:
    supplied(stocked, 9, organization="partner")
    apply(stocked, operation("allocate", 4), operation("allocate", 99))
    apply(stocked, operation("allocate", 4, organization="partner"))

    with stocked.reading() as session:
        events = fetch(
            session,
            "SELECT data->'cause', data->'keys' FROM platform.business_event"
            " WHERE name = 'inventory.availability_increased'",
        )

    assert events == [("allocation", [["LAMP", "SEA"]])]
