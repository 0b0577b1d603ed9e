"""HTTP client for connectors, which turns every failure of the remote system into a provider error.

No response, a timeout, 5xx, 408, 425, 429 and invalid JSON raise ProviderDown: a retry may help.
401 raises ProviderUnauthorized: the credential must be corrected. Any other 4xx raises
ProviderRejected with the vendor's message.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Lock
from time import monotonic, perf_counter, sleep
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import httpx
import orjson

from openiom.kernel import (
    Invalid,
    ProviderDown,
    ProviderError,
    ProviderRejected,
    ProviderUnauthorized,
)

from .egress import PUBLIC_ONLY, EgressPolicy
from .providers import CallReporter, OutboundRequest
from .transport import Deadline, transport_of

MAX_WAIT_SECONDS = 3.0
DEFAULT_RETRY_SECONDS = 5.0
MAX_REDIRECTS = 3
MAX_MESSAGE_LENGTH = 500
MAX_URL_LENGTH = 1000
_SECRET_PARAMETER = re.compile(
    r"([?&][^=&]*(?:token|key|secret|sign|passw|auth)[^=&]*=)[^&]*", re.IGNORECASE
)
_REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
_RETRY_STATUSES = frozenset({408, 425, 429})
_MESSAGE_FIELDS = ("title", "code", "message", "detail", "error", "reason", "errors")
_REMEDIES = {403: "grant the missing scope to the credential"}
_RETRY_AFTER_HEADERS = ("retry-after", "x-retry-after")


@dataclass(frozen=True, slots=True)
class ProviderResponse:
    """A successful response; `body` is the parsed JSON, None for an empty response."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class _RawResponse:
    status: int
    headers: httpx.Headers
    content: bytes


