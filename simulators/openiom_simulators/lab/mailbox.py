"""A mail server that accepts every mail and delivers none; it supports what SMTP clients need."""

import asyncio
import socket
from contextlib import suppress
from email import message_from_bytes
from email.policy import default
from typing import Any

MAX_MAIL_BYTES = 5_000_000


class Mailbox:
    """Stores received mails, the oldest first."""

    def __init__(self) -> None:
        self.mails: list[dict[str, Any]] = []
        self.server: asyncio.Server | None = None

    async def start(self, *, host: str, port: int, fd: int | None = None) -> int:
        """Listen on a port or an inherited socket, and return the port."""
        if fd is None:
            self.server = await asyncio.start_server(self._serve, host, port, limit=MAX_MAIL_BYTES)
        else:
            inherited = socket.socket(fileno=fd)
            self.server = await asyncio.start_server(
                self._serve, sock=inherited, limit=MAX_MAIL_BYTES
            )

        bound: int = self.server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Stop listening."""
        if self.server is not None:
            self.server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def reply(line: str) -> None:
            writer.write(f"{line}\r\n".encode())
            await writer.drain()

        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reply("220 lab mailbox")
            while line := (await reader.readline()).decode("latin-1").strip():
                command = line.split(" ", 1)[0].upper()
                if command == "QUIT":
                    await reply("221 bye")
                    break

                if command == "DATA":
                    await reply("354 start mail input")
                    self._store((await reader.readuntil(b"\r\n.\r\n"))[:-5])

                await reply("250 ok")

        writer.close()

    def _store(self, raw: bytes) -> None:
        mail = message_from_bytes(raw.replace(b"\r\n..", b"\r\n."), policy=default)
        body = mail.get_body(("plain", "html"))
        self.mails.append(
            {
                "to": str(mail["To"]),
                "subject": str(mail["Subject"]),
                "message_id": str(mail["Message-ID"]),
                "text": str(body.get_content()) if body is not None else "",
            }
        )
