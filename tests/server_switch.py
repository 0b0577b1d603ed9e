"""A switch between two PostgreSQL servers, as an address that moves to another machine."""

import socket
import threading
from contextlib import suppress

from psycopg.conninfo import conninfo_to_dict


class Switch:
    """Forwards connections to one of two PostgreSQL servers; a switch ends those that are open."""

    def __init__(self, url: str) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.target = url
        threading.Thread(target=self._serve, daemon=True).start()

    def url(self, database: str = "") -> str:
        """Return the address of a database behind the switch."""
        name = database or conninfo_to_dict(self.target)["dbname"]
        return f"postgresql://postgres@127.0.0.1:{self._listening.getsockname()[1]}/{name}"

    def to(self, url: str) -> None:
        """Lead new connections to another server, and end the open ones."""
        self.target = url
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.to("")
        self._listening.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = _connected(self.target)
                self._open += [client, server]
                for one, other in ((client, server), (server, client)):
                    threading.Thread(target=_copy, args=(one, other), daemon=True).start()


def _connected(url: str) -> socket.socket:
    """Return a connection to the server at a URL, which may name the folder of its socket."""
    address = conninfo_to_dict(url)
    host, port = str(address["host"]), int(address.get("port") or 5432)
    if not host.startswith("/"):
        return socket.create_connection((host, port))

    server = socket.socket(socket.AF_UNIX)
    server.connect(f"{host}/.s.PGSQL.{port}")
    return server


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Pass on bytes until one side ends, and end the other one."""
    with suppress(OSError), source:
        while content := source.recv(65_536):
            target.sendall(content)
        target.shutdown(socket.SHUT_RDWR)
