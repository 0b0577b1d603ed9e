"""Who creates and revokes links, how look-ups are delayed, and what leaves the server."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from structlog.testing import capture_logs
from tests.orders.builders import line, placed
from tests.self_service.builders import ADDRESS, PUBLIC, at, link_of, order_at, post, read

from openiom.app.application import Application
from openiom.app.web import create_app
from openiom.platform.database import Database
from openiom.platform.events import timeline
from openiom.platform.settings import Settings
from openiom.platform.signed_links import SignedLinks

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
AGENT_ROUTES = ("customer-link", "customer-link/revoke")


@pytest.fixture
def order(database: Database) -> UUID:
    """An order of 3 scales and 2 lamps, of which nothing is in fulfillment."""
    return order_at(database, "new")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings of a server whose user interface is one page for customers and one for agents."""
    settings.ui_path.mkdir()
    for name in ("index.html", "track.html"):
        (settings.ui_path / name).write_text(f"<title>{name}</title>")
    return settings


@pytest.fixture
def server(application: Application) -> Iterator[TestClient]:
    """Yield a client without credentials of the whole server."""
    with TestClient(create_app(application)) as opened:
        yield opened


def look_up(client: TestClient, number: str, proof: str) -> Response:
    return client.post(f"{PUBLIC}/lookup", json={"number": number, "proof": proof})


@pytest.mark.parametrize("route", AGENT_ROUTES)
@pytest.mark.parametrize("permissions", [frozenset(), {"orders.read", "returns.write"}])
def test_links_need_the_permission_to_change_orders(
    client: TestClient, order: UUID, database: Database, route: str, permissions: set[str]
) -> None:
    token = link_of(client, order)
    cast(FastAPI, client.app).state.permissions = permissions
    before = _events(database, order)
    assert client.post(f"/api/v1/orders/{order}/{route}").status_code == 403
    assert _events(database, order) == before
    assert read(client, token)["number"] == "1001"


@pytest.mark.parametrize("route", AGENT_ROUTES)
def test_links_of_unknown_orders_are_not_found(client: TestClient, order: UUID, route: str) -> None:
    assert client.post(f"/api/v1/orders/{uuid4()}/{route}").status_code == 404
    assert client.post(f"/api/v1/orders/no-id/{route}").status_code == 422


@pytest.mark.parametrize("route", AGENT_ROUTES)
def test_links_need_a_sign_in(server: TestClient, order: UUID, route: str) -> None:
    assert server.post(f"/api/v1/orders/{order}/{route}").status_code == 401


def _events(database: Database, order: UUID) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [(event.name, event.actor) for event in timeline(session, [order], limit=100)]


def test_a_link_opens_for_thirty_days(client: TestClient, order: UUID, database: Database) -> None:
    at(client, NOW)
    answer = client.post(f"/api/v1/orders/{order}/customer-link").json()
    assert answer["expires_at"] == "2026-12-25T12:00:00Z"
    token = answer["url"].rpartition("/")[2]
    at(client, NOW + timedelta(days=30, seconds=-1))
    assert read(client, token)["number"] == "1001"
    at(client, NOW + timedelta(days=30))
    assert client.get(f"{PUBLIC}/{token}").status_code == 410
    [created] = [one for one in _events(database, order) if "link" in one[0]]
    assert created[1] == "ann"


def test_a_link_issued_after_a_revocation_opens_until_the_next(
    client: TestClient, order: UUID, database: Database
) -> None:
    other = placed(database, line(), external_id="2002")
    at(client, NOW)
    unaffected = link_of(client, other)
    for hour in range(3):
        at(client, NOW + timedelta(hours=hour))
        old = link_of(client, order)
        assert read(client, old)["number"] == "1001"
        assert client.post(f"/api/v1/orders/{order}/customer-link/revoke").status_code == 204
        assert client.get(f"{PUBLIC}/{old}").status_code == 410
        at(client, NOW + timedelta(hours=hour, seconds=1))
        assert read(client, link_of(client, order))["number"] == "1001"
        assert client.get(f"{PUBLIC}/{old}").status_code == 410
    assert read(client, unaffected)["number"] == "2002"


def test_a_revoked_link_changes_nothing(client: TestClient, order: UUID) -> None:
    old = link_of(client, order)
    assert client.post(f"/api/v1/orders/{order}/customer-link/revoke").status_code == 204
    refused = post(client, f"{old}/address", {"address": ADDRESS, "version": "1-x"})
    assert (refused.status_code, refused.json()["remedy"]) == (410, "request a new link")
    assert read(client, link_of(client, order))["ship_to"]["city"] == "Redmond"


