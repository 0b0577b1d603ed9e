"""Where connectors may connect to, and for how long one exchange may last.

Who may configure a provider chooses its address. Unless an operator has allowed a network, only
public addresses are reached: not this machine, not its neighbors, not the metadata service of a
cloud. The address that was checked is the one that is connected to.
"""

import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from threading import local
from time import monotonic
from typing import Any

import httpcore
import httpx

from openiom.kernel import Invalid, ProviderDown, ProviderRejected

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

TRANSLATED = (ip_network("64:ff9b::/96"), ip_network("2002::/16"))
"""IPv6 addresses that stand for an IPv4 address, which may be a private one."""


MAX_EXCHANGE_SECONDS = 120.0
MAX_RESPONSE_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """Which addresses may be reached, for how long, and how much is read from them.

    networks            private networks that may be reached beside all public addresses
    max_seconds         longest duration of one exchange; a side that sends a byte a second would
                        never exceed the timeout of a single operation
    max_response_bytes  largest response
    """

    networks: tuple[Network, ...] = ()
    max_seconds: float = MAX_EXCHANGE_SECONDS
    max_response_bytes: int = MAX_RESPONSE_BYTES

    @classmethod
    def from_settings(cls, networks: str) -> "EgressPolicy":
        """Return the policy of comma-separated networks. Raise `Invalid`."""
        found: list[Network] = []
        for text in filter(None, map(str.strip, networks.split(","))):
            try:
                found.append(ip_network(text))
            except ValueError as error:
                raise Invalid(
                    f"{text} is not a network: {error}",
                    where="OPENIOM_PROVIDER_NETWORKS",
                    remedy="write networks as 10.1.0.0/16, separated by commas",
                ) from None

        return cls(tuple(found))

    def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host.

        Raise `ProviderRejected` when one of them may not be reached, and `ProviderDown` when the
        name is not known.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise ProviderDown(f"could not be reached: {error}", where=host) from None

        addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
        for address in addresses:
            if not self._allows(ip_address(address.partition("%")[0])):
                raise ProviderRejected(
                    f"{host} has the address {address}, which is not public",
                    where="connection",
                    remedy="correct the address of the connection, or have an operator add its"
                    " network to OPENIOM_PROVIDER_NETWORKS",
                )

        return addresses

    def connect(self, host: str, port: int, timeout: float | None) -> socket.socket:
        """Return a connection to the first address of a host that accepts, for other protocols.

        `timeout` is in seconds and applies to each operation. Raise what `addresses` raises, and
        `OSError` when no address accepts.
        """
        failure = OSError(f"{host} has no address")
        for address in self.addresses(host, port):
            try:
                return socket.create_connection((address, port), timeout)
            except OSError as error:
                failure = error

        raise failure

    def _allows(self, address: Address) -> bool:
        mapped = getattr(address, "ipv4_mapped", None)
        if mapped is not None:
            return self._allows(mapped)
        if _is_within(address, self.networks):
            return True
        return (
            address.is_global and not address.is_multicast and not _is_within(address, TRANSLATED)
        )


PUBLIC_ONLY = EgressPolicy()
LOOPBACK = EgressPolicy((ip_network("127.0.0.0/8"), ip_network("::1/128")))
"""Public addresses and this machine, for the demo and for tests against local servers."""


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


def _is_within(address: Address, networks: Iterable[Network]) -> bool:
    same_version = [network for network in networks if network.version == address.version]
    return any(address in network for network in same_version)
