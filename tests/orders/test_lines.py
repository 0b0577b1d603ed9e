"""Lines on their way to fulfillment: open units, sources, splits, and what may still be moved."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from tests.orders.builders import (
    NOW,
    SHIP_TO,
    event_names,
    facts,
    happen,
    line,
    master_data,
    placed,
    sourced,
    state_of,
    stock,
)
from tests.orders.waiting_builders import apply

from openiom.kernel import Refused, new_id
from openiom.orders import (
    OPTIMIZED,
    assign_sources,
    cancel_lines,
    lines_served_from,
    lock_orders,
    movable_orders,
    open_lines,
    record_shipped,
    release_to_fulfillment,
    return_to_sourcing,
    split_lines,
    unshipped_lines,
)
from openiom.orders.service.hold_cancel import LineCancellation
from openiom.orders.summaries import line_summaries, order_ids_by_number, order_summaries
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database


@pytest.fixture
def shop(database: Database) -> Database:
    master_data(database)
    stock(database, Accu_Scale__SEA=50, Lamp__SEA=50)
    return database


def ids(database: Database, order: UUID) -> list[UUID]:
    return [UUID(one["id"]) for one in facts(database, order)["lines"]]


def sourced_by_optimizer(database: Database, order: UUID, source: str = "SEA") -> None:
    sourced(database, [order], source)
    with database.unit_of_work() as session:
        sources = {line_id: (source, OPTIMIZED) for line_id in ids(database, order)}
        assign_sources(session, sources, NOW, "flow")


def test_open_lines_say_what_sourcing_needs(shop: Database) -> None:
    order = placed(
        shop,
        line("Accu Scale", 3),
        line("Lamp", 2, requested_delivery_date="2026-12-24"),
        requested_delivery_date="2026-12-31",
        customer={"name": "Ann", "email": "ann@x.org", "group": "gold"},
        origin="web",
    )
    with shop.unit_of_work() as session:
        first, second = open_lines(session, [order])

    assert (first.line_number, first.product, first.unit, first.quantity) == (
        1,
        "Accu Scale",
        "ea",
        3,
    )
    assert (first.country, first.ship_to["city"]) == ("US", SHIP_TO["city"])
    assert (first.channel, first.customer_group, first.order_number) == ("web", "gold", "1001")
    assert (first.state, first.source, first.waited) == ("new", "", False)
    assert str(first.requested_delivery_date) == "2026-12-31"
    assert str(second.requested_delivery_date) == "2026-12-24", "the line's own date comes first"


def test_units_in_fulfillment_or_canceled_are_not_open(shop: Database) -> None:
    order = placed(shop, line("Accu Scale", 5), line("Lamp", 2))
    scale, lamp = ids(shop, order)
    with shop.unit_of_work() as session:
        release_to_fulfillment(session, {scale: 2}, NOW, "flow")
        cancel_lines(session, [LineCancellation(lamp)], NOW, "ann")
        lines = open_lines(session, [order])
    assert [(one.line_id, one.quantity) for one in lines] == [(scale, 3)]


def test_unshipped_lines_include_units_in_fulfillment(shop: Database) -> None:
    order = placed(shop, line("Accu Scale", 5), line("Lamp", 2))
    scale, lamp = ids(shop, order)

    with shop.unit_of_work() as session:
        assign_sources(session, {scale: ("SEA", OPTIMIZED), lamp: ("CHI", "ann")}, NOW, "flow")
        release_to_fulfillment(session, {scale: 5}, NOW, "flow")
        record_shipped(session, [(scale, 2)], NOW, "3pl")
        found = unshipped_lines(session, [order])

    assert [(one.product, one.quantity, one.source) for one, _ in found] == [
        ("Accu Scale", 3, "SEA"),
        ("Lamp", 2, "CHI"),
    ]
    assert [optimized for _, optimized in found] == [True, False]


def test_more_units_than_are_open_are_not_released(shop: Database) -> None:
    order = placed(shop, line("Accu Scale", 2))
    (scale,) = ids(shop, order)
    message = "line 1 has 2 open units, 3 were released to fulfillment"
    with pytest.raises(Refused, match=message), shop.unit_of_work() as session:
        release_to_fulfillment(session, {scale: 3}, NOW, "flow")


def test_more_units_than_are_in_fulfillment_do_not_ship(shop: Database) -> None:
    order = placed(shop, line("Accu Scale", 2))
    (scale,) = ids(shop, order)
    with shop.unit_of_work() as session:
        release_to_fulfillment(session, {scale: 1}, NOW, "flow")
    message = "line 1 has 1 units in fulfillment, 2 were shipped"
    with pytest.raises(Refused, match=message), shop.unit_of_work() as session:
        record_shipped(session, [(scale, 1), (scale, 1)], NOW, "3pl")


def test_returned_units_are_open_again_without_a_source(shop: Database) -> None:
    order = placed(shop, line("Accu Scale", 4))
    sourced(shop, [order])
    (scale,) = ids(shop, order)

    with shop.unit_of_work() as session:
        release_to_fulfillment(session, {scale: 4}, NOW, "flow")
        return_to_sourcing(session, {scale: 4}, NOW, "3pl", reason="damaged")

    found = facts(shop, order)["lines"][0]
    assert (found["source"], found["in_fulfillment"], found["state"]) == (None, 0, "in_progress")
    assert state_of(shop, order) == ("in_progress", "Fulfillment Declined")


def test_an_order_with_other_units_in_fulfillment_stays_there(shop: Database) -> None:
    order = placed(shop, line("Accu Scale", 4), line("Lamp", 1))
    sourced(shop, [order])
    scale, lamp = ids(shop, order)
    with shop.unit_of_work() as session:
        release_to_fulfillment(session, {scale: 4, lamp: 1}, NOW, "flow")
        return_to_sourcing(session, {scale: 4}, NOW, "3pl", reason="damaged")
    assert state_of(shop, order) == ("fulfillment_in_process", "Partially Declined")


def test_a_line_is_split_across_sources_with_its_money(shop: Database) -> None:
    order = placed(
        shop,
        line("Accu Scale", 3, discount="1.00", tax="2.00", external_id="e-1"),
        line("Lamp", 1),
        total_amount="40.90",
    )
    scale, _ = ids(shop, order)
    second, third = new_id(), new_id()

    with shop.unit_of_work() as session:
        split_lines(session, {scale: [(scale, 1), (second, 1), (third, 1)]}, NOW, "flow")

    query = (
        "SELECT id, line_number, quantity, discount, tax, external_id FROM orders.order_line"
        " WHERE order_id = %s AND product = 'Accu Scale' ORDER BY line_number"
    )
    with shop.reading() as session:
        rows = fetch(session, query, (order,))
        (line_count,) = fetch(session, "SELECT line_count FROM orders.order")[0]

    assert [(row[0], row[1], row[2]) for row in rows] == [
        (scale, 1, 1),
        (second, 3, 1),
        (third, 4, 1),
    ]
    assert [str(row[3]) for row in rows] == ["0.3400", "0.3300", "0.3300"]
    assert [str(row[4]) for row in rows] == ["0.6600", "0.6700", "0.6700"]
    assert {row[5] for row in rows} == {"e-1"}
    assert line_count == 4
    assert event_names(shop, order)[-1] == "order_line.split"


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([3, 3], "cannot be split into \\[3, 3\\]: it has 5 open units"),
        ([5, 0], "cannot be split into \\[5, 0\\]: it has 5 open units"),
        ([6, -1], "cannot be split into \\[6, -1\\]: it has 5 open units"),
    ],
)
def test_a_split_has_exactly_the_open_units(shop: Database, parts: list[int], message: str) -> None:
    order = placed(shop, line("Accu Scale", 5))
    (scale,) = ids(shop, order)
    split = [(scale, parts[0]), (new_id(), parts[1])]
    with pytest.raises(Refused, match=message), shop.unit_of_work() as session:
        split_lines(session, {scale: split}, NOW, "flow")


def test_a_split_keeps_the_id_of_the_line(shop: Database) -> None:
    order = placed(shop, line("Accu Scale", 5))
    (scale,) = ids(shop, order)
    split: dict[UUID, Any] = {scale: [(new_id(), 2), (scale, 3)]}
    with pytest.raises(Refused, match="no part keeps its id"), shop.unit_of_work() as session:
        split_lines(session, split, NOW, "flow")
    unknown = new_id()
    with pytest.raises(Refused, match="there is no order line"), shop.unit_of_work() as session:
        split_lines(session, {unknown: [(unknown, 1)]}, NOW, "flow")


def test_split_lines_are_open_lines_of_the_same_transaction(shop: Database) -> None:
    order = placed(shop, line("Accu Scale", 5))
    (scale,) = ids(shop, order)

    other = new_id()
    with shop.unit_of_work() as session:
        happen(session, order, "order.header_validation.succeeded")
        split_lines(session, {scale: [(scale, 2), (other, 3)]}, NOW, "flow")
        assign_sources(session, {scale: ("SEA", OPTIMIZED), other: ("CHI", OPTIMIZED)}, NOW, "flow")
        found = [(one.line_id, one.quantity, one.source) for one in open_lines(session, [order])]

    assert found == [(scale, 2, "SEA"), (other, 3, "CHI")]


def test_lines_are_served_from_their_source_and_from_where_they_shipped(shop: Database) -> None:
    order = placed(shop, line("Accu Scale", 2), line("Lamp", 1))
    scale, lamp = ids(shop, order)
    asked = [(scale, "SEA"), (scale, "CHI"), (lamp, "CHI"), (new_id(), "SEA")]

    with shop.unit_of_work() as session:
        assign_sources(session, {scale: ("SEA", "t"), lamp: ("CHI", "t")}, NOW, "flow")
        assert lines_served_from(session, asked) == {(scale, "SEA"), (lamp, "CHI")}
        cancel_lines(session, [LineCancellation(lamp)], NOW, "ann")
        release_to_fulfillment(session, {scale: 1}, NOW, "flow")
        record_shipped(session, [(scale, 1)], NOW, "3pl")
        assert lines_served_from(session, asked) == {(scale, "SEA"), (scale, "CHI")}
        assert lines_served_from(session, []) == set()


def movable(database: Database, *strategies: str, **more: Any) -> list[UUID]:
    with database.unit_of_work() as session:
        return movable_orders(session, strategies or ("",), limit=more.pop("limit", 10), **more)


def test_sourced_orders_can_be_moved_until_a_person_or_fulfillment_decides(
    shop: Database,
) -> None:
    orders = [placed(shop, line(quantity=2), external_id=str(n)) for n in range(5)]
    for order in orders:
        sourced_by_optimizer(shop, order)

    free, released, chosen, held, declined = orders
    with shop.unit_of_work() as session:
        release_to_fulfillment(session, {ids(shop, released)[0]: 1}, NOW, "flow")
        assign_sources(session, {ids(shop, chosen)[0]: ("SEA", "ann")}, NOW, "ann")
        happen(session, declined, "order.fulfillment_declined")
        execute(
            session,
            "UPDATE orders.order_state SET manual_hold = true, state = 'on_hold'"
            " WHERE order_id = %s",
            (held,),
        )

    assert movable(shop) == [free]


def test_movable_orders_are_limited_to_a_strategy_and_a_number(shop: Database) -> None:
    orders = [placed(shop, line(), external_id=str(n)) for n in range(3)]
    for order in orders:
        sourced_by_optimizer(shop, order)

    with shop.unit_of_work() as session:
        execute(session, "UPDATE orders.order SET strategy = 'near' WHERE id = %s", (orders[1],))

    assert movable(shop) == [orders[0], orders[2]]
    assert movable(shop, "near") == [orders[1]]
    assert movable(shop, "", "near", limit=2) == orders[:2]
    assert movable(shop, only=[orders[2]]) == [orders[2]]
    assert movable(shop, only=[]) == []


def test_orders_that_another_transaction_works_on_are_skipped(shop: Database) -> None:
    first, second = (placed(shop, line(), external_id=str(n)) for n in range(2))
    for order in (first, second):
        sourced_by_optimizer(shop, order)
    with shop.unit_of_work() as session:
        lock_orders(session, [first])
        assert movable_orders(session, [""], limit=1) == [first]
        assert movable(shop) == [second]


def test_summaries_name_orders_and_lines_for_other_packages(shop: Database) -> None:
    order = placed(shop, line("Lamp", 1, name="Desk lamp", unit_price="4.5", external_id="x"))
    (lamp,) = ids(shop, order)

    with shop.reading() as session:
        summary = order_summaries(session, [order, new_id()])
        lines = line_summaries(session, [lamp, new_id()])
        assert order_ids_by_number(session, "10", limit=5) == [order]
        assert order_ids_by_number(session, "%", limit=5) == []

    assert {i: (one.number, one.customer_name) for i, one in summary.items()} == {
        order: ("1001", "Richard Miles")
    }
    assert list(lines) == [lamp]
    found = lines[lamp]
    assert (found.line_number, found.external_id, found.product) == (1, "x", "Lamp")
    assert (found.name, found.unit, found.unit_price) == ("Desk lamp", "ea", Decimal("4.5"))


def test_preferences_document_has_one_name(shop: Database) -> None:
    apply(shop, {"kind": "order_preferences", "name": "default", "body": {"backorder": True}})
    with pytest.raises(Exception, match="only one document of order preferences"):
        apply(shop, {"kind": "order_preferences", "name": "other", "body": {}})
