"""Facts, labels and events of fulfillment orders and shipments."""

from typing import Any
from uuid import UUID

import pytest
from tests.fulfillment.builders import (
    FACTS,
    create,
    fulfillment_orders,
    parcel,
    ready,
    report,
    send,
    update,
)
from tests.orders.builders import NOW, event_names, line, master_data, stock

from openiom.fulfillment import RefusedLine, source_refusals
from openiom.fulfillment.facts import (
    fulfillment_order_labels,
    fulfillment_order_roots,
    fulfillment_orders_of_orders,
    shipment_labels,
    shipment_roots,
)
from openiom.fulfillment.service.apply_events import raise_shipment_events
from openiom.kernel import new_id
from openiom.platform.bulk import fetch
from openiom.platform.database import Database
from openiom.platform.events import timeline
from openiom.provider_contract import EventRequest


@pytest.fixture
def order(database: Database) -> UUID:
    """An order of five scales and two lamps with its fulfillment order."""
    master_data(database)
    stock(database, Accu_Scale__SEA=100, Lamp__SEA=100)
    made = ready(database, line(quantity=5, unit_price="7.5"), line("Lamp", 2, name="Desk lamp"))
    create(database, made)
    return made


def shipment_ids(database: Database) -> list[UUID]:
    with database.reading() as session:
        rows = fetch(session, "SELECT id FROM fulfillment.shipment ORDER BY id")
    return [shipment_id for (shipment_id,) in rows]


def read(database: Database, kind: str, entity_id: UUID, *fields: str) -> dict[str, Any]:
    with database.reading() as session:
        found: dict[str, Any] = FACTS[kind](session, [entity_id], fields or None)[entity_id]
    return found


def test_lines_carry_what_a_fulfiller_needs(database: Database, order: UUID) -> None:
    (found,) = fulfillment_orders(database, order)
    scale, lamp = found["lines"]
    assert scale["reference"] == scale["id"]
    assert (scale["unit_price"], scale["unit"], scale["quantity"]) == ("7.50", "ea", 5)
    assert (lamp["name"], lamp["order_line_external_id"]) == ("Desk lamp", "Lamp")
    assert {"order_line_id", "product", "shipped"} <= set(lamp)


def test_order_and_lines_are_read_only_when_named(database: Database, order: UUID) -> None:
    (found,) = fulfillment_orders(database, order)
    fulfillment_order_id = UUID(found["id"])
    bare = read(database, "fulfillment_order", fulfillment_order_id, "number")
    assert "order" not in bare
    assert "lines" not in bare
    assert bare["order_id"] == str(order)
    with_lines = read(database, "fulfillment_order", fulfillment_order_id, "lines")
    assert len(with_lines["lines"]) == 2
    assert "order" not in with_lines
    with_order = read(database, "fulfillment_order", fulfillment_order_id, "order")
    assert with_order["order"]["number"] == "1001"
    assert "total_amount" not in with_order["order"], "only what fulfillers need is sent"


def test_unknown_ids_are_absent(database: Database, order: UUID) -> None:
    with database.reading() as session:
        assert FACTS["fulfillment_order"](session, [new_id()]) == {}
        assert FACTS["shipment"](session, [new_id()]) == {}
        assert fulfillment_order_labels(session, [new_id()]) == {}
        assert shipment_roots(session, [new_id()]) == {}


def test_items_of_a_shipment_are_those_of_the_parcel(database: Database, order: UUID) -> None:
    (found,) = fulfillment_orders(database, order)
    report(database, parcel(found, "P1", 2, 1))
    (shipment_id,) = shipment_ids(database)
    shipment = read(database, "shipment", shipment_id)
    assert [(item["product"], item["quantity"]) for item in shipment["items"]] == [
        ("Accu Scale", 2),
        ("Lamp", 1),
    ]
    assert shipment["fulfillment_order"] == {"number": found["number"], "source": "SEA"}
    assert shipment["shipped_at"] == "2026-11-21T07:00:00+00:00"
    assert shipment["final"] is False


def test_labels_and_roots_name_orders_and_parcels(database: Database, order: UUID) -> None:
    (found,) = fulfillment_orders(database, order)
    untracked = parcel(found, "P2", 1)
    untracked["shipment"]["tracking_number"] = ""
    report(database, parcel(found, "P1", 1), untracked)
    first, second = shipment_ids(database)
    fulfillment_order_id = UUID(found["id"])

    with database.reading() as session:
        assert fulfillment_order_labels(session, [fulfillment_order_id]) == {
            fulfillment_order_id: found["number"]
        }
        assert fulfillment_order_roots(session, [fulfillment_order_id]) == {
            fulfillment_order_id: order
        }
        assert shipment_labels(session, [first, second]) == {
            first: f"{found['number']}, parcel 1ZP1",
            second: f"{found['number']}, parcel without tracking",
        }
        assert shipment_roots(session, [first]) == {first: order}


