"""Fulfillment orders that are not sent: on hold, recalled, or past being new."""

from uuid import UUID

import pytest
from tests.fulfillment.builders import create, fulfillment_orders, ready, send
from tests.orders.builders import NOW, master_data, stock

from openiom.fulfillment import ENTITIES, recall_fulfillment_orders
from openiom.orders import hold_orders, release_holds
from openiom.platform.bulk import execute
from openiom.platform.database import Database

FULFILLMENT_ORDER = next(entity for entity in ENTITIES if entity.name == "fulfillment_order")


@pytest.fixture
def order(database: Database) -> UUID:
    master_data(database)
    stock(database, Accu_Scale__SEA=100)
    placed = ready(database)
    create(database, placed)
    return placed


def guarded(
    database: Database, order: UUID, event: str = "fulfillment_order.sent"
) -> tuple[list[str], list[str]]:
    """Return why the fulfillment order is not sent any more, and why not for now."""
    (found,) = fulfillment_orders(database, order)
    impossible, postponed = FULFILLMENT_ORDER.impossible, FULFILLMENT_ORDER.postponed
    assert impossible is not None
    assert postponed is not None
    with database.unit_of_work() as session:
        ids = [UUID(found["id"])]
        never = impossible(session, ids, event).values()
        later = postponed(session, ids, event).values()
        number = found["number"]
        return (
            [reason.replace(number, "FO") for reason in never],
            [reason.replace(number, "FO") for reason in later],
        )


def test_a_new_fulfillment_order_is_sent(database: Database, order: UUID) -> None:
    assert guarded(database, order) == ([], [])


def test_an_order_on_manual_hold_postpones_only_sending(database: Database, order: UUID) -> None:
    with database.unit_of_work() as session:
        assert hold_orders(session, [order], NOW, "ann")[0].ok
    assert guarded(database, order) == ([], ["FO waits: its order is on manual hold"])
    assert guarded(database, order, "fulfillment_order.canceled") == ([], [])
    with database.unit_of_work() as session:
        assert release_holds(session, [order], NOW, "ann")[0].ok
    assert guarded(database, order) == ([], [])


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("fulfillment_order.sent", "FO is sent to fulfillment"),
        ("fulfillment_order.accepted", "FO is accepted"),
        ("fulfillment_order.declined", "FO is declined"),
        ("fulfillment_order.canceled", "FO is canceled"),
    ],
)
def test_what_is_not_new_is_not_sent(
    database: Database, order: UUID, event: str, reason: str
) -> None:
    (found,) = fulfillment_orders(database, order)
    assert send(database, found["id"], event=event)[0].ok
    assert guarded(database, order) == ([reason], [])


def test_what_failed_to_be_sent_can_be_sent_again(database: Database, order: UUID) -> None:
    (found,) = fulfillment_orders(database, order)
    assert send(database, found["id"], event="fulfillment_order.send_failed")[0].ok
    assert guarded(database, order) == ([], [])


def test_what_is_being_recalled_is_not_sent(database: Database, order: UUID) -> None:
    (found,) = fulfillment_orders(database, order)
    with database.unit_of_work() as session:
        execute(
            session,
            "UPDATE fulfillment.fulfillment_order SET recall = 'requested',"
            " recalled_units = 'cancel'",
        )
    assert guarded(database, order) == (["FO is being recalled"], [])
    with database.unit_of_work() as session:
        recall_fulfillment_orders(session, [UUID(found["id"])], NOW, "ann")
    assert guarded(database, order) == (["FO is canceled"], [])
