"""Wrong passwords are followed by delays, at the address from which they were sent."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from openiom.administration import credentials, upsert_users
from openiom.administration.credentials import verify_secret
from openiom.administration.sign_in_delay import check_delay, count_failure, forget_failures
from openiom.app.application import Application
from openiom.app.web import create_app
from openiom.kernel import TooManyAttempts
from openiom.platform.database import Database

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
OFFICE, HOTEL = "192.0.2.1", "192.0.2.2"
ANN, BOB = "ann@example.com", "bob@example.com"


def fail(database: Database, times: int, *, email: str = ANN, address: str = OFFICE) -> None:
    for _ in range(times):
        with database.unit_of_work() as session:
            count_failure(session, email=email, address=address, now=NOW)


def delay(database: Database, *, email: str = ANN, address: str = OFFICE, after: float = 0) -> int:
    """Return the seconds until the next password is verified."""
    now = NOW + timedelta(seconds=after)
    with database.reading() as session:
        try:
            check_delay(session, email=email, address=address, now=now)
        except TooManyAttempts as error:
            return error.retry_after
    return 0


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (3, 0), (4, 1), (5, 2), (6, 4), (9, 32), (10, 60), (30, 60)]
)
def test_the_delay_doubles_after_three_failures_up_to_a_minute(
    database: Database, failures: int, seconds: int
) -> None:
    fail(database, failures)

    assert delay(database) == seconds


def test_a_delay_passes(database: Database) -> None:
    fail(database, 6)

    assert [delay(database, after=after) for after in (0, 0.5, 3.9, 4, 5)] == [4, 4, 1, 0, 0]


def test_another_address_and_another_account_have_no_delay(database: Database) -> None:
    fail(database, 8)

    assert delay(database, address=HOTEL) == 0
    assert delay(database, email=BOB) == 0
    assert delay(database, email=ANN.upper()) == 16


def test_many_accounts_from_one_address_delay_every_account_there(database: Database) -> None:
    for number in range(22):
        fail(database, 1, email=f"user{number}@example.com")

    assert delay(database, email=BOB) == 2
    assert delay(database, email=BOB, address=HOTEL) == 0


def test_a_sign_in_forgets_the_failures_of_its_account_and_not_of_the_address(
    database: Database,
) -> None:
    fail(database, 21)
    with database.unit_of_work() as session:
        forget_failures(session, email=ANN, address=OFFICE)

    assert delay(database) == 1


@pytest.fixture
def browser(application: Application) -> Iterator[TestClient]:
    with application.database.unit_of_work() as session:
        upsert_users(session, [(ANN, "Ann", "correct horse", ["viewer"])])
    with TestClient(create_app(application)) as client:
        yield client


def sign_in(browser: TestClient, password: str) -> int:
    answer = browser.post("/api/v1/session", json={"email": ANN, "password": password})
    return answer.status_code


def test_the_fifth_wrong_password_in_a_row_is_not_verified(browser: TestClient) -> None:
    statuses = [sign_in(browser, "wrong") for _ in range(5)]

    assert statuses == [401, 401, 401, 401, 429]
    answer = browser.post("/api/v1/session", json={"email": ANN, "password": "correct horse"})
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["remedy"] == "try again in 1 s"


def test_a_right_password_after_wrong_ones_signs_in(browser: TestClient) -> None:
    assert [sign_in(browser, "wrong") for _ in range(3)] == [401] * 3
    assert sign_in(browser, "correct horse") == 200
    assert [sign_in(browser, "wrong") for _ in range(3)] == [401] * 3


def test_secrets_beyond_those_that_wait_are_not_hashed() -> None:
    with ExitStack() as others:
        for _ in range(10):
            others.enter_context(credentials._waiting)

        with pytest.raises(TooManyAttempts) as refused:
            verify_secret("a", None)

    assert refused.value.retry_after == 2
    assert verify_secret("a", None) is False
