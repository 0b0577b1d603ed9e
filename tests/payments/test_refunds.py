"""Refunds: over which methods, once per key, and never more than was captured."""

from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread
from uuid import UUID

import pytest
from starlette.testclient import TestClient
from tests.fulfillment.builders import broken_invariants
from tests.orders.builders import NOW
from tests.payments.builders import CARD, balance, facts, paid_order, payment_events, ship
from tests.payments.provider import call, collect, operations

from openiom.administration import issue_token
from openiom.app.application import Application
from openiom.payments import RefundRequest, RefundResult, refund
from openiom.payments.expiry import expire_authorizations
from openiom.platform.database import Database
from openiom_simulators import RunningServer

GIFT = {"method": "gift_card", "reference": "G-1", "amount": "10", "captured": "10"}
DEMO_CARD = {**CARD, "reference": "checkout-4000-USD-1001", "amount": "40"}
LATER = NOW + timedelta(minutes=30)


def refunded(database: Database, *requests: RefundRequest) -> list[RefundResult]:
    with database.unit_of_work() as session:
        return refund(session, requests, NOW, "Ada")


@pytest.fixture
def order(application: Application, provider: RunningServer) -> UUID:
    """Return a shipped order of $50: $10 by gift card, $40 captured by card."""
    found = paid_order(application.database, [GIFT, DEMO_CARD])
    ship(application.database, found, "P1", 5)
    collect(application)
    return found


def test_the_card_is_refunded_before_the_gift_card(
    application: Application, provider: RunningServer, order: UUID
) -> None:
    [result] = refunded(application.database, RefundRequest(order, "k1", Decimal("45"), "damaged"))
    assert (result.ok, result.amount, len(result.fact_ids)) == (True, Decimal("45.00"), 2)
    call(application, now=LATER)
    assert operations(provider) == [("capture", 4000), ("refund", 4000)]
    assert facts(application.database, order, "refund") == [
        ("refund", 4000, "succeeded"),
        ("refund", 500, "succeeded"),
    ]
    assert balance(application.database, order).refundable == 500
    assert payment_events(application.database, order).count("payment.refunded") == 2
    assert broken_invariants(application.database) == []


def test_a_key_refunds_once(application: Application, order: UUID) -> None:
    request = RefundRequest(order, "k1", Decimal("5"))
    first, repeated = refunded(application.database, request, request)
    [later] = refunded(application.database, request)
    assert (repeated.duplicate, later.duplicate) == (True, True)
    assert first.fact_ids == repeated.fact_ids == later.fact_ids
    [other] = refunded(application.database, request._replace(amount=Decimal("6")))
    assert other.reason == "the key was used for another amount"


def test_more_than_was_captured_is_refused_and_changes_nothing(
    application: Application, order: UUID
) -> None:
    requests = [
        RefundRequest(order, "k1", Decimal("50.01")),
        RefundRequest(order, "k2", None),
        RefundRequest(order, "k3", Decimal("0.01")),
    ]
    refused, whole, late = refunded(application.database, *requests)
    assert refused.reason == "50.00 USD may be refunded at most"
    assert (whole.ok, whole.amount) == (True, Decimal("50.00"))
    assert late.reason == "0.00 USD may be refunded at most"


def test_an_order_without_payments_has_nothing_to_refund(
    application: Application, provider: RunningServer
) -> None:
    order = paid_order(application.database, [])
    [result] = refunded(application.database, RefundRequest(order, "k1", Decimal("1")))
    assert result.reason == "the order has no payments"


