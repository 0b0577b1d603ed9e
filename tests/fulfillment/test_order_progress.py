"""Fulfillment orders as pages of their orders and the start page show them."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from tests.fulfillment.builders import (
    create,
    fulfillment_orders,
    parcel,
    ready,
    report,
    send,
    sourced_from,
    update,
)
from tests.orders.builders import NOW, happen, line, master_data, stock
from tests.package_app import http_client, package_app

from openiom.fulfillment import (
    FulfillmentOrderProgress,
    declined_to_be_sourced,
    order_progress,
    router,
)
from openiom.orders import EVENT_TITLES, FulfillmentProgress, late_orders, order_router, promises
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database

PROGRESS = FulfillmentOrderProgress()


@pytest.fixture
def stocked(database: Database) -> Database:
    master_data(database)
    stock(database, Accu_Scale__SEA=100, Accu_Scale__CHI=100)
    return database


@pytest.fixture
def client(stocked: Database) -> Iterator[TestClient]:
    routers = (router, order_router(EVENT_TITLES, PROGRESS))
    app = package_app(stocked, *routers, permissions={"fulfillment.read", "orders.read"})
    with http_client(app) as asking:
        yield asking


def in_fulfillment(database: Database, number: str = "1001") -> UUID:
    order = ready(database, line(quantity=5), external_id=number)
    create(database, order)
    return order


def plan(database: Database, order: UUID, day: str) -> None:
    """Plan the fulfillment orders of an order to ship on a day."""
    with database.unit_of_work() as session:
        execute(
            session,
            "UPDATE fulfillment.fulfillment_order SET planned_ship_date = %s WHERE order_id = %s",
            (day, order),
        )


def progress(database: Database, order: UUID) -> list[FulfillmentProgress]:
    with database.reading() as session:
        return list(PROGRESS.progress(session, order))


def late(database: Database) -> list[UUID]:
    with database.reading() as session:
        return late_orders(session, PROGRESS, NOW)


def test_a_fulfillment_order_names_its_source_until_a_fulfiller_has_it(stocked: Database) -> None:
    order = in_fulfillment(stocked)
    plan(stocked, order, "2026-12-01")
    [found] = progress(stocked, order)
    assert (found.fulfiller, found.is_sent, found.is_open, found.planned_ship_date) == (
        "SEA",
        False,
        True,
        date(2026, 12, 1),
    )
    with stocked.unit_of_work() as session:
        execute(
            session,
            "INSERT INTO providers.provider_instance (name, version, provider, title,"
            " mapping_group, active, state, error)"
            " VALUES ('wms', 1, 'fake', 'Fabrikam 3PL', '', true, 'green', '')",
        )
        execute(session, "UPDATE fulfillment.fulfillment_order SET fulfiller = 'wms'")

    assert progress(stocked, order)[0].fulfiller == "Fabrikam 3PL"
    report(stocked, parcel(fulfillment_orders(stocked, order)[0], "P1", 5))
    [found] = progress(stocked, order)
    assert (found.awaits_delivery, found.is_open, found.delivered_at) == (True, False, None)


def test_an_order_without_fulfillment_orders_has_no_progress(stocked: Database) -> None:
    assert progress(stocked, ready(stocked)) == []


def test_orders_are_late_while_units_that_were_planned_have_not_shipped(
    stocked: Database,
) -> None:
    earlier, later, today = (in_fulfillment(stocked, number) for number in ("1", "2", "3"))
    plan(stocked, later, "2026-11-19")
    plan(stocked, earlier, "2026-11-18")
    plan(stocked, today, "2026-11-20")
    assert late(stocked) == [earlier, later]

    [found] = fulfillment_orders(stocked, earlier)
    report(stocked, parcel(found, "P1", 2))
    assert late(stocked) == [earlier, later]
    report(stocked, parcel(found, "P2", 3))
    assert late(stocked) == [later]
    with stocked.reading() as session:
        assert PROGRESS.planned_before(session, date(2030, 1, 1), limit=1) == [later]


def test_the_page_of_an_order_says_what_its_fulfiller_is_to_ship(
    client: TestClient, stocked: Database
) -> None:
    order = in_fulfillment(stocked)
    plan(stocked, order, "2999-12-01")
    [found] = fulfillment_orders(stocked, order)
    send(stocked, found["id"])
    verdict = client.get(f"/api/v1/orders/{order}").json()["verdict"]
    assert (verdict["status"], verdict["text"], verdict["target"]) == (
        "awaiting_fulfiller",
        "Waiting for SEA to ship 5 units",
        found["id"],
    )
    assert (verdict["basis"], verdict["planned_on"], verdict["timeliness"]) == (
        "plan",
        "2999-12-01",
        "on_time",
    )
    plan(stocked, order, "2020-12-01")
    assert client.get(f"/api/v1/orders/{order}").json()["verdict"]["timeliness"] == "late"
    [row] = client.get("/api/v1/orders?late=true").json()["items"]
    assert row["id"] == str(order)


def test_declined_orders_need_a_person_until_their_units_have_another_source(
    client: TestClient, stocked: Database
) -> None:
    order, other, canceled = (in_fulfillment(stocked, number) for number in ("1", "2", "3"))
    [first] = fulfillment_orders(stocked, order)
    [second] = fulfillment_orders(stocked, other)
    [third] = fulfillment_orders(stocked, canceled)
    declines = [update(found, "declined") for found in (first, second, third)]
    assert [result.ok for result in report(stocked, *declines)] == [True, True, True]
    with stocked.unit_of_work() as session:
        happen(session, canceled, "order.canceled")

    def numbers() -> list[str]:
        rows = client.get("/api/v1/fulfillment-orders?to_be_sourced=true").json()["items"]
        return [row["number"] for row in rows]

    assert numbers() == [second["number"], first["number"]]
    with stocked.reading() as session:
        [newest, _] = declined_to_be_sourced(session)
    assert (newest.order_id, newest.declined_at) == (other, NOW)

    sourced_from(stocked, other, "CHI")
    create(stocked, other)
    assert numbers() == [first["number"]]
    assert len(client.get("/api/v1/fulfillment-orders?state=declined").json()["items"]) == 3


def test_late_orders_are_found_by_indexes_over_what_is_open(stocked: Database) -> None:
    parameters = {"day": date(2026, 11, 20), "limit": 10}
    indexes = {
        "ix_order_state_promised": (promises._PROMISED_BEFORE, parameters),
        "ix_fulfillment_order_planned": (order_progress._PLANNED_BEFORE, (date(2026, 11, 20), 10)),
    }
    with stocked.unit_of_work() as session:
        for method in ("seqscan", "bitmapscan", "sort"):  # of few rows, an index is not worth it
            execute(session, f"SET LOCAL enable_{method} = off")

        for index, (query, values) in indexes.items():
            plan_lines = fetch(session, f"EXPLAIN {query}", values)
            text = "\n".join(line for (line,) in plan_lines)
            assert f"using {index}" in text, text
            assert "Sort" not in text, text
