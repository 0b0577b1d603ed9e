"""A listener on loopback that keeps what is posted to it and answers as told."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WAIT_SECONDS = 10


@dataclass
class ReceivedPost:
    """One POST: its headers (lower case names) and body."""

    headers: dict[str, str]
    body: bytes


@dataclass
class HttpListener:
    """Answers `statuses` one after the other, then 200."""

    url: str
    heard: list[ReceivedPost] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def wait(self, until: Callable[[], bool]) -> None:
        """Until that holds; fails the test after ten seconds."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not until():
            assert time.monotonic() < deadline, (
                f"heard only {len(self.heard)} posts: {self.heard[-3:]}"
            )
            time.sleep(0.01)


@contextmanager
def http_listener() -> Iterator[HttpListener]:
    """A listener while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = listener.statuses.pop(0) if listener.statuses else 200
            listener.posts.append(
                ReceivedPost({k.lower(): v for k, v in self.headers.items()}, body)
            )
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
