"""Allocations, safety stock and buffers limit what is offered and reserved alike."""

from threading import Barrier, Thread

import pytest
from tests.inventory_visibility.builders import NOW, allocated, balances, configured, pools, stocked
from tests.inventory_visibility.invariants import check

from openiom.inventory_visibility import (
    ShipmentPosting,
    StockReservationRequest,
    available,
    release,
    release_quantities,
    reserve,
    ship,
)
from openiom.kernel import Invalid, new_id
from openiom.platform.database import Database


def request(
    quantity: int, channel: str = "", group: str = "", source: str = "SEA"
) -> StockReservationRequest:
    return StockReservationRequest(
        new_id(), "LAMP", source, quantity, channel=channel, customer_group=group
    )


def granted(database: Database, *requests: StockReservationRequest) -> list[bool]:
    with database.unit_of_work() as session:
        return reserve(session, requests, NOW, "test")


def offered(database: Database, channel: str = "", group: str = "") -> int:
    with database.reading() as session:
        return available(session, ["LAMP"], channel=channel, customer_group=group).get(
            ("LAMP", "SEA"), 0
        )


def test_what_is_offered_is_what_can_be_reserved_to_the_unit(database: Database) -> None:
    stocked(database, LAMP__SEA=20)
    configured(
        database,
        (
            "stock_policy",
            "all",
            {"title": "All", "safety_stock": "3", "buffers": {"Outlet": {"units": "4"}}},
        ),
    )
    allocated(database, "LAMP", "SEA", 5, "Online")
    allocated(database, "LAMP", "SEA", 2, "Online", "VIP")
    offers = {
        ("", ""): 10,
        ("Outlet", ""): 6,
        ("Online", ""): 15,
        ("Online", "VIP"): 17,
        ("Online", "Other"): 15,
        ("", "VIP"): 10,
    }

    for (channel, group), units in offers.items():
        assert offered(database, channel, group) == units, (channel, group)
        assert granted(database, request(units + 1, channel, group)) == [False], (channel, group)
        winner = request(units, channel, group)
        assert granted(database, winner) == [True], (channel, group)

        with database.unit_of_work() as session:
            release(session, [winner.line_id], NOW, "test")

        assert pools(database) == {("Online",): (5, 0), ("Online", "VIP"): (2, 0)}
        check(database)


def test_own_allocations_are_consumed_first_and_returned_first(database: Database) -> None:
    stocked(database, LAMP__SEA=20)
    allocated(database, "LAMP", "SEA", 5, "Online")
    allocated(database, "LAMP", "SEA", 2, "Online", "VIP")
    line = request(9, "online", "vip")
    assert granted(database, line) == [True]
    assert pools(database) == {("Online",): (0, 5), ("Online", "VIP"): (0, 2)}
    assert offered(database) == 11

    with database.unit_of_work() as session:
        release_quantities(session, {line.line_id: 3}, NOW, "test")

    assert pools(database) == {("Online",): (1, 4), ("Online", "VIP"): (2, 0)}
    check(database)

    with database.unit_of_work() as session:
        ship(session, [ShipmentPosting(line.line_id, "LAMP", "SEA", 5, "parcel")], NOW, "test")

    assert balances(database) == {("LAMP", "SEA"): (15, 1)}
    with database.unit_of_work() as session:
        release(session, [line.line_id], NOW, "test")

    assert pools(database) == {("Online",): (1, 4), ("Online", "VIP"): (2, 0)}, (
        "what was shipped is used for good"
    )
    assert offered(database) == 12
    check(database)


def test_sixteen_buyers_of_two_channels_never_use_each_others_allocations(
    database: Database,
) -> None:
    stocked(database, LAMP__SEA=30)
    allocated(database, "LAMP", "SEA", 10, "Online")
    allocated(database, "LAMP", "SEA", 6, "Store")
    barrier = Barrier(16)
    won: list[str] = []

    def buy(number: int) -> None:
        channel = ("Online", "Store")[number % 2]
        barrier.wait()
        for _ in range(6):
            won.extend([channel] if granted(database, request(1, channel))[0] else [])

    threads = [Thread(target=buy, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    assert len(won) == 30
    assert won.count("Online") >= 10
    assert won.count("Store") >= 6
    assert pools(database) == {("Online",): (0, 10), ("Store",): (0, 6)}
    check(database)


def test_requests_of_one_batch_share_a_buffer_and_an_allocation(database: Database) -> None:
    stocked(database, LAMP__SEA=10)
    configured(database, ("stock_policy", "p", {"title": "P", "buffers": {"*": {"percent": "20"}}}))
    allocated(database, "LAMP", "SEA", 3, "Online")
    # Online may have its 3 and 5 of the 7 common units, Outlet 5 of the 7, and requesters without
    # a channel all 7.
    requests = [
        request(4, "Outlet"),
        request(2, "Outlet"),
        request(5, "Online"),
        request(3, "Online"),
        request(2),
        request(1),
    ]
    assert granted(database, *requests) == [True, False, False, True, True, True]
    assert balances(database) == {("LAMP", "SEA"): (10, 10)}
    check(database)


def test_the_most_specific_policy_applies_also_to_new_stock_keys(
    database: Database,
) -> None:
    stocked(database, LAMP__SEA=20)
    configuration = configured(
        database,
        (
            "stock_policy",
            "all",
            {"title": "All", "safety_stock": "1", "buffers": {"Outlet": {"units": "1"}}},
        ),
        ("stock_policy", "source", {"title": "SEA", "sources": ["SEA"], "safety_stock": "2"}),
        ("stock_policy", "product", {"title": "Lamp", "products": ["LAMP"], "safety_stock": "3"}),
        (
            "stock_policy",
            "both",
            {"title": "Both", "products": ["LAMP"], "sources": ["CHI"], "safety_stock": "4"},
        ),
    )
    stocked(database, LAMP__CHI=20, DESK__SEA=20, DESK__CHI=20)

    with database.reading() as session:
        found = available(session, ["LAMP", "DESK"])
        assert found == {
            ("LAMP", "SEA"): 17,
            ("LAMP", "CHI"): 16,
            ("DESK", "SEA"): 18,
            ("DESK", "CHI"): 19,
        }
        assert available(session, ["DESK"], channel="outlet") == {
            ("DESK", "SEA"): 17,
            ("DESK", "CHI"): 18,
        }

    with database.unit_of_work() as session:
        configuration.remove(
            session, [("stock_policy", n) for n in ("product", "all")], at=NOW, actor="test"
        )

    with database.reading() as session:
        found = available(session, ["LAMP", "DESK"])
        assert found == {
            ("LAMP", "SEA"): 18,
            ("LAMP", "CHI"): 16,
            ("DESK", "SEA"): 18,
            ("DESK", "CHI"): 20,
        }


def test_an_empty_policy_or_a_repeated_channel_is_refused(
    database: Database,
) -> None:
    with pytest.raises(Invalid, match="withholds nothing"):
        configured(database, ("stock_policy", "p", {"title": "P"}))

    twice = {"title": "P", "buffers": {"Web": {"units": "1"}, "web": {"units": "2"}}}
    with pytest.raises(Invalid, match="a channel has no name or is named twice"):
        configured(database, ("stock_policy", "p", twice))

    with pytest.raises(Invalid, match="give units or percent"):
        configured(database, ("stock_policy", "p", {"title": "P", "buffers": {"Web": {}}}))
