"""Parked orders are found where people look for them, and rows that were acted on leave at once."""

import re

import pytest
from playwright.sync_api import expect
from scripts.fabrikam import until

from .conftest import Scene, Visitor

pytestmark = pytest.mark.browser


def test_a_parked_order_is_found_by_customer_and_email_and_leaves_once_it_is_discarded(
    manager: Visitor, scene: Scene
) -> None:
    number = scene.orders["parked"]
    until(lambda: scene.fabrikam.get("/messages", state="parked")["items"], "a parked message")
    page = manager.open("/orders?search=lindt", "Sales orders")
    matches = page.get_by_role("region", name="Parked messages that match")
    matches.get_by_role("link", name=f"Order {number} is parked").click()
    manager.wait_for_page("Parked messages")
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text("HALL-MIRROR")

    page.goto(manager.url + "/sources")
    manager.wait_for_page("Sources")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name=re.compile("Find a record")).fill("rosa.lindt@")
    expect(page.get_by_role("option").first).to_contain_text(f"Order {number}")
    page.keyboard.press("Enter")
    manager.wait_for_page("Parked messages")
    drawer.get_by_role("button", name="Discard").click()
    confirm = page.get_by_role("button", name="Discard 1 message")
    confirm.click()
    page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
    expect(page.locator("tbody .ant-table-row")).to_have_count(0)
    expect(page.get_by_role("link", name=re.compile("^Parked messages, "))).to_have_count(0)


def test_the_navigation_is_used_on_a_phone(manager: Visitor) -> None:
    page = manager.page
    page.set_viewport_size({"width": 390, "height": 844})
    manager.open("/orders", "Sales orders")
    page.get_by_role("button", name="Open navigation").click()
    navigation = page.get_by_role("dialog").get_by_role("navigation", name="Areas")
    expect(navigation.get_by_role("link", name="Sales orders")).to_be_in_viewport()
    navigation.get_by_role("button", name="Logistics").click()
    navigation.get_by_role("link", name="Carriers").click()
    manager.wait_for_page("Carriers")
    expect(navigation).to_have_count(0)
    expect(page.get_by_role("navigation", name="Breadcrumb")).to_have_text("Logistics")
    page.reload()
    manager.wait_for_page("Carriers")
    page.get_by_role("button", name="Open navigation").click()
    expect(navigation.get_by_role("link", name="Carriers")).to_be_in_viewport()
