"""Concurrent allocations, reservations, shipments and receipts keep every invariant."""

from datetime import timedelta
from decimal import Decimal
from random import Random
from threading import Barrier, Thread
from uuid import UUID

from sqlalchemy.orm import Session
from tests.inventory_visibility.builders import NOW, configured, product, stocked
from tests.inventory_visibility.invariants import check

from openiom.inventory_visibility import (
    ShipmentPosting,
    StockReservationRequest,
    inventory_configuration,
    release,
    reserve,
    ship,
)
from openiom.inventory_visibility.allocation import AllocationOperation, apply_allocations
from openiom.inventory_visibility.supply import (
    SupplyDocument,
    SupplyLineDocument,
    SupplyLineKey,
    SupplyMovement,
    receive_supply,
    upsert_supply_orders,
)
from openiom.kernel import new_id
from openiom.platform.bulk import fetch
from openiom.platform.database import Database

PRODUCTS, SOURCES, CHANNELS = ("LAMP", "DESK", "SET"), ("SEA", "CHI"), ("", "web", "store")
ReservedUnits = list[tuple[UUID, str, str, int]]


def plan(session: Session, random: Random, number: int) -> None:
    """Allocate, give back or move, several at a time."""
    acts = []
    for n in range(random.randint(1, 3)):
        kind = random.choice(("allocate", "allocate", "unallocate", "reallocate", "consume"))
        groups, sources = random.sample((("web",), ("store",), ("web", "vip")), 2)
        where = random.choice(PRODUCTS[:2]), random.choice(SOURCES)
        quantity = Decimal(random.randint(1, 5))
        acts.append(
            AllocationOperation(
                kind, f"{number}-{n}", "", *where, groups, quantity, sources=sources
            )
        )

    configuration = inventory_configuration(session)
    apply_allocations(session, acts, configuration=configuration, now=NOW, actor="planner")


def order_more(session: Session, random: Random) -> None:
    name, source = random.choice(PRODUCTS[:2]), random.choice(SOURCES)
    line = SupplyLineDocument(
        PRODUCTS.index(name) + 1, name, source, Decimal(random.randint(1, 9)), NOW.date()
    )
    upsert_supply_orders(
        session,
        [SupplyDocument("purchase", f"PO-{random.randint(1, 3)}-{source}", [line])],
        NOW,
        "buyer",
    )


def receive(session: Session, random: Random, number: int) -> None:
    receipts = []
    for n in range(2):
        named = SupplyLineKey(
            "purchase", f"PO-{random.randint(1, 3)}-{random.choice(SOURCES)}", random.randint(1, 2)
        )
        receipts.append(SupplyMovement(f"{number}-{n}", named, Decimal(random.randint(1, 3))))
    receive_supply(session, receipts, NOW, "dock")


def sell(session: Session, random: Random, reserved: ReservedUnits) -> None:
    requests = [
        StockReservationRequest(
            new_id(),
            random.choice(PRODUCTS),
            random.choice(SOURCES),
            random.randint(1, 3),
            channel=random.choice(CHANNELS),
            customer_group=random.choice(("", "vip")),
        )
        for _ in range(random.randint(1, 4))
    ]
    for request, ok in zip(requests, reserve(session, requests, NOW, "shop"), strict=True):
        reserved += (
            [(request.line_id, request.product, request.source, request.quantity)] if ok else []
        )


def finish(session: Session, random: Random, reserved: ReservedUnits) -> None:
    some = [
        reserved.pop(random.randrange(len(reserved)))
        for _ in range(min(len(reserved), random.randint(1, 3)))
    ]
    if random.random() < 0.5:
        ship(session, [ShipmentPosting(*one, "parcel") for one in some], NOW, "dock")
    else:
        release(session, [one[0] for one in some], NOW, "shop")


def test_concurrent_operations_keep_every_invariant(database: Database) -> None:
    configured(
        database,
        product("LAMP"),
        product("DESK"),
        product("SET", LAMP=2, DESK=1),
        (
            "stock_policy",
            "p",
            {"title": "P", "safety_stock": "2", "buffers": {"store": {"units": "3"}}},
        ),
    )
    stocked(database, LAMP__SEA=40, LAMP__CHI=40, DESK__SEA=40, DESK__CHI=40)
    barrier, broken = Barrier(8), list[BaseException]()

    def work(seed: int) -> None:
        random, reserved = Random(seed), ReservedUnits()
        barrier.wait()

        try:
            for n in range(40):
                with database.unit_of_work() as session:
                    match random.choice(("plan", "order", "receive", "sell", "sell", "finish")):
                        case "plan":
                            plan(session, random, seed * 1000 + n)
                        case "order":
                            order_more(session, random)
                        case "receive":
                            receive(session, random, seed * 1000 + n)
                        case "sell":
                            sell(session, random, reserved)
                        case _:
                            finish(session, random, reserved)
        except BaseException as error:
            broken.append(error)
            raise

    threads = [Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    assert broken == []
    check(database)

    with database.reading() as session:
        negative = fetch(
            session,
            "SELECT * FROM inventory_visibility.stock WHERE on_hand < reserved OR reserved < 0",
        )
        lost = fetch(
            session,
            "SELECT count(*) FROM inventory_visibility.ledger_entry WHERE measure = 'discrepancy'",
        )
        busy = fetch(
            session,
            "SELECT count(*) FROM inventory_visibility.allocation_entry"
            " WHERE operation = 'reserve'",
        )
        later = fetch(
            session,
            "SELECT count(*) FROM inventory_visibility.schedule_balance"
            " WHERE quantity <> 0 AND day > %s",
            (NOW.date() + timedelta(days=1),),
        )

    assert (negative, lost, later) == ([], [(0,)], [(0,)])
    assert busy[0][0] > 0