def test_children_of_an_order_are_those_that_can_be_delivered(
    database: Database, order: UUID
) -> None:
    (declined,) = fulfillment_orders(database, order)
    with database.reading() as session:
        assert fulfillment_orders_of_orders(session, [order]) == {order: [UUID(declined["id"])]}
    report(database, update(declined, "declined"))
    with database.reading() as session:
        assert fulfillment_orders_of_orders(session, [order]) == {}


def test_sources_that_did_not_fulfill_a_line_are_known(database: Database, order: UUID) -> None:
    (found,) = fulfillment_orders(database, order)
    _, lamp = (UUID(one["order_line_id"]) for one in found["lines"])
    with database.reading() as session:
        assert source_refusals(session, [order]) == {}
    report(database, parcel(found, "P1", 5), update(found, "canceled"))
    with database.reading() as session:
        refusals = source_refusals(session, [order])
    assert refusals == {lamp: (RefusedLine(lamp, "Lamp", "SEA", NOW),)}


def raise_on_shipment(database: Database, shipment_id: UUID, reason: str = "") -> list[bool]:
    requests = [
        EventRequest(shipment_id, "shipment.pushed", {"store": "fabrikam"}, reason),
        EventRequest(new_id(), "shipment.pushed"),
    ]
    with database.unit_of_work() as session:
        return [outcome.ok for outcome in raise_shipment_events(session, requests, NOW, "flow")]


def test_events_of_shipments_are_logged_on_the_order(database: Database, order: UUID) -> None:
    (found,) = fulfillment_orders(database, order)
    report(database, parcel(found, "P1", 5))
    (shipment_id,) = shipment_ids(database)
    assert raise_on_shipment(database, shipment_id, "second attempt") == [True, False]

    with database.reading() as session:
        event = timeline(session, [order])[0]

    assert (event.name, event.subject_type, event.subject_id) == (
        "shipment.pushed",
        "shipment",
        shipment_id,
    )
    assert event.data == {
        "store": "fabrikam",
        "number": found["number"],
        "tracking_number": "1ZP1",
        "reason": "second attempt",
    }


def test_an_event_the_table_does_not_name_is_published_and_moves_nothing(
    database: Database, order: UUID
) -> None:
    (found,) = fulfillment_orders(database, order)
    assert send(database, found["id"], event="fulfillment_order.label_printed")[0].ok
    assert fulfillment_orders(database, order)[0]["state"] == "new"
    assert "fulfillment_order.label_printed" in event_names(database, order)


def test_the_id_of_the_fulfiller_is_kept_when_a_later_event_has_none(
    database: Database, order: UUID
) -> None:
    (found,) = fulfillment_orders(database, order)
    assert send(database, found["id"])[0].ok
    assert report(database, update(found, "picked"))[0].ok
    after = fulfillment_orders(database, order)[0]
    assert (after["state"], after["external_id"]) == ("picked", f"3PL-{found['id'][-4:]}")


@pytest.mark.parametrize(
    ("event", "state"),
    [
        ("fulfillment_order.sent", "sent"),
        ("fulfillment_order.accepted", "accepted"),
        ("fulfillment_order.picked", "picked"),
        ("fulfillment_order.packed", "packed"),
        ("fulfillment_order.declined", "declined"),
        ("fulfillment_order.canceled", "canceled"),
    ],
)
def test_flows_move_a_fulfillment_order_by_events(
    database: Database, order: UUID, event: str, state: str
) -> None:
    (found,) = fulfillment_orders(database, order)
    assert send(database, found["id"], event=event)[0].ok
    assert fulfillment_orders(database, order)[0]["state"] == state
    assert event_names(database, order).count(event) == 1


def test_an_event_that_contradicts_what_happened_is_refused(
    database: Database, order: UUID
) -> None:
    (found,) = fulfillment_orders(database, order)
    report(database, parcel(found, "P1", 5, 2))
    outcome = send(database, found["id"], event="fulfillment_order.declined")[0]
    assert outcome.ok is False
    assert "all of its units have shipped" in outcome.reason
