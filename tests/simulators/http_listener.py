"""A local HTTP server that records the POSTs it receives and responds with given statuses."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WAIT_SECONDS = 10


@dataclass
class ReceivedPost:
    """A POST: its headers, names in lower case, and its body."""

    headers: dict[str, str]
    body: bytes


@dataclass
class HttpListener:
    """Responds with `statuses` one after the other, then with 200."""

    url: str
    posts: list[ReceivedPost] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def wait(self, until: Callable[[], bool]) -> None:
        """Wait until the condition holds; fail the test after ten seconds."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not until():
            last = self.posts[-3:]
            assert time.monotonic() < deadline, f"received {len(self.posts)} posts: {last}"
            time.sleep(0.01)


@contextmanager
def http_listener() -> Iterator[HttpListener]:
    """Run a listener while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = listener.statuses.pop(0) if listener.statuses else 200
            headers = {name.lower(): value for name, value in self.headers.items()}
            listener.posts.append(ReceivedPost(headers, body))
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        listener = HttpListener(f"http://127.0.0.1:{server.server_port}/callbacks")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()

        try:
            yield listener
        finally:
            server.shutdown()
            thread.join()
