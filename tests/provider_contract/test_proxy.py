"""Provider exchanges go through the proxy of the installation, and their targets stay checked."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.library.lab_fulfillment.test_mail_egress import server_certificate
from tests.provider_contract.fake_server import FakeServer, responds
from tests.provider_contract.forward_proxy import ForwardProxy, running_proxy

from openiom.kernel import Invalid, ProviderDown, ProviderRejected
from openiom.provider_contract import LOOPBACK, EgressPolicy, ProviderHttpClient
from openiom.provider_contract.egress import ProxyAddress
from openiom.testing import RecordedCalls

PUBLIC, PRIVATE, SHOP = "93.184.215.14", "10.9.9.9", "http://shop.example"


@pytest.fixture
def proxy() -> Iterator[ForwardProxy]:
    with running_proxy() as proxy:
        yield proxy


class Names:
    """Resolves the names it knows, and no other one but addresses."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self._getaddrinfo = socket.getaddrinfo

    def getaddrinfo(self, host: Any, *rest: Any, **options: Any) -> list[Any]:
        name = host.decode() if isinstance(host, bytes) else host
        if name in self.known:
            return self._getaddrinfo(self.known[name], *rest, **options)
        if name.endswith(".example"):
            raise socket.gaierror(-2, "Name or service not known")
        return self._getaddrinfo(host, *rest, **options)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    names = Names()
    monkeypatch.setattr(socket, "getaddrinfo", names.getaddrinfo)
    return names


def client_of(
    proxy: ForwardProxy, url: str = SHOP, *, networks: str = "", **limits: Any
) -> ProviderHttpClient:
    """Return a client of an installation with this proxy."""
    policy = EgressPolicy.from_settings(networks, proxy.url)
    limited = EgressPolicy(policy.networks, proxy=policy.proxy, **limits)
    return ProviderHttpClient(url, report=RecordedCalls(), timeout=2.0, egress=limited)


def serve_at(other: FakeServer, proxy: ForwardProxy, name: str = "shop.example") -> None:
    """Have the proxy know the server under a name."""
    proxy.names[name] = ("127.0.0.1", int(other.url.rpartition(":")[2]))


@pytest.mark.parametrize("address", [PUBLIC, ""], ids=["resolved here", "not resolved here"])
def test_http_is_forwarded(
    other: FakeServer, proxy: ForwardProxy, names: Names, address: str
) -> None:
    if address:
        names.known["shop.example"] = address
    serve_at(other, proxy)
    other.answer = responds(200, b'{"orders": 2}')

    with closing(client_of(proxy)) as client:
        assert client.get("v2/orders", {"page": 3}).body == {"orders": 2}
        assert client.post("v2/orders", {"number": "1"}).body == {"orders": 2}

    assert proxy.requests == [
        f"GET {SHOP}/v2/orders?page=3",
        f"POST {SHOP}/v2/orders",
    ]
    assert other.paths == ["/v2/orders?page=3", "/v2/orders"]
    assert other.requests[1].body == b'{"number":"1"}'


def test_https_is_tunneled_and_its_certificate_verified(
    proxy: ForwardProxy, names: Names, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trusted, context = server_certificate(tmp_path, "shop.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with secure_server(context) as port:
        proxy.names["shop.example"] = proxy.names["other.example"] = ("127.0.0.1", port)
        with closing(client_of(proxy, "https://shop.example")) as client:
            assert client.get("orders").body == {"secure": True}
            assert client.get("orders").body == {"secure": True}

        with (
            closing(client_of(proxy, "https://other.example")) as client,
            pytest.raises(ProviderDown, match="CERTIFICATE_VERIFY_FAILED"),
        ):
            client.get("orders")

    assert proxy.requests == ["CONNECT shop.example:443", "CONNECT other.example:443"]


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (SHOP, PRIVATE),
        ("https://shop.example", "169.254.169.254"),
        ("http://127.0.0.1:8000", "127.0.0.1"),
        ("https://[::1]", "::1"),
        ("http://2130706433", "127.0.0.1"),
    ],
)
def test_a_target_that_is_not_public_never_gets_to_the_proxy(
    proxy: ForwardProxy, names: Names, url: str, address: str
) -> None:
    names.known["shop.example"] = address
    with (
        closing(client_of(proxy, url)) as client,
        pytest.raises(ProviderRejected, match=f"has the address {address}, which is not public"),
    ):
        client.get("latest/meta-data")

    assert proxy.requests == []


