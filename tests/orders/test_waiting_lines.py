"""The queue over HTTP: who waits and why, who is before whom, and what a person may do about it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from tests.orders.builders import NOW, event_names, line, master_data, placed, state_of, stock
from tests.orders.waiting_builders import apply, broken_invariants, prefer, released, turn, unserved

from openiom.kernel import new_id
from openiom.orders import cancel_lines, hold_orders, waiting_router
from openiom.orders.backorder.place_on_hold import hold_preorders
from openiom.orders.service.hold_cancel import LineCancellation
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database
from openiom.platform.http import Principal, current_time, install_problem_handlers

PATH = "/api/v1/waiting-lines"


@pytest.fixture
def shop(database: Database) -> Iterator[Database]:
    master_data(database, "Lamp", "Desk")
    prefer(database, backorder=True, backorder_sla_days=30)
    yield database
    names = ("waiting_lines_say_why", "order_state_follows_its_lines")
    assert broken_invariants(database, names) == []


@pytest.fixture
def permissions() -> set[str]:
    return {"orders.read", "orders.write"}


@pytest.fixture
def client(shop: Database, permissions: set[str]) -> Iterator[TestClient]:
    app = FastAPI()
    app.state.database = shop
    app.state.authenticate = lambda request, session: Principal("ann", frozenset(permissions))
    app.dependency_overrides[current_time] = lambda: NOW
    install_problem_handlers(app)
    app.include_router(waiting_router)
    with TestClient(app, raise_server_exceptions=False) as made:
        yield made


def queued(shop: Database, *units: int, product: str = "Lamp") -> list[UUID]:
    """Orders that wait for so many units each, a minute after one another."""
    orders = [
        placed(shop, line(product, n), external_id=f"{product}-{i}") for i, n in enumerate(units)
    ]
    for minute, order in enumerate(orders):
        unserved(shop, order, now=NOW - timedelta(minutes=len(orders) - minute))
    return orders


def listed(client: TestClient, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["items"]
    return rows


def line_of(shop: Database, order: UUID, product: str = "Lamp") -> str:
    with shop.reading() as session:
        query = "SELECT id FROM orders.order_line WHERE order_id = %s AND product = %s"
        return str(fetch(session, query, (order, product))[0][0])


def act(client: TestClient, verb: str, *lines: str, **body: Any) -> list[tuple[bool, str]]:
    answer = client.post(f"{PATH}/{verb}", json={"ids": list(lines), **body})
    assert answer.status_code == 200, answer.text
    return [(r["ok"], r["reason"]) for r in answer.json()["results"]]


def test_a_line_says_how_many_are_before_it_and_why_it_waits(
    client: TestClient, shop: Database
) -> None:
    stock(shop, Lamp__SEA=2, Lamp__CHI=1)
    first, second, third = queued(shop, 5, 3, 4)
    rows = listed(client)
    assert [(r["order_id"], r["lines_before"], r["units_before"]) for r in rows] == [
        (str(first), 0, 0),
        (str(second), 1, 5),
        (str(third), 2, 8),
    ]
    assert rows[1]["reason"] == "needs 3 from one source; the most one has available is 2"
    detail = client.get(f"{PATH}/{rows[2]['line_id']}").json()
    assert [(b["order_id"], b["quantity"]) for b in detail["before"]] == [
        (str(first), 5),
        (str(second), 3),
    ]
    assert detail["free"] == [{"source": "SEA", "units": 2}, {"source": "CHI", "units": 1}]
    assert client.get(f"{PATH}/{new_id()}").status_code == 404


def test_the_reason_follows_what_happens(client: TestClient, shop: Database) -> None:
    (order,) = queued(shop, 2)
    assert listed(client)[0]["reason"] == "no source has any available"
    stock(shop, Lamp__SEA=9)
    assert listed(client)[0]["reason"] == "in stock; it is released with the next check"

    with shop.unit_of_work() as session:
        hold_orders(session, [order], NOW, "ann")

    assert (listed(client)[0]["manual_hold"], listed(client)[0]["reason"]) == (
        True,
        "its order is on manual hold",
    )


def test_an_order_whose_other_line_is_short_names_it(client: TestClient, shop: Database) -> None:
    order = placed(shop, line("Lamp", 1), line("Desk", 1))
    unserved(shop, order)
    stock(shop, Lamp__SEA=1)
    why = {r["product"]: r["reason"] for r in listed(client)}
    assert why == {
        "Lamp": "in stock; its order also waits for Desk",
        "Desk": "no source has any available",
    }


def test_the_list_is_narrowed_and_pages_by_key(client: TestClient, shop: Database) -> None:
    launch = {"name": "Robot", "preorder_eligible": True, "launch_date": "2027-01-05"}
    apply(shop, {"kind": "product", "name": "Robot", "body": launch})
    preorder = placed(shop, line("Robot", 1))

    with shop.unit_of_work() as session:
        hold_preorders(session, [preorder], NOW, "flow")

    lamps = queued(shop, 1, 1, 1)
    (order_port,) = queued(shop, 1, product="Desk")
    everybody = [str(o) for o in (*lamps, order_port, preorder)]
    first = client.get(PATH, params={"limit": 3}).json()
    rest = client.get(PATH, params={"limit": 3, "after": first["next"]}).json()
    assert [r["order_id"] for r in first["items"] + rest["items"]] == everybody
    assert rest["next"] is None
    assert client.get(PATH, params={"after": "nonsense"}).status_code == 422
    assert [r["order_id"] for r in listed(client, kind="preorder")] == [str(preorder)]
    assert listed(client, kind="preorder")[0]["reason"] == "launches on 2027-01-05"
    assert [r["order_id"] for r in listed(client, product="Desk")] == [str(order_port)]
    number = listed(client, order_id=str(order_port))[0]["order_number"]
    assert [r["order_id"] for r in listed(client, search=number)] == [str(order_port)]
    assert len(listed(client, unpromised=True)) == 4

    with shop.unit_of_work() as session:
        execute(
            session,
            "UPDATE orders.waiting_line SET expires_at = %s WHERE order_id = %s",
            (NOW, order_port),
        )

    assert [r["order_id"] for r in listed(client, expires_within_days=1)] == [str(order_port)]
    by_end = listed(client, sort="expires_at", limit=2)
    assert [r["order_id"] for r in by_end] == [str(order_port), str(lamps[0])]
    page = client.get(PATH, params={"sort": "expires_at", "limit": 1}).json()
    again = client.get(
        PATH, params={"sort": "expires_at", "limit": 1, "after": page["next"]}
    ).json()
    assert again["items"][0]["order_id"] == str(lamps[0])


def test_a_recheck_releases_what_stock_covers_in_the_order_of_the_queue(
    client: TestClient, shop: Database
) -> None:
    first, second = queued(shop, 2, 2)
    lines = [line_of(shop, o) for o in (first, second)]
    assert act(client, "recheck", lines[1]) == [(False, "no source has any available")]
    stock(shop, Lamp__SEA=3)
    assert act(client, "recheck", lines[1], str(new_id())) == [
        (False, "needs 2 from one source; the most one has available is 1"),
        (False, "the line is no longer waiting"),
    ]
    assert released(shop, first, second) == [True, False], (
        "who waits longer goes first, whoever was asked about"
    )
    stock(shop, Lamp__SEA=9)
    assert act(client, "recheck", lines[1]) == [(True, "stock covers it: its order is released")]


def test_a_release_goes_out_of_turn_and_keeps_its_age_when_it_finds_nothing(
    client: TestClient, shop: Database
) -> None:
    first, second = queued(shop, 2, 2)
    line_id = line_of(shop, second)
    since = next(r["since"] for r in listed(client) if r["line_id"] == line_id)
    assert act(client, "release", line_id, reason="the buyer called") == [
        (True, "its order is released and will be sourced")
    ]
    assert released(shop, first, second) == [False, True]
    assert next(r["reason"] for r in listed(client) if r["line_id"] == line_id).startswith(
        "released; it will be sourced"
    )
    assert act(client, "release", line_id) == [(False, "the line is no longer waiting")]
    unserved(shop, second)
    assert [r["since"] for r in listed(client) if r["line_id"] == line_id] == [since]

    with shop.unit_of_work() as session:
        hold_orders(session, [first], NOW, "ann")

    held = act(client, "release", line_of(shop, first))
    assert held == [(False, "its order is on manual hold; release that hold first")]


def test_a_canceled_line_leaves_the_queue_and_its_order_goes_on(
    client: TestClient, shop: Database
) -> None:
    stock(shop, Desk__SEA=5)
    whole = placed(shop, line("Lamp", 2), external_id="whole")
    part = placed(shop, line("Lamp", 2), line("Desk", 1), external_id="part")
    unserved(shop, whole, part)
    lines = [line_of(shop, whole), line_of(shop, part)]
    done = act(client, "cancel", *lines, str(new_id()), reason="not made any more")
    assert done == [
        (True, "2 canceled"),
        (True, "2 canceled"),
        (False, "the line is no longer waiting"),
    ]
    assert listed(client) == []
    assert state_of(shop, whole)[0] == "canceled"
    assert state_of(shop, part) == ("in_progress", "Ready To Be Fulfilled")
    assert "order.backorder_hold_released" in event_names(shop, part)


def test_an_order_goes_on_too_when_its_waiting_line_is_canceled_elsewhere(
    client: TestClient, shop: Database
) -> None:
    stock(shop, Desk__SEA=5)
    part = placed(shop, line("Lamp", 2), line("Desk", 1))
    unserved(shop, part)

    with shop.unit_of_work() as session:
        cancel_lines(session, [LineCancellation(UUID(line_of(shop, part)))], NOW, "ann")

    turn(shop)
    assert listed(client) == []
    assert state_of(shop, part) == ("in_progress", "Ready To Be Fulfilled")
    turn(shop)
    assert event_names(shop, part).count("order.backorder_hold_released") == 1


def test_who_may_only_read_changes_nothing(
    client: TestClient, shop: Database, permissions: set[str]
) -> None:
    (order,) = queued(shop, 2)
    permissions.discard("orders.write")

    for verb in ("recheck", "release", "cancel"):
        assert (
            client.post(f"{PATH}/{verb}", json={"ids": [line_of(shop, order)]}).status_code == 403
        )

    assert len(listed(client)) == 1
