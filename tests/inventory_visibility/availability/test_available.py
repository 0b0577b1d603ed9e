"""What is available now: single products, kits, channels, and the list of stock."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.inventory_visibility.builders import allocated, configured, product, stocked

from openiom.inventory_visibility import (
    MeasureChange,
    SoftReservationRequest,
    available,
    channels_matter,
    post_measures,
    soft_reserve,
)
from openiom.inventory_visibility.availability.queries import (
    OVERSELL,
    StockFilter,
    list_stock,
    own_stock,
)
from openiom.platform.bulk import execute
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def read(database: Database, *products: str, **requester: str) -> dict[tuple[str, str], Decimal]:
    with database.reading() as session:
        return available(session, products, **requester)


def reserved(database: Database, name: str, source: str, units: object) -> None:
    with database.unit_of_work() as session:
        request = SoftReservationRequest("", name, source, Decimal(str(units)))
        assert soft_reserve(session, [request], now=NOW, actor="shop")[0].ok


@pytest.fixture
def company(database: Database) -> Database:
    """Lamps, bulbs and cords at two sources; a set of a lamp and two bulbs, and a box of sets."""
    names = {"LAMP": "Desk lamp", "BULB": "LED bulb", "CORD": "Cord", "DESK": "Oak desk"}
    documents = [("product", name, {"name": title}) for name, title in names.items()]
    configured(database, *documents, product("SET", LAMP=1, BULB=2), product("BOX", SET=2, CORD=1))
    stocked(
        database,
        LAMP__SEA=10,
        LAMP__CHI=3,
        BULB__SEA=9,
        BULB__NYC=50,
        CORD__SEA=7,
        DESK__SEA=1,
    )
    return database


def test_what_is_not_reserved_is_available_exactly(company: Database) -> None:
    reserved(company, "LAMP", "SEA", "2.5")
    reserved(company, "DESK", "SEA", "0.5")
    assert read(company, "LAMP", "DESK", "CHAIR") == {
        ("LAMP", "SEA"): Decimal("7.5"),
        ("LAMP", "CHI"): 3,
        ("DESK", "SEA"): Decimal("0.5"),
    }
    assert read(company) == {}
    reserved(company, "DESK", "SEA", "0.5")
    assert read(company, "DESK") == {}


def test_parts_of_a_unit_make_no_kit(company: Database) -> None:
    reserved(company, "BULB", "SEA", "1.5")

    assert read(company, "SET", "BULB") == {
        ("SET", "SEA"): 3,
        ("BULB", "SEA"): Decimal("7.5"),
        ("BULB", "NYC"): 50,
    }


def test_only_own_stock_without_dimensions_is_available(company: Database) -> None:
    changes = [
        MeasureChange("partner", "LAMP", "SEA", {("pos", "posinbound"): Decimal(5)}),
        MeasureChange(
            "", "LAMP", "SEA", {("pos", "posinbound"): Decimal(5)}, dimensions={"colorid": "red"}
        ),
    ]
    with company.unit_of_work() as session:
        post_measures(session, changes, now=NOW, actor="pos", cause="api")

    assert read(company, "LAMP")["LAMP", "SEA"] == 10


def test_as_many_kits_are_available_as_their_parts_make_at_one_source(company: Database) -> None:
    assert read(company, "SET") == {("SET", "SEA"): 4}
    assert read(company, "BOX") == {("BOX", "SEA"): 2}
    assert read(company, "SET", "BULB") == {
        ("SET", "SEA"): 4,
        ("BULB", "SEA"): 9,
        ("BULB", "NYC"): 50,
    }


def test_a_kit_without_one_of_its_parts_is_not_available(company: Database) -> None:
    reserved(company, "BULB", "SEA", 8)
    assert read(company, "SET") == {}
    assert read(company, "BULB") == {("BULB", "SEA"): 1, ("BULB", "NYC"): 50}


def test_stock_that_may_be_oversold_has_a_billion_units(company: Database) -> None:
    with company.unit_of_work() as session:
        execute(
            session, "UPDATE inventory_visibility.stock SET oversell = TRUE WHERE product = 'DESK'"
        )
    reserved(company, "DESK", "SEA", 99)
    assert read(company, "DESK") == {("DESK", "SEA"): OVERSELL}
    assert read(company, "DESK", channel="web") == {("DESK", "SEA"): OVERSELL}


def test_a_channel_has_its_allocations_and_buffers(company: Database) -> None:
    allocated(company, "LAMP", "SEA", 4, "web")
    allocated(company, "LAMP", "SEA", 2, "web", "vip")
    configured(
        company,
        ("stock_policy", "p", {"title": "P", "buffers": {"shop": {"units": "1.5"}}}),
    )
    assert read(company, "LAMP") == {("LAMP", "SEA"): 4, ("LAMP", "CHI"): 3}
    assert read(company, "LAMP", channel="web")["LAMP", "SEA"] == 8
    vip = read(company, "LAMP", channel="web", customer_group="vip")
    assert vip["LAMP", "SEA"] == 10
    assert read(company, "LAMP", customer_group="vip")["LAMP", "SEA"] == 4
    shop = read(company, "LAMP", "SET", channel="shop")
    assert shop == {
        ("LAMP", "SEA"): Decimal("2.5"),
        ("LAMP", "CHI"): Decimal("1.5"),
        ("SET", "SEA"): 2,
    }


def test_channels_matter_once_something_is_allocated_or_buffered(company: Database) -> None:
    with company.reading() as session:
        assert not channels_matter(session)
    configured(company, ("stock_policy", "p", {"title": "P", "safety_stock": "1"}))
    with company.reading() as session:
        assert not channels_matter(session), "safety stock is kept from everyone"
    configured(company, ("stock_policy", "b", {"title": "B", "buffers": {"*": {"units": "1"}}}))
    with company.reading() as session:
        assert channels_matter(session)


def test_an_allocation_makes_channels_matter(company: Database) -> None:
    allocated(company, "LAMP", "SEA", 4, "web")
    with company.reading() as session:
        assert channels_matter(session)


def test_own_stock_is_read_with_its_balances(company: Database) -> None:
    reserved(company, "LAMP", "SEA", 2)
    with company.reading() as session:
        found = own_stock(session, ["LAMP", "LAMP", "CHAIR"])
        (sea,) = own_stock(session, ["LAMP"], source="SEA")
    assert {one.key for one in found} == {("LAMP", "SEA"), ("LAMP", "CHI")}
    assert (sea.on_hand, sea.reserved, sea.safety_stock, sea.oversell) == (10, 2, 0, False)


def listed(database: Database, limit: int = 50, after: Any = None, **wanted: Any) -> list[str]:
    """Stock as 'PRODUCT SOURCE'."""
    with database.reading() as session:
        rows = list_stock(session, StockFilter(**wanted), after=after, limit=limit)
    return [f"{row.product} {row.source}" for row in rows]


def test_stock_is_listed_by_product_and_source(company: Database) -> None:
    assert listed(company) == [
        "BULB NYC",
        "BULB SEA",
        "CORD SEA",
        "DESK SEA",
        "LAMP CHI",
        "LAMP SEA",
    ]
    assert listed(company, product="LAMP") == ["LAMP CHI", "LAMP SEA"]
    assert listed(company, source="NYC") == ["BULB NYC"]
    assert listed(company, product="LAMP", source="NYC") == []


def test_stock_is_found_by_the_beginning_of_a_number_or_part_of_a_name(company: Database) -> None:
    assert listed(company, search="la") == ["LAMP CHI", "LAMP SEA"]
    assert listed(company, search="oak") == ["DESK SEA"]
    assert listed(company, search="desk") == ["DESK SEA", "LAMP CHI", "LAMP SEA"]
    assert listed(company, search="amp") == ["LAMP CHI", "LAMP SEA"]
    assert listed(company, search="ulbs") == []


def test_short_stock_has_no_unreserved_units(company: Database) -> None:
    reserved(company, "DESK", "SEA", 1)
    reserved(company, "LAMP", "CHI", 2)
    assert listed(company, short=True) == ["DESK SEA"]


def test_a_row_has_the_name_of_its_product(company: Database) -> None:
    reserved(company, "LAMP", "CHI", 2)
    with company.reading() as session:
        (row,) = list_stock(session, StockFilter(product="LAMP", source="CHI"), after=None, limit=9)
    assert (row.product_name, row.on_hand, row.reserved, row.available) == ("Desk lamp", 3, 2, 1)


def test_the_list_continues_page_by_page(client: TestClient, company: Database) -> None:
    seen, after = [], None
    while True:
        query = {"limit": 4, **({"after": after} if after else {})}
        page = client.get("/api/v1/inventory", params=query).json()
        seen += [f"{row['product']} {row['source']}" for row in page["items"]]
        after = page["next"]
        if after is None:
            break

    assert seen == listed(company)


def test_changes_of_users_have_a_result_each(client: TestClient, company: Database) -> None:
    reserved(company, "LAMP", "CHI", 2)
    items = [
        {"product": "LAMP", "source": "CHI", "quantity": "-2"},
        {"product": "DESK", "source": "SEA", "quantity": "4"},
    ]
    answer = client.post(
        "/api/v1/inventory/changes", json={"mode": "change", "reason": "count", "items": items}
    )
    assert answer.json()["results"] == [
        {
            "index": 0,
            "ok": False,
            "reason": "1 on hand would not cover the 2 units already reserved",
        },
        {"index": 1, "ok": True, "reason": ""},
    ]
    assert read(company, "DESK") == {("DESK", "SEA"): 5}
    wrong = client.post(
        "/api/v1/inventory/changes", json={"mode": "replace", "reason": "x", "items": items}
    )
    assert wrong.status_code == 422
