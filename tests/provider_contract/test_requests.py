"""What the HTTP client of providers sends, follows, waits for and reports."""

import threading
import time
from contextlib import closing
from datetime import UTC, datetime

import orjson
import pytest
from tests.provider_contract.fake_server import FakeServer, responds

from openiom.kernel import Invalid, ProviderDown, ProviderRejected, ProviderUnauthorized
from openiom.provider_contract import LOOPBACK, OutboundRequest, ProviderHttpClient
from openiom.testing import RecordedCalls, unreachable_address


def test_a_request_has_the_headers_of_the_client_and_its_own(
    other: FakeServer, calls: RecordedCalls
) -> None:
    headers = {"X-Auth-Token": "t0ken"}
    with closing(
        ProviderHttpClient(other.url, report=calls, headers=headers, egress=LOOPBACK)
    ) as client:
        client.post("orders", {"id": 1}, headers={"Idempotency-Key": "k1"})

    [request] = other.requests
    assert (request.method, request.path) == ("POST", "/orders")
    assert request.headers["x-auth-token"] == "t0ken"
    assert request.headers["idempotency-key"] == "k1"
    assert request.headers["accept"] == "application/json"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "OpenIOM"


def test_a_header_of_the_client_replaces_a_default(other: FakeServer, calls: RecordedCalls) -> None:
    headers = {"accept": "application/xml"}
    with closing(
        ProviderHttpClient(other.url, report=calls, headers=headers, egress=LOOPBACK)
    ) as client:
        client.get("orders")
    assert other.requests[0].headers["accept"] == "application/xml"


@pytest.mark.parametrize(
    ("base", "path", "expected"),
    [
        ("", "orders", "/orders"),
        ("", "/orders", "/orders"),
        ("/v2", "orders", "/v2/orders"),
        ("/v2/", "/orders", "/v2/orders"),
    ],
)
def test_a_path_is_below_the_base_url(
    other: FakeServer, calls: RecordedCalls, base: str, path: str, expected: str
) -> None:
    with closing(ProviderHttpClient(other.url + base, report=calls, egress=LOOPBACK)) as client:
        client.get(path)
    assert other.paths == [expected]


def test_a_body_is_json_and_values_that_json_lacks_are_text(
    http: ProviderHttpClient, other: FakeServer
) -> None:
    moment = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)
    http.put("orders/1", {"at": moment, "note": "é"})
    [request] = other.requests
    assert request.method == "PUT"
    assert orjson.loads(request.body) == {"at": "2026-11-26T08:30:00+00:00", "note": "é"}


def test_a_read_has_no_body(http: ProviderHttpClient, other: FakeServer) -> None:
    http.get("orders", {})
    [request] = other.requests
    assert (request.path, request.body) == ("/orders", b"")


def test_another_method_is_sent_as_it_is(http: ProviderHttpClient, other: FakeServer) -> None:
    other.answer = responds(204)
    response = http.request("DELETE", "hooks/7")
    assert (other.requests[0].method, response.status, response.body) == ("DELETE", 204, None)


def test_a_query_is_encoded(http: ProviderHttpClient, other: FakeServer) -> None:
    http.get("orders", {"name": "a b&c", "page": 2})
    assert other.paths == ["/orders?name=a+b%26c&page=2"]


def test_a_response_has_status_and_headers_of_any_case(
    http: ProviderHttpClient, other: FakeServer
) -> None:
    other.answer = responds(201, b'{"id": 7}', X_Total="12")
    response = http.post("orders", {})
    assert (response.status, response.body) == (201, {"id": 7})
    assert response.headers["x-total"] == "12"


@pytest.mark.parametrize("body", [b"", b"  \n"])
def test_a_blank_body_is_none(http: ProviderHttpClient, other: FakeServer, body: bytes) -> None:
    other.answer = responds(200, body)
    assert http.get("orders").body is None


def test_an_accepted_error_status_is_returned_and_others_are_raised(
    http: ProviderHttpClient, other: FakeServer
) -> None:
    other.answer = responds(404, b'{"title": "Not found"}')
    response = http.get("orders/1", accept=(404, 409))
    assert (response.status, response.body) == (404, {"title": "Not found"})
    other.answer = responds(403, b"{}")
    with pytest.raises(ProviderRejected):
        http.get("orders/1", accept=(404, 409))


