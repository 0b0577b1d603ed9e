"""
What a line took of a source's day is given back when it is not taken from there, and never more
than that.
"""

from datetime import timedelta
from random import Random
from threading import Thread
from uuid import UUID

import pytest
from tests.fulfillment.builders import fulfillment_orders, parcel, report, update
from tests.fulfillment_optimization.sourcing_setup import INVARIANTS, SourcingSetup
from tests.orders.builders import NOW

from openiom.fulfillment_optimization import CapacityUsageWorker, source_orders
from openiom.fulfillment_optimization.planning.capacity_usage import (
    RETENTION,
    release_unserved_usage,
)
from openiom.orders import cancel_orders
from openiom.orders.service.hold_cancel import LineCancellation, cancel_lines
from openiom.platform.batches import drain
from openiom.platform.bulk import execute


@pytest.fixture
def capped(sourcing: SourcingSetup) -> SourcingSetup:
    """Two parcels a day from A; B takes any number."""
    sourcing.strategy()
    sourcing.source_at("A", 1.0, daily_parcels=2)
    sourcing.stock(LAMP_A=99, RUG_A=99, LAMP_B=99, RUG_B=99)
    return sourcing


def run_worker(sourcing: SourcingSetup, days: int = 0) -> None:
    drain(
        sourcing.database,
        [CapacityUsageWorker(sourcing.order_port)],
        now=NOW + timedelta(days=days),
    )
    sourcing.check()
    equal(sourcing)


def equal(sourcing: SourcingSetup) -> None:
    """The counters are exactly the places."""
    assert (
        sourcing.rows(
            "SELECT d.source, d.lines, d.parcels, count(p.line_id), count(DISTINCT p.order_id)"
            " FROM fulfillment_optimization.source_daily_usage d"
            " LEFT JOIN fulfillment_optimization.source_usage_line p USING (source, day)"
            " GROUP BY d.source, d.day"
            " HAVING (d.lines, d.parcels) <> (count(p.line_id), count(DISTINCT p.order_id))"
        )
        == []
    )


def declined(sourcing: SourcingSetup, *orders: UUID) -> None:
    """Released to fulfillment, and handed back by the source."""
    with sourcing.database.unit_of_work() as session:
        assert all(
            o.ok
            for o in sourcing.order_port.create_fulfillment_orders(session, orders, NOW, "flow")
        )

    for order in orders:
        assert report(
            sourcing.database, update(fulfillment_orders(sourcing.database, order)[-1], "declined")
        )[0].ok


def test_a_declined_order_releases_its_parcel_and_lines(capped: SourcingSetup) -> None:
    one, two, three = (capped.order(str(n), LAMP=1, RUG=2) for n in range(3))
    capped.source(one, two)
    assert capped.day("A") == [(2, 4)]
    declined(capped, one)
    run_worker(capped)
    assert capped.day("A") == [(1, 2)]
    capped.source(three)
    assert capped.sources(three)["LAMP"] == "A"
    run_worker(capped)
    assert capped.day("A") == [(2, 4)]


def test_canceled_orders_and_lines_release_their_capacity_once(capped: SourcingSetup) -> None:
    one, two = capped.order("1", LAMP=1, RUG=1), capped.order("2", LAMP=1, RUG=1)
    capped.source(one, two)
    declined(capped, one)

    with capped.database.unit_of_work() as session:
        assert cancel_orders(session, [one], NOW, "clerk")[0].ok

    for _ in range(2):
        run_worker(capped)
        assert capped.day("A") == [(1, 2)]

    declined(capped, two)
    with capped.database.unit_of_work() as session:
        lines = capped.rows(
            "SELECT id FROM orders.order_line WHERE order_id = %s ORDER BY line_number", two
        )
        assert cancel_lines(session, [LineCancellation(lines[0][0])], NOW, "clerk")[0].ok

    run_worker(capped)
    assert capped.day("A") == [(0, 0)]


