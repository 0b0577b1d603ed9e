"""Idempotency keys: a repeated request gets the stored response and changes nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from openiom.kernel import Refused
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import to_json_text


def stored_response(
    session: Session, *, principal: str, key: str, digest: str
) -> dict[str, Any] | None:
    """Return the response to this request, or None when it is new.

    Concurrent requests with one key wait for each other. Raise `Refused` when the key was used for
    another request (`digest` is of the request's body).
    """
    lock = f"orders:{principal}:{key}"
    execute(session, "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (lock,))
    rows = fetch(
        session,
        "SELECT digest, response FROM orders.idempotency_key WHERE principal = %s AND key = %s",
        (principal, key),
    )
    if not rows:
        return None

    stored_digest, response = rows[0]
    if stored_digest != digest:
        raise Refused(
            "this idempotency key was used for another request",
            where="Idempotency-Key",
            remedy="use a new key for a new request; repeat the first request to get its response",
        )

    return dict(response)


def store_response(
    session: Session,
    *,
    principal: str,
    key: str,
    digest: str,
    response: Mapping[str, Any],
    now: datetime,
) -> None:
    """Store the response to a request."""
    execute(
        session,
        "INSERT INTO orders.idempotency_key (principal, key, digest, response, stored_at)"
        " VALUES (%s, %s, %s, %s::jsonb, %s)",
        (principal, key, digest, to_json_text(response), now),
    )
