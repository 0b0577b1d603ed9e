"""Every way stock becomes available emits one event, and that event releases waiting orders."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from tests.orders.builders import NOW, line, master_data, placed, stock
from tests.orders.waiting_builders import apply, broken_invariants, prefer, released, unserved

from openiom.inventory_visibility import KINDS as STOCK
from openiom.inventory_visibility import (
    AllocationOperation,
    MeasureChange,
    ReservationExpiryWorker,
    SoftReservationRequest,
    StockChange,
    StockReservationRequest,
    SupplyDocument,
    SupplyLineDocument,
    SupplyLineKey,
    SupplyMovement,
    UnreserveRequest,
    apply_allocations,
    change_on_hand,
    inventory_configuration,
    post_measures,
    receive_supply,
    release,
    release_quantities,
    release_reservations,
    reserve,
    soft_reserve,
    unreserve,
    upsert_supply_orders,
)
from openiom.kernel import new_id
from openiom.orders import BackorderReleaseWorker
from openiom.platform.batches import drain
from openiom.platform.bulk import fetch
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database

FOUR = Decimal(4)
CART = UUID(int=7)


@pytest.fixture
def shop(database: Database) -> Database:
    master_data(database, "Lamp", "Desk")
    prefer(database, backorder=True)
    return database


def policy(database: Database, **body: Any) -> None:
    configuration = Configuration()
    configuration.register(*STOCK)
    with database.unit_of_work() as session:
        document = {"kind": "stock_policy", "name": "p", "body": {"title": "P", **body}}
        configuration.apply(session, [document], at=NOW, actor="test")


def without_policy(database: Database) -> None:
    configuration = Configuration()
    configuration.register(*STOCK)
    with database.unit_of_work() as session:
        configuration.remove(session, [("stock_policy", "p")], at=NOW, actor="test")


def act(database: Database, kind: Any, *groups: str, sources: tuple[str, ...] = ()) -> None:
    one = AllocationOperation(kind, str(new_id()), "", "Lamp", "SEA", groups, FOUR, sources=sources)
    with database.unit_of_work() as session:
        (done,) = apply_allocations(
            session, [one], configuration=inventory_configuration(session), now=NOW, actor="test"
        )
    assert done.ok, done.reason


def cart(database: Database) -> None:
    """A cart reserves all four for a quarter of an hour."""
    stock(database, Lamp__SEA=4)
    with database.unit_of_work() as session:
        ask = StockReservationRequest(
            CART, "Lamp", "SEA", 4, expires_at=NOW + timedelta(minutes=15)
        )
        assert reserve(session, [ask], NOW, "cart") == [True]


def outside(database: Database) -> None:
    """Another system's soft reservation holds all four."""
    stock(database, Lamp__SEA=4)
    with database.unit_of_work() as session:
        ask = SoftReservationRequest("", "Lamp", "SEA", FOUR, document="c")
        assert soft_reserve(session, [ask], now=NOW, actor="pos")[0].ok


def in_unit(work: Callable[..., Any]) -> Callable[[Database], None]:
    def done(database: Database) -> None:
        with database.unit_of_work() as session:
            work(session)

    return done


def nothing(database: Database) -> None: ...


def ordered(database: Database) -> None:
    with database.unit_of_work() as session:
        lines = [SupplyLineDocument(1, "Lamp", "SEA", FOUR, NOW.date() + timedelta(days=9))]
        upsert_supply_orders(session, [SupplyDocument("purchase", "PO", lines)], NOW, "test")


def by_hand(session: Any) -> None:
    ids = [row[0] for row in fetch(session, "SELECT id FROM inventory_visibility.reservation")]
    assert release_reservations(session, ids, now=NOW, actor="clerk", cause="by hand")


def kit_of(part: str) -> Callable[[Database], None]:
    def done(database: Database) -> None:
        body = {"name": "Set", "components": [{"product": part, "quantity": 1}]}
        apply(database, {"kind": "product", "name": "Set", "body": body})

    return done


def kit_of_another_product(database: Database) -> None:
    stock(database, Lamp__SEA=4)
    kit_of("Desk")(database)


