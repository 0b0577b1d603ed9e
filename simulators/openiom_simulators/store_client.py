"""HTTP client of the store simulator, for the demo and the load run."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from openiom.kernel import Refused, Unavailable

from .loopback import RETRY_SECONDS, loopback_client
from .seed import CatalogItem
from .store.statuses import AWAITING_FULFILLMENT, CANCELLED

PAGE_SIZE = 250
START_SECONDS = 60.0
REQUEST_SECONDS = 120.0
SECONDS_PER_MINUTE = 60.0
UNKNOWN_BUYER = {
    "first_name": "Rosa",
    "last_name": "Lindt",
    "street_1": "12 Beacon Street",
    "city": "Boston",
    "state": "Massachusetts",
    "zip": "02108",
    "country": "United States",
    "country_iso2": "US",
    "email": "rosa.lindt@example.com",
    "phone": "617-555-0148",
}
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast orders arrive at a store, and how many have since it started."""

    orders_per_minute: float
    placed: int


@dataclass(frozen=True, slots=True)
class Storefront:
    """The pages of a store, and the number of the newest order that was placed on them."""

    url: str
    newest_order: int | None


@dataclass(frozen=True)
class StoreClient:
    """A store simulator at `url`; `client` sends the merchant's token."""

    url: str
    hash: str
    client: httpx.Client

    @property
    def api(self) -> str:
        """The URL of the store's own API; other paths are the simulator's controls."""
        return f"{self.url}/stores/{self.hash}"

    def wait(self, *, seconds: float = START_SECONDS) -> None:
        """Return once the store responds. Raise `Refused` when it does not in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._responds():
                return

            time.sleep(0.05)

        raise Refused(
            "the store simulator did not start",
            remedy="read its output above, and start it again",
        )

    def load(self, document: dict[str, Any]) -> dict[str, Any]:
        """Fill the store with products and orders. Raise `Refused`."""
        return self._request("POST", f"{self.url}/_sim/load", json=document)

    def stats(self) -> dict[str, Any]:
        """Return the numbers of products and orders in the store."""
        return self._request("GET", f"{self.url}/_sim/stats")

    def storefront(self) -> Storefront:
        """Return where shoppers place orders, and the newest one."""
        return Storefront(f"{self.url}/shop", self.stats()["storefront_order"])

    def pace(self) -> Pace:
        """Return how fast new orders arrive."""
        return _pace(self._request("GET", f"{self.url}/_sim/trickle"))

    def set_pace(self, orders_per_minute: float) -> Pace:
        """Have orders of every kind placed at this mean pace; 0 places none."""
        if not orders_per_minute:
            return _pace(self._request("DELETE", f"{self.url}/_sim/trickle"))

        document = {"seconds": SECONDS_PER_MINUTE / orders_per_minute, "varied": True}
        return _pace(self._request("POST", f"{self.url}/_sim/trickle", json=document))

    def place_now(self, count: int) -> list[int]:
        """Place orders of every kind, and return their numbers."""
        answer = self._request("POST", f"{self.url}/_sim/orders", json={"count": count})
        ids: list[int] = answer["ids"]
        return ids

    def place_unknown(self) -> tuple[int, str]:
        """Place an order for a product without a mapping; return its number and the SKU."""
        sku = f"HALL-MIRROR-{self.stats()['orders'] + 1}"
        product = {"name": f"Hall mirror ({sku})", "sku": sku, "quantity": 1}
        document = {
            "status_id": AWAITING_FULFILLMENT,
            "billing_address": UNKNOWN_BUYER,
            "products": [{**product, "price_ex_tax": "89.00", "price_inc_tax": "89.00"}],
        }
        placed = self._request("POST", f"{self.api}/v2/orders", json=document)
        return int(placed["id"]), sku

    def cancel_newest(self) -> int | None:
        """Cancel the newest order that was not shipped, and return its number if there is one."""
        query = {"status_id": AWAITING_FULFILLMENT, "sort": "id:desc", "limit": 1}
        found: Any = self._request("GET", f"{self.api}/v2/orders", params=query)
        if not found:
            return None

        number = int(found[0]["id"])
        self._request("PUT", f"{self.api}/v2/orders/{number}", json={"status_id": CANCELLED})
        return number

    def catalog(self, progress: Progress = lambda _: None) -> Iterator[CatalogItem]:
        """Yield every product, read page by page from the store's catalog API.

        `progress` is called with the size of each page.
        """
        page = 1
        pages = 1
        while page <= pages:
            parameters = {"page": page, "limit": PAGE_SIZE}
            answer = self._request("GET", f"{self.api}/v3/catalog/products", params=parameters)

            for product in answer["data"]:
                yield _catalog_item(product)

            progress(len(answer["data"]))
            pages = answer["meta"]["pagination"]["total_pages"]
            page += 1

    def _responds(self) -> bool:
        try:
            return self.client.get(f"{self.url}/_sim/health").is_success
        except httpx.HTTPError:
            return False

    def _request(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        try:
            response = self.client.request(method, url, **options)
        except httpx.HTTPError as error:
            raise Unavailable(
                f"the store simulator does not respond: {error}",
                retry_after=RETRY_SECONDS,
                remedy="start the demo again",
            ) from None

        if not response.is_success:
            raise Refused(
                f"the store simulator refused {method} {url}:"
                f" {response.status_code} {response.text[:300]}",
                remedy="correct what it names, and start it again",
            )

        answer: dict[str, Any] = response.json() if response.content else {}
        return answer


@contextmanager
def open_store_client(url: str, store_hash: str, token: str) -> Iterator[StoreClient]:
    """Yield a client of the store at `url`."""
    headers = {"X-Auth-Token": token}
    with loopback_client(timeout=REQUEST_SECONDS, headers=headers) as client:
        yield StoreClient(url, store_hash, client)


def _catalog_item(product: dict[str, Any]) -> CatalogItem:
    return CatalogItem(
        sku=str(product["sku"]),
        name=str(product["name"]),
        price=f"{float(product.get('price') or 0):.2f}",
        weight_kg=f"{float(product.get('weight') or 0):.3f}",
    )


def _pace(answer: dict[str, Any]) -> Pace:
    per_minute = SECONDS_PER_MINUTE / answer["seconds"] if answer["on"] else 0.0
    return Pace(round(per_minute, 1), int(answer["placed"]))