def test_an_accepted_outage_is_returned(http: ProviderHttpClient, other: FakeServer) -> None:
    other.answer = responds(503, b'{"error": "busy"}')
    assert http.get("orders", accept=(503,)).body == {"error": "busy"}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_read_follows_a_redirect_on_the_same_host_without_its_query(
    http: ProviderHttpClient, other: FakeServer, status: int
) -> None:
    other.answers = [responds(status, Location="/v3/orders?page=1")]
    other.answer = responds(200, b'{"ok": true}')
    assert http.get("orders", {"page": 9}).body == {"ok": True}
    assert other.paths == ["/orders?page=9", "/v3/orders?page=1"]


def test_a_relative_redirect_is_resolved(http: ProviderHttpClient, other: FakeServer) -> None:
    other.answers = [responds(302, Location="latest")]
    http.get("orders/all")
    assert other.paths == ["/orders/all", "/orders/latest"]


def test_three_redirects_are_followed_and_a_fourth_is_an_outage(
    http: ProviderHttpClient, other: FakeServer, calls: RecordedCalls
) -> None:
    other.answers = [responds(302, Location=f"/{number}") for number in (1, 2, 3)]
    assert http.get("0").status == 200
    assert other.paths == ["/0", "/1", "/2", "/3"]
    other.answer = responds(302, Location="/again")

    with pytest.raises(ProviderDown, match="too many redirects"):
        http.get("0")

    assert len(calls) == 8


@pytest.mark.parametrize(
    ("method", "location"),
    [("POST", "/elsewhere"), ("PUT", "/elsewhere"), ("GET", "https://127.0.0.1/")],
)
def test_a_redirect_that_is_not_followed_says_where_it_leads(
    http: ProviderHttpClient, other: FakeServer, method: str, location: str
) -> None:
    other.answer = responds(307, Location=location)
    with pytest.raises(ProviderRejected) as failed:
        http.request(method, "orders")

    target = other.url if location.startswith("/") else "https://127.0.0.1"
    assert failed.value.what == f"status 307 redirects to {target}, which is not followed"
    assert failed.value.where == f"{method} {other.url}/orders"
    assert failed.value.remedy == "correct the address of the connection"


def test_a_successful_exchange_is_reported_with_its_time(
    http: ProviderHttpClient, other: FakeServer, calls: RecordedCalls
) -> None:
    def slow(handler: object) -> None:
        time.sleep(0.05)
        responds(200, b"{}")(handler)  # type: ignore[arg-type]

    other.answer = slow
    before = datetime.now(UTC)
    http.get("orders")
    [call] = calls
    assert (call.method, call.url, call.status, call.error) == (
        "GET",
        f"{other.url}/orders",
        200,
        "",
    )
    assert 50 <= call.milliseconds < 5_000
    assert before <= call.started_at <= datetime.now(UTC)


def test_a_refusal_is_reported_with_the_message_of_the_provider(
    http: ProviderHttpClient, other: FakeServer, calls: RecordedCalls
) -> None:
    other.answer = responds(422, b'{"title": "Bad\\u0007 request"}')
    with pytest.raises(ProviderRejected):
        http.get("orders")
    [call] = calls
    assert (call.status, call.error) == (422, "Bad  request")


def test_a_request_without_a_response_is_reported_with_its_error(calls: RecordedCalls) -> None:
    host, port = unreachable_address()
    url = f"http://{host}:{port}"
    client = ProviderHttpClient(url, report=calls, egress=LOOPBACK)

    with closing(client), pytest.raises(ProviderDown) as failed:
        client.get("orders")

    [call] = calls
    assert (call.status, call.url) == (None, f"{url}/orders")
    assert call.error == str(failed.value)
    assert failed.value.what.startswith("could not be reached: ")
    assert failed.value.where == f"GET {url}/orders"


def test_every_request_of_a_redirect_is_reported(
    http: ProviderHttpClient, other: FakeServer, calls: RecordedCalls
) -> None:
    other.answers = [responds(301, Location="/b")]
    http.get("a")
    assert [(call.url.removeprefix(other.url), call.status) for call in calls] == [
        ("/a", 301),
        ("/b", 200),
    ]


@pytest.mark.parametrize(
    "name", ["access_token", "api_key", "Secret", "signature", "password", "auth"]
)
def test_no_error_and_no_log_shows_a_secret_of_a_query(
    http: ProviderHttpClient, other: FakeServer, calls: RecordedCalls, name: str
) -> None:
    other.answer = responds(401)
    with pytest.raises(ProviderUnauthorized) as failed:
        http.get("orders", {name: "s3cret", "page": "1"})
    assert failed.value.where == f"GET {other.url}/orders?{name}=***&page=1"
    assert "s3cret" not in calls[0].url


