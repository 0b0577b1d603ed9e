"""Each invariant is silent on a healthy story and finds the damage it is there for."""

from pathlib import Path

import pytest
from tests.fulfillment.builders import (
    broken_invariants,
    create,
    fulfillment_orders,
    parcel,
    ready,
    report,
)
from tests.orders.builders import line, master_data, placed, stock

from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database

FOLDER = Path(__file__).parents[2] / "invariants"

DAMAGE = [
    (
        "order_state_follows_its_lines",
        "UPDATE orders.order_state SET state = 'completed' WHERE state <> 'new'",
    ),
    (
        "order_state_follows_its_lines",
        "UPDATE orders.order_state SET state = 'canceled' WHERE state = 'new'",
    ),
    ("no_order_without_lines", "UPDATE orders.order SET line_count = 9"),
    ("no_order_without_lines", "DELETE FROM orders.order_state"),
    ("order_counts_add_up", "UPDATE orders.order_count_delta SET orders = orders + 1"),
    ("order_promises_agree", "UPDATE orders.order_state SET promised_on = '2026-12-03'"),
    ("ended_lines_reserve_no_stock", "UPDATE orders.order_line SET state = 'canceled'"),
    (
        "shipped_adds_up",
        "UPDATE orders.order_line SET shipped = 0, in_fulfillment = in_fulfillment + shipped",
    ),
    ("released_units_are_in_fulfillment", "UPDATE orders.order_line SET in_fulfillment = 0"),
    (
        "fulfillment_never_exceeds_the_order",
        "UPDATE orders.order_line SET quantity = 3, in_fulfillment = 0 WHERE quantity = 5",
    ),
    (
        "fulfillment_order_state_follows_its_lines",
        "UPDATE fulfillment.fulfillment_order SET state = 'shipped'",
    ),
    (
        "fulfillment_order_state_follows_its_lines",
        "UPDATE fulfillment.fulfillment_order SET state = 'canceled'",
    ),
    (
        "fulfillment_order_state_follows_its_lines",
        "UPDATE fulfillment.fulfillment_order_line SET shipped = quantity",
    ),
]


@pytest.fixture
def story(database: Database) -> Database:
    """One order half shipped, one only placed."""
    master_data(database)
    stock(database, Accu_Scale__SEA=10)
    order = ready(database, line(quantity=5))
    create(database, order)
    assert report(database, parcel(fulfillment_orders(database, order)[0], "P1", 2))[0].ok
    placed(database, external_id="1002")
    return database


@pytest.mark.parametrize(("name", "damage"), DAMAGE, ids=lambda value: value.split(" SET")[0])
def test_damage_is_found(story: Database, name: str, damage: str) -> None:
    assert broken_invariants(story) == []
    with story.unit_of_work() as session:
        execute(session, damage)
    assert f"{name}.sql" in broken_invariants(story)


def test_every_invariant_says_what_it_promises() -> None:
    for path in FOLDER.glob("*.sql"):
        first = path.read_text().splitlines()[0]
        assert first.startswith("-- ")
        assert first.endswith("."), path.name


def test_the_database_itself_refuses_more_than_was_ordered(story: Database) -> None:
    with pytest.raises(Exception, match="ck_order_line_units"), story.unit_of_work() as session:
        execute(session, "UPDATE orders.order_line SET shipped = quantity + 1")

    with (
        pytest.raises(Exception, match="ck_fulfillment_order_line_units"),
        story.unit_of_work() as session,
    ):
        execute(session, "UPDATE fulfillment.fulfillment_order_line SET shipped = quantity + 1")

    with story.reading() as session:
        assert fetch(session, "SELECT sum(shipped) FROM orders.order_line")[0][0] == 2
