"""Every way the other side can fail, seen through OutsideHttp."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from openiom.kernel import Invalid, ProviderDown, ProviderRejected, ProviderUnauthorized
from openiom.provider_contract import ProviderHttpClient
from openiom.testing import RecordedCalls, unreachable_address

Answer = Callable[[BaseHTTPRequestHandler], None]


class Other:
    """The other side: answers each request as `answer` says, and counts them."""

    def __init__(self, url: str) -> None:
        self.url, self.paths = url, list[str]()
        self.answer: Answer = says(200, b"{}")


def says(status: int, body: bytes = b"", *, length: int | None = None, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("content-length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture
def other() -> Iterator[Other]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            told.paths.append(self.path)
            told.answer(self)

        do_POST = do_PUT = do_GET

        def log_message(self, format: str, *arguments: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told = Other(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield told
        server.shutdown()
        thread.join()


@pytest.fixture
def heard() -> RecordedCalls:
    return RecordedCalls()


@pytest.fixture
def http(other: Other, heard: RecordedCalls) -> Iterator[ProviderHttpClient]:
    with closing(
        ProviderHttpClient(
            other.url, report=heard, timeout=0.5, max_wait_seconds=0.3, max_response_bytes=1000
        )
    ) as client:
        yield client


def test_json_is_parsed_and_an_empty_answer_is_none(http: ProviderHttpClient, other: Other) -> None:
    other.answer = says(200, b'{"a": [1]}')
    assert http.get("x").body == {"a": [1]}
    other.answer = says(204)
    assert http.put("x", {"b": 2}).body is None


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (says(429, X_Rate_Limit_Time_Reset_Ms="15000"), 15.0),
        (says(429, Retry_After="7"), 7.0),
        (says(429, X_Retry_After="9"), 9.0),
        (says(429, Retry_After="soon"), 5.0),
        (says(503, Retry_After="11"), 11.0),
        (says(500, Retry_After="11"), None),
        (says(502, b"<html>"), None),
        (says(200, b'{"a": '), None),
        (says(200, b"\xff\xfe"), None),
        (says(200, b'{"a": 1}', length=50), None),
    ],
)
def test_what_may_pass_is_an_outage_that_says_when_to_come_again(
    http: ProviderHttpClient,
    other: Other,
    heard: RecordedCalls,
    answer: Answer,
    seconds: float | None,
) -> None:
    other.answer = answer
    with pytest.raises(ProviderDown) as failed:
        http.get("orders")
    assert failed.value.retry_after == seconds
    assert f"{other.url}/orders" in failed.value.where
    assert len(heard) == 1


def test_garbage_is_told_with_its_first_bytes(http: ProviderHttpClient, other: Other) -> None:
    other.answer = says(200, b"<html>maintenance")
    with pytest.raises(ProviderDown, match="<html>maintenance"):
        http.get("orders")


def test_an_answer_that_need_not_be_json_counts_as_one_without_a_body(
    http: ProviderHttpClient, other: Other
) -> None:
    other.answer = says(200, b"OK")
    assert http.post("bin", {}, expect_json=False).body is None
    assert len(other.paths) == 1


def test_a_silent_server_is_an_outage_after_the_timeout(
    http: ProviderHttpClient, other: Other, heard: RecordedCalls
) -> None:
    other.answer = lambda handler: time.sleep(1)
    with pytest.raises(ProviderDown, match="timed out"):
        http.get("orders")
    assert heard[0].status is None


def test_an_address_where_nobody_listens_is_an_outage(heard: RecordedCalls) -> None:
    host, port = unreachable_address()
    with (
        closing(ProviderHttpClient(f"http://{host}:{port}", report=heard)) as client,
        pytest.raises(ProviderDown),
    ):
        client.get("orders")


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, b'{"title": "Unauthorized"}', ProviderUnauthorized, "Unauthorized"),
        (403, b'[{"status": 403, "message": "no scope"}]', ProviderRejected, "no scope"),
        (404, b"", ProviderRejected, "no reason given"),
        (422, b'{"title": "Bad", "errors": {"sku": "unknown"}}', ProviderRejected, "unknown"),
    ],
)
def test_a_refusal_is_told_in_the_vendors_words(
    http: ProviderHttpClient,
    other: Other,
    status: int,
    body: bytes,
    kind: type[Exception],
    words: str,
) -> None:
    other.answer = says(status, body)
    with pytest.raises(kind, match=words) as failed:
        http.get("orders")
    assert failed.type is kind


def test_a_redirect_elsewhere_and_one_of_a_write_are_refused(
    http: ProviderHttpClient, other: Other
) -> None:
    host, port = unreachable_address()
    other.answer = says(302, Location=f"http://{host}:{port}/")
    with pytest.raises(ProviderRejected, match="redirect"):
        http.get("orders")
    other.answer = says(307, Location="/elsewhere")
    with pytest.raises(ProviderRejected, match="redirect"):
        http.post("orders", {})
    assert other.paths == ["/orders", "/orders"]


def test_an_answer_above_the_limit_is_given_up(http: ProviderHttpClient, other: Other) -> None:
    other.answer = says(200, b"[" + b"1," * 600 + b"1]")
    with pytest.raises(ProviderRejected, match="larger than 1000 bytes"):
        http.get("orders")


def test_the_call_log_shows_no_secret_of_a_query(
    http: ProviderHttpClient, heard: RecordedCalls
) -> None:
    http.get("orders", {"page": 2, "access_token": "s3cret", "apiKey": "s3cret"})
    assert heard[0].url.endswith("/orders?page=2&access_token=***&apiKey=***")


def test_a_spent_quota_is_waited_out_when_short_and_told_when_long(
    http: ProviderHttpClient, other: Other
) -> None:
    other.answer = says(
        200, b"{}", X_Rate_Limit_Requests_Left="0", X_Rate_Limit_Time_Reset_Ms="200"
    )
    http.get("a")
    began = time.monotonic()
    other.answer = says(
        200, b"{}", X_Rate_Limit_Requests_Left="0", X_Rate_Limit_Time_Reset_Ms="60000"
    )
    http.get("b")
    assert time.monotonic() - began >= 0.18
    with pytest.raises(ProviderDown) as failed:
        http.get("c")
    assert 55 < (failed.value.retry_after or 0) <= 60
    assert other.paths == ["/a", "/b"]


@pytest.mark.parametrize(
    "url", ["ftp://example.com", "file:///etc/passwd", "example.com", "", "http://u:p@example.com"]
)
def test_an_address_that_is_none_or_holds_a_credential_is_invalid(
    url: str, heard: RecordedCalls
) -> None:
    with pytest.raises(Invalid):
        ProviderHttpClient(url, report=heard)
