"""Idempotency keys: a repeated request gets the stored response and changes nothing."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from openiom.kernel import Refused
from openiom.platform.bulk import execute, fetch_as
from openiom.platform.database import to_json_text

# Every transaction locks its keys in one order, so that none waits in a circle.
_LOCK = """
SELECT pg_advisory_xact_lock(lock) FROM (
  SELECT DISTINCT hashtextextended(name, 0) AS lock FROM unnest(%s::text[]) AS name ORDER BY lock
) locks
"""
_FIND = """
SELECT k.principal, k.key, k.digest, k.response
FROM unnest(%(principal)s::text[], %(key)s::text[]) AS u(principal, key)
JOIN orders.idempotency_key k ON k.principal = u.principal AND k.key = u.key
"""
_STORE = """
INSERT INTO orders.idempotency_key (principal, key, digest, response, stored_at)
SELECT u.principal, u.key, u.digest, u.response::jsonb, %(now)s
FROM unnest(%(principal)s::text[], %(key)s::text[], %(digest)s::text[], %(response)s::text[])
  AS u(principal, key, digest, response)
"""


class KeyedRequest(NamedTuple):
    """A request with an idempotency key; `digest` is of its body."""

    principal: str
    key: str
    digest: str

    @property
    def identity(self) -> tuple[str, str]:
        return self.principal, self.key


class StoredResponse(NamedTuple):
    """The response to a request with an idempotency key."""

    principal: str
    key: str
    digest: str
    response: Mapping[str, Any]

    def to(self, request: KeyedRequest) -> Mapping[str, Any]:
        """Return the response to this request. Raise `Refused` if its key was used for another."""
        check_same(self.digest, request)
        return self.response


def check_same(digest: str, request: KeyedRequest) -> None:
    """Raise `Refused` unless a request is the one with this digest, which has used its key."""
    if request.digest != digest:
        raise Refused(
            "this idempotency key was used for another request",
            where="Idempotency-Key",
            remedy="use a new key for a new request; repeat the first request to get its response",
        )


def stored_responses(
    session: Session, requests: Sequence[KeyedRequest]
) -> dict[tuple[str, str], StoredResponse]:
    """Return the stored responses to those of the requests that are not new, by their identity.

    Concurrent requests with one key wait for each other.
    """
    if not requests:
        return {}

    locks = [f"orders:{request.principal}:{request.key}" for request in requests]
    execute(session, _LOCK, (locks,))
    parameters = {
        "principal": [request.principal for request in requests],
        "key": [request.key for request in requests],
    }
    found = fetch_as(session, StoredResponse, _FIND, parameters)
    return {(stored.principal, stored.key): stored for stored in found}


def store_responses(
    session: Session, responses: Sequence[tuple[KeyedRequest, Mapping[str, Any]]], *, now: datetime
) -> None:
    """Store the responses to requests."""
    if not responses:
        return

    columns: dict[str, list[str]] = {"principal": [], "key": [], "digest": [], "response": []}
    for request, response in responses:
        columns["principal"].append(request.principal)
        columns["key"].append(request.key)
        columns["digest"].append(request.digest)
        columns["response"].append(to_json_text(response))

    execute(session, _STORE, {**columns, "now": now})


def stored_response(
    session: Session, *, principal: str, key: str, digest: str
) -> dict[str, Any] | None:
    """Return the response to this request, or None when it is new.

    Concurrent requests with one key wait for each other. Raise `Refused` when the key was used for
    another request (`digest` is of the request's body).
    """
    request = KeyedRequest(principal, key, digest)
    stored = stored_responses(session, [request]).get(request.identity)
    return None if stored is None else dict(stored.to(request))


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
    store_responses(session, [(KeyedRequest(principal, key, digest), response)], now=now)
