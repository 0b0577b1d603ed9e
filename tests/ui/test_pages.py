"""Every page of the UI in a real browser over recorded responses.

Covers rendering, accessibility, narrow screens and the main task of a page.
"""

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
CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
NODE = shutil.which("node")
AXE = UI / "node_modules/axe-core/axe.min.js"
ORDER = "0198a000-0000-7000-8000-000000000001"
PAGES = [
    ("/", "Home"),
    ("/orders", "Sales orders"),
    (f"/orders/{ORDER}", "Order 20480"),
    ("/fulfillment-orders", "Fulfillment orders"),
    ("/fulfillment-orders/0198a000-0000-7000-8000-000000005000", "FO-20480-1"),
    ("/my-work/messages", "Parked messages"),
    ("/my-work/runs", "Failed runs"),
    ("/inventory", "Inventory visibility"),
    ("/inventory/reservations", "Reservations"),
    ("/inventory/allocations", "Allocations"),
    ("/inventory/supply", "Supply orders"),
    ("/inventory/feeds", "Inventory feed"),
    ("/inventory/health", "Stock health"),
    ("/flows", "Flows"),
    ("/flows/store-order", "Store order"),
    ("/policies", "Policies"),
    ("/providers", "Installed providers"),
    ("/providers/library", "Provider library"),
    ("/mappings", "Mappings"),
    ("/sources", "Sources"),
    ("/orders/new", "New order"),
    ("/providers/fabrikam-store", "Fabrikam store"),
    ("/providers/new?provider=bigcommerce", "Install BigCommerce"),
    ("/settings/users", "Users"),
    ("/settings/roles", "Roles"),
    ("/settings/api-tokens", "API tokens"),
]
MODAL, DRAWER, POPOVER = ".ant-modal", ".ant-drawer-open", ".ant-popover"
LAYERS = [
    ("/orders", "Sales orders", ["Filter"], POPOVER),
    ("/orders", "Sales orders", ["Choose columns"], POPOVER),
    ("/orders?state=on_hold", "Sales orders", ["Save view"], POPOVER),
    ("/orders", "Sales orders", ["Select all", "Hold"], MODAL),
    ("/orders", "Sales orders", ["Select all", "Hold", "^Hold [0-9]+ orders$"], MODAL),
    ("/orders", "Sales orders", ["Select all", "^Select all matching", "^Hold$"], MODAL),
    (f"/orders/{ORDER}", "Order 20480", ["^Recall and cancel$"], MODAL),
    ("/my-work/messages", "Parked messages", ["^Choose product for"], MODAL),
    ("/my-work/messages", "Parked messages", ["^Order [0-9]+$"], DRAWER),
    ("/flows", "Flows", ["^Pause "], MODAL),
    ("/providers/library", "Provider library", ["BigCommerce"], DRAWER),
    ("/mappings", "Mappings", ["Add mapping"], MODAL),
    ("/mappings", "Mappings", ["^Delete mapping of"], MODAL),
    ("/fulfillment-orders", "Fulfillment orders", ["Select all", "^Recall$"], MODAL),
    ("/my-work/runs", "Failed runs", ["Select all", "^Skip step$"], MODAL),
    ("/inventory", "Inventory visibility", [", open$"], DRAWER),
    ("/inventory/allocations", "Allocations", ["^Allocate$"], MODAL),
    ("/inventory/supply", "Supply orders", ["Add supply order"], MODAL),
    ("/settings/users", "Users", ["New user"], DRAWER),
    ("/settings/users", "Users", ["^Set a new password"], MODAL),
    ("/settings/roles", "Roles", ["New role"], DRAWER),
    ("/settings/api-tokens", "API tokens", ["New token"], MODAL),
    ("/settings/api-tokens", "API tokens", ["^Revoke "], MODAL),
]
"""Dialogs, drawers and menus: the page, what is pressed there one after the other, and where."""
NEVER_EMPTY = {
    "/flows/store-order",
    "/orders/new",
    "/providers/fabrikam-store",
    "/providers/new?provider=bigcommerce",
    "/settings/roles",
}
"""Pages of one record, forms, and the roles, of which some are built in."""

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