class ProviderHttpClient:
    """JSON client for one system below one base URL. Thread-safe.

    The client keeps connections alive, waits up to `max_wait_seconds` for a rate limit to reset,
    follows redirects of reads within the same host only, keeps to the limits of `egress`, and
    reports every exchange to the outbound call log.
    """

    def __init__(
        self,
        base_url: str,
        *,
        report: CallReporter,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        connect_timeout: float = 5.0,
        connections: int = 32,
        max_wait_seconds: float = MAX_WAIT_SECONDS,
        egress: EgressPolicy = PUBLIC_ONLY,
    ) -> None:
        _check_headers(headers or {})
        self.base_url = validate_url(base_url)
        self._report = report
        self._max_response_bytes = egress.max_response_bytes
        self._max_wait_seconds = max_wait_seconds
        self._max_seconds = egress.max_seconds
        self._deadline = Deadline()
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._client = httpx.Client(
            headers={"accept": "application/json", "user-agent": "OpenIOM", **(headers or {})},
            timeout=httpx.Timeout(timeout, connect=connect_timeout),
            transport=transport_of(egress, self._deadline, limits),
            # A proxy is a setting of the installation, which checks targets before it is used.
            trust_env=False,
        )
        self._lock = Lock()
        self._rate_limit_reset = 0.0

    def get(
        self, path: str, query: Mapping[str, Any] | None = None, **options: Any
    ) -> ProviderResponse:
        """Send a GET request. See `request` for the options."""
        return self.request("GET", path, query=query, **options)

    def post(self, path: str, body: Any, **options: Any) -> ProviderResponse:
        """Send a POST request with a JSON body. See `request` for the options."""
        return self.request("POST", path, body=body, **options)

    def put(self, path: str, body: Any, **options: Any) -> ProviderResponse:
        """Send a PUT request with a JSON body. See `request` for the options."""
        return self.request("PUT", path, body=body, **options)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
        expect_json: bool = True,
    ) -> ProviderResponse:
        """Send a request and return the response.

        The body is JSON, or the fields of `form`, URL-encoded. Error statuses in `accept` are
        returned instead of raised. Without `expect_json`, a response that is not JSON is returned
        without a body. Raises ProviderDown, ProviderUnauthorized and ProviderRejected.
        """
        self._wait_for_rate_limit()
        url = f"{self.base_url}/{path.lstrip('/')}"
        content_type, content = _content(body, form)
        all_headers = {"content-type": content_type, **(headers or {})}
        _check_headers(all_headers)
        params = dict(query) if query else None

        for _ in range(MAX_REDIRECTS + 1):
            request = self._client.build_request(
                method, url, params=params, content=content, headers=all_headers
            )
            response = self._exchange(request)
            if response.status not in _REDIRECT_STATUSES:
                self._note_rate_limit(response)
                return _parse(request, response, accept=accept, expect_json=expect_json)

            url, params = _redirect_target(request, response), None

        raise ProviderDown("too many redirects", where=_where(request))

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _exchange(self, request: httpx.Request) -> _RawResponse:
        """Send one request and report it. Raises ProviderDown, or ProviderRejected if too large."""
        started_at, start = datetime.now(UTC), perf_counter()
        status: int | None = None
        error = ""
        try:
            response = self._send(request)
            status = response.status
            if status >= 400:
                error = _printable(_vendor_message(response.content))

            return response
        except ProviderError as failure:
            error = str(failure)
            raise
        finally:
            milliseconds = round((perf_counter() - start) * 1000)
            self._report(
                OutboundRequest(
                    request.method,
                    _public_url(request),
                    status,
                    milliseconds,
                    started_at,
                    error=error[:MAX_MESSAGE_LENGTH],
                )
            )

    def _send(self, request: httpx.Request) -> _RawResponse:
        """Send one request and read its response completely.

        Raises ProviderDown without a complete response, also when the client was closed meanwhile,
        and ProviderRejected if the response is too large.
        """
        where = _where(request)
        try:
            with self._deadline.of(self._max_seconds):
                response = self._client.send(request, stream=True)
                try:
                    content = self._read(response, where)
                finally:
                    response.close()
        except httpx.TimeoutException as error:
            raise ProviderDown(f"timed out ({type(error).__name__})", where=where) from error
        except httpx.HTTPError as error:
            message = _printable(str(error))
            raise ProviderDown(f"could not be reached: {message}", where=where) from error
        except RuntimeError as error:
            # httpx raises it for a client that was closed because the connection was reconfigured.
            raise ProviderDown(f"the connection was closed: {error}", where=where) from error

        return _RawResponse(response.status_code, response.headers, content)

    def _read(self, response: httpx.Response, where: str) -> bytes:
        """Return the content of a response.

        Raises ProviderRejected as soon as it exceeds the size limit, without reading the rest.
        """
        parts = []
        size = 0
        for part in response.iter_bytes():
            size += len(part)
            if size > self._max_response_bytes:
                raise ProviderRejected(
                    f"the response is larger than {self._max_response_bytes} bytes",
                    where=where,
                    remedy="request less data at once",
                )

            parts.append(part)

        return b"".join(parts)

    def _wait_for_rate_limit(self) -> None:
        """Wait until the rate limit resets. Raises ProviderDown if that takes too long."""
        with self._lock:
            wait = self._rate_limit_reset - monotonic()
        if wait <= 0:
            return
        if wait > self._max_wait_seconds:
            raise ProviderDown("the rate limit is exhausted", retry_after=wait, where=self.base_url)
        sleep(wait)

    def _note_rate_limit(self, response: _RawResponse) -> None:
        remaining = response.headers.get("x-rate-limit-requests-left", "")
        exhausted = remaining.isdecimal() and int(remaining) == 0
        if not exhausted and response.status != 429:
            return
        wait = retry_after(response.headers)
        if wait is not None:
            with self._lock:
                self._rate_limit_reset = max(self._rate_limit_reset, monotonic() + wait)


def _content(body: Any, form: Mapping[str, str] | None) -> tuple[str, bytes | None]:
    """Return the content type and the content of a request."""
    if form is not None:
        return "application/x-www-form-urlencoded", urlencode(form).encode()
    return "application/json", None if body is None else orjson.dumps(body, default=str)


def _parse(
    request: httpx.Request, response: _RawResponse, *, accept: Collection[int], expect_json: bool
) -> ProviderResponse:
    """Return the parsed response. Raises the error of a failing status and of invalid JSON."""
    status, headers, content = response.status, response.headers, response.content
    if status >= 400 and status not in accept:
        raise error_for_status(status, headers, content, where=_where(request))

    without_body = ProviderResponse(status, headers, None)
    if not content.strip():
        return without_body

    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        if not expect_json:
            return without_body

        beginning = _printable(_vendor_message(content))[:80]
        raise ProviderDown(
            f"status {status} with {len(content)} bytes that are not JSON ({error}): {beginning!r}",
            where=_where(request),
            remedy="the request is retried",
        ) from None

    return ProviderResponse(status, headers, body)


def _redirect_target(request: httpx.Request, response: _RawResponse) -> str:
    """Return the URL of a redirect.

    Raises ProviderRejected unless the request is a read and the target is on the same host.
    """
    target: str = urljoin(str(request.url), response.headers.get("location", ""))
    current, following = urlsplit(str(request.url)), urlsplit(target)
    same_host = (current.scheme, current.netloc) == (following.scheme, following.netloc)
    if request.method != "GET" or not same_host:
        raise ProviderRejected(
            f"status {response.status} redirects to {following.scheme}://{following.netloc},"
            " which is not followed",
            where=_where(request),
            remedy="correct the address of the connection",
        )

    return target


