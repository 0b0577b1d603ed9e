"""Connectors reach public and allowed addresses only, and an exchange ends in time."""

import socket
import time
from contextlib import closing
from ipaddress import ip_network
from typing import Any

import pytest
from tests.provider_contract.fake_server import FakeServer, responds

from openiom.kernel import Invalid, ProviderDown, ProviderRejected
from openiom.provider_contract import LOOPBACK, EgressPolicy, ProviderHttpClient
from openiom.testing import RecordedCalls

PUBLIC = "93.184.215.14"


def resolves(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Have every name resolve to these addresses."""

    def getaddrinfo(host: str, port: int, **options: Any) -> list[Any]:
        return [(None, None, None, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
    ],
)
def test_an_address_that_is_not_public_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    resolves(monkeypatch, PUBLIC, address)

    with pytest.raises(ProviderRejected) as refused:
        EgressPolicy().addresses("shop.example", 443)

    assert refused.value.what == f"shop.example has the address {address}, which is not public"
    assert "OPENIOM_PROVIDER_NETWORKS" in refused.value.remedy


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:21f::1", "::ffff:93.184.215.14"])
def test_a_public_address_is_reached(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    resolves(monkeypatch, address, address)

    assert EgressPolicy().addresses("shop.example", 443) == [address]


def test_an_allowed_network_is_reached_and_its_neighbors_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policy = EgressPolicy.from_settings(" 10.1.0.0/16, fd12::/32 ,")
    assert policy.networks == (ip_network("10.1.0.0/16"), ip_network("fd12::/32"))

    resolves(monkeypatch, "10.1.255.1", "fd12::9")
    assert policy.addresses("erp.local", 80) == ["10.1.255.1", "fd12::9"]
    resolves(monkeypatch, "10.2.0.1")
    with pytest.raises(ProviderRejected):
        policy.addresses("erp.local", 80)


def test_a_network_that_is_none_is_refused_at_the_start() -> None:
    with pytest.raises(Invalid) as refused:
        EgressPolicy.from_settings("10.1.0.0/16,intranet")

    assert refused.value.where == "OPENIOM_PROVIDER_NETWORKS"
    assert refused.value.what.startswith("intranet is not a network: ")


def test_a_name_that_is_not_known_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*arguments: Any, **options: Any) -> list[Any]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(ProviderDown, match="could not be reached"):
        EgressPolicy().addresses("shop.example", 443)


def test_a_client_does_not_reach_this_machine_by_default(
    other: FakeServer, calls: RecordedCalls
) -> None:
    other.answer = responds(200, b'{"secret": 1}')
    with (
        closing(ProviderHttpClient(other.url, report=calls)) as client,
        pytest.raises(ProviderRejected, match="127.0.0.1, which is not public"),
    ):
        client.get("latest/meta-data")

    assert other.requests == []
    [call] = calls
    assert (call.status, "not public" in call.error) == (None, True)


def drip(handler: Any, *, head: bytes) -> None:
    """Send a byte at a time, so that no single read takes long."""
    handler.wfile.write(head)
    for _ in range(200):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.02)


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\nx-slow: ", b"HTTP/1.1 200 OK\r\ncontent-length: 200\r\n\r\n"]
)
def test_a_side_that_sends_a_byte_at_a_time_is_an_outage_after_the_whole_time(
    other: FakeServer, calls: RecordedCalls, head: bytes
) -> None:
    policy = EgressPolicy(LOOPBACK.networks, max_seconds=0.3)
    other.answer = lambda handler: drip(handler, head=head)

    started = time.monotonic()
    with (
        closing(ProviderHttpClient(other.url, report=calls, egress=policy)) as client,
        pytest.raises(ProviderDown, match="timed out"),
    ):
        client.get("orders")

    assert 0.25 < time.monotonic() - started < 2.5
    other.answer = responds(200, b"{}")


def test_every_exchange_has_the_whole_time(other: FakeServer, calls: RecordedCalls) -> None:
    policy = EgressPolicy(LOOPBACK.networks, max_seconds=1.0)

    def answer(handler: Any) -> None:
        time.sleep(0.4)
        responds(200, b"{}")(handler)

    other.answer = answer
    with closing(ProviderHttpClient(other.url, report=calls, egress=policy)) as client:
        for _ in range(3):
            assert client.get("orders").status == 200


@pytest.mark.parametrize("token", ["t0ken\n", "t0\r\nken", "t\x00ken", "tokén"])
def test_a_secret_that_cannot_be_sent_is_not_in_the_error(calls: RecordedCalls, token: str) -> None:
    with pytest.raises(Invalid) as refused:
        ProviderHttpClient(
            "https://example.com", report=calls, headers={"Authorization": f"Bearer {token}"}
        )

    assert "ken" not in str(refused.value).replace("broken", "")
    assert refused.value.what == (
        "the header Authorization contains a line break or another character that it may not"
    )


def test_a_header_of_one_request_is_checked_as_well(
    http: ProviderHttpClient, other: FakeServer
) -> None:
    with pytest.raises(Invalid, match="the header Idempotency-Key contains"):
        http.post("orders", {}, headers={"Idempotency-Key": "a\nb"})

    assert other.requests == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_of_the_environment_is_not_used(
    other: FakeServer, calls: RecordedCalls, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, other.url)
        monkeypatch.setenv(name.lower(), other.url)

    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    resolves(monkeypatch, "169.254.169.254")
    with (
        closing(ProviderHttpClient(f"{scheme}://shop.example", report=calls)) as client,
        pytest.raises(ProviderRejected, match="169.254.169.254, which is not public"),
    ):
        client.get("latest/meta-data")

    assert other.requests == []


def test_a_connection_is_made_to_the_first_checked_address_that_accepts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as second:
        port = second.getsockname()[1]
        monkeypatch.setattr(EgressPolicy, "addresses", lambda *_: ["::1", "127.0.0.1"])

        with LOOPBACK.connect("mail.example", port, 2.0) as connection:
            assert connection.getpeername() == ("127.0.0.1", port)
            assert connection.gettimeout() == 2.0


def test_a_connection_that_no_address_accepts_is_an_error() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionRefusedError):
            LOOPBACK.connect("127.0.0.1", bound.getsockname()[1], 2.0)


def test_a_connection_to_an_address_that_is_not_public_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with pytest.raises(ProviderRejected, match="127.0.0.1, which is not public"):
            EgressPolicy().connect("127.0.0.1", listening.getsockname()[1], 2.0)

        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()
