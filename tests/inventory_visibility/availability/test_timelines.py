"""Timelines of a product or a kit at each source, as a requester sees them."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from starlette.testclient import TestClient
from tests.inventory_visibility.builders import NOW, allocated, configured, product, stocked

from openiom.inventory_visibility import (
    Requester,
    ScheduleChange,
    StockReservationRequest,
    post_schedule,
    reserve,
)
from openiom.inventory_visibility.availability.timelines import PromiseTimeline, timelines
from openiom.kernel import new_id
from openiom.platform.database import Database

TODAY = NOW.date()


def on(days: int) -> date:
    return TODAY + timedelta(days=days)


def scheduled(database: Database, name: str, source: str, **units: int) -> None:
    """Changes of on hand by day, given as d1=5 for five units tomorrow."""
    quantities = {
        (on(int(day[1:])), "iom", "onhand"): Decimal(quantity) for day, quantity in units.items()
    }
    change = ScheduleChange(f"{name}-{source}", "", name, source, quantities, document="PO-1")
    with database.unit_of_work() as session:
        (result,) = post_schedule(session, [change], now=NOW, actor="buyer", cause="plan")
    assert result.ok


def read(
    database: Database,
    name: str,
    *,
    source: str = "",
    after: str = "",
    limit: int = 9,
    requester: Requester | None = None,
) -> list[PromiseTimeline]:
    with database.reading() as session:
        return timelines(
            session,
            name,
            source=source,
            today=TODAY,
            after=after,
            limit=limit,
            requester=requester or Requester(),
        )


def atp(found: PromiseTimeline, days: int) -> list[float]:
    return [day.atp for day in found.days[:days]]


@pytest.fixture
def planned(database: Database) -> Database:
    """Ten lamps at SEA with changes, one at CHI; three reserved and one of safety stock at SEA."""
    configured(
        database,
        product("LAMP"),
        product("BULB"),
        product("SET", LAMP=1, BULB=3),
        ("stock_policy", "p", {"title": "P", "sources": ["SEA"], "safety_stock": "1"}),
    )
    stocked(database, LAMP__SEA=10, LAMP__CHI=1, BULB__SEA=13, BULB__NYC=5)

    with database.unit_of_work() as session:
        assert reserve(
            session, [StockReservationRequest(new_id(), "LAMP", "SEA", 3)], NOW, "shop"
        ) == [True]

    scheduled(database, "LAMP", "SEA", d1=-2, d3=7)
    scheduled(database, "BULB", "SEA", d2=9)
    return database


def test_a_timeline_starts_with_what_is_free_and_never_breaks_a_later_promise(
    planned: Database,
) -> None:
    (sea,) = read(planned, "LAMP", source="SEA")
    assert (sea.free, sea.on_hand, sea.reserved) == (6, 10, 3)
    assert (sea.safety_stock, sea.allocated, sea.made_of) == (1, 0, {})
    assert [day.projected for day in sea.days[:5]] == [6, 4, 4, 11, 11]
    assert atp(sea, 5) == [4, 4, 4, 11, 11]
    assert [day.day for day in sea.days[:2]] == [TODAY, on(1)]
    assert len(sea.days) == 30


def test_each_day_has_its_supply_demand_and_entries(planned: Database) -> None:
    (sea,) = read(planned, "LAMP", source="SEA")
    assert [(day.supply, day.demand) for day in sea.days[:4]] == [(0, 0), (0, 2), (0, 0), (7, 0)]
    (entry,) = sea.days[3].entries
    assert (entry.product, entry.data_source, entry.measure) == ("LAMP", "iom", "onhand")
    assert (entry.quantity, entry.confidence, entry.recorded_at) == (7, 1, NOW)
    assert (entry.cause, entry.document, entry.actor) == ("plan", "PO-1", "buyer")
    assert sea.days[2].entries == []


def test_sources_follow_each_other_page_by_page(planned: Database) -> None:
    assert [one.source for one in read(planned, "LAMP")] == ["CHI", "SEA"]
    assert [one.source for one in read(planned, "LAMP", limit=1)] == ["CHI"]
    assert [one.source for one in read(planned, "LAMP", after="CHI")] == ["SEA"]
    assert read(planned, "LAMP", source="NYC") == []
    assert read(planned, "CHAIR") == []


def test_a_channel_sees_its_allocation_and_its_buffer(planned: Database) -> None:
    allocated(planned, "LAMP", "SEA", 2, "web")
    configured(
        planned,
        ("stock_policy", "b", {"title": "B", "buffers": {"shop": {"units": "3"}}}),
    )
    (everyone,) = read(planned, "LAMP", source="SEA")
    (web,) = read(planned, "LAMP", source="SEA", requester=Requester("web"))
    (shop,) = read(planned, "LAMP", source="SEA", requester=Requester("shop"))
    assert (everyone.free, web.free, shop.free) == (4, 6, 1)
    assert (everyone.allocated, web.allocated) == (2, 2)
    assert atp(everyone, 4) == [2, 2, 2, 9]
    assert atp(web, 4) == [4, 4, 4, 11]
    assert atp(shop, 4) == [0, 0, 0, 6]


def test_a_kit_counts_whole_kits_where_all_its_parts_are(planned: Database) -> None:
    (sea,) = read(planned, "SET")
    assert sea.source == "SEA"
    assert sea.made_of == {"LAMP": 1, "BULB": 3}
    assert (sea.free, sea.on_hand, sea.reserved) == (4, 4, 0)
    assert atp(sea, 5) == [4, 4, 4, 7, 7]
    assert [day.supply for day in sea.days[:4]] == [0, 0, 0, 0]
    assert [entry.product for entry in sea.days[2].entries] == ["BULB"]
    assert [entry.product for entry in sea.days[3].entries] == ["LAMP"]


def test_timelines_are_read_over_http(client: TestClient, planned: Database) -> None:
    first = client.get("/api/v1/inventory/atp", params={"product": "LAMP", "limit": 1}).json()
    assert [one["source"] for one in first["items"]] == ["CHI"]
    second = client.get(
        "/api/v1/inventory/atp", params={"product": "LAMP", "after": first["next"]}
    ).json()
    assert [one["source"] for one in second["items"]] == ["SEA"]
    assert second["next"] is None
    assert client.get("/api/v1/inventory/atp").status_code == 422
    wrong = client.get("/api/v1/inventory/atp", params={"product": "LAMP", "after": "x"})
    assert (wrong.status_code, wrong.json()["where"]) == (422, "after")
