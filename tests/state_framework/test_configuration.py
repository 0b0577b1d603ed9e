"""A user's states are a document; they extend the shipped table and show on the API."""

import asyncio
from datetime import UTC, datetime

import httpx
import pytest
from tests.package_app import package_app
from tests.state_framework.test_machine import ORDER

from openiom.kernel import Invalid, TransitionRefused
from openiom.platform.bulk import execute
from openiom.platform.configuration import Configuration
from openiom.state_framework import (
    State,
    Target,
    advance,
    load_tables,
    states_kind,
    states_router,
)

AT = datetime(2026, 3, 1, tzinfo=UTC)
SHIPPED = {"order": ORDER}
FRAUD = {
    "states": [{"name": "fraud_review", "label": "Fraud review", "timeline_position": 2}],
    "transitions": [
        {"event": "fraud.suspected", "source": "new", "target": "fraud_review", "reason": "Score"}
    ],
}


@pytest.fixture
def configuration():
    made = Configuration()
    made.register(states_kind(SHIPPED))
    return made


def get(web, path):
    async def send():
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(web), base_url="http://test"
        ) as client:
            return (await client.get(path)).json()

    return asyncio.run(send())


def apply(database, configuration, body, name="order"):
    with database.unit_of_work() as session:
        configuration.apply(
            session, [{"kind": "states", "name": name, "body": body}], at=AT, actor="ada"
        )


def test_an_added_state_moves_orders_and_the_shipped_rows_stay(database, configuration):
    apply(database, configuration, FRAUD)

    with database.reading() as session:
        order = load_tables(session, SHIPPED)["order"]

    assert advance(order, event="fraud.suspected", state="new") == Target("fraud_review", "Score")
    with pytest.raises(TransitionRefused):
        advance(order, event="order.shipped", state="new")


def test_the_guard_can_be_switched_off_and_on(database, configuration):
    apply(database, configuration, {"enabled": False})
    with database.reading() as session:
        assert not load_tables(session, SHIPPED)["order"].enabled

    apply(database, configuration, {"enabled": True})
    with database.reading() as session:
        assert load_tables(session, SHIPPED)["order"].enabled


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        (
            "order",
            {"transitions": [{"event": "order.canceled", "source": "new", "target": "on_hold"}]},
            "cannot be altered",
        ),
        (
            "order",
            {"transitions": [{"event": "a", "source": "x", "target": "y"}]},
            "the target state y is unknown",
        ),
        ("parcel", {}, "parcel has no states"),
    ],
)
def test_a_document_that_does_not_fit_is_refused_and_changes_nothing(
    database, configuration, name, body, message
):
    with pytest.raises(Invalid, match=message):
        apply(database, configuration, body, name=name)

    with database.reading() as session:
        assert load_tables(session, SHIPPED) == SHIPPED


def test_the_api_shows_the_table_with_shipped_rows_marked(database, configuration):
    apply(database, configuration, FRAUD)
    web = package_app(database, states_router(SHIPPED), permissions={"*"})

    answer = get(web, "/api/v1/states/order")

    assert [state["name"] for state in answer["states"]] == [
        "new",
        "fraud_review",
        "on_hold",
        "in_progress",
        "fulfillment_in_process",
        "canceled",
        "completed",
    ]
    assert [row["event"] for row in answer["transitions"] if not row["shipped"]] == [
        "fraud.suspected"
    ]


def test_added_states_keep_all_their_settings(database, configuration):
    body = {
        "states": [
            {
                "name": "archived",
                "label": "Archived",
                "timeline_position": 9,
                "read_only": True,
                "final": True,
            }
        ],
        "transitions": [
            {
                "event": "order.archive",
                "source": None,
                "target": "archived",
                "reason": "Old",
                "reasons": ["Older"],
            }
        ],
    }
    apply(database, configuration, body)

    with database.reading() as session:
        order = load_tables(session, SHIPPED)["order"]

    assert order.state("archived") == State("archived", "Archived", 9, True, True)
    assert advance(order, event="order.archive", state=None, reason="Older") == Target(
        "archived", "Older"
    )


def test_a_removed_document_restores_the_shipped_table(database, configuration):
    apply(database, configuration, FRAUD)
    with database.unit_of_work() as session:
        configuration.apply(session, [], at=AT, actor="ada")
        execute(session, "UPDATE platform.configuration_document SET deleted = true")
    with database.reading() as session:
        assert load_tables(session, SHIPPED) == SHIPPED


def test_a_document_of_an_entity_that_is_not_shipped_is_ignored(database, configuration):
    apply(database, configuration, FRAUD)
    with database.reading() as session:
        assert load_tables(session, {}) == {}


@pytest.mark.parametrize(
    "body",
    [
        {"states": [{"name": "Fraud Review", "label": "x", "timeline_position": 1}]},
        {"states": [{"name": "fraud", "label": "", "timeline_position": 1}]},
        {"states": [{"name": "fraud", "label": "x", "timeline_position": -1}]},
        {"transitions": [{"event": "", "target": "new"}]},
        {"color": "red"},
    ],
)
def test_a_document_of_the_wrong_shape_is_refused(database, configuration, body):
    with pytest.raises(Invalid):
        apply(database, configuration, body)


def test_the_api_shows_every_row_and_refuses_unknown_entities(database):
    web = package_app(database, states_router(SHIPPED), permissions={"orchestration.read"})
    answer = get(web, "/api/v1/states/order")
    assert (answer["entity"], answer["enabled"]) == ("order", True)
    assert all(row["shipped"] for row in answer["transitions"])
    [created] = [row for row in answer["transitions"] if row["event"] == "order.created"]
    assert created == {
        "event": "order.created",
        "source": None,
        "target": "new",
        "reason": "New sales order",
        "reasons": [],
        "shipped": True,
    }
    assert answer["states"][4] == {
        "name": "canceled",
        "label": "Canceled",
        "timeline_position": 5,
        "read_only": True,
        "final": True,
    }


def test_reading_states_needs_its_permission(database):
    web = package_app(database, states_router(SHIPPED), permissions=())
    assert get(web, "/api/v1/states/order")["status"] == 403
    allowed = package_app(database, states_router(SHIPPED), permissions={"orchestration.read"})
    assert get(allowed, "/api/v1/states/parcel")["status"] == 404
