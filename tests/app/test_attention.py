"""What needs a person: outages with what waits for them, and the numbers of the navigation."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from starlette.testclient import TestClient
from tests.orchestration.test_waiting_calls import add_run, queue_call
from tests.orders.builders import document, master_data, receive

from openiom.administration import issue_token
from openiom.app import event_stream
from openiom.app.attention import Attention
from openiom.app.event_stream import EventTail, attention_text
from openiom.kernel import new_id
from openiom.orchestration.provider_call import INSTANCE_PAUSED
from openiom.platform.bulk import execute, fetch_column
from openiom.platform.clock import utc_now
from openiom.platform.database import Database

SINCE = datetime(2026, 5, 4, 15, 23, tzinfo=UTC)


def add_instance(
    database: Database, name: str, title: str, *, red: bool, active: bool = True
) -> None:
    """Store an installed instance."""
    with database.unit_of_work() as session:
        execute(
            session,
            "INSERT INTO providers.provider_instance (name, version, provider, title,"
            " mapping_group, active, state, error, red_since)"
            " VALUES (%s, 1, 'fake', %s, '', %s, %s, %s, %s)",
            (
                name,
                title,
                active,
                "red" if red else "green",
                "no answer" if red else "",
                SINCE if red else None,
            ),
        )


def park_message(database: Database, key: str) -> None:
    with database.unit_of_work() as session:
        execute(
            session,
            "INSERT INTO providers.message (instance, kind, key, version, sequence, payload,"
            " state, received_at) VALUES ('shop', 'order', %s, '1', 1, '{}', 'parked', %s)",
            (key, SINCE),
        )


def place_orders(database: Database, *numbers: str) -> dict[str, UUID]:
    master_data(database)
    receive(database, *(document(number) for number in numbers))
    with database.reading() as session:
        ids = fetch_column(session, 'SELECT id FROM orders."order" ORDER BY number')
    return dict(zip(sorted(numbers), ids, strict=True))


def get(client: TestClient, path: str) -> dict[str, Any]:
    response = client.get(f"/api/v1{path}")
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def test_without_trouble_nothing_needs_a_person(client: TestClient) -> None:
    assert get(client, "/attention") == {
        "outages": [],
        "orders": 0,
        "parked_messages": 0,
        "failed_runs": 0,
        "mentions": 0,
        "payments": 0,
        "limit": 10_000,
    }


def test_an_outage_names_the_provider_since_when_and_what_waits(
    client: TestClient, database: Database
) -> None:
    add_instance(database, "wms", "Fabrikam 3PL", red=True)
    add_instance(database, "shop", "Fabrikam store", red=False)
    add_instance(database, "old", "Old store", red=True, active=False)
    ids = place_orders(database, "100", "101", "102")
    queue_call(database, root=ids["100"], instance="wms")
    queue_call(database, root=ids["100"], instance="wms")
    queue_call(database, root=ids["101"], instance="wms")
    queue_call(database, root=ids["102"], instance="shop")

    assert get(client, "/attention")["outages"] == [
        {
            "instance": "wms",
            "title": "Fabrikam 3PL",
            "since": "2026-05-04T15:23:00Z",
            "error": "no answer",
            "calls": 3,
            "orders": 2,
        }
    ]

    provider = {"instance": "wms", "title": "Fabrikam 3PL", "since": "2026-05-04T15:23:00Z"}
    blocked = {**provider, "cause": "down"}
    rows = get(client, "/orders")["items"]
    assert {row["number"]: row["blocked"] for row in rows} == {
        "100": blocked,
        "101": blocked,
        "102": None,
    }
    assert get(client, f"/orders/{ids['101']}")["blocked"] == blocked
    assert get(client, f"/orders/{ids['102']}")["blocked"] is None

    rows = get(client, "/orders?waiting_for=wms")["items"]
    assert [row["number"] for row in rows] == ["101", "100"]
    assert get(client, "/orders?waiting_for=old")["items"] == []


def test_an_order_names_the_paused_provider_that_it_waits_for(
    client: TestClient, database: Database
) -> None:
    add_instance(database, "wms", "Fabrikam 3PL", red=False)
    ids = place_orders(database, "100", "101")
    queue_call(database, root=ids["100"], instance="wms", state="held", cause=INSTANCE_PAUSED)
    paused = client.post("/api/v1/provider-instances/wms/pause").json()

    order = get(client, f"/orders/{ids['100']}")
    since = paused["paused_at"]
    assert order["blocked"] == {
        "instance": "wms",
        "title": "Fabrikam 3PL",
        "since": since,
        "cause": "paused",
    }
    verdict = order["verdict"]
    assert (verdict["text"], verdict["since"]) == ("Blocked: Fabrikam 3PL is paused", since)
    assert (verdict["action"], verdict["target"]) == ("open_connection", "wms")
    rows = get(client, "/orders?waiting_for=wms")["items"]
    assert [row["number"] for row in rows] == ["100"]
    assert get(client, f"/orders/{ids['101']}")["blocked"] is None


def test_the_numbers_of_the_navigation_are_counted(client: TestClient, database: Database) -> None:
    park_message(database, "7")
    park_message(database, "8")
    add_run(database, root=new_id(), state="failed")

    found = get(client, "/attention")
    assert (found["parked_messages"], found["failed_runs"], found["orders"]) == (2, 1, 0)


def test_numbers_that_the_user_may_not_see_are_absent(
    client: TestClient, anonymous_client: TestClient, database: Database
) -> None:
    add_instance(database, "wms", "Fabrikam 3PL", red=True)
    body = {"title": "Run reader", "permissions": ["orchestration.read"]}
    response = client.post(
        "/api/v1/configuration/apply",
        json={"documents": [{"kind": "role", "name": "run-reader", "body": body}]},
    )
    assert response.status_code == 200
    with database.unit_of_work() as session:
        token = issue_token(session, name="runs", roles=["run-reader"], now=utc_now(), actor="test")

    response = anonymous_client.get(
        "/api/v1/attention", headers={"authorization": f"Bearer {token}"}
    )
    assert response.json() == {
        "outages": [],
        "orders": None,
        "parked_messages": None,
        "failed_runs": 0,
        "mentions": None,
        "payments": None,
        "limit": 10_000,
    }


def test_browsers_are_informed_when_what_needs_a_person_changes(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "ATTENTION_SECONDS", 0.0)
    monkeypatch.setattr(EventTail, "listeners", 1)
    tail = EventTail(database)

    def has_changed() -> bool:
        with database.reading() as session:
            return tail._attention_changed(session)

    assert has_changed() is False
    assert has_changed() is False
    add_instance(database, "wms", "Fabrikam 3PL", red=True)
    assert has_changed() is True
    assert has_changed() is False
    park_message(database, "7")
    assert has_changed() is True


def test_what_needs_a_person_is_read_every_two_seconds_and_for_listeners_only(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[Attention] = []
    monkeypatch.setattr(event_stream, "attention", lambda session: reads.append(Attention()))
    tail = EventTail(database)
    with database.reading() as session:
        tail._attention_changed(session)
        assert len(reads) == 0
        monkeypatch.setattr(EventTail, "listeners", 1)
        tail._attention_changed(session)
        tail._attention_changed(session)
        assert len(reads) == 1


def test_the_message_of_a_change_has_the_form_of_an_event() -> None:
    assert orjson.loads(attention_text(SINCE)) == {
        "events": [
            {
                "name": "attention.changed",
                "root_id": "",
                "subject_type": "attention",
                "subject_id": "",
                "at": "2026-05-04T15:23:00+00:00",
            }
        ]
    }
