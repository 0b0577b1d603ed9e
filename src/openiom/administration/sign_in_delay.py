"""Delays between wrong passwords, per account and address, and per address over all accounts.

No account is locked: its user at another address is not affected, and at the same address waits for
at most a minute. The password is not verified during a delay, so guessing costs the server nothing.
"""

from datetime import datetime, timedelta
from math import ceil

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from openiom.kernel import TooManyAttempts
from openiom.platform.retry import RetryPolicy

from .credentials import failure_key, record_failure, reset_failures
from .models import ClientAuthFailure

log = structlog.get_logger("sign_in")

FREE_FAILURES = 3
"""Wrong passwords of one account from one address that are not followed by a delay."""
FREE_FAILURES_OF_ADDRESS = 20
"""Wrong passwords from one address, for any account, that are not followed by a delay."""
SIGN_IN_DELAY = RetryPolicy(first_seconds=1.0, max_seconds=60.0, jitter=0.0)
EVERY_ACCOUNT = "every account"


def check_delay(session: Session, *, email: str, address: str, now: datetime) -> None:
    """Raise `TooManyAttempts` until the delay after the last wrong password has passed."""
    waits = (
        remaining_delay(session, _account(email), address, free=FREE_FAILURES, now=now),
        remaining_delay(session, EVERY_ACCOUNT, address, free=FREE_FAILURES_OF_ADDRESS, now=now),
    )
    seconds = ceil(max(waits))
    if seconds > 0:
        raise TooManyAttempts(
            "too many wrong passwords were sent from this address",
            retry_after=seconds,
            where="password",
            remedy=f"try again in {seconds} s",
        )


def count_failure(session: Session, *, email: str, address: str, now: datetime) -> None:
    """Count and log a wrong password."""
    log.info("sign_in_failed", email=email, address=address)
    for subject in (_account(email), EVERY_ACCOUNT):
        record_failure(session, client_id=subject, address=address, now=now)


def forget_failures(session: Session, *, email: str, address: str) -> None:
    """Forget the failures of an account at an address where its user has signed in.

    Those of the address are kept: one known password must not buy guesses at others.
    """
    reset_failures(session, client_id=_account(email), address=address)


def _account(email: str) -> str:
    return f"user {email.lower()}"


def remaining_delay(
    session: Session, subject: str, address: str, *, free: int, now: datetime
) -> float:
    """Return the seconds until the next attempt of a subject from an address is considered."""
    client_hash, shortened = failure_key(subject, address)
    query = select(ClientAuthFailure.failures, ClientAuthFailure.failed_at).where(
        ClientAuthFailure.client_hash == client_hash, ClientAuthFailure.address == shortened
    )
    found = session.execute(query).one_or_none()
    if found is None or found.failures <= free:
        return 0.0

    delay = timedelta(seconds=SIGN_IN_DELAY.delay(found.failures - free))
    remaining: timedelta = found.failed_at + delay - now
    return remaining.total_seconds()
