"""The supervisor restarts children that die, and ends all of them."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
from fastapi import FastAPI, Response

from openiom.app.processes import (
    START_SECONDS,
    ChildProcess,
    EmbeddedDatabase,
    Supervisor,
    bind_port,
    iom_command,
    responds,
    start_application,
    url_of,
)
from openiom.app.web import LISTEN_FDS
from openiom.kernel import Refused
from openiom.platform.database import Database
from openiom.platform.embedded import embedded_postgres, postgres_is_running
from openiom.platform.settings import Settings
from openiom_simulators.server import serve_in_thread

SOURCE = Path(__file__).resolve().parents[2] / "src"
SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
SUPERVISED = """
import sys
from openiom.app.processes import ChildProcess, Supervisor
watch = "from openiom.app.parent_watch import end_with_parent; end_with_parent();"
watcher = watch + " import time; time.sleep(600)"
supervisor = Supervisor()
child = supervisor.add(ChildProcess("one", [sys.executable, "-c", watcher]))
print(child.process.pid, flush=True)
supervisor.watch()
"""


def until(holds: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return False


def test_a_killed_child_is_restarted_and_ends_with_its_supervisor() -> None:
    with Supervisor() as supervisor:
        child = supervisor.add(ChildProcess("sleeper", SLEEPER))
        assert child.process is not None
        first = child.process.pid
        os.kill(first, signal.SIGKILL)

        def back() -> bool:
            supervisor.revive()
            return child.alive and child.process is not None and child.process.pid != first

        assert until(back)
        second = child.process.pid
        assert child.restarts == 1

    assert not psutil.pid_exists(second)


def test_a_child_that_keeps_dying_is_restarted_after_increasing_delays() -> None:
    with Supervisor() as supervisor:
        child = supervisor.add(
            ChildProcess("broken", [sys.executable, "-c", "raise SystemExit(3)"])
        )

        def twice() -> bool:
            supervisor.revive()
            return child.restarts == 2

        assert until(twice)
        assert child.deaths == 2
        assert child.restart_at is None


def test_a_child_that_does_not_respond_is_killed_and_restarted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("openiom.app.processes.START_SECONDS", 0.0)
    answers = iter([True, False, False, True, False, False, False, False])
    with Supervisor() as supervisor:
        child = supervisor.add(ChildProcess("stuck", SLEEPER, probe=lambda: next(answers)))
        assert child.process is not None
        first = child.process
        failed = []
        for _ in range(8):
            child.check(time.monotonic())
            failed.append(child.failed_probes)

        assert failed == [0, 1, 2, 0, 1, 2, 3, 4]
        assert first.wait(20) == -signal.SIGKILL

        def back() -> bool:
            supervisor.revive()
            return child.alive

        assert until(back)
        assert child.failed_probes == 0


def test_a_child_that_starts_or_is_dead_is_not_probed() -> None:
    probes: list[str] = []

    def probe() -> bool:
        probes.append("probed")
        return False

    with Supervisor() as supervisor:
        child = supervisor.add(ChildProcess("young", SLEEPER, probe=probe))
        child.check(child.started_at + START_SECONDS - 1)
        assert probes == []
        child.check(child.started_at + START_SECONDS)
        assert probes == ["probed"]
        child.terminate()
        child.wait(20)
        child.check(child.started_at + START_SECONDS)
        assert probes == ["probed"]


def test_a_web_process_responds_when_health_does() -> None:
    app = FastAPI()
    status = [200]

    @app.get("/health")
    async def health() -> Response:
        return Response(status_code=status[0])

    with serve_in_thread(app) as running:
        assert responds(running.url)
        status[0] = 500
        assert not responds(running.url)

    with bind_port("127.0.0.1", 0, insist=True) as silent:
        assert not responds(url_of(silent), seconds=0.2)


def test_an_embedded_postgresql_that_died_is_restarted_at_its_address() -> None:
    home = Path(tempfile.mkdtemp(prefix="openiom-killed-"))
    try:
        with embedded_postgres(home) as url:
            database = EmbeddedDatabase(home)
            database.revive(0.0)
            assert database.restarts == 0
            postmaster = int((home / "pg" / "postmaster.pid").read_text().splitlines()[0])
            os.kill(postmaster, signal.SIGKILL)
            assert until(lambda: not postgres_is_running(home))

            def back() -> bool:
                database.revive(time.monotonic())
                return database.restarts == 1

            assert until(back)
            with psycopg.connect(url) as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_a_home_without_a_server_has_none_that_runs(tmp_path: Path) -> None:
    assert not postgres_is_running(tmp_path)
    (tmp_path / "pg").mkdir()
    (tmp_path / "pg" / "postmaster.pid").write_text("")
    assert not postgres_is_running(tmp_path)


def test_a_child_that_ignores_sigterm_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openiom.app.processes.END_SECONDS", 1.0)
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        " print('deaf', flush=True); time.sleep(600)"
    )
    supervisor = Supervisor()
    child = supervisor.add(ChildProcess("deaf", [sys.executable, "-c", deaf]))
    time.sleep(1.0)

    supervisor.end()

    assert child.process is not None
    assert child.process.returncode == -signal.SIGKILL


def test_children_end_when_their_supervisor_is_killed() -> None:
    source = str(Path(__file__).resolve().parents[2] / "src")
    environment = {**os.environ, "PYTHONPATH": source}

    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISED], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert psutil.pid_exists(child)
        parent.kill()

    assert until(
        lambda: (
            not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE
        )
    )


def test_web_processes_share_the_port_and_are_probed_one_by_one(
    database: Database, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, database_url=database.url)
    with Supervisor() as supervisor:
        bound = supervisor.hold(bind_port("127.0.0.1", 0, insist=True))
        start_application(supervisor, settings, database.url, bound, workers=0, web_processes=2)
        stopped, running = supervisor.children
        assert [stopped.name, running.name] == ["web 1", "web 2"]
        assert until(lambda: probe(stopped) and probe(running))

        assert stopped.process
        os.kill(stopped.process.pid, signal.SIGSTOP)
        assert not probe(stopped)
        assert probe(running)
        assert all([responds(url_of(bound)) for _ in range(10)])
        os.kill(stopped.process.pid, signal.SIGCONT)


def probe(child: ChildProcess) -> bool:
    """Probe a web process with a shorter time limit than its supervisor has."""
    assert isinstance(child.probe, partial)
    return responds(*child.probe.args, seconds=1)


def test_a_port_in_use_is_refused_or_replaced() -> None:
    with bind_port("127.0.0.1", 0, insist=True) as first:
        port = first.getsockname()[1]
        with pytest.raises(Refused, match=f"port {port} on 127.0.0.1 is in use") as refusal:
            bind_port("127.0.0.1", port, insist=True)
        assert "--port" in refusal.value.remedy
        with bind_port("127.0.0.1", port, insist=False) as other:
            assert other.getsockname()[1] != port
            assert url_of(other) == f"http://127.0.0.1:{other.getsockname()[1]}"


def test_a_web_process_ends_its_embedded_postgresql() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="openiom-web-") as home,
        bind_port("127.0.0.1", 0, insist=True) as bound,
    ):
        environment = {
            **os.environ,
            "OPENIOM_HOME": home,
            LISTEN_FDS: str(bound.fileno()),
            "PYTHONPATH": str(SOURCE),
        }
        environment.pop("OPENIOM_DATABASE_URL", None)
        web = subprocess.Popen(iom_command("web"), env=environment, pass_fds=(bound.fileno(),))

        try:
            with httpx.Client(base_url=url_of(bound), trust_env=False, timeout=60) as client:
                assert client.get("/health").status_code == 200

            postmaster = int((Path(home) / "pg" / "postmaster.pid").read_text().splitlines()[0])
            web.terminate()
            web.wait(30)
        finally:
            web.kill()
            web.wait()

        assert until(lambda: not psutil.pid_exists(postmaster))
