"""A line that only a full day of its source refuses waits for the next day."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.fulfillment.builders import create, fulfillment_orders, report, update
from tests.fulfillment_optimization.sourcing_setup import SourcingSetup
from tests.orders.builders import NOW, state_of

from openiom.fulfillment import lift_refusals
from openiom.orders import BackorderReleaseWorker
from openiom.orders.backorder.place_on_hold import await_stock
from openiom.orders.backorder.queries import waiting_rows
from openiom.provider_contract import Outcome

MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)
REASON = "no capacity left today at A; tried again at 2026-11-21 00:00 UTC"


@pytest.fixture
def small_day(sourcing: SourcingSetup) -> SourcingSetup:
    """A alone has lamps, and sends one parcel a day."""
    sourcing.strategy()
    sourcing.source_at("A", 1.0, daily_parcels=1)
    sourcing.stock(LAMP_A=10)
    assert sourcing.source(sourcing.order("first", LAMP=1))[0].ok
    return sourcing


def wait(sourcing: SourcingSetup, order: UUID, now: datetime = NOW) -> Outcome:
    with sourcing.database.unit_of_work() as session:
        return await_stock(session, [order], now, "flow")[0]


def waiting_lines(sourcing: SourcingSetup, order: UUID, now: datetime = NOW) -> list[Any]:
    lines = sourcing.rows("SELECT id FROM orders.order_line WHERE order_id = %s", order)
    with sourcing.database.reading() as session:
        rows = waiting_rows(session, [line_id for (line_id,) in lines], now)
    return [(row.kind, row.state, row.retry_at, row.reason) for row in rows]


def test_a_full_day_is_the_reason_and_the_next_one_serves_the_order(
    small_day: SourcingSetup,
) -> None:
    order = small_day.order("second", LAMP=2)

    (outcome,) = small_day.source(order)

    assert (outcome.ok, outcome.reason) == (False, REASON)
    assert state_of(small_day.database, order) == ("on_hold", "No Capacity Today")
    held = wait(small_day, order)
    assert (held.ok, held.reason) == (True, REASON)
    assert state_of(small_day.database, order) == ("on_hold", "No Capacity Today")
    assert waiting_lines(small_day, order) == [("capacity", "waiting", MIDNIGHT, REASON)]
    small_day.check()

    worker = BackorderReleaseWorker()
    worker.run_once(small_day.database, limit=100, now=MIDNIGHT - timedelta(minutes=1))
    assert state_of(small_day.database, order)[0] == "on_hold"
    worker.run_once(small_day.database, limit=100, now=MIDNIGHT)
    assert state_of(small_day.database, order) == ("in_progress", "Ready To Be Fulfilled")
    (tomorrow,) = small_day.source(order, now=MIDNIGHT)
    assert (tomorrow.ok, small_day.sources(order)) == (True, {"LAMP": "A"})


def test_a_limit_of_order_lines_is_a_full_day_too_by_the_clock_of_its_source(
    sourcing: SourcingSetup,
) -> None:
    sourcing.strategy()
    sourcing.source_at("A", 1.0, daily_lines=1, time_zone="America/New_York")
    sourcing.stock(LAMP_A=10, RUG_A=10)
    assert sourcing.source(sourcing.order("first", LAMP=1))[0].ok
    order = sourcing.order("second", RUG=1)

    (outcome,) = sourcing.source(order)

    assert outcome.reason == "no capacity left today at A; tried again at 2026-11-21 05:00 UTC"


def test_an_order_that_lacks_stock_as_well_is_not_one_of_a_full_day(
    small_day: SourcingSetup,
) -> None:
    order = small_day.order("second", LAMP=1, RUG=1)

    (outcome,) = small_day.source(order)

    assert outcome.reason == "Inventory not found: no source can serve LAMP, RUG"
    assert state_of(small_day.database, order) == ("on_hold", "Inventory not found")


def test_a_source_that_declined_is_considered_again_after_the_time_of_the_strategy(
    sourcing: SourcingSetup,
) -> None:
    sourcing.strategy(retry_refusals_after_hours=6)
    sourcing.stock(LAMP_A=10)
    order = sourcing.order("1", LAMP=1)
    decline(sourcing, order)

    (soon,) = sourcing.source(order, now=NOW + timedelta(hours=5))
    (later,) = sourcing.source(order, now=NOW + timedelta(hours=6))

    assert (soon.ok, later.ok) == (False, True)
    assert sourcing.sources(order) == {"LAMP": "A"}


def test_a_strategy_may_let_refusals_count_until_stock_arrives_or_a_person_lifts_them(
    sourcing: SourcingSetup,
) -> None:
    sourcing.strategy(retry_refusals_after_hours=0)
    sourcing.stock(LAMP_A=10)
    order = sourcing.order("1", LAMP=1)
    declined = decline(sourcing, order)
    (refused,) = sourcing.source(order, now=NOW + timedelta(days=400))
    assert not refused.ok

    with sourcing.database.unit_of_work() as session:
        assert lift_refusals(session, [UUID(declined)], NOW, "ann")[0].ok

    (lifted,) = sourcing.source(order)
    assert (lifted.ok, sourcing.sources(order)) == (True, {"LAMP": "A"})


def decline(sourcing: SourcingSetup, order: UUID) -> str:
    """Source an order and let its fulfiller decline it; return the fulfillment order."""
    assert sourcing.source(order)[0].ok
    create(sourcing.database, order)
    (found,) = fulfillment_orders(sourcing.database, order)
    assert report(sourcing.database, update(found, "declined"))[0].ok
    return str(found["id"])
