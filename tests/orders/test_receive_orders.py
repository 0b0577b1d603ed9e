"""Orders are received by the hundred; refused ones say why, and none is created twice."""

from datetime import UTC, datetime
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import pytest
from tests.orders.builders import (
    NOW,
    SHIP_TO,
    available,
    document,
    event_names,
    facts,
    line,
    master_data,
    placed,
    receive,
    sourced,
    state_of,
    stock,
)

from openiom.master_data import KINDS
from openiom.orders import receive_orders, record_shipped, release_to_fulfillment
from openiom.orders.locks import lines_of_orders, lock_orders
from openiom.platform.bulk import fetch
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database
from openiom.provider_contract import InboundDocument, IntakeResult


def count(database: Database, table: str) -> int:
    with database.reading() as session:
        return int(fetch(session, f"SELECT count(*) FROM {table}")[0][0])


def test_a_new_order_is_kept_whole_and_announced(database: Database) -> None:
    master_data(database)
    order = placed(
        database,
        line("Accu Scale", 2, unit_price="7.50", tax="1.20", name="Scale"),
        line("Lamp", 1, unit_price="20.00"),
        account={"field": "number", "value": "TestBCAccount"},
        price_list="MasterPriceList",
        shipping_amount="5.00",
        total_amount="41.20",
        origin="e-commerce",
    )
    found = facts(database, order)
    assert (found["number"], found["instance"], found["account"]) == (
        "1001",
        "fabrikam-store",
        "TestBCAccount",
    )
    assert (found["subtotal"], found["tax_amount"], found["total_amount"]) == (
        "35.00",
        "1.20",
        "41.20",
    )
    assert (found["state"], found["state_reason"]) == ("new", "New sales order")
    assert found["ship_to"]["city"] == "Redmond"
    assert found["placed_at"] == "2026-11-20T11:00:00+00:00"
    assert [
        (x["line_number"], x["product"], x["name"], x["quantity"], x["state"])
        for x in found["lines"]
    ] == [
        (1, "Accu Scale", "Scale", 2, "new"),
        (2, "Lamp", "Lamp", 1, "new"),
    ]
    assert found["lines"][0]["unit_price"] == "7.50"
    assert event_names(database, order) == ["order.created"]

    with database.reading() as session:
        assert fetch(session, "SELECT total_difference FROM orders.order")[0][0] == 0


def test_new_orders_are_the_same_in_their_transaction_as_in_the_next_one(
    database: Database,
) -> None:
    master_data(database)
    with database.unit_of_work() as session:
        due = {"requested_delivery_date": "2026-12-01"}
        off = document("1002", line("Lamp", 4), disposition="cancel")
        documents = [document("1001", line(quantity=2, **due), line("Lamp", 3)), off]
        orders = receive_orders(
            session,
            [InboundDocument(i, "store", d) for i, d in enumerate(documents)],
            NOW,
            "intake",
        )
        ids = [UUID(taken.entity_id) for taken in orders]
        start_inline = lock_orders(session, ids), lines_of_orders(session, ids)

    with database.unit_of_work() as session:
        assert start_inline == (lock_orders(session, ids), lines_of_orders(session, ids))

    assert [order.state for order in start_inline[0].values()] == ["new", "canceled"]
    assert [(x.quantity, x.canceled) for x in start_inline[1]] == [(2, 0), (3, 0), (4, 4)]


def test_a_total_that_does_not_add_up_is_stored_and_reported(database: Database) -> None:
    master_data(database)
    placed(database, line(quantity=3), total_amount="29.50")
    with database.reading() as session:
        assert str(fetch(session, "SELECT total_difference FROM orders.order")[0][0]) == "-0.5000"
        data = fetch(session, "SELECT data FROM platform.business_event")[0][0]
    assert data["total_difference"] == "-0.50"


