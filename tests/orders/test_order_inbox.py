"""Orders that are acknowledged first and received by the inbox worker."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient
from tests.orders.builders import document, line, master_data

from openiom.administration import issue_token
from openiom.app.application import Application
from openiom.app.web import create_app
from openiom.kernel import Invalid
from openiom.platform.batches import drain
from openiom.platform.bulk import fetch, fetch_column
from openiom.platform.clock import utc_now
from openiom.platform.database import Database

ORDERS = "/api/v1/orders"
ASYNC = {"Prefer": "respond-async"}


@pytest.fixture
def shop(application: Application) -> Application:
    master_data(application.database)
    return application


def send(client: TestClient, *orders: Any, **headers: str) -> Any:
    """Send orders to be acknowledged, and return the acknowledgments."""
    answer = client.post(ORDERS, json={"orders": orders}, headers=ASYNC | headers)
    assert answer.status_code == 202, answer.text
    return answer.json()["acknowledged"]


def process(application: Application) -> None:
    drain(application.database, application.workers())


def outcome(client: TestClient, acknowledged: Any) -> Any:
    answer = client.get(acknowledged["status_url"])
    assert answer.status_code == 200, answer.text
    return answer.json()


def numbers(database: Database) -> list[str]:
    with database.reading() as session:
        return fetch_column(session, 'SELECT number FROM orders."order" ORDER BY number')


def stored_messages(database: Database) -> int:
    with database.reading() as session:
        [count] = fetch_column(session, "SELECT count(*) FROM providers.message")
        return int(count)


def test_an_acknowledged_order_is_created(shop: Application, client: TestClient) -> None:
    answer = client.post(ORDERS, json={"orders": [document("1001")]}, headers=ASYNC)
    [order] = answer.json()["acknowledged"]

    assert answer.status_code == 202
    assert answer.headers["Preference-Applied"] == "respond-async"
    assert answer.headers["Location"] == order["status_url"]
    assert (order["index"], order["duplicate"]) == (0, False)
    waiting = outcome(client, order)
    assert (waiting["state"], waiting["order_id"]) == ("received", None)
    assert numbers(shop.database) == []

    process(shop)
    received = outcome(client, order)
    assert (received["state"], received["problem"]) == ("processed", None)
    created = client.get(f"{ORDERS}/{received['order_id']}").json()
    assert (created["number"], created["instance"]) == ("1001", "api")


def test_the_sender_is_the_actor_of_the_order(shop: Application, client: TestClient) -> None:
    send(client, document("1001"))
    process(shop)
    with shop.database.reading() as session:
        query = "SELECT actor FROM platform.business_event WHERE name = 'order.created'"
        assert fetch_column(session, query) == ["token test"]


def test_without_the_preference_an_order_is_created_at_once(
    shop: Application, client: TestClient
) -> None:
    answer = client.post(ORDERS, json={"orders": [document("1001")]})
    assert answer.status_code == 202
    assert "Preference-Applied" not in answer.headers
    assert answer.json()["results"][0]["ok"]
    assert numbers(shop.database) == ["1001"]


@pytest.mark.parametrize(
    "preference", ["respond-async", "wait=10, Respond-Async", "respond-async; x=1,return=minimal"]
)
def test_the_preference_is_one_of_a_list(client: TestClient, preference: str) -> None:
    body = {"orders": [document("1001")]}
    answer = client.post(ORDERS, json=body, headers={"Prefer": preference})
    assert "acknowledged" in answer.json()


def test_a_broken_order_is_parked_and_blocks_no_other(
    shop: Application, client: TestClient
) -> None:
    broken, unknown, good = send(
        client, {"external_id": "1"}, document("2", line(product="UNKNOWN")), document("3")
    )
    process(shop)

    first = outcome(client, broken)
    assert (first["state"], first["external_id"]) == ("parked", "1")
    assert set(first["problem"]) == {"what", "where", "remedy"}
    assert first["problem"]["what"]
    second = outcome(client, unknown)
    assert second["problem"]["where"] == "lines[0].product"
    assert outcome(client, good)["state"] == "processed"
    assert numbers(shop.database) == ["3"]


def test_a_parked_order_is_received_once_its_product_exists(
    shop: Application, client: TestClient
) -> None:
    [order] = send(client, document("1", line(product="NEW")))
    process(shop)
    assert outcome(client, order)["state"] == "parked"

    products = [{"kind": "product", "name": "NEW", "body": {"name": "New"}}]
    with shop.database.unit_of_work() as session:
        shop.configuration.apply(session, products, at=utc_now(), actor="ann")

    process(shop)
    assert outcome(client, order)["state"] == "processed"
    assert numbers(shop.database) == ["1"]


def test_outcomes_are_read_together(shop: Application, client: TestClient) -> None:
    sent = send(client, document("1"), {"lines": []})
    process(shop)
    ids = [order["message"] for order in sent]
    items = client.get(f"{ORDERS}/messages", params={"ids": ids}).json()["items"]
    assert [(one["message"], one["state"]) for one in items] == [
        (ids[0], "processed"),
        (ids[1], "parked"),
    ]
    assert client.get(f"{ORDERS}/messages").json()["items"] == []
    assert client.get(f"{ORDERS}/messages/{int(ids[1]) + 1}").status_code == 404


def test_the_same_order_twice_is_created_once(shop: Application, client: TestClient) -> None:
    first, second = send(client, document("1"), document("1"))
    [third] = send(client, document("1"))
    assert [one["duplicate"] for one in (first, second, third)] == [False, True, True]
    assert first["message"] == second["message"] == third["message"]

    process(shop)
    assert outcome(client, first)["deliveries"] == 3
    assert numbers(shop.database) == ["1"]


def test_an_order_that_changes_and_changes_back_is_followed(
    shop: Application, client: TestClient
) -> None:
    before, after = document("1", note="before"), document("1", note="after")
    messages = []
    for content in (before, after, before, before):
        [order] = send(client, content)
        process(shop)
        messages.append(order["message"])

    assert len(set(messages)) == 3
    assert messages[2] == messages[3]
    with shop.database.reading() as session:
        assert fetch(session, 'SELECT number, note FROM orders."order"') == [("1", "before")]


def test_states_of_one_order_in_one_request_are_followed(
    shop: Application, client: TestClient
) -> None:
    before, after = document("1", note="before"), document("1", note="after")
    sent = send(client, before, after, before)
    assert len({order["message"] for order in sent}) == 3
    process(shop)
    with shop.database.reading() as session:
        assert fetch(session, 'SELECT number, note FROM orders."order"') == [("1", "before")]


def test_no_provider_is_installed_under_the_name_of_the_api(shop: Application) -> None:
    body = {"provider": "lab_intake", "title": "Lab"}
    documents = [{"kind": "provider_instance", "name": "api", "body": body}]
    refused = pytest.raises(Invalid, match="the name of the API's own instance")
    with refused, shop.database.unit_of_work() as session:
        shop.configuration.apply(session, documents, at=utc_now(), actor="ann")


def test_an_idempotency_key_is_answered_once(shop: Application, client: TestClient) -> None:
    key = {"Idempotency-Key": "k"}
    first = send(client, document("1"), **key)
    assert send(client, document("1"), **key) == first
    assert stored_messages(shop.database) == 1

    other = client.post(ORDERS, json={"orders": [document("2")]}, headers=ASYNC | key)
    assert (other.status_code, other.json()["where"]) == (409, "Idempotency-Key")
    created = client.post(ORDERS, json={"orders": [document("1")]}, headers=key)
    assert created.status_code == 409, "the key was used for an acknowledgment"
    process(shop)
    assert numbers(shop.database) == ["1"]


def test_without_permission_nothing_is_stored(
    shop: Application, anonymous_client: TestClient
) -> None:
    body = {"orders": [document("1")]}
    assert anonymous_client.post(ORDERS, json=body, headers=ASYNC).status_code == 401
    with shop.database.unit_of_work() as session:
        token = issue_token(session, name="v", roles=["viewer"], now=utc_now(), actor="ann")

    headers = ASYNC | {"Authorization": f"Bearer {token}"}
    refused = anonymous_client.post(ORDERS, json=body, headers=headers)
    assert refused.status_code == 403
    assert refused.json()["remedy"].endswith("orders.write")
    assert stored_messages(shop.database) == 0


@pytest.mark.parametrize(
    ("body", "status", "where"),
    [
        (b'{"orders": [', 400, "body"),
        (b"", 400, "body"),
        (b'{"orders": [{"number": "a\\u0000"}]}', 422, "body.orders.0.number"),
        (b'{"orders": [{"number": NaN}]}', 422, "body"),
        (b'{"orders": []}', 422, None),
        (b'{"orders": [7]}', 422, None),
        (b'{"orders": [{}], "instance": "store"}', 422, None),
        (b'{"orders": [' + b"{}," * 500 + b"{}]}", 413, "orders"),
    ],
)
def test_what_cannot_be_stored_is_refused_at_once(
    shop: Application, client: TestClient, body: bytes, status: int, where: str | None
) -> None:
    answer = client.post(ORDERS, content=body, headers=ASYNC)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json().get("where") == where
    assert stored_messages(shop.database) == 0


def test_a_body_over_the_limit_is_refused(shop: Application, client: TestClient) -> None:
    limit = shop.settings.message_limit_bytes
    body = b'{"orders": [{"note": "' + b"x" * limit + b'"}]}'
    assert client.post(ORDERS, content=body, headers=ASYNC).status_code == 413
    assert stored_messages(shop.database) == 0


def test_a_refused_request_stops_no_other_of_its_group(shop: Application) -> None:
    good = [document(str(number)) for number in range(5)]
    bodies = [{"orders": [order]} for order in good]
    bodies.insert(2, {"orders": []})
    statuses = asyncio.run(post_together(shop, bodies))
    assert Counter(statuses) == {202: 5, 422: 1}
    process(shop)
    assert numbers(shop.database) == ["0", "1", "2", "3", "4"]


def test_two_thousand_concurrent_calls_create_each_order_once(shop: Application) -> None:
    bodies = [{"orders": [document(f"{number:04}")]} for number in range(2000)]
    statuses = asyncio.run(post_together(shop, bodies))
    assert Counter(statuses) == {202: 2000}
    with shop.database.reading() as session:
        query = "SELECT count(DISTINCT xmin::text) FROM providers.message"
        [transactions] = fetch_column(session, query)

    assert transactions < 200
    process(shop)
    assert numbers(shop.database) == [f"{number:04}" for number in range(2000)]


async def post_together(application: Application, bodies: list[Any]) -> list[int]:
    """Post all bodies at the same time; return the status of each."""
    with application.database.unit_of_work() as session:
        token = issue_token(
            session, name="many", roles=["administrator"], now=utc_now(), actor="ann"
        )

    transport = httpx.ASGITransport(create_app(application))
    headers = ASYNC | {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://openiom", headers=headers, timeout=60
    ) as client:
        answers = await asyncio.gather(*[client.post(ORDERS, json=body) for body in bodies])
    return [answer.status_code for answer in answers]


KILLED = """
import os, signal, sys
from starlette.testclient import TestClient
from openiom.app.application import build
from openiom.app.web import create_app
from openiom.platform.settings import Settings

application = build(Settings(), sys.argv[1])
headers = {"authorization": "Bearer " + sys.argv[2], "prefer": "respond-async"}
with TestClient(create_app(application), headers=headers) as client:
    answer = client.post("/api/v1/orders", content=sys.stdin.buffer.read())
    print(answer.status_code, answer.headers["location"], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_an_acknowledged_order_survives_the_process(shop: Application, client: TestClient) -> None:
    token = client.headers["authorization"].removeprefix("Bearer ")
    child = subprocess.run(
        [sys.executable, "-c", KILLED, shop.database.url, token],
        input=httpx.Request("POST", "http://x", json={"orders": [document("1")]}).content,
        env=os.environ | {"OPENIOM_HOME": str(shop.settings.home)},
        capture_output=True,
        timeout=60,
    )
    assert child.returncode == -signal.SIGKILL, child.stderr.decode()
    status, location = child.stdout.decode().split()
    assert status == "202"
    process(shop)
    assert client.get(location).json()["state"] == "processed"
    assert numbers(shop.database) == ["1"]
