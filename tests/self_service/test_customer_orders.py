"""What customers see and change through their links, and what no link gives them."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from tests.orders.builders import document, line, master_data, receive
from tests.returns.builders import delivered, shop
from tests.self_service.builders import ADDRESS, PUBLIC, link_of, post, read

from openiom.orders import order_ids_by_number
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.platform.events import timeline
from openiom.platform.secrets import SigningKeys
from openiom.platform.signed_links import SignedLinks

INTERNAL = ("fabrikam", "SEA", "source", "reservation", "instance", "strategy", "actor")
"""What no customer reads."""


@pytest.fixture
def order(database: Database) -> UUID:
    """An order of two lines, 3 and 1 units, of which nothing is in fulfillment."""
    master_data(database)
    receive(database, document("1001", line(quantity=3), line("Lamp", quantity=1)))
    return _order(database, "1001")


def _order(database: Database, number: str) -> UUID:
    with database.reading() as session:
        [found] = order_ids_by_number(session, number, limit=1)
    return found


def test_the_customer_sees_the_order_without_words_of_the_shop(
    client: TestClient, order: UUID
) -> None:
    token = link_of(client, order)
    seen = read(client, token)
    assert (seen["number"], seen["status"]) == ("1001", "preparing")
    assert [(one["quantity"], one["cancelable"]) for one in seen["lines"]] == [(3, 3), (1, 1)]
    assert seen["actions"]["change_address"] == {"allowed": True, "reason": "", "until": None}
    assert [event["kind"] for event in seen["timeline"]] == ["placed"]
    text = client.get(f"{PUBLIC}/{token}").text
    assert [word for word in INTERNAL if word in text] == []


def test_the_address_is_changed_for_the_version_that_was_previewed(
    client: TestClient, order: UUID, database: Database
) -> None:
    token = link_of(client, order)
    preview = client.post(f"{PUBLIC}/{token}/address/preview", json={"address": ADDRESS}).json()
    assert preview["difference"] == "0.00"
    body = {"address": ADDRESS, "version": preview["version"]}
    assert post(client, f"{token}/address", body).status_code == 200
    assert read(client, token)["ship_to"]["city"] == "Tacoma"

    old = post(client, f"{token}/address", body | {"address": ADDRESS | {"city": "Olympia"}})
    assert old.status_code == 409
    assert old.json()["where"] == "version"
    with database.reading() as session:
        [changed] = [e for e in timeline(session, [order], limit=50) if e.name == "order.changed"]
    assert changed.actor == "customer"


def test_a_line_is_canceled_once_and_pays_back_what_was_shown(
    client: TestClient, order: UUID
) -> None:
    token = link_of(client, order)
    wanted = {"lines": [{"line": 1, "quantity": 2}]}
    preview = client.post(f"{PUBLIC}/{token}/cancellation/preview", json=wanted).json()
    assert preview["difference"].startswith("-")
    body = {**wanted, "version": preview["version"]}
    first = post(client, f"{token}/cancellation", body, "one")
    assert first.json()["difference"] == preview["difference"]
    assert post(client, f"{token}/cancellation", body, "one").json() == first.json()
    seen = read(client, token)
    assert [one["cancelable"] for one in seen["lines"]] == [1, 1]
    assert seen["amounts"]["kept"] == preview["total_after"]
    other = post(client, f"{token}/cancellation", {**body, "lines": []}, "one")
    assert other.status_code == 409


@pytest.mark.parametrize(
    "lines", [[], [{"line": 1, "quantity": 3}, {"line": 2, "quantity": 1}]], ids=["order", "lines"]
)
def test_the_whole_order_is_canceled(
    client: TestClient, order: UUID, lines: list[dict[str, int]]
) -> None:
    token = link_of(client, order)
    preview = client.post(f"{PUBLIC}/{token}/cancellation/preview", json={"lines": lines}).json()
    assert preview["difference"] == f"-{preview['total_before']}"
    body = {"lines": lines, "version": preview["version"]}
    assert post(client, f"{token}/cancellation", body).status_code == 200
    seen = read(client, token)
    assert seen["status"] == "canceled"
    assert seen["actions"]["change_address"]["reason"] == "ended"
    assert post(client, f"{token}/cancellation", body).status_code == 409


def test_more_than_is_left_is_not_canceled(client: TestClient, order: UUID) -> None:
    token = link_of(client, order)
    path = f"{PUBLIC}/{token}/cancellation/preview"
    assert client.post(path, json={"lines": [{"line": 1, "quantity": 4}]}).status_code == 409
    assert client.post(path, json={"lines": [{"line": 9, "quantity": 1}]}).status_code == 404


@pytest.mark.parametrize("country", ["US", "DE"])
def test_goods_are_returned_by_the_policy_and_withdrawn_from_in_the_union(
    client: TestClient, database: Database, country: str
) -> None:
    policy = {"withdrawal": {"countries": [country], "days": 365}, "rules": [{"title": "Any"}]}
    shop(database, policy)
    order = delivered(database)
    token = link_of(client, order)
    seen = read(client, token)
    withdraws = country == "US"  # The order goes to an address in the United States.
    assert seen["actions"]["start_return"]["allowed"] is True
    assert seen["actions"]["withdraw"]["allowed"] is withdraws
    assert seen["parcels"][0]["tracking_number"]
    line_id = seen["lines"][0]["id"]
    body = {
        "withdrawal": withdraws,
        "lines": [{"line": line_id, "quantity": 2, "reason": "no_longer_needed"}],
    }
    created = post(client, f"{token}/returns", body, "back")
    assert created.status_code == 201, created.text
    assert created.json()["is_withdrawal"] is withdraws
    assert post(client, f"{token}/returns", body, "back").json() == created.json()
    seen = read(client, token)
    assert [one["number"] for one in seen["returns"]] == [created.json()["number"]]
    assert seen["lines"][0]["returnable"] == 3
    events = _events(database, order)
    assert ("return_order.withdrawal_declared" in events) is withdraws
    assert (
        post(client, f"{token}/address", {"address": ADDRESS, "version": "1-x"}).status_code == 409
    )


def _events(database: Database, order: UUID) -> list[str]:
    with database.reading() as session:
        return [event.name for event in timeline(session, [order], limit=200)]


def requests_with(token: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Return a request to every public route of an order."""
    entry = {"line": str(uuid4()), "quantity": 1, "reason": "no_longer_needed"}
    return [
        ("GET", token, {}),
        ("POST", f"{token}/address/preview", {"address": ADDRESS}),
        ("POST", f"{token}/address", {"address": ADDRESS, "version": "1-x"}),
        ("POST", f"{token}/cancellation/preview", {}),
        ("POST", f"{token}/cancellation", {"version": "1-x"}),
        ("POST", f"{token}/returns", {"lines": [entry]}),
    ]