def validate_url(url: str) -> str:
    """Return the base URL without spaces around it and without a trailing slash.

    Raises Invalid for an address that is not http or https, has no host, or contains a user name, a
    password, a query or a fragment: addresses are shown and exported.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Invalid(
            f"{url!r} is not an http or https address",
            where="connection",
            remedy="enter the complete address",
        )
    if parts.username or parts.password:
        raise Invalid(
            "the address contains a user name or password",
            where="connection",
            remedy="enter them in their own fields",
        )
    if parts.query or parts.fragment:
        raise Invalid(
            "the address contains a query or a fragment",
            where="connection",
            remedy="enter the address without them, and a key in its own field",
        )

    return url.strip().rstrip("/")


def error_for_status(
    status: int, headers: Mapping[str, str], content: bytes, *, where: str
) -> ProviderError:
    """Return the error that a failing status means.

    ProviderDown for 5xx, 408, 425 and 429; ProviderUnauthorized for 401; otherwise
    ProviderRejected. `where` names the request.
    """
    reason = _printable(_vendor_message(content)) or "no reason given"
    message = f"status {status}: {reason}"
    if status in _RETRY_STATUSES or status >= 500:
        pause = _retry_pause(status, headers)
        return ProviderDown(message, retry_after=pause, where=where)
    if status == 401:
        return ProviderUnauthorized(
            f"the credential was refused, {message}",
            where=where,
            remedy="enter a valid credential and probe again",
        )

    remedy = _REMEDIES.get(status, "correct the named data and reprocess")
    return ProviderRejected(message, where=where, remedy=remedy)


def _retry_pause(status: int, headers: Mapping[str, str]) -> float | None:
    if status != 503 and status not in _RETRY_STATUSES:
        return None
    pause = retry_after(headers)
    if pause is None and status == 429:
        return DEFAULT_RETRY_SECONDS
    return pause


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds after which the remote system wants a retry, None if it does not say.

    Header names are in lower case. X-Rate-Limit-Time-Reset-Ms is preferred, then Retry-After and
    X-Retry-After, each a number of seconds or an HTTP date. A date in the past is 0 seconds.
    """
    milliseconds = headers.get("x-rate-limit-time-reset-ms", "")
    if milliseconds.isdecimal():
        return int(milliseconds) / 1000

    for name in _RETRY_AFTER_HEADERS:
        seconds = _seconds(headers.get(name, ""))
        if seconds is not None:
            return seconds

    return None


def _seconds(text: str) -> float | None:
    """Return the value of a Retry-After header, seconds or an HTTP date, as seconds from now.

    A negative number and a date in the past are 0. None for a value that is neither.
    """
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return max(0.0, float(text))

    try:
        moment = parsedate_to_datetime(text)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


def _vendor_message(content: bytes) -> str:
    """Return the vendor's message from an error body, at most MAX_MESSAGE_LENGTH characters."""
    try:
        message = _message_of(orjson.loads(content))
    except orjson.JSONDecodeError:
        message = content[:MAX_MESSAGE_LENGTH].decode("utf-8", "replace")
    return message[:MAX_MESSAGE_LENGTH]


def _message_of(body: Any) -> str:
    """Return the texts of the usual fields of an object, or of the first object of a list."""
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, dict):
        return str(body)
    texts = [_text(body.get(name)) for name in _MESSAGE_FIELDS]
    return "; ".join(filter(None, texts))


def _text(value: Any) -> str:
    """Return a value of an error body as text, "" for an empty one."""
    if not value:
        return ""
    if isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


def _check_headers(headers: Mapping[str, str]) -> None:
    """Raise `Invalid`, without the value, for a header that cannot be sent.

    The error of the HTTP library contains the value, which may be a secret.
    """
    for name, value in headers.items():
        if not value.isascii() or not value.isprintable():
            raise Invalid(
                f"the header {name} contains a line break or another character that it may not",
                where="connection",
                remedy="enter the secret or the value again, as one line of plain characters",
            )


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text).strip()


def _public_url(request: httpx.Request) -> str:
    """Return the URL with the values of secret query parameters masked."""
    return _SECRET_PARAMETER.sub(r"\1***", str(request.url))[:MAX_URL_LENGTH]


def _where(request: httpx.Request) -> str:
    return f"{request.method} {_public_url(request)}"
