"""The table of document versions, and its reads and writes."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    ColumnElement,
    DateTime,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    any_,
    func,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from openiom.kernel import NotFound
from openiom.platform.bulk import escape_like, execute, fetch
from openiom.platform.database import Base, to_json_text

from .comparison import digest

_APPLY_LOCK = 7_205_114


class ConfigurationDocument(Base):
    """One version of one document; a deletion is a version of its own."""

    __tablename__ = "configuration_document"
    __table_args__ = (
        UniqueConstraint("kind", "name", "version"),
        Index(
            "ix_configuration_document_current",
            "kind",
            "name",
            unique=True,
            postgresql_where=text("current"),
        ),
        {"schema": "platform"},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    current: Mapped[bool] = mapped_column(Boolean)
    deleted: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    digest: Mapped[str] = mapped_column(Text)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor: Mapped[str] = mapped_column(Text)


@dataclass(frozen=True, slots=True)
class Document:
    """One version of one document."""

    kind: str
    name: str
    version: int
    body: dict[str, Any]


class LastChange(NamedTuple):
    """When and by whom documents were changed last."""

    at: datetime
    actor: str


def current_documents(
    session: Session, kind: str, *, names: Sequence[str] | None = None
) -> list[Document]:
    """Return the current version of each document of a kind, of these names only when given."""
    table = ConfigurationDocument
    query = select(table).where(table.kind == kind, table.current, ~table.deleted)
    if names is not None:
        query = query.where(_is_one_of(names))

    rows = session.scalars(query.order_by(table.name))
    return [Document(row.kind, row.name, row.version, row.body) for row in rows]


def get_document(session: Session, kind: str, name: str, *, version: int | None = None) -> Document:
    """Return one document, its current version by default. Raise `NotFound`."""
    table = ConfigurationDocument
    query = select(table).where(table.kind == kind, table.name == name)
    if version is None:
        query = query.where(table.current, ~table.deleted)
    else:
        query = query.where(table.version == version)

    row = session.scalars(query).one_or_none()
    if row is None:
        wanted = f" in version {version}" if version else ""
        raise NotFound(f"no {kind} named {name}{wanted}")

    return Document(row.kind, row.name, row.version, row.body)


def find_document(session: Session, kind: str, name: str) -> Document | None:
    """Return the current version of one document, None when there is none."""
    found = current_documents(session, kind, names=[name])
    return found[0] if found else None


def existing_documents(
    session: Session, documents: Collection[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Return those of these (kind, name) that have a current document."""
    rows = fetch(
        session,
        "SELECT w.kind, w.name FROM unnest(%s::text[], %s::text[]) AS w(kind, name)"
        " WHERE EXISTS (SELECT FROM platform.configuration_document d"
        "   WHERE d.kind = w.kind AND d.name = w.name AND d.current AND NOT d.deleted)",
        ([kind for kind, _ in documents], [name for _, name in documents]),
    )
    return {(kind, name) for kind, name in rows}


def documents_containing(
    session: Session, kind: str, bodies: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Return the names of the current documents of a kind that contain one of these bodies."""
    rows = fetch(
        session,
        "SELECT d.name FROM platform.configuration_document d"
        " WHERE d.kind = %s AND d.current AND NOT d.deleted"
        " AND d.body @> ANY(%s::jsonb[]) ORDER BY d.name",
        (kind, [to_json_text(body) for body in bodies]),
    )
    return [name for (name,) in rows]


def current_bodies(
    session: Session, kinds: Collection[str]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the bodies of all current documents of these kinds by kind and name.

    Every kind is present; documents are in the order in which their current versions were stored.
    """
    rows = fetch(
        session,
        "SELECT kind, name, body FROM platform.configuration_document"
        " WHERE current AND NOT deleted AND kind = ANY(%s) ORDER BY id",
        (list(kinds),),
    )
    bodies: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in kinds}

    for kind, name, body in rows:
        bodies[kind][name] = body

    return bodies


def search_documents(
    session: Session, kind: str, words: str, *, label_fields: Sequence[str], limit: int
) -> list[tuple[str, str]]:
    """Return the name and label of current documents whose name or label contains `words`.

    The label is the first of `label_fields` that a body has, empty when it has none.
    """
    pattern = "%" + escape_like(words) + "%"
    rows = fetch(
        session,
        "SELECT name, label FROM (SELECT name, coalesce((SELECT d.body->>f.field"
        "   FROM unnest(%s::text[]) WITH ORDINALITY f(field, place) WHERE d.body ? f.field"
        "   ORDER BY f.place LIMIT 1), '') AS label"
        "   FROM platform.configuration_document d"
        "   WHERE d.kind = %s AND d.current AND NOT d.deleted) labeled"
        " WHERE name ILIKE %s OR label ILIKE %s ORDER BY name LIMIT %s",
        (list(label_fields), kind, pattern, pattern, limit),
    )
    return [(name, label) for name, label in rows]


