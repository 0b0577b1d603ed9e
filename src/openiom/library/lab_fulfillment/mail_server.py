"""A mail server that is reached at the address that was checked, for a limited time."""

import io
import smtplib
import socket
import ssl
from time import monotonic
from typing import Any

from openiom.provider_contract import EgressPolicy

_CHUNK_BYTES = 16_384


class MailServer(smtplib.SMTP):
    """A session with a mail server.

    `smtplib` would resolve the name a second time, possibly to another address. Certificates are
    verified for the name. With `tls`, the connection is encrypted from its first byte. `timeout`
    limits each operation and `max_seconds` the session: a server that sends a byte a second never
    exceeds the first. Both raise `smtplib.SMTPServerDisconnected` or `OSError`.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        timeout: float,
        max_seconds: float,
        egress: EgressPolicy,
        tls: ssl.SSLContext | None,
    ) -> None:
        self._egress = egress
        self._tls = tls
        self._operation_seconds = timeout
        self._ends_at = monotonic() + max_seconds
        super().__init__(host, port, timeout=timeout)

    def send(self, s: Any) -> None:
        """Send text or bytes in parts, each within the time that is left."""
        if self.sock is None:
            super().send(s)
            return

        content = s.encode(self.command_encoding) if isinstance(s, str) else bytes(s)
        for start in range(0, len(content), _CHUNK_BYTES):
            self._limit_next_operation()
            super().send(content[start : start + _CHUNK_BYTES])

    def getreply(self) -> tuple[int, bytes]:
        """Return the reply of the server, read within the time that is left."""
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(_TimedReader(self))
        return super().getreply()

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Encrypt the connection, which the server has to offer; the handshake is one operation."""
        self.ehlo_or_helo_if_needed()
        self._limit_next_operation()
        self.starttls(context=context)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        left = max(0.001, self._ends_at - monotonic())
        connection = self._egress.connect(host, port, min(timeout, left))
        if self._tls is None:
            return connection
        return self._tls.wrap_socket(connection, server_hostname=host)

    def _limit_next_operation(self) -> None:
        """Limit the next operation of the socket. Raise `SMTPServerDisconnected` at the end."""
        left = self._ends_at - monotonic()
        if left <= 0:
            raise smtplib.SMTPServerDisconnected("the session is not complete in time")

        assert self.sock is not None
        self.sock.settimeout(min(left, self._operation_seconds))


class _TimedReader(io.RawIOBase):
    """The bytes of a server's replies; each read has the time that is left of the session."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._server._limit_next_operation()
        assert self._server.sock is not None
        try:
            return self._server.sock.recv_into(buffer)
        except TimeoutError:
            self._server._limit_next_operation()
            raise
