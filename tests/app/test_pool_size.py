"""No thread of a process waits for a database connection of another one."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from threading import Barrier
from time import monotonic, sleep

import httpx
import pytest
from sqlalchemy import text

from openiom.app.application import Application
from openiom.app.web import create_app
from openiom.app.worker import sized_pool
from openiom.platform.batches import BatchResult, WorkerPool
from openiom.platform.database import Database
from openiom.platform.http import ReadSession
from openiom.platform.settings import Settings
from openiom_simulators.server import serve_in_thread

SECONDS = 20.0
WEB_THREADS = 45


@dataclass
class Meeting:
    """A worker that has two connections, as one with a lease does, until all others have theirs."""

    together: Barrier
    met: bool = False
    kind: str = "meeting"
    runs: list[datetime] = field(default_factory=list)

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        self.runs.append(now)
        if not self.met:
            with database.unit_of_work() as session, database.unit_of_work() as lease:
                session.execute(text("SELECT 1"))
                lease.execute(text("SELECT 1"))
                self.together.wait(SECONDS)
                self.met = True
        return BatchResult(0, False)


def test_every_worker_of_a_process_has_two_connections_at_once(application: Application) -> None:
    workers = application.workers()
    database = sized_pool(workers, application.database)
    together = Barrier(len(workers))
    meetings = [Meeting(together) for _ in workers]
    pool = WorkerPool(database, meetings)
    pool.start()

    try:
        deadline = monotonic() + SECONDS
        while monotonic() < deadline and not all(meeting.met for meeting in meetings):
            sleep(0.05)
    finally:
        pool.stop()
        database.close()

    assert all(meeting.met for meeting in meetings)


class TestRequests:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"web_threads": WEB_THREADS})

    def test_as_many_requests_as_configured_have_a_connection_at_once(
        self, application: Application
    ) -> None:
        together = Barrier(WEB_THREADS)
        app = create_app(application)

        @app.get("/meet")
        def meet(session: ReadSession) -> int:
            session.execute(text("SELECT 1"))
            together.wait(SECONDS)
            return 1

        # Before the user interface, which responds to every path.
        app.router.routes.insert(0, app.router.routes.pop())
        with serve_in_thread(app) as running, ThreadPoolExecutor(WEB_THREADS) as pool:

            def request(_: int) -> int:
                return httpx.get(
                    f"{running.url}/meet", trust_env=False, timeout=2 * SECONDS
                ).status_code

            statuses = list(pool.map(request, range(WEB_THREADS)))

        assert statuses == [200] * WEB_THREADS