def test_sourcing_again_releases_stale_usage_for_the_same_batch(
    capped: SourcingSetup,
) -> None:
    one, two, three = (capped.order(str(n), LAMP=1) for n in range(3))
    capped.source(one, two)
    declined(capped, one)
    outcomes = capped.source(three, one)
    assert all(o.ok for o in outcomes)
    assert (capped.sources(three)["LAMP"], capped.sources(one)["LAMP"]) == ("A", "B"), (
        "A gave the first one back"
    )
    assert capped.day("A") == [(2, 2)]
    run_worker(capped)
    assert capped.day("A") == [(2, 2)]


def test_shipped_units_keep_their_usage(capped: SourcingSetup) -> None:
    one = capped.order("1", LAMP=3)
    capped.source(one)

    with capped.database.unit_of_work() as session:
        assert capped.order_port.create_fulfillment_orders(session, [one], NOW, "flow")[0].ok

    found = fulfillment_orders(capped.database, one)[0]
    assert report(capped.database, parcel(found, "P1", 1))[0].ok
    assert report(capped.database, update(found, "canceled", reason="the rest is broken"))[0].ok
    run_worker(capped)
    assert capped.day("A") == [(1, 1)]


def test_lines_of_an_order_share_a_parcel_until_the_last_is_released(
    capped: SourcingSetup,
) -> None:
    one = capped.order("1", LAMP=1, RUG=1)
    capped.source(one)
    assert capped.day("A") == [(1, 2)]
    lines = capped.rows(
        "SELECT id FROM orders.order_line WHERE order_id = %s ORDER BY line_number", one
    )

    for (line,), left in zip(lines, [(1, 1), (0, 0)], strict=True):
        with capped.database.unit_of_work() as session:
            execute(session, "UPDATE orders.order_line SET source = NULL WHERE id = %s", (line,))
            assert release_unserved_usage(session, capped.order_port, [one]) == 1

        assert capped.day("A") == [left]


def test_a_batch_of_events_is_released_at_once_and_old_days_keep_only_totals(
    capped: SourcingSetup,
) -> None:
    capped.source_at("A", 1.0, daily_parcels=50)
    orders = [capped.order(str(n), LAMP=1) for n in range(20)]
    capped.source(*orders)
    declined(capped, *orders[:15])
    run_worker(capped)
    assert capped.day("A") == [(5, 5)]
    declined(capped, orders[15])
    drain(
        capped.database,
        [CapacityUsageWorker(capped.order_port)],
        now=NOW + RETENTION + timedelta(days=2),
    )
    assert capped.rows("SELECT count(*) FROM fulfillment_optimization.source_usage_line") == [(0,)]
    assert capped.day("A") == [(4, 4)]


def test_usage_is_correct_while_orders_are_declined_and_sourced_concurrently(
    capped: SourcingSetup,
) -> None:
    capped.source_at("A", 1.0, daily_parcels=6)
    orders = [capped.order(str(n), LAMP=1, RUG=1) for n in range(16)]
    capped.source(*orders[:8])

    def declines(mine: int) -> None:
        random = Random(mine)
        for order in orders[mine:8:2]:
            if random.random() < 0.8:
                declined(capped, order)

    def sources(mine: int) -> None:
        for order in orders[8 + mine :: 2]:
            with capped.database.unit_of_work() as session:
                source_orders(session, capped.order_port, [order], now=NOW, actor="test")

    def releases() -> None:
        worker = CapacityUsageWorker(capped.order_port)
        for _ in range(20):
            worker.run_once(capped.database, limit=100, now=NOW)

    threads = [Thread(target=work, args=(n,)) for work in (declines, sources) for n in range(2)]
    threads += [Thread(target=releases) for _ in range(2)]

    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    run_worker(capped)
    served = capped.rows(
        "SELECT count(DISTINCT order_id)::int, count(*)::int FROM orders.order_line"
        " WHERE source = 'A'"
    )
    assert capped.day("A") == served
    assert served[0][0] <= 6


def test_the_invariant_finds_uncounted_usage(capped: SourcingSetup) -> None:
    capped.source(capped.order("1", LAMP=1))
    promise = next(
        path for path in INVARIANTS if path.stem == "source_usage_lines_are_counted"
    ).read_text()
    assert capped.rows(promise) == []
    with capped.database.unit_of_work() as session:
        execute(session, "UPDATE fulfillment_optimization.source_daily_usage SET parcels = 0")
    assert len(capped.rows(promise)) == 1
