"""The inventory benchmark through the public contract: a web server of our own, and the bodies its clients send."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import sleep
from types import TracebackType

import httpx
import orjson

from openiom.administration import issue_token
from openiom.app.processes import Child, child_environment, own_command
from openiom.app.web import LISTEN_FD
from openiom.platform.database import Database
from openiom.platform.events import utc_now
from openiom.platform.settings import Settings


@dataclass(frozen=True)
class Web:
    """Where the contract is served, who may ask, and the organization whose stock is our own."""

    address: str
    token: str
    environment: str
    organization: str = ""


class Contract:
    """A client of the public contract."""

    def __init__(self, web: Web) -> None:
        headers = {
            "Authorization": f"Bearer {web.token}",
            "Api-Version": "1.0",
            "Content-Type": "application/json",
        }
        self._web = web
        self._client = httpx.Client(
            base_url=f"{web.address}/api/environment/{web.environment}", headers=headers, trust_env=False, timeout=60
        )

    def __enter__(self) -> "Contract":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def post_changes(self, keys: Sequence[tuple[str, str]], events: Sequence[str]) -> None:
        """One bulk call of on-hand changes, one unit a record."""
        records = [
            {
                "id": event,
                "organizationId": self._web.organization,
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
        """On hand of these products at every location."""
        names = [f"L{n}" for n in range(locations)]
        body = {
            "filters": {
                "organizationId": [self._web.organization],
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
            raise SystemExit(f"POST onhand/indexquery answered {answer.status_code} {len(rows)}: {answer.text[:500]}")

    def own_organization(self) -> str:
        """Which organizationId is our own company."""
        answer = self._client.get("/configuration")
        answer.raise_for_status()
        return str(answer.json()["own_organization"])


@contextmanager
def web_server(settings: Settings, database: Database, url: str) -> Iterator[Web]:
    """A web process over this database."""
    with database.unit_of_work() as session:
        token = issue_token(session, name="bench", roles=["administrator"], now=utc_now(), actor="bench")
    with socket.create_server(("127.0.0.1", 0)) as bound:
        bound.set_inheritable(True)
        address = f"http://127.0.0.1:{bound.getsockname()[1]}"
        environment = child_environment(settings, url, address)
        web = Child("web", own_command("web"), {**environment, LISTEN_FD: str(bound.fileno())}, (bound.fileno(),))
        web.start()
        try:
            _wait(address)
            known = Web(address, token, settings.environment)
            with Contract(known) as contract:
                yield Web(address, token, settings.environment, contract.own_organization())
        finally:
            if web.process:
                web.process.terminate()
                web.process.wait(20)


def _wait(address: str) -> None:
    for _ in range(600):
        try:
            if httpx.get(f"{address}/ready", trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        sleep(0.1)
    raise SystemExit("the web server is not ready after a minute")
