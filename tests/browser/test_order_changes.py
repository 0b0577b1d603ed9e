"""Edit an order: the change is previewed, applied, in the history, and undone."""

import re

from playwright.sync_api import expect
from tests.browser.conftest import Scene, Visitor


def test_an_order_is_edited_and_the_change_is_undone(scene: Scene, manager: Visitor) -> None:
    number = scene.fabrikam.place([("CHAIR-OAK-01", 8000)], buyer="Ana Souza")
    scene.fabrikam.poll()
    order = scene.fabrikam.order_in_state(number, "on_hold")
    page = manager.open(f"/orders/{order['id']}", f"Order {number}")

    page.get_by_role("button", name="Edit order").click()
    manager.wait_for_page(f"Edit order {number}")
    line = page.get_by_role("group", name="Line 1")
    line.get_by_label("Quantity").fill("7000")
    page.get_by_label("Reason", exact=True).fill("Customer called")
    expect(page.get_by_text("To refund")).to_be_visible()
    expect(page.get_by_text(re.compile("from 8,?000 to 7,?000 ea"))).to_be_visible()
    page.get_by_role("button", name="Apply change").click()

    manager.wait_for_page(f"Order {number}")
    history = page.get_by_role("heading", level=2, name="Changes").locator(
        "xpath=ancestor::section"
    )
    expect(history).to_contain_text("Customer called")
    history.get_by_role("button", name="Undo change 1").click()
    expect(history).to_contain_text("Undo of change 1")
    expect(history.get_by_role("button", name="Undo change 1")).to_have_count(0)
