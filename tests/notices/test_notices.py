"""Notices: from the event to a mail server on loopback, and what the API shows."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from tests.notices.smtp_server import MailServer, mail_server
from tests.orders.builders import NOW, document, event_names, happen, master_data, receive

from openiom.app.application import Application
from openiom.app.invariants import check_invariants
from openiom.notices import NoticeEventWorker, NoticeSendWorker
from openiom.platform.bulk import execute, fetch
from openiom.provider_contract import ActionCall

SOON = NOW + timedelta(minutes=1)


@pytest.fixture
def smtp() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


def configure(application: Application, kind: str, name: str, body: dict[str, Any]) -> None:
    with application.database.unit_of_work() as session:
        document = {"kind": kind, "name": name, "body": body}
        application.configuration.apply(session, [document], at=NOW, actor="test")


@pytest.fixture
def configured(application: Application, smtp: MailServer) -> MailServer:
    body = {
        "host": "127.0.0.1",
        "port": smtp.port,
        "security": "none",
        "sender_name": "Fabrikam",
        "sender_address": "shop@fabrikam.example",
        "timeout_seconds": 1,
    }
    configure(application, "mail_server", "default", body)
    return smtp


def order(application: Application, number: str = "1001", **more: Any) -> UUID:
    master_data(application.database)
    [result] = receive(application.database, document(number, **more))
    return UUID(result.entity_id)


def write(application: Application, now: datetime = SOON) -> int:
    worker = NoticeEventWorker(application.notice_composer)
    return worker.run_once(application.database, limit=100, now=now).rows


def send(application: Application, now: datetime = SOON, attempts: int | None = 3) -> None:
    worker = NoticeSendWorker(application.secrets)
    worker.policy = replace(worker.policy, attempts=attempts)
    worker.run_once(application.database, limit=100, now=now)


def notices(application: Application) -> list[tuple[Any, ...]]:
    with application.database.reading() as session:
        query = "SELECT template, recipient, state, reason, attempts FROM notices.notice"
        return fetch(session, f"{query} ORDER BY id")


def is_proved(application: Application) -> bool:
    [checked] = check_invariants(application.database, ["sent_notices_have_one_event"])
    return checked.violations == 0


def test_a_new_order_is_confirmed_once(application: Application, configured: MailServer) -> None:
    order_id = order(application)
    assert write(application) == 1
    assert write(application) == 0
    send(application)
    send(application)

    [message] = configured.messages
    assert message["To"] == "Richard@Example.com"
    assert message["From"] == "Fabrikam <shop@fabrikam.example>"
    assert message["Subject"] == "Your order 1001"
    plain = message.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
    assert "Accu Scale" in plain
    token = plain.split("/track/")[1].split()[0]
    assert application.links.subject("orders", token, now=SOON) == str(order_id)
    assert notices(application) == [("order_confirmation", "Richard@Example.com", "sent", "", 1)]
    assert event_names(application.database, order_id).count("order.notice_sent") == 1
    assert is_proved(application)


def test_an_event_that_is_read_twice_sends_nothing_more(
    application: Application, configured: MailServer
) -> None:
    order(application)
    write(application)
    with application.database.unit_of_work() as session:
        execute(session, "DELETE FROM platform.event_consumer WHERE name = 'notices'")
    assert write(application) == 1
    send(application)
    assert len(notices(application)) == len(configured.messages) == 1


def test_without_a_mail_server_notices_say_so(application: Application) -> None:
    order(application)
    write(application)
    send(application)
    [(_, _, state, reason, attempts)] = notices(application)
    assert (state, reason, attempts) == ("unsent", "no mail server is configured", 0)


def test_old_events_and_customers_without_an_address_receive_nothing(
    application: Application, configured: MailServer
) -> None:
    order(application, customer={"name": "Ann"})
    write(application)
    order(application, "1002", customer={"name": "Ann", "email": "ann@example.com\nBcc: x"})
    order(application, "1003")
    write(application, NOW + timedelta(days=3))
    assert notices(application) == []


def test_a_refused_recipient_fails_permanently(
    application: Application, configured: MailServer
) -> None:
    configured.behavior = "refuse"
    order_id = order(application)
    write(application)
    send(application)
    [(_, _, state, reason, _)] = notices(application)
    assert (state, reason) == ("failed", "the mail server answered 550 no such user")
    assert "order.notice_failed" in event_names(application.database, order_id)


@pytest.mark.parametrize("behavior", ["defer", "hang"])
def test_a_busy_or_silent_server_is_retried(
    application: Application, configured: MailServer, behavior: Any
) -> None:
    configured.behavior = behavior
    order(application)
    write(application)
    send(application)
    assert notices(application)[0][2] == "pending"

    configured.behavior = "accept"
    send(application)
    assert configured.messages == []
    send(application, SOON + timedelta(hours=2))
    assert [row[2] for row in notices(application)] == ["sent"]
    assert len(configured.messages) == 1


def test_a_server_that_dies_after_it_accepted_receives_the_same_message_id(
    application: Application, configured: MailServer
) -> None:
    configured.behavior = "die"
    order(application)
    write(application)
    send(application)
    assert notices(application)[0][2] == "pending"

    configured.behavior = "accept"
    send(application, SOON + timedelta(hours=2))
    first, second = configured.messages
    assert first["Message-ID"] == second["Message-ID"]
    assert is_proved(application)


def test_attempts_end(application: Application, configured: MailServer) -> None:
    configured.behavior = "defer"
    order(application)
    write(application)
    for day in range(3):
        send(application, SOON + timedelta(days=day))
    assert [(row[2], row[4]) for row in notices(application)] == [("failed", 3)]


def test_customers_are_written_to_in_the_language_of_their_country(
    application: Application, configured: MailServer
) -> None:
    address = {"name": "Ute", "line1": "Weg 1", "city": "Bonn", "country": "DE"}
    order_id = order(application, ship_to=address)
    with application.database.unit_of_work() as session:
        happen(session, order_id, "order.cancel")
    write(application)
    send(application)
    subjects = {message["Subject"] for message in configured.messages}
    assert "Ihre Bestellung 1001" in subjects


def test_a_flow_sends_a_template_and_a_switched_off_order_leaves_by_the_failure_port(
    application: Application, configured: MailServer
) -> None:
    order_ids = [order(application), order(application, "1002")]
    client_action = application.actions["notices.send"]
    with application.database.unit_of_work() as session:
        execute(session, "INSERT INTO notices.opt_out VALUES (%s)", (order_ids[1],))
        parameters = client_action.parameters.model_validate({"template": "delay"})
        call = ActionCall(session, order_ids, parameters, NOW, "flow")
        outcomes = client_action.run(call)

    assert [outcome.ok for outcome in outcomes] == [True, False]
    assert outcomes[1].reason == "notices are switched off for this order"
    send(application)
    assert [message["Subject"] for message in configured.messages] == ["Your order 1001 is delayed"]


def test_the_api_shows_switches_and_resends(
    application: Application, configured: MailServer, client: TestClient
) -> None:
    order_id = order(application)
    write(application)
    send(application)
    [notice] = client.get("/api/v1/notices?state=sent").json()["items"]
    assert (notice["order_number"], notice["subject"]) == ("1001", "Your order 1001")
    assert client.get("/api/v1/notices?state=failed").json()["items"] == []
    assert "Richard Miles" in client.get(f"/api/v1/notices/{notice['id']}").json()["body_html"]

    assert client.post(f"/api/v1/notices/{notice['id']}/resend").status_code == 201
    send(application, datetime.now(NOW.tzinfo) + timedelta(minutes=1))
    assert len(configured.messages) == 2

    path = f"/api/v1/orders/{order_id}/notices"
    assert client.get(path).json()["enabled"] is True
    assert client.put(f"{path}/switch", json={"enabled": False}).status_code == 204
    answer = client.get(path).json()
    assert (answer["enabled"], len(answer["items"])) == (False, 2)


def test_templates_are_listed_previewed_and_checked(
    application: Application, client: TestClient
) -> None:
    order(application)
    listed = client.get("/api/v1/notice-templates").json()
    [template] = [one for one in listed["items"] if one["name"] == "order_confirmation"]
    assert template["shipped"] is True
    body = {"order": "1001", "language": "fr", "body": template["body"]}
    shown = client.post("/api/v1/notice-templates/preview", json=body)
    assert shown.json()["subject"] == "Votre commande 1001", shown.text

    template["body"]["languages"]["en"]["subject"] = "{{ order.nmbr }}"
    refused = client.post("/api/v1/notice-templates/preview", json=body)
    assert refused.status_code == 422
    assert "order.number" in refused.text
    applied = client.post(
        "/api/v1/configuration/apply",
        json={"documents": [{"kind": "notice_template", "name": "mine", "body": template["body"]}]},
    )
    assert applied.status_code == 422
    assert "languages.en.subject, line 1" in applied.text
    unsent = client.post("/api/v1/notice-templates/test", json={**body, "body": body["body"]})
    assert unsent.status_code == 422


def test_the_password_is_encrypted_and_never_sent_to_another_server(
    application: Application, client: TestClient
) -> None:
    body = {"host": "mail.example.com", "sender_address": "a@b.example", "password": "secret"}
    configure(application, "mail_server", "default", body)
    with application.database.reading() as session:
        [exported] = application.configuration.export(session, ["mail_server"])
    assert "secret" not in str(exported)

    configure(application, "mail_server", "default", {**exported["body"], "sender_name": "Shop"})
    moved = {**exported, "body": {**exported["body"], "host": "evil.example.com"}}
    answer = client.post("/api/v1/configuration/apply", json={"documents": [moved]})
    assert answer.status_code == 422
    assert "enter the password" in answer.text
