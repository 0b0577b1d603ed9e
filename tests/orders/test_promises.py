"""Late orders: promised, or planned to ship, for a day that is over."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session
from tests.orders.builders import (
    NOW,
    document,
    happen,
    line,
    master_data,
    placed,
    receive,
    sourced,
    stock,
)
from tests.package_app import http_client, package_app

from openiom.orders import (
    EVENT_TITLES,
    FulfillmentProgress,
    hold_orders,
    late_orders,
    order_router,
    record_shipped,
    release_to_fulfillment,
    sum_orders,
)
from openiom.orders.fulfillment_port import NO_FULFILLMENT_ORDERS
from openiom.orders.promises import first_open_day
from openiom.platform.bulk import fetch
from openiom.platform.database import Database

YESTERDAY = "2026-11-19"
TODAY = "2026-11-20"


def late(database: Database, *, limit: int = 10) -> list[UUID]:
    with database.reading() as session:
        return late_orders(session, NO_FULFILLMENT_ORDERS, NOW, limit=limit)


@pytest.fixture
def shop(database: Database) -> Database:
    master_data(database)
    stock(database, Accu_Scale__SEA=50)
    return database


class Planned:
    """Fulfillment orders that were planned to ship on November 19."""

    def __init__(self, *orders: UUID) -> None:
        self.orders = orders

    def progress(self, session: Session, order_id: UUID) -> Sequence[FulfillmentProgress]:
        return []

    def planned_before(self, session: Session, day: date, *, limit: int) -> list[UUID]:
        return list(self.orders)[:limit] if day > date(2026, 11, 19) else []


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 11, 20, 11, 59, tzinfo=UTC), date(2026, 11, 19)),
        (datetime(2026, 11, 20, 12, 0, tzinfo=UTC), date(2026, 11, 20)),
    ],
)
def test_a_day_is_over_when_it_is_over_in_the_last_time_zone(now: datetime, day: date) -> None:
    assert first_open_day(now) == day


def test_late_are_orders_and_lines_that_were_promised_for_a_day_that_is_over(
    shop: Database,
) -> None:
    oldest = placed(shop, external_id="1", requested_delivery_date="2026-11-12")
    late_order = placed(shop, external_id="2", requested_delivery_date=YESTERDAY)
    placed(shop, external_id="3", requested_delivery_date=TODAY)
    placed(shop, external_id="4")
    late_line = placed(shop, line(requested_delivery_date=YESTERDAY), line("Lamp"), external_id="5")
    both = placed(
        shop,
        line(requested_delivery_date=YESTERDAY),
        external_id="6",
        requested_delivery_date=TODAY,
    )
    assert late(shop) == [oldest, late_order, late_line, both]
    assert late(shop, limit=2) == [oldest, late_order]


def test_an_order_that_has_shipped_or_ended_is_not_late(shop: Database) -> None:
    shipped = placed(shop, external_id="1", requested_delivery_date=YESTERDAY)
    canceled = placed(shop, external_id="2", requested_delivery_date=YESTERDAY)
    sourced(shop, [shipped])
    assert late(shop) == [shipped, canceled]

    with shop.unit_of_work() as session:
        happen(session, canceled, "order.canceled")
        [line_id] = [row[0] for row in fetch(session, LINES_OF, (shipped,))]
        release_to_fulfillment(session, {line_id: 1}, NOW, "flow")
        record_shipped(session, [(line_id, 1)], NOW, "wms")

    assert late(shop) == []


LINES_OF = "SELECT id FROM orders.order_line WHERE order_id = %s"


def test_a_promise_that_the_channel_changes_is_followed(shop: Database) -> None:
    order = placed(shop, external_id="1", requested_delivery_date=YESTERDAY)
    assert late(shop) == [order]
    again = document("1", requested_delivery_date="2026-12-03", external_version=2)
    assert receive(shop, again)[0].ok
    assert late(shop) == []
    with shop.reading() as session:
        states = fetch(session, "SELECT promised_on FROM orders.order_state")
    assert states == [(date(2026, 12, 3),)]


def test_an_order_on_hold_stays_late(shop: Database) -> None:
    order = placed(shop, external_id="1", requested_delivery_date=YESTERDAY)
    with shop.unit_of_work() as session:
        hold_orders(session, [order], NOW, "ann", reason="fraud")
    assert late(shop) == [order]


def test_orders_that_were_planned_to_ship_are_late_once(shop: Database) -> None:
    promised = placed(shop, external_id="1", requested_delivery_date=YESTERDAY)
    planned = placed(shop, external_id="2")
    canceled = placed(shop, external_id="3")
    with shop.unit_of_work() as session:
        happen(session, canceled, "order.canceled")
    with shop.reading() as session:
        port = Planned(promised, planned, canceled)
        assert late_orders(session, port, NOW) == [promised, planned]
        assert late_orders(session, port, NOW - timedelta(days=1)) == []


def test_the_money_of_orders_is_summed_by_currency(shop: Database) -> None:
    orders = [placed(shop, external_id=str(n)) for n in range(2)]
    other = placed(shop, line(unit_price="7.50"), external_id="9", placed_at="2026-11-01T08:00:00Z")
    with shop.reading() as session:
        [money] = sum_orders(session, [*orders, other])
        assert (money.currency, money.orders) == ("USD", 3)
        assert float(money.amount) == 27.5
        assert money.oldest == datetime(2026, 11, 1, 8, tzinfo=UTC)
        assert sum_orders(session, []) == []


@pytest.fixture
def client(shop: Database) -> Iterator[TestClient]:
    app = package_app(shop, order_router(EVENT_TITLES), permissions={"orders.read"})
    with http_client(app) as asking:
        yield asking


def verdict(client: TestClient, order: UUID) -> dict[str, Any]:
    response = client.get(f"/api/v1/orders/{order}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()["verdict"]
    return found


def test_the_list_shows_late_orders_only(client: TestClient, shop: Database) -> None:
    placed(shop, external_id="1", requested_delivery_date="2020-01-02")
    placed(shop, external_id="2", requested_delivery_date="2999-01-02")
    rows = client.get("/api/v1/orders?late=true").json()["items"]
    assert [row["number"] for row in rows] == ["1"]
    assert len(client.get("/api/v1/orders").json()["items"]) == 2


def test_an_order_says_whether_it_keeps_its_promise(client: TestClient, shop: Database) -> None:
    order = placed(shop, requested_delivery_date="2999-12-03")
    assert verdict(client, order) == {
        "status": "in_progress",
        "promised_on": "2999-12-03",
        "planned_on": None,
        "basis": "promise",
        "timeliness": "on_time",
        "days_late": 0,
        "text": "Being checked and sourced",
        "expected_on": None,
        "since": None,
        "action": "",
        "target": "",
    }
    of_line = placed(
        shop,
        line(requested_delivery_date="2999-12-05"),
        line("Lamp", requested_delivery_date="2999-12-04"),
        external_id="2",
    )
    assert verdict(client, of_line)["promised_on"] == "2999-12-04"


def test_an_order_on_hold_says_by_whom_and_why(client: TestClient, shop: Database) -> None:
    order = placed(shop)
    with shop.unit_of_work() as session:
        hold_orders(session, [order], NOW - timedelta(hours=1), "ann", reason="wrong address")
    found = verdict(client, order)
    assert (found["status"], found["text"], found["action"]) == (
        "on_hold",
        "Put on hold by ann: wrong address",
        "release",
    )
    assert found["since"] == "2026-11-20T11:00:00Z"
