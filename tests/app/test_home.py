"""The start page: what needs a person, with its number, age and money."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient
from tests.app.test_attention import SINCE, add_instance, get, park_message
from tests.fulfillment.builders import create, fulfillment_orders, ready, report, update
from tests.orchestration.entities import NOW as QUEUED_AT
from tests.orchestration.test_waiting_calls import add_run, queue_call
from tests.orders.builders import NOW, line, master_data, placed, stock

from openiom.administration import issue_token
from openiom.kernel import new_id
from openiom.platform.bulk import execute
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.providers import Outage, list_outages


def text(instant: Any) -> str:
    return str(instant.isoformat().replace("+00:00", "Z"))


def work(client: TestClient) -> dict[str, dict[str, Any]]:
    """Return the items of the start page by kind."""
    return {item["kind"]: item for item in get(client, "/home")["items"]}


def dollars(amount: str, orders: int) -> list[dict[str, Any]]:
    return [{"currency": "USD", "amount": amount, "orders": orders}]


def test_on_a_calm_day_nothing_needs_a_person(client: TestClient, database: Database) -> None:
    master_data(database)
    placed(database, requested_delivery_date="2999-12-03")
    assert get(client, "/home") == {"items": [], "limit": 10_000}


def test_an_outage_is_a_connection_and_the_orders_that_it_blocks(
    client: TestClient, database: Database
) -> None:
    master_data(database)
    add_instance(database, "wms", "Fabrikam 3PL", red=True)
    add_instance(database, "tax", "Tax service", red=True)
    add_instance(database, "shop", "Fabrikam store", red=False)
    first = placed(database, line(quantity=3), external_id="1")
    second = placed(database, line(unit_price="2.50"), external_id="2")
    queue_call(database, root=first, instance="wms")
    queue_call(database, root=first, instance="wms")
    queue_call(database, root=second, instance="wms")
    queue_call(database, root=second, instance="shop")
    queue_call(database, root=new_id(), instance="tax")

    items = get(client, "/home")["items"]
    assert items == [
        {
            "kind": "connections",
            "count": 2,
            "oldest": text(SINCE),
            "amounts": [],
            "instance": "",
            "title": "Tax service, Fabrikam 3PL",
        },
        {
            "kind": "blocked",
            "count": 2,
            "oldest": text(QUEUED_AT),
            "amounts": dollars("32.5000", 2),
            "instance": "wms",
            "title": "Fabrikam 3PL",
        },
    ]
    listed = get(client, "/orders?waiting_for=wms")["items"]
    assert len(listed) == items[1]["count"]


def test_an_order_on_manual_hold_waits_for_its_release_and_not_for_the_provider(
    client: TestClient, database: Database
) -> None:
    master_data(database)
    add_instance(database, "wms", "Fabrikam 3PL", red=True)
    waiting = placed(database, line(quantity=3), external_id="1")
    on_hold = placed(database, line(quantity=1), external_id="2")
    queue_call(database, root=waiting, instance="wms")
    queue_call(database, root=on_hold, instance="wms")
    held = client.post("/api/v1/orders/hold", json={"ids": [str(on_hold)], "reason": "a call"})
    assert held.json()["results"][0]["ok"], held.text

    assert work(client)["blocked"]["amounts"] == dollars("30.0000", 1)
    [outage] = get(client, "/attention")["outages"]
    assert (outage["orders"], outage["calls"]) == (1, 1)
    [row] = get(client, "/orders?waiting_for=wms")["items"]
    assert (row["id"], row["blocked"]["title"]) == (str(waiting), "Fabrikam 3PL")
    [row] = get(client, "/orders?manual_hold=true")["items"]
    assert (row["id"], row["blocked"]) == (str(on_hold), None)
    assert get(client, f"/orders/{on_hold}")["blocked"] is None


def test_outages_are_read_once(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[Session] = []

    def count_and_list(session: Session) -> Sequence[Outage]:
        reads.append(session)
        return list_outages(session)

    monkeypatch.setattr("openiom.providers.list_outages", count_and_list)
    add_instance(database, "wms", "Fabrikam 3PL", red=True)
    assert list(work(client)) == ["connections"]
    assert len(reads) == 1


def test_failed_runs_and_parked_messages_are_counted_with_the_oldest(
    client: TestClient, database: Database
) -> None:
    master_data(database)
    order = placed(database, line(quantity=2))
    add_run(database, root=order, state="failed")
    add_run(database, root=new_id(), state="failed")
    for amount in ("30", "12.5"):
        park_message(database, "7")
        with database.unit_of_work() as session:
            execute(
                session,
                "UPDATE providers.message SET version = %s, total_amount = %s, currency = 'USD'"
                " WHERE version = '1'",
                (amount, amount),
            )

    found = work(client)
    failed = found["failed_runs"]
    assert (failed["count"], failed["oldest"]) == (2, text(QUEUED_AT))
    assert failed["amounts"] == dollars("20.0000", 1)
    parked = found["parked_messages"]
    assert (parked["count"], parked["oldest"]) == (2, text(SINCE))
    assert parked["amounts"] == dollars("12.5000", 1), "the latest message of the order counts"


def test_declined_and_late_orders_lead_to_lists_of_the_same_orders(
    client: TestClient, database: Database
) -> None:
    master_data(database)
    stock(database, Accu_Scale__SEA=10)
    declined = ready(database, line(quantity=5), external_id="1")
    create(database, declined)
    [found] = fulfillment_orders(database, declined)
    assert report(database, update(found, "declined"))[0].ok
    late = placed(
        database,
        external_id="2",
        requested_delivery_date="2020-12-03",
        placed_at="2020-11-30T08:00:00Z",
    )

    items = work(client)
    assert (items["declined"]["count"], items["declined"]["oldest"]) == (1, text(NOW))
    assert items["declined"]["amounts"] == dollars("50.0000", 1)
    [row] = get(client, "/fulfillment-orders?to_be_sourced=true")["items"]
    assert row["number"] == found["number"]

    assert (items["late"]["count"], items["late"]["oldest"]) == (1, "2020-11-30T08:00:00Z")
    assert items["late"]["amounts"] == dollars("10.0000", 1)
    [order] = get(client, "/orders?late=true")["items"]
    assert order["id"] == str(late)


def test_work_that_the_user_may_not_see_is_absent(
    client: TestClient, anonymous_client: TestClient, database: Database
) -> None:
    master_data(database)
    add_instance(database, "wms", "Fabrikam 3PL", red=True)
    order = placed(database, requested_delivery_date="2020-12-03")
    queue_call(database, root=order, instance="wms")
    add_run(database, root=order, state="failed")
    park_message(database, "7")
    assert list(work(client)) == [
        "connections",
        "blocked",
        "failed_runs",
        "parked_messages",
        "late",
    ]

    body = {"title": "Run reader", "permissions": ["orchestration.read"]}
    response = client.post(
        "/api/v1/configuration/apply",
        json={"documents": [{"kind": "role", "name": "run-reader", "body": body}]},
    )
    assert response.status_code == 200
    with database.unit_of_work() as session:
        token = issue_token(session, name="runs", roles=["run-reader"], now=utc_now(), actor="test")
    headers = {"authorization": f"Bearer {token}"}
    [item] = anonymous_client.get("/api/v1/home", headers=headers).json()["items"]
    assert (item["kind"], item["count"], item["amounts"]) == ("failed_runs", 1, [])
    assert anonymous_client.get("/api/v1/home").status_code == 401
