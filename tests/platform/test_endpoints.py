"""An endpoint, its session, its response and the commit share one thread."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, get_ident
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient
from pydantic import BaseModel, model_serializer
from sqlalchemy import event, text
from tests.package_app import http_client, package_app

from openiom.platform.bulk import execute, fetch_column
from openiom.platform.database import Database
from openiom.platform.endpoints import DEFAULT_WRITERS, Router
from openiom.platform.http import ReadSession, WriteSession
from openiom_simulators.server import serve_in_thread

ADD = "INSERT INTO platform.event_consumer (name) VALUES (%s)"
LOCKED = "SELECT 1 FROM platform.event_consumer WHERE name = 'row' FOR UPDATE"
SECONDS = 20.0


class Answer(BaseModel):
    number: int = 1


def consumers(database: Database) -> list[str]:
    with database.reading() as session:
        return fetch_column(session, "SELECT name FROM platform.event_consumer ORDER BY name")


def served(database: Database, router: Router) -> FastAPI:
    return package_app(database, router, permissions={"*"})


@pytest.fixture
def router() -> Router:
    return Router(prefix="/api")


@pytest.fixture
def client(database: Database, router: Router) -> Iterator[TestClient]:
    with http_client(served(database, router)) as client:
        yield client


def test_everything_of_a_request_happens_in_one_thread(client: TestClient, router: Router) -> None:
    threads: list[int] = []

    class Rendered(BaseModel):
        @model_serializer
        def render(self) -> dict[str, int]:
            threads.append(get_ident())
            return {"number": 7}

    @router.post("/changes")
    def change(session: WriteSession) -> Rendered:
        threads.append(get_ident())
        event.listen(session, "before_commit", lambda _: threads.append(get_ident()))
        execute(session, ADD, ("written",))
        return Rendered()

    assert client.post("/api/changes").json() == {"number": 7}
    assert len(threads) == 3
    assert len(set(threads)) == 1


def test_a_response_that_cannot_be_rendered_changes_nothing(
    client: TestClient, router: Router, database: Database
) -> None:
    @router.post("/changes")
    def change(session: WriteSession) -> Answer:
        execute(session, ADD, ("written",))
        return {"number": "many"}  # type: ignore[return-value]

    assert client.post("/api/changes").status_code == 500
    assert consumers(database) == []


def test_status_codes_and_headers_of_an_endpoint_are_kept(
    client: TestClient, router: Router
) -> None:
    @router.post("/created", status_code=201)
    def create(response: Response) -> Answer:
        response.headers["x-number"] = "1"
        response.set_cookie("session", "abc")
        return Answer()

    @router.delete("/deleted", status_code=204)
    def delete(session: WriteSession) -> None:
        execute(session, ADD, ("deleted",))

    @router.post("/answered")
    def answer(response: Response) -> Answer:
        response.status_code = 202
        return Answer(number=3)

    created = client.post("/api/created")
    assert (created.status_code, created.json()) == (201, {"number": 1})
    assert created.headers["x-number"] == "1"
    assert created.cookies["session"] == "abc"
    deleted = client.delete("/api/deleted")
    assert (deleted.status_code, deleted.content) == (204, b"")
    answered = client.post("/api/answered")
    assert (answered.status_code, answered.json()) == (202, {"number": 3})


def test_parameters_and_responses_are_documented_as_they_are_declared(
    database: Database, router: Router
) -> None:
    @router.get("/numbers/{number}")
    def read(number: int, session: ReadSession) -> Answer:
        """Return a number."""
        return Answer(number=number)

    operation = served(database, router).openapi()["paths"]["/api/numbers/{number}"]["get"]

    assert operation["description"] == "Return a number."
    assert [parameter["name"] for parameter in operation["parameters"]] == ["number"]
    content = operation["responses"]["200"]["content"]["application/json"]
    assert content == {"schema": {"$ref": "#/components/schemas/Answer"}}


def test_an_endpoint_that_is_a_coroutine_runs_in_the_event_loop(
    client: TestClient, router: Router
) -> None:
    @router.get("/loop")
    async def loop() -> Answer:
        return Answer(number=5)

    assert client.get("/api/loop").json() == {"number": 5}


def test_reading_requests_are_served_while_all_writers_wait(
    database: Database, router: Router
) -> None:
    threads = Database(database.url, threads=2 * DEFAULT_WRITERS)
    started = Barrier(DEFAULT_WRITERS + 1)
    done = Event()

    @router.post("/changes")
    def change(session: WriteSession) -> Answer:
        started.wait(SECONDS)
        done.wait(SECONDS)
        return Answer()

    @router.get("/numbers")
    def read(session: ReadSession) -> Answer:
        session.execute(text("SELECT 1"))
        return Answer(number=2)

    with (
        serve_in_thread(served(threads, router)) as running,
        ThreadPoolExecutor(2 * DEFAULT_WRITERS) as pool,
    ):

        def post(_: int) -> int:
            url = f"{running.url}/api/changes"
            return httpx.post(url, trust_env=False, timeout=SECONDS).status_code

        waiting = [pool.submit(post, number) for number in range(DEFAULT_WRITERS)]
        started.wait(SECONDS)
        answer = httpx.get(f"{running.url}/api/numbers", trust_env=False, timeout=SECONDS)
        done.set()
        statuses = [request.result() for request in waiting]

    threads.close()
    assert answer.json() == {"number": 2}
    assert statuses == [200] * DEFAULT_WRITERS


@pytest.mark.parametrize(("lock_seconds", "status"), [(0.05, 503), (0.0, 200)])
def test_a_row_that_stays_locked_is_reported_as_unavailable(
    database: Database, router: Router, lock_seconds: float, status: int
) -> None:
    impatient = Database(database.url, lock_seconds=lock_seconds)
    with database.unit_of_work() as session:
        execute(session, ADD, ("row",))

    @router.post("/changes")
    def change(session: WriteSession) -> Answer:
        execute(session, LOCKED)
        return Answer()

    with (
        http_client(served(impatient, router)) as client,
        ThreadPoolExecutor(1) as pool,
        database.unit_of_work() as holder,
    ):
        execute(holder, LOCKED)
        request = pool.submit(client.post, "/api/changes")
        if status == 200:
            holder.rollback()

        response = request.result(SECONDS)

    impatient.close()
    assert response.status_code == status
    if status == 503:
        body: dict[str, Any] = response.json()
        assert response.headers["retry-after"] == "2"
        assert body["detail"] == "another request is changing the same rows"
        assert body["remedy"] == "repeat the request; nothing has changed"
