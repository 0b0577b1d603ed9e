"""Hashing of secrets with argon2, and a lockout that slows down guessing."""

import secrets
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from math import ceil
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy.orm import Session

from openiom.kernel import TooManyAttempts
from openiom.platform.bulk import execute, fetch

FAILURES_BEFORE_LOCK = 8
LOCK = timedelta(minutes=1)
FAILURES_KEPT = timedelta(hours=1)
LONGEST_ADDRESS = 100

HASHES_AT_ONCE = 2
HASHES_WAITING = 8
BUSY_SECONDS = 2

# 19 MiB on one lane, as OWASP recommends: a sign-in must not be a way to exhaust a web process.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_hashing = BoundedSemaphore(HASHES_AT_ONCE)
_waiting = BoundedSemaphore(HASHES_AT_ONCE + HASHES_WAITING)


def hash_secret(secret: str) -> str:
    """Return the argon2 hash of `secret`."""
    return _hasher.hash(secret)


def verify_secret(secret: str, stored_hash: str | None) -> bool:
    """Return whether `secret` has the stored hash; a missing hash never matches.

    A missing hash takes as long as a wrong secret, so the time does not tell whether a name exists.
    Raise `TooManyAttempts` while many other secrets wait to be verified.
    """
    if not _waiting.acquire(blocking=False):
        raise TooManyAttempts(
            "too many sign-ins at the same time",
            retry_after=BUSY_SECONDS,
            remedy="try again in a moment",
        )

    try:
        with _hashing:
            _hasher.verify(stored_hash or _unmatched_hash(), secret)
    except VerificationError:
        return False
    finally:
        _waiting.release()

    return stored_hash is not None


def needs_new_hash(stored_hash: str) -> bool:
    """Return whether a hash was made with other parameters than those in use."""
    return _hasher.check_needs_rehash(stored_hash)


def check_lockout(session: Session, *, client_id: str, address: str, now: datetime) -> bool:
    """Return whether this client failed to authenticate from this address before.

    Raise `TooManyAttempts` while the pair is locked. The client at another address is not affected.
    """
    rows = fetch(
        session,
        "SELECT locked_until FROM administration.client_auth_failure"
        " WHERE client_hash = %s AND address = %s",
        failure_key(client_id, address),
    )
    if not rows:
        return False

    [(locked_until,)] = rows
    if locked_until is None or locked_until <= now:
        return True

    seconds = ceil((locked_until - now).total_seconds())
    raise TooManyAttempts(
        f"{FAILURES_BEFORE_LOCK} wrong secrets in a row were sent for this client"
        " from this address",
        retry_after=seconds,
        where="client_secret",
        remedy=f"try again in {seconds} s, with the right secret",
    )


def record_failure(session: Session, *, client_id: str, address: str, now: datetime) -> None:
    """Count a wrong secret; every eighth in a row locks the pair of client and address.

    Unknown clients are counted as well, so a response does not tell whether a client exists.
    """
    execute(
        session,
        "INSERT INTO administration.client_auth_failure AS f"
        " (client_hash, address, failures, failed_at) VALUES (%s, %s, 1, %s)"
        " ON CONFLICT (client_hash, address) DO UPDATE SET failures = f.failures + 1,"
        " failed_at = excluded.failed_at, locked_until = CASE WHEN (f.failures + 1) %% %s = 0"
        " THEN excluded.failed_at + %s ELSE f.locked_until END",
        (*failure_key(client_id, address), now, FAILURES_BEFORE_LOCK, LOCK),
    )


def reset_failures(session: Session, *, client_id: str, address: str) -> None:
    """Forget the failures of a client that has authenticated."""
    execute(
        session,
        "DELETE FROM administration.client_auth_failure WHERE client_hash = %s AND address = %s",
        failure_key(client_id, address),
    )


def delete_old_failures(session: Session, now: datetime) -> None:
    """Delete failures that were followed by no other for an hour."""
    execute(
        session,
        "DELETE FROM administration.client_auth_failure WHERE failed_at < %s",
        (now - FAILURES_KEPT,),
    )


@cache
def _unmatched_hash() -> str:
    """Return the hash of a random secret."""
    return _hasher.hash(secrets.token_hex())


def failure_key(client_id: str, address: str) -> tuple[bytes, str]:
    """Return a key of bounded size, whatever is sent as a client id."""
    client_hash = sha256(client_id.encode(errors="surrogatepass")).digest()
    return client_hash, address[:LONGEST_ADDRESS]
