"""Fulfillment orders are created once per order and source, with what their lines still owe."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from tests.fulfillment.builders import create, fulfillment_orders, ready, sourced_from
from tests.orders.builders import (
    NOW,
    document,
    event_names,
    facts,
    line,
    master_data,
    placed,
    receive,
    sourced,
    stock,
)

from openiom.fulfillment_optimization import KINDS as SOURCING
from openiom.fulfillment_optimization import source_places
from openiom.kernel import new_id
from openiom.logistics import KINDS as LOGISTICS
from openiom.orders import LineCancellation, assign_sources, cancel_lines
from openiom.platform.bulk import execute, fetch
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database
from openiom.platform.events import timeline


@pytest.fixture
def stocked(database: Database) -> Database:
    master_data(database)
    stock(database, Accu_Scale__SEA=100, Lamp__SEA=100, Lamp__CHI=100)
    return database


def source(database: Database, name: str, *, processing_days: int) -> None:
    with database.unit_of_work() as session:
        execute(
            session,
            "INSERT INTO fulfillment_optimization.source (name, title, type, active, latitude,"
            " longitude, address, processing_days, time_zone) VALUES (%s, %s, 'warehouse', true,"
            ' 47.6, -122.3, \'{"city": "Seattle", "country": "US"}\', %s, \'UTC\')',
            (name, f"{name} warehouse", processing_days),
        )


def created_events(database: Database, order: UUID) -> list[dict[str, Any]]:
    with database.reading() as session:
        events = reversed(timeline(session, [order]))
        return [event.data for event in events if event.name == "fulfillment_order.created"]


def test_lines_of_one_source_share_a_fulfillment_order(stocked: Database) -> None:
    order = ready(stocked, line(quantity=2), line("Lamp", 3))
    assert create(stocked, order)[0].ok
    (found,) = fulfillment_orders(stocked, order)
    assert (found["source"], found["state"], found["state_reason"]) == ("SEA", "new", "Created")
    assert [(one["product"], one["quantity"], one["shipped"]) for one in found["lines"]] == [
        ("Accu Scale", 2, 0),
        ("Lamp", 3, 0),
    ]
    assert found["ship_to"]["city"] == "Redmond"
    assert found["order"]["number"] == "1001"


def test_numbers_ascend_and_are_unique(stocked: Database) -> None:
    orders = [ready(stocked, line(), external_id=str(n)) for n in range(3)]
    outcomes = create(stocked, *orders)
    numbers = [outcome.details["fulfillment_orders"][0] for outcome in outcomes]
    assert numbers == sorted(set(numbers))
    assert all(number.startswith("FO-") for number in numbers)
    assert [outcome.reason for outcome in outcomes] == [f"created {n}" for n in numbers]


def test_the_event_lists_source_number_and_lines(stocked: Database) -> None:
    order = ready(stocked, line(quantity=2), line("Lamp", 1))
    create(stocked, order)
    (data,) = created_events(stocked, order)
    assert data["source"] == "SEA"
    assert data["number"] == fulfillment_orders(stocked, order)[0]["number"]
    assert data["lines"] == [
        {"product": "Accu Scale", "unit": "ea", "quantity": 2},
        {"product": "Lamp", "unit": "ea", "quantity": 1},
    ]


def test_the_event_of_a_long_order_lists_fifty_lines(stocked: Database) -> None:
    order = ready(stocked, *(line(external_id=str(n)) for n in range(60)))
    create(stocked, order)
    (data,) = created_events(stocked, order)
    assert len(data["lines"]) == 50
    assert len(fulfillment_orders(stocked, order)[0]["lines"]) == 60


def planned_ship_date(database: Database, **source_fields: Any) -> str | None:
    """Return the planned ship date of an order of Friday, 04:00 in Seattle, that SEA ships."""
    address = {"city": "Seattle", "state": "WA", "country": "US"}
    body = {"title": "Seattle", "type": "warehouse", "address": address, **source_fields}
    calendar = {"title": "Weekdays", "time_zone": "America/Los_Angeles"}
    bands = [{"zone": "all", "days": 2}]
    carrier = {"title": "Acme", "services": [{"name": "ground", "title": "Ground", "bands": bands}]}
    pickups = [{"weekdays": ["tuesday"], "at": "10:00"}]
    tuesdays = {"title": "Tuesdays", "carrier": "ACME", "pickups": pickups}
    documents = [
        {"kind": "calendar", "name": "weekdays", "body": calendar},
        {"kind": "carrier", "name": "ACME", "body": carrier},
        {"kind": "pickup_schedule", "name": "tuesdays", "body": tuesdays},
        {"kind": "source", "name": "SEA", "body": body},
    ]
    configuration = Configuration()
    configuration.register(*LOGISTICS, *SOURCING)
    with database.unit_of_work() as session:
        configuration.apply(session, documents, at=NOW, actor="test")

    order = ready(database)
    create(database, order)
    (found,) = fulfillment_orders(database, order)
    planned: str | None = found["planned_ship_date"]
    return planned


def test_the_planned_ship_date_follows_the_processing_days_of_the_source(
    stocked: Database,
) -> None:
    expected = (NOW + timedelta(days=2)).date().isoformat()
    assert planned_ship_date(stocked, processing_days=2) == expected


@pytest.mark.parametrize(
    ("fields", "day"),
    [
        ({"calendar": "weekdays", "processing_hours": 2}, "2026-11-20"),
        ({"calendar": "weekdays", "processing_hours": 2, "cutoff": "03:00"}, "2026-11-23"),
        ({"calendar": "weekdays", "processing_days": 1}, "2026-11-23"),
        ({"processing_hours": 2, "pickup_schedule": "tuesdays"}, "2026-11-24"),
        (
            {
                "calendar": "weekdays",
                "processing_days": 2,
                "cutoff": "03:00",
                "pickup_schedule": "tuesdays",
            },
            "2026-12-01",
        ),
    ],
)
def test_the_planned_ship_date_is_that_of_a_quote(
    stocked: Database, fields: dict[str, Any], day: str
) -> None:
    assert planned_ship_date(stocked, **fields) == day


def test_an_unknown_source_has_no_planned_ship_date(stocked: Database) -> None:
    order = ready(stocked)
    create(stocked, order)
    assert fulfillment_orders(stocked, order)[0]["planned_ship_date"] is None


def test_places_of_sources_are_read_by_name(stocked: Database) -> None:
    source(stocked, "SEA", processing_days=2)
    with stocked.reading() as session:
        places = source_places(session, {"SEA", "NOPE"})
    assert set(places) == {"SEA"}
    place = places["SEA"]
    assert (place.title, place.latitude, place.longitude) == ("SEA warehouse", 47.6, -122.3)
    assert (place.address["city"], place.processing_days) == ("Seattle", 2)


def test_repeating_the_step_creates_nothing(stocked: Database) -> None:
    order = ready(stocked)
    create(stocked, order)
    again = create(stocked, order)[0]
    assert (again.ok, again.reason) == (True, "every line is in a fulfillment order already")
    assert len(fulfillment_orders(stocked, order)) == 1
    assert event_names(stocked, order).count("fulfillment_order.created") == 1


def test_units_canceled_before_are_left_out(stocked: Database) -> None:
    order = placed(stocked, line(quantity=5))
    sourced_from(stocked, order, "SEA")
    (scale,) = (UUID(one["id"]) for one in facts(stocked, order)["lines"])

    with stocked.unit_of_work() as session:
        cancel_lines(session, [LineCancellation(scale, Decimal(2))], NOW, "ann")

    create(stocked, order)
    (found,) = fulfillment_orders(stocked, order)
    assert [one["quantity"] for one in found["lines"]] == [3]
    assert facts(stocked, order)["lines"][0]["in_fulfillment"] == 3


def test_a_line_without_a_source_is_reported_beside_what_was_created(stocked: Database) -> None:
    order = placed(stocked, line(quantity=2), line("Lamp", 3))
    sourced(stocked, [order], only=["Accu Scale"])
    outcome = create(stocked, order)[0]
    number = fulfillment_orders(stocked, order)[0]["number"]
    assert outcome.reason == f"created {number}; Lamp has no source yet"


def test_an_order_split_across_sources_gets_one_for_each(stocked: Database) -> None:
    order = ready(stocked, line(quantity=2), line("Lamp", 3))
    lamp = UUID(facts(stocked, order)["lines"][1]["id"])
    with stocked.unit_of_work() as session:
        assign_sources(session, {lamp: ("CHI", "nearest")}, NOW, "flow")
    outcome = create(stocked, order)[0]
    assert len(outcome.details["fulfillment_orders"]) == 2
    assert [found["source"] for found in fulfillment_orders(stocked, order)] == ["SEA", "CHI"]


def test_each_order_has_its_outcome_in_order(stocked: Database) -> None:
    good = ready(stocked, external_id="1")
    unsourced = placed(stocked, external_id="2")
    outcomes = create(stocked, unsourced, good, new_id())
    assert [outcome.ok for outcome in outcomes] == [False, True, False]
    assert outcomes[0].reason == "no source is assigned to Accu Scale"
    assert outcomes[2].reason == "the order has no open line to fulfill"


def test_nothing_is_created_for_no_orders(stocked: Database) -> None:
    assert create(stocked) == []


def test_hundreds_of_orders_are_created_in_one_call(stocked: Database) -> None:
    stock(stocked, Accu_Scale__SEA=5_000)
    results = receive(stocked, *(document(str(n), line(quantity=2)) for n in range(300)))
    orders = [UUID(result.entity_id) for result in results]
    sourced(stocked, orders)
    assert all(outcome.ok for outcome in create(stocked, *orders))

    with stocked.reading() as session:
        query = (
            "SELECT count(DISTINCT f.order_id), count(DISTINCT f.number), sum(l.quantity)::int"
            " FROM fulfillment.fulfillment_order f"
            " JOIN fulfillment.fulfillment_order_line l ON l.fulfillment_order_id = f.id"
        )
        assert fetch(session, query) == [(300, 300, 600)]
