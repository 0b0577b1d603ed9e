"""A running `iom demo` and a client of its store, for browser tests and pictures."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import httpx

PROJECT = Path(__file__).resolve().parents[1]
EMAIL, PASSWORD = "admin@fabrikam.example", "browser-password"
STORE = "fabrikam"
Found = TypeVar("Found")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    # Maps need WebGL; these flags let the browser render it in software.
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)


def chromium() -> str | None:
    """Return the browser to use: OPENIOM_CHROMIUM, else an installed one, else None."""
    for name in (os.environ.get("OPENIOM_CHROMIUM"), *BROWSERS):
        found = shutil.which(name) if name else None
        if found:
            return found
    return None


@dataclass(frozen=True)
class Fabrikam:
    """A running demo.

    `api` is signed in as the administrator; `store` and `warehouse` send their access tokens.
    """

    url: str
    api: httpx.Client
    store: httpx.Client
    warehouse: httpx.Client

    @cached_property
    def catalog(self) -> dict[str, int]:
        """The id of each product of the store, by SKU."""
        response = _content(
            self.store.get(f"/stores/{STORE}/v3/catalog/products", params={"limit": 250})
        )
        return {one["sku"]: one["id"] for one in response["data"]}

    def place(
        self,
        lines: Sequence[tuple[str, int]],
        *,
        town: tuple[str, str, str] = ("Portland", "Oregon", "97205"),
        country: str = "US",
        buyer: str = "Ana Souza",
    ) -> str:
        """Place an order in the store and return its number.

        `lines` are pairs of SKU and quantity; a SKU that is not in the catalog becomes a custom
        product.
        """
        city, state, postal_code = town
        first, last = buyer.split(" ", 1)
        billing = {
            "first_name": first,
            "last_name": last,
            "street_1": "410 Pine Street",
            "city": city,
            "state": state,
            "zip": postal_code,
            "country": "United States" if country == "US" else country,
            "country_iso2": country,
            "email": f"{first}.{last}@example.com".lower(),
            "phone": "503-555-0144",
        }
        products = [self._product(sku, quantity) for sku, quantity in lines]
        document = {"status_id": 11, "billing_address": billing, "products": products}
        return str(_content(self.store.post(f"/stores/{STORE}/v2/orders", json=document))["id"])

    def _product(self, sku: str, quantity: int) -> dict[str, Any]:
        if sku in self.catalog:
            return {"quantity": quantity, "product_id": self.catalog[sku]}
        custom = {"name": sku, "sku": sku, "price_ex_tax": "39.99", "price_inc_tax": "39.99"}
        return {"quantity": quantity, **custom}

    def order(self, number: str) -> dict[str, Any]:
        """Wait for the order with this number and return it."""
        return until(lambda: self._order(number), f"order {number} came in")

    def _order(self, number: str) -> dict[str, Any] | None:
        rows: list[dict[str, Any]] = self.get("/orders", search=number)["items"]
        return next((row for row in rows if row["number"] == number), None)

    def order_in_state(self, number: str, state: str) -> dict[str, Any]:
        """Wait until the order is in this state and return it."""

        def order_in_state() -> dict[str, Any] | None:
            found = self._order(number)
            return found if found and found["state"] == state else None

        return until(order_in_state, f"order {number} is {state}")

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        return _content(self.api.get(f"/api/v1{path}", params=query))

    def post(self, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
        return _content(self.api.post(f"/api/v1{path}", json=document))

    def hasten(self) -> None:
        """Let the 3PL ship every order in full within a second."""
        behavior = {
            "accept_after": 0.2,
            "pick_after": 0.2,
            "ship_after": 0.4,
            "partial_ratio": 0.0,
            "decline_ratio": 0.0,
        }
        _content(self.warehouse.put("/_sim/behavior", json=behavior))

    def poll(self) -> None:
        """Poll the store now."""
        self.post("/provider-instances/fabrikam-store/poll", {})


def until(read: Callable[[], Found | None], what: str, *, seconds: float = 30.0) -> Found:
    """Call `read` until its result is true and return that result.

    Raise `TimeoutError` after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = read()
        if found:
            return found

        time.sleep(0.1)

    raise TimeoutError(f"not within {seconds:g} s: {what}")


def _content(response: httpx.Response) -> dict[str, Any]:
    """Return the JSON object of a response. Raise `RuntimeError` for an error status."""
    if not response.is_success:
        request = response.request
        message = f"{request.method} {request.url}: {response.status_code} {response.text[:500]}"
        raise RuntimeError(message)
    content: dict[str, Any] = response.json() if response.content else {}
    return content


@contextmanager
def running_demo(*, orders: str = "--no-trickle") -> Iterator[Fabrikam]:
    """Run `iom demo` in a temporary folder, by default without any orders.

    `orders` is the option of the command that makes it otherwise, such as `--pace=1`, which also
    makes the example orders.
    """
    home = Path(tempfile.mkdtemp(prefix="openiom-fabrikam-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    command = [
        sys.executable,
        "-m",
        "openiom.app.cli",
        "demo",
        orders,
        "--home",
        str(home),
        "--port",
        str(port),
    ]
    folders = [str(PROJECT / "src"), str(PROJECT / "simulators"), os.environ.get("PYTHONPATH", "")]
    path = os.pathsep.join(filter(None, folders))
    environment = {**os.environ, "PYTHONPATH": path, "OPENIOM_DEMO_PASSWORD": PASSWORD}

    with (home / "printed").open("wb") as printed:
        demo = subprocess.Popen(
            command, cwd=home, env=environment, stdout=printed, stderr=subprocess.STDOUT
        )

    try:
        until(
            lambda: demo.poll() is not None or b"sign in" in (home / "printed").read_bytes(),
            "demo",
            seconds=240,
        )
        if demo.poll() is not None:
            raise RuntimeError((home / "printed").read_text())

        with _clients(
            f"http://127.0.0.1:{port}", json.loads((home / "demo.json").read_text())
        ) as fabrikam:
            yield fabrikam
    finally:
        demo.terminate()
        demo.wait(180)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _clients(url: str, settings: Mapping[str, Any]) -> Iterator[Fabrikam]:
    store, warehouse = (
        f"http://127.0.0.1:{settings[name]}" for name in ("store_port", "warehouse_port")
    )
    with (
        httpx.Client(base_url=url, trust_env=False, timeout=30) as api,
        httpx.Client(
            base_url=store, trust_env=False, headers={"X-Auth-Token": settings["store_token"]}
        ) as shop,
        httpx.Client(base_url=warehouse, trust_env=False) as floor,
    ):
        _content(api.post("/api/v1/session", json={"email": EMAIL, "password": PASSWORD}))
        yield Fabrikam(url, api, shop, floor)
