"""The tokens' table: claim, read and write many tokens with one statement each."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.orchestration.token import Token
from openiom.platform.bulk import copy_rows, execute, fetch_as
from openiom.platform.database import to_json_text

from .columns import Record, columns_of

_READ_COLUMNS = (
    "id",
    "run_id",
    "flow_version_id",
    "subject_id",
    "root_id",
    "step",
    "state",
    "step_result",
    "split_path",
    "since_id",
    "consumed_event_ids",
    "generation",
    "entered_at",
)
_INSERT_COLUMNS = (
    "id",
    "run_id",
    "flow_version_id",
    "subject_id",
    "root_id",
    "step",
    "state",
    "due_at",
    "awaits",
    "split_path",
    "since_id",
    "consumed_event_ids",
    "generation",
    "error",
    "entered_at",
)

_UPDATE = """
UPDATE orchestration.token t
SET step = n.step, state = n.state, due_at = n.due_at, step_result = NULL,
    awaits = string_to_array(n.awaits, ','), split_path = string_to_array(n.split_path, ','),
    consumed_event_ids = string_to_array(n.consumed_event_ids, ',')::bigint[],
    generation = n.generation, error = n.error::jsonb, entered_at = n.entered_at
FROM unnest(%(id)s::uuid[], %(step)s::text[], %(state)s::text[], %(due_at)s::timestamptz[],
            %(awaits)s::text[], %(split_path)s::text[], %(consumed_event_ids)s::text[],
            %(generation)s::int[], %(error)s::text[], %(entered_at)s::timestamptz[])
     AS n(id, step, state, due_at, awaits, split_path, consumed_event_ids, generation, error,
          entered_at)
