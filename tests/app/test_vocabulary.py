"""Titles of states, reasons and events are served from one place."""

from typing import Any

from fastapi.testclient import TestClient

from openiom.app.application import EVENT_TITLES, STATE_TABLES, Application, known_events
from openiom.platform.clock import utc_now
from openiom.platform.configuration import Configuration
from openiom.state_framework import states_kind

PATH = "/api/v1/vocabulary"


def entity(client: TestClient, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        one for one in client.get(PATH).json()["entities"] if one["entity"] == name
    )
    return found


def test_states_are_served_in_the_order_of_the_progress_bar(client: TestClient) -> None:
    order = entity(client, "order")
    assert order["title"] == "Order"
    assert [state["name"] for state in order["states"]] == [
        "new",
        "on_hold",
        "in_progress",
        "fulfillment_in_process",
        "completed",
        "canceled",
    ]
    assert order["states"][1]["title"] == "Sales Order On Hold"


def test_every_entity_with_states_is_served(client: TestClient) -> None:
    served = {one["entity"] for one in client.get(PATH).json()["entities"]}
    assert served == set(STATE_TABLES)


def test_reasons_are_those_of_the_state_table_once_each(client: TestClient) -> None:
    reasons = [reason["title"] for reason in entity(client, "order")["reasons"]]
    assert {"Backorder Hold", "Manual hold", "SLA expired", "New sales order"} <= set(reasons)
    assert reasons == sorted(set(reasons))
    assert "" not in reasons


def test_events_have_titles(client: TestClient) -> None:
    events = {event["name"]: event["title"] for event in client.get(PATH).json()["events"]}
    assert events["order.hold_placed"] == "Manual hold placed"
    assert events["fulfillment_order.picked"] == "Fulfillment order picked"


def test_text_columns_of_the_orders_list_have_titles(client: TestClient) -> None:
    columns = client.get(PATH).json()["order_columns"]
    assert {"name": "customer_email", "title": "Email"} in columns


def test_every_event_of_the_state_tables_has_a_title() -> None:
    for table in STATE_TABLES.values():
        assert set(table.events()) <= set(EVENT_TITLES)


def test_events_with_titles_can_be_named_by_flows() -> None:
    assert set(EVENT_TITLES) <= set(known_events())


def test_states_and_reasons_of_this_environment_are_served(
    client: TestClient, application: Application
) -> None:
    configuration = Configuration()
    configuration.register(states_kind(STATE_TABLES))
    body = {
        "states": [{"name": "fraud_review", "label": "Fraud review", "timeline_position": 15}],
        "transitions": [
            {
                "event": "fraud.suspected",
                "source": "new",
                "target": "fraud_review",
                "reason": "Suspicious",
            }
        ],
    }
    document = {"kind": "states", "name": "order", "body": body}

    with application.database.unit_of_work() as session:
        configuration.apply(session, [document], at=utc_now(), actor="test")

    order = entity(client, "order")
    assert {"name": "fraud_review", "title": "Fraud review"} in order["states"]
    assert {"name": "Suspicious", "title": "Suspicious"} in order["reasons"]


def test_the_vocabulary_needs_a_signed_in_principal(anonymous_client: TestClient) -> None:
    assert anonymous_client.get(PATH).status_code == 401
