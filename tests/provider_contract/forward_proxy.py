"""A small HTTP proxy for one test: it forwards http, tunnels https, and resolves names itself."""

import base64
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

Target = tuple[str, int]


@dataclass
class ForwardProxy:
    """A proxy that knows `names`, and requires `credentials` as user:password if it has any."""

    url: str
    names: dict[str, Target] = field(default_factory=dict)
    credentials: str = ""
    requests: list[str] = field(default_factory=list)

    def refuses(self, headers: Mapping[str, str]) -> bool:
        """Return whether the credentials of a request are missing or wrong."""
        if not self.credentials:
            return False
        expected = base64.b64encode(self.credentials.encode()).decode()
        return headers.get("proxy-authorization") != f"Basic {expected}"


@contextmanager
def running_proxy() -> Iterator[ForwardProxy]:
    """Yield a proxy that runs in a thread."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_CONNECT(self) -> None:
            target = self._target(self.path.partition(":")[0])
            if target is None:
                return

            with socket.create_connection(target, 5) as upstream:
                self.send_response(200)
                self.end_headers()
                back = threading.Thread(target=_copy, args=(upstream, self.connection), daemon=True)
                back.start()
                _copy(self.connection, upstream)

            self.close_connection = True

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            parts = urlsplit(self.path)
            target = self._target(parts.hostname or "")
            if target is None:
                return

            upstream = HTTPConnection(*target, timeout=5)
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
            upstream.request(self.command, path, body, {"host": parts.netloc})
            response = upstream.getresponse()
            content = response.read()
            upstream.close()
            self._respond(response.status, content)

        do_POST = do_PUT = do_GET

        def _target(self, host: str) -> Target | None:
            """Return where a host is; without one the request has been answered."""
            proxy.requests.append(f"{self.command} {self.path}")
            if proxy.refuses(self.headers):
                self._respond(407, b"")
            elif host not in proxy.names:
                self._respond(502, b"no such host")
            else:
                return proxy.names[host]
            return None

        def _respond(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        proxy = ForwardProxy(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield proxy
        server.shutdown()
        thread.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Pass on bytes until one side ends."""
    with suppress(OSError):
        while content := source.recv(65_536):
            target.sendall(content)
        target.shutdown(socket.SHUT_WR)