def test_a_host_of_an_allowed_network_is_reached_without_the_proxy(
    other: FakeServer, proxy: ForwardProxy, names: Names
) -> None:
    with closing(client_of(proxy, other.url, networks="127.0.0.0/8")) as client:
        assert client.get("stock").status == 200

    assert (proxy.requests, other.paths) == ([], ["/stock"])
    policy = EgressPolicy.from_settings("10.0.0.0/8", proxy.url)
    names.known |= {"erp.example": PRIVATE, "shop.example": PUBLIC}
    assert policy.reaches_directly("erp.example", 443)
    assert not policy.reaches_directly("shop.example", 443)
    assert not policy.reaches_directly("unknown.example", 443)


def test_proxies_of_the_environment_are_ignored(
    other: FakeServer, proxy: ForwardProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, proxy.url)

    with closing(ProviderHttpClient(other.url, report=RecordedCalls(), egress=LOOPBACK)) as client:
        client.get("stock")

    assert (proxy.requests, other.paths) == ([], ["/stock"])


def test_the_proxy_gets_its_credentials_and_the_target_does_not(
    other: FakeServer, proxy: ForwardProxy, names: Names
) -> None:
    serve_at(other, proxy)
    proxy.credentials = "iom:p@ss word"
    plain = client_of(proxy)
    proxy.url = proxy.url.replace("http://", "http://iom:p%40ss%20word@")

    with closing(client_of(proxy)) as client, closing(plain):
        assert client.get("orders").status == 200
        with pytest.raises(ProviderDown) as refused:
            plain.get("orders")

    assert refused.value.what == (
        "could not be reached: through the proxy of OPENIOM_PROVIDER_PROXY: 407"
        " Proxy Authentication Required"
    )
    assert "proxy-authorization" not in other.requests[0].headers
    assert len(other.requests) == 1


@pytest.mark.parametrize("url", [SHOP, "https://shop.example"])
def test_a_proxy_that_cannot_be_used_is_an_outage(
    proxy: ForwardProxy, names: Names, url: str
) -> None:
    with closing(client_of(proxy, url)) as client, pytest.raises(ProviderDown, match="502"):
        client.get("orders")

    with socket.create_server(("127.0.0.1", 0)) as closed:
        proxy.url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with (
        closing(client_of(proxy, url)) as client,
        pytest.raises(ProviderDown, match="through the proxy of OPENIOM_PROVIDER_PROXY"),
    ):
        client.get("orders")


def test_an_exchange_through_the_proxy_ends_in_time(proxy: ForwardProxy, names: Names) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        proxy.url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        threading.Thread(target=drip_forever, args=(silent,), daemon=True).start()
        started = time.monotonic()
        with (
            closing(client_of(proxy, max_seconds=0.3)) as client,
            pytest.raises(ProviderDown, match="timed out"),
        ):
            client.get("orders")

    assert 0.25 < time.monotonic() - started < 2.5


@pytest.mark.parametrize(
    "url",
    ["socks5://proxy:1080", "proxy:3128", "http://", "http://proxy:port", "http://u:s3cret@p/x"],
)
def test_an_address_that_is_no_proxy_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        EgressPolicy.from_settings("", url)

    assert refused.value.where == "OPENIOM_PROVIDER_PROXY"
    assert "s3cret" not in str(refused.value)


def test_the_address_of_a_proxy_has_defaults_and_hides_its_password() -> None:
    assert EgressPolicy.from_settings("10.0.0.0/8").proxy is None
    assert ProxyAddress.from_settings(" ") is None
    assert ProxyAddress.from_settings("http://proxy/") == ProxyAddress("http", "proxy", 3128)
    assert ProxyAddress.from_settings("https://p") == ProxyAddress("https", "p", 443)
    assert "s3" not in repr(EgressPolicy(proxy=ProxyAddress("http", "p", 1, "u", "s3")))


def drip_forever(listening: socket.socket) -> None:
    """Answer one connection with the head of a response, a byte at a time."""
    connection, _ = listening.accept()
    with suppress(OSError), connection:
        connection.sendall(b"HTTP/1.1 200 OK\r\nx-slow: ")
        while True:
            connection.sendall(b"x")
            time.sleep(0.02)


class _Secure(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        responds(200, b'{"secure": true}')(self)

    def log_message(self, format: str, *arguments: object) -> None:
        return


class secure_server:
    """Serve https in a thread; the value of the block is its port."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Secure)
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def __enter__(self) -> int:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self._server.server_port

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
