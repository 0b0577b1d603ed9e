"""The retry policy: which errors, how many attempts, which delays."""

from random import Random
from typing import Any

import psycopg
import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from openiom.kernel import Invalid, ProviderDown, ProviderRejected, TooManyAttempts
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database
from openiom.platform.retry import (
    DATABASE_RETRY,
    RetryPolicy,
    is_transient,
    is_transient_or_conflict,
    requested_pause,
    retry_transient,
)

STEADY = RetryPolicy(first_seconds=2.0, max_seconds=60.0, jitter=0.0)
FAST = RetryPolicy(first_seconds=0.001, max_seconds=0.002, attempts=3)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 2), (1, 2), (2, 4), (3, 8), (5, 32), (6, 60), (7, 60), (1_000_000, 60)],
)
def test_the_delay_doubles_with_every_failure_up_to_a_limit(failures: int, seconds: float) -> None:
    assert STEADY.delay(failures) == seconds


def test_the_delay_is_never_less_than_the_requested_pause() -> None:
    assert STEADY.delay(1, retry_after=1.0) == 2.0
    assert STEADY.delay(1, retry_after=7.5) == 7.5
    assert STEADY.delay(9, retry_after=3600.0) == 3600.0


def test_the_delay_is_spread_in_both_directions() -> None:
    policy = RetryPolicy(first_seconds=100.0, max_seconds=1000.0, jitter=0.25)
    random = Random(7)

    delays = [policy.delay(1, random=random) for _ in range(1_000)]

    assert 75.0 <= min(delays) < 78.0
    assert 122.0 < max(delays) <= 125.0
    assert delays != sorted(delays)


@given(failures=st.integers(0, 200), seed=st.integers())
def test_a_delay_stays_within_its_spread(failures: int, seed: int) -> None:
    policy = RetryPolicy(first_seconds=0.5, max_seconds=30.0, jitter=0.5)

    delay = policy.delay(failures, random=Random(seed))

    assert 0.25 <= delay <= 45.0


