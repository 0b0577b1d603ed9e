"""A web process over a database, for the benchmarks that ask over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import psutil

from openiom.administration import issue_token
from openiom.app.processes import Supervisor, bind_port, start_application, url_of, wait_until_ready
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.platform.settings import Settings


@dataclass(frozen=True)
class WebServer:
    """A web process that is ready, and an administrator's token for it."""

    address: str
    token: str
    process: psutil.Process

    def client(self) -> httpx.Client:
        """A signed-in client."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.address, headers=headers, trust_env=False, timeout=60)

    def cpu_seconds(self) -> float:
        """What it has spent so far: on a busy machine this says more than the clock."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def run_web_server(settings: Settings, database: Database, url: str) -> Iterator[WebServer]:
    """A web process over the migrated database at `url`, ended with the block."""
    with database.unit_of_work() as session:
        token = issue_token(
            session, name="bench", roles=["administrator"], now=utc_now(), actor="bench"
        )
    with Supervisor() as supervisor:
        bound = supervisor.hold(bind_port("127.0.0.1", 0, insist=True))
        start_application(supervisor, settings, url, bound, workers=0)
        wait_until_ready(supervisor, url_of(bound))
        (web,) = supervisor.children
        assert web.process
        yield WebServer(url_of(bound), token, psutil.Process(web.process.pid))
