"""Every page of the UI in a real browser, over canned answers: it draws, nobody is locked out, its main task works."""

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

UI = Path(__file__).resolve().parents[2] / "ui"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NODE = shutil.which("node")
AXE = UI / "node_modules/axe-core/axe.min.js"
ORDER = "0198a000-0000-7000-8000-000000000001"
PAGES = [
    ("/orders", "Sales orders"),
    (f"/orders/{ORDER}", "Order 20480"),
    ("/fulfillment-orders", "Fulfillment orders"),
    ("/fulfillment-orders/0198a000-0000-7000-8000-000000005000", "FO-20480-1"),
    ("/my-work/messages", "Parked messages"),
    ("/my-work/runs", "Failed runs"),
    ("/inventory", "Inventory visibility"),
    ("/flows", "Flows"),
    ("/flows/store-order", "Store order"),
    ("/policies", "Policies"),
    ("/providers", "Installed providers"),
    ("/providers/library", "Provider library"),
    ("/mappings", "Mappings"),
    ("/sources", "Sources"),
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not (CHROMIUM and NODE and AXE.exists() and (UI / "dist/index.html").exists()),
        reason="needs Chromium, Node and a built UI (npm ci && npm run build in ui/)",
    ),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def serving(mood: str) -> Iterator[str]:
    port = free_port()
    server = subprocess.Popen(
        [str(NODE), "tests/fixture-server.mjs", str(port), mood], cwd=UI, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        assert server.stdout.readline().startswith("ready")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)
        assert server.stdout is not None
        server.stdout.close()


@pytest.fixture(scope="module")
def full() -> Iterator[str]:
    yield from serving("full")


@pytest.fixture(scope="module")
def empty() -> Iterator[str]:
    yield from serving("empty")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    flags = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*flags, "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
        )
        yield chromium
        chromium.close()


@pytest.fixture(params=["light", "dark"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def open_page(browser: Any, *, mode: str = "light", width: int = 1280) -> tuple[Page, list[str]]:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=mode, reduced_motion="reduce")
    page: Page = context.new_page()
    page.set_default_timeout(10_000)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, complaints


def barriers(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA on what is shown."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})")
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found["violations"]]


def settle(page: Page, title: str) -> None:
    expect(page.get_by_role("heading", level=1, name=title, exact=True)).to_be_visible()
    page.wait_for_function("document.querySelector('[aria-busy=true]') === null")
    page.wait_for_timeout(250)


def test_every_page_draws_without_complaint_and_without_barriers(browser: Any, full: str, mode: str) -> None:
    page, complaints = open_page(browser, mode=mode)
    found = {}
    for path, title in PAGES:
        page.goto(full + path)
        settle(page, title)
        assert page.locator("html").get_attribute("data-mode") == mode
        found[path] = barriers(page)
    page.context.close()
    assert complaints == []
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_empty_pages_say_what_belongs_there(browser: Any, empty: str) -> None:
    page, complaints = open_page(browser)
    lists = [(path, title) for path, title in PAGES if "/0198" not in path and path != "/flows/store-order"]
    for path, title in lists:
        page.goto(empty + path)
        settle(page, title)
        expect(page.locator(".empty h2").first).to_be_visible()
        assert barriers(page) == []
    page.context.close()
    assert complaints == []


def test_no_page_scrolls_sideways_on_a_phone(browser: Any, full: str) -> None:
    page, _ = open_page(browser, width=390)
    wide = []
    for path, title in PAGES:
        page.goto(full + path)
        settle(page, title)
        if page.evaluate("document.querySelector('main').scrollWidth > document.querySelector('main').clientWidth"):
            wide.append(path)
    page.context.close()
    assert wide == []


def test_a_new_order_waits_behind_a_chip_and_moves_nothing(browser: Any, full: str) -> None:
    page, _ = open_page(browser)
    page.goto(full + "/orders")
    settle(page, "Sales orders")
    expect(page.get_by_role("status")).to_contain_text("Live")
    first = page.locator("tbody tr a").first
    before = first.inner_text()
    page.request.post(full + "/api/v1/fixture/new-order")
    chip = page.get_by_role("button", name="1 new order — show")
    chip.wait_for()
    assert first.inner_text() == before
    chip.click()
    expect(first).not_to_have_text(before)
    page.context.close()


def test_a_missing_mapping_is_mapped_with_one_click(browser: Any, full: str) -> None:
    page, _ = open_page(browser)
    page.goto(full + "/my-work/messages")
    settle(page, "Parked messages")
    with page.expect_request(lambda asked: asked.method == "PUT") as sent:
        page.get_by_role("button", name="Map and replay").first.click()
    assert sent.value.post_data_json["mappings"][0]["internal"] == "ea"
    expect(page.get_by_text("6 messages replayed")).to_be_visible()
    page.context.close()


def test_a_step_of_the_flow_opens_to_the_orders_that_stand_there_by_keyboard(browser: Any, full: str) -> None:
    page, _ = open_page(browser)
    page.goto(full + "/flows/store-order")
    settle(page, "Store order")
    step = page.get_by_role("button", name=re.compile("^Send to 3PL"))
    step.focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="Send to 3PL")
    expect(drawer.get_by_text("send_to_fulfillment")).to_be_visible()
    expect(drawer.get_by_role("link", name="Order 20478")).to_be_visible()
    page.context.close()


def test_the_map_draws_land_and_asks_nothing_from_outside(browser: Any, full: str) -> None:
    page, complaints = open_page(browser)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(full + "/sources")
    settle(page, "Sources")
    expect(page.locator(".map-pin")).to_have_count(5)
    page.context.close()
    assert [url for url in asked if not url.startswith((full, "blob:", "data:"))] == []
    assert complaints == []
