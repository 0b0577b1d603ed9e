"""Web processes over a database, for benchmarks that send HTTP requests."""

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
    """Web processes that are ready, and an administrator's token for them."""

    address: str
    token: str
    processes: tuple[psutil.Process, ...]

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
        spent = 0.0
        for process in self.processes:
            times = process.cpu_times()
            spent += times.user + times.system
        return spent


@contextmanager
def run_web_server(
    settings: Settings, database: Database, url: str, *, processes: int = 1
) -> Iterator[WebServer]:
    """Yield web processes over the migrated database at `url`; they end with the block."""
    with database.unit_of_work() as session:
        token = issue_token(
            session, name="bench", roles=["administrator"], now=utc_now(), actor="bench"
        )

    with Supervisor() as supervisor:
        bound = supervisor.hold(bind_port("127.0.0.1", 0, insist=True))
        start_application(supervisor, settings, url, bound, workers=0, web_processes=processes)
        wait_until_ready(supervisor, url_of(bound))
        children: list[psutil.Process] = []
        for web in supervisor.children:
            assert web.process
            assert web.probe
            # The common address is ready with the first process; the others may still start.
            while not web.probe():
                supervisor.stop.wait(0.1)
            children.append(psutil.Process(web.process.pid))

        yield WebServer(url_of(bound), token, tuple(children))
