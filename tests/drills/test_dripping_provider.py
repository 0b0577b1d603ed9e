"""A side that sends a byte at a time stops neither other polls nor the orders they bring."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from tests.order_stories import conftest as stories
from tests.order_stories.conftest import Fabrikam
from tests.slow_server import DrippingServer

from openiom.app.invariants import check_invariants
from openiom.platform.batches import drain
from openiom.platform.clock import utc_now
from openiom.provider_contract import LOOPBACK, EgressPolicy
from openiom.providers import inbox_worker, poll_workers, request_poll

shop = stories.fabrikam
EXCHANGE_SECONDS = 3.0


class DrippingProvider(DrippingServer):
    """Sends the head of an HTTP response without end, a byte at a time."""

    def __init__(self) -> None:
        self.connected = threading.Event()
        super().__init__()
        self.url = f"http://127.0.0.1:{self.port}"

    def answer(self, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nx-slow: ")
        self.connected.set()
        self.drip(connection, b"x")


@pytest.fixture
def dripping() -> Iterator[DrippingProvider]:
    with closing(DrippingProvider()) as server:
        yield server


def install_dripping(shop: Fabrikam, server: DrippingProvider) -> None:
    """Install a 3PL behind the server, of which a probe was green."""
    body = {
        "provider": "demo_fulfillment",
        "title": "Slow 3PL",
        "connection": {"url": server.url, "token": "t"},
        "parameters": {"set_callback": False},
        "poll_seconds": 1,
    }
    application = shop.application
    document = {"kind": "provider_instance", "name": "slow-3pl", "body": body}
    with application.database.unit_of_work() as session:
        application.configuration.apply(session, [document], at=utc_now(), actor="drill")
        session.connection().exec_driver_sql(
            "UPDATE providers.provider_instance SET state = 'green', probed_at = now(),"
            " next_probe_at = now() + interval '1 hour', next_poll_at = now() - interval '1 minute'"
            " WHERE name = 'slow-3pl'"
        )


def test_other_instances_are_polled_while_one_drips(
    shop: Fabrikam, dripping: DrippingProvider
) -> None:
    application = shop.application
    application.registry.egress = EgressPolicy(LOOPBACK.networks, EXCHANGE_SECONDS)
    install_dripping(shop, dripping)
    shop.lab_order("D-1", country="US", quantity=10)
    slow, other, *_ = poll_workers(application.registry)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(slow.run_once, application.database, limit=1, now=utc_now())
        assert dripping.connected.wait(20)
        with application.database.unit_of_work() as session:
            request_poll(session, "fabrikam-store")

        for _ in ("fabrikam-3pl", "fabrikam-store"):
            assert other.run_once(application.database, limit=1, now=utc_now()).rows == 1

        drain(application.database, [inbox_worker(application.registry)])
        still_waiting = not waiting.done()
        assert waiting.result(30).rows == 1

    assert still_waiting
    slow_error, slow_failures = polls(shop).pop("slow-3pl")
    assert "timed out (ReadTimeout)" in slow_error
    assert slow_failures == 1
    assert polls(shop)["fabrikam-3pl"] == polls(shop)["fabrikam-store"] == ("", 0)
    drain(application.database, application.workers())
    assert shop.fetch("SELECT number FROM orders.order") == [("D-1",)]
    results = check_invariants(application.database)
    assert [result.name for result in results if result.violations] == []


def polls(shop: Fabrikam) -> dict[str, tuple[str, int]]:
    """Return the last error and the failures in a row of the polled instances."""
    rows = shop.fetch(
        "SELECT name, last_error, poll_failures FROM providers.provider_instance"
        " WHERE last_poll_at IS NOT NULL"
    )
    return {name: (error, failures) for name, error, failures in rows}
