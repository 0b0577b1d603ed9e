"""Many tabs of one browser share one event stream, and stay live and fast."""

import re
from statistics import median

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect

from .conftest import Scene, Visitor

pytestmark = pytest.mark.browser

TABS = 20
ROUTE_CHANGE_MS = 300
LOOP_MS = 110
"""Milliseconds of `LOOP` on the idle machine for which `ROUTE_CHANGE_MS` is the limit."""

LOOP = """
() => {
  const started = performance.now();
  let sum = 0;
  for (let i = 0; i < 20_000_000; i++) sum = (sum * 31 + i) % 1_000_003;
  return sum < 0 ? 0 : performance.now() - started;
}
"""
"""Return the milliseconds of a fixed computation: the floor, which grows with the load."""
ROUTE_CHANGE = """
([link, title]) => new Promise((resolve) => {
  const started = performance.now();
  const check = () => {
    const heading = document.querySelector('h1');
    if (heading?.textContent !== title || document.querySelector('[aria-busy=true]')) return;
    observer.disconnect();
    requestAnimationFrame(() => resolve(performance.now() - started));
  };
  const observer = new MutationObserver(check);
  observer.observe(document.body, { childList: true, subtree: true, attributes: true });
  document.querySelector(`.nav a[href="${link}"]`).click();
})
"""
"""Follow a link of the navigation, and return the milliseconds until the page is complete."""


def open_tabs(context: BrowserContext, url: str, count: int) -> list[Page]:
    """Open the list of orders in new tabs."""
    pages = [context.new_page() for _ in range(count)]
    for page in pages:
        page.goto(url + "/orders")

    return pages


def expect_live(pages: list[Page]) -> None:
    for page in pages:
        expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()


def expect_new_orders(page: Page) -> None:
    """Expect the list to offer rows that came in since it was loaded."""
    shown = page.get_by_role("button", name=re.compile("new orders? — show"))
    expect(shown).to_be_visible(timeout=30_000)


def test_twenty_tabs_are_live_over_one_stream_and_change_routes_quickly(
    manager: Visitor, scene: Scene
) -> None:
    streams: list[Request] = []
    context = manager.page.context
    context.on(
        "request",
        lambda request: streams.append(request) if request.url.endswith("/live") else None,
    )
    manager.open("/orders", "Sales orders")
    pages = [manager.page, *open_tabs(context, manager.url, TABS - 1)]
    expect_live(pages)
    assert len(streams) == 1

    number = scene.fabrikam.place([("LAMP-OAK-01", 1)], buyer="Twenty Tabs")
    scene.fabrikam.poll()
    for page in pages:
        expect_new_orders(page)

    scene.fabrikam.order_in_state(number, "completed")
    milliseconds: list[float] = []
    loops: list[float] = []
    there_and_back = (("/waiting-lines", "Waiting lines"), ("/orders", "Sales orders"))
    for page in pages[:: TABS // 4]:
        page.bring_to_front()  # A tab in the background draws one frame a second.
        for link, title in there_and_back:  # The first visit of a page loads its code.
            page.evaluate(ROUTE_CHANGE, [link, title])
        for link, title in there_and_back * 2:
            loops.append(page.evaluate(LOOP))
            milliseconds.append(page.evaluate(ROUTE_CHANGE, [link, title]))

    load = max(1.0, median(loops) / LOOP_MS)
    assert median(milliseconds) < ROUTE_CHANGE_MS * load, (milliseconds, loops)


def test_the_other_tabs_stay_live_when_the_tab_with_the_stream_is_closed(
    manager: Visitor, scene: Scene
) -> None:
    context = manager.page.context
    manager.open("/orders", "Sales orders")
    others = open_tabs(context, manager.url, 2)
    expect_live([manager.page, *others])

    with context.expect_event(
        "request", predicate=lambda request: request.url.endswith("/live")
    ) as successor:
        manager.page.close()

    assert successor.value.frame.page in others
    expect_live(others)
    scene.fabrikam.place([("LAMP-OAK-01", 1)], buyer="Heir Apparent")
    scene.fabrikam.poll()
    for page in others:
        expect_new_orders(page)


def test_a_page_that_is_left_and_returned_to_is_live_and_current(manager: Visitor) -> None:
    page = manager.open("/orders", "Sales orders")
    expect_live([page])
    page.goto("about:blank")
    page.go_back()
    manager.wait_for_page("Sales orders")
    expect_live([page])
