"""What sourcing holds and moves carries the number of the order it is for."""

from tests.fulfillment_optimization.sourcing_setup import SourcingSetup
from tests.orders.builders import NOW

from openiom.fulfillment_optimization.assigned_sources import reserve_assigned
from openiom.inventory_visibility import ReservationFilter, list_reservations, release
from openiom.orders import assign_sources, open_lines
from openiom.platform.bulk import fetch


def ledger_entries(sourcing: SourcingSetup) -> list[tuple[str, str, int]]:
    query = (
        "SELECT cause, document, delta::int FROM inventory_visibility.ledger_entry"
        " WHERE measure = 'softreservordered' ORDER BY id"
    )
    with sourcing.database.reading() as session:
        return [tuple(row) for row in fetch(session, query)]


def test_the_ledger_and_the_reservation_name_the_order(sourcing: SourcingSetup) -> None:
    sourcing.strategy()
    sourcing.stock(LAMP_A=5)
    order = sourcing.order("1001", LAMP=2)
    assert sourcing.source(order)[0].ok

    with sourcing.database.unit_of_work() as session:
        (found,) = list_reservations(
            session, ReservationFilter(document="1001", state="open"), before=None, limit=9
        )
        assert (found.product, found.source, found.open, found.document) == ("LAMP", "A", 2, "1001")
        (line,) = open_lines(session, [order])
        assert found.line_id == line.line_id
        release(session, [line.line_id], NOW, "clerk", "given back")

    assert ledger_entries(sourcing) == [("reserve", "1001", 2), ("given back", "1001", -2)]


def test_stock_reserved_where_a_policy_said_names_the_order_too(sourcing: SourcingSetup) -> None:
    sourcing.stock(LAMP_A=5)
    order = sourcing.order("1002", LAMP=1)
    with sourcing.database.unit_of_work() as session:
        (line,) = open_lines(session, [order])
        assign_sources(session, {line.line_id: ("A", "policy")}, NOW, "test")
        reserve_assigned(session, sourcing.order_port, [order], NOW, "flow")
    assert ledger_entries(sourcing) == [("reserve", "1002", 1)]
