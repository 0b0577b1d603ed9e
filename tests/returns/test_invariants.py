"""Each invariant of returns finds the damage it is there for."""

import pytest
from tests.returns.builders import (
    broken_invariants,
    delivered,
    line_ids,
    new_return,
    receive,
    returned,
    shop,
)

from openiom.platform.bulk import execute
from openiom.platform.database import Database

DAMAGE = [
    ("returned_never_exceeds_shipped", "UPDATE orders.order_line SET returned = 0"),
    ("returned_never_exceeds_shipped", "UPDATE orders.order_line SET in_return = 2"),
    ("returns_refund_no_more_than_was_paid", "UPDATE returns.return_amount_line SET goods = 51"),
    (
        "returned_units_are_posted_once",
        "UPDATE returns.return_line SET inspected = 0",
    ),
    ("returned_units_are_posted_once", "UPDATE returns.return_line SET credited = 0"),
    ("returned_units_are_posted_once", "UPDATE returns.return_receipt SET quantity = 7"),
    ("return_order_state_follows_its_lines", "UPDATE returns.return_order SET state = 'received'"),
    ("return_order_state_follows_its_lines", "UPDATE returns.return_order SET state = 'closed'"),
]


@pytest.fixture
def story(database: Database) -> Database:
    """Of two units one came back, was inspected and is refunded; the other is expected."""
    shop(database)
    order = delivered(database)
    one = returned(database, new_return(order, (line_ids(database, order)[0], 2)))
    assert receive(database, (one.lines[0].id, 1), condition="new", disposition="restock")[0].ok
    return database


@pytest.mark.parametrize(("name", "damage"), DAMAGE, ids=lambda value: value.split(" SET")[0])
def test_damage_is_found(story: Database, name: str, damage: str) -> None:
    assert broken_invariants(story) == []
    with story.unit_of_work() as session:
        execute(session, damage)
    assert f"{name}.sql" in broken_invariants(story)


@pytest.mark.parametrize(
    ("constraint", "damage"),
    [
        ("ck_order_line_returns", "UPDATE orders.order_line SET returned = shipped + 1"),
        ("ck_return_line_received", "UPDATE returns.return_line SET received = quantity + 1"),
        ("ck_return_line_inspected", "UPDATE returns.return_line SET inspected = received + 1"),
        ("ck_return_line_credited", "UPDATE returns.return_line SET credited = quantity + 1"),
        ("ck_return_amount_amount", "UPDATE returns.return_amount SET amount = amount + 1"),
    ],
)
def test_the_database_itself_refuses_it(story: Database, constraint: str, damage: str) -> None:
    with pytest.raises(Exception, match=constraint), story.unit_of_work() as session:
        execute(session, damage)
