"""The story of Fabrikam begins as a shopper: an order of the storefront arrives, fails, ships."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from scripts.fabrikam import PROJECT, until

from .conftest import Scene, Visitor

pytestmark = pytest.mark.browser

AXE = PROJECT / "ui/node_modules/axe-core/axe.min.js"
SHOPPER = {
    "First name": "Ana",
    "Last name": "Souza",
    "E-mail": "ana.souza@example.com",
    "Street and number": "22 Pine Street",
    "City": "Toronto",
    "Postal code": "M5V 2T6",
}


@pytest.fixture
def shop(manager: Visitor) -> Iterator[Page]:
    """The storefront, as the tour opens it in a tab of its own."""
    page = manager.open("/", "Home")
    if not page.get_by_role("complementary", name="Demo").is_visible():
        page.get_by_role("button", name="Demo").click()

    with page.expect_popup() as opened:
        page.get_by_role("link", name=re.compile("^Place an order in the store")).click()

    yield opened.value
    opened.value.close()


def check_accessibility(page: Page) -> None:
    """Fail for anything that axe finds."""
    violations = page.evaluate(AXE.read_text() + "; axe.run()")["violations"]
    assert [one["id"] for one in violations] == []


def place_order(shop: Page) -> str:
    """Order the first lamp to Canada, where Fabrikam does not ship; return the order's number."""
    shop.get_by_label("Search products").fill("LAMP-OAK-01")
    shop.get_by_role("button", name="Search").click()
    check_accessibility(shop)
    shop.locator(".products a").first.click()
    shop.get_by_role("button", name="Add to cart").click()
    shop.get_by_role("link", name="Check out").click()
    for label, text in SHOPPER.items():
        shop.get_by_label(label).fill(text)

    shop.get_by_label("Country").select_option(label="Canada")
    check_accessibility(shop)
    shop.get_by_role("button", name="Place order").click()
    expect(shop.get_by_role("status")).to_contain_text("Awaiting Fulfillment")
    heading = shop.get_by_role("heading", level=1).inner_text()
    return heading.removeprefix("Order ")


def test_an_order_of_the_storefront_is_corrected_and_ships(
    scene: Scene, manager: Visitor, shop: Page
) -> None:
    number = place_order(shop)
    scene.fabrikam.poll()
    page = manager.page
    page.goto(f"{manager.url}/orders?search={number}")
    page.get_by_role("link", name=number, exact=True).first.click()
    manager.wait_for_page(f"Order {number}")
    verdict = page.get_by_role("status", name="Verdict")
    expect(verdict.get_by_role("button", name="Reprocess")).to_be_visible()
    expect(page.get_by_text("Fabrikam does not ship to CA").first).to_be_visible()

    page.get_by_role("button", name="Edit order").click()
    manager.wait_for_page(f"Edit order {number}")
    page.get_by_text("Ship to", exact=True).click()
    for label, text in (("City", "Seattle"), ("Postal code", "98101"), ("Country", "US")):
        page.get_by_label(label, exact=True).first.fill(text)

    page.get_by_label("Reason", exact=True).fill("The shopper moved")
    page.get_by_role("button", name="Apply change").click()
    manager.wait_for_page(f"Order {number}")
    verdict.get_by_role("button", name="Reprocess").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Reprocess")).click()

    scene.fabrikam.order_in_state(number, "completed")
    shop.get_by_role("link", name="Refresh").click()
    expect(shop.get_by_role("status")).to_contain_text("Shipped")
    until(
        lambda: {"correct_order"} <= set(scene.fabrikam.get("/demo")["done"]),
        "the tour knows that the order was corrected",
        seconds=20,
    )


@pytest.fixture
def customer(chrome: Browser) -> Iterator[Page]:
    """The telephone of a customer, who has no account."""
    context = chrome.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def test_a_customer_corrects_the_address_and_cancels_units(
    scene: Scene, manager: Visitor, customer: Page
) -> None:
    number = scene.orders["out of stock"]
    order = scene.fabrikam.order(number)
    page = manager.open(f"/orders/{order['id']}", f"Order {number}")
    page.get_by_role("button", name="Create link").click()
    link = page.get_by_role("link", name="Open the customer page").get_attribute("href")
    assert link is not None
    assert link.startswith(f"{scene.fabrikam.url}/track/")

    customer.goto(link)
    expect(customer.get_by_role("heading", level=1)).to_have_text("We are preparing your order")
    expect(customer.get_by_text("United States")).to_be_visible()
    check_accessibility(customer)
    customer.get_by_role("button", name="Change address").click()
    customer.get_by_label("Town").fill("Tacoma")
    customer.get_by_role("button", name="Continue").click()
    expect(customer.get_by_text("The price does not change.")).to_be_visible()
    customer.get_by_role("button", name="Confirm").click()
    expect(customer.get_by_text("Your order was changed.")).to_be_visible()

    customer.get_by_role("button", name="Cancel items").click()
    customer.get_by_role("spinbutton").fill("1000")
    customer.get_by_role("button", name="Continue").click()
    expect(customer.get_by_text(re.compile(r"^You get \$[\d,.]+ back\.$"))).to_be_visible()
    check_accessibility(customer)
    customer.get_by_role("button", name="Confirm").click()
    expect(customer.get_by_text("8,000 units")).to_be_visible()

    changed = scene.fabrikam.get(f"/orders/{order['id']}")
    assert changed["ship_to"]["city"] == "Tacoma"
    [line] = changed["lines"]
    assert line["quantity"] == 8000
    page.get_by_role("button", name="Revoke links").click()
    page.get_by_role("tooltip").get_by_role("button", name="Revoke links").click()
    expect(page.get_by_text("All links of this order are revoked.")).to_be_visible()
    customer.reload()
    expect(customer.get_by_role("heading", level=1)).not_to_have_text("We are preparing your order")
