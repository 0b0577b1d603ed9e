"""Two workers at once: the order hears once, and no unit is promised to two fulfillment orders."""

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

from tests.fulfillment.builders import (
    broken_invariants,
    create,
    fulfillment_orders,
    parcel,
    ready,
    report,
    send,
    sourced_from,
)
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

from openiom.fulfillment import answer_recalls, recall_orders
from openiom.orders import assign_sources, cancel_orders
from openiom.platform.bulk import fetch
from openiom.platform.database import Database


def start_inline(*works: Callable[[], Any]) -> list[Any]:
    """What each work returned, all started together; an error is raised here."""
    start, answers = Barrier(len(works)), [None] * len(works)

    def run(index: int, work: Callable[[], Any]) -> None:
        start.wait()
        try:
            answers[index] = work()
        except Exception as error:
            answers[index] = error

    threads = [Thread(target=run, args=(i, w)) for i, w in enumerate(works)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join(60)

    for answer in answers:
        if isinstance(answer, Exception):
            raise answer

    return answers


def test_the_last_two_parts_sent_at_once_tell_the_order_once(database: Database) -> None:
    master_data(database)
    stock(database, Accu_Scale__SEA=100, Lamp__CHI=100)

    for number in range(8):
        order = placed(database, line(), line("Lamp"), external_id=str(number))
        sourced(database, [order], "SEA", only=["Accu Scale"])
        lamp_sourced_from_chicago(database, order)
        create(database, order)
        first, second = fulfillment_orders(database, order)
        start_inline(
            lambda i=first["id"]: send(database, i), lambda i=second["id"]: send(database, i)
        )
        start_inline(
            lambda f=first: report(database, parcel(f, "A", 1)),
            lambda f=second: report(database, parcel(f, "B", 1)),
        )
        story = event_names(database, order)
        assert story.count("order.sent_to_fulfillment") == 1
        assert (story.count("order.partially_shipped"), story.count("order.shipped")) == (1, 1)

    assert broken_invariants(database) == []


def lamp_sourced_from_chicago(database: Database, order: UUID) -> None:
    lamp = UUID(facts(database, order)["lines"][1]["id"])
    with database.unit_of_work() as session:
        assign_sources(session, {lamp: ("CHI", "second")}, NOW, "flow")


def test_two_workers_creating_fulfillment_orders_make_one(database: Database) -> None:
    master_data(database)
    stock(database, Accu_Scale__SEA=100)

    for number in range(8):
        order = ready(database, external_id=str(number))
        outcomes = start_inline(
            lambda o=order: create(database, o), lambda o=order: create(database, o)
        )
        assert [o[0].ok for o in outcomes] == [True, True]
        assert len(fulfillment_orders(database, order)) == 1

    assert broken_invariants(database) == []


def test_a_cancellation_racing_with_fulfillment_has_one_winner(database: Database) -> None:
    master_data(database)
    stock(database, Accu_Scale__SEA=1_000)

    def cancel(order: UUID) -> bool:
        with database.unit_of_work() as session:
            return cancel_orders(session, [order], NOW, "ann")[0].ok

    for number in range(8):
        order = placed(database, line(quantity=5), external_id=str(number))
        with database.unit_of_work() as session:
            happen(session, order, "order.header_validation.succeeded")

        sourced_from(database, order, "SEA")
        canceled, created = start_inline(
            lambda o=order: cancel(o), lambda o=order: create(database, o)
        )
        assert canceled is not created[0].ok
        assert state_of(database, order)[0] == ("canceled" if canceled else "in_progress")

    assert broken_invariants(database) == []


def test_the_same_parcel_told_by_two_workers_ships_once(database: Database) -> None:
    master_data(database)
    stock(database, Accu_Scale__SEA=100)
    order = ready(database)
    create(database, order)
    found = fulfillment_orders(database, order)[0]
    answers = start_inline(*(lambda: report(database, parcel(found, "P", 5)) for _ in range(4)))
    assert sorted(a[0].duplicate for a in answers) == [False, True, True, True]

    with database.reading() as session:
        assert fetch(session, "SELECT count(*) FROM fulfillment.shipment")[0][0] == 1

    assert broken_invariants(database) == []


def test_a_recall_and_a_parcel_leave_each_unit_shipped_or_canceled_once(
    database: Database,
) -> None:
    master_data(database)
    stock(database, Accu_Scale__SEA=500)
    orders = [ready(database, line(quantity=5), external_id=str(n)) for n in range(12)]
    create(database, *orders)
    found = [fulfillment_orders(database, order)[0] for order in orders]
    send(database, *[one["id"] for one in found])

    def recall() -> None:
        for order in orders:
            with database.unit_of_work() as session:
                recall_orders(session, [order], NOW, "ann", units="cancel")

    def answer() -> None:
        for one in found:
            with database.unit_of_work() as session:
                answer_recalls(session, [UUID(one["id"])], "accepted", NOW, "3pl")

    def ship() -> None:
        for one in reversed(found):
            report(database, parcel(one, "P1", 2))

    start_inline(recall, answer, ship)

    for order in orders:
        (only,) = facts(database, order)["lines"]
        assert only["shipped"] + only["canceled"] + only["in_fulfillment"] == 5
        assert only["shipped"] in (0, 2)
    assert broken_invariants(database) == []
