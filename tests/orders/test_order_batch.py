"""The order batch: orders are read once, changed in memory and written once per transaction."""

from contextlib import suppress
from uuid import UUID

import pytest
from sqlalchemy.orm import Session
from tests.orders.builders import (
    NOW,
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

from openiom.orders import (
    assign_sources,
    cancel_orders,
    hold_orders,
    lock_orders,
    order_facts,
    raise_order_events,
    release_holds,
    release_to_fulfillment,
    set_line_fields,
    set_order_fields,
)
from openiom.orders.locked_rows import LockedLine
from openiom.orders.locks import lines_of_orders, lock_lines, without_manual_hold
from openiom.orders.order_batch import (
    OrderBatch,
    are_locked,
    flush_lines,
    flush_orders,
    order_batch,
)
from openiom.orders.queries import count_orders
from openiom.platform.bulk import fetch
from openiom.platform.database import Database
from openiom.platform.write_behind import savepoint
from openiom.provider_contract import EventRequest

VALIDATED = "order.header_validation.succeeded"
NOT_VALIDATED = "order.header_validation.failed"


@pytest.fixture
def shop(database: Database) -> Database:
    master_data(database)
    stock(database, Accu_Scale__SEA=50, Lamp__SEA=50)
    return database


def stored_state(session: Session, order: UUID) -> str:
    """Return the state in the database, without flushing what is pending."""
    rows = fetch(session, "SELECT state FROM orders.order_state WHERE order_id = %s", (order,))
    return str(rows[0][0])


def stored_sources(session: Session, order: UUID) -> list[str | None]:
    query = "SELECT source FROM orders.order_line WHERE order_id = %s ORDER BY line_number"
    return [source for (source,) in fetch(session, query, (order,))]


def versions(database: Database, *orders: UUID) -> list[int]:
    with database.reading() as session:
        query = "SELECT version FROM orders.order_state WHERE order_id = ANY(%s) ORDER BY order_id"
        return [version for (version,) in fetch(session, query, (sorted(orders),))]


def line_of(session: Session, order: UUID) -> LockedLine:
    return lines_of_orders(session, [order])[0]


def test_several_events_of_one_transaction_write_an_order_once(shop: Database) -> None:
    orders = [placed(shop, external_id=str(number)) for number in range(3)]
    with shop.unit_of_work() as session:
        for order in orders:
            happen(session, order, VALIDATED, NOT_VALIDATED, VALIDATED)
        hold_orders(session, orders, NOW, "ann")
        release_holds(session, orders, NOW, "ann")
    assert versions(shop, *orders) == [2, 2, 2]
    assert [state_of(shop, order)[0] for order in orders] == ["in_progress"] * 3


def test_changes_stay_in_memory_until_a_query_of_the_package_reads_them(shop: Database) -> None:
    order = placed(shop)
    with shop.unit_of_work() as session:
        happen(session, order, VALIDATED)
        assert stored_state(session, order) == "new"
        assert order_facts(session, [order], ["number"])[order]["number"] == "1001"
        assert stored_state(session, order) == "new", "the number is not a pending change"
        assert order_facts(session, [order], ["state"])[order]["state"] == "in_progress"
        assert stored_state(session, order) == "in_progress"


def test_orders_and_lines_are_flushed_apart(shop: Database) -> None:
    order = placed(shop)
    with shop.unit_of_work() as session:
        happen(session, order, VALIDATED)
        assign_sources(session, {line_of(session, order).id: ("SEA", "nearest")}, NOW, "flow")
        flush_lines(session)
        assert stored_sources(session, order) == ["SEA"]
        assert stored_state(session, order) == "new"
        flush_orders(session)
        assert stored_state(session, order) == "in_progress"


def test_locked_orders_and_lines_are_the_same_objects_for_the_whole_transaction(
    shop: Database,
) -> None:
    order = placed(shop, line(), line("Lamp"))
    with shop.unit_of_work() as session:
        first = lock_orders(session, [order])[order]
        assert lock_orders(session, [order])[order] is first
        lines = lines_of_orders(session, [order])
        orders, found = lock_lines(session, [line.id for line in lines])
        assert orders[order] is first
        assert list(found.values()) == lines
        assert found[lines[1].id] is lines[1]


def test_unknown_orders_and_lines_are_absent(shop: Database) -> None:
    order = placed(shop)
    unknown = UUID(int=1)
    with shop.unit_of_work() as session:
        assert list(lock_orders(session, [unknown, order])) == [order]
        assert lock_lines(session, [unknown]) == ({}, {})
        assert lines_of_orders(session, [unknown]) == []


def test_orders_are_locked_only_when_all_of_them_are(shop: Database) -> None:
    first, second = placed(shop, external_id="1"), placed(shop, external_id="2")
    with shop.unit_of_work() as session:
        assert not are_locked(session, [first])
        lock_orders(session, [first])
        assert are_locked(session, [first])
        assert not are_locked(session, [first, second])


def test_orders_on_manual_hold_are_left_out(shop: Database) -> None:
    first, second = placed(shop, external_id="1"), placed(shop, external_id="2")
    with shop.unit_of_work() as session:
        hold_orders(session, [first], NOW, "ann")
        wanted = [second, UUID(int=1), first, second]
        assert without_manual_hold(session, wanted) == [second]


def test_a_rolled_back_savepoint_takes_its_changes_back_and_no_others(shop: Database) -> None:
    order, other = placed(shop, external_id="1"), placed(shop, external_id="2")
    with shop.unit_of_work() as session:
        happen(session, order, VALIDATED)
        with suppress(ZeroDivisionError), savepoint(session):
            hold_orders(session, [order], NOW, "ann")
            happen(session, other, NOT_VALIDATED)
            order_facts(session, [order])  # flushes in the middle of the savepoint
            raise ZeroDivisionError

        assert lock_orders(session, [order])[order].state == "in_progress"
        assert not lock_orders(session, [order])[order].manual_hold
        happen(session, order, "order.lines_validation.succeeded")

    assert state_of(shop, order) == ("in_progress", "Ready To Be Fulfilled")
    assert state_of(shop, other) == ("new", "New sales order")
    assert event_names(shop, other) == ["order.created"]

    with shop.reading() as session:
        assert count_orders(session).states["in_progress"] == 1
        assert count_orders(session).states["new"] == 1


def test_lines_changed_in_a_rolled_back_savepoint_are_read_again(shop: Database) -> None:
    order = placed(shop, line(quantity=3))
    with shop.unit_of_work() as session:
        line_id = line_of(session, order).id
        assign_sources(session, {line_id: ("SEA", "nearest")}, NOW, "flow")

        with suppress(ZeroDivisionError), savepoint(session):
            assign_sources(session, {line_id: ("CHI", "second")}, NOW, "flow")
            raise ZeroDivisionError

        assert line_of(session, order).source == "SEA"

    assert facts(shop, order)["lines"][0]["source"] == "SEA"


def test_a_savepoint_that_ends_well_keeps_its_changes_in_memory_and_database(
    shop: Database,
) -> None:
    order = placed(shop)
    with shop.unit_of_work() as session:
        with savepoint(session):
            happen(session, order, VALIDATED)
        assert stored_state(session, order) == "in_progress"
        assert lock_orders(session, [order])[order].state == "in_progress"


def test_a_failed_transaction_writes_nothing(shop: Database) -> None:
    order = placed(shop)
    with suppress(ZeroDivisionError), shop.unit_of_work() as session:
        happen(session, order, VALIDATED)
        raise ZeroDivisionError
    assert state_of(shop, order) == ("new", "New sales order")
    assert event_names(shop, order) == ["order.created"]


def test_fields_written_directly_are_read_again(shop: Database) -> None:
    order = placed(shop, line(), line("Lamp"))
    with shop.unit_of_work() as session:
        first, second = lines_of_orders(session, [order])
        assign_sources(session, {first.id: ("CHI", "nearest")}, NOW, "flow")
        set_order_fields(session, {order: {"source": "SEA"}}, NOW, "policy")
        assert [x.source for x in lines_of_orders(session, [order])] == ["SEA", "SEA"]
        set_line_fields(session, {second.id: {"source": "DAL"}}, NOW, "policy")
        assert [x.source for x in lines_of_orders(session, [order])] == ["SEA", "DAL"]
        raise_order_events(session, [EventRequest(order, VALIDATED)], NOW, "flow")

    assert [x["source"] for x in facts(shop, order)["lines"]] == ["SEA", "DAL"]
    assert state_of(shop, order)[0] == "in_progress"


def test_pending_line_changes_survive_a_field_that_is_set_directly(shop: Database) -> None:
    order = placed(shop, line(quantity=3))
    with shop.unit_of_work() as session:
        line_id = line_of(session, order).id
        happen(session, order, VALIDATED)
        release_to_fulfillment(session, {line_id: 2}, NOW, "flow")
        set_line_fields(session, {line_id: {"company": "Fabrikam"}}, NOW, "policy")
        assert line_of(session, order).in_fulfillment == 2
        assert line_of(session, order).open == 1

    assert facts(shop, order)["lines"][0]["company"] == "Fabrikam"


def test_a_batch_without_changes_writes_nothing(shop: Database) -> None:
    order = placed(shop)
    with shop.unit_of_work() as session:
        lock_orders(session, [order])
        lines_of_orders(session, [order])
        order_batch(session).flush(session)
    assert versions(shop, order) == [1]


def test_a_repeated_state_is_logged_and_not_written(shop: Database) -> None:
    order = placed(shop)
    with shop.unit_of_work() as session:
        happen(session, order, VALIDATED)
    with shop.unit_of_work() as session:
        happen(session, order, VALIDATED)
    assert versions(shop, order) == [2]
    assert event_names(shop, order).count(VALIDATED) == 2


def test_each_flush_counts_an_order_by_its_last_state_only(shop: Database) -> None:
    order = placed(shop)
    with shop.unit_of_work() as session:
        happen(session, order, NOT_VALIDATED)
        flush_orders(session)
        assert count_orders(session).failed == 1
        happen(session, order, VALIDATED)
        hold_orders(session, [order], NOW, "ann")
        counts = count_orders(session)
        assert (counts.failed, counts.manual_hold) == (0, 1)
        cancel_orders(session, [order], NOW, "ann")

    with shop.reading() as session:
        counts = count_orders(session)

    assert {state: n for state, n in counts.states.items() if n} == {"canceled": 1}
    assert (counts.failed, counts.manual_hold) == (0, 0)


def test_lines_follow_their_order_in_the_same_write(shop: Database) -> None:
    order = placed(shop, line(quantity=2), line("Lamp", 1))
    sourced(shop, [order])
    lines = facts(shop, order)["lines"]
    assert {(x["state"], x["state_reason"]) for x in lines} == {
        ("fulfillment_in_process", "Inventory Check Successful")
    }


def test_discarding_an_empty_batch_is_harmless() -> None:
    batch = OrderBatch()
    batch.discard()
    batch.expire_lines([UUID(int=1)])
    assert (batch.orders, batch.lines, batch.order_of_line) == ({}, {}, {})
