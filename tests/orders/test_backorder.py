"""Backorders: lines without stock wait with a promise date, and are released oldest first."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from tests.orders.builders import (
    NOW,
    event_names,
    facts,
    happen,
    line,
    master_data,
    placed,
    state_of,
    stock,
)
from tests.orders.waiting_builders import (
    TODAY,
    VALID,
    apply,
    broken_invariants,
    launched,
    prefer,
    preorder,
    released,
    sourced,
    turn,
    unserved,
    waiting,
)

from openiom.inventory_visibility import (
    AllocationOperation,
    ReservationExpiryWorker,
    StockReservationRequest,
    SupplyDocument,
    SupplyLineDocument,
    SupplyLineKey,
    SupplyMovement,
    apply_allocations,
    inventory_configuration,
    receive_supply,
    reserve,
    upsert_supply_orders,
)
from openiom.kernel import new_id
from openiom.orders import BackorderReleaseWorker, cancel_orders, hold_orders, release_holds
from openiom.orders.queries import get_order
from openiom.platform.batches import drain
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database


@pytest.fixture
def shop(database: Database) -> Iterator[Database]:
    """Two products, and backorders for 30 days; every invariant holds in the end."""
    master_data(database, "Lamp", "Desk")
    prefer(database, backorder=True, backorder_sla_days=30)
    yield database
    assert broken_invariants(database) == []


def test_a_line_without_stock_waits_with_the_day_it_is_promised_for(shop: Database) -> None:
    stock(shop, Desk__SEA=5)
    order = placed(shop, line("Lamp", 4), line("Desk", 1))

    with shop.unit_of_work() as session:
        lines = [
            SupplyLineDocument(
                1, "Lamp", "SEA", Decimal(9), TODAY + timedelta(days=6), Decimal("0.7")
            )
        ]
        assert upsert_supply_orders(
            session, [SupplyDocument("purchase", "PO-1", lines)], NOW, "test"
        ) == [""]

    (outcome,) = unserved(shop, order)
    assert (outcome.ok, outcome.reason) == (
        True,
        f"waits for Lamp: promised for {TODAY + timedelta(days=6)}",
    )
    assert state_of(shop, order) == ("on_hold", "Backorder Hold")
    (row,) = waiting(shop)
    assert (row.product, row.quantity, row.kind, row.state) == ("Lamp", 4, "backorder", "waiting")
    assert (row.available_on, row.confidence) == (TODAY + timedelta(days=6), 0.7)
    assert row.expires_at == NOW + timedelta(days=30)

    with shop.reading() as session:
        lines = get_order(session, order, now=NOW).lines
        detail = {x.product: (x.available_on, x.expires_at) for x in lines}

    assert detail == {"Lamp": (row.available_on, row.expires_at), "Desk": (None, None)}
    assert "order.backorder_hold_placed" in event_names(shop, order)


def test_without_backorders_the_order_is_left_to_a_person(shop: Database) -> None:
    prefer(shop, backorder=False)
    order = placed(shop, line("Lamp", 4))
    (outcome,) = unserved(shop, order)
    assert (outcome.ok, "backorders are not accepted" in outcome.reason) == (False, True)
    assert waiting(shop) == []
    assert state_of(shop, order) == ("on_hold", "Inventory not found")


def test_an_order_that_stock_could_serve_is_tried_once_more_and_never_circles(
    shop: Database,
) -> None:
    stock(shop, Lamp__SEA=9)
    order = placed(shop, line("Lamp", 4))
    (again,) = unserved(shop, order)
    assert (again.ok, again.reason) == (True, "in stock; sourced again")
    assert state_of(shop, order) == ("in_progress", "Ready To Be Fulfilled")
    (outcome,) = unserved(shop, order, now=NOW + timedelta(seconds=59))
    assert (outcome.ok, "no source may serve it" in outcome.reason) == (False, True)
    turn(shop)
    assert event_names(shop, order).count("order.backorder_hold_released") == 1
    assert unserved(shop, order, now=NOW + timedelta(seconds=61))[0].ok, "a person reprocessed it"


def test_arriving_stock_releases_the_oldest_as_far_as_it_goes(shop: Database) -> None:
    orders = [placed(shop, line("Lamp", 4), external_id=str(n)) for n in range(4)]
    for n, order in enumerate(orders):
        assert unserved(shop, order, now=NOW + timedelta(minutes=n))[0].ok

    stock(shop, Lamp__SEA=9)
    turn(shop)
    assert released(shop, *orders) == [True, True, False, False]
    assert state_of(shop, orders[0]) == ("in_progress", "Ready To Be Fulfilled")
    assert state_of(shop, orders[2]) == ("on_hold", "Backorder Hold")
    stock(shop, Lamp__CHI=3)
    turn(shop)
    assert released(shop, *orders) == [True, True, False, False], (
        "what is on its way to its stock counts as taken"
    )
    sourced(shop, orders[0])
    sourced(shop, orders[1])
    stock(shop, Lamp__CHI=4)
    turn(shop)
    assert released(shop, *orders) == [True, True, True, False]


def test_a_smaller_order_passes_one_that_is_not_covered_and_does_not_split_sources(
    shop: Database,
) -> None:
    big, small = (
        placed(shop, line("Lamp", 10), external_id="big"),
        placed(shop, line("Lamp", 2), external_id="small"),
    )
    for n, order in enumerate((big, small)):
        unserved(shop, order, now=NOW + timedelta(minutes=n))

    stock(shop, Lamp__SEA=6, Lamp__CHI=6)
    turn(shop)
    assert released(shop, big, small) == [False, True]


def test_an_order_goes_on_only_when_all_its_lines_are_covered(shop: Database) -> None:
    order = placed(shop, line("Lamp", 4), line("Desk", 2))
    unserved(shop, order)
    stock(shop, Lamp__SEA=9)
    turn(shop)
    assert released(shop, order) == [False]
    stock(shop, Desk__CHI=2)
    turn(shop)
    assert released(shop, order) == [True]
    sourced_lines = facts(shop, order)["lines"]
    assert {x["state_reason"] for x in sourced_lines} == {"Ready To Be Fulfilled"}


def test_a_receipt_releases_and_a_release_that_finds_nothing_keeps_its_place(
    shop: Database,
) -> None:
    first, second = (
        placed(shop, line("Lamp", 2), external_id="1"),
        placed(shop, line("Lamp", 2), external_id="2"),
    )
    for n, order in enumerate((first, second)):
        unserved(shop, order, now=NOW + timedelta(minutes=n))

    with shop.unit_of_work() as session:
        lines = [SupplyLineDocument(1, "Lamp", "SEA", Decimal(2), TODAY)]
        upsert_supply_orders(session, [SupplyDocument("purchase", "PO-1", lines)], NOW, "test")
        receive_supply(
            session,
            [SupplyMovement("r", SupplyLineKey("purchase", "PO-1", 1), Decimal(2))],
            NOW,
            "test",
        )

    turn(shop)
    assert released(shop, first, second) == [True, False]

    for quicker in (False, True):
        with shop.unit_of_work() as session:
            granted = reserve(
                session,
                [StockReservationRequest(new_id(), "Lamp", "SEA", 2)],
                NOW,
                "somebody quicker",
            )

        assert granted == [quicker], (
            "what is held for the first is free when it did not come for it in an hour"
        )
        drain(shop, [ReservationExpiryWorker()], now=NOW + timedelta(minutes=60))

    assert unserved(shop, first, now=NOW + timedelta(hours=1))[0].ok
    assert [(r.order_id, r.since) for r in waiting(shop)][0] == (first, NOW), "age is kept"
    stock(shop, Lamp__CHI=2)
    turn(shop)
    assert event_names(shop, first).count("order.backorder_hold_released") == 2
    assert released(shop, second) == [False]


def test_a_canceled_order_frees_its_stock_for_those_who_wait(shop: Database) -> None:
    stock(shop, Lamp__SEA=4)
    holder, waiter = (
        placed(shop, line("Lamp", 4), external_id="1"),
        placed(shop, line("Lamp", 4), external_id="2"),
    )

    with shop.unit_of_work() as session:
        happen(session, holder, *VALID)
        asks = [
            StockReservationRequest(UUID(x["id"]), "Lamp", "SEA", 4)
            for x in facts(shop, holder)["lines"]
        ]
        assert reserve(session, asks, NOW, "flow") == [True]

    unserved(shop, waiter)
    turn(shop)
    assert released(shop, waiter) == [False]

    with shop.unit_of_work() as session:
        assert cancel_orders(session, [holder], NOW, "clerk")[0].ok

    turn(shop)
    assert released(shop, waiter) == [True]


def test_stock_that_came_free_behind_our_back_is_found_within_minutes(shop: Database) -> None:
    stock(shop, Lamp__SEA=4)
    with shop.unit_of_work() as session:
        execute(session, "UPDATE inventory_visibility.stock SET safety_stock = 4")

    order = placed(shop, line("Lamp", 4))
    unserved(shop, order)
    worker = BackorderReleaseWorker()
    drain(shop, [worker], now=NOW)

    with shop.unit_of_work() as session:
        execute(session, "UPDATE inventory_visibility.stock SET safety_stock = 0")

    drain(shop, [worker], now=NOW + timedelta(minutes=4))
    assert released(shop, order) == [False]
    drain(shop, [worker], now=NOW + timedelta(minutes=5))
    assert released(shop, order) == [True]


def test_an_expired_reservation_frees_its_stock_for_those_who_wait(shop: Database) -> None:
    stock(shop, Lamp__SEA=4)
    with shop.unit_of_work() as session:
        cart = StockReservationRequest(
            new_id(), "Lamp", "SEA", 4, expires_at=NOW + timedelta(minutes=15)
        )
        assert reserve(session, [cart], NOW, "cart") == [True]

    order = placed(shop, line("Lamp", 4))
    unserved(shop, order)
    turn(shop, now=NOW + timedelta(minutes=14))
    assert released(shop, order) == [False]
    drain(
        shop, [ReservationExpiryWorker(), BackorderReleaseWorker()], now=NOW + timedelta(minutes=15)
    )
    assert released(shop, order) == [True]


def test_what_is_kept_for_a_channel_releases_its_orders_alone(shop: Database) -> None:
    stock(shop, Lamp__SEA=4)
    act = AllocationOperation("allocate", "a", "", "Lamp", "SEA", ("web",), Decimal(4))

    with shop.unit_of_work() as session:
        configuration = inventory_configuration(session)
        assert apply_allocations(
            session, [act], configuration=configuration, now=NOW, actor="test"
        )[0].ok

    mail = placed(shop, line("Lamp", 2), external_id="1", origin="mail")
    web = placed(shop, line("Lamp", 6), external_id="2", origin="web")
    assert [o.ok for o in unserved(shop, mail, web)] == [True, True]
    stock(shop, Lamp__SEA=5)
    turn(shop)
    assert released(shop, mail, web) == [False, False]
    stock(shop, Lamp__SEA=6)
    turn(shop)
    assert released(shop, mail, web) == [True, False], "two common ones go to who waits longest"

    with shop.unit_of_work() as session:
        assert cancel_orders(session, [mail], NOW, "clerk")[0].ok

    turn(shop)
    assert released(shop, web) == [True], "its own four and two common ones"


def test_the_day_that_is_promised_is_that_of_the_orders_channel(shop: Database) -> None:
    stock(shop, Lamp__SEA=4)
    act = AllocationOperation("allocate", "a", "", "Lamp", "SEA", ("web",), Decimal(4))

    with shop.unit_of_work() as session:
        configuration = inventory_configuration(session)
        assert apply_allocations(
            session, [act], configuration=configuration, now=NOW, actor="test"
        )[0].ok
        lines = [SupplyLineDocument(1, "Lamp", "SEA", Decimal(5), TODAY + timedelta(days=6))]
        upsert_supply_orders(session, [SupplyDocument("purchase", "PO-1", lines)], NOW, "test")

    mail = placed(shop, line("Lamp", 3), external_id="1", origin="mail")
    web = placed(shop, line("Lamp", 6), external_id="2", origin="web")
    assert [o.ok for o in unserved(shop, mail, web)] == [True, True]
    days = {row.order_id: row.available_on for row in waiting(shop)}
    assert days == {mail: TODAY + timedelta(days=6), web: TODAY + timedelta(days=6)}, (
        "its four and two of the five"
    )
    more = placed(shop, line("Lamp", 5), external_id="3", origin="web")
    assert unserved(shop, more)[0].ok
    assert {row.order_id: row.available_on for row in waiting(shop)}[more] is None


def test_an_order_held_by_hand_waits_for_its_release_too(shop: Database) -> None:
    order = placed(shop, line("Lamp", 4))
    unserved(shop, order)

    with shop.unit_of_work() as session:
        assert hold_orders(session, [order], NOW, "clerk")[0].ok

    stock(shop, Lamp__SEA=4)
    turn(shop)
    turn(shop, now=NOW + timedelta(days=40))
    assert released(shop, order) == [False]
    assert state_of(shop, order) == ("on_hold", "Manual hold")

    with shop.unit_of_work() as session:
        assert release_holds(session, [order], NOW, "clerk")[0].ok

    turn(shop)
    assert released(shop, order) == [True]


def test_past_its_time_a_line_is_canceled_and_the_rest_of_the_order_goes_on(shop: Database) -> None:
    stock(shop, Desk__SEA=1)
    both, alone = (
        placed(shop, line("Lamp", 4), line("Desk", 1), external_id="1"),
        placed(shop, line("Lamp"), external_id="2"),
    )
    unserved(shop, both, alone)
    turn(shop, now=NOW + timedelta(days=30) - timedelta(seconds=1))
    assert state_of(shop, alone) == ("on_hold", "Backorder Hold")
    turn(shop, now=NOW + timedelta(days=30))
    assert state_of(shop, alone) == ("canceled", "SLA expired")
    assert released(shop, both) == [True]
    states = {
        x["product"]: (x["state"], x["state_reason"], x["canceled"])
        for x in facts(shop, both)["lines"]
    }
    assert states == {
        "Lamp": ("canceled", "Backorder SLA", 4),
        "Desk": ("in_progress", "Ready To Be Fulfilled", 0),
    }
    assert waiting(shop) == []
    sourced(shop, both)


def test_without_a_time_limit_a_line_waits_for_ever(shop: Database) -> None:
    prefer(shop, backorder=True)
    order = placed(shop, line("Lamp"))
    unserved(shop, order)
    turn(shop, now=NOW + timedelta(days=4_000))
    assert state_of(shop, order) == ("on_hold", "Backorder Hold")


def test_the_schedule_moves_the_day_that_was_promised(shop: Database) -> None:
    first, second = (
        placed(shop, line("Lamp", 3), external_id="1"),
        placed(shop, line("Lamp", 3), external_id="2"),
    )
    unserved(shop, first, second)
    assert [r.available_on for r in waiting(shop)] == [None, None]

    def order(quantity: int, days: int) -> None:
        with shop.unit_of_work() as session:
            lines = [
                SupplyLineDocument(
                    1, "Lamp", "SEA", Decimal(quantity), TODAY + timedelta(days=days)
                )
            ]
            assert upsert_supply_orders(
                session, [SupplyDocument("purchase", "PO-1", lines)], NOW, "test"
            ) == [""]

        turn(shop)

    def days() -> list[date | None]:
        rows = {r.order_id: r.available_on for r in waiting(shop)}
        return [rows[first], rows[second]]

    order(3, 5)
    assert days() == [TODAY + timedelta(days=5), None], (
        "one receipt of three is promised to one of them only"
    )
    order(6, 8)
    assert days() == [TODAY + timedelta(days=8)] * 2
    assert released(shop, first, second) == [False, False], "what is scheduled is not there yet"


def test_a_preorder_waits_for_its_launch_day_even_with_stock(shop: Database) -> None:
    stock(shop, Lamp__SEA=9, Desk__SEA=9)
    launch = TODAY + timedelta(days=10)
    launched(shop, "Lamp", launch)
    pre, usual = (
        placed(shop, line("Lamp", 1), line("Desk", 1), external_id="1"),
        placed(shop, line("Desk"), external_id="2"),
    )
    early, free = preorder(shop, pre, usual)
    assert (early.ok, early.reason, free.ok) == (False, f"Lamp is launched on {launch}", True)
    assert state_of(shop, pre) == ("on_hold", "Preorder Hold")
    assert {x["product"]: x["state_reason"] for x in facts(shop, pre)["lines"]}[
        "Lamp"
    ] == "Preorder Hold"
    assert [(r.kind, r.launch_date, r.available_on) for r in waiting(shop)] == [
        ("preorder", launch, launch)
    ]
    stock(shop, Lamp__CHI=9)
    turn(shop, now=NOW + timedelta(days=9))
    assert released(shop, pre) == [False]
    turn(shop, now=NOW + timedelta(days=10))
    assert released(shop, pre) == [True]
    sourced(shop, pre)


def test_a_launched_product_without_stock_becomes_a_backorder_with_time_of_its_own(
    shop: Database,
) -> None:
    launched(shop, "Lamp", TODAY + timedelta(days=10))
    order = placed(shop, line("Lamp", 2))
    preorder(shop, order)
    later = NOW + timedelta(days=10)
    turn(shop, now=later)
    assert unserved(shop, order, now=later)[0].ok
    (row,) = waiting(shop)
    assert (row.kind, row.since, row.expires_at) == ("backorder", NOW, later + timedelta(days=30))
    stock(shop, Lamp__SEA=2)
    turn(shop, now=later)
    assert event_names(shop, order).count("order.backorder_hold_released") == 2


def test_kits_wait_for_their_parts(shop: Database) -> None:
    body = {
        "name": "Set",
        "components": [{"product": "Lamp", "quantity": 2}, {"product": "Desk", "quantity": 1}],
    }
    apply(shop, {"kind": "product", "name": "Set", "body": body})
    stock(shop, Desk__SEA=5)
    order = placed(shop, line("Set", 2))
    assert unserved(shop, order)[0].ok
    stock(shop, Lamp__SEA=3)
    turn(shop)
    assert released(shop, order) == [False]
    stock(shop, Lamp__SEA=4)
    turn(shop)
    assert released(shop, order) == [True]
    sourced(shop, order)


def test_hundreds_of_waiting_orders_are_released_together(shop: Database) -> None:
    orders = [placed(shop, line("Lamp", 1), external_id=str(n)) for n in range(700)]
    unserved(shop, *orders)
    stock(shop, Lamp__SEA=600)

    with shop.reading() as session:
        (before,) = fetch(session, "SELECT max(id) FROM platform.business_event")[0]

    turn(shop)
    with shop.reading() as session:
        query = (
            "SELECT count(*), count(DISTINCT xid) FROM platform.business_event"
            " WHERE id > %s AND name = %s"
        )
        assert fetch(session, query, (before, "order.backorder_hold_released")) == [(600, 1)]
