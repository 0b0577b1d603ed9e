"""Guessing the secret of a client program is slowed down, and nobody else is shut out by it."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from openiom.administration import delete_expired, upsert_client
from openiom.administration.clients import check_secret
from openiom.administration.token_routes import CLIENT_SCOPE
from openiom.app.application import Application
from openiom.app.web import create_app
from openiom.kernel import TooManyAttempts, Unauthenticated
from openiom.platform.bulk import execute, fetch
from openiom.platform.clock import utc_now
from openiom.platform.database import Database

NOW = utc_now()
HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def program(database: Database) -> tuple[str, str]:
    with database.unit_of_work() as session:
        return upsert_client(
            session, name="pos bridge", roles=["integrator"], now=NOW, actor="test"
        )


def tried(
    database: Database, client_id: str, secret: str, *, address: str = HERE, after: float = 0
) -> str:
    """What came of it, `after` seconds from now."""
    with database.unit_of_work() as session:
        try:
            now = NOW + timedelta(seconds=after)
            check_secret(session, client_id=client_id, secret=secret, address=address, now=now)
        except Unauthenticated:
            return "wrong"
        except TooManyAttempts as error:
            return f"wait {error.retry_after}"
    return "in"


def failures(database: Database) -> list[tuple[Any, ...]]:
    with database.reading() as session:
        return fetch(
            session, "SELECT address, failures FROM administration.client_auth_failure ORDER BY 1"
        )


def test_eight_wrong_secrets_from_one_address_lock_it_out_for_a_minute(
    database: Database, program: tuple[str, str]
) -> None:
    client_id, secret = program
    assert [tried(database, client_id, "guess") for _ in range(8)] == ["wrong"] * 8
    assert tried(database, client_id, secret) == "wait 60"
    assert tried(database, client_id, secret, after=59.5) == "wait 1"
    assert failures(database) == [(HERE, 8)]  # who is locked out is not looked at, and not counted
    assert tried(database, client_id, secret, address=ELSEWHERE) == "in"
    assert tried(database, client_id, secret, after=60) == "in"
    assert failures(database) == []


def test_another_client_at_the_same_address_goes_on(
    database: Database, program: tuple[str, str]
) -> None:
    with database.unit_of_work() as session:
        other = upsert_client(session, name="web shop", roles=["integrator"], now=NOW, actor="test")
    assert [tried(database, program[0], "guess") for _ in range(9)] == ["wrong"] * 8 + ["wait 60"]
    assert tried(database, *other) == "in"


def test_seven_wrong_secrets_and_a_right_one_count_for_nothing(
    database: Database, program: tuple[str, str]
) -> None:
    for _ in range(2):
        assert [tried(database, program[0], "guess") for _ in range(7)] == ["wrong"] * 7
        assert tried(database, *program) == "in"


def test_a_client_nobody_knows_is_counted_alike_so_that_the_answer_tells_nothing(
    database: Database,
) -> None:
    assert [tried(database, "nobody" * 100_000, "guess") for _ in range(9)] == ["wrong"] * 8 + [
        "wait 60"
    ]


def test_wrong_secrets_are_forgotten_after_an_hour(
    database: Database, program: tuple[str, str]
) -> None:
    tried(database, program[0], "guess")
    tried(database, program[0], "guess", address=ELSEWHERE, after=1)
    with database.unit_of_work() as session:
        delete_expired(session, NOW + timedelta(seconds=3600.5))
    assert failures(database) == [(ELSEWHERE, 1)]


def first_step(asking: TestClient, client_id: str, secret: str) -> httpx.Response:
    form = {
        "client_id": client_id,
        "client_secret": secret,
        "grant_type": "client_credentials",
        "scope": CLIENT_SCOPE,
    }
    return asking.post("/tenant-1/oauth2/v2.0/token", data=form)


def test_what_one_web_process_counted_the_next_one_knows(
    application: Application, program: tuple[str, str]
) -> None:
    client_id, secret = program
    with (
        TestClient(create_app(application), client=(HERE, 1)) as one,
        TestClient(create_app(application), client=(HERE, 2)) as another,
        TestClient(create_app(application), client=(ELSEWHERE, 1)) as away,
    ):
        wrong = [
            first_step(asking, client_id, "guess").status_code for asking in (one, another) * 4
        ]
        locked = first_step(another, client_id, secret)
        away_answer = first_step(away, client_id, secret)
        with application.database.unit_of_work() as session:
            execute(session, "UPDATE administration.client_auth_failure SET locked_until = now()")
        later = first_step(one, client_id, secret)

    assert wrong == [401] * 8
    assert locked.status_code == 429
    assert 55 <= int(locked.headers["retry-after"]) <= 60
    assert locked.headers["content-type"] == "application/problem+json"
    body = locked.json()
    assert (body["type"], body["status"], body["error"]) == (
        "urn:openiom:problem:too_many_attempts",
        429,
        "temporarily_unavailable",
    )
    assert body["detail"] == "8 wrong secrets in a row were sent for this client from this address"
    assert (away_answer.status_code, later.status_code) == (200, 200)


def test_a_zero_byte_in_a_client_id_is_the_callers_mistake(anonymous_client: TestClient) -> None:
    answer = first_step(anonymous_client, "a\0b", "guess")
    assert (answer.status_code, answer.json()["where"]) == (400, "client_id")
