"""No thread of a process waits for another's database connection."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from threading import Barrier
from time import monotonic, sleep

import httpx
import pytest
from openiom.app.jobs import AT_ONCE
from sqlalchemy import text

from openiom.app.application import Application
from openiom.app.web import create_app
from openiom.app.worker import sized_pool
from openiom.platform.batches import BatchResult, WorkerPool
from openiom.platform.database import Database
from openiom.platform.http import ReadSession
from openiom.platform.settings import Settings
from openiom_simulators.server import serve_in_thread

PATIENCE = 20.0


@dataclass
class Meeting:
    """A turn that holds two connections, as one with a lease does, until every other turn holds its two."""

    together: Barrier
    met: list[str] = field(default_factory=list)
    kind: str = "meeting"

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        if not self.met:
            with database.unit_of_work() as session, database.unit_of_work() as lease:
                session.execute(text("SELECT 1"))
                lease.execute(text("SELECT 1"))
                self.together.wait(PATIENCE)
                self.met.append(self.kind)
        return BatchResult(0, False)


def test_every_turn_of_a_worker_has_its_connections_while_all_others_hold_theirs(
    application: Application,
) -> None:
    workers = application.workers()
    room = sized_pool(workers, application.database)
    together = Barrier(len(workers) + AT_ONCE)
    meetings = [Meeting(together) for _ in range(len(workers) + AT_ONCE)]
    runner = WorkerPool(room, meetings)
    runner.start()
    try:
        deadline = monotonic() + PATIENCE
        while monotonic() < deadline and not all(m.met for m in meetings):
            sleep(0.05)
    finally:
        runner.stop()
        room.close()
    assert [m.met for m in meetings] == [["meeting"]] * len(meetings)


class TestRequests:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"web_threads": 45})

    def test_as_many_requests_as_the_setting_says_hold_a_connection_at_once(
        self, application: Application
    ) -> None:
        together = Barrier(45)
        app = create_app(application)

        @app.get("/meet")
        def meet(session: ReadSession) -> int:
            session.execute(text("SELECT 1"))
            together.wait(PATIENCE)
            return 1

        app.router.routes.insert(
            0, app.router.routes.pop()
        )  # before the pages, which answer every path
        with serve_in_thread(app) as running, ThreadPoolExecutor(45) as asking:
            urls = [f"{running.url}/meet"] * 45
            answers = list(
                asking.map(lambda url: httpx.get(url, trust_env=False, timeout=2 * PATIENCE), urls)
            )
        assert [answer.status_code for answer in answers] == [200] * 45
