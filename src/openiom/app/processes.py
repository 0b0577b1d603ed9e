"""`iom serve`: the database, a web process and workers as children; restarted when they die, ended together."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event as Flag
from time import monotonic, sleep
from types import FrameType

import httpx
import structlog

from openiom.kernel import Refused
from openiom.platform.embedded import embedded_postgres
from openiom.platform.settings import Settings

from .web import LISTEN_FD, listening_socket

log = structlog.get_logger("supervisor")
PARENT_WATCH = "OPENIOM_END_WITH_PARENT"
END_SECONDS = 12.0
LONGEST_PAUSE = 10.0
STEADY_SECONDS = 30.0
Say = Callable[[str], None]


@dataclass
class ChildProcess:
    """A process that should run. `pause` grows while it keeps dying, and is forgotten once it stands."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    pass_fds: tuple[int, ...] = ()
    quiet: bool = False
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    due_at: float = 0.0
    pause: float = 0.25
    restarts: int = 0

    def start(self) -> None:
        if self.process and self.process.stdin:
            self.process.stdin.close()
        self.process = subprocess.Popen(
            list(self.command),
            env={**os.environ, **self.environment, PARENT_WATCH: "1"},
            pass_fds=self.pass_fds,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL if self.quiet else None,
            start_new_session=True,
        )
        self.started_at = monotonic()

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Keeps its children running until told to stop; then ends every one of them."""

    def __init__(self) -> None:
        self.children: list[ChildProcess] = []
        self.stop = Flag()
        self._held: list[socket.socket] = []

    def hold(self, bound: socket.socket) -> socket.socket:
        """Keep a socket open for children that inherit it, also across their restarts."""
        os.set_inheritable(bound.fileno(), True)
        self._held.append(bound)
        return bound

    def add(self, child: ChildProcess) -> ChildProcess:
        self.children.append(child)
        child.start()
        return child

    def stop_on_signals(self) -> None:
        def end(number: int, frame: FrameType | None) -> None:
            self.stop.set()

        for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(one, end)

    def watch(self) -> None:
        """Restart what dies, until `stop`."""
        while not self.stop.wait(0.1):
            self.revive()

    def revive(self) -> None:
        now = monotonic()
        for child in self.children:
            if child.alive:
                if now - child.started_at > STEADY_SECONDS:
                    child.pause = 0.25
                continue
            if not child.due_at:
                code = child.process.returncode if child.process else None
                log.warning("process_died", name=child.name, code=code, again_in=child.pause)
                child.due_at = now + child.pause
                child.pause = min(LONGEST_PAUSE, child.pause * 2)
            elif now >= child.due_at:
                child.due_at = 0.0
                child.restarts += 1
                child.start()

    def end(self) -> None:
        """SIGTERM to all, and SIGKILL to those that do not listen."""
        for child in reversed(self.children):
            if child.alive and child.process:
                child.process.terminate()
        deadline = monotonic() + END_SECONDS
        for child in self.children:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.1, deadline - monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("process_killed", name=child.name)
                child.process.kill()
                child.process.wait()
            if child.process.stdin:
                child.process.stdin.close()
        for bound in self._held:
            bound.close()

    def __enter__(self) -> "Supervisor":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


def end_on_signals() -> None:
    """While starting, SIGTERM ends us as Ctrl-C does, so that whatever runs already is ended too."""

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGHUP, end)


@contextmanager
def running_database(settings: Settings) -> Iterator[str]:
    """The given database's URL, or that of the embedded one, running while the block does."""
    if settings.database_url:
        yield settings.database_url
        return
    with embedded_postgres(settings.home.resolve()) as url:
        yield url


def iom_command(*arguments: str) -> list[str]:
    """This program again, in a process of its own."""
    return [sys.executable, "-m", "openiom.app.cli", *arguments]


def simulator_command(*arguments: str) -> list[str]:
    """A simulator, in a process of its own."""
    return [sys.executable, "-m", "openiom_simulators.child_process", *arguments]


def child_environment(settings: Settings, database_url: str, public_url: str) -> dict[str, str]:
    """What a child needs to be part of this installation."""
    return {
        "OPENIOM_HOME": str(settings.home.resolve()),
        "OPENIOM_DATABASE_URL": database_url,
        "OPENIOM_PUBLIC_URL": settings.public_url or public_url,
        "OPENIOM_LOG_FORMAT": settings.log_format,
        "OPENIOM_LOG_LEVEL": settings.log_level,
        "OPENIOM_ENVIRONMENT": settings.environment,
    }


def bind_port(host: str, port: int, *, insist: bool) -> socket.socket:
    """A listening socket on `port`; a free one beside it when it is taken and nobody insists. Raises Refused."""
    try:
        return listening_socket(host, port)
    except PermissionError:
        raise Refused(
            f"this user may not listen on port {port}", remedy="choose one above 1023 with --port"
        ) from None
    except OSError:
        if insist:
            raise Refused(
                f"port {port} on {host} is taken",
                remedy="choose another with --port, or 0 for any free one",
            ) from None
        return listening_socket(host, 0)


def url_of(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def start_application(
    supervisor: Supervisor,
    settings: Settings,
    database_url: str,
    bound: socket.socket,
    *,
    workers: int,
) -> None:
    """A web process on `bound` and so many workers."""
    environment = child_environment(settings, database_url, url_of(bound))
    fd = bound.fileno()
    os.set_inheritable(fd, True)
    supervisor.add(
        ChildProcess("web", iom_command("web"), {**environment, LISTEN_FD: str(fd)}, (fd,))
    )
    for number in range(workers):
        supervisor.add(ChildProcess(f"worker {number + 1}", iom_command("worker"), environment))


def wait_until_ready(supervisor: Supervisor, url: str, *, seconds: float = 90.0) -> None:
    """Return once `/ready` answers 200. Raises Refused when it does not in time, or the user gives up."""
    deadline = monotonic() + seconds
    with httpx.Client(trust_env=False, timeout=2.0) as client:
        while monotonic() < deadline and not supervisor.stop.is_set():
            try:
                if client.get(f"{url}/ready").status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            supervisor.revive()
            sleep(0.05)
    if not supervisor.stop.is_set():
        raise Refused(
            "the web server did not become ready",
            remedy="read what it wrote above, and start again",
        )
