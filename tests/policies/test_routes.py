"""Policies over HTTP: readable tables and a test bench."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from tests.package_app import http_client, package_app

from openiom.platform.configuration import Configuration
from openiom.platform.database import Database
from openiom.policies import KINDS, Column, ComputedValue, Row, decision_table, router

CONTENT = decision_table(
    columns=[Column(name="Country", field="country")],
    rows=[Row(when={"Country": "'US'"}, set={"source": "east"})],
    otherwise=Row(outcome="fail", reason=ComputedValue(formula="'not to ' + country")),
)


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    configuration = Configuration()
    configuration.register(*KINDS)

    documents = []
    for name, title in (("b", ""), ("a", "First")):
        body = {"name": name, "title": title, "type": "execution", "entity": "order"}
        documents.append({"kind": "policy", "name": name, "body": {**body, "content": CONTENT}})

    with database.unit_of_work() as session:
        configuration.apply(session, documents, at=datetime(2026, 3, 1, tzinfo=UTC), actor="ada")

    app = package_app(database, router, permissions={"policies.read"})
    with http_client(app) as http:
        yield http


def test_policies_are_listed_by_name_as_tables(client: TestClient) -> None:
    items = client.get("/api/v1/policies").json()["items"]
    assert [(item["name"], item["title"]) for item in items] == [("a", "First"), ("b", "b")]
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


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/a/try")])
def test_reading_policies_needs_its_permission(client: TestClient, method: str, path: str) -> None:
    client.app.state.permissions = frozenset()  # type: ignore[attr-defined]
    body = {"records": [{}]} if method == "POST" else None
    assert client.request(method, f"/api/v1/policies{path}", json=body).status_code == 403
