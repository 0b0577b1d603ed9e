"""200 requests change one row at once: all are answered, and the process stays responsive."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import monotonic
from typing import Any

import httpx
import pytest
from tests.orders.builders import available, master_data, placed

from openiom.administration import issue_token
from openiom.app.application import Application
from openiom.app.web import create_app
from openiom.platform.bulk import fetch_column
from openiom.platform.clock import utc_now
from openiom_simulators.server import serve_in_thread

WRITERS = 200
SECONDS = 60.0
SLOWEST_HEALTH = 0.1


@pytest.fixture
def client(application: Application) -> Iterator[httpx.Client]:
    master_data(application.database)
    with application.database.unit_of_work() as session:
        token = issue_token(
            session, name="test", roles=["administrator"], now=utc_now(), actor="test"
        )

    limits = httpx.Limits(max_connections=WRITERS + 2)
    headers = {"authorization": f"Bearer {token}"}
    with (
        serve_in_thread(create_app(application)) as running,
        httpx.Client(
            base_url=running.url, headers=headers, trust_env=False, timeout=SECONDS, limits=limits
        ) as client,
    ):
        yield client


def health_meanwhile(client: httpx.Client, done: Event) -> list[float]:
    """Return how long each answer of `/health` took until `done` is set."""
    times: list[float] = []
    while not done.wait(0.05):
        started = monotonic()
        assert client.get("/health").status_code == 200
        times.append(monotonic() - started)

    return times


def send_together(
    client: httpx.Client, request: Callable[[int], httpx.Response]
) -> tuple[list[int], list[float]]:
    """Send the requests at once; return their status codes and the times of `/health`."""
    done = Event()
    with ThreadPoolExecutor(WRITERS + 1) as pool:
        probe = pool.submit(health_meanwhile, client, done)
        responses = list(pool.map(request, range(WRITERS)))
        done.set()
        return [response.status_code for response in responses], probe.result(SECONDS)


def test_200_changes_of_the_stock_of_one_product(
    application: Application, client: httpx.Client
) -> None:
    item = {"product": "Lamp", "source": "SEA", "quantity": 1}
    body: dict[str, Any] = {"mode": "change", "reason": "delivery", "items": [item]}

    statuses, health = send_together(
        client, lambda _: client.post("/api/v1/inventory/changes", json=body)
    )

    assert statuses == [200] * WRITERS
    assert sorted(health)[len(health) // 2] < SLOWEST_HEALTH
    assert available(application.database, "Lamp", "SEA") == WRITERS


def test_200_holds_and_releases_of_one_order(
    application: Application, client: httpx.Client
) -> None:
    order = placed(application.database)

    def hold_or_release(number: int) -> httpx.Response:
        action = "hold" if number % 2 else "release"
        return client.post(f"/api/v1/orders/{action}", json={"ids": [str(order)], "reason": "x"})

    statuses, health = send_together(client, hold_or_release)

    assert statuses == [200] * WRITERS
    assert sorted(health)[len(health) // 2] < SLOWEST_HEALTH
    with application.database.reading() as session:
        query = "SELECT count(*) FROM orders.order_state WHERE order_id = %s"
        assert fetch_column(session, query, (order,)) == [1]
