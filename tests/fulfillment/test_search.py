"""Fulfillment orders are found by number, warehouse reference and tracking number."""

import pytest
from tests.fulfillment.builders import create, fulfillment_orders, parcel, ready, report, update
from tests.orders.builders import line, master_data, stock

from openiom.fulfillment import search_fulfillment_orders
from openiom.fulfillment.queries import FulfillmentOrderFilter, list_fulfillment_orders
from openiom.platform.bulk import execute
from openiom.platform.database import Database


@pytest.fixture
def number(database: Database) -> str:
    """The number of a fulfillment order with a reference and a parcel."""
    master_data(database)
    stock(database, Accu_Scale__SEA=9)
    order = ready(database, line(quantity=1))
    create(database, order)
    (found,) = fulfillment_orders(database, order)
    report(database, update(found, "accepted"), parcel(found, "P1", 1))
    with database.unit_of_work() as session:
        query = "UPDATE fulfillment.fulfillment_order SET external_id = %s"
        execute(session, query, ("WH-77/a%",))
        execute(session, "UPDATE fulfillment.shipment SET tracking_number = '1Z999AA10123456784'")
    return str(found["number"])


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ("{number}", "number"),
        ("{digits}", "number"),
        ("wh-77", "reference"),
        ("WH-77/A%", "reference"),
        ("1z999", "tracking"),
        ("456784", "tracking"),
    ],
)
def test_it_is_found_by_what_identifies_it(
    database: Database, number: str, words: str, field: str
) -> None:
    text = words.format(number=number.lower(), digits=number.removeprefix("FO-")[:4])
    with database.reading() as session:
        (found,) = search_fulfillment_orders(session, text, limit=5)
        listed = list_fulfillment_orders(
            session, FulfillmentOrderFilter(search=text), after=None, limit=5
        )
    assert (found.number, found.source, found.field) == (number, "SEA", field)
    assert [row.number for row in listed] == [number]


@pytest.mark.parametrize("words", ["%", "_", "h-77", "a10123", "zz"])
def test_other_words_find_nothing(database: Database, number: str, words: str) -> None:
    with database.reading() as session:
        assert search_fulfillment_orders(session, words, limit=5) == []
