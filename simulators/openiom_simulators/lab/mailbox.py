"""A mail server that takes everything in and delivers nothing: enough SMTP for a client to be content."""

import asyncio
import socket
from contextlib import suppress
from email import message_from_bytes
from typing import Any

LONGEST_MAIL = 5_000_000


class Mailbox:
    """Keeps what arrives, oldest first."""

    def __init__(self) -> None:
        self.mails: list[dict[str, Any]] = []
        self.server: asyncio.Server | None = None

    async def start(self, *, host: str, port: int, fd: int | None = None) -> int:
        """Listen there, or on an inherited socket; returns the port."""
        if fd is None:
            self.server = await asyncio.start_server(self._talk, host, port, limit=LONGEST_MAIL)
        else:
            inherited = socket.socket(fileno=fd)
            self.server = await asyncio.start_server(self._talk, sock=inherited, limit=LONGEST_MAIL)
        bound: int = self.server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        if self.server is not None:
            self.server.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())
            await writer.drain()

        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await say("220 lab mailbox")
            while line := (await reader.readline()).decode("latin-1").strip():
                command = line.split(" ", 1)[0].upper()
                if command == "QUIT":
                    await say("221 bye")
                    break
                if command == "DATA":
                    await say("354 go on")
                    self._keep((await reader.readuntil(b"\r\n.\r\n"))[:-5])
                await say("250 ok")
        writer.close()

    def _keep(self, raw: bytes) -> None:
        mail = message_from_bytes(raw.replace(b"\r\n..", b"\r\n."))
        body = mail.get_payload(decode=True)
        self.mails.append(
            {
                "to": str(mail["To"]),
                "subject": str(mail["Subject"]),
                "message_id": str(mail["Message-ID"]),
                "text": body.decode("utf-8", "replace") if isinstance(body, bytes) else "",
            }
        )
