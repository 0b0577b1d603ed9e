"""Clients of benchmarks send prepared requests and receive whole answers."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from benchmarks.raw_clients import call_all, is_complete, request_of, status_and_body


class Echo(BaseHTTPRequestHandler):
    """Answers with the body it received, in two parts."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(202)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:2])
        self.wfile.flush()
        self.wfile.write(body[2:])

    def log_message(self, format: str, *arguments: object) -> None:
        """Print nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_every_request_is_answered_once(address: str) -> None:
    bodies = [f"body {number}".encode() for number in range(50)]
    requests = [request_of(address, "POST", "/", {"A": "b"}, body) for body in bodies]

    answered = call_all(address, requests, clients=3)

    received = [status_and_body(answer) for answer in answered.answers]
    assert sorted(received) == sorted((202, body) for body in bodies)
    assert len(answered.call_seconds) == 50
    assert max(answered.call_seconds) <= answered.seconds


@pytest.mark.parametrize(
    ("answer", "complete"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Le", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", False),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nA: b\r\n\r\nabc", True),
    ],
)
def test_an_answer_is_complete_with_its_body(answer: bytes, complete: bool) -> None:
    assert is_complete(answer) is complete


def test_an_answer_without_a_length_is_refused() -> None:
    with pytest.raises(SystemExit, match="without a length"):
        is_complete(b"HTTP/1.1 200 OK\r\n\r\n")
