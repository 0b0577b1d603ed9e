"""HTTP client of the store simulator, for the demo and the load run."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from openiom.kernel import Refused

from .seed import CatalogItem

PAGE_SIZE = 250
START_SECONDS = 60.0
REQUEST_SECONDS = 120.0
Progress = Callable[[int], None]


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

    def trickle(self, *, seconds: float) -> None:
        """Have the store place an order every few seconds."""
        self._request("POST", f"{self.url}/_sim/trickle", json={"seconds": seconds})

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
        response = self.client.request(method, url, **options)
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
    with httpx.Client(trust_env=False, timeout=REQUEST_SECONDS, headers=headers) as client:
        yield StoreClient(url, store_hash, client)


def _catalog_item(product: dict[str, Any]) -> CatalogItem:
    return CatalogItem(
        sku=str(product["sku"]),
        name=str(product["name"]),
        price=f"{float(product.get('price') or 0):.2f}",
        weight_kg=f"{float(product.get('weight') or 0):.3f}",
    )