def test_two_refunds_at_once_never_exceed_the_capture(
    application: Application, order: UUID
) -> None:
    barrier = Barrier(2)
    results: list[RefundResult] = []

    def run(key: str) -> None:
        barrier.wait(timeout=30)
        results.extend(refunded(application.database, RefundRequest(order, key, Decimal("30"))))

    threads = [Thread(target=run, args=(key,)) for key in ("k1", "k2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert sorted(result.ok for result in results) == [False, True]
    found = balance(application.database, order)
    assert found.refundable == 2000
    assert broken_invariants(application.database) == []


def test_an_expired_authorization_is_published_and_needs_a_person(
    application: Application, provider: RunningServer, client: TestClient
) -> None:
    database = application.database
    card = {**CARD, "expires_at": "2026-11-27T12:00:00Z"}
    order = paid_order(database, [card])
    expire_authorizations(database, NOW)
    assert facts(database, order, "expiry") == []

    expire_authorizations(database, NOW + timedelta(days=7))
    expire_authorizations(database, NOW + timedelta(days=7))
    assert facts(database, order, "expiry") == [("expiry", 5000, "succeeded")]
    assert payment_events(database, order)[-1] == "payment.authorization_expired"
    assert client.get("/api/v1/attention").json()["payments"] == 1
    items = client.get("/api/v1/home").json()["items"]
    assert [(item["kind"], item["count"]) for item in items] == [("payments", 1)]
    assert broken_invariants(database) == []


def test_payments_of_an_order_over_http(
    application: Application, client: TestClient, order: UUID
) -> None:
    found = client.get(f"/api/v1/orders/{order}/payments").json()
    assert found["totals"] == {
        "total": "50.00",
        "kept": "50.00",
        "charged": "50.00",
        "uncovered": "0.00",
        "authorized": "50.00",
        "captured": "50.00",
        "refunded": "0.00",
        "refundable": "50.00",
        "to_capture": "0.00",
    }
    assert [method["provider_title"] for method in found["methods"]] == ["", "Northwind Pay"]
    assert [fact["kind"] for fact in found["facts"]] == [
        "capture",
        "authorization",
        "capture",
        "authorization",
    ]


def test_refunds_over_http_have_a_result_each(client: TestClient, order: UUID) -> None:
    refunds = [
        {"order_id": str(order), "key": "k1", "amount": "12.50", "reason": "late"},
        {"order_id": str(order), "key": "k2", "amount": "100"},
    ]
    answer = client.post("/api/v1/payments/refund", json={"refunds": refunds}).json()
    first, second = answer["results"]
    assert (first["ok"], first["amount"], len(first["ids"])) == (True, "12.50", 1)
    assert (second["ok"], second["reason"]) == (False, "37.50 USD may be refunded at most")

    listed = client.get("/api/v1/payments", params={"kind": "refund", "number": "1001"}).json()
    [row] = listed["items"]
    assert (row["order_number"], row["amount"], row["state"]) == ("1001", "12.50", "requested")
    assert client.get("/api/v1/payments", params={"state": "failed"}).json()["items"] == []


def test_the_list_is_paged_with_what_needs_a_person_first(
    application: Application, provider: RunningServer, client: TestClient
) -> None:
    declined = {**CARD, "reference": "checkout-5000-USD-declined"}
    first = paid_order(application.database, [declined])
    ship(application.database, first, "P1", 5)
    collect(application)
    second = paid_order(application.database, [CARD], external_id="1002")

    page = client.get("/api/v1/payments", params={"limit": 1}).json()
    assert [(row["kind"], row["state"]) for row in page["items"]] == [("capture", "failed")]
    assert page["items"][0]["may_retry"]
    rest = client.get("/api/v1/payments", params={"after": page["next"]}).json()
    assert [row["order_id"] for row in rest["items"]] == [str(second), str(first)]

    ids = [page["items"][0]["id"]]
    answer = client.post("/api/v1/payments/retry", json={"ids": ids}).json()
    assert answer["results"] == [{"id": ids[0], "ok": True, "reason": ""}]


def test_a_viewer_reads_payments_and_refunds_nothing(
    application: Application, anonymous_client: TestClient, order: UUID
) -> None:
    with application.database.unit_of_work() as session:
        token = issue_token(session, name="viewer", roles=["viewer"], now=NOW, actor="test")
    headers = {"authorization": f"Bearer {token}"}
    path = f"/api/v1/orders/{order}/payments"
    assert anonymous_client.get(path, headers=headers).status_code == 200
    assert anonymous_client.get(path).status_code == 401
    body = {"refunds": [{"order_id": str(order), "key": "k"}]}
    refused = anonymous_client.post("/api/v1/payments/refund", json=body, headers=headers)
    assert refused.status_code == 403


def test_an_unknown_order_is_not_found(client: TestClient) -> None:
    path = f"/api/v1/orders/{UUID(int=1)}/payments"
    assert client.get(path).status_code == 404
