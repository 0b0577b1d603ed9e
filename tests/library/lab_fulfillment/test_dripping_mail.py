"""A mail server that sends a byte at a time is an outage after the time of a whole session."""

import socket
import ssl
import time
from contextlib import closing
from pathlib import Path

import pytest
from tests.library.lab_fulfillment.test_lab_fulfillment import TO, a_mail_server, call
from tests.library.lab_fulfillment.test_mail_egress import server_certificate
from tests.slow_server import DrippingServer

from openiom.kernel import ProviderDown
from openiom.library.lab_fulfillment import PROVIDER
from openiom.library.lab_fulfillment.connector import LabFulfillment
from openiom.provider_contract import LOOPBACK, CallResult, Connection, EgressPolicy
from openiom.providers.registry import plain_values
from openiom.testing import RecordedCalls

EMAIL = next(action for action in PROVIDER.actions if action.name == "email_fulfillment_order")
SESSION_SECONDS = 0.4


class DrippingMailServer(DrippingServer):
    """Answers the first commands at once, and the next one a byte at a time without end."""

    def __init__(self, answers: list[bytes], tls: ssl.SSLContext | None = None) -> None:
        self._answers = answers
        self._tls = tls
        super().__init__()

    def answer(self, connection: socket.socket) -> None:
        with self._spoken(connection) as spoken:
            for answer in self._answers:
                spoken.sendall(answer)
                spoken.recv(4096)

            self.drip(spoken, b"2")

    def _spoken(self, connection: socket.socket) -> socket.socket:
        return self._tls.wrap_socket(connection, server_side=True) if self._tls else connection


def fulfiller_of(port: int, security: str = "none") -> LabFulfillment:
    values = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": security}
    parameters = {"outbound_email": TO, "timeout_seconds": 5}
    return PROVIDER.connect(
        Connection(
            "lab",
            plain_values(PROVIDER.connection, values, "connection"),
            plain_values(PROVIDER.parameters, parameters, "parameters"),
            RecordedCalls(),
            egress=EgressPolicy(LOOPBACK.networks, max_seconds=SESSION_SECONDS),
        )
    )


def mail(port: int, security: str = "none") -> tuple[CallResult, float]:
    """Mail a fulfillment order; return the result and the seconds that it took."""
    started = time.monotonic()
    [result] = EMAIL.run(fulfiller_of(port, security), [call()])
    return result, time.monotonic() - started


@pytest.fixture(autouse=True)
def no_time_for_mails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openiom.library.lab_fulfillment.connector.SECONDS_PER_MAIL", 0.1)


@pytest.mark.parametrize(
    "answers",
    [
        [],
        [b"220 mail\r\n"],
        [b"220 mail\r\n", b"250 ok\r\n"],
        [b"220 mail\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n"],
        [b"220 mail\r\n250-"],
    ],
    ids=["banner", "EHLO", "MAIL", "DATA", "a long reply"],
)
def test_a_reply_that_never_ends_is_an_outage(answers: list[bytes]) -> None:
    with closing(DrippingMailServer(answers)) as server:
        result, seconds = mail(server.port)

    assert isinstance(result.error, ProviderDown)
    assert "the session is not complete in time" in result.error.what
    # Two minutes, and a second for each of three mails, as this test counts them.
    assert 0.6 < seconds < 3.0
    assert server.connections == 1


def test_an_encrypted_reply_that_never_ends_is_an_outage(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trusted, context = server_certificate(tmp_path, "127.0.0.1")
    client = ssl.create_default_context(cafile=str(trusted))
    client.check_hostname = False
    monkeypatch.setattr(ssl, "create_default_context", lambda: client)
    with closing(DrippingMailServer([b"220 mail\r\n"], context)) as server:
        result, seconds = mail(server.port, "tls")

    assert isinstance(result.error, ProviderDown)
    assert "the session is not complete in time" in result.error.what
    assert 0.6 < seconds < 3.0


def test_a_handshake_that_never_ends_is_an_outage() -> None:
    with closing(
        DrippingMailServer([b"220 mail\r\n", b"250-m\r\n250 STARTTLS\r\n", b"220\r\n"])
    ) as server:
        result, seconds = mail(server.port, "starttls")

    assert isinstance(result.error, ProviderDown)
    assert seconds < 3.0


def test_a_probe_has_the_time_of_a_session_without_mails() -> None:
    with (
        closing(DrippingMailServer([b"220 mail\r\n"])) as server,
        pytest.raises(ProviderDown, match="the session is not complete in time"),
    ):
        fulfiller_of(server.port).probe()


def test_a_mail_that_was_accepted_is_sent_although_the_farewell_never_ends() -> None:
    replies = [b"220 mail\r\n", b"250 ok\r\n"]
    for _ in range(3):
        replies += [b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n", b"250 taken\r\n"]

    with closing(DrippingMailServer(replies)) as server:
        result, _ = mail(server.port)

    assert result.error is None
    assert result.response == {"mails": 3}


def test_a_server_that_is_only_slow_gets_every_mail() -> None:
    with a_mail_server() as server:
        result, _ = mail(server.port)

    assert result.error is None
    assert len(server.mails) == 3
