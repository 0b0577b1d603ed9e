"""Every error leaves as problem+json and says what, where and what to do."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from tests.package_app import http_client, package_app

from openiom.kernel import Refused
from openiom.platform.database import Database
from openiom.platform.http import CurrentPrincipal, ReadSession, WriteSession


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    app = package_app(database, permissions={"orders.read"}, principal="clerk")

    @app.post("/write")
    def write(session: WriteSession, fail: bool = False) -> dict[str, str]:
        session.execute(text("INSERT INTO platform.event_consumer (name) VALUES ('written')"))
        if fail:
            raise Refused("the order has shipped", where="order 7", remedy="start a return")
        return {}

    @app.post("/read")
    def read(session: ReadSession) -> None:
        session.execute(text("INSERT INTO platform.event_consumer (name) VALUES ('never')"))

    @app.get("/guarded")
    def guarded(principal: CurrentPrincipal) -> None:
        principal.require("orders.write")

    @app.get("/number")
    def number(session: ReadSession, value: int) -> int:
        return int(session.execute(text("SELECT CAST(:v AS integer)"), {"v": value}).scalar_one())

    @app.get("/divide")
    def divide(session: ReadSession) -> None:
        session.execute(text("SELECT 1 / 0"))

    @app.post("/strict")
    def strict(body: Strict) -> None:
        """Accept nothing."""

    with http_client(app) as asking:
        yield asking


def consumers(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(text("SELECT name FROM platform.event_consumer")))


def test_a_refusal_is_a_409_problem_and_changes_nothing(
    client: TestClient, database: Database
) -> None:
    answer = client.post("/write?fail=true")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert len(body.pop("reference")) == 12
    assert body == {
        "type": "urn:openiom:problem:refused",
        "title": "refused",
        "status": 409,
        "detail": "the order has shipped",
        "instance": "/write",
        "where": "order 7",
        "remedy": "start a return",
    }
    assert consumers(database) == []


def test_a_good_request_commits_once(client: TestClient, database: Database) -> None:
    assert client.post("/write").status_code == 200
    assert consumers(database) == ["written"]


def test_a_reading_request_cannot_write_and_a_bug_is_a_problem_with_a_reference(
    client: TestClient, database: Database
) -> None:
    answer = client.post("/read")
    assert answer.status_code == 500
    assert answer.json()["detail"] == "an internal error occurred"
    assert consumers(database) == []


def test_a_missing_permission_is_named(client: TestClient) -> None:
    answer = client.get("/guarded")
    assert (answer.status_code, answer.json()["remedy"]) == (
        403,
        "ask an administrator for the permission orders.write",
    )


def test_invalid_parameters_and_unknown_paths_are_problems_too(client: TestClient) -> None:
    invalid = client.post("/write?fail=perhaps")
    assert (invalid.status_code, invalid.json()["problems"][0]["where"]) == (422, "query.fail")
    assert client.get("/nowhere").json()["status"] == 404


def test_a_value_that_the_database_refuses_is_the_fault_of_the_request(client: TestClient) -> None:
    answer = client.get("/number", params={"value": 2**31})

    assert answer.status_code == 422
    body = answer.json()
    assert body["detail"] == (
        "the database cannot store a value of the request: integer out of range"
    )
    assert body["remedy"] == "correct the value and repeat the request"
    assert client.get("/number", params={"value": 2**31 - 1}).json() == 2**31 - 1


def test_another_fault_of_a_statement_is_an_internal_error(client: TestClient) -> None:
    assert client.get("/divide").status_code == 500


def test_a_body_of_unknown_fields_gets_a_short_answer(client: TestClient) -> None:
    fields = {f"unknown_{number}_{'x' * 20}": 1 for number in range(50_000)}

    answer = client.post("/strict", json=fields)

    assert answer.status_code == 422
    assert len(answer.json()["problems"]) == 100
    assert answer.json()["problems_omitted"] == 49_900
    assert len(answer.content) < 20_000


def test_a_long_name_is_cut_in_the_answer_that_refuses_it(client: TestClient) -> None:
    answer = client.post("/strict", json={"x" * 1_000_000: 1})

    [problem] = answer.json()["problems"]
    assert problem["where"] == "body." + "x" * 1_995 + "…"
    assert "problems_omitted" not in answer.json()
