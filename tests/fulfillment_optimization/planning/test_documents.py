"""What sourcing holds and moves is told by the number of the order it is for."""

from tests.fulfillment_optimization.house import House
from tests.orders.builders import NOW

from openiom.fulfillment_optimization.assigned_sources import reserve_assigned
from openiom.inventory_visibility import release
from openiom.inventory_visibility.reservations import list_reservations
from openiom.orders import assign_sources, open_lines
from openiom.platform.bulk import fetch


def told(house: House) -> list[tuple[str, str, int]]:
    query = (
        "SELECT cause, document, delta::int FROM inventory_visibility.ledger_entry"
        " WHERE measure = 'softreservordered' ORDER BY id"
    )
    with house.database.reading() as session:
        return [tuple(row) for row in fetch(session, query)]


def test_the_ledger_and_the_reservation_name_the_order(house: House) -> None:
    house.strategy()
    house.stock(LAMP_A=5)
    order = house.order("1001", LAMP=2)
    assert house.source(order)[0].ok
    with house.database.unit_of_work() as session:
        (found,) = list_reservations(
            session, product="", source="", document="1001", state="open", before=None, limit=9
        )
        assert (found.product, found.source, found.open, found.document) == ("LAMP", "A", 2, "1001")
        (line,) = open_lines(session, [order])
        assert found.line_id == line.line_id
        release(session, [line.line_id], NOW, "clerk", "given back")
    assert told(house) == [("reserve", "1001", 2), ("given back", "1001", -2)]


def test_stock_reserved_where_a_policy_said_names_the_order_too(house: House) -> None:
    house.stock(LAMP_A=5)
    order = house.order("1002", LAMP=1)
    with house.database.unit_of_work() as session:
        (line,) = open_lines(session, [order])
        assign_sources(session, {line.line_id: ("A", "policy")}, NOW, "test")
        reserve_assigned(session, house.order_port, [order], NOW, "flow")
    assert told(house) == [("reserve", "1002", 1)]