def test_a_long_url_and_a_long_message_are_shortened(
    http: ProviderHttpClient, other: FakeServer, calls: RecordedCalls
) -> None:
    other.answer = responds(400, b"x" * 900)
    with pytest.raises(ProviderRejected):
        http.get("orders", {"ids": "1" * 2_000})
    assert (len(calls[0].url), len(calls[0].error)) == (1_000, 500)


def test_a_closed_client_reports_an_outage(http: ProviderHttpClient, calls: RecordedCalls) -> None:
    http.close()
    with pytest.raises(ProviderDown, match="the connection was closed"):
        http.get("orders")
    assert calls[0].status is None


def test_a_response_at_the_size_limit_is_read(http: ProviderHttpClient, other: FakeServer) -> None:
    other.answer = responds(200, b'"' + b"x" * 998 + b'"')
    assert len(http.get("orders").body) == 998
    other.answer = responds(200, b'"' + b"x" * 999 + b'"')
    with pytest.raises(ProviderRejected) as failed:
        http.get("orders")
    assert failed.value.remedy == "request less data at once"


def test_a_rate_limit_that_is_not_exhausted_delays_nothing(
    http: ProviderHttpClient, other: FakeServer
) -> None:
    other.answer = responds(
        200, b"{}", X_Rate_Limit_Requests_Left="1", X_Rate_Limit_Time_Reset_Ms="60000"
    )
    http.get("a")
    assert http.get("b").status == 200


def test_an_exhausted_rate_limit_without_a_time_delays_nothing(
    http: ProviderHttpClient, other: FakeServer
) -> None:
    other.answer = responds(200, b"{}", X_Rate_Limit_Requests_Left="0")
    http.get("a")
    assert http.get("b").status == 200


def test_a_429_delays_the_next_request_of_every_thread(
    http: ProviderHttpClient, other: FakeServer
) -> None:
    other.answer = responds(429, b"", Retry_After="30")
    with pytest.raises(ProviderDown):
        http.get("a")

    errors: list[Exception] = []

    def request() -> None:
        try:
            http.get("b")
        except ProviderDown as error:
            errors.append(error)

    threads = [threading.Thread(target=request) for _ in range(3)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    assert [error.what for error in errors] == ["the rate limit is exhausted"] * 3
    assert other.paths == ["/a"]


def test_a_longer_rate_limit_is_not_shortened_by_a_later_response(
    http: ProviderHttpClient, other: FakeServer
) -> None:
    first, second = responds(429, b"", Retry_After="30"), responds(429, b"", Retry_After="1")
    other.answers = [first, second]
    barrier = threading.Barrier(2)

    def request() -> None:
        barrier.wait()
        with pytest.raises(ProviderDown):
            http.get("a")

    threads = [threading.Thread(target=request) for _ in range(2)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    with pytest.raises(ProviderDown) as failed:
        http.get("b")

    assert failed.value.retry_after is not None
    assert failed.value.retry_after > 20


@pytest.mark.parametrize(
    ("url", "what", "remedy"),
    [
        (
            "ftp://example.com",
            "'ftp://example.com' is not an http or https address",
            "enter the complete address",
        ),
        (
            "http://",
            "'http://' is not an http or https address",
            "enter the complete address",
        ),
        (
            "https://ann@example.com",
            "the address contains a user name or password",
            "enter them in their own fields",
        ),
        (
            "https://:pw@example.com",
            "the address contains a user name or password",
            "enter them in their own fields",
        ),
        (
            "https://example.com/flow?sig=s3cret",
            "the address contains a query or a fragment",
            "enter the address without them, and a key in its own field",
        ),
    ],
)
def test_an_address_that_cannot_be_used_says_why(
    calls: RecordedCalls, url: str, what: str, remedy: str
) -> None:
    with pytest.raises(Invalid) as error:
        ProviderHttpClient(url, report=calls)
    assert (error.value.what, error.value.where) == (what, "connection")
    assert error.value.remedy == remedy


def test_spaces_and_a_final_slash_of_an_address_are_removed(calls: RecordedCalls) -> None:
    with closing(ProviderHttpClient(" https://example.com/v2/ ", report=calls)) as client:
        assert client.base_url == "https://example.com/v2"


def test_a_logged_request_is_the_first_attempt_by_default() -> None:
    request = OutboundRequest("GET", "http://x", None, 1, datetime(2026, 1, 1, tzinfo=UTC))
    assert (request.attempt, request.error) == (1, "")
