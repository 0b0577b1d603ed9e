"""Take the pictures of the README from a running demo: `python -m scripts.pictures`.

Writes docs/pictures/*.png, 1440 by 900 pixels. Needs Chromium (OPENIOM_CHROMIUM names it) and a
built UI.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from scripts.fabrikam import (
    EMAIL,
    FLAGS,
    PASSWORD,
    PROJECT,
    Fabrikam,
    chromium,
    running_demo,
    until,
)

FOLDER = PROJECT / "docs" / "pictures"
SIZE: ViewportSize = {"width": 1440, "height": 900}
MAX_BYTES = 300_000
BUYERS = (
    ("Ana Souza", ("Portland", "Oregon", "97205")),
    ("Jim Glynn", ("Chicago", "Illinois", "60601")),
    ("Rosa Lindt", ("Boston", "Massachusetts", "02108")),
    ("Omar Haddad", ("Austin", "Texas", "78701")),
    ("Hanna Berg", ("Denver", "Colorado", "80202")),
    ("Mei Ramos", ("San Diego", "California", "92101")),
    ("Paul Adeyemi", ("Miami", "Florida", "33101")),
    ("Greta Novak", ("Minneapolis", "Minnesota", "55401")),
)
Ready = Callable[[Page], None]


@dataclass(frozen=True)
class Picture:
    name: str
    path: str
    ready: Ready
    mode: str = "light"


def busy_day(fabrikam: Fabrikam) -> str:
    """Create orders in all states and return the id of one shipped from two sources."""
    skus = sorted(fabrikam.catalog)
    fabrikam.hasten()
    fabrikam.warehouse.put("/_sim/behavior", json={"deliver_after": 3.0})
    scarce, plain = skus[40], skus[60:]
    items = [(scarce, "SEA", 40), (scarce, "CHI", 0)]
    items += [(scarce, source, 0) for source in ("DAL", "NYC", "ATL", "LAX")]
    items += [(skus[41], "SEA", 0), (skus[41], "CHI", 60)]
    changes = [
        {"product": sku, "source": source, "quantity": str(quantity)}
        for sku, source, quantity in items
    ]
    fabrikam.post("/inventory/changes", {"mode": "set", "reason": "count", "items": changes})

    for n in range(40):
        buyer, town = BUYERS[n % len(BUYERS)]
        fabrikam.place(
            [(plain[(n * 7 + k) % len(plain)], 1 + (n + k) % 3) for k in range(1 + n % 3)],
            buyer=buyer,
            town=town,
        )

    for n, sku in enumerate(
        ["HALL-MIRROR-XL", "HALL-MIRROR-XL", "LAMP-OAK-1", "HALL-MIRROR-XL", "TABL-OAK-O1"]
    ):
        fabrikam.place([(sku, 1), (plain[n], 2)], buyer=BUYERS[n][0], town=BUYERS[n][1])

    for n in range(3):
        fabrikam.place([(scarce, 900)], buyer=BUYERS[n + 3][0], town=BUYERS[n + 3][1])

    shown = fabrikam.place([(scarce, 2), (skus[41], 1), (plain[5], 1)], buyer="Ana Souza")
    fabrikam.poll()
    order = fabrikam.order_in_state(shown, "completed")
    until(
        lambda: fabrikam.get("/orders/counts")["states"]["completed"] >= 40,
        "the day's orders shipped",
        seconds=60,
    )
    fabrikam.warehouse.put("/_sim/behavior", json={"ship_after": 600.0})

    for n in range(9):
        buyer, town = BUYERS[-1 - n % len(BUYERS)]
        fabrikam.place([(plain[(n * 5 + 3) % len(plain)], 1 + n % 2)], buyer=buyer, town=town)

    on_hold = fabrikam.get("/runs", state="failed")["items"][0]["subject_id"]
    fabrikam.post("/orders/hold", {"ids": [on_hold], "reason": "The buyer asked to wait"})
    fabrikam.poll()
    until(
        lambda: fabrikam.get("/orders/counts")["states"]["fulfillment_in_process"] >= 9,
        "nine are being picked",
    )
    until(
        lambda: len(fabrikam.get("/messages", state="parked")["items"]) == 5,
        "five messages are parked",
    )
    found: str = order["id"]
    return found


def wait_for_page(page: Page) -> None:
    page.wait_for_selector("h1")  # before the heading, nothing is marked as loading
    page.wait_for_selector("[aria-busy=true]", state="detached")
    page.wait_for_timeout(400)


def wait_for_map(page: Page) -> None:
    page.locator("figure").first.scroll_into_view_if_needed()  # it is loaded when it is seen
    page.wait_for_selector(".map-pin")
    page.evaluate("document.querySelector('#content').scrollTo(0, 0)")
    wait_for_page(page)
    page.wait_for_timeout(5_000)  # software rendering of the map is slow


def wait_for_customers(page: Page) -> None:
    page.wait_for_selector("td:text-is('Greta Novak')")  # order numbers and customers load last
    wait_for_page(page)


def save_screenshots(browser: Browser, fabrikam: Fabrikam, pictures: list[Picture]) -> None:
    for mode in ("light", "dark"):
        context = browser.new_context(viewport=SIZE, color_scheme=mode, reduced_motion="reduce")
        context.request.post(
            f"{fabrikam.url}/api/v1/session", data={"email": EMAIL, "password": PASSWORD}
        )

        page = context.new_page()
        for picture in pictures:
            if picture.mode == mode:
                page.goto(fabrikam.url + picture.path)
                picture.ready(page)
                page.screenshot(path=FOLDER / f"{picture.name}.png")

        context.close()


def main() -> int:
    if chromium() is None:
        sys.stderr.write("no Chromium: install it or set OPENIOM_CHROMIUM\n")
        return 2

    FOLDER.mkdir(parents=True, exist_ok=True)
    with running_demo() as fabrikam, sync_playwright() as playwright:
        order = busy_day(fabrikam)
        plan = fabrikam.get("/sourcing/plans")["items"][0]["id"]
        pictures = [
            Picture("order", f"/orders/{order}", wait_for_map),
            Picture("order-dark", f"/orders/{order}", wait_for_map, "dark"),
            Picture("orders", "/orders", wait_for_page),
            Picture("flow", "/flows/fabrikam-order-flow", wait_for_page),
            Picture("parked", "/my-work/messages", wait_for_page),
            Picture("providers", "/providers", wait_for_page),
            Picture("inventory", "/inventory", wait_for_page),
            Picture("sources", "/sources", wait_for_map),
            Picture("plan", f"/plans/{plan}", wait_for_customers),
        ]
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        save_screenshots(browser, fabrikam, pictures)
        browser.close()

    return check_sizes(FOLDER)


def check_sizes(folder: Path) -> int:
    """Return 1 when a picture is too large for the README, else 0."""
    exit_code = 0
    for file in folder.glob("*.png"):
        size = file.stat().st_size
        if size > MAX_BYTES:
            sys.stderr.write(f"{file.name}: {size:,} bytes, more than {MAX_BYTES:,}\n")
            exit_code = 1
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
