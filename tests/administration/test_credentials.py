"""Secrets are stored as hashes, and guessing the secret of a client is slowed down."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from openiom.administration import delete_expired
from openiom.administration.credentials import (
    check_lockout,
    hash_secret,
    record_failure,
    reset_failures,
    verify_secret,
)
from openiom.kernel import TooManyAttempts
from openiom.platform.bulk import fetch
from openiom.platform.database import Database

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
OFFICE = "192.0.2.1"
HOTEL = "192.0.2.2"


def fail(
    database: Database, times: int, *, client: str = "pos", address: str = OFFICE, after: float = 0
) -> None:
    now = NOW + timedelta(seconds=after)
    for _ in range(times):
        with database.unit_of_work() as session:
            record_failure(session, client_id=client, address=address, now=now)


def lockout(
    database: Database, *, client: str = "pos", address: str = OFFICE, after: float = 0
) -> bool | int:
    """Return whether the client failed before, or the seconds for which it is locked."""
    now = NOW + timedelta(seconds=after)
    with database.reading() as session:
        try:
            return check_lockout(session, client_id=client, address=address, now=now)
        except TooManyAttempts as error:
            return error.retry_after


def stored(database: Database) -> list[tuple[Any, ...]]:
    with database.reading() as session:
        return fetch(
            session,
            "SELECT address, failures, locked_until FROM administration.client_auth_failure"
            " ORDER BY address, failures",
        )


def test_a_secret_matches_its_own_hash_only() -> None:
    stored_hash = hash_secret("correct horse")

    assert stored_hash.startswith("$argon2id$")
    assert "correct horse" not in stored_hash
    assert verify_secret("correct horse", stored_hash)
    assert not verify_secret("correct horse ", stored_hash)
    assert not verify_secret("", stored_hash)


def test_two_hashes_of_one_secret_differ() -> None:
    assert hash_secret("correct horse") != hash_secret("correct horse")


@pytest.mark.parametrize("missing", [None, ""])
def test_a_missing_hash_never_matches(missing: str | None) -> None:
    assert not verify_secret("correct horse", None)
    assert not verify_secret("", missing)


def test_a_client_without_failures_is_not_locked(database: Database) -> None:
    assert lockout(database) is False


def test_failures_are_counted_per_client_and_address(database: Database) -> None:
    fail(database, 2)
    fail(database, 1, address=HOTEL)
    fail(database, 3, client="web shop")

    assert stored(database) == [(OFFICE, 2, None), (OFFICE, 3, None), (HOTEL, 1, None)]
    assert lockout(database) is True
    assert lockout(database, client="unknown") is False


@pytest.mark.parametrize(("failures", "locked"), [(7, True), (8, 60), (9, 60), (15, 60), (16, 60)])
def test_every_eighth_failure_locks_for_a_minute(
    database: Database, failures: int, locked: bool | int
) -> None:
    fail(database, failures)

    assert lockout(database) == locked


def test_the_eighth_failure_after_a_lock_starts_a_new_one(database: Database) -> None:
    fail(database, 8)
    fail(database, 7, after=100)
    assert lockout(database, after=100) is True

    fail(database, 1, after=100)

    assert lockout(database, after=100) == 60


@pytest.mark.parametrize(
    ("after", "locked"), [(0, 60), (0.5, 60), (1, 59), (59.5, 1), (60, True), (61, True)]
)
def test_a_lock_ends_after_a_minute(database: Database, after: float, locked: bool | int) -> None:
    fail(database, 8)

    assert lockout(database, after=after) == locked


def test_a_refusal_says_what_happened_and_what_to_do(database: Database) -> None:
    fail(database, 8)

    with database.reading() as session, pytest.raises(TooManyAttempts) as refused:
        check_lockout(session, client_id="pos", address=OFFICE, now=NOW)

    assert refused.value.what == (
        "8 wrong secrets in a row were sent for this client from this address"
    )
    assert refused.value.where == "client_secret"
    assert refused.value.remedy == "try again in 60 s, with the right secret"


def test_a_lock_does_not_affect_other_addresses_and_clients(database: Database) -> None:
    fail(database, 8)

    assert lockout(database, address=HOTEL) is False
    assert lockout(database, client="web shop") is False


def test_failures_are_reset_for_one_client_and_address(database: Database) -> None:
    fail(database, 3)
    fail(database, 2, address=HOTEL)
    with database.unit_of_work() as session:
        reset_failures(session, client_id="pos", address=OFFICE)

    assert stored(database) == [(HOTEL, 2, None)]


def test_failures_are_deleted_after_an_hour_without_another(database: Database) -> None:
    fail(database, 1)
    fail(database, 1, address=HOTEL, after=1)
    with database.unit_of_work() as session:
        delete_expired(session, NOW + timedelta(hours=1, seconds=0.5))

    assert stored(database) == [(HOTEL, 1, None)]


def test_only_a_hash_of_bounded_size_is_stored_of_a_client_id(database: Database) -> None:
    fail(database, 1, client="x" * 1_000_000, address="a" * 500)
    fail(database, 1, client="\udcff")

    with database.reading() as session:
        rows = fetch(
            session,
            "SELECT length(client_hash), length(address)"
            " FROM administration.client_auth_failure ORDER BY 2",
        )

    assert rows == [(32, len(OFFICE)), (32, 100)]
