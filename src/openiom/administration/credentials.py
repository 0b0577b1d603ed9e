"""Secrets are kept as argon2 hashes, and guessing them is slowed down."""

import secrets
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from math import ceil

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy.orm import Session

from openiom.kernel import TooManyAttempts
from openiom.platform.bulk import execute, fetch

MANY_FAILURES = 8
LOCK = timedelta(minutes=1)
FORGOTTEN = timedelta(hours=1)
LONGEST_ADDRESS = 100
_hasher = PasswordHasher()


def hash_secret(secret: str) -> str:
    return _hasher.hash(secret)


@cache
def _nobody() -> str:
    """A secret nobody has, so that a name nobody knows takes as long to refuse as a wrong secret."""
    return _hasher.hash(secrets.token_hex())


def verify_secret(secret: str, kept: str | None) -> bool:
    """Whether `kept` is the hash of `secret`; None is nobody's."""
    try:
        _hasher.verify(kept or _nobody(), secret)
    except VerificationError:
        return False
    return kept is not None


def check_lockout(session: Session, *, client_id: str, address: str, now: datetime) -> bool:
    """Whether wrong secrets were sent for this client from this address. Raises TooManyAttempts while it is locked.

    Nobody else is shut out: the client itself, at another address, goes on.
    """
    found = fetch(
        session,
        "SELECT locked_until FROM administration.client_auth_failure WHERE client_hash = %s AND address = %s",
        _key(client_id, address),
    )
    until = found[0][0] if found else None
    if until is not None and until > now:
        seconds = ceil((until - now).total_seconds())
        what = f"{MANY_FAILURES} wrong secrets in a row were sent for this client from this address"
        raise TooManyAttempts(
            what,
            retry_after=seconds,
            where="client_secret",
            remedy=f"try again in {seconds} s, with the right secret",
        )
    return bool(found)


def record_failure(session: Session, *, client_id: str, address: str, now: datetime) -> None:
    """One more wrong secret. Clients nobody knows are counted alike, so that an answer tells nothing about them."""
    execute(
        session,
        "INSERT INTO administration.client_auth_failure AS f (client_hash, address, failures, failed_at)"
        " VALUES (%s, %s, 1, %s) ON CONFLICT (client_hash, address) DO UPDATE SET failures = f.failures + 1,"
        " failed_at = excluded.failed_at, locked_until = CASE WHEN (f.failures + 1) %% %s = 0"
        " THEN excluded.failed_at + %s ELSE f.locked_until END",
        (*_key(client_id, address), now, MANY_FAILURES, LOCK),
    )


def reset_failures(session: Session, *, client_id: str, address: str) -> None:
    execute(
        session,
        "DELETE FROM administration.client_auth_failure WHERE client_hash = %s AND address = %s",
        _key(client_id, address),
    )


def delete_old_failures(session: Session, now: datetime) -> None:
    execute(
        session,
        "DELETE FROM administration.client_auth_failure WHERE failed_at < %s",
        (now - FORGOTTEN,),
    )


def _key(client_id: str, address: str) -> tuple[bytes, str]:
    """Of a fixed size, whatever somebody sends as a client id."""
    return sha256(client_id.encode(errors="surrogatepass")).digest(), address[:LONGEST_ADDRESS]
