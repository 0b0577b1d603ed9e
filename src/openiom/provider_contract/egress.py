"""Where connectors may connect to, and for how long one exchange may last.

Who may configure a provider chooses its address. Unless an operator has allowed a network, only
public addresses are reached: not this machine, not its neighbors, not the metadata service of a
cloud. The address that was checked is the one that is connected to.
"""

import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import unquote, urlsplit

from openiom.kernel import Invalid, ProviderDown, ProviderRejected

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

TRANSLATED = (ip_network("64:ff9b::/96"), ip_network("2002::/16"))
"""IPv6 addresses that stand for an IPv4 address, which may be a private one."""


_PROXY_PORTS = {"http": 3128, "https": 443}
MAX_EXCHANGE_SECONDS = 120.0
MAX_RESPONSE_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class ProxyAddress:
    """The HTTP proxy of an installation, which its operator trusts."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def from_settings(cls, url: str) -> "ProxyAddress | None":
        """Return the proxy at a URL, None without one. Raise `Invalid`, without its password."""
        if not url.strip():
            return None

        try:
            parts = urlsplit(url.strip())
            port = parts.port
        except ValueError:
            raise _not_a_proxy() from None

        if parts.scheme not in _PROXY_PORTS or not parts.hostname or parts.path.strip("/"):
            raise _not_a_proxy()

        return cls(
            scheme=parts.scheme,
            host=parts.hostname,
            port=port or _PROXY_PORTS[parts.scheme],
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """Which addresses may be reached, for how long, and how much is read from them.

    networks            private networks that may be reached beside all public addresses
    max_seconds         longest duration of one exchange; a side that sends a byte a second would
                        never exceed the timeout of a single operation
    max_response_bytes  largest response
    proxy               proxy that HTTP exchanges with other addresses than `networks` go through
    """

    networks: tuple[Network, ...] = ()
    max_seconds: float = MAX_EXCHANGE_SECONDS
    max_response_bytes: int = MAX_RESPONSE_BYTES
    proxy: ProxyAddress | None = None

    @classmethod
    def from_settings(cls, networks: str, proxy: str = "") -> "EgressPolicy":
        """Return the policy of comma-separated networks and the URL of a proxy. Raise `Invalid`."""
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

        return cls(tuple(found), proxy=ProxyAddress.from_settings(proxy))

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
            if not self._allows(_parsed(address)):
                raise ProviderRejected(
                    f"{host} has the address {address}, which is not public",
                    where="connection",
                    remedy="correct the address of the connection, or have an operator add its"
                    " network to OPENIOM_PROVIDER_NETWORKS",
                )

        return addresses

    def reaches_directly(self, host: str, port: int) -> bool:
        """Return whether a host is reached without the proxy: all its addresses are in `networks`.

        A name that is not known here is left to the proxy, which may know it. Raise
        `ProviderRejected` when an address may not be reached.
        """
        try:
            addresses = self.addresses(host, port)
        except ProviderDown:
            return False

        return all(_is_within(_mapped(_parsed(address)), self.networks) for address in addresses)

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
        address = _mapped(address)
        if _is_within(address, self.networks):
            return True
        return (
            address.is_global and not address.is_multicast and not _is_within(address, TRANSLATED)
        )


PUBLIC_ONLY = EgressPolicy()
LOOPBACK = EgressPolicy((ip_network("127.0.0.0/8"), ip_network("::1/128")))
"""Public addresses and this machine, for the demo and for tests against local servers."""


def _parsed(address: str) -> Address:
    """Return an address without its zone."""
    return ip_address(address.partition("%")[0])


def _mapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address contains, or the address itself."""
    return getattr(address, "ipv4_mapped", None) or address


def _not_a_proxy() -> Invalid:
    return Invalid(
        "it is not the address of an HTTP proxy",
        where="OPENIOM_PROVIDER_PROXY",
        remedy="write http://host:port or http://user:password@host:port",
    )


def _is_within(address: Address, networks: Iterable[Network]) -> bool:
    same_version = [network for network in networks if network.version == address.version]
    return any(address in network for network in same_version)