@pytest.mark.parametrize(
    ("change", "where", "error"),
    [
        ({"currency": "XXX"}, "currency", "there is no currency XXX"),
        ({"account": "Nobody"}, "account", "there is no account Nobody"),
        ({"price_list": "None"}, "price_list", "there is no price list None"),
        ({"lines": []}, "lines", "has nothing in it"),
        (
            {"lines": [line(quantity=-2)]},
            "lines[0].quantity",
            "input should be greater than 0, not '-2'",
        ),
        ({"lines": [line(), line("Ghost")]}, "lines[1].product", "there is no product Ghost"),
        ({"lines": [line(unit="box")]}, "lines[0].unit", "there is no unit box"),
        (
            {"lines": [line() | {"product": {"field": "sku", "value": "ABS"}}]},
            "lines[0].product",
            "is not one of our names",
        ),
        ({"colour": "red"}, "colour", "is not part of an order document"),
        ({"expected_line_count": 2}, "lines", "1 of 2 lines arrived"),
        ({"note": "a\x00b"}, "", "contains a NUL character"),
        ({"total_amount": "99999999999999"}, "total_amount", "is 10000000000000 or more"),
        ({"placed_at": "yesterday"}, "placed_at", "valid datetime"),
        (
            {"placed_at": "0001-01-01T00:00:00+01:00"},
            "placed_at",
            "is outside the years 1900 to 9000",
        ),
        (
            {"lines": [line(requested_delivery_date="9999-12-31")]},
            "lines[0].requested_delivery_date",
            "is outside the years 1900 to 9000",
        ),
    ],
)
def test_a_bad_document_among_good_ones_says_what_where_and_what_to_do(
    database: Database, change: dict[str, Any], where: str, error: str
) -> None:
    master_data(database)
    answers = receive(database, document("1"), document("2") | change, document("3"))
    assert [a.ok for a in answers] == [True, False, True]
    assert answers[1].where == where
    assert error in answers[1].error
    assert answers[1].remedy
    assert count(database, "orders.order") == 2


def test_products_outside_the_catalog_are_taken_when_the_rules_allow_them(
    database: Database,
) -> None:
    master_data(database)
    assert not receive(database, document("1", line("Ghost")))[0].ok

    with database.unit_of_work() as session:
        configuration = Configuration()
        configuration.register(*KINDS)
        rule = {
            "kind": "order_intake_settings",
            "name": "default",
            "body": {"write_in_products": True},
        }
        configuration.apply(session, [rule], at=NOW, actor="test")

    assert receive(database, document("1", line("Ghost")))[0].ok


def test_the_same_order_is_created_once_however_often_it_arrives(database: Database) -> None:
    master_data(database)
    first = receive(database, document("1"), document("1"), document("2"))
    assert [(a.ok, a.duplicate) for a in first] == [(True, False), (True, True), (True, False)]
    assert first[0].entity_id == first[1].entity_id
    again = receive(database, document("2"), document("1"))
    assert [(a.ok, a.duplicate, a.entity_id) for a in again] == [
        (True, True, first[2].entity_id),
        (True, True, first[0].entity_id),
    ]
    assert count(database, "orders.order") == 2
    assert count(database, "platform.business_event") == 2


def test_two_stores_may_use_the_same_number(database: Database) -> None:
    master_data(database)
    assert receive(database, document("1"), instance="a")[0].ok
    assert not receive(database, document("1"), instance="b")[0].duplicate
    assert count(database, "orders.order") == 2


