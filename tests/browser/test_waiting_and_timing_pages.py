"""Waiting lines, rate tables, calendars and carriers in a real browser against the running demo."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from scripts.fabrikam import until

from .conftest import Scene, Visitor

pytestmark = pytest.mark.browser

SCARCE = "BOWL-OAK-01"
SOURCES = ("SEA", "CHI", "DAL", "NYC", "ATL", "LAX")


def set_stock(scene: Scene, **units: int) -> None:
    items = [{"product": SCARCE, "source": s, "quantity": str(units.get(s, 0))} for s in SOURCES]
    scene.fabrikam.post("/inventory/changes", {"mode": "set", "reason": "count", "items": items})


def queue(scene: Scene, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = scene.fabrikam.get("/waiting-lines", product=SCARCE, **query)[
        "items"
    ]
    return found


@pytest.fixture(scope="module")
def waiting(scene: Scene) -> list[str]:
    """Numbers of two orders that wait for the same bowl."""
    body = {"backorder": True, "backorder_sla_days": 30}
    preferences = {"kind": "order_preferences", "name": "default", "body": body}
    scene.fabrikam.post("/configuration/apply", {"documents": [preferences]})
    set_stock(scene, SEA=1)

    numbers = []
    for units in (2, 3):
        numbers.append(scene.fabrikam.place([(SCARCE, units)], buyer="Mei Ramos"))
        scene.fabrikam.poll()
        until(lambda: len(queue(scene)) == len(numbers), "the line waits")

    return numbers


def test_a_waiting_line_shows_its_reason_and_continues_when_stock_arrives(
    manager: Visitor, scene: Scene, waiting: list[str]
) -> None:
    first, second = waiting
    page = manager.open(f"/waiting-lines?product={SCARCE}", "Waiting lines")
    row = page.get_by_role("row").filter(has_text=second)
    expect(row).to_contain_text("Needs 3 from one source; the most one has available is 1")
    expect(row).to_contain_text("1 line")
    row.get_by_role("button", name=SCARCE).click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("link", name=first, exact=True)).to_be_visible()
    drawer.get_by_role("button", name="Close").click()
    line = {
        "line_number": 1,
        "product": SCARCE,
        "source": "CHI",
        "quantity": "9",
        "confidence": 0.8,
    }
    day = str(datetime.now(UTC).date() + timedelta(days=6))
    order = {"kind": "purchase", "number": "PO-BOWL", "lines": [{**line, "expected_date": day}]}
    scene.fabrikam.post("/inventory/supply-orders", {"orders": [order]})
    expect(row).to_contain_text("80% confidence", timeout=20_000)
    set_stock(scene, SEA=2)
    scene.fabrikam.order_in_state(first, "completed")


def test_a_waiting_line_is_rechecked_and_canceled(
    manager: Visitor, scene: Scene, waiting: list[str]
) -> None:
    page = manager.open(f"/waiting-lines?search={waiting[1]}", "Waiting lines")
    page.locator("tbody input[type=checkbox]").first.check()
    page.get_by_role("button", name="Recheck now").click()
    page.get_by_role("button", name="Recheck now 1 line").click()
    expect(page.locator(".bulk-report")).to_contain_text("1 still waiting")
    page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel 1 line").click()
    expect(page.locator(".bulk-report")).to_contain_text("1 done")
    scene.fabrikam.order_in_state(waiting[1], "canceled")


def test_a_rate_table_is_saved_tested_deleted_and_restored(manager: Visitor, scene: Scene) -> None:
    page = manager.open("/rate-tables", "Rate tables")
    page.get_by_role("button", name="New rate table").first.click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_label("Name", exact=True).fill("own")
    drawer.get_by_label("Title").fill("Own rates")
    drawer.get_by_role("button", name="Add factor").click()
    factor = drawer.get_by_role("group", name="Shipping rate factors, row 1")

    for label, figure in (
        ("Fallback up to", "5"),
        ("Fallback price", "8"),
        ("Per additional kg", "0.75"),
    ):
        factor.get_by_label(label).fill(figure)

    expect(drawer.locator(".try-answer")).to_contain_text("11.75")
    page.get_by_role("button", name="Save rate table").click()
    expect(page.get_by_text("own added")).to_be_visible()
    page.get_by_role("button", name="Own rates").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete rate table").click()
    expect(page.get_by_text("Deleted rate table own")).to_be_visible()
    assert scene.fabrikam.get("/configuration", kind="rate_table")["documents"] == []
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("own restored")).to_be_visible()
    (back,) = scene.fabrikam.get("/configuration", kind="rate_table")["documents"]
    assert back["body"]["factors"][0]["fallback_rate"] == 8


def test_the_hours_of_a_calendar_are_changed_in_its_week(manager: Visitor, scene: Scene) -> None:
    page = manager.open("/sources", "Sources")
    page.get_by_role("link", name="us-central").first.click()
    manager.wait_for_page("Working calendars")
    page.get_by_role("group", name="Saturday").get_by_role(
        "button", name="Remove these hours"
    ).click()
    expect(page.get_by_role("img", name="Working week: Mon–Fri 08:00–18:00")).to_be_visible()
    page.get_by_role("button", name="Save calendar").click()
    expect(page.get_by_text("us-central saved: 1 changed")).to_be_visible()
    found = scene.fabrikam.get("/configuration", kind="calendar")["documents"]
    assert "saturday" not in next(d["body"] for d in found if d["name"] == "us-central")["hours"]


def test_the_other_pages_show_the_data_of_the_server(manager: Visitor) -> None:
    for path, title in {
        "/carriers?open=ups": "Carriers",
        "/pickup-schedules": "Pickup schedules",
    }.items():
        page = manager.open(path, title)
        expect(page.locator(".problem")).to_have_count(0)
