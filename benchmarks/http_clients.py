"""Clients that send prepared HTTP requests, with as little work a call as possible.

Clients and server of a benchmark share the cores of one machine, so what a client costs is taken
from the server. One process serves all connections: a request is bytes that were prepared before,
and of an answer only its length, its status and one expected text are looked at.

`python -m benchmarks.http_clients` reads a line with `Connections` as JSON, answers `ready`, waits
for a line, and writes the seconds of every call and its own CPU as JSON. It imports nothing of the
product, so it starts at once.
"""

import re
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from selectors import EVENT_READ, DefaultSelector
from socket import IPPROTO_TCP, TCP_NODELAY, create_connection, socket
from time import perf_counter, process_time

import orjson

LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
END_OF_HEAD = b"\r\n\r\n"
CHUNK = 65_536
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Connections:
    """What a client process sends: the requests of each connection, one after the other.

    Every answer must begin with `status`, such as `HTTP/1.1 202`, and contain `expected`.
    """

    host: str
    port: int
    requests: list[list[str]]
    status: str
    expected: str = ""


@dataclass(frozen=True)
class Answers:
    """The seconds of every call, those of all together, and the CPU seconds of the clients."""

    calls: list[float]
    seconds: float
    cpu_seconds: float


@dataclass
class _Connection:
    """An open connection with the requests it has not sent yet."""

    socket: socket
    requests: deque[bytes]
    received: bytes = b""
    started: float = 0.0

    def send_next(self) -> bool:
        """Send the next request; return whether there was one."""
        if not self.requests:
            return False
        self.received = b""
        self.started = perf_counter()
        self.socket.sendall(self.requests.popleft())
        return True

    def receive(self) -> bytes | None:
        """Receive more of an answer; return it once it is complete."""
        part = self.socket.recv(CHUNK)
        if not part:
            raise SystemExit(f"the server closed the connection after {self.received[:500]!r}")
        self.received += part
        head = self.received.find(END_OF_HEAD)
        if head < 0:
            return None

        length = LENGTH.search(self.received, 0, head)
        if length is None:
            raise SystemExit(f"an answer without its length: {self.received[:500]!r}")
        if len(self.received) < head + len(END_OF_HEAD) + int(length[1]):
            return None
        return self.received


def request_text(
    method: str, path: str, *, headers: dict[str, str], content: bytes | None = None
) -> str:
    """Return a request as a client sends it."""
    body = content or b""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "", body.decode()]
    return "\r\n".join(lines)


def exchange(connections: Connections) -> Answers:
    """Send the requests, each connection its next one when the last is answered.

    Raise `SystemExit` for an unexpected answer.
    """
    before = process_time()
    with ExitStack() as stack:
        selector = stack.enter_context(DefaultSelector())
        opened = [_open(stack, connections, requests) for requests in connections.requests]
        started = perf_counter()
        for connection in opened:
            if connection.send_next():
                selector.register(connection.socket, EVENT_READ, connection)

        calls = _receive_all(selector, connections)
        seconds = perf_counter() - started

    return Answers(calls, seconds, process_time() - before)


def _receive_all(selector: DefaultSelector, connections: Connections) -> list[float]:
    """Receive answers until no connection has a request left; return the seconds of each call."""
    status, expected = connections.status.encode(), connections.expected.encode()
    calls: list[float] = []
    while selector.get_map():
        for key, _ in selector.select(TIMEOUT_SECONDS):
            connection: _Connection = key.data
            answer = connection.receive()
            if answer is None:
                continue

            calls.append(perf_counter() - connection.started)
            if not answer.startswith(status) or expected not in answer:
                raise SystemExit(f"unexpected answer: {answer[:1000]!r}")
            if not connection.send_next():
                selector.unregister(connection.socket)

    return calls


def _open(stack: ExitStack, connections: Connections, requests: Sequence[str]) -> _Connection:
    address = (connections.host, connections.port)
    opened = stack.enter_context(create_connection(address, timeout=TIMEOUT_SECONDS))
    opened.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    return _Connection(opened, deque(text.encode() for text in requests))


def main() -> int:
    connections = Connections(**orjson.loads(sys.stdin.readline()))
    print("ready", flush=True)
    sys.stdin.readline()
    sys.stdout.buffer.write(orjson.dumps(asdict(exchange(connections))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