def latest_bodies(session: Session, kind: str, names: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return the newest bodies by name, including those of deleted documents."""
    rows = fetch(
        session,
        "SELECT name, body FROM platform.configuration_document"
        " WHERE kind = %s AND name = ANY(%s) AND current",
        (kind, list(names)),
    )
    return dict(rows)


def last_change(session: Session, kind: str, names: Collection[str] | None = None) -> LastChange:
    """Return the last change of a kind's documents, of these names only when given.

    Raise `NotFound` when there never was such a document.
    """
    wanted = None if names is None else list(names)
    rows = fetch(
        session,
        "SELECT recorded_at, actor FROM platform.configuration_document WHERE kind = %s"
        " AND (%s::text[] IS NULL OR name = ANY(%s)) ORDER BY id DESC LIMIT 1",
        (kind, wanted, wanted),
    )
    if not rows:
        raise NotFound(f"no {kind} has been stored")

    return LastChange(*rows[0])


def current_names(session: Session, kind: str) -> list[str]:
    """Return the names of all current documents of a kind."""
    rows = fetch(
        session,
        "SELECT name FROM platform.configuration_document"
        " WHERE kind = %s AND current AND NOT deleted ORDER BY name",
        (kind,),
    )
    return [name for (name,) in rows]


def last_versions(session: Session, kind: str, names: Sequence[str]) -> dict[str, int]:
    """Return the highest version number of each name that ever had a document."""
    table = ConfigurationDocument
    query = (
        select(table.name, func.max(table.version))
        .where(table.kind == kind, _is_one_of(names))
        .group_by(table.name)
    )
    return {name: version for name, version in session.execute(query)}


def names_at_path(
    session: Session,
    kind: str,
    path: str,
    *,
    wanted: Sequence[str],
    except_in: Sequence[str],
    limit: int,
) -> Iterator[tuple[str, str]]:
    """Yield (wanted name, document) where a document of `kind` holds the name at a JSON path."""
    rows = fetch(
        session,
        "SELECT DISTINCT held #>> '{}', d.name FROM platform.configuration_document d,"
        " jsonb_path_query(d.body, %s::jsonpath) held"
        " WHERE d.kind = %s AND d.current AND NOT d.deleted"
        " AND held #>> '{}' = ANY(%s) AND d.name <> ALL(%s)"
        " ORDER BY d.name, 1 LIMIT %s",
        (path, kind, list(wanted), list(except_in), limit),
    )
    yield from rows


def store_versions(
    session: Session,
    documents: Sequence[Document],
    *,
    at: datetime,
    actor: str,
    deleted: bool = False,
) -> None:
    """Make these versions, all of one kind, the current ones."""
    table = ConfigurationDocument
    kind, names = documents[0].kind, [document.name for document in documents]
    session.execute(
        update(table)
        .where(table.kind == kind, _is_one_of(names), table.current)
        .values(current=False)
    )

    rows: list[dict[str, Any]] = []
    for document in documents:
        rows.append(
            {
                "kind": document.kind,
                "name": document.name,
                "version": document.version,
                "current": True,
                "deleted": deleted,
                "digest": digest(document.body),
                "body": document.body,
                "recorded_at": at,
                "actor": actor,
            }
        )

    session.execute(insert(table), rows)


def lock_for_applying(session: Session) -> None:
    """Let other applications run beside this one, but no deletion, until the transaction ends."""
    execute(session, "SELECT pg_advisory_xact_lock_shared(%s)", (_APPLY_LOCK,))


def lock_for_deleting(session: Session) -> None:
    """Wait for all applications and deletions, and let none run, until the transaction ends.

    A document that is applied now may name one that is deleted now.
    """
    execute(session, "SELECT pg_advisory_xact_lock(%s)", (_APPLY_LOCK,))


def _is_one_of(names: Sequence[str]) -> ColumnElement[bool]:
    """Match names with one array: a statement accepts at most 65,535 single parameters."""
    return ConfigurationDocument.name == any_(literal(list(names), ARRAY(Text)))
