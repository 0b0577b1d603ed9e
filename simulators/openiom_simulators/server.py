"""Runs an application on a loopback port: in a thread of this process for tests, or as this process."""

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
    """A simulator that answers at `url`; `app.state` holds its inside for assertions."""

    url: str
    app: FastAPI


def listening_socket(port: int) -> socket.socket:
    """A bound loopback socket; port 0 takes a free one."""
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
    """Serve `app` from a thread while the block runs."""
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
                raise RuntimeError("the simulator did not start; its log above says why")
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
    append_events: dict[str, str],
    fd: int | None = None,
) -> None:
    """Serve `app` until SIGTERM or SIGINT; says where on a line of JSON and in `ready_file`.

    `fd` is a bound socket a supervisor holds open, so that nobody takes the port while the simulator starts.
    """
    bound = listening_socket(port) if fd is None else socket.socket(fileno=fd)
    bound.listen(512)  # a caller that reads the line may connect before the first accept
    line = orjson.dumps(
        {"url": f"http://{HOST}:{bound.getsockname()[1]}", **append_events}
    ).decode()
    app.state.when_started = lambda: _say(line, ready_file)
    signal.signal(signal.SIGTERM, _end)
    try:
        _server(app).run(sockets=[bound])
    finally:
        bound.close()
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)


def _end(number: int, frame: FrameType | None) -> None:
    """The server raises its signal again once it has stopped; leave as after a job done."""
    sys.exit(0)


def _say(line: str, ready_file: Path | None) -> None:
    if ready_file is not None:
        arriving = ready_file.with_suffix(ready_file.suffix + ".new")
        arriving.write_text(line + "\n", encoding="utf-8")
        arriving.rename(ready_file)
    print(line, flush=True)  # noqa: T201 (the line is this program's answer)
