"""Take a picture of every page of the UI: `python -m scripts.page_pictures --out DIR`.

Each page of the router is visited light and dark, full and empty, at 1440, 1280 and 390 pixels. The
full pages are those of a running demo; the empty ones are the same without any rows. The pictures
are for people: look at them after a change of the design. Needs Chromium (OPENIOM_CHROMIUM names
it) and a built UI.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, Route, sync_playwright
from playwright.sync_api import Error as BrowserError

from scripts.fabrikam import EMAIL, FLAGS, PASSWORD, PROJECT, Fabrikam, chromium, running_demo
from scripts.pictures import busy_day

ROUTES = PROJECT / "ui" / "src" / "shell" / "routes.tsx"
ROUTE = re.compile(r"(?:path: '(?P<path>[^'*/][^'*]*)'|index: true)")
WIDTHS = (1440, 1280, 390)
HEIGHT = 1_200
SETTLE_MILLISECONDS = 500
MAP_MILLISECONDS = 4_000
"""How long a map takes to be drawn by software."""
Mode = Literal["light", "dark"]
MODES: tuple[Mode, ...] = ("light", "dark")
ROWS = ("items", "documents", "results", "events", "towns")
"""Names of the lists in responses."""


@dataclass(frozen=True)
class Variant:
    """How a page is looked at."""

    mode: Mode
    width: int
    is_empty: bool

    @property
    def name(self) -> str:
        return f"{self.mode}-{'empty' if self.is_empty else 'full'}-{self.width}"


def route_paths(source: str) -> list[str]:
    """Return the paths of the router in its source code; that of the first page is empty."""
    return [found["path"] or "" for found in ROUTE.finditer(source)]


def record_paths(fabrikam: Fabrikam, order: str) -> dict[str, str]:
    """Return what stands for the parameters of the routes that show one record."""

    def first(path: str, name: str = "id", **query: Any) -> str:
        return str(fabrikam.get(path, **query)["items"][0][name])

    today = datetime.now(UTC).date().isoformat()
    draft = {
        "name": "Seattle closes",
        "demand": {"kind": "past", "from": today, "to": today},
        "changes": {"closed_sources": ["SEA"]},
        "runs": 2,
    }
    simulation = fabrikam.post("/simulations", draft)["id"]
    return {
        "orders/:id": f"orders/{order}",
        "fulfillment-orders/:id": f"fulfillment-orders/{first('/fulfillment-orders')}",
        "flows/:name": "flows/fabrikam-order-flow",
        "providers/:name": "providers/fabrikam-store",
        "providers/new": "providers/new?provider=bigcommerce",
        "plans/:id": f"plans/{first('/sourcing/plans')}",
        "simulations/:id": f"simulations/{simulation}",
    }


def variants() -> Iterator[Variant]:
    for is_empty in (False, True):
        for mode in MODES:
            for width in WIDTHS:
                yield Variant(mode, width, is_empty)


def without_rows(route: Route) -> None:
    """Answer a request as the server does, with empty lists."""
    request = route.request
    if request.method != "GET" or "/live" in request.url or "/session" in request.url:
        route.continue_()
        return

    response = route.fetch()
    if "json" not in response.headers.get("content-type", ""):
        route.fulfill(response=response)
        return

    route.fulfill(response=response, json=without_items(response.json()))


def without_items(body: Any) -> Any:
    """Return a response as it is without any rows."""
    if isinstance(body, list):
        return []
    if not isinstance(body, dict):
        return body

    emptied = {name: [] if name in ROWS else value for name, value in body.items()}
    if "next" in emptied:
        emptied["next"] = None
    if "states" in emptied:
        emptied["states"] = dict.fromkeys(emptied["states"], 0)
    return emptied


def wait_for_page(page: Page) -> None:
    page.wait_for_selector("h1")
    page.wait_for_selector("[aria-busy=true]", state="detached")
    has_map = page.locator("canvas.maplibregl-canvas").count() > 0
    page.wait_for_timeout(MAP_MILLISECONDS if has_map else SETTLE_MILLISECONDS)


def take(page: Page, url: str, file: Path) -> None:
    """Take one picture; a page that does not come to rest is count as it is."""
    page.goto(url)
    try:
        wait_for_page(page)
    except BrowserError as error:
        sys.stderr.write(f"{file.name}: {error.message.splitlines()[0]}\n")

    page.screenshot(path=file)


def visit_all(browser: Browser, fabrikam: Fabrikam, paths: Mapping[str, str], folder: Path) -> int:
    """Take the pictures of these pages, by the paths of their routes, and return how many."""
    count = 0
    for variant in variants():
        context = browser.new_context(
            viewport={"width": variant.width, "height": HEIGHT},
            color_scheme=variant.mode,
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        context.request.post(
            f"{fabrikam.url}/api/v1/session", data={"email": EMAIL, "password": PASSWORD}
        )
        if variant.is_empty:
            context.route("**/api/v1/**", without_rows)

        page = context.new_page()
        for route, path in paths.items():
            name = re.sub(r"[^a-z-]+", "_", route) or "home"
            take(page, f"{fabrikam.url}/{path}", folder / f"{name}-{variant.name}.png")
            count += 1

        context.unroute_all(behavior="ignoreErrors")
        context.close()

    return count


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts.page_pictures", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the pictures")
    parser.add_argument("--only", default="", help="only pages whose path contains this text")
    chosen = parser.parse_args(arguments)
    if chromium() is None:
        sys.stderr.write("no Chromium: install it or set OPENIOM_CHROMIUM\n")
        return 2

    chosen.out.mkdir(parents=True, exist_ok=True)
    routes = route_paths(ROUTES.read_text(encoding="utf-8"))
    with running_demo() as fabrikam, sync_playwright() as playwright:
        records = record_paths(fabrikam, busy_day(fabrikam))
        paths = {route: records.get(route, route) for route in routes if chosen.only in route}
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        count = visit_all(browser, fabrikam, paths, chosen.out)
        browser.close()

    sys.stdout.write(f"{count} pictures in {chosen.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