WHERE t.id = n.id
"""


def read_columns(alias: str) -> str:
    """Return the columns that a `Token` is read from, of a table with this alias."""
    return ", ".join(f"{alias}.{name}" for name in _READ_COLUMNS)


def claim_due_tokens(session: Session, *, now: datetime, limit: int) -> list[Token]:
    """Lock and return due tokens, oldest first; tokens locked by another batch are skipped."""
    return fetch_as(
        session,
        Token,
        f"SELECT {read_columns('t')} FROM orchestration.token t WHERE t.due_at <= %s"
        " ORDER BY t.due_at, t.id LIMIT %s FOR UPDATE SKIP LOCKED",
        (now, limit),
        prepare=False,
    )


def read_siblings(
    session: Session, run_ids: Sequence[UUID], *, claimed: Sequence[UUID]
) -> list[Token]:
    """Return the tokens of these flow runs that were not claimed."""
    tokens = fetch_as(
        session,
        Token,
        f"SELECT {read_columns('t')} FROM orchestration.token t"
        " WHERE t.run_id = ANY(%s) AND t.id <> ALL(%s) ORDER BY t.id",
        (list(run_ids), list(claimed)),
    )
    for token in tokens:
        token.is_sibling = True

    return tokens


def lock_tokens(session: Session, run_ids: Sequence[UUID]) -> list[Token]:
    """Lock and return the tokens of these flow runs. All code locks tokens in the order of ids."""
    return fetch_as(
        session,
        Token,
        f"SELECT {read_columns('t')} FROM orchestration.token t WHERE t.run_id = ANY(%s)"
        " ORDER BY t.id FOR UPDATE",
        (list(run_ids),),
    )


def store_tokens(session: Session, tokens: Sequence[Token]) -> None:
    """Write tokens: insert the new ones, delete those that ended, update the others."""
    by_change: dict[str, list[Token]] = {"insert": [], "update": [], "delete": [], "": []}
    for token in tokens:
        by_change[_change_of(token)].append(token)
    _update_tokens(session, by_change["update"])
    insert_tokens(session, by_change["insert"])
    _delete_tokens(session, [token.id for token in by_change["delete"]])


def _change_of(token: Token) -> str:
    """Return how to write a token; empty when it ended without having been written."""
    if token.has_ended:
        return "" if token.is_new else "delete"
    return "insert" if token.is_new else "update"


def insert_tokens(session: Session, tokens: Sequence[Token]) -> None:
    """Insert tokens that have no row yet."""
    rows = map(itemgetter(*_INSERT_COLUMNS), map(_insert_record, tokens))
    copy_rows(session, "orchestration.token", _INSERT_COLUMNS, rows)


def _insert_record(token: Token) -> Record:
    return {
        "id": token.id,
        "run_id": token.run_id,
        "flow_version_id": token.flow_version_id,
        "subject_id": token.subject_id,
        "root_id": token.root_id,
        "step": token.step,
        "state": token.state,
        "due_at": token.due_at,
        "awaits": list(token.awaits) or None,
        "split_path": list(token.split_path),
        "since_id": token.since_id,
        "consumed_event_ids": list(token.consumed_event_ids),
        "generation": token.generation,
        "error": _json_or_none(token.error),
        "entered_at": token.entered_at,
    }


def _update_tokens(session: Session, tokens: Sequence[Token]) -> None:
    if tokens:
        execute(session, _UPDATE, columns_of(map(_update_record, tokens)))


def _update_record(token: Token) -> Record:
    return {
        "id": token.id,
        "step": token.step,
        "state": token.state,
        "due_at": token.due_at,
        "awaits": ",".join(token.awaits) or None,
        "split_path": ",".join(token.split_path),
        "consumed_event_ids": ",".join(map(str, token.consumed_event_ids)),
        "generation": token.generation,
        "error": _json_or_none(token.error),
        "entered_at": token.entered_at,
    }


def _delete_tokens(session: Session, ids: Sequence[UUID]) -> None:
    if ids:
        execute(session, "DELETE FROM orchestration.token WHERE id = ANY(%s)", (list(ids),))


def _json_or_none(value: Mapping[str, Any] | None) -> str | None:
    return to_json_text(value) if value else None


def hold_tokens(session: Session, tokens: Sequence[Token]) -> None:
    """Hold tokens until their flow is resumed; a wait or delay that was over stays over."""
    execute(
        session,
        "UPDATE orchestration.token SET state = 'held', due_at = NULL, step_result = CASE"
        " WHEN state = 'waiting' THEN '{\"due\": true}' ELSE step_result END WHERE id = ANY(%s)",
        ([token.id for token in tokens],),
    )


def resume_tokens(session: Session, flows: Sequence[str]) -> int:
    """Make the held tokens of these flows due in the order in which they arrived."""
    return execute(
        session,
        "UPDATE orchestration.token t SET due_at = t.entered_at,"
        " state = CASE WHEN t.step_result ? 'due' THEN 'waiting' ELSE 'ready' END,"
        " step_result = CASE WHEN t.step_result ? 'due' THEN NULL ELSE t.step_result END"
        " FROM orchestration.flow_version v WHERE v.id = t.flow_version_id"
        " AND v.name = ANY(%s) AND t.state = 'held'",
        (list(flows),),
    )


def retry_tokens(session: Session, ids: Sequence[UUID], *, now: datetime) -> None:
    """Let failed tokens enter their step again."""
    execute(
        session,
        "UPDATE orchestration.token SET state = 'ready', due_at = %s, error = NULL,"
        " awaits = NULL, step_result = NULL WHERE id = ANY(%s)",
        (now, list(ids)),
    )


def skip_tokens(session: Session, ports: Mapping[UUID, str], *, now: datetime) -> None:
    """Let tokens leave their step by the port given for each."""
    execute(
        session,
        "UPDATE orchestration.token t SET state = 'ready', due_at = %s, error = NULL,"
        " awaits = NULL, step_result = jsonb_build_object('port', n.port, 'reason',"
        " 'skipped by hand')"
        " FROM unnest(%s::uuid[], %s::text[]) AS n(id, port) WHERE t.id = n.id",
        (now, list(ports), list(ports.values())),
    )


def delete_tokens_of_runs(session: Session, run_ids: Collection[UUID]) -> None:
    """Delete every token of these flow runs."""
    execute(session, "DELETE FROM orchestration.token WHERE run_id = ANY(%s)", (list(run_ids),))


def fail_tokens(
    session: Session, ids: Sequence[UUID], problem: Mapping[str, str], *, states: Sequence[str]
) -> None:
    """Stop those of these tokens that are in one of `states`; their flow runs fail, too."""
    execute(
        session,
        "WITH stopped AS (UPDATE orchestration.token SET state = 'failed', due_at = NULL,"
        " awaits = NULL, error = %s::jsonb WHERE id = ANY(%s)"
        " AND state = ANY(%s) RETURNING run_id)"
        " UPDATE orchestration.flow_run SET state = 'failed'"
        " WHERE id IN (SELECT run_id FROM stopped) AND state = 'running'",
        (to_json_text(problem), list(ids), list(states)),
    )
