"""The inventory benchmark through the public contract: its own web server, and client bodies."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import TracebackType

import httpx
import orjson

from benchmarks.web_server import WebServer, run_web_server
from openiom.platform.database import Database
from openiom.platform.settings import Settings

WEB_PROCESSES = 2


@dataclass(frozen=True)
class Endpoint:
    """Where the contract is served, a token for it, and the own organization."""

    address: str
    token: str
    environment: str
    organization: str = ""


class Contract:
    """A client of the public contract."""

    def __init__(self, endpoint: Endpoint) -> None:
        headers = {
            "Authorization": f"Bearer {endpoint.token}",
            "Api-Version": "1.0",
            "Content-Type": "application/json",
        }
        self._endpoint = endpoint
        self._client = httpx.Client(
            base_url=f"{endpoint.address}/api/environment/{endpoint.environment}",
            headers=headers,
            trust_env=False,
            timeout=60,
        )

    def __enter__(self) -> "Contract":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._client.close()

    def post_changes(self, keys: Sequence[tuple[str, str]], events: Sequence[str]) -> None:
        """Send one bulk call of on-hand changes, one unit per record."""
        records = [
            {
                "id": event,
                "organizationId": self._endpoint.organization,
                "productId": product,
                "dimensions": {"SiteId": location, "LocationId": location},
                "quantities": {"pos": {"PosInbound": 1}},
            }
            for (product, location), event in zip(keys, events, strict=True)
        ]
        answer = self._client.post("/onhand/bulk", content=orjson.dumps(records))
        if answer.status_code != 200:
            raise SystemExit(f"POST onhand/bulk answered {answer.status_code}: {answer.text[:500]}")

    def index_query(self, products: Sequence[str], locations: int) -> None:
        """Query on hand of these products at every location."""
        names = [f"L{n}" for n in range(locations)]
        body = {
            "filters": {
                "organizationId": [self._endpoint.organization],
                "productId": list(products),
                "siteId": names,
                "locationId": names,
            },
            "groupByValues": [],
            "returnNegative": True,
        }
        answer = self._client.post("/onhand/indexquery", content=orjson.dumps(body))
        rows = answer.json() if answer.status_code == 200 else []
        if len(rows) != len(products) * locations:
            raise SystemExit(
                f"POST onhand/indexquery answered {answer.status_code} {len(rows)}:"
                f" {answer.text[:500]}"
            )

    def own_organization(self) -> str:
        """Return the organizationId of the own company."""
        answer = self._client.get("/configuration")
        answer.raise_for_status()
        return str(answer.json()["own_organization"])


@contextmanager
def web_server(
    settings: Settings, database: Database, url: str
) -> Iterator[tuple[WebServer, Endpoint]]:
    """Serve the contract by two web processes over this database."""
    with run_web_server(settings, database, url, processes=WEB_PROCESSES) as web:
        found = Endpoint(web.address, web.token, settings.environment)
        with Contract(found) as contract:
            yield web, replace(found, organization=contract.own_organization())
