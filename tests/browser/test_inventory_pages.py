"""The main task of each inventory page in a real browser against the running demo."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from scripts.fabrikam import until

from .conftest import Scene, Visitor

pytestmark = pytest.mark.browser
VASE, CLOCK = "VASE-OAK-01", "CLCK-OAK-01"


def post_to_contract(scene: Scene, path: str, body: Any) -> None:
    """Post to the Inventory Visibility API as an external system does."""
    environment = scene.fabrikam.get("/session")["environment"]
    response = scene.fabrikam.api.post(f"/api/environment/{environment}{path}", json=body)
    assert response.is_success, response.text


def dimensions_of(source: str, **more: str) -> dict[str, str]:
    """The dimensions of stock at a source."""
    return {"siteId": source, "locationId": source, **more}


def add_purchase_order(
    scene: Scene, number: str, product: str, source: str, units: int, days: int
) -> None:
    line = {"line_number": 1, "product": product, "source": source, "quantity": str(units)}
    line["expected_date"] = str(datetime.now(UTC).date() + timedelta(days=days))
    body = {"orders": [{"kind": "purchase", "number": number, "lines": [line]}]}
    assert scene.fabrikam.post("/inventory/supply-orders", body)["results"][0]["ok"]


def test_every_inventory_page_shows_the_data_of_the_server(manager: Visitor) -> None:
    pages = {
        "/inventory": "Inventory visibility",
        "/inventory/promise": "Available to promise",
        "/inventory/reservations": "Reservations",
        "/inventory/allocations": "Allocations",
        "/inventory/supply": "Supply orders",
        "/inventory/feeds": "Inventory feed",
        "/inventory/health": "Stock health",
    }
    for path, title in pages.items():
        page = manager.open(path, title)
        expect(page.locator(".problem")).to_have_count(0)
        expect(page.get_by_role("navigation", name="Areas").locator(".active")).to_have_count(1)


def test_measures_of_another_system_have_columns_that_open_their_entries(
    manager: Visitor, scene: Scene
) -> None:
    record = {
        "id": "pos-1",
        "organizationId": "main",
        "productId": VASE,
        "dimensionDataSource": "pos",
    }
    post_to_contract(
        scene,
        "/onhand",
        {**record, "dimensions": dimensions_of("SEA"), "quantities": {"pos": {"inbound": 7}}},
    )
    page = manager.open(f"/inventory?product={VASE}&source=SEA", "Inventory visibility")

    expect(page.get_by_role("columnheader", name="pos", exact=True)).to_be_visible()
    page.get_by_role("button", name="pos Inbound 7, open").click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text(f"{VASE} at SEA")).to_be_visible()
    expect(drawer.get_by_role("row").filter(has_text="Inbound")).to_contain_text("+7")
    expect(drawer.get_by_role("row").filter(has_text="Opening stock")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"stock=\d+&system=pos"))


def test_stock_is_grouped_by_color_and_a_group_lists_its_stock_records(
    manager: Visitor, scene: Scene
) -> None:
    colors = {"black": 12, "white": 3}
    post_to_contract(
        scene,
        "/onhand/bulk",
        [
            {"id": f"tee-{color}", "organizationId": "main", "productId": "TEE-ORGANIC"}
            | {
                "dimensions": dimensions_of("SEA", colorId=color),
                "quantities": {"iom": {"onhand": units}},
            }
            for color, units in colors.items()
        ],
    )
    page = manager.open(
        "/inventory?product=TEE-ORGANIC&by=product,source,colorid", "Inventory visibility"
    )

    for color, units in colors.items():
        row = page.get_by_role("row").filter(has_text=color)
        expect(row.get_by_role("button", name=f"On hand {units}, open")).to_be_visible()

    page = manager.open("/inventory?product=TEE-ORGANIC&by=product", "Inventory visibility")
    page.get_by_role("button", name="On hand 15, open").click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text("ColorId white")).to_be_visible()
    drawer.get_by_role("row").filter(has_text="ColorId white").get_by_role("button").click()
    expect(page.get_by_role("dialog").get_by_role("row").filter(has_text="+3")).to_be_visible()


def test_a_quantity_is_shown_as_of_an_earlier_time(manager: Visitor, scene: Scene) -> None:
    page = manager.open(f"/inventory?product={CLOCK}&source=DAL", "Inventory visibility")
    page.get_by_role("button", name=CLOCK, exact=True).click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("row").filter(has_text="Opening stock")).to_be_visible()
    drawer.get_by_label("As of").fill("2020-01-01T00:00")

    expect(drawer.get_by_text(re.compile("Quantities on"))).to_be_visible()
    expect(drawer.get_by_text("No entries match")).to_be_visible()
    drawer.get_by_role("button", name="Now").click()
    expect(drawer.get_by_role("row").filter(has_text="Opening stock")).to_be_visible()


def test_available_to_promise_rises_on_the_day_a_purchase_order_is_expected(
    manager: Visitor, scene: Scene
) -> None:
    add_purchase_order(scene, "PO-7001", VASE, "CHI", 40, days=5)
    free = scene.fabrikam.get("/inventory/atp", product=VASE, source="CHI")["items"][0]["free"]
    page = manager.open(f"/inventory/promise?product={VASE}&source=CHI", "Available to promise")

    chart = page.get_by_role("slider", name=f"{VASE} at CHI by day")
    chart.focus()

    for _ in range(5):
        page.keyboard.press("ArrowRight")

    expect(chart).to_have_attribute(
        "aria-valuetext", re.compile(rf": {free + 40:g} available to promise.* 40 in, 0 out")
    )
    expect(page.get_by_role("list", name=re.compile("^Entries on"))).to_contain_text("PO-7001")


def test_received_supply_is_on_hand_immediately(manager: Visitor, scene: Scene) -> None:
    add_purchase_order(scene, "PO-7002", CLOCK, "NYC", 30, days=2)
    before = scene.fabrikam.get("/inventory", product=CLOCK, source="NYC")["items"][0]["on_hand"]
    page = manager.open(f"/inventory/supply?product={CLOCK}", "Supply orders")
    page.get_by_role("button", name="Receive Purchase PO-7002, line 1").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Units received").fill("12")
    dialog.get_by_role("button", name="Receive", exact=True).click()

    row = page.get_by_role("row").filter(has_text="PO-7002")
    expect(row).to_contain_text("Partly received")
    expect(row).to_contain_text("18")
    assert (
        scene.fabrikam.get("/inventory", product=CLOCK, source="NYC")["items"][0]["on_hand"]
        == before + 12
    )


def test_a_released_reservation_has_its_reason_in_the_ledger(
    manager: Visitor, scene: Scene
) -> None:
    cart = {
        "id": "cart-77",
        "organizationId": "main",
        "productId": VASE,
        "quantity": 2,
        "dimensions": dimensions_of("DAL"),
    }
    measure = {
        "quantityDataSource": "iv",
        "modifier": "softReservOrdered",
        "ifCheckAvailForReserv": True,
    }
    post_to_contract(scene, "/onhand/reserve", {**cart, **measure})
    page = manager.open("/inventory/reservations?search=cart-77", "Reservations")
    page.get_by_role("checkbox", name=f"Select 2 {VASE} at DAL for cart-77").check()
    page.get_by_role("toolbar", name="Selected rows").get_by_role("button", name="Release").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("The cart was left")
    dialog.get_by_role("button", name="Release 1 reservation").click()
    expect(dialog.get_by_text("1 done.")).to_be_visible()

    page = manager.open("/inventory/reservations?state=released&search=cart-77", "Reservations")
    page.get_by_role("button", name=VASE, exact=True).click()
    expect(
        page.get_by_role("dialog").get_by_role("row").filter(has_text="The cart was left")
    ).to_contain_text("−2")


def test_reservations_are_found_by_order_number_and_link_to_the_order(
    manager: Visitor, scene: Scene
) -> None:
    number = scene.orders["shipped"]
    page = manager.open(f"/inventory/reservations?state=all&search={number}", "Reservations")
    expect(page.get_by_role("row")).to_have_count(3)
    page.get_by_role("link", name=f"Order {number}").first.click()
    manager.wait_for_page(f"Order {number}")


def test_units_are_allocated_to_a_channel_and_moved_to_a_customer_group(
    manager: Visitor, scene: Scene
) -> None:
    page = manager.open(f"/inventory/allocations?product={CLOCK}", "Allocations")
    page.get_by_role("button", name="Allocate").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Product").fill(CLOCK)
    page.locator(".ant-select-item-option").filter(has_text=CLOCK).first.click()
    dialog.get_by_role("combobox", name="Source").click()
    page.get_by_title(re.compile("^SEA")).click()
    dialog.get_by_label("Channel").fill("web")
    dialog.get_by_label("Units").fill("5")
    dialog.get_by_role("button", name="Allocate").click()
    expect(dialog).to_have_count(0)

    page.get_by_role("row").filter(has_text="web").get_by_role("button", name="Move").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Channel").fill("web")
    dialog.get_by_label("Customer group").fill("vip")
    dialog.get_by_label("Units").fill("9")
    dialog.get_by_role("button", name="Move").click()
    expect(dialog.get_by_role("alert")).to_contain_text("5 units are allocated to web, requested 9")
    dialog.get_by_label("Units").fill("2")
    dialog.get_by_role("button", name="Move").click()
    expect(page.get_by_role("button", name="web › vip")).to_be_visible()
    pools = scene.fabrikam.get("/inventory/allocations/pools", product=CLOCK)["items"]
    assert [(p["groups"], p["allocated"]) for p in pools] == [(["web"], 3), (["web", "vip"], 2)]


def test_the_reconciliation_finds_no_discrepancy(manager: Visitor, scene: Scene) -> None:
    until(
        lambda: scene.fabrikam.get("/inventory/health")["checked_through"],
        "a complete reconciliation",
    )
    page = manager.open("/inventory/health", "Stock health")
    expect(page.locator(".health")).to_contain_text("All quantities match the ledger")
