"""Processes of one machine, supervised and ended together: PostgreSQL, web and workers."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from types import FrameType

import httpx
import structlog

from openiom.kernel import Refused
from openiom.platform.embedded import (
    embedded_postgres,
    postgres_is_running,
    restart_postgres,
)
from openiom.platform.retry import RetryPolicy
from openiom.platform.settings import Settings

from .web import LISTEN_FDS, listening_socket

log = structlog.get_logger("supervisor")
PARENT_WATCH = "OPENIOM_END_WITH_PARENT"
END_SECONDS = 12.0
WATCH_SECONDS = 0.1
STABLE_SECONDS = 30.0
"""A child that ran this long was healthy: its next restart is immediate again."""
PROBE_SECONDS = 5.0
"""Time between two probes of a process, and the longest time that an answer may take."""
FAILED_PROBES = 4
"""A process that failed so many probes in a row does not respond any more, and is restarted."""
START_SECONDS = 60.0
"""Time in which a process may start; it is not probed meanwhile."""
RESTART_POLICY = RetryPolicy(first_seconds=0.25, max_seconds=10.0, jitter=0.0)


@dataclass
class ChildProcess:
    """A process that should run; `deaths` counts those that followed each other closely."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    pass_fds: tuple[int, ...] = ()
    quiet: bool = False
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float | None = None
    deaths: int = 0
    restarts: int = 0
    probe: Callable[[], bool] | None = None
    failed_probes: int = 0

    def start(self) -> None:
        """Start the process; its standard input stays open for as long as this one runs."""
        self.close_input()
        self.process = subprocess.Popen(
            list(self.command),
            env={**os.environ, **self.environment, PARENT_WATCH: "1"},
            pass_fds=self.pass_fds,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL if self.quiet else None,
            start_new_session=True,
        )
        self.started_at = monotonic()
        self.failed_probes = 0

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def schedule_restart(self, now: float) -> None:
        """Decide when the dead process is started again."""
        self.deaths += 1
        seconds = RESTART_POLICY.delay(self.deaths)
        self.restart_at = now + seconds
        code = self.process.returncode if self.process else None
        log.warning("process_died", name=self.name, code=code, restart_in=seconds)

    def revive(self, now: float) -> None:
        """Restart the process if it is dead and its time has come."""
        if self.alive:
            self._forget_deaths(now)
        elif self.restart_at is None:
            self.schedule_restart(now)
        elif now >= self.restart_at:
            self.restart()

    def _forget_deaths(self, now: float) -> None:
        """Reset the count of deaths once the process has been running for long enough."""
        if now - self.started_at > STABLE_SECONDS:
            self.deaths = 0

    def check(self, now: float) -> None:
        """Probe the process, and kill it when it has not responded for too long."""
        if self.probe is None or not self._is_started(now):
            return

        if self.probe():
            self.failed_probes = 0
        else:
            self._count_failed_probe()

    def _is_started(self, now: float) -> bool:
        """Return whether the process is alive and has had the time to start."""
        return self.alive and now - self.started_at >= START_SECONDS

    def _count_failed_probe(self) -> None:
        self.failed_probes += 1
        log.warning("process_does_not_respond", name=self.name, probes=self.failed_probes)
        if self.failed_probes >= FAILED_PROBES and self.process:
            self.process.kill()

    def restart(self) -> None:
        """Start the process again."""
        self.restart_at = None
        self.restarts += 1
        self.start()

    def terminate(self) -> None:
        """Send SIGTERM to the process."""
        if self.alive and self.process:
            self.process.terminate()

    def wait(self, seconds: float) -> None:
        """Wait until the process has ended, and kill it when it does not end in time."""
        if self.process is None:
            return

        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            log.warning("process_killed", name=self.name)
            self.process.kill()
            self.process.wait()

        self.close_input()

    def close_input(self) -> None:
        """Close the standard input of the process, which it watches to end with us."""
        if self.process and self.process.stdin:
            self.process.stdin.close()


@dataclass
class EmbeddedDatabase:
    """The embedded PostgreSQL, which is no child of this process but belongs to it."""

    home: Path
    restarts: int = 0
    _failures: int = 0
    _restart_at: float | None = None

    def revive(self, now: float) -> None:
        """Restart the server if it is dead and its time has come."""
        if postgres_is_running(self.home):
            self._failures = 0
            self._restart_at = None
        elif self._restart_at is None or now >= self._restart_at:
            self._restart(now)

    def _restart(self, now: float) -> None:
        log.warning("postgresql_died", remedy="see pg/log in the home of the installation")
        try:
            restart_postgres(self.home)
        except RuntimeError as error:
            self._failures += 1
            self._restart_at = now + RESTART_POLICY.delay(self._failures)
            log.warning("postgresql_not_restarted", error=str(error)[:300])
            return

        self.restarts += 1
        self._restart_at = None


