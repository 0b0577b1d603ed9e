"""`iom demo` as its users meet it, and a hand at the store's counter: for browser tests and pictures."""

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
FLAGS = (
    *(
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
    ),
    *(
        "--use-angle=swiftshader",
        "--enable-unsafe-swiftshader",
    ),  # maps need WebGL, which software draws as well
)


def chromium() -> str | None:
    """The browser to drive: OPENIOM_CHROMIUM, else what is installed, else None."""
    found = os.environ.get("OPENIOM_CHROMIUM")
    return found or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )


@dataclass(frozen=True)
class Fabrikam:
    """A running demo. `api` is signed in as its administrator; `store` and `warehouse` carry their tokens."""

    url: str
    api: httpx.Client
    store: httpx.Client
    warehouse: httpx.Client

    @cached_property
    def catalog(self) -> dict[str, int]:
        """The store's products: SKU to id."""
        answer = _told(
            self.store.get(f"/stores/{STORE}/v3/catalog/products", params={"limit": 250})
        )
        return {one["sku"]: one["id"] for one in answer["data"]}

    def place(
        self,
        lines: Sequence[tuple[str, int]],
        *,
        town: tuple[str, str, str] = ("Portland", "Oregon", "97205"),
        country: str = "US",
        buyer: str = "Ana Souza",
    ) -> str:
        """Order so many of each SKU in the store, as a shopper does; one the catalog lacks is a custom product.

        Returns the order's number.
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
        unknown = {"price_ex_tax": "39.99", "price_inc_tax": "39.99"}
        products = [
            {"quantity": quantity}
            | (
                {"product_id": self.catalog[sku]}
                if sku in self.catalog
                else {"name": sku, "sku": sku, **unknown}
            )
            for sku, quantity in lines
        ]
        document = {"status_id": 11, "billing_address": billing, "products": products}
        return str(_told(self.store.post(f"/stores/{STORE}/v2/orders", json=document))["id"])

    def order(self, number: str) -> dict[str, Any]:
        """The order of this number, once it is there."""
        return until(lambda: self._order(number), f"order {number} came in")

    def _order(self, number: str) -> dict[str, Any] | None:
        found = [
            row for row in self.get("/orders", search=number)["items"] if row["number"] == number
        ]
        return found[0] if found else None

    def order_in_state(self, number: str, state: str) -> dict[str, Any]:
        """The order, once it has come so far."""

        def there() -> dict[str, Any] | None:
            found = self._order(number)
            return found if found and found["state"] == state else None

        return until(there, f"order {number} is {state}")

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        return _told(self.api.get(f"/api/v1{path}", params=query))

    def post(self, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
        return _told(self.api.post(f"/api/v1{path}", json=document))

    def hasten(self) -> None:
        """A 3PL that ships everything whole within a second."""
        behavior = {
            "accept_after": 0.2,
            "pick_after": 0.2,
            "ship_after": 0.4,
            "partial_ratio": 0.0,
            "decline_ratio": 0.0,
        }
        _told(self.warehouse.put("/_sim/behavior", json=behavior))

    def poll(self) -> None:
        """Have the store asked for news now."""
        self.post("/provider-instances/fabrikam-store/poll", {})


def until(ask: Callable[[], Found | None], what: str, *, seconds: float = 30.0) -> Found:
    """What `ask` answers once it answers something. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = ask()
        if found:
            return found
        time.sleep(0.1)
    raise TimeoutError(f"not within {seconds:g} s: {what}")


def _told(answer: httpx.Response) -> dict[str, Any]:
    if not answer.is_success:
        raise RuntimeError(
            f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:500]}"
        )
    found: dict[str, Any] = answer.json() if answer.content else {}
    return found


@contextmanager
def running_demo() -> Iterator[Fabrikam]:
    """`iom demo` without its trickle, in a home that is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="openiom-fabrikam-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "openiom.app.cli",
        "demo",
        "--no-trickle",
        "--home",
        str(home),
        "--port",
        str(port),
    ]
    path = os.pathsep.join(filter(None, (str(PROJECT / "src"), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path, "OPENIOM_DEMO_PASSWORD": PASSWORD}
    with (home / "printed").open("wb") as printed:
        demo = subprocess.Popen(
            command, cwd=home, env=environment, stdout=printed, stderr=subprocess.STDOUT
        )
    try:
        until(
            lambda: demo.poll() is not None or b"sign in" in (home / "printed").read_bytes(),
            "demo",
            seconds=120,
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
def _clients(url: str, kept: Mapping[str, Any]) -> Iterator[Fabrikam]:
    store, warehouse = (
        f"http://127.0.0.1:{kept[name]}" for name in ("store_port", "warehouse_port")
    )
    with (
        httpx.Client(base_url=url, trust_env=False, timeout=30) as api,
        httpx.Client(
            base_url=store, trust_env=False, headers={"X-Auth-Token": kept["store_token"]}
        ) as shop,
        httpx.Client(base_url=warehouse, trust_env=False) as floor,
    ):
        _told(api.post("/api/v1/session", json={"email": EMAIL, "password": PASSWORD}))
        yield Fabrikam(url, api, shop, floor)
