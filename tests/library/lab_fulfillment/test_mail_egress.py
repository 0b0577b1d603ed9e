"""Mail goes to the address that was checked, and certificates are verified for the name."""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.library.lab_fulfillment.test_lab_fulfillment import TO, MailServer, a_mail_server, call

from openiom.kernel import ProviderDown, ProviderError, ProviderRejected
from openiom.library.lab_fulfillment import PROVIDER
from openiom.provider_contract import Connection, EgressPolicy
from openiom.providers.registry import plain_values
from openiom.testing import RecordedCalls

NAME = "mail.example"
CHECKED, OTHER = "127.0.0.1", "127.0.0.2"
ONLY_CHECKED = EgressPolicy((ip_network(CHECKED),))
EMAIL = next(action for action in PROVIDER.actions if action.name == "email_fulfillment_order")


class Resolver:
    """Resolves `NAME` to the next address at each lookup, and to the last one from then on."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)
        self.lookups = 0
        self._getaddrinfo = socket.getaddrinfo

    def getaddrinfo(self, host: str, *rest: Any, **options: Any) -> list[Any]:
        if host == NAME:
            host = self.addresses[min(self.lookups, len(self.addresses) - 1)]
            self.lookups += 1

        return self._getaddrinfo(host, *rest, **options)


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    resolver = Resolver(CHECKED, OTHER)
    monkeypatch.setattr(socket, "getaddrinfo", resolver.getaddrinfo)
    return resolver


def error_of_mail(port: int, security: str = "none") -> ProviderError | None:
    """Mail a fulfillment order to the mail server `NAME` and return why it failed."""
    values = {"smtp_host": NAME, "smtp_port": port, "smtp_security": security}
    parameters = {"outbound_email": TO, "timeout_seconds": 2}
    fulfiller = PROVIDER.connect(
        Connection(
            "lab",
            plain_values(PROVIDER.connection, values, "connection"),
            plain_values(PROVIDER.parameters, parameters, "parameters"),
            RecordedCalls(),
            egress=ONLY_CHECKED,
        )
    )
    [result] = EMAIL.run(fulfiller, [call()])
    return result.error


def server_certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """Return a new certificate of a name, and the context of a server that presents it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted, secret = folder / "certificate.pem", folder / "key.pem"
    trusted.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, secret)
    return trusted, context


def test_a_name_that_resolves_differently_a_moment_later_does_not_lead_elsewhere(
    resolver: Resolver,
) -> None:
    with a_mail_server(CHECKED) as checked, a_mail_server(OTHER, checked.port) as other:
        assert error_of_mail(checked.port) is None

    assert (len(checked.mails), other.connections) == (3, 0)
    assert resolver.lookups == 1


def test_an_address_that_may_not_be_reached_gets_no_connection(resolver: Resolver) -> None:
    resolver.addresses = [OTHER, CHECKED]
    with a_mail_server(OTHER) as other:
        error = error_of_mail(other.port)

    assert isinstance(error, ProviderRejected)
    assert error.what == f"{NAME} has the address {OTHER}, which is not public"
    assert other.connections == 0


def mail_over_tls(
    monkeypatch: pytest.MonkeyPatch, folder: Path, name: str
) -> tuple[ProviderError | None, MailServer]:
    """Mail to a server that presents the certificate of `name`; return the failure and it."""
    trusted, context = server_certificate(folder, name)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with a_mail_server(CHECKED, tls=context) as server:
        return error_of_mail(server.port, "tls"), server


def test_an_encrypted_connection_is_made_to_the_checked_address_under_the_name(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    error, server = mail_over_tls(monkeypatch, tmp_path, NAME)

    assert error is None
    assert len(server.mails) == 3
    assert resolver.lookups == 1


def test_the_certificate_of_another_name_is_refused(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    error, server = mail_over_tls(monkeypatch, tmp_path, "other.example")

    assert isinstance(error, ProviderDown)
    assert "certificate is not valid for 'mail.example'" in error.what
    assert server.mails == []