def kept_for(*groups: str) -> Callable[[Database], None]:
    def done(database: Database) -> None:
        stock(database, Lamp__SEA=4)
        act(database, "allocate", *groups)

    return done


def policed(**body: Any) -> Callable[[Database], None]:
    def done(database: Database) -> None:
        policy(database, **body)
        stock(database, Lamp__SEA=4)

    return done


SHELF = [StockChange("Lamp", "SEA", FOUR)]
WAYS: dict[str, tuple[Callable[[Database], None], Callable[[Database], None]]] = {
    "counted": (nothing, lambda d: stock(d, Lamp__SEA=4)),
    "a return checked in": (
        nothing,
        in_unit(
            lambda s: change_on_hand(
                s, SHELF, mode="change", cause="return", document="RMA", now=NOW, actor="dock"
            )
        ),
    ),
    "posted from outside": (
        nothing,
        in_unit(
            lambda s: post_measures(
                s,
                [MeasureChange("", "Lamp", "SEA", {("iom", "onhand"): FOUR})],
                now=NOW,
                actor="pos",
                cause="change",
            )
        ),
    ),
    "received": (
        ordered,
        in_unit(
            lambda s: receive_supply(
                s, [SupplyMovement("r", SupplyLineKey("purchase", "PO", 1), FOUR)], NOW, "dock"
            )
        ),
    ),
    "expired": (
        cart,
        lambda d: drain(d, [ReservationExpiryWorker()], now=NOW + timedelta(minutes=15)),
    ),
    "released": (cart, in_unit(lambda s: release(s, [CART], NOW, "flow"))),
    "released in part": (cart, in_unit(lambda s: release_quantities(s, {CART: 4}, NOW, "flow"))),
    "released by hand": (cart, in_unit(by_hand)),
    "unreserved": (
        outside,
        in_unit(
            lambda s: unreserve(
                s, [UnreserveRequest("", "Lamp", "SEA", FOUR)], now=NOW, actor="pos"
            )
        ),
    ),
    "reserved less": (
        outside,
        in_unit(
            lambda s: soft_reserve(
                s, [SoftReservationRequest("", "Lamp", "SEA", -FOUR)], now=NOW, actor="pos"
            )
        ),
    ),
    "unallocated": (kept_for("mail"), lambda d: act(d, "unallocate", "mail")),
    "reallocated": (kept_for("mail"), lambda d: act(d, "reallocate", "web", sources=("mail",))),
    "consumed": (kept_for("mail"), lambda d: act(d, "consume", "mail")),
    "allocated past a buffer": (
        policed(buffers={"web": {"units": "4"}}),
        lambda d: act(d, "allocate", "web"),
    ),
    "less safety stock": (policed(safety_stock="1"), lambda d: policy(d, safety_stock="0")),
    "no policy": (policed(safety_stock="1"), without_policy),
    "a smaller buffer": (
        policed(buffers={"web": {"units": "2"}}, products=["Lamp"]),
        lambda d: policy(d, buffers={"mail": {"units": "2"}}, products=["Lamp"]),
    ),
    "no buffer": (policed(buffers={"*": {"percent": "50"}}), without_policy),
    "another recipe": (kit_of_another_product, kit_of("Lamp")),
}


@pytest.mark.parametrize("way", WAYS)
def test_who_waits_goes_on_by_the_event_that_stock_came(shop: Database, way: str) -> None:
    before, comes = WAYS[way]
    before(shop)
    order = placed(shop, line("Set" if way == "another recipe" else "Lamp", 4), origin="web")
    assert unserved(shop, order)[0].ok
    worker = BackorderReleaseWorker()
    drain(shop, [worker], now=NOW)
    assert released(shop, order) == [False]
    comes(shop)
    drain(shop, [worker], now=NOW + timedelta(seconds=1))
    assert released(shop, order) == [True]


def freed(database: Database) -> list[list[list[str]]]:
    query = (
        "SELECT data->'keys' FROM platform.business_event"
        " WHERE name = 'inventory.availability_increased' ORDER BY id"
    )
    with database.reading() as session:
        return [row[0] for row in fetch(session, query)]


