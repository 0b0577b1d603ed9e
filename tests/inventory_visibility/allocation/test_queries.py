"""Reads of allocations: filters, totals by group, and what moved one."""

from decimal import Decimal
from typing import Any

import pytest
from tests.inventory_visibility.builders import NOW, allocated, stocked

from openiom.inventory_visibility import (
    AllocationOperation,
    StockKey,
    allocations_at,
    apply_allocations,
    inventory_configuration,
)
from openiom.inventory_visibility.allocation.queries import (
    allocation_moves,
    own_allocations,
    pool_totals,
)
from openiom.platform.database import Database

LAMP = StockKey("", "LAMP", "SEA")


@pytest.fixture
def stock(database: Database) -> Database:
    """LAMP at two sources and DESK, allocated to the web, its VIPs and the shop."""
    stocked(database, LAMP__SEA=20, LAMP__CHI=20, DESK__SEA=20)
    allocated(database, "LAMP", "SEA", 5, "web")
    allocated(database, "LAMP", "SEA", 2, "web", "vip")
    allocated(database, "LAMP", "CHI", 3, "web")
    allocated(database, "DESK", "SEA", 4, "shop")
    return database


def operate(database: Database, kind: Any, quantity: int, *groups: str) -> None:
    operation = AllocationOperation(
        kind=kind,
        event_id=f"{kind}-{quantity}",
        organization="",
        product="LAMP",
        source="SEA",
        groups=groups,
        quantity=Decimal(quantity),
    )
    with database.unit_of_work() as session:
        (result,) = apply_allocations(
            session,
            [operation],
            configuration=inventory_configuration(session),
            now=NOW,
            actor="planner",
        )

    assert result.ok, result.reason


def test_allocations_at_a_key_are_those_to_the_groups_and_below(stock: Database) -> None:
    with stock.reading() as session:
        everything = allocations_at(session, LAMP)
        of_web = allocations_at(session, LAMP, ["web"])
        of_vip = allocations_at(session, LAMP, ["web", "vip"])
        of_shop = allocations_at(session, LAMP, ["shop"])

    assert [(row.groups, row.allocated) for row in everything] == [
        (["web"], 5),
        (["web", "vip"], 2),
    ]
    assert of_web == everything
    assert [row.groups for row in of_vip] == [["web", "vip"]]
    assert of_shop == []


def test_another_organization_or_dimension_has_its_own_allocations(stock: Database) -> None:
    with stock.reading() as session:
        assert allocations_at(session, LAMP._replace(organization="usmf")) == []
        assert allocations_at(session, LAMP._replace(dimensions="colorid=red")) == []


def test_own_allocations_are_paged_by_id_and_filtered(stock: Database) -> None:
    with stock.reading() as session:
        every = own_allocations(session, product="", source="", after=0, limit=9)
        first = own_allocations(session, product="", source="", after=0, limit=2)
        rest = own_allocations(session, product="", source="", after=first[-1].id, limit=9)
        lamps = own_allocations(session, product="LAMP", source="", after=0, limit=9)
        at_sea = own_allocations(session, product="", source="SEA", after=0, limit=9)
        lamps_at_sea = own_allocations(session, product="LAMP", source="SEA", after=0, limit=9)

    assert [*first, *rest] == every
    assert [(row.product, row.source, row.allocated) for row in every] == [
        ("LAMP", "SEA", 5),
        ("LAMP", "SEA", 2),
        ("LAMP", "CHI", 3),
        ("DESK", "SEA", 4),
    ]
    assert [row.allocated for row in lamps] == [5, 2, 3]
    assert [row.allocated for row in at_sea] == [5, 2, 4]
    assert [row.allocated for row in lamps_at_sea] == [5, 2]


def test_totals_are_by_group_over_all_keys(stock: Database) -> None:
    operate(stock, "consume", 1, "web")
    with stock.reading() as session:
        every = pool_totals(session, product="", source="")
        of_chi = pool_totals(session, product="LAMP", source="CHI")

    totals = [(row.groups, row.keys, row.allocated, row.consumed) for row in every]
    assert totals == [(["shop"], 1, 4, 0), (["web"], 2, 7, 1), (["web", "vip"], 1, 2, 0)]
    assert [row.cumulative_allocated for row in every] == [4, 8, 2]
    assert [row.cumulative_consumed for row in every] == [0, 1, 0]
    assert [(row.groups, row.keys, row.allocated) for row in of_chi] == [(["web"], 1, 3)]


def test_moves_of_an_allocation_are_paged_from_the_newest(stock: Database) -> None:
    operate(stock, "unallocate", 2, "web")
    operate(stock, "consume", 1, "web")

    with stock.reading() as session:
        web = own_allocations(session, product="LAMP", source="SEA", after=0, limit=1)[0]
        newest = allocation_moves(session, web.id, before=None, limit=2)
        oldest = allocation_moves(session, web.id, before=newest[-1].id, limit=9)

    moves = [(row.operation, row.allocated, row.consumed) for row in [*newest, *oldest]]
    assert moves == [("consume", -1, 1), ("unallocate", -2, 0), ("allocate", 5, 0)]
    assert [row.document for row in newest] == ["consume-1", "unallocate-2"]
    assert {row.actor for row in newest} == {"planner"}
    assert newest[0].recorded_at == NOW
    assert (web.allocated, web.consumed, web.cumulative_allocated) == (2, 1, 5)
