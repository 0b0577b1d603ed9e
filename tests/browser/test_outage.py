"""An outage of the 3PL is visible on every page until it is over."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from .conftest import Scene, Visitor

pytestmark = pytest.mark.browser

INSTANCE = "fabrikam-3pl"


@pytest.fixture
def outage(scene: Scene) -> Iterator[None]:
    """Let every request to the 3PL fail."""
    scene.fabrikam.warehouse.post("/_sim/faults", json={"kind": "server_error"})
    scene.fabrikam.post(f"/provider-instances/{INSTANCE}/probe", {})
    yield
    end_outage(scene)


def end_outage(scene: Scene) -> None:
    scene.fabrikam.warehouse.delete("/_sim/faults")
    scene.fabrikam.post(f"/provider-instances/{INSTANCE}/probe", {})


def test_an_outage_names_the_provider_and_the_orders_that_wait_until_it_is_over(
    manager: Visitor, scene: Scene, outage: None
) -> None:
    number = scene.fabrikam.place([("LAMP-OAK-01", 1)], buyer="Wanda Waits")
    scene.fabrikam.poll()
    page = manager.open("/flows", "Flows")
    banner = page.get_by_role("alert", name="Providers that are down")
    expect(banner).to_contain_text(re.compile(r"Fabrikam 3PL is down since \d+:\d\d"))
    expect(banner).to_contain_text("1 order waits", timeout=30_000)
    providers = page.get_by_role("button", name="Providers 1")
    expect(providers).to_be_visible()
    expect(page.get_by_role("link", name=re.compile(r"^Sales orders \d+$"))).to_be_visible()

    banner.get_by_role("link", name="View waiting orders").click()
    manager.wait_for_page("Sales orders")
    row = page.get_by_role("row").filter(has_text="Wanda Waits")
    expect(row).to_contain_text("Blocked: Fabrikam 3PL is down since")
    expect(page.locator("tbody .ant-table-row")).to_have_count(1)
    row.get_by_role("link", name=number, exact=True).click()
    manager.wait_for_page(f"Order {number}")
    notice = page.get_by_text("Blocked: Fabrikam 3PL is down since")
    expect(notice).to_be_visible()

    end_outage(scene)
    expect(banner).to_have_count(0, timeout=30_000)
    expect(notice).to_have_count(0)
    expect(providers).to_have_count(0)
    scene.fabrikam.order_in_state(number, "completed")
