"""The clients of benchmarks send every request once and look at every answer."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from benchmarks.http_clients import Connections, exchange, request_text
from tests.simulators.http_listener import HttpListener, http_listener


@pytest.fixture
def listener() -> Iterator[HttpListener]:
    with http_listener() as one:
        yield one


def connections(listener: HttpListener, *contents: list[bytes], expected: str = "") -> Connections:
    address = urlsplit(listener.url)
    assert address.hostname
    assert address.port
    requests = []
    for bodies in contents:
        requests.append(
            [request_text("POST", "/", headers={"X-Kind": "order"}, content=b) for b in bodies]
        )
    return Connections(address.hostname, address.port, requests, "HTTP/1.0 200", expected)


def test_a_server_that_closes_a_connection_ends_the_benchmark(listener: HttpListener) -> None:
    """The listener speaks HTTP/1.0 and answers one request a connection."""
    with pytest.raises(SystemExit, match="the server closed the connection"):
        exchange(connections(listener, [b"1", b"2"]))

    assert [post.body for post in listener.posts] == [b"1"]


def test_calls_are_measured(listener: HttpListener) -> None:
    answers = exchange(connections(listener, [b"1"], ["größe".encode()], [b"3"], []))

    assert len(answers.calls) == 3
    assert 0 < max(answers.calls) <= answers.seconds
    assert answers.cpu_seconds > 0
    assert {post.body for post in listener.posts} == {b"1", "größe".encode(), b"3"}
    assert {post.headers["x-kind"] for post in listener.posts} == {"order"}


def test_an_unexpected_status_ends_the_benchmark(listener: HttpListener) -> None:
    listener.statuses = [503]

    with pytest.raises(SystemExit, match="unexpected answer: .*503"):
        exchange(connections(listener, [b"1"]))


def test_an_answer_without_the_expected_text_ends_the_benchmark(listener: HttpListener) -> None:
    with pytest.raises(SystemExit, match="unexpected answer"):
        exchange(connections(listener, [b"1"], expected='"duplicate":false'))