def serve_fixtures(mood: str) -> Iterator[str]:
    port = free_port()
    server = subprocess.Popen(
        [str(NODE), "tests/fixture-server.mjs", str(port), mood],
        cwd=UI,
        stdout=subprocess.PIPE,
        text=True,
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
    yield from serve_fixtures("full")


@pytest.fixture(scope="module")
def empty() -> Iterator[str]:
    yield from serve_fixtures("empty")


@pytest.fixture(scope="module")
def signed_out() -> Iterator[str]:
    yield from serve_fixtures("signed-out")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    flags = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[*flags, "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
        )
        yield chromium
        chromium.close()


@pytest.fixture(params=["light", "dark"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def open_page(browser: Any, *, mode: str = "light", width: int = 1280) -> tuple[Page, list[str]]:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=mode, reduced_motion="reduce"
    )
    page: Page = context.new_page()
    page.set_default_timeout(10_000)
    errors: list[str] = []
    page.on("console", lambda entry: errors.append(entry.text) if entry.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return page, errors


AXE_RUN = """
part => axe.run(part ? {include: [part]} : document,
  {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})
"""


def accessibility_violations(page: Page, part: str = "") -> list[str]:
    """Return the violations of WCAG 2.2 A and AA that axe finds on the page, or on a part of it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())

    found = page.evaluate(AXE_RUN, part)
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found["violations"]]


def wait_for_page(page: Page, title: str) -> None:
    expect(page.get_by_role("heading", level=1, name=title, exact=True)).to_be_visible()
    page.wait_for_function("document.querySelector('[aria-busy=true]') === null")
    page.wait_for_timeout(250)


def test_every_page_logs_no_errors_and_is_accessible(browser: Any, full: str, mode: str) -> None:
    page, errors = open_page(browser, mode=mode)
    found = {}
    for path, title in PAGES:
        page.goto(full + path)
        wait_for_page(page, title)
        assert page.locator("html").get_attribute("data-mode") == mode
        found[path] = accessibility_violations(page)

    page.context.close()
    assert errors == []
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_every_dialog_drawer_and_menu_is_accessible(browser: Any, full: str, mode: str) -> None:
    page, errors = open_page(browser, mode=mode)
    found = {}
    for path, title, pressed, layer in LAYERS:
        page.goto(full + path)
        wait_for_page(page, title)
        for name in pressed:
            control = page.get_by_role("button", name=re.compile(name))
            box = page.get_by_role("checkbox", name=re.compile(f"^{name}$"))
            (box.or_(control) if name == "Select all" else control).first.click()

        expect(page.locator(layer).last).to_be_visible()
        page.wait_for_timeout(150)
        found[path, *pressed] = accessibility_violations(page, layer)

    for key, name in (("Control+k", "palette"), ("?", "shortcuts")):
        page.goto(full + "/sources")
        wait_for_page(page, "Sources")
        page.keyboard.press(key)
        expect(page.locator(MODAL).last).to_be_visible()
        found["/sources", name] = accessibility_violations(page, MODAL)

    page.context.close()
    assert errors == []
    assert {layer: wrong for layer, wrong in found.items() if wrong} == {}


def test_signing_in_is_accessible(browser: Any, full: str, signed_out: str, mode: str) -> None:
    page, _ = open_page(browser, mode=mode)
    page.goto(signed_out)
    wait_for_page(page, "Sign in")
    assert accessibility_violations(page) == []

    page.route("**/api/v1/policies", lambda route: route.fulfill(status=401, json={"status": 401}))
    page.goto(f"{full}/policies")
    dialog = page.get_by_role("dialog", name="Your session has expired")
    expect(dialog).to_be_visible()
    page.wait_for_timeout(150)
    assert accessibility_violations(page, MODAL) == []

    dialog.get_by_label("Password").fill("wrong")
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    assert accessibility_violations(page, MODAL) == []
    page.context.close()


def test_empty_pages_explain_what_appears_there(browser: Any, empty: str) -> None:
    page, errors = open_page(browser)
    lists = [
        (path, title) for path, title in PAGES if "/0198" not in path and path not in NEVER_EMPTY
    ]

    for path, title in lists:
        page.goto(empty + path)
        wait_for_page(page, title)
        expect(page.locator(".empty h2").first).to_be_visible()
        assert accessibility_violations(page) == []

    page.context.close()
    assert errors == []


def test_no_page_scrolls_sideways_on_a_phone(browser: Any, full: str) -> None:
    page, _ = open_page(browser, width=390)
    wide = []
    for path, title in PAGES:
        page.goto(full + path)
        wait_for_page(page, title)
        if page.locator("main").evaluate("main => main.scrollWidth > main.clientWidth"):
            wide.append(path)

    page.context.close()
    assert wide == []


def test_a_new_order_is_offered_without_moving_the_displayed_ones(browser: Any, full: str) -> None:
    page, _ = open_page(browser)
    page.goto(full + "/orders")
    wait_for_page(page, "Sales orders")
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


def test_a_missing_mapping_is_compared_before_it_is_saved(browser: Any, full: str) -> None:
    page, _ = open_page(browser)
    page.goto(full + "/my-work/messages")
    wait_for_page(page, "Parked messages")
    expect(page.get_by_role("button", name="Map and replay")).to_have_count(0)
    page.get_by_role("button", name=re.compile("^Choose ")).first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.context.close()


def test_a_step_of_the_flow_opens_its_runs_by_keyboard(browser: Any, full: str) -> None:
    page, _ = open_page(browser)
    page.goto(full + "/flows/store-order")
    wait_for_page(page, "Store order")
    step = page.get_by_role("button", name=re.compile("^Send to 3PL"))
    step.focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="Send to 3PL")
    expect(drawer.get_by_text("Send to fulfillment")).to_be_visible()
    expect(drawer.get_by_role("link", name="Order 20478")).to_be_visible()
    page.context.close()


def test_the_map_is_drawn_without_external_requests(browser: Any, full: str) -> None:
    page, errors = open_page(browser)
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(full + "/sources")
    wait_for_page(page, "Sources")
    expect(page.locator(".map-pin")).to_have_count(5)
    page.context.close()
    assert [url for url in requested if not url.startswith((full, "blob:", "data:"))] == []
    assert errors == []
