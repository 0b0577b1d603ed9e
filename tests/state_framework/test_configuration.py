"""A user's states are a document; they add to the shipped table and show on the API."""

import asyncio
from datetime import UTC, datetime

import httpx
import pytest
from tests.one_room import one_room
from tests.state_framework.test_machine import ORDER

from openiom.kernel import Invalid, TransitionRefused
from openiom.platform.configuration import Configuration
from openiom.state_framework import Target, advance, load_tables, states_kind, states_router

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
    async def asked():
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(web), base_url="http://test"
        ) as client:
            return (await client.get(path)).json()

    return asyncio.run(asked())


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
    ("name", "body", "told"),
    [
        (
            "order",
            {"transitions": [{"event": "order.canceled", "source": "new", "target": "on_hold"}]},
            "never altered",
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
    database, configuration, name, body, told
):
    with pytest.raises(Invalid, match=told):
        apply(database, configuration, body, name=name)

    with database.reading() as session:
        assert load_tables(session, SHIPPED) == SHIPPED


def test_the_api_shows_the_table_with_shipped_rows_marked(database, configuration):
    apply(database, configuration, FRAUD)
    web = one_room(database, states_router(SHIPPED), permissions={"*"})

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