def test_two_workers_racing_with_one_order_create_it_once(database: Database) -> None:
    master_data(database)
    start, answers = Barrier(2), list[IntakeResult]()

    def work(own: str) -> None:
        start.wait()
        answers.extend(receive(database, document("race"), document(own)))

    threads = [Thread(target=work, args=(f"own-{i}",)) for i in range(2)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join(30)

    assert [a.ok for a in answers] == [True] * 4
    assert sorted(a.duplicate for a in answers) == [False, False, False, True]
    assert count(database, "orders.order") == 3


def test_news_before_fulfillment_change_what_may_change(database: Database) -> None:
    master_data(database)
    order = placed(database, external_version=5)
    news = document(external_version=7, ship_to=SHIP_TO | {"city": "Tacoma"}, payment_status="paid")
    assert receive(database, news)[0] == IntakeResult(ok=True, entity_id=str(order))
    found = facts(database, order)
    assert (found["ship_to"]["city"], found["payment_status"], found["state"]) == (
        "Tacoma",
        "paid",
        "new",
    )
    stale = document(external_version=6, ship_to=SHIP_TO | {"city": "Bellevue"})
    assert receive(database, stale)[0].duplicate
    assert facts(database, order)["ship_to"]["city"] == "Tacoma"
    assert event_names(database, order) == ["order.created", "order.modified"]


def test_news_after_fulfillment_began_change_only_status_and_payment(database: Database) -> None:
    master_data(database)
    stock(database, Accu_Scale__SEA=5)
    order = placed(database)
    sourced(database, [order])
    with database.unit_of_work() as session:
        line_id = UUID(facts(database, order)["lines"][0]["id"])
        release_to_fulfillment(session, {line_id: 1}, NOW, "flow")

    news = document(
        "1001", line(quantity=9), ship_to=SHIP_TO | {"city": "Tacoma"}, external_status="Shipped"
    )
    assert receive(database, news)[0].ok
    found = facts(database, order)
    assert (found["ship_to"]["city"], found["external_status"], found["lines"][0]["quantity"]) == (
        "Redmond",
        "Shipped",
        1,
    )

    with database.reading() as session:
        data = fetch(
            session, "SELECT data FROM platform.business_event WHERE name = 'order.modified'"
        )[0][0]

    assert data["changed"] == ["external_status"]
    assert data["not_applied"] == ["ship_to", "lines", "amounts"]


def test_a_cancellation_by_the_source_cancels_and_frees_the_order(database: Database) -> None:
    master_data(database)
    order = placed(database)
    assert receive(database, document(disposition="cancel"))[0].ok
    assert state_of(database, order) == ("canceled", "Canceled upstream")
    assert [(x["state"], x["canceled"]) for x in facts(database, order)["lines"]] == [
        ("canceled", 1)
    ]
    assert receive(database, document(disposition="cancel"))[0].duplicate
    assert event_names(database, order) == ["order.created", "order.canceled"]


def test_a_cancellation_of_a_sourced_order_returns_its_stock(database: Database) -> None:
    master_data(database)
    stock(database, Accu_Scale__SEA=5)
    order = placed(database)
    sourced(database, [order])
    assert receive(database, document(disposition="cancel"))[0].ok
    assert state_of(database, order) == ("canceled", "Canceled upstream")
    assert available(database, "Accu Scale", "SEA") == 5


def test_a_cancellation_in_fulfillment_is_requested_and_of_a_shipped_order_refused(
    database: Database,
) -> None:
    master_data(database)
    stock(database, Accu_Scale__SEA=5)
    order = placed(database)
    sourced(database, [order])
    (line_id,) = (UUID(row["id"]) for row in facts(database, order)["lines"])
    with database.unit_of_work() as session:
        release_to_fulfillment(session, {line_id: 1}, NOW, "flow")

    assert receive(database, document(disposition="cancel"))[0].ok
    assert state_of(database, order)[0] == "fulfillment_in_process"
    assert event_names(database, order)[-1] == "order.cancellation_requested"

    with database.unit_of_work() as session:
        record_shipped(session, [(line_id, 1)], NOW, "3pl")
    assert receive(database, document(disposition="cancel", note="once more"))[0].ok
    assert state_of(database, order) == ("fulfillment_in_process", "Shipped")
    assert event_names(database, order)[-1] == "order.cancellation_refused"


def test_an_order_first_seen_as_canceled_starts_nothing(database: Database) -> None:
    master_data(database)
    order = placed(database, disposition="cancel")
    assert state_of(database, order) == ("canceled", "Canceled upstream")
    assert event_names(database, order) == ["order.canceled"]


def test_a_thousand_orders_in_one_call_with_one_bad_among_them(database: Database) -> None:
    master_data(database)
    documents = [
        document(str(i), line(), line("Lamp", 2), line("Lamp", 1, external_id="x"))
        for i in range(1_000)
    ]
    documents[613]["lines"][1]["quantity"] = 0
    answers = receive(database, *documents)
    assert [i for i, a in enumerate(answers) if not a.ok] == [613]
    assert count(database, "orders.order") == 999
    assert count(database, "orders.order_line") == 2_997
    assert len({a.entity_id for a in answers}) == 1_000


def test_a_moment_without_a_zone_is_taken_as_utc(database: Database) -> None:
    master_data(database)
    order = placed(database, placed_at="2026-11-20T11:00:00")
    assert facts(database, order)["placed_at"] == datetime(2026, 11, 20, 11, tzinfo=UTC).isoformat()
