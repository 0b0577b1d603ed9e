"""The retry policy: which failures are worth a retry, how often, and after which delay.

`RetryPolicy` is the only place where a delay is computed. Work in this process is repeated with
`attempts`, which runs on stamina; work that is scheduled in the database, such as calls to
providers, stores `now + delay(...)` as its next due time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import TypeVar

import psycopg
import stamina
import structlog
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from stamina.instrumentation import RetryDetails

from openiom.kernel import ProviderDown, TooManyAttempts

from .database import Database

log = structlog.get_logger("retry")
T = TypeVar("T")

_MAX_DOUBLINGS = 30
LOCK_TIMEOUT = "55P03"
_TRANSIENT_STATES = frozenset(
    (
        "08000",  # connection_exception
        "08001",  # sqlclient_unable_to_establish_sqlconnection
        "08003",  # connection_does_not_exist
        "08004",  # sqlserver_rejected_establishment_of_sqlconnection
        "08006",  # connection_failure
        "08P01",  # protocol_violation: PgBouncer reports a lost server with it
        "25006",  # read_only_sql_transaction: the server is a standby
        "25P03",  # idle_in_transaction_session_timeout
        "40001",  # serialization_failure
        "40P01",  # deadlock_detected
        "53000",  # insufficient_resources
        "53100",  # disk_full
        "53200",  # out_of_memory
        "53300",  # too_many_connections
        "53400",  # configuration_limit_exceeded
        LOCK_TIMEOUT,
        "57014",  # query_canceled: statement_timeout, or a person
        "57P01",  # admin_shutdown
        "57P02",  # crash_shutdown
        "57P03",  # cannot_connect_now
        "57P05",  # idle_session_timeout
        "58000",  # system_error
        "58030",  # io_error
    )
)
"""Faults of the server or of the moment, never of the rows that a statement reads or writes."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with jitter.

    The delay starts at `first_seconds`, doubles with every failure up to `max_seconds`, and is
    spread by the share `jitter` in both directions. `attempts` counts the first one; None never
    stops.
    """

    first_seconds: float
    max_seconds: float
    attempts: int | None = None
    jitter: float = 0.25

    def delay(
        self, failures: int, *, retry_after: float | None = None, random: Random | None = None
    ) -> float:
        """Return the seconds to wait after so many failures in a row.

        Never less than `retry_after`, the pause that the other side requested.
        """
        doublings = min(max(failures, 1) - 1, _MAX_DOUBLINGS)
        delay = min(self.max_seconds, self.first_seconds * 2.0**doublings)
        spread = (random or _RANDOM).uniform(1 - self.jitter, 1 + self.jitter)
        return max(delay * spread, retry_after or 0.0)

    def repeat(self, is_retryable: Callable[[Exception], bool]) -> Iterator[stamina.Attempt]:
        """Yield attempts until one succeeds; each is a context manager around the work.

        An error that is not retryable, and the error of the last attempt, are raised.
        """
        failures = count(1)

        def backoff(error: Exception) -> bool | float:
            if not is_retryable(error):
                return False
            return self.delay(next(failures), retry_after=requested_pause(error))

        return iter(stamina.retry_context(on=backoff, attempts=self.attempts, timeout=None))


DATABASE_RETRY = RetryPolicy(first_seconds=0.01, max_seconds=1.0, attempts=8, jitter=0.5)
"""For work inside one transaction."""
WORKER_RETRY = RetryPolicy(first_seconds=0.02, max_seconds=5.0)
"""For a worker whose batch failed."""
OUTBOUND_RETRY = RetryPolicy(first_seconds=2.0, max_seconds=900.0)
"""For calls to other systems; an action may state its own first delay and attempts."""

_RANDOM = Random()  # noqa: S311 - spreads load, protects nothing


def retry_transient(
    database: Database, work: Callable[[Session], T], *, policy: RetryPolicy = DATABASE_RETRY
) -> T:
    """Run `work` in a unit of work, and repeat it after a transient database error.

    When a connection is lost during the commit it is unknown whether the commit succeeded, so
    `work` must be idempotent. Raise the last error when the policy's attempts are used up.
    """
    for attempt in policy.repeat(_is_worth_repeating):
        with attempt, database.unit_of_work() as session:
            return work(session)

    raise AssertionError("a retry policy makes at least one attempt")


def is_transient(error: BaseException) -> bool:
    """Return whether the same work may succeed when it is repeated."""
    cause = _driver_error(error)
    if not isinstance(cause, psycopg.Error):
        return isinstance(error, OperationalError | PoolTimeout)
    if cause.sqlstate is None:
        return isinstance(cause, psycopg.OperationalError)
    return cause.sqlstate in _TRANSIENT_STATES


def is_fault_of_server(error: BaseException) -> bool:
    """Return whether any other work would fail as well now; a lock concerns the rows of one."""
    return is_transient(error) and sqlstate(error) != LOCK_TIMEOUT


def is_transient_or_conflict(error: BaseException) -> bool:
    """Return whether a retry may succeed, also after a unique violation.

    Another transaction inserted the row first; a retry finds it.
    """
    return is_transient(error) or isinstance(_driver_error(error), psycopg.errors.UniqueViolation)


def sqlstate(error: BaseException) -> str | None:
    """Return the code that PostgreSQL gave an error, None when it is not one of PostgreSQL."""
    cause = _driver_error(error)
    return cause.sqlstate if isinstance(cause, psycopg.Error) else None


def _is_worth_repeating(error: BaseException) -> bool:
    """Return whether to repeat work at once. A lock that timed out has been waited for already."""
    return is_transient_or_conflict(error) and sqlstate(error) != LOCK_TIMEOUT


def requested_pause(error: BaseException) -> float | None:
    """Return the pause that the remote system requested, in seconds; None without one."""
    if isinstance(error, ProviderDown | TooManyAttempts):
        return error.retry_after
    return None


def log_retry(details: RetryDetails) -> None:
    """Log one retry; installed as stamina's hook by `configure_logs`."""
    log.info(
        "retry_scheduled",
        attempt=details.retry_num,
        seconds=round(details.wait_for, 3),
        error=str(details.caused_by)[:200],
    )


def _driver_error(error: BaseException) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error
