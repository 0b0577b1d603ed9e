"""Policies over HTTP: readable tables and a test bench."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from tests.package_app import http_client, package_app

from openiom.platform.bulk import execute
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database
from openiom.policies import (
    KINDS,
    SHARED_EVALUATOR,
    Column,
    ComputedValue,
    Row,
    decision_table,
    router,
)

CONTENT = decision_table(
    columns=[Column(name="Country", field="country")],
    rows=[Row(when={"Country": "'US'"}, set={"source": "east"})],
    otherwise=Row(outcome="fail", reason=ComputedValue(formula="'not to ' + country")),
)

BY_RULE = decision_table(
    columns=[Column(name="Rule")],
    rows=[Row(when={"Rule": "count(a, count(a, count(a, true) > 0) > 0) > 0"}, outcome="pass")],
)
HOSTILE = ("[" * 20_000, "count([1..1e12], true)", "map([1..30000000], #)")


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    configuration = Configuration()
    configuration.register(*KINDS)

    documents = []
    for name, title, content in (("b", "", CONTENT), ("a", "First", CONTENT), ("r", "R", BY_RULE)):
        body = {"name": name, "title": title, "type": "execution", "entity": "order"}
        documents.append({"kind": "policy", "name": name, "body": {**body, "content": content}})

    with database.unit_of_work() as session:
        configuration.apply(session, documents, at=datetime(2026, 3, 1, tzinfo=UTC), actor="ada")

    app = package_app(database, router, permissions={"policies.read"})
    with http_client(app) as http:
        yield http


def test_policies_are_listed_by_name_as_tables(client: TestClient) -> None:
    items = client.get("/api/v1/policies").json()["items"]
    assert [(item["name"], item["title"]) for item in items] == [
        ("a", "First"),
        ("b", "b"),
        ("r", "R"),
    ]
    assert items[0] | {"name": "", "title": ""} == {
        "name": "",
        "title": "",
        "type": "execution",
        "entity": "order",
        "criticality": "critical",
        "hit": "first",
        "columns": [{"name": "Country", "field": "country"}],
        "rows": [
            {
                "when": {"Country": "'US'"},
                "outcome": None,
                "reason": None,
                "set": {"source": "east"},
            },
            {
                "when": {},
                "outcome": "fail",
                "reason": {"formula": "'not to ' + country"},
                "set": {},
            },
        ],
    }


def test_the_test_bench_judges_records(client: TestClient) -> None:
    body = {"records": [{"country": "US"}, {"country": "CA"}, {"country": 1}]}
    us, canada, odd = client.post("/api/v1/policies/a/try", json=body).json()["verdicts"]
    assert us == {
        "passed": True,
        "reason": "Country = 'US'",
        "row": 1,
        "row_text": "Country = 'US'",
        "values": {"country": "US"},
        "sets": {"source": "east"},
        "error": None,
    }
    assert (canada["passed"], canada["reason"], canada["row"]) == (False, "not to CA", 2)
    assert odd["error"].startswith("row 2, column reason: ")


def test_a_missing_policy_and_an_empty_request_are_refused(client: TestClient) -> None:
    assert client.post("/api/v1/policies/c/try", json={"records": [{}]}).status_code == 404
    assert client.post("/api/v1/policies/a/try", json={"records": []}).status_code == 422


def test_a_trial_that_would_not_end_is_refused(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SHARED_EVALUATOR, "seconds", 0.5)
    large = {"records": [{"a": list(range(5_000))}]}

    answer = client.post("/api/v1/policies/r/try", json=large)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "the policy cannot be evaluated: it takes too long"
    assert answer.json()["where"] == "r"
    small = client.post("/api/v1/policies/r/try", json={"records": [{"a": [1]}]}).json()
    assert small["verdicts"][0]["passed"] is True


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_policy_that_was_stored_is_not_compiled(
    client: TestClient, database: Database, text: str
) -> None:
    content = decision_table(columns=[Column(name="Rule")], rows=[Row(when={"Rule": text})])
    with database.unit_of_work() as session:
        execute(
            session,
            "UPDATE platform.configuration_document SET digest = 'changed',"
            " body = jsonb_set(body, '{content}', %s::jsonb) WHERE name = 'r'",
            (json.dumps(content),),
        )

    answer = client.post("/api/v1/policies/r/try", json={"records": [{}]})

    assert answer.status_code == 422
    assert answer.json()["problems"][0]["what"].startswith("the expression is not evaluated: ")


@pytest.mark.parametrize("value", [*HOSTILE, [[[[1]]]], {"country": {"country": "US"}}])
def test_hostile_values_are_judged_as_data(client: TestClient, value: object) -> None:
    answer = client.post("/api/v1/policies/a/try", json={"records": [{"country": value}]})
    assert answer.status_code == 200
    assert answer.json()["verdicts"][0]["passed"] is False


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/a/try")])
def test_reading_policies_needs_its_permission(client: TestClient, method: str, path: str) -> None:
    client.app.state.permissions = frozenset()  # type: ignore[attr-defined]
    body = {"records": [{}]} if method == "POST" else None
    assert client.request(method, f"/api/v1/policies{path}", json=body).status_code == 403
