"""Serves an application on a loopback port: in a thread for tests, or as this process."""

import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import orjson
import uvicorn
from fastapi import FastAPI

HOST = "127.0.0.1"
START_SECONDS = 15


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A simulator that listens at `url`; `app.state` gives tests access to its state."""

    url: str
    app: FastAPI


def listening_socket(port: int) -> socket.socket:
    """Return a bound loopback socket, on a free port for port 0."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((HOST, port))
    return bound


def _server(app: FastAPI) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            ws="none",
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=1,
            timeout_keep_alive=60,
        )
    )


@contextmanager
def serve_in_thread(app: FastAPI, *, port: int = 0) -> Iterator[RunningServer]:
    """Serve `app` in a thread while the block runs."""
    bound = listening_socket(port)
    server = _server(app)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [bound]}, daemon=True, name="simulator"
    )
    thread.start()

    try:
        deadline = time.monotonic() + START_SECONDS
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the simulator did not start; see its log above")

            time.sleep(0.005)

        yield RunningServer(f"http://{HOST}:{bound.getsockname()[1]}", app)
    finally:
        server.should_exit = True
        thread.join(timeout=5)
        bound.close()


@contextmanager
def running(*apps: FastAPI) -> Iterator[tuple[RunningServer, ...]]:
    """Serve several applications, each on a free port, while the block runs."""
    with ExitStack() as stack:
        yield tuple(stack.enter_context(serve_in_thread(app)) for app in apps)


def serve_forever(
    app: FastAPI,
    *,
    port: int,
    ready_file: Path | None,
    announce: dict[str, str],
    fd: int | None = None,
) -> None:
    """Serve `app` until SIGTERM or SIGINT.

    Its URL and `announce` are printed as one line of JSON, and written to `ready_file`. `fd` is a
    bound socket of a supervisor, which reserves the port while the simulator starts.
    """
    bound = listening_socket(port) if fd is None else socket.socket(fileno=fd)
    bound.listen(512)  # A client that reads the line may connect before the first accept.
    line = orjson.dumps({"url": f"http://{HOST}:{bound.getsockname()[1]}", **announce}).decode()
    app.state.when_started = lambda: _announce(line, ready_file)
    signal.signal(signal.SIGTERM, _end)

    try:
        _server(app).run(sockets=[bound])
    finally:
        bound.close()
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)


def _end(number: int, frame: FrameType | None) -> None:
    """Exit with status 0: the server raises its signal once more after it has stopped."""
    sys.exit(0)


def _announce(line: str, ready_file: Path | None) -> None:
    if ready_file is not None:
        temporary = ready_file.with_suffix(ready_file.suffix + ".new")
        temporary.write_text(line + "\n", encoding="utf-8")
        temporary.rename(ready_file)
    print(line, flush=True)  # noqa: T201 (the output of this program)
