"""The tables of flows and flow runs, as execution reads and writes them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import execute, fetch_as, fetch_column


@dataclass(frozen=True, slots=True)
class _JoinedSplits:
    id: UUID
    joined_splits: list[str]


_PAUSED = "SELECT name FROM orchestration.flow WHERE paused AND name = ANY(%s)"


def lock_paused_flows(session: Session, names: Collection[str]) -> set[str]:
    """Return which of these flows are paused, and lock them.

    A resume waits for the lock, so it sees every token that is held because of this result.
    """
    if not names:
        return set()

    found = fetch_column(session, _PAUSED, (list(names),))
    if not found:
        return set()

    return set(fetch_column(session, f"{_PAUSED} ORDER BY name FOR SHARE", (found,)))


def lock_runs(session: Session, run_ids: Collection[UUID]) -> set[UUID]:
    """Lock flow runs, skipping those that another transaction has locked; return the locked."""
    if not run_ids:
        return set()

    locked = fetch_column(
        session,
        "SELECT id FROM orchestration.flow_run WHERE id = ANY(%s) ORDER BY id"
        " FOR UPDATE SKIP LOCKED",
        (list(run_ids),),
    )
    return set(locked)


def read_joined(session: Session, run_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Return the joins whose first branch has passed, by flow run."""
    rows = fetch_as(
        session,
        _JoinedSplits,
        "SELECT id, joined_splits FROM orchestration.flow_run"
        " WHERE id = ANY(%s) AND joined_splits <> '{}'",
        (list(run_ids),),
    )
    return {row.id: row.joined_splits for row in rows}


def mark_failed(session: Session, run_ids: Collection[UUID]) -> None:
    """Mark running flow runs as failed."""
    if run_ids:
        execute(
            session,
            "UPDATE orchestration.flow_run SET state = 'failed'"
            " WHERE id = ANY(%s) AND state = 'running'",
            (list(run_ids),),
        )


def mark_running(session: Session, run_ids: Collection[UUID]) -> None:
    """Mark failed flow runs without a failed token as running."""
    if run_ids:
        execute(
            session,
            "UPDATE orchestration.flow_run r SET state = 'running'"
            " WHERE r.id = ANY(%s) AND r.state = 'failed' AND NOT EXISTS (SELECT 1"
            " FROM orchestration.token t WHERE t.run_id = r.id AND t.state = 'failed')",
            (list(run_ids),),
        )


def complete_ended(session: Session, run_ids: Collection[UUID], *, now: datetime) -> None:
    """Mark flow runs without a token as completed."""
    if run_ids:
        execute(
            session,
            "UPDATE orchestration.flow_run r SET state = 'completed', finished_at = %s"
            " WHERE r.id = ANY(%s) AND NOT EXISTS"
            " (SELECT 1 FROM orchestration.token t WHERE t.run_id = r.id)",
            (now, list(run_ids)),
        )


def append_joined(session: Session, joined: Mapping[UUID, Sequence[str]]) -> None:
    """Record joins whose first branch has passed."""
    if joined:
        execute(
            session,
            "UPDATE orchestration.flow_run r"
            " SET joined_splits = r.joined_splits || string_to_array(n.joins, ',')"
            " FROM unnest(%s::uuid[], %s::text[]) AS n(id, joins) WHERE r.id = n.id",
            (list(joined), [",".join(joins) for joins in joined.values()]),
        )


def cancel_runs(session: Session, run_ids: Collection[UUID], *, now: datetime) -> set[UUID]:
    """Mark flow runs that have not ended as canceled; return which."""
    canceled = fetch_column(
        session,
        "UPDATE orchestration.flow_run SET state = 'canceled', finished_at = %s"
        " WHERE id = ANY(%s) AND state IN ('running', 'failed') RETURNING id",
        (now, list(run_ids)),
    )
    return set(canceled)
