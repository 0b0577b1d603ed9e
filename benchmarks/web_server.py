"""A web process over a database, for benchmarks that send HTTP requests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import psutil

from openiom.administration import issue_token
from openiom.app.processes import (
    Supervisor,
    bind_port,
    start_application,
    url_of,
    wait_until_ready,
)
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.platform.settings import Settings

REQUEST_SECONDS = 60


@dataclass(frozen=True)
class WebServer:
    """A web process that is ready, and an administrator's token for it."""

    address: str
    token: str
    process: psutil.Process

    def client(self) -> httpx.Client:
        """Return a client with the administrator's token."""
        return httpx.Client(
            base_url=self.address,
            headers={"Authorization": f"Bearer {self.token}"},
            trust_env=False,
            timeout=REQUEST_SECONDS,
        )

    def cpu_seconds(self) -> float:
        """Return the CPU seconds spent so far; on a busy machine they say more than the clock."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def run_web_server(settings: Settings, database: Database, url: str) -> Iterator[WebServer]:
    """Yield a web process over the migrated database at `url`; it ends with the block."""
    with database.unit_of_work() as session:
        token = issue_token(
            session, name="bench", roles=["administrator"], now=utc_now(), actor="bench"
        )

    with Supervisor() as supervisor:
        bound = supervisor.hold(bind_port("127.0.0.1", 0, insist=True))
        start_application(supervisor, settings, url, bound, workers=0)
        wait_until_ready(supervisor, url_of(bound))
        [web] = supervisor.children
        assert web.process
        yield WebServer(url_of(bound), token, psutil.Process(web.process.pid))
