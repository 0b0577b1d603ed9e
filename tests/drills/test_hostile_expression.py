"""Expressions that exhaust the stack, the memory or the time end no process and delay no order."""

import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.order_stories import conftest as stories
from tests.order_stories.conftest import Fabrikam

from openiom.administration import issue_token
from openiom.app.invariants import check_invariants
from openiom.app.web import create_app
from openiom.platform.batches import drain
from openiom.platform.clock import utc_now

shop = stories.fabrikam
ORDERS = ("D-1", "D-2", "D-3")
HOSTILE = (
    "[" * 20_000,
    "[" * 20_000 + "]" * 20_000,
    "count([1..1000000000000], true)",
    "count([1..1e12], true)",
    "map([1..30000000], #)",
    "x = [1..30000000]; count(x, true)",
    "`${count([1..30000000], true)}`",
)


def transformation(expression: str) -> dict[str, Any]:
    fields = [{"path": "number", "expression": expression}]
    return {"source": "lab.order", "target": "order", "fields": fields}


def client_of(app: Any, shop: Fabrikam, role: str) -> TestClient:
    with shop.application.database.unit_of_work() as session:
        token = issue_token(session, name=role, roles=[role], now=utc_now(), actor="drill")
    return TestClient(app, headers={"authorization": f"Bearer {token}"})


@pytest.fixture
def server(shop: Fabrikam) -> Any:
    """A web process over the company, in whose inbox a few orders have arrived."""
    for number in ORDERS:
        shop.lab_order(number, country="US", quantity=10)
    return create_app(shop.application)


def preview_url(shop: Fabrikam) -> str:
    [(message,)] = shop.fetch("SELECT id FROM providers.message WHERE key = %s", ORDERS[0])
    return f"/api/v1/messages/{message}/preview"


def assert_orders_are_accounted_for(shop: Fabrikam) -> None:
    """Check that every order is there once, none of its messages parked, and no promise broken."""
    drain(shop.application.database, shop.application.workers())
    orders = shop.fetch("SELECT number, count(*) FROM orders.order GROUP BY number ORDER BY number")
    assert orders == [(number, 1) for number in ORDERS]
    assert shop.fetch("SELECT key FROM providers.message WHERE state = 'parked'") == []
    results = check_invariants(shop.application.database)
    assert [result.name for result in results if result.violations] == []


def test_a_reader_previews_nothing(shop: Fabrikam, server: Any) -> None:
    with client_of(server, shop, "viewer") as reader:
        body = {"transformation": transformation("1")}
        assert reader.post(preview_url(shop), json=body).status_code == 403
        draft = {"subject_ids": ["00000000-0000-0000-0000-000000000000"], "document": {}}
        assert reader.post("/api/v1/flows/lab-order-flow/dry-run", json=draft).status_code == 403


def test_hostile_texts_are_neither_previewed_nor_stored(shop: Fabrikam, server: Any) -> None:
    [(body,)] = shop.fetch(
        "SELECT body FROM platform.configuration_document"
        " WHERE kind = 'provider_instance' AND name = 'lab-intake' AND current"
    )
    with client_of(server, shop, "integrator") as integrator:
        for text in HOSTILE:
            draft = transformation(text)
            preview = integrator.post(preview_url(shop), json={"transformation": draft})
            assert preview.status_code == 422, text[:40]
            assert "the expression is not evaluated" in preview.json()["problems"][0]["what"]

            changed = {**body, "transformations": {"message:order": draft}}
            document = {"kind": "provider_instance", "name": "lab-intake", "body": changed}
            applied = integrator.post("/api/v1/configuration/apply", json={"documents": [document]})
            assert applied.status_code == 422, text[:40]
            assert integrator.get("/health").status_code == 200

    assert_orders_are_accounted_for(shop)


def test_a_preview_that_would_never_end_delays_no_other_request(
    shop: Fabrikam, server: Any
) -> None:
    with shop.application.database.unit_of_work() as session:
        session.connection().exec_driver_sql(
            "UPDATE providers.message SET payload = jsonb_set(payload::jsonb, '{a}',"
            " (SELECT jsonb_agg(n) FROM generate_series(1, 20000) n))::text WHERE key = 'D-1'"
        )
    endless = transformation("count(a, count(a, count(a, true) > 0) > 0)")

    with (
        client_of(server, shop, "integrator") as integrator,
        ThreadPoolExecutor(1) as pool,
    ):
        preview = pool.submit(integrator.post, preview_url(shop), json={"transformation": endless})
        seconds: list[float] = []
        while not preview.done():
            started = time.monotonic()
            assert integrator.get("/health").status_code == 200
            seconds.append(time.monotonic() - started)

        answer = preview.result()

    assert answer.status_code == 422
    assert answer.json()["detail"] == "the transformation cannot be evaluated: it takes too long"
    # Single requests wait for the other processes of a busy machine.
    assert median(seconds) < 0.5
    assert_orders_are_accounted_for(shop)
