"""HTTP clients that cost little: prepared requests over open connections, all in one thread.

Clients and server share the cores of a benchmark, so what the clients spend is reported with what
they measure.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from select import EPOLLIN, epoll
from socket import IPPROTO_TCP, TCP_NODELAY, create_connection, socket
from time import perf_counter, process_time
from urllib.parse import urlsplit

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"
RECEIVED_AT_ONCE = 65_536
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Answers:
    """What clients were answered, with the seconds of each call, of all, and of their CPU."""

    answers: list[bytes]
    call_seconds: list[float]
    seconds: float
    cpu_seconds: float


@dataclass(slots=True)
class _Client:
    """A connection with the requests that it has yet to send."""

    connection: socket
    requests: deque[bytes]
    started: float = 0.0
    received: bytes = field(default=b"")

    def send_next(self) -> bool:
        """Send the next request; return False when there is none."""
        if not self.requests:
            return False

        self.started = perf_counter()
        self.connection.sendall(self.requests.popleft())
        return True

    def receive(self) -> bytes | None:
        """Return the answer once it is complete."""
        part = self.connection.recv(RECEIVED_AT_ONCE)
        if not part:
            raise SystemExit("the server has closed a connection")

        self.received += part
        if not is_complete(self.received):
            return None

        answer, self.received = self.received, b""
        return answer


def request_of(
    address: str, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> bytes:
    """Return a request as it is sent."""
    own = {"Host": urlsplit(address).netloc, "Content-Length": str(len(body))}
    lines = [f"{method} {path} HTTP/1.1"]
    lines.extend(f"{name}: {value}" for name, value in (own | headers).items())
    return "\r\n".join(lines).encode() + HEAD_END + body


def call_all(address: str, requests: Sequence[bytes], *, clients: int) -> Answers:
    """Send the requests from so many clients, each waiting for its answer before the next."""
    parts = urlsplit(address)
    opened: dict[int, _Client] = {}
    for number in range(clients):
        connection = create_connection((parts.hostname, parts.port), timeout=TIMEOUT_SECONDS)
        connection.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        opened[connection.fileno()] = _Client(connection, deque(requests[number::clients]))

    try:
        return _call(opened)
    finally:
        for client in opened.values():
            client.connection.close()


def _call(clients: dict[int, _Client]) -> Answers:
    answers: list[bytes] = []
    call_seconds: list[float] = []
    started, cpu_started = perf_counter(), process_time()

    with epoll() as readable:
        waiting = 0
        for number, client in clients.items():
            readable.register(number, EPOLLIN)
            waiting += client.send_next()

        while waiting:
            ready = readable.poll(TIMEOUT_SECONDS)
            if not ready:
                raise SystemExit(f"no answer within {TIMEOUT_SECONDS} s")

            for number, _ in ready:
                client = clients[number]
                answer = client.receive()
                if answer is not None:
                    call_seconds.append(perf_counter() - client.started)
                    answers.append(answer)
                    waiting -= not client.send_next()

    return Answers(answers, call_seconds, perf_counter() - started, process_time() - cpu_started)


def is_complete(answer: bytes) -> bool:
    """Return whether an answer has the whole body that its head announces."""
    head, end, body = answer.partition(HEAD_END)
    if not end:
        return False

    _, found, rest = head.lower().partition(LENGTH)
    if not found:
        raise SystemExit(f"an answer without a length: {head.decode()[:500]}")
    return len(body) >= int(rest.partition(b"\r\n")[0])


def status_and_body(answer: bytes) -> tuple[int, bytes]:
    """Return the status and the body of an answer."""
    head, _, body = answer.partition(HEAD_END)
    return int(head.split(b" ", 2)[1]), body
