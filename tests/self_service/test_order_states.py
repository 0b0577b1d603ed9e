"""What customers see and can do in every state of an order, and until when."""

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.orders.builders import document, line, receive
from tests.self_service.builders import (
    ADDRESS,
    PUBLIC,
    STAGES,
    at,
    link_of,
    order_at,
    post,
    read,
    returned_line,
)

from openiom.platform.database import Database

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
INTERNAL = (
    "fabrikam",
    "SEA",
    "source",
    "reservation",
    "instance",
    "strategy",
    "actor",
    "nearest",
    "3PL",
    "FO-1",
    "fulfiller",
    "on_hand",
)
"""Words of the shop, its systems and its fulfillers."""
SEEN = {
    "new": ("preparing", [0, 0], [3, 2], 0),
    "sourced": ("preparing", [0, 0], [3, 2], 0),
    "created": ("in_fulfillment", [0, 0], [0, 0], 0),
    "sent": ("in_fulfillment", [0, 0], [0, 0], 0),
    "packed": ("in_fulfillment", [0, 0], [0, 0], 0),
    "partly shipped": ("in_fulfillment", [2, 0], [0, 0], 1),
    "shipped": ("shipped", [3, 2], [0, 0], 2),
    "delivered": ("delivered", [3, 2], [0, 0], 2),
    "canceled": ("canceled", [0, 0], [0, 0], 0),
}
"""By stage: the status, the shipped and the cancelable units of both lines, and the parcels."""
REASONS = {
    "new": ("", "", "", "nothing_shipped"),
    "sourced": ("", "", "", "nothing_shipped"),
    "created": ("in_preparation", "in_preparation", "in_preparation", "nothing_shipped"),
    "sent": ("in_preparation", "in_preparation", "in_preparation", "nothing_shipped"),
    "packed": ("in_preparation", "in_preparation", "in_preparation", "nothing_shipped"),
    "partly shipped": ("shipped", "shipped", "in_preparation", ""),
    "shipped": ("shipped", "shipped", "shipped", ""),
    "delivered": ("shipped", "shipped", "shipped", ""),
    "canceled": ("ended", "ended", "ended", "nothing_shipped"),
}
"""By stage: why the address, the order and its lines are not changed, and nothing comes back."""
LATE = ("sent", "packed", "partly shipped", "shipped", "delivered", "canceled")


@pytest.mark.parametrize("stage", SEEN)
def test_the_view_of_every_stage(client: TestClient, database: Database, stage: str) -> None:
    at(client, NOW)
    seen = read(client, link_of(client, order_at(database, stage)))
    status, shipped, cancelable, parcels = SEEN[stage]
    assert seen["status"] == status
    assert [one["shipped"] for one in seen["lines"]] == shipped
    assert [one["cancelable"] for one in seen["lines"]] == cancelable
    assert [one["returnable"] for one in seen["lines"]] == shipped
    assert [one["tracking_number"] for one in seen["parcels"]] == ["1ZP1", "1ZP2"][:parcels]
    assert {one["delivered"] for one in seen["parcels"]} <= {stage == "delivered"}
    assert [one["kind"] for one in seen["timeline"]] == ["shipped"] * parcels + ["placed"]
    kept = "0.00" if stage == "canceled" else "50.00"
    assert (seen["amounts"]["total"], seen["amounts"]["kept"]) == ("50.00", kept)


@pytest.mark.parametrize("stage", REASONS)
def test_every_refused_action_has_a_reason(
    client: TestClient, database: Database, stage: str
) -> None:
    at(client, NOW)
    actions = read(client, link_of(client, order_at(database, stage)))["actions"]
    address, order, lines, back = REASONS[stage]
    assert {name: one["reason"] for name, one in actions.items()} == {
        "change_address": address,
        "cancel_order": order,
        "cancel_lines": lines,
        "start_return": back,
        "withdraw": back,
    }
    for one in actions.values():
        assert one["allowed"] is (one["reason"] == "")


@pytest.mark.parametrize("stage", LATE)
def test_what_is_too_late_is_refused_without_an_effect(
    client: TestClient, database: Database, stage: str
) -> None:
    at(client, NOW)
    token = link_of(client, order_at(database, stage))
    before = read(client, token)
    one_unit = {"lines": [{"line": 1, "quantity": 1}]}
    answers = [
        client.post(f"{PUBLIC}/{token}/address/preview", json={"address": ADDRESS}),
        client.post(f"{PUBLIC}/{token}/cancellation/preview", json={}),
        client.post(f"{PUBLIC}/{token}/cancellation/preview", json=one_unit),
        post(client, f"{token}/cancellation", {**one_unit, "version": "1-x"}),
    ]
    for answer in answers:
        assert answer.status_code == 409, answer.text
        assert answer.json()["detail"] == "this can no longer be changed"
        assert answer.json()["remedy"] == "reload the page of the order"
    assert read(client, token) == before


@pytest.mark.parametrize("stage", ["new", "sent", "packed", "canceled"])
@pytest.mark.parametrize("withdrawal", [False, True])
def test_nothing_comes_back_before_it_was_shipped(
    client: TestClient, database: Database, stage: str, withdrawal: bool
) -> None:
    at(client, NOW)
    token = link_of(client, order_at(database, stage))
    line_id = read(client, token)["lines"][0]["id"]
    body = {"withdrawal": withdrawal, "lines": [returned_line(line_id)]}
    refused = post(client, f"{token}/returns", body)
    assert refused.status_code == 409
    assert refused.json()["detail"] == "these goods cannot be returned now"
    assert read(client, token)["returns"] == []