@pytest.mark.parametrize(
    ("number", "proof"),
    [
        ("1001", "eve@example.com"),
        ("1001", "Richard"),
        ("1001", "9805"),
        ("9999", "richard@example.com"),
        ("9999", "98052"),
        ("%", "98052"),
    ],
)
def test_unknown_and_wrong_look_ups_have_one_answer(
    client: TestClient, order: UUID, number: str, proof: str
) -> None:
    answer = look_up(client, number, proof)
    assert (answer.status_code, answer.json()) == (200, {"token": ""})


@pytest.mark.parametrize("proof", ["richard@example.com", " RICHARD@EXAMPLE.COM ", "98 052"])
def test_a_look_up_opens_the_order(client: TestClient, order: UUID, proof: str) -> None:
    token = look_up(client, " 1001 ", proof).json()["token"]
    assert read(client, token)["number"] == "1001"


@pytest.mark.parametrize("number", ["1001", "9999"], ids=["known", "unknown"])
def test_guesses_for_one_number_are_delayed_alike(
    client: TestClient, order: UUID, number: str
) -> None:
    at(client, NOW)
    answers = [look_up(client, number, f"guess {guess}") for guess in range(6)]
    assert [one.status_code for one in answers] == [200] * 4 + [429] * 2
    assert answers[-1].headers["retry-after"] == "1"
    assert number not in answers[-1].text
    at(client, NOW + timedelta(seconds=2))
    assert look_up(client, number, "one more").status_code == 200
    assert look_up(client, number, "98052").headers["retry-after"] == "2"
    at(client, NOW + timedelta(seconds=5))
    assert bool(look_up(client, number, "98052").json()["token"]) is (number == "1001")


def test_guesses_for_many_numbers_are_delayed(client: TestClient, order: UUID) -> None:
    at(client, NOW)
    answers = [look_up(client, f"{number}", "98052") for number in range(5000, 5008)]
    assert [one.status_code for one in answers] == [200] * 6 + [429] * 2
    assert look_up(client, "1001", "98052").status_code == 429
    at(client, NOW + timedelta(minutes=2))
    assert look_up(client, "1001", "98052").json()["token"]


@pytest.mark.parametrize(
    "body",
    [{"number": "1001"}, {"number": "", "proof": "98052"}, {"number": "1001", "proof": ""}],
    ids=["no proof", "empty number", "empty proof"],
)
def test_a_look_up_needs_a_number_and_a_proof(client: TestClient, body: dict[str, Any]) -> None:
    assert client.post(f"{PUBLIC}/lookup", json=body).status_code == 422


def test_public_answers_are_neither_stored_nor_referred_to(
    server: TestClient, application: Application, order: UUID
) -> None:
    token = _token(application.links, order)
    answers = [
        server.get(f"{PUBLIC}/{token}"),
        server.get(f"{PUBLIC}/{token}x"),
        server.post(f"{PUBLIC}/{token}/cancellation/preview", json={}),
        server.post(f"{PUBLIC}/{token}/cancellation", json={"version": "1-x"}),
        look_up(server, "1001", "98052"),
        look_up(server, "1001", ""),
    ]
    assert [one.status_code for one in answers] == [200, 404, 200, 409, 200, 422]
    for one in answers:
        assert one.headers.get_list("referrer-policy") == ["no-referrer"]
        assert one.headers["cache-control"] == "no-store"
        assert one.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("path", ["", "/"])
def test_the_page_of_an_order_sends_its_address_to_no_other_site(
    server: TestClient, application: Application, order: UUID, path: str
) -> None:
    token = _token(application.links, order) if path else ""
    page = server.get(f"/track{path}{token}")
    assert page.status_code == 200
    assert page.text == "<title>track.html</title>"
    assert page.headers.get_list("referrer-policy") == ["no-referrer"]
    assert page.headers["cache-control"] == "no-cache"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert server.get("/orders").headers["referrer-policy"] == "same-origin"


def test_no_log_has_a_token(server: TestClient, application: Application, order: UUID) -> None:
    token = _token(application.links, order)
    with capture_logs() as entries:
        server.get(f"{PUBLIC}/{token}")
        server.get(f"{PUBLIC}/{token}x")
        server.get(f"{PUBLIC}/{token}/nothing")
        server.get(f"/track/{token}")
        post(server, f"{token}/cancellation", {"version": "1-x"})
        post(server, f"{token}/address", {"address": ADDRESS, "version": "1-x"})
    paths = [entry["path"] for entry in entries if entry["event"] == "refused"]
    assert f"{PUBLIC}/***" in paths
    assert f"{PUBLIC}/***/cancellation" in paths
    assert token not in str(entries)
    assert token.rpartition(".")[2] not in str(entries)


def _token(links: SignedLinks, order: UUID) -> str:
    """Return the token of a link that was issued now."""
    now = datetime.now(UTC)
    return links.token("orders", str(order), expires_at=now + timedelta(days=1), issued_at=now)
