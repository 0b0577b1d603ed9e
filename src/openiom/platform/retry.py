"""Units of work done again when the database, not the work, was at fault."""

from collections.abc import Callable
from random import random
from time import sleep
from typing import TypeVar

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from .batches import is_transient
from .database import Database

log = structlog.get_logger("again")
T = TypeVar("T")

ATTEMPTS = 8
FIRST_PAUSE_SECONDS = 0.005


def retry_transient(
    database: Database, work: Callable[[Session], T], *, attempts: int = ATTEMPTS
) -> T:
    """`work` in a unit of work; a deadlock, a lost connection or two writers of one new key begin it anew.

    A connection lost while committing leaves open whether it was committed, so `work` must be idempotent. Raises the
    last error when `attempts` are used up.
    """
    for attempt in range(1, attempts + 1):
        try:
            with database.unit_of_work() as session:
                return work(session)
        except Exception as error:
            if attempt == attempts or not (is_transient(error) or _met_another(error)):
                raise
            log.info("again", attempt=attempt, error=str(error)[:200])
            sleep(FIRST_PAUSE_SECONDS * 2**attempt * (0.5 + random()))
    raise AssertionError("attempts is at least one")


def _met_another(error: BaseException) -> bool:
    """Two writers made the same unique row at once: whoever comes second sees it when it looks again."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, psycopg.errors.UniqueViolation)
