"""Sources and states that fulfillment orders still need cannot be deleted."""

import pytest
from tests.deletion_guards import deletion_problems
from tests.fulfillment.builders import create, fulfillment_orders, parcel, ready, report, send
from tests.orders.builders import master_data, stock

from openiom.fulfillment import DELETION_GUARDS
from openiom.kernel import Problem
from openiom.platform.database import Database

NEEDED = Problem(
    "source SEA",
    "has fulfillment orders that are not done",
    "let them end, cancel them, or make the source inactive",
)


@pytest.fixture
def stocked(database: Database) -> Database:
    master_data(database)
    stock(database, Accu_Scale__SEA=100, Lamp__SEA=100)
    return database


def problems(database: Database, kind: str, *names: str) -> list[Problem]:
    return deletion_problems(database, DELETION_GUARDS, kind, *names)


def test_without_fulfillment_orders_every_source_may_be_deleted(stocked: Database) -> None:
    assert problems(stocked, "source", "SEA", "CHI") == []


def test_a_source_is_needed_until_its_fulfillment_orders_are_shipped(stocked: Database) -> None:
    order = ready(stocked)
    create(stocked, order)
    [found] = fulfillment_orders(stocked, order)
    assert problems(stocked, "source", "CHI", "SEA", "NYC") == [NEEDED]

    send(stocked, found["id"])
    assert problems(stocked, "source", "SEA") == [NEEDED]

    report(stocked, parcel(found, "P-1", 3))
    assert problems(stocked, "source", "SEA") == [NEEDED]

    report(stocked, parcel(found, "P-2", 2))
    assert problems(stocked, "source", "SEA") == []


def test_one_of_several_fulfillment_orders_keeps_their_source(stocked: Database) -> None:
    first, second = ready(stocked, external_id="1"), ready(stocked, external_id="2")
    create(stocked, first, second)
    [done] = fulfillment_orders(stocked, first)
    send(stocked, done["id"])
    report(stocked, parcel(done, "P-1", 5))

    assert problems(stocked, "source", "SEA") == [NEEDED]
    assert problems(stocked, "source", "CHI") == []
