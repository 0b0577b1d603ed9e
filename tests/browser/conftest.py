"""One demo for all browser tests: database, web, workers, store, 3PL, and Chromium."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from scripts.fabrikam import EMAIL, FLAGS, PASSWORD, PROJECT, Fabrikam, chromium, running_demo

PATIENCE_MS = 30_000
"""Longest wait for a page: on a loaded machine it needs many times as long as on an idle one."""

expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Scene:
    """The running demo and the numbers of its orders, by what the tests use them for."""

    fabrikam: Fabrikam
    orders: dict[str, str] = field(default_factory=dict)


@dataclass
class Visitor:
    """A browser tab and the errors of its console."""

    page: Page
    url: str
    errors: list[str]

    def open(self, path: str, title: str) -> Page:
        """Open a page and wait until it is complete."""
        self.page.goto(self.url + path)
        self.wait_for_page(title)
        return self.page

    def wait_for_page(self, title: str) -> None:
        """Wait until the page has this heading and nothing is loading."""
        expect(self.page.get_by_role("heading", level=1, name=title, exact=True)).to_be_visible()
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0)

    def sign_in(self) -> None:
        self.page.goto(self.url)
        self.page.get_by_label("Email").fill(EMAIL)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.wait_for_page("Home")


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    if chromium() is None:
        pytest.skip("no Chromium: install one or set OPENIOM_CHROMIUM")

    if not (PROJECT / "ui" / "dist" / "index.html").exists():
        pytest.skip("the user interface is not built: npm ci && npm run build in ui/")

    with running_demo() as fabrikam:
        fabrikam.hasten()
        chair, lamp, table = "CHAIR-OAK-01", "LAMP-OAK-01", "TABL-OAK-01"
        orders = {
            "shipped": fabrikam.place([(lamp, 2), (table, 1)], buyer="Ana Souza"),
            "also shipped": fabrikam.place([(lamp, 1)], buyer="Jim Glynn"),
            "parked": fabrikam.place([("HALL-MIRROR", 1)], buyer="Rosa Lindt"),
            "out of stock": fabrikam.place([(chair, 9000)], buyer="Omar Haddad"),
            "to hold": fabrikam.place([(chair, 8000)], buyer="Hanna Berg"),
            "also to hold": fabrikam.place([(chair, 8000)], buyer="Hanna Berg"),
        }
        fabrikam.poll()

        for name in ("shipped", "also shipped"):
            fabrikam.order_in_state(orders[name], "completed")

        yield Scene(fabrikam, orders)


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def signed_in(chrome: Browser, scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cookies of a user who signed in through the page."""
    cookies = tmp_path_factory.mktemp("browser") / "cookies.json"
    context = chrome.new_context()
    Visitor(context.new_page(), scene.fabrikam.url, []).sign_in()
    context.storage_state(path=cookies)
    context.close()
    return cookies


def visitor(chrome: Browser, url: str, cookies: Path | None) -> Iterator[Visitor]:
    context = chrome.new_context(
        viewport={"width": 1440, "height": 900}, reduced_motion="reduce", storage_state=cookies
    )
    page, errors = context.new_page(), list[str]()
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", lambda entry: errors.append(entry.text) if entry.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield Visitor(page, url, errors)
    context.close()
    assert errors == []


@pytest.fixture
def stranger(chrome: Browser, scene: Scene) -> Iterator[Visitor]:
    yield from visitor(chrome, scene.fabrikam.url, None)


@pytest.fixture
def manager(chrome: Browser, scene: Scene, signed_in: Path) -> Iterator[Visitor]:
    yield from visitor(chrome, scene.fabrikam.url, signed_in)
