"""New orders are objects until they are written; reads of them show no difference."""

from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy.orm import Session
from tests.orders.builders import NOW, document, line, master_data, placed, receive, stock

from openiom.kernel import stored_amount
from openiom.orders import (
    assign_sources,
    hold_orders,
    line_facts,
    open_lines,
    order_facts,
    raise_order_events,
    receive_orders,
    release_to_fulfillment,
    set_order_fields,
)
from openiom.orders.facts import children_of_orders, line_labels, order_labels
from openiom.orders.locks import lines_of_orders
from openiom.orders.order_batch import flush_orders, order_batch
from openiom.orders.queries import count_orders
from openiom.orders.summaries import line_summaries, order_summaries
from openiom.platform.bulk import fetch
from openiom.platform.database import Database
from openiom.platform.write_behind import one_savepoint
from openiom.provider_contract import EventRequest, InboundDocument

CABIN = {
    "name": "Ann Lee",
    "line1": "1 Pine Rd",
    "city": "Bend",
    "state": "OR",
    "postal_code": "97701",
    "country": "US",
}
UNUSUAL = document(
    "1001",
    line("Accu Scale", 3, unit_price="0.12345", variant={"size": "L", "color": "red"}),
    line("Lamp", 2, ship_to=CABIN, requested_delivery_date="2026-12-01"),
    placed_at="2026-11-20T11:00:00.123456+05:30",
    bill_to=CABIN,
    note="tab\there, quote ' and \\ backslash",
    requested_delivery_date="2026-12-03",
    customer={"name": "Zoë", "email": "Z@Example.com", "group": "vip"},
    shipping_amount="4.99999",
    total_amount="25.37",
)


@pytest.fixture
def shop(database: Database) -> Database:
    master_data(database)
    stock(database, Accu_Scale__SEA=50, Lamp__SEA=50)
    return database


@pytest.fixture
def session(shop: Database) -> Iterator[Session]:
    """A transaction inside the one savepoint of a batch."""
    with shop.unit_of_work() as opened, one_savepoint(opened):
        yield opened


def created(session: Session, *documents: dict[str, object]) -> list[UUID]:
    """Receive documents in this transaction and return the ids of their orders."""
    inbound = [InboundDocument(i, "fabrikam-store", one) for i, one in enumerate(documents)]
    results = receive_orders(session, inbound, NOW, "intake")
    assert [result.error for result in results] == [""] * len(documents)
    return [UUID(result.entity_id) for result in results]


def rows(session: Session) -> int:
    [(count,)] = fetch(session, "SELECT count(*) FROM orders.order")
    return int(count)


def test_everything_read_of_a_new_order_is_what_its_rows_say(session: Session) -> None:
    [order] = created(session, UNUSUAL)
    line_ids = [one.id for one in lines_of_orders(session, [order])]

    def everything() -> list[object]:
        return [
            order_facts(session, [order]),
            order_facts(session, [order], ["total_amount", "state", "placed_at"]),
            line_facts(session, line_ids),
            line_facts(session, line_ids[1:], ["quantity", "order"]),
            open_lines(session, [order]),
            children_of_orders(session, [order]),
        ]

    before = everything()
    assert rows(session) == 0, "nothing has been written so far"
    flush_orders(session)
    assert rows(session) == 1
    assert before == everything()

    facts = order_facts(session, [order])[order]
    assert facts["placed_at"] == "2026-11-20T05:30:00.123456+00:00"
    assert facts["shipping_amount"] == "5.00"
    assert [one["unit_price"] for one in facts["lines"]] == ["0.1235", "10.00"]
    assert [one.address for one in open_lines(session, [order])] == [0, 1]


def test_a_new_order_is_written_once_in_its_last_state(shop: Database) -> None:
    with shop.unit_of_work() as session, one_savepoint(session):
        [order] = created(session, document("1001", line("Lamp", 2)))
        [lamp] = lines_of_orders(session, [order])
        raise_order_events(
            session, [EventRequest(order, "order.header_validation.succeeded")], NOW, "flow"
        )
        assign_sources(session, {lamp.id: ("SEA", "nearest")}, NOW, "flow")
        release_to_fulfillment(session, {lamp.id: 2}, NOW, "flow")
        assert rows(session) == 0

    with shop.reading() as session:
        stored = fetch(
            session,
            "SELECT s.version, s.state, l.source, l.in_fulfillment, s.xmin = l.xmin"
            " FROM orders.order_state s JOIN orders.order_line l USING (order_id)",
        )
        counts = count_orders(session)

    assert stored == [(1, "in_progress", "SEA", 2, True)]
    assert {state: n for state, n in counts.states.items() if n} == {"in_progress": 1}


def test_a_hold_of_a_new_order_is_in_its_only_row(shop: Database) -> None:
    with shop.unit_of_work() as session, one_savepoint(session):
        [order] = created(session, document("1001"))
        hold_orders(session, [order], NOW, "ann")

    with shop.reading() as session:
        assert fetch(
            session,
            "SELECT state, manual_hold, previous_state, version FROM orders.order_state",
        ) == [("on_hold", True, "new", 1)]


@pytest.mark.parametrize("read", [order_labels, order_summaries])
def test_what_is_not_kept_in_memory_is_written_before_it_is_read(
    session: Session, read: object
) -> None:
    [order] = created(session, document("1001"))
    assert list(read(session, [order])) == [order]  # type: ignore[operator]


def test_lines_are_written_before_their_labels_and_summaries_are_read(session: Session) -> None:
    [order] = created(session, document("1001", line("Lamp")))
    [lamp] = lines_of_orders(session, [order])
    assert line_labels(session, [lamp.id]) == {lamp.id: "1001, line 1: Lamp"}
    assert line_summaries(session, [lamp.id])[lamp.id].product == "Lamp"


def test_old_and_new_orders_are_read_together(shop: Database) -> None:
    old = placed(shop, line("Lamp"), external_id="1")
    with shop.unit_of_work() as session, one_savepoint(session):
        [new] = created(session, document("2", line("Accu Scale")))
        facts = order_facts(session, [new, old])
        lines = line_facts(session, [one.id for one in lines_of_orders(session, [old, new])])

    assert (facts[old]["number"], facts[new]["number"]) == ("1", "2")
    assert sorted(one["product"] for one in lines.values()) == ["Accu Scale", "Lamp"]


def test_a_field_that_is_set_on_a_new_order_is_stored(shop: Database) -> None:
    with shop.unit_of_work() as session, one_savepoint(session):
        [order] = created(session, document("1001"))
        set_order_fields(session, {order: {"company": "east"}}, NOW, "flow")
        assert order_facts(session, [order], ["company"])[order]["company"] == "east"
        assert not order_batch(session).new


def test_a_second_document_of_a_new_order_finds_it(shop: Database) -> None:
    first = document("1001")
    answers = receive(shop, first, first, document("1001", note="changed", external_version=2))
    assert [(one.ok, one.duplicate) for one in answers] == [
        (True, False),
        (True, True),
        (True, False),
    ]
    assert len({one.entity_id for one in answers}) == 1


@pytest.mark.parametrize(
    ("amount", "stored"),
    [("1", "1"), ("1.2345", "1.2345"), ("1.23455", "1.2346"), ("-1.23455", "-1.2346")],
)
def test_amounts_are_rounded_as_the_database_rounds_them(
    session: Session, amount: str, stored: str
) -> None:
    [(by_database,)] = fetch(session, "SELECT %s::numeric(18, 4)", (Decimal(amount),))
    assert stored_amount(Decimal(amount)) == Decimal(stored) == by_database
