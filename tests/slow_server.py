"""A server on a free port of loopback that never ends an answer, for tests of time limits."""

import socket
import threading
from contextlib import suppress


class DrippingServer:
    """Answers every connection in a thread of its own, and then sends a byte at a time."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._stop = threading.Event()
        self.port: int = self._listening.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Accept nothing more, and end the answers."""
        self._stop.set()
        self._listening.close()

    def answer(self, connection: socket.socket) -> None:
        """Send an answer that does not end. Override it."""
        raise NotImplementedError

    def drip(self, connection: socket.socket, byte: bytes) -> None:
        """Send a byte ten times a second until the server or the connection is closed."""
        while not self._stop.wait(0.1):
            connection.sendall(byte)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self.connections += 1
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            self.answer(connection)