def statuses(client: TestClient, token: str) -> set[int]:
    headers = {"Idempotency-Key": str(uuid4())}
    found: set[int] = set()
    for method, path, body in requests_with(token):
        response = client.request(
            method, f"{PUBLIC}/{path}", json=body if method == "POST" else None, headers=headers
        )
        found.add(response.status_code)
    return found


def test_every_public_route_refuses_hostile_tokens(
    client: TestClient, order: UUID, links: SignedLinks, database: Database
) -> None:
    now = utc_now()
    subject = str(order)
    good = link_of(client, order)
    head, claims, signature = good.split(".")
    stranger = SignedLinks(SigningKeys(["another key of more than thirty-two characters"]))
    later, past = now + timedelta(days=1), now - timedelta(seconds=1)
    changed = ("A" if claims[5] != "A" else "B").join((claims[:5], claims[6:]))
    for token in (
        f"{head}.{changed}.{signature}",
        f"{head}.{claims}.",
        stranger.token("orders", subject, expires_at=later, issued_at=now),
        links.token("purchase orders", subject, expires_at=later, issued_at=now),
        links.token("orders", str(uuid4()), expires_at=later, issued_at=now),
        links.token("orders", "not an id", expires_at=later, issued_at=now),
    ):
        assert statuses(client, token) == {404}, token

    expired = links.token("orders", subject, expires_at=past, issued_at=now)
    assert statuses(client, expired) == {410}
    routes = {path for _, path, _ in requests_with("{token}")}
    documented = client.get("/openapi.json").json()["paths"]
    paths = {path.removeprefix(f"{PUBLIC}/") for path in documented if "{token}" in path}
    assert paths == routes


def test_a_link_shows_and_returns_nothing_of_another_order(
    client: TestClient, order: UUID, database: Database
) -> None:
    receive(database, document("2002", customer={"name": "Ada", "email": "ada@example.com"}))
    other = link_of(client, _order(database, "2002"))
    text = client.get(f"{PUBLIC}/{other}").text
    assert "Richard" not in text.replace(read(client, other)["ship_to"]["name"], "")
    line_id = read(client, link_of(client, order))["lines"][0]["id"]
    body = {"lines": [{"line": line_id, "quantity": 1, "reason": "no_longer_needed"}]}
    assert post(client, f"{other}/returns", body).status_code == 409


def test_revoked_links_open_nothing_and_new_ones_do(client: TestClient, order: UUID) -> None:
    old = link_of(client, order)
    assert client.post(f"/api/v1/orders/{order}/customer-link/revoke").status_code == 204
    assert statuses(client, old) == {410}
    assert read(client, link_of(client, order))["number"] == "1001"
    assert client.post(f"/api/v1/orders/{uuid4()}/customer-link").status_code == 404


def test_a_look_up_needs_a_proof_and_guesses_are_delayed(client: TestClient, order: UUID) -> None:
    def look_up(number: str, proof: str) -> Any:
        return client.post(f"{PUBLIC}/lookup", json={"number": number, "proof": proof})

    for proof in (" richard@example.com", "980 52"):
        token = look_up("1001", proof).json()["token"]
        assert read(client, token)["number"] == "1001"

    wrong, unknown = look_up("1001", "eve@example.com"), look_up("9999", "eve@example.com")
    assert wrong.json() == unknown.json() == {"token": ""}
    seen = {look_up("1001", f"guess {guess}").status_code for guess in range(6)}
    assert seen == {200, 429}
    assert look_up("1001", "98052").status_code == 429
