"""The demo as its user meets it: examples on every page, the controls, and the tour."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from scripts.fabrikam import PROJECT, chromium, running_demo, until

from .conftest import Scene, Visitor

pytestmark = pytest.mark.browser

AXE = PROJECT / "ui/node_modules/axe-core/axe.min.js"
ATTENDED = {"failed_runs": 2, "parked_messages": 3, "declined": 1, "late": 1}
BACKORDER = "123"
ON_HOLD = "124"
"""The order of the examples that is on hold, before or after its call was queued."""
SHIPPED = 16
"""Orders that had been shipped when the demo started; the others of ten may wait for stock."""


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """A demo with its examples, in which an order arrives every ten minutes."""
    if chromium() is None:
        pytest.skip("no Chromium: install one or set OPENIOM_CHROMIUM")

    if not (PROJECT / "ui" / "dist" / "index.html").exists():
        pytest.skip("the user interface is not built: npm ci && npm run build in ui/")

    with running_demo(orders="--pace=0.1") as fabrikam:
        fabrikam.hasten()
        yield Scene(fabrikam)


def test_the_examples_are_in_every_state(scene: Scene) -> None:
    needed = {item["kind"]: item["count"] for item in scene.fabrikam.get("/home")["items"]}
    assert needed == ATTENDED
    assert scene.fabrikam.order("100")["state"] == "completed"
    assert scene.fabrikam.order(ON_HOLD)["state_reason"] == "Manual hold"
    assert [one["number"] for one in scene.fabrikam.get("/inventory/supply-orders")["items"]] == [
        "PO-2037",
        "PO-2042",
        "TO-0118",
        "PO-2041",
    ]
    states = [one["state"] for one in scene.fabrikam.get("/returns")["items"]]
    assert states == ["approved", "received", "closed"], "the flow closes what is inspected"
    waiting = scene.fabrikam.get("/waiting-lines")["items"]
    assert [line["order_number"] for line in waiting] == ["121", "122", BACKORDER, "M1001"]
    assert all(line["available_on"] for line in waiting)
    [batch] = scene.fabrikam.get("/sourcing/plans", mode="batch")["items"]
    assert (batch["strategy"], batch["orders"]) == ("evening-batch", 8)
    assert scene.fabrikam.get("/sourcing/shadow-prices")
    assert len(scene.fabrikam.get("/inventory/allocations")["items"]) == 2
    [simulation] = scene.fabrikam.get("/simulations")["items"]
    assert simulation["name"] == "Close the Chicago store"


def waiting_orders(scene: Scene) -> list[str]:
    """Return the numbers of the orders that have calls to the 3PL to be made."""
    items = scene.fabrikam.get("/orders", waiting_for="fabrikam-3pl")["items"]
    return [order["number"] for order in items]


def expect_done(page: Page, count: int) -> None:
    expect(page.get_by_role("complementary", name="Demo")).to_contain_text(
        f"{count} of 13 done", timeout=20_000
    )


def follow(manager: Visitor, step: str, title: str | re.Pattern[str]) -> Page:
    """Open the page of a step of the tour."""
    page = manager.page
    page.get_by_role("complementary", name="Demo").get_by_role("link", name=step).click()
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
    return page


def test_the_3pl_is_broken_and_fixed_from_the_panel(manager: Visitor, scene: Scene) -> None:
    page = manager.open("/", "Home")
    panel = page.get_by_role("complementary", name="Demo")
    expect_done(page, 0)
    panel.get_by_role("button", name="Break the 3PL").click()
    banner = page.get_by_role("alert", name="Providers that are down")
    expect(banner).to_contain_text("Fabrikam 3PL is down since")
    panel.get_by_role("button", name="Send ten orders").click()
    expect(panel.get_by_role("status")).to_contain_text("Ten orders were placed in the store")
    expect(banner).to_contain_text(re.compile("1[0-9] orders wait"), timeout=30_000)
    panel.get_by_role("button", name="Fix the 3PL").click()
    expect(banner).to_have_count(0)
    expect_done(page, 1)
    until(
        lambda: set(waiting_orders(scene)) <= {ON_HOLD},
        "no order waits for the 3PL any more",
        seconds=60,
    )
    until(
        lambda: scene.fabrikam.get("/orders/counts")["states"]["completed"] >= SHIPPED + 5,
        "the waiting orders shipped",
        seconds=60,
    )

    violations = page.evaluate(AXE.read_text() + "; axe.run('.demo')")["violations"]
    assert [one["id"] for one in violations] == []


def test_the_tour_ticks_what_was_done_and_remembers_it(manager: Visitor, scene: Scene) -> None:
    fabrikam = scene.fabrikam
    fabrikam.warehouse.put("/_sim/behavior", json={"ship_after": 8.0})
    page = manager.open("/", "Home")
    expect_done(page, 0)
    page.get_by_role("button", name="Send ten orders").click()
    watch = page.get_by_role("link", name="Watch an order ship")
    expect(watch).to_have_attribute("href", re.compile("^/orders/[0-9a-f-]{36}$"))
    follow(manager, "Watch an order ship", re.compile("^Order "))
    expect_done(page, 1)

    page.locator("summary").filter(has_text="Sourcing decision").click()
    expect_done(page, 2)

    follow(manager, "Find an order by e-mail address", "Sales orders")
    page.get_by_label("Part of number, name, email, city or phone").fill("lindt@")
    expect_done(page, 3)

    mapping = {"table": "product", "field": "sku", "value": "LAMP-OAK-1", "internal": "LAMP-OAK-01"}
    answer = fabrikam.api.put("/api/v1/mappings", json={"mappings": [mapping]})
    assert answer.json()["replayed"] == 1
    expect_done(page, 4)

    ids = {"ids": [fabrikam.order("121")["id"]]}
    fabrikam.post("/orders/hold", {**ids, "reason": "The customer called"})
    fabrikam.post("/orders/release", ids)
    expect_done(page, 5)

    receipt = {"kind": "purchase", "number": "PO-2042", "line_number": 1, "quantity": "60"}
    fabrikam.post("/inventory/supply-orders/receive", {"receipts": [{**receipt, "id": "r-1"}]})
    expect_done(page, 6)
    fabrikam.order_in_state(BACKORDER, "completed")

    follow(manager, "Enter an order by hand", "New order")
    page.get_by_role("button", name="Close the demo panel").click()
    expect(page.get_by_role("complementary", name="Demo")).to_have_count(0)
    page.reload()
    manager.wait_for_page("New order")
    page.get_by_role("button", name="Demo").press("Enter")
    expect(page.get_by_role("heading", name="Demo", exact=True)).to_be_focused()
    expect_done(page, 6)
