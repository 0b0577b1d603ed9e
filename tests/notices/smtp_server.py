"""A real SMTP server on loopback for tests, which can refuse, hang and die after it accepted."""

import socket
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from email.policy import default
from threading import Event, Thread
from typing import Literal

Behavior = Literal["accept", "refuse", "defer", "hang", "die"]


class MailServer(socketserver.ThreadingTCPServer):
    """The messages received, and how the next ones are answered."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.behavior: Behavior = "accept"
        self.messages: list[Message] = []
        self.ended = Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say("220 test")
        for line in self.rfile:
            command = line.strip().upper().split(b" ")[0].decode()
            if command == "QUIT":
                self._say("221 bye")
                return
            if not self._answer(command):
                return

    def _answer(self, command: str) -> bool:
        """Answer a command; return whether the session continues."""
        behavior = self.server.behavior
        if command == "RCPT" and behavior in ("refuse", "defer"):
            self._say("550 no such user" if behavior == "refuse" else "450 try later")
        elif command == "DATA":
            return self._receive(behavior)
        else:
            self._say("250 ok")
        return True

    def _receive(self, behavior: Behavior) -> bool:
        self._say("354 go on")
        if behavior == "hang":
            self.server.ended.wait(10)
            return False

        lines: list[bytes] = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line)
        self.server.messages.append(message_from_bytes(b"".join(lines), policy=default))
        if behavior == "die":
            self.connection.shutdown(socket.SHUT_RDWR)
            return False
        self._say("250 accepted")
        return True

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Yield a running server."""
    with MailServer() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.shutdown()
            thread.join()
