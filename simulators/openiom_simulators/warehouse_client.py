"""HTTP client of the 3PL simulator, for the controls of the demo."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from openiom.kernel import Unavailable

from .loopback import RETRY_SECONDS, loopback_client

REQUEST_SECONDS = 10.0
SILENCE_SECONDS = 1.0
"""How long a request waits for a 3PL that is broken before its gateway reports a timeout."""


@dataclass(frozen=True)
class WarehouseClient:
    """A 3PL simulator at `url`, by its controls."""

    url: str
    client: httpx.Client

    def is_broken(self) -> bool:
        """Return whether the 3PL does not respond to its API at present."""
        return bool(self._request("GET", "faults")["faults"])

    def break_down(self) -> None:
        """Stop all work, and let no request reach the API any more."""
        if self.is_broken():
            return

        self.change_behavior(automatic=False)
        fault = {"kind": "timeout_before", "seconds": SILENCE_SECONDS}
        self._request("POST", "faults", json=fault)

    def repair(self) -> None:
        """Respond again, and continue with the orders that were received."""
        self._request("DELETE", "faults")
        self.change_behavior(automatic=True)

    def change_behavior(self, **changes: Any) -> dict[str, Any]:
        """Change delays and ratios of the 3PL, and return all of them."""
        return self._request("PUT", "behavior", json=changes)

    def behavior(self) -> dict[str, Any]:
        """Return the delays and ratios of the 3PL."""
        return self._request("GET", "behavior")

    def _request(self, method: str, control: str, **options: Any) -> dict[str, Any]:
        try:
            response = self.client.request(method, f"{self.url}/_sim/{control}", **options)
            response.raise_for_status()
        except httpx.HTTPError as error:
            raise Unavailable(
                f"the 3PL simulator does not respond: {error}",
                retry_after=RETRY_SECONDS,
                remedy="start the demo again",
            ) from None

        answer: dict[str, Any] = response.json()
        return answer


@contextmanager
def open_warehouse_client(url: str) -> Iterator[WarehouseClient]:
    """Yield a client of the 3PL at `url`."""
    with loopback_client(timeout=REQUEST_SECONDS) as client:
        yield WarehouseClient(url, client)
