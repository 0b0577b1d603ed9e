"""What the pages ask first: who is signed in?"""

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from openiom.administration import upsert_users
from openiom.administration.service import sign_in
from openiom.app.application import Application
from openiom.platform.clock import utc_now

SESSION = "/api/v1/session"
WHO = {"email": "ann@example.com", "password": "correct horse"}


@pytest.fixture
def ann(application: Application, anonymous_client: TestClient) -> TestClient:
    """The browser of somebody who may sign in."""
    with application.database.unit_of_work() as session:
        upsert_users(session, [(WHO["email"], "Ann Lee", WHO["password"], ["viewer"])])
    return anonymous_client


def test_that_nobody_is_signed_in_is_an_answer_and_not_an_error(ann: TestClient) -> None:
    assert (ann.get(SESSION).status_code, ann.get(SESSION).json()) == (200, None)
    opened = ann.post(SESSION, json=WHO)
    assert opened.json()["name"] == "Ann Lee"
    assert ann.get(SESSION).json() == opened.json()
    assert ann.delete(SESSION).status_code == 204
    assert (ann.get(SESSION).status_code, ann.get(SESSION).json()) == (200, None)
    assert ann.get("/api/v1/orders").status_code == 401


def test_a_sign_in_that_has_ended_is_nobody(application: Application, ann: TestClient) -> None:
    with application.database.unit_of_work() as session:
        opened = sign_in(session, **WHO, now=utc_now() - timedelta(hours=2), hours=1)
    assert opened is not None
    ann.cookies["openiom_session"] = opened[0]
    assert (ann.get(SESSION).status_code, ann.get(SESSION).json()) == (200, None)


@pytest.mark.parametrize("token", ["Bearer iom_nobodys", "Bearer a.b.c", "Bearer "])
def test_a_token_that_is_not_good_is_refused(ann: TestClient, token: str) -> None:
    assert ann.get(SESSION, headers={"authorization": token}).status_code == 401
