"""A return from the order's page to its refund, in a real browser against the running demo."""

from datetime import date

import pytest
from playwright.sync_api import expect

from .conftest import Scene, Visitor

pytestmark = pytest.mark.browser


def test_units_are_returned_received_inspected_and_refunded(manager: Visitor, scene: Scene) -> None:
    number = scene.orders["shipped"]
    order = scene.fabrikam.order_in_state(number, "completed")
    page = manager.open(f"/orders/{order['id']}", f"Order {number}")
    page.get_by_role("button", name="Return items").click()
    drawer = page.get_by_role("dialog", name="Return items")
    drawer.get_by_role("spinbutton").first.fill("1")
    drawer.get_by_role("button", name="Create return").click()

    title = page.get_by_role("heading", level=1)
    expect(title).to_contain_text("RMA-")
    rma = title.inner_text()
    expect(page.get_by_text("Waits for the customer to send the goods")).to_be_visible()

    page.get_by_role("button", name="Receive", exact=True).click()
    manager.wait_for_page("Receive returns")
    page.get_by_role("button", name="Receive", exact=True).click()
    expect(page.get_by_text("No return expects goods")).to_be_visible()

    page = manager.open(f"/returns?search={rma}", "Returns")
    page.get_by_role("link", name=rma).click()
    manager.wait_for_page(rma)
    # The payment of the order is refunded by itself.
    expect(page.get_by_text("Paid", exact=True)).to_be_visible()
    expect(page.get_by_text("Closed", exact=True).first).to_be_visible()

    found = scene.fabrikam.get("/returns", search=rma)["items"][0]
    assert (found["state"], found["refund_state"]) == ("closed", "completed")
    assert date.fromisoformat(found["deadline"]) > date(2026, 1, 1)
    assert manager.errors == []
