"""Tokens whose provider calls are all final."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.orchestration.runtime.token_store import read_columns
from openiom.orchestration.token import Token
from openiom.platform.bulk import execute, fetch_as

_COMPLETED = """
WITH completed AS (
    SELECT p.token_id, bool_or(p.state = 'failed') AS failed, max(p.duration_ms) AS duration_ms,
           count(*) AS calls, max(p.attempts) AS attempts,
           array_remove(array_agg(nullif(p.external_id, '') ORDER BY p.id), NULL) AS external_ids,
           string_agg(DISTINCT p.error ->> 'what', '; ') FILTER (WHERE p.state = 'failed')
               AS reason
    FROM orchestration.provider_call p
    JOIN orchestration.token t ON t.id = p.token_id AND t.step = p.step
     AND t.generation = p.generation
    WHERE p.token_id = ANY(%s) AND t.state = 'waiting'
    GROUP BY p.token_id
    HAVING bool_and(p.state IN ('done', 'failed', 'canceled'))
)
"""
_STEP_RESULT = """
jsonb_build_object(
    'port', CASE WHEN c.failed THEN 'failed' ELSE 'succeeded' END,
    'reason', coalesce(c.reason, ''), 'duration_ms', c.duration_ms,
    'details', jsonb_build_object('calls', c.calls, 'attempts', c.attempts,
                                  'external_ids', to_jsonb(c.external_ids)))
"""
_READ = ", ".join(
    name for name in read_columns("t").split(", ") if name not in ("t.state", "t.step_result")
)


def completed_tokens(session: Session, token_ids: Collection[UUID]) -> list[Token]:
    """Return those of these tokens whose calls are all final, with the result of their step.

    The tokens must be locked. Their rows are not changed.
    """
    return fetch_as(
        session,
        Token,
        f"{_COMPLETED} SELECT {_READ}, 'ready' AS state, {_STEP_RESULT} AS step_result"
        " FROM orchestration.token t JOIN completed c ON c.token_id = t.id ORDER BY t.id",
        (list(token_ids),),
    )


def release_tokens(session: Session, token_ids: Collection[UUID], *, now: datetime) -> int:
    """Make tokens due whose calls are all final; return how many.

    They leave by `failed` if any call failed, else by `succeeded`.
    """
    if not token_ids:
        return 0

    return execute(
        session,
        f"{_COMPLETED} UPDATE orchestration.token t SET state = 'ready', due_at = %s,"
        f" step_result = {_STEP_RESULT} FROM completed c WHERE t.id = c.token_id",
        (list(token_ids), now),
    )
