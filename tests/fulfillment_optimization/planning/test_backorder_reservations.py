"""
Stock that let a waiting line go on is that line's alone until sourcing takes it over, elsewhere or
there.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from random import Random
from threading import Event, Thread
from uuid import UUID

import pytest
from tests.fulfillment_optimization.sourcing_setup import INVARIANTS, SourcingSetup
from tests.orders.builders import NOW, happen, state_of
from tests.orders.waiting_builders import apply, prefer, released

from openiom.fulfillment_optimization import source_orders
from openiom.fulfillment_optimization.assigned_sources import process_assigned
from openiom.inventory_visibility import (
    AllocationOperation,
    ReservationExpiryWorker,
    StockChange,
    apply_allocations,
    change_on_hand,
    inventory_configuration,
    release_quantities,
)
from openiom.orders import (
    BackorderReleaseWorker,
    assign_sources,
    cancel_lines,
    cancel_orders,
    open_lines,
)
from openiom.orders.backorder.place_on_hold import await_stock
from openiom.orders.service.hold_cancel import LineCancellation
from openiom.platform.bulk import execute, fetch
from openiom.provider_contract import Outcome

HOLD = timedelta(minutes=60)


class PastSetup(SourcingSetup):
    """
    A setup whose stories happen in the past: what ends by itself should have ended by the
    database's clock.
    """

    def check(self) -> None:
        with self.database.reading() as session:
            for invariant in INVARIANTS:
                if invariant.stem != "expired_reservations_are_released":
                    assert fetch(session, invariant.read_text()) == [], invariant.name


@pytest.fixture
def waiting(sourcing: SourcingSetup) -> SourcingSetup:
    sourcing.strategy()
    prefer(sourcing.database, backorder=True)
    return PastSetup(sourcing.database, sourcing.order_port)


def wait(sourcing: SourcingSetup, *orders: UUID, minutes: int = 0) -> list[Outcome]:
    """Sourcing finds nothing, and the flow asks to wait."""
    now = NOW + timedelta(minutes=minutes)
    assert not any(outcome.ok for outcome in sourcing.source(*orders, now=now))
    with sourcing.database.unit_of_work() as session:
        return await_stock(session, orders, now, "flow")


def turn(sourcing: SourcingSetup, *, minutes: int = 0) -> None:
    now = NOW + timedelta(minutes=minutes)
    while BackorderReleaseWorker().run_once(sourcing.database, limit=500, now=now).more:
        pass
    BackorderReleaseWorker().run_once(sourcing.database, limit=500, now=now)
    sourcing.check()


def reserved(sourcing: SourcingSetup) -> list[tuple[str, str, str, int, bool]]:
    """(document, product, source, open units, whether it ends by itself), oldest first."""
    query = (
        "SELECT r.document, s.product, s.source, r.open::int, r.expires_at IS NOT NULL"
        " FROM inventory_visibility.reservation r"
        " JOIN inventory_visibility.stock s ON s.id = r.stock_id"
        " WHERE r.open > 0 ORDER BY r.id"
    )
    with sourcing.database.reading() as session:
        return [tuple(row) for row in fetch(session, query)]


def test_a_newer_order_does_not_get_the_stock_that_released_an_older_one(
    waiting: SourcingSetup,
) -> None:
    old = waiting.order("old", LAMP=2)
    assert wait(waiting, old)[0].ok
    waiting.stock(LAMP_A=3)
    turn(waiting)
    assert released(waiting.database, old) == [True]
    assert reserved(waiting) == [("old", "LAMP", "A", 2, True)]
    young = waiting.order("young", LAMP=2)
    assert not waiting.source(young)[0].ok
    assert waiting.source(old)[0].ok
    assert reserved(waiting) == [("old", "LAMP", "A", 2, False)], "the same reservation, for good"
    assert state_of(waiting.database, old)[0] == "fulfillment_in_process"
    one = waiting.order("one", LAMP=1)
    assert waiting.source(one)[0].ok, "the third was free to anybody"


@pytest.mark.parametrize("noticed", [True, False])
def test_a_line_canceled_after_the_release_leaves_the_others_what_they_reserved(
    waiting: SourcingSetup, noticed: bool
) -> None:
    """Otherwise they reserve it once more, and the first units stay reserved until they expire."""
    waiting.stock(RUG_C=1)
    order = waiting.order("old", LAMP=2, RUG=1)
    assert wait(waiting, order)[0].ok
    waiting.stock(LAMP_C=2)
    turn(waiting)
    assert reserved(waiting) == [("old", "LAMP", "C", 2, True), ("old", "RUG", "C", 1, True)]
    with waiting.database.unit_of_work() as session:
        lines = {line.product: line.line_id for line in open_lines(session, [order])}
        cancel_lines(session, [LineCancellation(lines["LAMP"])], NOW, "ann")

    if noticed:
        turn(waiting)

    waiting.stock(RUG_A=1)
    assert waiting.source(order)[0].ok
    assert [(product, units, ends) for _, product, _, units, ends in reserved(waiting)] == [
        ("RUG", 1, False)
    ]
    turn(waiting)
    with waiting.database.reading() as session:
        assert fetch(session, "SELECT line_id FROM orders.waiting_line") == []


def test_in_one_batch_a_reserved_unit_goes_to_its_own_line(
    waiting: SourcingSetup,
) -> None:
    old = waiting.order("old", LAMP=2, RUG=1)
    assert wait(waiting, old)[0].ok
    waiting.stock(LAMP_C=2, RUG_C=1)
    turn(waiting)
    young = [waiting.order(f"young {n}", LAMP=1) for n in range(2)]
    outcomes = waiting.source(*young, old)
    assert [o.ok for o in outcomes] == [False, False, True]
    assert {(d, p, s, n, e) for d, p, s, n, e in reserved(waiting)} == {
        ("old", "LAMP", "C", 2, False),
        ("old", "RUG", "C", 1, False),
    }


def test_a_line_sourced_elsewhere_releases_its_backorder_reservation(
    waiting: SourcingSetup,
) -> None:
    old = waiting.order("old", LAMP=2)
    assert wait(waiting, old)[0].ok
    waiting.stock(LAMP_C=2)
    turn(waiting)
    waiting.stock(LAMP_A=2)
    young = waiting.order("young", LAMP=2)
    assert waiting.source(old)[0].ok
    assert reserved(waiting) == [("old", "LAMP", "A", 2, False)], "A is nearer"
    assert waiting.source(young)[0].ok
    assert reserved(waiting)[1] == ("young", "LAMP", "C", 2, False)


def test_a_larger_quantity_than_reserved_takes_over_the_reservation_and_reserves_the_rest(
    waiting: SourcingSetup,
) -> None:
    old = waiting.order("old", LAMP=4)
    assert wait(waiting, old)[0].ok
    waiting.stock(LAMP_A=4)
    turn(waiting)

    with waiting.database.unit_of_work() as session:
        (line,) = open_lines(session, [old])
        release_quantities(session, {line.line_id: 3}, NOW, "clerk", "given back by hand")

    assert reserved(waiting) == [("old", "LAMP", "A", 1, True)]
    assert waiting.source(old)[0].ok
    assert reserved(waiting) == [("old", "LAMP", "A", 1, False), ("old", "LAMP", "A", 3, False)]


def test_an_expired_backorder_reservation_goes_to_the_next_order(waiting: SourcingSetup) -> None:
    old, young = waiting.order("old", LAMP=2), waiting.order("young", LAMP=2)
    wait(waiting, old)
    wait(waiting, young, minutes=1)
    waiting.stock(LAMP_A=2)
    turn(waiting, minutes=2)
    assert released(waiting.database, old, young) == [True, False]
    ReservationExpiryWorker().run_once(
        waiting.database, limit=9, now=NOW + timedelta(minutes=2) + HOLD
    )
    turn(waiting, minutes=62)
    assert released(waiting.database, old, young) == [True, True]
    assert reserved(waiting) == [("young", "LAMP", "A", 2, True)]
    assert not waiting.source(old, now=NOW + timedelta(minutes=63))[0].ok


def test_an_order_collected_for_a_batch_keeps_its_reservation_until_the_window_closes(
    waiting: SourcingSetup,
) -> None:
    old = waiting.order("old", LAMP=2)
    wait(waiting, old)
    waiting.stock(LAMP_A=2)
    turn(waiting)
    waiting.strategy(batch={"enabled": True, "minutes": 180})
    (outcome,) = waiting.source(old)
    assert outcome.retry_at is not None
    assert outcome.retry_at > NOW + HOLD
    ReservationExpiryWorker().run_once(waiting.database, limit=9, now=outcome.retry_at)
    assert reserved(waiting) == [("old", "LAMP", "A", 2, True)]
    assert waiting.source(old, now=outcome.retry_at, resumed=[old])[0].ok
    assert reserved(waiting) == [("old", "LAMP", "A", 2, False)]


def test_stock_that_the_line_may_not_use_goes_to_the_next_order(waiting: SourcingSetup) -> None:
    old = waiting.order("old", LAMP=2)
    wait(waiting, old)
    waiting.stock(LAMP_A=2)
    turn(waiting)

    with waiting.database.unit_of_work() as session:
        await_stock(session, [old], NOW + timedelta(minutes=1), "flow")

    assert reserved(waiting) == []
    young = waiting.order("young", LAMP=2)
    assert waiting.source(young)[0].ok


def test_a_canceled_order_releases_its_backorder_reservation(waiting: SourcingSetup) -> None:
    old, young = waiting.order("old", LAMP=2), waiting.order("young", LAMP=1)
    wait(waiting, old)
    wait(waiting, young, minutes=1)
    waiting.stock(LAMP_A=2)
    turn(waiting, minutes=2)

    with waiting.database.unit_of_work() as session:
        assert cancel_orders(session, [old], NOW, "clerk")[0].ok

    turn(waiting, minutes=3)
    assert reserved(waiting) == [("young", "LAMP", "A", 1, True)]


@pytest.mark.parametrize("mode", ["check", "fulfillment_order"])
def test_a_source_chosen_by_a_policy_takes_over_the_backorder_reservation(
    waiting: SourcingSetup, mode: str
) -> None:
    old = waiting.order("old", LAMP=2)
    with waiting.database.unit_of_work() as session:
        (line,) = open_lines(session, [old])
        assign_sources(session, {line.line_id: ("B", "policy")}, NOW, "t")
        happen(session, old, "fulfillment.optimization.failed")
        assert await_stock(session, [old], NOW, "flow")[0].ok

    waiting.stock(LAMP_A=9, LAMP_B=2)
    turn(waiting)
    assert reserved(waiting) == [("old", "LAMP", "B", 2, True)]

    with waiting.database.unit_of_work() as session:
        outcomes = process_assigned(
            session, waiting.order_port, [old], mode=mode, now=NOW, actor="flow"
        )  # type: ignore[arg-type]

    assert outcomes[0].ok, outcomes
    assert reserved(waiting) == [("old", "LAMP", "B", 2, False)]
    waiting.check()


def test_a_complete_reservation_at_a_fixed_source_becomes_permanent(
    waiting: SourcingSetup,
) -> None:
    old = waiting.order("old", LAMP=2)
    with waiting.database.unit_of_work() as session:
        (line,) = open_lines(session, [old])
        assign_sources(session, {line.line_id: ("B", "policy")}, NOW, "t")

    assert wait(waiting, old)[0].ok
    waiting.stock(LAMP_A=9, LAMP_B=2)
    turn(waiting)
    assert waiting.source(old)[0].ok
    assert reserved(waiting) == [("old", "LAMP", "B", 2, False)]


def test_kits_are_reserved_and_taken_over_as_their_parts(waiting: SourcingSetup) -> None:
    body = {
        "name": "BED",
        "components": [{"product": "LAMP", "quantity": 2}, {"product": "RUG", "quantity": 1}],
    }
    apply(waiting.database, {"kind": "product", "name": "BED", "body": body})
    old = waiting.order("old", BED=2)
    wait(waiting, old)
    waiting.stock(LAMP_A=5, RUG_A=2)
    turn(waiting)
    assert sorted(reserved(waiting)) == [
        ("old", "LAMP", "A", 4, True),
        ("old", "RUG", "A", 2, True),
    ]
    assert waiting.source(waiting.order("young", RUG=1))[0].ok is False
    assert waiting.source(old)[0].ok
    assert sorted(reserved(waiting)) == [
        ("old", "LAMP", "A", 4, False),
        ("old", "RUG", "A", 2, False),
    ]


def test_allocated_units_return_to_the_allocation_when_the_line_is_sourced_elsewhere(
    waiting: SourcingSetup,
) -> None:
    old = waiting.order("old", LAMP=2)
    with waiting.database.unit_of_work() as session:
        execute(session, "UPDATE orders.order SET origin = 'web'")

    wait(waiting, old)
    waiting.stock(LAMP_C=3)
    act = AllocationOperation("allocate", "a", "", "LAMP", "C", ("web",), Decimal(2))

    with waiting.database.unit_of_work() as session:
        configuration = inventory_configuration(session)
        assert apply_allocations(session, [act], configuration=configuration, now=NOW, actor="t")[
            0
        ].ok

    turn(waiting)
    assert pool(waiting) == (0, 2)
    waiting.stock(LAMP_A=2)
    assert waiting.source(old)[0].ok
    assert reserved(waiting) == [("old", "LAMP", "A", 2, False)]
    assert pool(waiting) == (2, 0)


def pool(sourcing: SourcingSetup) -> tuple[int, int]:
    """Allocated and consumed."""
    with sourcing.database.reading() as session:
        (row,) = fetch(
            session, "SELECT allocated::int, consumed::int FROM inventory_visibility.allocation"
        )
    return row[0], row[1]


def test_random_histories_promise_no_unit_twice_and_serve_every_released_order(
    waiting: SourcingSetup,
) -> None:
    random, orders, number, released = Random(17), list[UUID](), 0, 0
    for step in range(12):
        for _ in range(random.randint(1, 3)):
            units = {
                p: random.randint(1, 3)
                for p in random.sample(("LAMP", "RUG"), random.randint(1, 2))
            }
            orders.append(waiting.order(f"o{number}", **units))
            number += 1

        now = NOW + timedelta(minutes=step)
        open_orders = [
            o for o in orders if state_of(waiting.database, o)[0] in ("new", "in_progress")
        ]
        names = {document for document, *_, ends in reserved(waiting) if ends}
        before = [o for o in open_orders if f"o{orders.index(o)}" in names]
        released += len(before)
        random.shuffle(open_orders)
        outcomes = dict(zip(open_orders, waiting.source(*open_orders, now=now), strict=True))
        bad = [f"o{orders.index(o)}" for o in before if not outcomes[o].ok]
        assert not bad, "an order released from its hold has its stock"
        failed = [o for o, outcome in outcomes.items() if not outcome.ok]

        with waiting.database.unit_of_work() as session:
            await_stock(session, failed, now, "flow")

        stands = {f"{p}_{s}": random.randint(0, 2) for p in ("LAMP", "RUG") for s in ("A", "B")}
        with waiting.database.reading() as session:
            rows = fetch(
                session, "SELECT product, source, on_hand::int FROM inventory_visibility.stock"
            )

        there = {f"{p}_{s}": n for p, s, n in rows}
        waiting.stock(**{key: there.get(key, 0) + n for key, n in stands.items()})
        turn(waiting, minutes=step)

    assert released > 5


def test_the_invariant_finds_a_sourced_line_with_an_expiring_reservation(
    waiting: SourcingSetup,
) -> None:
    waiting.stock(LAMP_A=2)
    assert waiting.source(waiting.order("1", LAMP=2))[0].ok
    promise = next(
        path for path in INVARIANTS if path.stem == "sourced_lines_have_permanent_reservations"
    ).read_text()
    assert waiting.rows(promise) == []

    with waiting.database.unit_of_work() as session:
        execute(
            session,
            "UPDATE inventory_visibility.reservation SET expires_at = now() + interval '1 day'",
        )

    assert len(waiting.rows(promise)) == 1


@dataclass
class Rush:
    """Workers over one house, each in transactions of its own."""

    sourcing: SourcingSetup
    old: list[UUID]
    young: list[UUID]
    refused: list[str] = field(default_factory=list)
    served: set[UUID] = field(default_factory=set)
    done: Event = field(default_factory=Event)

    def source(self, *orders: UUID) -> list[Outcome]:
        with self.sourcing.database.unit_of_work() as session:
            return source_orders(session, self.sourcing.order_port, orders, now=NOW, actor="test")

    def serve(self, mine: int) -> None:
        while len(self.served) < len(self.old) and not self.done.wait(0.02):
            for order in self.old[mine::2]:
                if order not in self.served and released(self.sourcing.database, order) == [True]:
                    self.refused += [o.reason for o in self.source(order) if not o.ok]
                    self.served.add(order)

    def grab(self, mine: int) -> None:
        while not self.done.wait(0.01):
            self.source(*self.young[mine::2])

    def release(self) -> None:
        while not self.done.wait(0.01):
            BackorderReleaseWorker().run_once(
                self.sourcing.database, limit=500, now=NOW + timedelta(minutes=20)
            )

    def arrive(self) -> None:
        arrives = [StockChange("LAMP", source, Decimal(1)) for source in ("A", "B")]
        for _ in range(12):
            with self.sourcing.database.unit_of_work() as session:
                change_on_hand(
                    session, arrives, mode="change", cause="c", document="c", now=NOW, actor="t"
                )


def test_released_orders_are_served_while_newer_orders_compete(
    waiting: SourcingSetup,
) -> None:
    """
    Stock trickles in while one worker lets orders go on, two source those, and two source younger
    orders.
    """
    old = [waiting.order(f"old {n}", LAMP=1) for n in range(12)]
    rush = Rush(waiting, old, [waiting.order(f"young {n}", LAMP=1) for n in range(12)])

    for n, order in enumerate(old):
        assert wait(waiting, order, minutes=n)[0].ok

    threads = [Thread(target=work, args=(n,)) for work in (rush.serve, rush.grab) for n in range(2)]
    threads.append(Thread(target=rush.release))

    for thread in threads:
        thread.start()

    rush.arrive()
    for thread in threads[:2]:
        thread.join(60)

    rush.done.set()
    for thread in threads:
        thread.join(60)

    assert rush.refused == []
    assert rush.served == set(old), (
        "24 units came for 24 orders, and none of the young took one that was held"
    )
    waiting.check()
    assert {state_of(waiting.database, order)[0] for order in old} == {"fulfillment_in_process"}