def wrapped(cause: BaseException) -> DBAPIError:
    return DBAPIError("SELECT 1", None, cause)


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (psycopg.errors.DeadlockDetected("x"), True),
        (psycopg.errors.SerializationFailure("x"), True),
        (psycopg.errors.LockNotAvailable("x"), True),
        (psycopg.errors.AdminShutdown("x"), True),
        (psycopg.errors.CrashShutdown("x"), True),
        (psycopg.errors.CannotConnectNow("x"), True),
        (psycopg.errors.TooManyConnections("x"), True),
        (psycopg.errors.ConnectionFailure("x"), True),
        (psycopg.OperationalError("connection lost"), True),
        (psycopg.errors.UniqueViolation("x"), False),
        (psycopg.errors.CheckViolation("x"), False),
        (psycopg.errors.SyntaxError("x"), False),
        (psycopg.errors.QueryCanceled("x"), True),
        (psycopg.errors.DiskFull("x"), True),
        (psycopg.errors.OutOfMemory("x"), True),
        (psycopg.errors.IoError("x"), True),
        (psycopg.errors.ReadOnlySqlTransaction("x"), True),
        (PoolTimeout("x"), True),
        (psycopg.errors.NumericValueOutOfRange("x"), False),
        (psycopg.InterfaceError("x"), False),
        (ValueError("x"), False),
        (Invalid("x"), False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_transient_errors_are_recognized_alone_and_wrapped(
    error: Exception, transient: bool
) -> None:
    assert is_transient(error) is transient
    if isinstance(error, psycopg.Error):
        assert is_transient(wrapped(error)) is transient


def test_an_operational_error_of_sqlalchemy_is_transient() -> None:
    assert is_transient(OperationalError("SELECT 1", None, RuntimeError("no connection")))
    assert not is_transient(InterfaceError("SELECT 1", None, RuntimeError("closed")))


def test_a_conflict_is_a_unique_violation() -> None:
    unique = psycopg.errors.UniqueViolation("x")

    assert is_transient_or_conflict(unique)
    assert is_transient_or_conflict(IntegrityError("INSERT", None, unique))
    assert is_transient_or_conflict(psycopg.errors.DeadlockDetected("x"))
    assert not is_transient_or_conflict(psycopg.errors.CheckViolation("x"))


def test_a_provider_may_request_a_pause() -> None:
    assert requested_pause(ProviderDown("x", retry_after=30.0)) == 30.0
    assert requested_pause(ProviderDown("x")) is None
    assert requested_pause(TooManyAttempts("x", retry_after=5)) == 5
    assert requested_pause(ProviderRejected("x")) is None
    assert requested_pause(ValueError("x")) is None


def attempts(policy: RetryPolicy, errors: list[Exception]) -> int:
    """Return how many attempts are made while `errors` are raised one after the other."""
    made = 0
    for attempt in policy.repeat(is_transient):
        with attempt:
            made += 1
            if errors:
                raise errors.pop(0)
    return made


def test_work_is_repeated_until_it_succeeds() -> None:
    assert attempts(FAST, []) == 1
    assert attempts(FAST, [psycopg.OperationalError("x")]) == 2
    assert attempts(FAST, [psycopg.OperationalError("x")] * 2) == 3


def test_the_last_error_is_raised() -> None:
    errors: list[Exception] = [psycopg.OperationalError(str(number)) for number in range(5)]

    with pytest.raises(psycopg.OperationalError, match="2"):
        attempts(FAST, errors)
    assert len(errors) == 2


def test_an_error_that_is_not_retryable_is_raised_at_once() -> None:
    errors: list[Exception] = [ValueError("a mistake"), ValueError("another")]

    with pytest.raises(ValueError, match="a mistake"):
        attempts(FAST, errors)
    assert len(errors) == 1


def test_the_delays_between_attempts_are_those_of_the_policy() -> None:
    policy = RetryPolicy(first_seconds=0.001, max_seconds=0.004, attempts=5, jitter=0.0)
    waits: list[float] = []
    stamina.instrumentation.set_on_retry_hooks([lambda details: waits.append(details.wait_for)])

    try:
        with pytest.raises(psycopg.OperationalError):
            attempts(policy, [psycopg.OperationalError("x")] * 5)
    finally:
        stamina.instrumentation.set_on_retry_hooks(None)

    assert waits == pytest.approx([0.001, 0.002, 0.004, 0.004])


@pytest.fixture
def numbers(database: Database) -> Database:
    with database.unit_of_work() as session:
        execute(session, "DROP TABLE IF EXISTS public.retry_test")
        execute(session, "CREATE TABLE public.retry_test (n int PRIMARY KEY)")
    return database


def test_a_unit_of_work_is_repeated_after_a_conflict_and_commits_once(numbers: Database) -> None:
    tries = 0

    def insert_next(session: Session) -> int:
        nonlocal tries
        tries += 1
        [(newest,)] = fetch(session, "SELECT coalesce(max(n), 0) FROM public.retry_test")
        if tries == 1:
            with numbers.unit_of_work() as other:
                execute(other, "INSERT INTO public.retry_test VALUES (%s)", (newest + 1,))
        execute(session, "INSERT INTO public.retry_test VALUES (%s)", (newest + 1,))
        return int(newest) + 1

    assert retry_transient(numbers, insert_next) == 2
    assert tries == 2

    with numbers.reading() as session:
        assert fetch(session, "SELECT n FROM public.retry_test ORDER BY n") == [(1,), (2,)]


def test_a_unit_of_work_gives_up_after_the_attempts_of_its_policy(numbers: Database) -> None:
    tries: list[int] = []

    def fail(session: Session) -> None:
        tries.append(1)
        execute(session, "INSERT INTO public.retry_test VALUES (1)")
        raise psycopg.errors.DeadlockDetected("x")

    with pytest.raises(psycopg.errors.DeadlockDetected):
        retry_transient(numbers, fail, policy=FAST)

    assert len(tries) == 3
    with numbers.reading() as session:
        assert fetch(session, "SELECT n FROM public.retry_test") == []


def test_a_refusal_is_not_repeated(numbers: Database) -> None:
    tries: list[int] = []

    def refuse(session: Session) -> Any:
        tries.append(1)
        raise Invalid("no")

    with pytest.raises(Invalid):
        retry_transient(numbers, refuse)

    assert len(tries) == 1


def test_database_work_is_tried_eight_times_within_seconds() -> None:
    assert DATABASE_RETRY.attempts == 8
    longest = sum(DATABASE_RETRY.max_seconds for _ in range(7)) * (1 + DATABASE_RETRY.jitter)
    assert longest <= 10.5