@pytest.mark.parametrize(
    ("day", "returned", "withdrawn"),
    [
        ("2026-12-10T23:00:00+00:00", True, True),
        ("2026-12-11T01:00:00+00:00", True, False),
        ("2026-12-20T23:00:00+00:00", True, False),
        ("2026-12-21T01:00:00+00:00", False, False),
    ],
)
def test_periods_end_with_the_day_that_was_shown(
    client: TestClient, database: Database, day: str, returned: bool, withdrawn: bool
) -> None:
    at(client, NOW)
    token = link_of(client, order_at(database, "delivered"))
    shown = read(client, token)["actions"]
    assert (shown["start_return"]["until"], shown["withdraw"]["until"]) == (
        "2026-12-20",
        "2026-12-10",
    )
    at(client, datetime.fromisoformat(day))
    seen = read(client, token)
    for name, allowed, withdrawal in (
        ("start_return", returned, False),
        ("withdraw", withdrawn, True),
    ):
        assert seen["actions"][name]["allowed"] is allowed
        assert seen["actions"][name]["reason"] == ("" if allowed else "period_over")
        body = {"withdrawal": withdrawal, "lines": [returned_line(seen["lines"][0]["id"])]}
        answer = post(client, f"{token}/returns", body)
        assert answer.status_code == (201 if allowed else 409), answer.text


def test_more_than_was_shipped_does_not_come_back(client: TestClient, database: Database) -> None:
    at(client, NOW)
    token = link_of(client, order_at(database, "partly shipped"))
    scale, lamp = (one["id"] for one in read(client, token)["lines"])
    for lines in ([returned_line(scale, 3)], [returned_line(scale), returned_line(lamp)]):
        assert post(client, f"{token}/returns", {"lines": lines}).status_code == 409
    assert post(client, f"{token}/returns", {"lines": [returned_line(scale, 2)]}).is_success
    assert post(client, f"{token}/returns", {"lines": [returned_line(scale)]}).status_code == 409
    seen = read(client, token)
    assert [one["returnable"] for one in seen["lines"]] == [0, 0]
    assert [one["kind"] for one in seen["timeline"]].count("return_requested") == 1


@pytest.mark.parametrize("stage", STAGES)
def test_no_answer_has_words_of_the_shop_or_of_another_customer(
    client: TestClient, database: Database, stage: str
) -> None:
    at(client, NOW)
    order = order_at(database, stage)
    ada = {"name": "Ada Byron", "email": "ada@example.com"}
    receive(database, document("2002", line("Lamp"), customer=ada))
    token = link_of(client, order)
    line_id = read(client, token)["lines"][0]["id"]
    entry = {"lines": [{"line": 1, "quantity": 1}]}
    answers = [
        client.post(f"{PUBLIC}/{token}/address/preview", json={"address": ADDRESS}),
        client.post(f"{PUBLIC}/{token}/cancellation/preview", json={}),
        client.post(f"{PUBLIC}/{token}/cancellation/preview", json=entry),
        post(client, f"{token}/address", {"address": ADDRESS, "version": "1-x"}),
        post(client, f"{token}/cancellation", {"version": "1-x"}),
        post(client, f"{token}/cancellation", {**entry, "version": "1-x"}),
        post(client, f"{token}/returns", {"lines": [returned_line(line_id)]}),
        post(client, f"{token}/returns", {"lines": [returned_line(line_id, 99)]}),
        client.get(f"{PUBLIC}/{token}"),
    ]
    for answer in answers:
        assert answer.status_code < 500
        text = answer.text.replace(token, "").replace('"instance":', "")
        assert [word for word in (*INTERNAL, "Ada", "ada@", "2002") if word in text] == []


def test_a_partial_cancellation_leaves_the_other_units(
    client: TestClient, database: Database
) -> None:
    at(client, NOW)
    token = link_of(client, order_at(database, "sourced"))
    lines = [{"line": 1, "quantity": 1}, {"line": 2, "quantity": 2}]
    path = f"{PUBLIC}/{token}/cancellation/preview"
    shown: dict[str, Any] = client.post(path, json={"lines": lines}).json()
    assert (shown["total_after"], shown["difference"]) == ("20.00", "-30.00")
    body = {"lines": lines, "version": shown["version"]}
    assert post(client, f"{token}/cancellation", body).status_code == 200
    seen = read(client, token)
    assert [one["cancelable"] for one in seen["lines"]] == [2, 0]
    assert seen["actions"]["cancel_lines"]["allowed"] is True


def test_an_order_in_preparation_keeps_its_address(client: TestClient, database: Database) -> None:
    at(client, NOW)
    token = link_of(client, order_at(database, "created"))
    before = read(client, token)
    assert before["actions"]["change_address"]["allowed"] is False

    for path, body in (
        ("address/preview", {"address": ADDRESS}),
        ("address", {"address": ADDRESS, "version": "1-x"}),
    ):
        refused = post(client, f"{token}/{path}", body)
        assert refused.status_code == 409, refused.text
        assert refused.json()["detail"] == "this can no longer be changed"
    assert read(client, token) == before


def test_a_withdrawal_needs_no_reason_and_a_return_does(
    client: TestClient, database: Database
) -> None:
    at(client, NOW)
    token = link_of(client, order_at(database, "delivered"))
    line_id = read(client, token)["lines"][0]["id"]
    lines = [{"line": line_id, "quantity": 1}]

    assert post(client, f"{token}/returns", {"lines": lines}).status_code == 409
    withdrawn = post(client, f"{token}/returns", {"lines": lines, "withdrawal": True})

    assert withdrawn.status_code == 201, withdrawn.text
    assert withdrawn.json()["is_withdrawal"] is True
    assert [one["is_withdrawal"] for one in read(client, token)["returns"]] == [True]
