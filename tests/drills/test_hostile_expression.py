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
from openiom.policies import SHARED_EVALUATOR, Column, Row, decision_table

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
    "x = [1..10000]; count(x, count(x, count(x, true) > 0) > 0)",
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


def lab_flow(when: str) -> dict[str, Any]:
    """Return a draft that has a condition in front of its end."""
    steps = [
        {"id": "start", "kind": "start", "to": {"next": "check"}},
        {"id": "check", "kind": "condition", "when": when, "to": {"yes": "end", "no": "end"}},
        {"id": "end", "kind": "end"},
    ]
    trigger = {"event": "order.created"}
    return {"title": "Draft", "subject": "order", "trigger": trigger, "steps": steps}


def rule(when: str) -> dict[str, Any]:
    """Return a policy whose only row holds where an expression is true."""
    content = decision_table(columns=[Column(name="Rule")], rows=[Row(when={"Rule": when})])
    return {"name": "hostile", "type": "execution", "entity": "order", "content": content}


def document(kind: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"documents": [{"kind": kind, "name": name, "body": body}]}


def test_hostile_drafts_are_neither_tried_nor_stored(shop: Fabrikam, server: Any) -> None:
    draft = {"subject_ids": ["00000000-0000-0000-0000-000000000000"]}
    with client_of(server, shop, "administrator") as http:
        for text in HOSTILE:
            flow = lab_flow(text)
            checked = http.post("/api/v1/flows/check", json={"name": "hostile", "document": flow})
            assert "the expression is not evaluated" in checked.json()["problems"][0]["what"]
            for url, body in (
                ("/api/v1/flows/lab-order-flow/dry-run", {**draft, "document": flow}),
                ("/api/v1/configuration/apply", document("flow", "hostile", flow)),
                ("/api/v1/configuration/apply", document("policy", "hostile", rule(text))),
            ):
                answer = http.post(url, json=body)
                assert answer.status_code == 422, (url, text[:40])
                assert "the expression is not evaluated" in answer.text

            assert http.get("/health").status_code == 200

    assert_orders_are_accounted_for(shop)


def test_trials_that_would_never_end_delay_no_other_request(
    shop: Fabrikam, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SHARED_EVALUATOR, "seconds", 2.0)
    assert_orders_are_accounted_for(shop)
    with shop.application.database.unit_of_work() as session:
        session.connection().exec_driver_sql(
            "UPDATE providers.message SET payload = jsonb_set(payload::jsonb, '{a}',"
            " (SELECT jsonb_agg(n) FROM generate_series(1, 20000) n))::text WHERE key = 'D-1'"
        )
    [(order,)] = shop.fetch("SELECT id::text FROM orders.order WHERE number = 'D-1'")
    loops = "count(a, count(a, count(a, true) > 0) > 0)"
    literal = "a = split('" + "1," * 4_900 + f"1', ','); {loops} > 0"
    dry_run = {"subject_ids": [order], "document": lab_flow(literal)}
    trials = (
        ("the transformation", preview_url(shop), {"transformation": transformation(loops)}),
        ("the condition", "/api/v1/flows/lab-order-flow/dry-run", dry_run),
        ("the policy", "/api/v1/policies/hostile/try", {"records": [{"a": [1] * 20_000}]}),
    )

    with (
        client_of(server, shop, "administrator") as http,
        ThreadPoolExecutor(1) as pool,
    ):
        stored = document("policy", "hostile", rule(f"{loops} > 0"))
        assert http.post("/api/v1/configuration/apply", json=stored).status_code == 200
        for subject, url, body in trials:
            trial = pool.submit(http.post, url, json=body)
            seconds: list[float] = []
            while not trial.done():
                started = time.monotonic()
                assert http.get("/health").status_code == 200
                seconds.append(time.monotonic() - started)

            answer = trial.result()
            assert answer.status_code == 422
            detail = f"{subject} cannot be evaluated: it takes too long"
            assert answer.json()["detail"] == detail
            # Single requests wait for the other processes of a busy machine.
            assert median(seconds) < 0.5

    assert_orders_are_accounted_for(shop)
