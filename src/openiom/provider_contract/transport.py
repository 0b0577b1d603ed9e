"""HTTP connections that keep to the limits of an `EgressPolicy`, directly or through a proxy."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import local
from time import monotonic
from typing import Any

import httpcore
import httpx

from .egress import EgressPolicy, ProxyAddress

_DEFAULT_PORTS = {"http": 80, "https": 443}
_THROUGH = "through the proxy of OPENIOM_PROVIDER_PROXY"


def transport_of(
    policy: EgressPolicy, deadline: "Deadline", limits: httpx.Limits
) -> httpx.BaseTransport:
    """Return the transport of a client."""
    if policy.proxy is None:
        return GuardedTransport(policy, deadline, limits)
    return ProxiedTransport(policy, policy.proxy, deadline, limits)


class Deadline:
    """The time until which the exchange of the current thread must be complete."""

    def __init__(self) -> None:
        self._local = local()

    @contextmanager
    def of(self, seconds: float) -> Iterator[None]:
        """Limit the exchange of the block."""
        self._local.at = monotonic() + seconds
        try:
            yield
        finally:
            self._local.at = None

    def left(self, timeout: float | None) -> float | None:
        """Return the seconds that one operation may take. Raise `httpcore.ReadTimeout` at 0."""
        at = getattr(self._local, "at", None)
        if at is None:
            return timeout

        left: float = at - monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the exchange is not complete in time")
        return left if timeout is None else min(timeout, left)


class GuardedTransport(httpx.HTTPTransport):
    """A transport that connects to allowed addresses only, and limits whole exchanges."""

    def __init__(self, policy: EgressPolicy, deadline: Deadline, limits: httpx.Limits) -> None:
        context = httpx.create_ssl_context()
        super().__init__(verify=context, limits=limits)
        self._pool.close()
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=_GuardedBackend(policy, deadline),
        )


class ProxiedTransport(httpx.BaseTransport):
    """A transport that checks the address of every target and goes through a proxy where it must.

    The proxy connects to what it resolves a name to, so the address that was checked here need not
    be the one that is connected to.
    """

    def __init__(
        self, policy: EgressPolicy, proxy: ProxyAddress, deadline: Deadline, limits: httpx.Limits
    ) -> None:
        self._policy = policy
        self._direct = GuardedTransport(policy, deadline, limits)
        self._proxied = _TunnelTransport(proxy, deadline, limits)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request. Raise what `EgressPolicy.addresses` raises, and `httpx.HTTPError`."""
        url = request.url
        port = url.port or _DEFAULT_PORTS[url.scheme]
        if self._policy.reaches_directly(url.host, port):
            return self._direct.handle_request(request)

        try:
            response = self._proxied.handle_request(request)
        except (httpx.ProxyError, httpx.ConnectError) as error:
            raise httpx.ProxyError(f"{_THROUGH}: {error}", request=request) from None

        if response.status_code == httpx.codes.PROXY_AUTHENTICATION_REQUIRED:
            response.close()
            raise httpx.ProxyError(f"{_THROUGH}: 407 {response.reason_phrase}", request=request)

        return response

    def close(self) -> None:
        """Close all connections."""
        self._direct.close()
        self._proxied.close()


class _TunnelTransport(httpx.HTTPTransport):
    """A transport through a proxy: a tunnel for https, forwarding for http."""

    def __init__(self, proxy: ProxyAddress, deadline: Deadline, limits: httpx.Limits) -> None:
        context = httpx.create_ssl_context()
        super().__init__(verify=context, limits=limits)
        self._pool.close()
        credentials = (proxy.user, proxy.password) if proxy.user else None
        url = httpcore.URL(scheme=proxy.scheme, host=proxy.host, port=proxy.port, target="/")
        self._pool = httpcore.HTTPProxy(
            proxy_url=url,
            proxy_auth=credentials,
            ssl_context=context,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=_TimedBackend(deadline),
        )


class _TimedBackend(httpcore.NetworkBackend):
    """Connects to the proxy, whose address is the operator's choice and not checked."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the proxy."""
        left = self._deadline.left(timeout)
        stream = self._backend.connect_tcp(host, port, left, local_address, socket_options)
        return _TimedStream(stream, self._deadline)


class _GuardedBackend(httpcore.NetworkBackend):
    def __init__(self, policy: EgressPolicy, deadline: Deadline) -> None:
        self._policy = policy
        self._deadline = deadline
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of a host that accepts. See `EgressPolicy.addresses`."""
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._policy.addresses(host, port):
            try:
                stream = self._backend.connect_tcp(
                    address, port, self._deadline.left(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream, self._deadline)

        raise failure


class _TimedStream(httpcore.NetworkStream):
    """A stream whose operations end with the exchange of their thread."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: Any,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(timeout)
        stream = self._stream.start_tls(ssl_context, server_hostname, left)
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
