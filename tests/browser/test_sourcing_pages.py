"""The fulfillment optimization pages: what they save is what the optimizer reads."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from scripts.fabrikam import until

from .conftest import Scene, Visitor

pytestmark = pytest.mark.browser

SCARCE = "LAMP-OAK-01"
FLOW = "fabrikam-order-flow"
CART = ("Portland", "OR", "97205")


def document(scene: Scene, kind: str, name: str) -> dict[str, Any]:
    """The body of a document, or an empty one when it does not exist."""
    found = scene.fabrikam.get("/configuration", kind=kind)["documents"]
    return next((one["body"] for one in found if one["name"] == name), {})


@pytest.fixture(scope="module")
def batch(scene: Scene) -> Iterator[dict[str, Any]]:
    """A batch plan with shortages, made by a default strategy that plans in batches."""
    strategy = {"title": "Together", "is_default": True, "allow_partial": True}
    body = {**strategy, "batch": {"enabled": True, "minutes": 0.05, "seconds": 4}}
    written = {"kind": "strategy", "name": "together", "body": body}
    scene.fabrikam.post("/configuration/apply", {"documents": [written], "dry_run": False})
    scene.fabrikam.warehouse.put("/_sim/behavior", json={"ship_after": 600.0})
    yield plan_eight_orders(scene)
    scene.fabrikam.hasten()
    quiet = {**strategy, "batch": {"enabled": False}, "is_default": False}
    scene.fabrikam.post(
        "/configuration/apply", {"documents": [{**written, "body": quiet}], "dry_run": False}
    )


def plan_eight_orders(scene: Scene) -> dict[str, Any]:
    """Plan eight orders for a scarce product in one batch.

    They wait at a paused flow, so that all of them reach sourcing at the same moment.
    """
    left = {"SEA": 2, "CHI": 1, "DAL": 2, "NYC": 0, "ATL": 60, "LAX": 0}
    items = [
        {"product": SCARCE, "source": source, "quantity": str(units)}
        for source, units in left.items()
    ]
    scene.fabrikam.post("/inventory/changes", {"mode": "set", "reason": "count", "items": items})
    scene.fabrikam.post("/flows/pause", {"names": [FLOW]})

    numbers: list[str] = []
    for n in range(8):
        town = ("Portland", "Oregon", "97205") if n % 2 else ("Denver", "Colorado", "80202")
        numbers.append(scene.fabrikam.place([(SCARCE, 1)], town=town, buyer="Mei Ramos"))

    scene.fabrikam.poll()
    for number in numbers:
        scene.fabrikam.order(number)

    scene.fabrikam.post("/flows/resume", {"names": [FLOW]})
    [plan] = until(partial(plans_of_eight, scene), "eight orders were planned")
    return plan


def plans_of_eight(scene: Scene) -> list[dict[str, Any]]:
    """Return the batch plans once they have eight orders in total."""
    plans = scene.fabrikam.get("/sourcing/plans", mode="batch", strategy="together")["items"]
    return plans if sum(plan["orders"] for plan in plans) >= 8 else []


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label, exact=True).click()
    page.locator(".ant-select-dropdown:visible").get_by_text(option, exact=True).click()


def test_every_sourcing_page_shows_the_data_of_the_server(manager: Visitor) -> None:
    pages = {
        "/sources": "Sources",
        "/source-lists": "Source lists",
        "/constraints": "Constraints",
        "/strategies": "Strategies",
        "/plans": "Plans",
        "/simulations": "Simulations",
        "/simulations/new": "New simulation",
        "/simulations/compare": "Compare simulations",
        "/quote": "Quote",
    }
    for path, title in pages.items():
        page = manager.open(path, title)
        expect(page.locator(".problem")).to_have_count(0)


def test_a_source_gets_a_daily_limit_and_is_deactivated_and_activated(
    manager: Visitor, scene: Scene
) -> None:
    before = document(scene, "source", "NYC")
    page = manager.open("/sources", "Sources")
    page.get_by_role("button", name="NYC", exact=True).click()
    page.get_by_label("Parcels per day").fill("12")
    page.get_by_role("button", name="Save source").click()
    expect(page.get_by_text("NYC saved: 1 changed")).to_be_visible()
    row = page.get_by_role("row").filter(has=page.get_by_role("button", name="NYC", exact=True))
    expect(row).to_contain_text("of 12 parcels")
    assert document(scene, "source", "NYC") == {**before, "daily_parcels": 12}

    for verb, state, active in (("Deactivate", "Inactive", False), ("Activate", "Active", True)):
        page.get_by_role("checkbox", name="Select NYC").check()
        page.get_by_role("toolbar", name="Selected rows").get_by_role(
            "button", name=verb, exact=True
        ).click()
        page.get_by_role("dialog").get_by_role("button", name=f"{verb} 1 source").click()
        page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
        expect(row.get_by_text(state, exact=True)).to_be_visible()
        page.get_by_role("button", name="Clear selection").click()
        sources = {one["name"]: one["active"] for one in scene.fabrikam.get("/sources")["items"]}
        assert sources["NYC"] is active


def test_a_rejected_document_keeps_its_input(manager: Visitor, scene: Scene) -> None:
    before = document(scene, "source", "SEA")
    page = manager.open("/sources", "Sources")
    page.get_by_role("button", name="SEA", exact=True).click()
    page.get_by_label("Time zone").fill("Mars/Olympus")
    page.get_by_label("Cut-off").fill("15:30")
    choose(page, "Calendar", "Always open")
    page.get_by_label("Country").fill("QQ")
    page.get_by_label("City").fill("Nowhere at all")
    page.get_by_role("button", name="Save source").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("City")).to_have_value("Nowhere at all")
    assert document(scene, "source", "SEA") == before
    manager.errors[:] = [one for one in manager.errors if "422" not in one]


def test_a_source_list_a_constraint_and_a_strategy_with_both_are_saved(
    manager: Visitor, scene: Scene
) -> None:
    page = manager.open("/source-lists", "Source lists")
    page.get_by_role("button", name="New source list").first.click()
    page.get_by_label("Name", exact=True).fill("west")
    page.get_by_label("Title").fill("West coast")
    page.get_by_role("combobox", name="Sources", exact=True).click()
    page.locator(".ant-select-dropdown:visible").get_by_text("SEA — Seattle store").click()
    page.get_by_role("button", name="Save source list").click()
    expect(page.get_by_role("button", name="West coast")).to_be_visible()
    assert document(scene, "source_list", "west") == {"title": "West coast", "sources": ["SEA"]}

    page = manager.open("/constraints", "Constraints")
    page.get_by_role("button", name="New constraint").first.click()
    page.get_by_label("Name", exact=True).fill("near")
    page.get_by_label("Title").fill("Near the buyer")
    page.get_by_label("Distance").fill("900")
    choose(page, "Strictness", "Soft: violations have a cost")
    page.get_by_label("Penalty").fill("7.5")
    page.get_by_role("button", name="Save constraint").click()
    row = page.get_by_role("row").filter(has_text="Near the buyer")
    expect(row).to_contain_text("all sources: 900 km")
    expect(row).to_contain_text("Soft, 7.50 per violation")

    page = manager.open("/strategies", "Strategies")
    page.get_by_role("button", name="New strategy").first.click()
    page.get_by_label("Name", exact=True).fill("west-first")
    page.get_by_label("Title").fill("West first")
    choose(page, "Sources", "west — West coast")
    page.get_by_role("combobox", name="Constraints", exact=True).click()
    page.locator(".ant-select-dropdown:visible").get_by_text("near — Near the buyer").click()
    page.get_by_label("Cost per day late").fill("3.5")
    page.get_by_role("button", name="Save strategy").click()
    expect(page.get_by_role("row").filter(has_text="West first")).to_contain_text("near")
    assert document(scene, "strategy", "west-first") == {
        "title": "West first",
        "source_list": "west",
        "constraints": ["near"],
        "weights": {"lateness_per_day": 3.5},
    }


def test_a_plan_explains_the_change_that_would_choose_each_other_source(
    manager: Visitor, scene: Scene, batch: dict[str, Any]
) -> None:
    page = manager.open("/plans?mode=batch", "Plans")
    row = page.get_by_role("row").filter(has_text="together")
    expect(row).to_contain_text(f"{batch['cost']:.2f}")
    row.get_by_role("link").click()
    manager.wait_for_page("Plan")
    page.get_by_role("button", name=re.compile("^Explain order")).first.click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text("Verified").first).to_be_visible()
    expect(drawer.get_by_text(re.compile(r"^\d+(\.\d+)? (off|more on hand)")).first).to_be_visible()
    drawer.get_by_text("Original decision").click()
    expect(drawer.get_by_text("Chosen").first).to_be_visible()
    expect(page).to_have_url(re.compile("order="))


def test_a_shadow_price_shows_what_one_more_unit_saves(
    manager: Visitor, scene: Scene, batch: dict[str, Any]
) -> None:
    prices = scene.fabrikam.get("/sourcing/shadow-prices", plan=batch["id"])["items"]
    saving = next(one for one in prices if one["saving"])
    page = manager.open(f"/shadow-prices?plan={batch['id']}", "Shadow prices")
    words = (
        f"One more unit of {saving['product']} at {saving['source']} saves {saving['saving']:.2f}"
    )
    expect(page.get_by_text(words)).to_be_visible()
    expect(page.locator(".map-pin")).to_have_count(len({one["source"] for one in prices}))


def test_a_quote_promises_dates_without_saving_a_plan(manager: Visitor, scene: Scene) -> None:
    plans = len(scene.fabrikam.get("/sourcing/plans")["items"])
    page = manager.open("/quote", "Quote")
    page.get_by_label("Product").fill("TABL-OAK-01")
    page.keyboard.press("Escape")

    for label, value in zip(("City", "State", "Postal code"), CART, strict=True):
        page.get_by_label(label).fill(value)

    choose(page, "Rate with carrier", "ups — UPS")
    page.get_by_role("button", name="Get a quote").click()
    expect(page.get_by_text(re.compile("All items by"))).to_be_visible()
    expect(page.get_by_role("heading", name="Rates of ups")).to_be_visible()
    expect(page.get_by_text("Pickup in store").first).to_be_visible()
    expect(page.locator(".days [data-possible=true]").first).to_be_visible()
    assert len(scene.fabrikam.get("/sourcing/plans")["items"]) == plans


def test_a_simulation_is_run_cloned_compared_and_committed(manager: Visitor, scene: Scene) -> None:
    today = datetime.now(UTC).date().isoformat()
    page = manager.open("/simulations/new", "New simulation")
    page.get_by_label("Name", exact=True).fill("Close Atlanta")
    page.get_by_role("button", name="2. Demand").click()
    page.get_by_label("From", exact=True).fill(today)
    page.get_by_label("To", exact=True).fill(today)
    page.get_by_role("button", name="3. Sources").click()
    page.get_by_role("checkbox", name=re.compile("^ATL")).uncheck()
    page.get_by_role("button", name="6. Run").click()
    page.get_by_label("Runs", exact=True).fill("4")
    page.get_by_role("button", name="Run 4 times").click()
    manager.wait_for_page("Close Atlanta")
    expect(page.get_by_role("heading", name="Order satisfaction")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("ATL is closed")).to_be_visible()

    page.get_by_role("button", name="Clone and change").click()
    manager.wait_for_page("Clone a simulation")
    page.get_by_role("button", name="3. Sources").click()
    page.get_by_role("checkbox", name=re.compile("^ATL")).check()
    page.get_by_role("button", name="6. Run").click()
    page.get_by_role("button", name="Run 4 times").click()
    manager.wait_for_page("Close Atlanta, changed")
    expect(page.get_by_role("heading", name="Order satisfaction")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("button", name="Commit changes")).to_have_attribute(
        "aria-disabled", "true"
    )

    page = manager.open("/simulations", "Simulations")

    for name in ("Close Atlanta", "Close Atlanta, changed"):
        page.get_by_role("checkbox", name=f"Select {name}", exact=True).check()

    page.get_by_role("button", name="Compare side by side").click()
    manager.wait_for_page("Compare simulations")
    expect(page.locator(".delta").first).to_be_visible()

    page = manager.open("/simulations", "Simulations")
    page.get_by_role("link", name="Close Atlanta", exact=True).click()
    manager.wait_for_page("Close Atlanta")
    page.get_by_role("button", name="Commit changes").click()
    page.get_by_role("dialog").get_by_role("button", name="Commit 1 document").click()
    expect(page.get_by_text("Close Atlanta committed")).to_be_visible()
    sources = {one["name"]: one["active"] for one in scene.fabrikam.get("/sources")["items"]}
    assert sources["ATL"] is False
