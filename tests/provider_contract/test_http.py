"""The HTTP client of providers and its errors for every kind of failure."""

import time
from contextlib import closing

import pytest
from tests.provider_contract.fake_server import Answer, FakeServer, responds

from openiom.kernel import Invalid, ProviderDown, ProviderRejected, ProviderUnauthorized
from openiom.provider_contract import LOOPBACK, ProviderHttpClient
from openiom.testing import RecordedCalls, unreachable_address


def test_json_is_parsed_and_an_empty_response_is_none(
    http: ProviderHttpClient, other: FakeServer
) -> None:
    other.answer = responds(200, b'{"a": [1]}')
    assert http.get("x").body == {"a": [1]}
    other.answer = responds(204)
    assert http.put("x", {"b": 2}).body is None


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (responds(429, X_Rate_Limit_Time_Reset_Ms="15000"), 15.0),
        (responds(429, Retry_After="7"), 7.0),
        (responds(429, X_Retry_After="9"), 9.0),
        (responds(429, Retry_After="soon"), 5.0),
        (responds(503, Retry_After="11"), 11.0),
        (responds(500, Retry_After="11"), None),
        (responds(502, b"<html>"), None),
        (responds(200, b'{"a": '), None),
        (responds(200, b"\xff\xfe"), None),
        (responds(200, b'{"a": 1}', length=50), None),
    ],
)
def test_a_transient_failure_is_an_outage_with_its_retry_time(
    http: ProviderHttpClient,
    other: FakeServer,
    calls: RecordedCalls,
    answer: Answer,
    seconds: float | None,
) -> None:
    other.answer = answer
    with pytest.raises(ProviderDown) as failed:
        http.get("orders")

    assert failed.value.retry_after == seconds
    assert f"{other.url}/orders" in failed.value.where
    assert len(calls) == 1


def test_the_error_for_invalid_json_shows_its_first_bytes(
    http: ProviderHttpClient, other: FakeServer
) -> None:
    other.answer = responds(200, b"<html>maintenance")
    with pytest.raises(ProviderDown, match="<html>maintenance"):
        http.get("orders")


def test_a_response_that_need_not_be_json_has_no_body(
    http: ProviderHttpClient, other: FakeServer
) -> None:
    other.answer = responds(200, b"OK")
    assert http.post("bin", {}, expect_json=False).body is None
    assert len(other.paths) == 1


def test_a_silent_server_is_an_outage_after_the_timeout(
    http: ProviderHttpClient, other: FakeServer, calls: RecordedCalls
) -> None:
    other.answer = lambda handler: time.sleep(1)
    with pytest.raises(ProviderDown, match="timed out"):
        http.get("orders")
    assert calls[0].status is None


def test_an_unreachable_address_is_an_outage(calls: RecordedCalls) -> None:
    host, port = unreachable_address()
    client = ProviderHttpClient(f"http://{host}:{port}", report=calls, egress=LOOPBACK)
    with closing(client), pytest.raises(ProviderDown):
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
def test_a_refusal_contains_the_message_of_the_provider(
    http: ProviderHttpClient,
    other: FakeServer,
    status: int,
    body: bytes,
    kind: type[Exception],
    words: str,
) -> None:
    other.answer = responds(status, body)
    with pytest.raises(kind, match=words) as failed:
        http.get("orders")

    assert failed.type is kind


def test_a_redirect_elsewhere_and_one_of_a_write_are_refused(
    http: ProviderHttpClient, other: FakeServer
) -> None:
    host, port = unreachable_address()
    other.answer = responds(302, Location=f"http://{host}:{port}/")

    with pytest.raises(ProviderRejected, match="redirect"):
        http.get("orders")

    other.answer = responds(307, Location="/elsewhere")
    with pytest.raises(ProviderRejected, match="redirect"):
        http.post("orders", {})

    assert other.paths == ["/orders", "/orders"]


def test_a_response_above_the_size_limit_is_refused(
    http: ProviderHttpClient, other: FakeServer
) -> None:
    other.answer = responds(200, b"[" + b"1," * 600 + b"1]")
    with pytest.raises(ProviderRejected, match="larger than 1000 bytes"):
        http.get("orders")


def test_the_call_log_shows_no_secret_of_a_query(
    http: ProviderHttpClient, calls: RecordedCalls
) -> None:
    http.get("orders", {"page": 2, "access_token": "s3cret", "apiKey": "s3cret"})
    assert calls[0].url.endswith("/orders?page=2&access_token=***&apiKey=***")


def test_a_short_quota_wait_is_waited_out_and_a_long_one_is_an_outage(
    http: ProviderHttpClient, other: FakeServer
) -> None:
    other.answer = responds(
        200, b"{}", X_Rate_Limit_Requests_Left="0", X_Rate_Limit_Time_Reset_Ms="200"
    )
    http.get("a")
    began = time.monotonic()
    other.answer = responds(
        200, b"{}", X_Rate_Limit_Requests_Left="0", X_Rate_Limit_Time_Reset_Ms="60000"
    )
    http.get("b")
    assert time.monotonic() - began >= 0.18

    with pytest.raises(ProviderDown) as failed:
        http.get("c")

    assert 55 < (failed.value.retry_after or 0) <= 60
    assert other.paths == ["/a", "/b"]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com",
        "file:///etc/passwd",
        "example.com",
        "",
        "http://u:p@example.com",
        "https://example.com/api?key=k1",
        "https://example.com/api#k1",
    ],
)
def test_a_malformed_address_or_one_with_credentials_is_invalid(
    url: str, calls: RecordedCalls
) -> None:
    with pytest.raises(Invalid):
        ProviderHttpClient(url, report=calls)