def test_a_batch_emits_one_event_however_many_it_frees(shop: Database) -> None:
    stock(shop, Lamp__SEA=40, Desk__SEA=40)
    lines = [new_id() for _ in range(80)]

    with shop.unit_of_work() as session:
        asks = [
            StockReservationRequest(x, ("Lamp", "Desk")[n % 2], "SEA", 1, expires_at=NOW)
            for n, x in enumerate(lines)
        ]
        assert all(reserve(session, asks, NOW, "t"))

    assert freed(shop) == []
    with shop.unit_of_work() as session:
        assert release(session, lines[:40], NOW, "t") == 40

    assert freed(shop) == [[["Desk", "SEA"], ["Lamp", "SEA"]]]
    drain(shop, [ReservationExpiryWorker()], now=NOW)
    assert freed(shop) == [[["Desk", "SEA"], ["Lamp", "SEA"]]] * 2

    with shop.unit_of_work() as session:
        assert release(session, lines, NOW, "t") == 0

    assert len(freed(shop)) == 2, "nothing came free, nothing is told"


def test_what_is_kept_more_or_reserved_frees_nothing(shop: Database) -> None:
    cart(shop)
    policy(shop, safety_stock="1")
    policy(shop, safety_stock="2")
    assert freed(shop) == []


def writes(shop: Database, carts: dict[str, list[UUID]], number: int) -> None:
    """The first four writers bring ten units each, the others give five back."""
    product = ("Lamp", "Desk")[number % 2]
    for n in range(5):
        with shop.unit_of_work() as session:
            if number < 4:
                more = [StockChange(product, ("SEA", "CHI")[n % 2], Decimal(2))]
                change_on_hand(
                    session, more, mode="change", cause="c", document="c", now=NOW, actor="t"
                )
            else:
                release(session, [carts[product][(number // 6) * 5 + n]], NOW, "t")


def test_two_products_come_free_at_once_and_the_oldest_of_each_go_on(shop: Database) -> None:
    """Eight writers add and release units of both products while three workers release orders."""
    lamps = [placed(shop, line("Lamp", 1), external_id=f"L{n}") for n in range(60)]
    desks = [placed(shop, line("Desk", 1), external_id=f"D{n}") for n in range(60)]

    for n, pair in enumerate(zip(lamps, desks, strict=True)):
        assert all(o.ok for o in unserved(shop, *pair, now=NOW + timedelta(seconds=n)))

    carts = {
        "Lamp": [UUID(int=number) for number in range(100, 110)],
        "Desk": [UUID(int=number) for number in range(200, 210)],
    }
    with shop.unit_of_work() as session:
        shelf = [StockChange(product, "SEA", Decimal(10)) for product in carts]
        change_on_hand(session, shelf, mode="set", cause="count", document="c", now=NOW, actor="t")

        requests: list[StockReservationRequest] = []
        for product, cart_ids in carts.items():
            requests += [StockReservationRequest(cart, product, "SEA", 1) for cart in cart_ids]

        assert all(reserve(session, requests, NOW, "t"))

    def lets_go() -> None:
        worker = BackorderReleaseWorker()
        for _ in range(30):
            worker.run_once(shop, limit=500, now=NOW + timedelta(minutes=2))

    threads = [Thread(target=writes, args=(shop, carts, n)) for n in range(8)] + [
        Thread(target=lets_go) for _ in range(3)
    ]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    drain(shop, [BackorderReleaseWorker()], now=NOW + timedelta(minutes=2))
    for orders in (lamps, desks):
        assert released(shop, *orders) == [True] * 30 + [False] * 30, (
            "twenty came and ten were given back"
        )

    with shop.reading() as session:
        query = (
            "SELECT product, sum(on_hand)::int, sum(reserved)::int"
            " FROM inventory_visibility.stock GROUP BY 1"
        )
        assert sorted(fetch(session, query)) == [("Desk", 30, 30), ("Lamp", 30, 30)]

    assert broken_invariants(shop) == []