class Supervisor:
    """Keeps its children running until it is stopped, then ends all of them."""

    def __init__(self) -> None:
        self.children: list[ChildProcess] = []
        self.database: EmbeddedDatabase | None = None
        self.stop = Event()
        self._sockets: list[socket.socket] = []

    def hold(self, bound: socket.socket) -> socket.socket:
        """Keep a socket open for children that inherit it, also across their restarts."""
        os.set_inheritable(bound.fileno(), True)
        self._sockets.append(bound)
        return bound

    def add(self, child: ChildProcess) -> ChildProcess:
        """Start a child and keep it running."""
        self.children.append(child)
        child.start()
        return child

    def stop_on_signals(self) -> None:
        """Set `stop` on SIGTERM, SIGINT and SIGHUP."""

        def request_stop(number: int, frame: FrameType | None) -> None:
            self.stop.set()

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, request_stop)

    def watch(self) -> None:
        """Restart children that die or do not respond, until `stop` is set."""
        Thread(target=self._probe, name="probes", daemon=True).start()
        while not self.stop.wait(WATCH_SECONDS):
            self.revive()

    def _probe(self) -> None:
        while not self.stop.wait(PROBE_SECONDS):
            for child in self.children:
                child.check(monotonic())

    def revive(self) -> None:
        """Restart the database and the dead children whose time has come."""
        now = monotonic()
        if self.database is not None:
            self.database.revive(now)

        for child in self.children:
            child.revive(now)

    def end(self) -> None:
        """Send SIGTERM to all children, and SIGKILL to those that do not end in time."""
        for child in reversed(self.children):
            child.terminate()
        deadline = monotonic() + END_SECONDS
        for child in self.children:
            child.wait(max(0.1, deadline - monotonic()))
        for bound in self._sockets:
            bound.close()

    def __enter__(self) -> "Supervisor":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


def end_on_signals() -> None:
    """Raise `KeyboardInterrupt` on SIGTERM and SIGHUP, so that what already runs is ended too."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)


@contextmanager
def running_database(settings: Settings) -> Iterator[str]:
    """Yield the URL of the configured database, or of the embedded one, which runs meanwhile."""
    if settings.database_url:
        yield settings.database_url
        return
    with embedded_postgres(settings.home.resolve()) as url:
        yield url


def iom_command(*arguments: str) -> list[str]:
    """Return the command line of an `iom` command in a process of its own."""
    return [sys.executable, "-m", "openiom.app.cli", *arguments]


def child_environment(settings: Settings, database_url: str, public_url: str) -> dict[str, str]:
    """Return the settings of a child that belongs to this installation."""
    return {
        "OPENIOM_HOME": str(settings.home.resolve()),
        "OPENIOM_DATABASE_URL": database_url,
        "OPENIOM_DIRECT_DATABASE_URL": settings.direct_database_url,
        "OPENIOM_PUBLIC_URL": settings.public_url or public_url,
        "OPENIOM_LOG_FORMAT": settings.log_format,
        "OPENIOM_LOG_LEVEL": settings.log_level,
        "OPENIOM_ENVIRONMENT": settings.environment,
        "OPENIOM_PROVIDER_NETWORKS": settings.provider_networks,
        "OPENIOM_PROVIDER_PROXY": settings.provider_proxy,
        "OPENIOM_WEB_EXTENSIONS": settings.web_extensions,
    }


def bind_port(host: str, port: int, *, insist: bool) -> socket.socket:
    """Return a listening socket on `port`, or on a free port when it is in use.

    Raise `Refused` when the port is in use and `insist` is true, and when it may not be used.
    """
    try:
        return listening_socket(host, port)
    except PermissionError:
        raise Refused(
            f"this user may not listen on port {port}", remedy="choose one above 1023 with --port"
        ) from None
    except OSError:
        if insist:
            raise Refused(
                f"port {port} on {host} is in use",
                remedy="choose another with --port, or 0 for any free one",
            ) from None

        return listening_socket(host, 0)


def url_of(bound: socket.socket) -> str:
    """Return the URL at which this machine reaches a listening socket."""
    host, port = bound.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def start_application(
    supervisor: Supervisor,
    settings: Settings,
    database_url: str,
    bound: socket.socket,
    *,
    workers: int,
    web_processes: int = 1,
) -> None:
    """Start web processes that share a listening socket, and worker processes.

    An embedded database is restarted, too, when it dies.
    """
    if not settings.database_url:
        supervisor.database = EmbeddedDatabase(settings.home.resolve())

    environment = child_environment(settings, database_url, url_of(bound))
    for number in range(1, web_processes + 1):
        _start_web(supervisor, f"web {number}", environment, bound)

    for number in range(1, workers + 1):
        supervisor.add(ChildProcess(f"worker {number}", iom_command("worker"), environment))


def _start_web(
    supervisor: Supervisor, name: str, environment: Mapping[str, str], bound: socket.socket
) -> None:
    """Start a web process on the common socket and on one of its own.

    Whichever process is free accepts a connection to the common one, so that only its own socket
    shows whether this process still responds.
    """
    own = supervisor.hold(bind_port("127.0.0.1", 0, insist=True))
    descriptors = (bound.fileno(), own.fileno())
    os.set_inheritable(bound.fileno(), True)
    supervisor.add(
        ChildProcess(
            name=name,
            command=iom_command("web"),
            environment={**environment, LISTEN_FDS: ",".join(map(str, descriptors))},
            pass_fds=descriptors,
            probe=partial(responds, url_of(own)),
        )
    )


def responds(url: str, *, seconds: float = PROBE_SECONDS) -> bool:
    """Return whether a web process answers `/health` within some seconds."""
    try:
        return httpx.get(f"{url}/health", trust_env=False, timeout=seconds).status_code == 200
    except httpx.HTTPError:
        return False


def wait_until_ready(supervisor: Supervisor, url: str, *, seconds: float = 90.0) -> None:
    """Return once `/ready` responds with 200, or the supervisor is stopped.

    Raise `Refused` when it does not within `seconds`.
    """
    deadline = monotonic() + seconds
    with httpx.Client(trust_env=False, timeout=2.0) as client:
        while monotonic() < deadline:
            if supervisor.stop.is_set() or _is_ready(client, url):
                return

            supervisor.revive()
            sleep(0.05)

    raise Refused(
        "the web server did not become ready", remedy="read its output above, and start it again"
    )


def _is_ready(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(f"{url}/ready").status_code == 200
    except httpx.HTTPError:
        return False
