"""The far side of the demo: Fabrikam's store and 3PL simulators, asked over HTTP as anybody would."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from openiom.kernel import Refused

from .seed import CatalogItem

PAGE = 250
Progress = Callable[[int], None]


@dataclass(frozen=True)
class StoreClient:
    """A store simulator. `api` carries the merchant's token; `switches` are the simulator's own."""

    url: str
    hash: str
    client: httpx.Client

    @property
    def api(self) -> str:
        return f"{self.url}/stores/{self.hash}"

    def wait(self, *, seconds: float = 60.0) -> None:
        """Return once it answers. Raises Refused."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if self.client.get(f"{self.url}/_sim/health").is_success:
                    return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise Refused(
            "the store simulator did not start", remedy="read what it wrote above, and start again"
        )

    def load(self, document: dict[str, Any]) -> dict[str, Any]:
        """Fill the shop. Raises Refused with the simulator's words."""
        return self._ask("POST", f"{self.url}/_sim/load", json=document)

    def stats(self) -> dict[str, Any]:
        return self._ask("GET", f"{self.url}/_sim/stats")

    def trickle(self, *, seconds: float) -> None:
        self._ask("POST", f"{self.url}/_sim/trickle", json={"seconds": seconds})

    def catalog(self, told: Progress = lambda _: None) -> Iterator[CatalogItem]:
        """Every product, page by page, through the store's own catalog API."""
        page = 1
        while True:
            answer = self._ask(
                "GET", f"{self.api}/v3/catalog/products", params={"page": page, "limit": PAGE}
            )
            for one in answer["data"]:
                weight = f"{float(one.get('weight') or 0):.3f}"
                yield CatalogItem(
                    str(one["sku"]), str(one["name"]), f"{float(one.get('price') or 0):.2f}", weight
                )
            told(len(answer["data"]))
            if page >= answer["meta"]["pagination"]["total_pages"]:
                return
            page += 1

    def _ask(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        answer = self.client.request(method, url, **more)
        if not answer.is_success:
            raise Refused(
                f"the store simulator refused {method} {url}: {answer.status_code} {answer.text[:300]}",
                remedy="see the simulator's words, and start again",
            )
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found


@contextmanager
def open_store_client(url: str, store_hash: str, token: str) -> Iterator[StoreClient]:
    with httpx.Client(trust_env=False, timeout=120.0, headers={"X-Auth-Token": token}) as client:
        yield StoreClient(url, store_hash, client)
