"""Tokens of one wave: claimed, carried in memory, written back with one statement each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import new_ids
from openiom.platform.bulk import copy_rows, execute, fetch
from openiom.platform.database import to_json_text


@dataclass(slots=True, eq=False)
class Token:
    """Where a flow run stands. `gone` once it ended or was absorbed; `fresh` until it has a row of its own; `beside`
    when it belongs to a flow run of the wave without having been claimed."""

    id: UUID
    run_id: UUID
    version_id: int
    subject_id: UUID
    root_id: UUID
    step: str
    state: str
    arrived: dict[str, Any] | None
    frames: tuple[str, ...]
    since_id: int
    consumed: tuple[int, ...]
    visit: int
    entered_at: datetime
    due_at: datetime | None = None
    awaits: tuple[str, ...] = ()
    error: dict[str, Any] | None = None
    fresh: bool = False
    gone: bool = False
    beside: bool = False
    entries: list[dict[str, Any]] = field(default_factory=list)

    def copy(self) -> "Token":
        """The same token with nothing done yet: what a wave changes is its own, until it is known to stand."""
        other = object.__new__(Token)
        for name in _FIELDS:
            setattr(other, name, getattr(self, name))
        other.entries = []
        return other


_FIELDS = tuple(f.name for f in fields(Token))
_NAMES = (
    *(
        "id",
        "run_id",
        "flow_version_id",
        "subject_id",
        "root_id",
        "step",
        "state",
        "arrived",
        "frames",
    ),
    *("since_id", "consumed", "visit", "entered_at"),
)


def columns(alias: str) -> str:
    """What `from_row` reads, of a token table of this name."""
    return ", ".join(f"{alias}.{name}" for name in _NAMES)


_READ = columns("token")


def claim(session: Session, *, now: datetime, limit: int) -> list[Token]:
    """Tokens that are due, oldest first, locked; those another wave holds are passed over."""
    rows = fetch(
        session,
        f"SELECT {_READ} FROM orchestration.token WHERE due_at <= %s ORDER BY due_at, id LIMIT %s"
        " FOR UPDATE SKIP LOCKED",
        (now, limit),
    )
    return [from_row(row) for row in rows]


def siblings(session: Session, run_ids: Sequence[UUID], *, but: Sequence[UUID]) -> list[Token]:
    """The other tokens of these flow runs."""
    rows = fetch(
        session,
        f"SELECT {_READ} FROM orchestration.token WHERE run_id = ANY(%s) AND id <> ALL(%s) ORDER BY id",
        (list(run_ids), list(but)),
    )
    found = [from_row(row) for row in rows]
    for token in found:
        token.beside = True
    return found


def from_row(row: Sequence[Any]) -> Token:
    (
        id,
        flow_run,
        version,
        subject,
        root,
        step,
        state,
        arrived,
        frames,
        since,
        consumed,
        visit,
        entered,
    ) = row
    return Token(
        id,
        flow_run,
        version,
        subject,
        root,
        step,
        state,
        arrived,
        tuple(frames),
        since,
        tuple(consumed),
        visit,
        entered,
    )


def split(token: Token, frame: str, count: int) -> list[Token]:
    """The token and `count - 1` new ones beside it, all inside `frame`."""
    token.frames = (*token.frames, frame)
    return (
        [token, *(replace(token, id=id, fresh=True, entries=[]) for id in new_ids(count - 1))]
        if count
        else []
    )


_COLUMNS = (
    "id",
    "run_id",
    "flow_version_id",
    "subject_id",
    "root_id",
    "step",
    "state",
    "due_at",
    "awaits",
    "frames",
    "since_id",
    "consumed",
    "visit",
    "error",
    "entered_at",
)

_UPDATE = """
UPDATE orchestration.token t
SET step = n.step, state = n.state, due_at = n.due_at, awaits = string_to_array(n.awaits, ','), arrived = NULL,
    frames = string_to_array(n.frames, ','), consumed = string_to_array(n.consumed, ',')::bigint[],
    visit = n.visit, error = n.error::jsonb, entered_at = n.entered_at
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::int[],
            %s::text[], %s::timestamptz[])
     AS n(id, step, state, due_at, awaits, frames, consumed, visit, error, entered_at)
WHERE t.id = n.id
"""


def store(session: Session, tokens: Sequence[Token]) -> None:
    """Write where the tokens stand now: new ones copied in, gone ones deleted, the others updated."""
    fresh = [t for t in tokens if t.fresh and not t.gone]
    gone = [t.id for t in tokens if t.gone and not t.fresh]
    moved = [t for t in tokens if not t.gone and not t.fresh]
    if moved:
        execute(
            session,
            _UPDATE,
            (
                array_of(str(t.id) for t in moved),
                array_of(t.step for t in moved),
                array_of(t.state for t in moved),
                [t.due_at for t in moved],
                [",".join(t.awaits) if t.awaits else None for t in moved],
                array_of(",".join(t.frames) for t in moved),
                array_of(",".join(map(str, t.consumed)) for t in moved),
                array_of(str(t.visit) for t in moved),
                [to_json_text(t.error) if t.error else None for t in moved],
                [t.entered_at for t in moved],
            ),
        )
    insert(session, fresh)
    delete(session, gone)


def array_of(words: Iterable[str]) -> str:
    """A PostgreSQL array of ids, numbers or names of ours, which hold no quote; quicker than the driver's."""
    return '{"' + '","'.join(words) + '"}'


def insert(session: Session, tokens: Sequence[Token]) -> None:
    if not tokens:
        return
    rows = (
        (
            t.id,
            t.run_id,
            t.version_id,
            t.subject_id,
            t.root_id,
            t.step,
            t.state,
            t.due_at,
            list(t.awaits) or None,
            list(t.frames),
            t.since_id,
            list(t.consumed),
            t.visit,
            to_json_text(t.error) if t.error else None,
            t.entered_at,
        )
        for t in tokens
    )
    copy_rows(session, "orchestration.token", _COLUMNS, rows)


def delete(session: Session, ids: Sequence[UUID]) -> None:
    if ids:
        execute(session, "DELETE FROM orchestration.token WHERE id = ANY(%s)", (list(ids),))
