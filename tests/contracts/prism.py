"""Prism as a proxy or a mock; it validates requests and responses by an OpenAPI document."""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.external_data import external_path

CLI = Path(__file__).parent / "node_modules/@stoplight/prism-cli/dist/index.js"
BIGCOMMERCE = "contracts/bigcommerce/mock/bigcommerce_merged_for_prism.json"
START_SECONDS, END_SECONDS = 90, 5


@contextmanager
def prism_mock(document: str = BIGCOMMERCE) -> Iterator[str]:
    """Yield the URL of a mock that returns the examples and refuses requests that are not valid."""
    port = _free_port()
    with _prism(
        ["mock", "-h", "127.0.0.1", "-p", str(port), str(external_path(document))], port
    ) as url:
        yield url


@contextmanager
def prism_proxy(upstream: str, document: str = BIGCOMMERCE) -> Iterator[str]:
    """Yield the URL of a proxy to `upstream` that refuses invalid requests and responses."""
    port = _free_port()
    arguments = [
        "proxy",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        str(external_path(document)),
        upstream,
        "--errors",
    ]

    with _prism(arguments, port) as url:
        yield url


@contextmanager
def _prism(arguments: list[str], port: int) -> Iterator[str]:
    node = shutil.which("node")
    if node is None or not CLI.is_file():
        pytest.skip("Prism is not installed; run npm ci in tests/contracts (Node 20 or newer)")

    command = [node, str(CLI), *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_until_it_listens(process, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"Prism ended with {process.returncode} before it listened")

        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return

        time.sleep(0.1)

    raise AssertionError(f"Prism did not listen within {START_SECONDS} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def violations(answer_text: str) -> list[str]:
    """The codes and messages of what Prism found wrong, out of its error body."""
    return re.findall(r'"message":"([^"]+)"', answer_text)
