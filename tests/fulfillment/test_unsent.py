"""Changes of orders by their source while their fulfillment orders are not sent."""

from typing import Any

import pytest
from tests.fulfillment.builders import (
    broken_invariants,
    create,
    fulfillment_orders,
    ready,
    send,
    sourced_from,
)
from tests.orders.builders import (
    NOW,
    SHIP_TO,
    available,
    document,
    facts,
    line,
    master_data,
    state_of,
    stock,
)

from openiom.fulfillment import UnsentFulfillment
from openiom.orders import receive_orders
from openiom.platform.database import Database
from openiom.provider_contract import InboundDocument

TACOMA = SHIP_TO | {"city": "Tacoma"}


@pytest.fixture
def stocked(database: Database) -> Database:
    master_data(database)
    stock(database, Accu_Scale__SEA=100, Lamp__SEA=100)
    return database


def redeliver(database: Database, changed: dict[str, Any]) -> None:
    with database.unit_of_work() as session:
        arrived = [InboundDocument(0, "fabrikam-store", changed)]
        (result,) = receive_orders(session, arrived, NOW, "store", fulfillment=UnsentFulfillment())
        assert result.ok, result


def states(database: Database, order: Any) -> list[tuple[str, str]]:
    found = fulfillment_orders(database, order)
    return [(one["state"], one["ship_to"]["city"]) for one in found]


@pytest.mark.parametrize(
    "changed",
    [
        document("1001", line(quantity=5), ship_to=TACOMA),
        document("1001", line(quantity=5, ship_to=TACOMA)),
    ],
    ids=["of the order", "of a line"],
)
def test_another_address_before_release_cancels_the_fulfillment_order(
    stocked: Database, changed: dict[str, Any]
) -> None:
    order = ready(stocked)
    create(stocked, order)
    redeliver(stocked, changed)
    assert state_of(stocked, order) == ("in_progress", "Fulfillment Declined")
    assert available(stocked, "Accu Scale", "SEA") == 100

    sourced_from(stocked, order, "SEA")
    create(stocked, order)
    assert states(stocked, order) == [("canceled", "Redmond"), ("new", "Tacoma")]
    recalls = [(x["recall"], x["recall_reason"]) for x in fulfillment_orders(stocked, order)]
    assert recalls == [("accepted", "changed by its source"), ("", "")]
    assert broken_invariants(stocked) == []


def test_another_name_of_the_customer_is_sent_to_the_fulfiller(stocked: Database) -> None:
    order = ready(stocked)
    create(stocked, order)
    redeliver(stocked, document("1001", line(quantity=5), customer={"name": "Ann Beebe"}))
    assert states(stocked, order) == [("canceled", "Redmond")]
    assert facts(stocked, order)["customer"]["name"] == "Ann Beebe"


def test_a_note_leaves_the_fulfillment_order(stocked: Database) -> None:
    order = ready(stocked)
    create(stocked, order)
    redeliver(stocked, document("1001", line(quantity=5), note="Ring twice"))
    assert states(stocked, order) == [("new", "Redmond")]
    assert available(stocked, "Accu Scale", "SEA") == 95


def test_what_was_sent_is_not_changed(stocked: Database) -> None:
    order = ready(stocked)
    create(stocked, order)
    send(stocked, fulfillment_orders(stocked, order)[0]["id"])
    redeliver(stocked, document("1001", line(quantity=2), ship_to=TACOMA))
    assert states(stocked, order) == [("sent", "Redmond")]
    (only,) = facts(stocked, order)["lines"]
    assert (only["quantity"], only["in_fulfillment"], only["canceled"]) == (5, 5, 0)
    assert broken_invariants(stocked) == []


def test_removing_every_line_before_release_cancels_the_order(stocked: Database) -> None:
    order = ready(stocked)
    create(stocked, order)
    redeliver(stocked, document("1001", line(quantity=5, canceled_quantity=5)))
    assert states(stocked, order) == [("canceled", "Redmond")]
    assert state_of(stocked, order) == ("canceled", "Canceled upstream")
    assert available(stocked, "Accu Scale", "SEA") == 100
