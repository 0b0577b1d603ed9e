"""The error that a status means, the pause that a provider requests, and its message."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from openiom.kernel import ProviderDown, ProviderError, ProviderRejected, ProviderUnauthorized
from openiom.provider_contract.http import error_for_status, retry_after

WHERE = "GET http://shop/orders"


def error(status: int, body: bytes = b"", **headers: str) -> ProviderError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return error_for_status(status, named, body, where=WHERE)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_a_status_that_a_retry_may_help_is_an_outage(status: int) -> None:
    failed = error(status, b'{"title": "Busy"}')
    assert type(failed) is ProviderDown
    assert (failed.what, failed.where, failed.retry) == (f"status {status}: Busy", WHERE, "later")


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (400, "correct the named data and reprocess"),
        (403, "grant the missing scope to the credential"),
        (404, "correct the named data and reprocess"),
        (409, "correct the named data and reprocess"),
        (422, "correct the named data and reprocess"),
    ],
)
def test_another_client_error_is_a_refusal_with_a_remedy(status: int, remedy: str) -> None:
    failed = error(status)
    assert type(failed) is ProviderRejected
    assert (failed.what, failed.remedy) == (f"status {status}: no reason given", remedy)
    assert failed.retry == "never"


def test_a_refused_credential_has_an_error_of_its_own() -> None:
    failed = error(401, b'{"message": "token expired"}')
    assert type(failed) is ProviderUnauthorized
    assert failed.what == "the credential was refused, status 401: token expired"
    assert failed.remedy == "enter a valid credential and probe again"


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {}, 5.0),
        (429, {"retry_after": "7"}, 7.0),
        (429, {"retry_after": "0"}, 0.0),
        (503, {}, None),
        (503, {"retry_after": "7"}, 7.0),
        (408, {}, None),
        (425, {"retry_after": "2"}, 2.0),
        (500, {"retry_after": "7"}, None),
        (502, {"retry_after": "7"}, None),
    ],
)
def test_only_a_status_that_promises_recovery_has_a_pause(
    status: int, headers: dict[str, str], seconds: float | None
) -> None:
    failed = error(status, **headers)
    assert isinstance(failed, ProviderDown)
    assert failed.retry_after == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"x-retry-after": "9"}, 9.0),
        ({"retry-after": "soon", "x-retry-after": "9"}, 9.0),
        ({"retry-after": "4", "x-retry-after": "9"}, 4.0),
        ({"x-rate-limit-time-reset-ms": "1500"}, 1.5),
        ({"x-rate-limit-time-reset-ms": "1500", "retry-after": "9"}, 1.5),
        ({"x-rate-limit-time-reset-ms": "1.5", "retry-after": "9"}, 9.0),
        ({"x-rate-limit-time-reset-ms": "\xb2", "retry-after": "9"}, 9.0),
        ({"retry-after": "Thu, 26 Nov 2020 08:30:00 GMT"}, 0.0),
        ({"retry-after": "Thu, 99 Nov 2020 08:30:00 GMT"}, None),
    ],
)
def test_the_requested_pause_is_read_from_the_usual_headers(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers) == seconds


def test_a_date_in_the_future_is_the_time_until_then() -> None:
    moment = datetime.now(UTC) + timedelta(seconds=90)
    seconds = retry_after({"retry-after": format_datetime(moment, usegmt=True)})
    assert seconds is not None
    assert 80 < seconds <= 90


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"title": "Bad"}', "Bad"),
        (b'{"code": 17}', "17"),
        (b'{"detail": "no SKU", "title": "Bad"}', "Bad; no SKU"),
        (b'{"reason": "r", "error": "e", "message": "m", "code": "c"}', "c; m; e; r"),
        (b'{"title": "", "message": "m"}', "m"),
        (b'{"errors": {"sku": "unknown"}}', '{"sku":"unknown"}'),
        (b'{"errors": ["a", "b"]}', '["a","b"]'),
        (b'{"errors": []}', "no reason given"),
        (b'{"status": 400}', "no reason given"),
        (b'[{"message": "first"}, {"message": "second"}]', "first"),
        (b'["plain"]', "plain"),
        (b"[]", "[]"),
        (b'"text"', "text"),
        (b"null", "None"),
        (b"<html>down</html>", "<html>down</html>"),
        (b"line one\nline two", "line one line two"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"   ", "no reason given"),
    ],
)
def test_the_message_of_the_provider_is_found_in_every_usual_body(
    body: bytes, message: str
) -> None:
    assert error(400, body).what == f"status 400: {message}"


@pytest.mark.parametrize(
    "body", [b"x" * 900, b'{"title": "' + b"x" * 900 + b'"}', b'"' + b"x" * 900 + b'"']
)
def test_a_message_has_at_most_500_characters(body: bytes) -> None:
    assert error(400, body).what == "status 400: " + "x" * 500
