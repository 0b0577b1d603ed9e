"""An HTTP server for one test, which responds as the test says and records the requests."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class ReceivedRequest:
    """A request as the server received it; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


def responds(
    status: int, body: bytes = b"", *, length: int | None = None, **headers: str
) -> Answer:
    """Return an answer; `length` replaces the true content length."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("content-length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


class FakeServer:
    """A server that responds to every request with `answer`.

    With `answers`, the first requests are responded to in their order.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[ReceivedRequest] = []
        self.answers: list[Answer] = []
        self.answer: Answer = responds(200, b"{}")

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def next_answer(self) -> Answer:
        """Return the answer to the next request."""
        return self.answers.pop(0) if self.answers else self.answer


@contextmanager
def running_server() -> Iterator[FakeServer]:
    """Yield a server that runs in a thread."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            fake.requests.append(ReceivedRequest(self.command, self.path, headers, body))
            fake.next_answer()(self)

        do_POST = do_PUT = do_DELETE = do_GET

        def log_message(self, format: str, *arguments: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        fake = FakeServer(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield fake
        server.shutdown()
        thread.join()
