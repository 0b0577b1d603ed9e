"""
HTTP for connectors: one client an instance, and every way the other side can fail told in our words.

No answer, a time-out, 5xx, 408, 425, 429 and what is not the JSON it says it is: ProviderDown, waiting may help.
401: ProviderUnauthorized, a person must mend the credential. Any other 4xx: ProviderRejected in the vendor's words.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Lock
from time import monotonic, perf_counter, sleep
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import orjson

from openiom.kernel import (
    Invalid,
    ProviderDown,
    ProviderError,
    ProviderRejected,
    ProviderUnauthorized,
)

from .providers import CallReporter, OutboundRequest

MOST_BYTES = 64_000_000
PATIENCE_SECONDS = 3.0
DEFAULT_WAIT_SECONDS = 5.0
_REDIRECTS = 3
_SECRET_QUERY = re.compile(
    r"([?&][^=&]*(?:token|key|secret|sign|passw|auth)[^=&]*=)[^&]*", re.IGNORECASE
)
_LATER = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful exchange: `body` is the parsed JSON, None where there was none."""

    status: int
    headers: Mapping[str, str]
    body: Any


class ProviderHttpClient:
    """Speaks JSON with one system below one base address. Safe for threads.

    It keeps connections, waits out a short rate-limit pause itself (`patience` seconds at most), follows redirects
    of reads within the host only, refuses answers above `most_bytes`, and reports every exchange to the call log.
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
        most_bytes: int = MOST_BYTES,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self.base_url = checked_url(base_url)
        self._report, self._most_bytes, self._patience = report, most_bytes, patience
        loopback = urlsplit(self.base_url).hostname in ("127.0.0.1", "localhost", "::1")
        self._client = httpx.Client(
            headers={"accept": "application/json", "user-agent": "OpenIOM", **(headers or {})},
            timeout=httpx.Timeout(timeout, connect=connect_timeout),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            trust_env=not loopback,
        )
        self._lock = Lock()
        self._free_at = 0.0

    def get(self, path: str, query: Mapping[str, Any] | None = None, **more: Any) -> Answer:
        return self.request("GET", path, query=query, **more)

    def post(self, path: str, body: Any, **more: Any) -> Answer:
        return self.request("POST", path, body=body, **more)

    def put(self, path: str, body: Any, **more: Any) -> Answer:
        return self.request("PUT", path, body=body, **more)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
        expect_json: bool = True,
    ) -> Answer:
        """One exchange. `accept` are statuses the caller wants answered rather than raised.

        Without `expect_json` an answer that is no JSON is taken as one without a body, not as a failure.
        """
        self._keep_pace()
        url = f"{self.base_url}/{path.lstrip('/')}"
        sent = {"content-type": "application/json", **(headers or {})}
        content = None if body is None else orjson.dumps(body, default=str)
        for _ in range(_REDIRECTS + 1):
            request = self._client.build_request(
                method, url, params=dict(query) if query else None, content=content, headers=sent
            )
            status, answered, raw = self._exchange(request)
            if status not in (301, 302, 303, 307, 308):
                return self._understood(request, status, answered, raw, accept, expect_json)
            url, query = self._next(request, status, answered), None
        raise ProviderDown("redirects without end", where=_where(request))

    def close(self) -> None:
        self._client.close()

    def _exchange(self, request: httpx.Request) -> tuple[int, httpx.Headers, bytes]:
        """Status, headers and body; every failure to get them is a ProviderDown."""
        started, clock = datetime.now(UTC), perf_counter()
        status: int | None = None
        failure: ProviderError | None = None
        parts: list[bytes] = []
        headers = httpx.Headers()
        try:
            response = self._client.send(request, stream=True)
            try:
                status, headers, size = response.status_code, response.headers, 0
                for part in response.iter_bytes():
                    size += len(part)
                    if size > self._most_bytes:
                        raise ProviderRejected(
                            f"answered more than {self._most_bytes} bytes",
                            where=_where(request),
                            remedy="ask for less",
                        )
                    parts.append(part)
            finally:
                response.close()
        except ProviderError as error:
            failure = error
        except httpx.TimeoutException as error:
            failure = ProviderDown(
                f"did not answer in time ({type(error).__name__})", where=_where(request)
            )
        except httpx.HTTPError as error:
            failure = ProviderDown(
                f"could not be reached: {_printable(str(error))}", where=_where(request)
            )
        except (
            RuntimeError
        ) as error:  # the client was closed because the connection was changed meanwhile
            failure = ProviderDown(f"the connection was closed: {error}", where=_where(request))
        raw = b"".join(parts)
        told = (
            str(failure)
            if failure
            else ""
            if status is not None and status < 400
            else _printable(_said(raw))
        )
        milliseconds = round((perf_counter() - clock) * 1000)
        self._report(
            OutboundRequest(
                request.method, _shown(request), status, milliseconds, started, error=told[:500]
            )
        )
        if failure is not None:
            raise failure
        assert status is not None
        return status, headers, raw

    def _understood(
        self,
        request: httpx.Request,
        status: int,
        headers: httpx.Headers,
        raw: bytes,
        accept: Collection[int],
        expect_json: bool,
    ) -> Answer:
        self._note_limits(status, headers)
        if status >= 400 and status not in accept:
            raise refused(status, headers, raw, where=_where(request))
        if not raw.strip():
            return Answer(status, headers, None)
        try:
            return Answer(status, headers, orjson.loads(raw))
        except orjson.JSONDecodeError as error:
            if not expect_json:
                return Answer(status, headers, None)
            what = f"answered {status} with {len(raw)} bytes that are not JSON ({error}): {_printable(_said(raw))[:80]!r}"
            raise ProviderDown(what, where=_where(request), remedy="it is asked again") from None

    def _next(self, request: httpx.Request, status: int, headers: httpx.Headers) -> str:
        to = urljoin(str(request.url), headers.get("location", ""))
        ours, theirs = urlsplit(str(request.url)), urlsplit(to)
        if request.method != "GET" or (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
            what = f"answered {status}, a redirect to {theirs.scheme}://{theirs.netloc}, which is not followed"
            raise ProviderRejected(
                what, where=_where(request), remedy="correct the address of the connection"
            )
        return str(to)

    def _keep_pace(self) -> None:
        """Wait out a pause the other side asked for, if it is short; otherwise say when to come again."""
        with self._lock:
            wait = self._free_at - monotonic()
        if wait <= 0:
            return
        if wait > self._patience:
            raise ProviderDown("its rate limit is spent", retry_after=wait, where=self.base_url)
        sleep(wait)

    def _note_limits(self, status: int, headers: httpx.Headers) -> None:
        left = headers.get("x-rate-limit-requests-left", "")
        spent = left.isdigit() and int(left) == 0
        if spent or status == 429:
            wait = retry_after(headers)
            if wait is not None:
                with self._lock:
                    self._free_at = max(self._free_at, monotonic() + wait)


def checked_url(url: str) -> str:
    """The base address without a trailing slash. Raises Invalid for anything but plain http and https."""
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Invalid(
            f"{url!r} is not an http or https address",
            where="connection",
            remedy="enter the whole address",
        )
    if parts.username or parts.password:
        raise Invalid(
            "holds a user or password", where="connection", remedy="enter them in their own fields"
        )
    return url.strip().rstrip("/")


def refused(status: int, headers: Mapping[str, str], raw: bytes, *, where: str) -> ProviderError:
    """The error a failing status means."""
    said = _printable(_said(raw)) or "no reason given"
    if status in _LATER or status >= 500:
        wait = retry_after(headers) if status in (*_LATER, 503) else None
        if status == 429 and wait is None:
            wait = DEFAULT_WAIT_SECONDS
        return ProviderDown(f"answered {status}: {said}", retry_after=wait, where=where)
    if status == 401:
        return ProviderUnauthorized(
            f"refused the credential (401): {said}",
            where=where,
            remedy="enter a valid credential and probe again",
        )
    remedy = (
        "grant the missing scope to the credential"
        if status == 403
        else "correct what it names, and reprocess"
    )
    return ProviderRejected(f"answered {status}: {said}", where=where, remedy=remedy)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds the other side asks us to wait; None when it does not say."""
    milliseconds = headers.get("x-rate-limit-time-reset-ms", "")
    if milliseconds.isdigit():
        return int(milliseconds) / 1000
    for name in ("retry-after", "x-retry-after"):
        text = headers.get(name, "")
        if not text:
            continue
        try:
            return max(0.0, float(text))
        except ValueError:
            pass
        try:
            return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
        except (TypeError, ValueError):
            continue
    return None


def _said(raw: bytes) -> str:
    """The vendor's own words out of an error body of any of the usual shapes."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw[:500].decode("utf-8", "replace")
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, dict):
        return str(body)[:500]
    words = [
        body[name]
        for name in ("title", "code", "message", "detail", "error", "reason")
        if body.get(name)
    ]
    if body.get("errors"):
        words.append(body["errors"])
    return "; ".join(w if isinstance(w, str) else orjson.dumps(w).decode() for w in words)[:500]


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text).strip()


def _shown(request: httpx.Request) -> str:
    """The address as people may see it: what a query calls a token, key, secret, signature or password is hidden."""
    return _SECRET_QUERY.sub(r"\1***", str(request.url))[:1000]


def _where(request: httpx.Request) -> str:
    return f"{request.method} {_shown(request)}"
