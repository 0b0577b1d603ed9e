"""Idempotency-Key: the same request again gets the same answer, another one under the same key is refused."""

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
    """
    What this request was answered before, or None when it is new.

    Two requests of one key at once wait for each other. Raises Refused when the key was used for another request.
    """
    execute(
        session,
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
        (f"orders:{principal}:{key}",),
    )
    rows = fetch(
        session,
        "SELECT digest, answer FROM orders.idempotency_key WHERE principal = %s AND key = %s",
        (principal, key),
    )
    if not rows:
        return None
    if rows[0][0] != digest:
        raise Refused(
            "this idempotency key was used for another request",
            where="Idempotency-Key",
            remedy="use a new key for a new request; send the first request again to get its answer",
        )
    answer: dict[str, Any] = rows[0][1]
    return answer


def store_response(
    session: Session,
    *,
    principal: str,
    key: str,
    digest: str,
    answer: Mapping[str, Any],
    now: datetime,
) -> None:
    """Remember what a request was answered."""
    execute(
        session,
        "INSERT INTO orders.idempotency_key (principal, key, digest, answer, at) VALUES (%s, %s, %s, %s::jsonb, %s)",
        (principal, key, digest, to_json_text(answer), now),
    )
