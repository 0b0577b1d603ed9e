"""
Everything a user configures is a document: versioned, with a logical name, a schema, and one way in.

A room registers a `DocumentKind`; the API, the command line and a Git repository all go through `apply_documents`.
References between documents are logical names. A new version is written only when the body really changed. What
other documents or data still need is not removed: a kind says where in its bodies names of other documents stand.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from pydantic import BaseModel, ValidationError
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

from openiom.kernel import Invalid, NotFound, Problem, Refused

from .bulk import execute, fetch, fetch_as
from .database import Base, to_json


class ConfigurationDocument(Base):
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
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor: Mapped[str] = mapped_column(Text)


@dataclass(frozen=True, slots=True)
class Document:
    """One version of one document, as read back."""

    kind: str
    name: str
    version: int
    body: dict[str, Any]


Keep = Callable[[Session, Sequence[str]], Sequence[Problem]]
_LOCK = 7_205_114
_SHOWN = 50


@dataclass(frozen=True)
class DocumentKind:
    """What a room lets users configure.

    schema    pydantic model of the body; unknown fields are refused
    check     (session, name, body) -> problems that only other documents can reveal
    applied   (session, documents) -> None, after new versions are stored: refresh the room's read model
    order     kinds are applied in ascending order, so that references exist
    removed   (session, names) -> None, after documents were taken out of use: refresh the room's read model
    uses      other kind -> JSON paths of this kind's body where names of that kind stand
    mentions  body -> (other kind, name, where) of names that stand where no path leads
    keep      (session, names) -> why these may not be removed although no document names them, e.g. stock at a source
    seal      body -> body before storing, e.g. to encrypt secrets
    expose    body -> body for reading and export, e.g. to mask secrets
    """

    name: str
    schema: type[BaseModel]
    order: int = 50
    check: Callable[[Session, str, dict[str, Any]], Sequence[Problem]] | None = None
    on_apply: Callable[[Session, Sequence[Document]], None] | None = None
    on_delete: Callable[[Session, Sequence[str]], None] | None = None
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    find_references: Callable[[dict[str, Any]], Iterable[tuple[str, str, str]]] | None = None
    deletion_guard: Keep | None = None
    encrypt: Callable[[dict[str, Any], dict[str, Any] | None], dict[str, Any]] | None = None
    redact: Callable[[dict[str, Any]], dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Change:
    kind: str
    name: str
    change: Literal["added", "changed", "unchanged", "removed"]
    version: int
    paths: tuple[str, ...] = ()


@dataclass
class Configuration:
    """The kinds this product knows. Made by `build()`; handed to whoever reads or writes documents."""

    kinds: dict[str, DocumentKind] = field(default_factory=dict)
    deletion_guards: dict[str, list[Keep]] = field(default_factory=lambda: defaultdict(list))

    def add_deletion_guard(self, kind: str, keep: Keep) -> None:
        """One more look before documents of a kind are removed: at data of rooms the kind's own room does not know."""
        self.deletion_guards[kind].append(keep)

    def register(self, *kinds: DocumentKind) -> None:
        for kind in kinds:
            self.kinds[kind.name] = kind

    def kind(self, name: str) -> DocumentKind:
        if name not in self.kinds:
            raise NotFound(
                f"no document kind {name!r}", remedy="known kinds: " + ", ".join(sorted(self.kinds))
            )
        return self.kinds[name]

    def apply(
        self,
        session: Session,
        documents: Iterable[Mapping[str, Any]],
        *,
        at: datetime,
        actor: str,
        dry: bool = False,
        prune: bool = False,
    ) -> list[Change]:
        """Store `{"kind", "name", "body"}` documents, all or none; `dry` only says what would change.

        `prune` removes the documents of these kinds that are not among them.
        Raises Invalid with every problem of every document at once, Refused when something pruned is in use.
        """
        wanted = sorted(
            ((self.kind(d["kind"]), str(d["name"]), dict(d["body"])) for d in documents),
            key=lambda item: item[0].order,
        )
        _check_once((kind.name, name) for kind, name, _ in wanted)
        self._check_schemas(wanted)
        if not dry:
            # Whoever removes waits for those who may be about to name what it removes, and they for it.
            execute(
                session, f"SELECT pg_advisory_xact_lock{'' if prune else '_shared'}(%s)", (_LOCK,)
            )
        changes: list[Change] = []
        for kind in dict.fromkeys(item[0].name for item in wanted):
            group = [(name, body) for k, name, body in wanted if k.name == kind]
            changes += self._apply_kind(
                session, self.kinds[kind], group, at=at, actor=actor, dry=dry
            )
        if prune:
            given = {(kind.name, name) for kind, name, _ in wanted}
            there = [
                (kind, name)
                for kind in {k for k, _ in given}
                for name in _current_names(session, kind)
            ]
            gone = [one for one in there if one not in given]
            if dry:  # what else would change may free them; only a real run can tell
                return [*changes, *_removals(session, gone)]
            changes += self.remove(session, gone, at=at, actor=actor)
        return changes

    def _check_schemas(self, wanted: Sequence[tuple[DocumentKind, str, dict[str, Any]]]) -> None:
        problems = []
        for kind, name, body in wanted:
            try:
                kind.schema.model_validate(body)
            except ValidationError as error:
                problems += [
                    Problem(
                        f"{kind.name} {name}, {'.'.join(map(str, e['loc'])) or 'body'}", e["msg"]
                    )
                    for e in error.errors()
                ]
        if problems:
            raise Invalid("these documents cannot be applied", problems=problems)

    def _apply_kind(
        self,
        session: Session,
        kind: DocumentKind,
        group: Sequence[tuple[str, dict[str, Any]]],
        *,
        at: datetime,
        actor: str,
        dry: bool,
    ) -> list[Change]:
        known = {
            d.name: d
            for d in current_documents(session, kind.name, names=[name for name, _ in group])
        }
        last = _last_versions(session, kind.name, [name for name, _ in group])
        changes, fresh, problems = [], [], []
        for name, given in group:
            old = known.get(name)
            body = kind.encrypt(given, old.body if old else None) if kind.encrypt else given
            if old and digest(old.body) == digest(body):
                changes.append(Change(kind.name, name, "unchanged", old.version))
                continue
            if kind.check:
                problems += [
                    Problem(f"{kind.name} {name}, {p.where}", p.what, p.remedy)
                    for p in kind.check(session, name, body)
                ]
            version = last.get(name, 0) + 1
            fresh.append(Document(kind.name, name, version, body))
            paths = tuple(changed_paths(old.body, body)) if old else ()
            changes.append(Change(kind.name, name, "changed" if old else "added", version, paths))
        if problems:
            raise Invalid("these documents cannot be applied", problems=problems)
        if fresh and not dry:
            _store(session, fresh, at=at, actor=actor)
            if kind.on_apply:
                kind.on_apply(session, fresh)
        return changes

    def remove(
        self,
        session: Session,
        documents: Iterable[tuple[str, str]],
        *,
        at: datetime,
        actor: str,
        dry: bool = False,
    ) -> list[Change]:
        """Take documents, given as (kind, name), out of use, all or none; their versions stay readable.

        `dry` only says whether they may go. Raises NotFound, and Refused naming everything that still needs one.
        """
        by_kind: dict[str, list[str]] = defaultdict(list)
        for kind, name in sorted(set(documents)):
            by_kind[self.kind(kind).name].append(name)
        if by_kind and not dry:
            execute(session, "SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        found = {
            kind: current_documents(session, kind, names=names) for kind, names in by_kind.items()
        }
        missing = [
            f"{k} named {n}"
            for k in by_kind
            for n in sorted({*by_kind[k]} - {d.name for d in found[k]})
        ]
        if missing:
            raise NotFound(
                f"no {', no '.join(missing)}", remedy="see what there is with iom config export"
            )
        _refuse_used(list(self._needed(session, by_kind)), sum(map(len, by_kind.values())))
        if not dry:
            for kind in sorted(by_kind, key=lambda k: -self.kinds[k].order):
                gone = [Document(kind, d.name, d.version + 1, d.body) for d in found[kind]]
                _store(session, gone, at=at, actor=actor, deleted=True)
                removed = self.kinds[kind].on_delete
                if removed:
                    removed(session, by_kind[kind])
        return [
            Change(kind, d.name, "removed", d.version + 1) for kind in found for d in found[kind]
        ]

    def _needed(self, session: Session, leaving: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
        """Why documents may not leave: others name them that do not leave with them, or data needs them."""
        for kind, names in leaving.items():
            for user in sorted(self.kinds.values(), key=lambda k: k.name):
                staying = _named_in(session, user, kind, names, without=leaving.get(user.name, ()))
                for name, by, where in staying:
                    yield Problem(
                        f"{kind} {name}",
                        f"is used by {user.name} {by} ({where})",
                        f"change or delete that {user.name}",
                    )
            keep = self.kinds[kind].deletion_guard
            for look in (*([keep] if keep else ()), *self.deletion_guards[kind]):
                yield from look(session, names)

    def export(self, session: Session, kinds: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """Every current document, ready to be applied elsewhere; secrets masked or as references."""
        out = []
        for kind in sorted(self.kinds.values(), key=lambda k: (k.order, k.name)):
            if kinds is None or kind.name in kinds:
                out += [
                    {
                        "kind": d.kind,
                        "name": d.name,
                        "body": kind.redact(d.body) if kind.redact else d.body,
                    }
                    for d in current_documents(session, kind.name)
                ]
        return out


def _check_once(documents: Iterable[tuple[str, str]]) -> None:
    """Of two bodies for one document nobody could say which is meant."""
    twice = [document for document, times in Counter(documents).items() if times > 1]
    if twice:
        problems = [
            Problem(f"{kind} {name}", "stands here more than once", "keep one of them")
            for kind, name in twice
        ]
        raise Invalid("these documents cannot be applied", problems=problems)


def current_documents(
    session: Session, kind: str, *, names: Sequence[str] | None = None
) -> list[Document]:
    """The version in use of each document of a kind, by name."""
    query = select(ConfigurationDocument).where(
        ConfigurationDocument.kind == kind,
        ConfigurationDocument.current,
        ~ConfigurationDocument.deleted,
    )
    if names is not None:
        query = query.where(_among(names))
    rows = session.scalars(query.order_by(ConfigurationDocument.name))
    return [Document(r.kind, r.name, r.version, r.body) for r in rows]


def get_document(session: Session, kind: str, name: str, *, version: int | None = None) -> Document:
    """One document, the version in use unless told. Raises NotFound."""
    query = select(ConfigurationDocument).where(
        ConfigurationDocument.kind == kind, ConfigurationDocument.name == name
    )
    query = query.where(
        ConfigurationDocument.version == version
        if version is not None
        else ConfigurationDocument.current & ~ConfigurationDocument.deleted
    )
    row = session.scalars(query).one_or_none()
    if row is None:
        raise NotFound(f"no {kind} named {name}" + (f" in version {version}" if version else ""))
    return Document(row.kind, row.name, row.version, row.body)


def digest(body: Mapping[str, Any]) -> str:
    """A hash that is equal exactly when two bodies are the same JSON."""
    return sha256(to_json(_sorted(body))).hexdigest()


def changed_paths(old: object, new: object, at: str = "") -> list[str]:
    """Dotted paths whose value differs between two JSON values."""
    if isinstance(old, dict) and isinstance(new, dict):
        return [
            path
            for key in sorted({*old, *new})
            for path in changed_paths(old.get(key), new.get(key), f"{at}.{key}" if at else str(key))
        ]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [
            path
            for i, (a, b) in enumerate(zip(old, new, strict=True))
            for path in changed_paths(a, b, f"{at}[{i}]")
        ]
    return [] if old == new else [at]


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(v) for v in value] if isinstance(value, list) else value


def _among(names: Sequence[str]) -> ColumnElement[bool]:
    """Whether the document is one of these: one array, because a statement takes at most 65,535 single values."""
    return ConfigurationDocument.name == any_(literal(list(names), ARRAY(Text)))


def _removals(session: Session, documents: Iterable[tuple[str, str]]) -> list[Change]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for kind, name in sorted(documents):
        by_kind[kind].append(name)
    last = {kind: _last_versions(session, kind, names) for kind, names in by_kind.items()}
    return [
        Change(kind, name, "removed", last[kind][name] + 1)
        for kind, names in by_kind.items()
        for name in names
    ]


def _current_names(session: Session, kind: str) -> list[str]:
    query = "SELECT name FROM platform.configuration_document WHERE kind = %s AND current AND NOT deleted"
    return [row[0] for row in fetch(session, query, (kind,))]


def _named_in(
    session: Session, user: DocumentKind, kind: str, names: Sequence[str], *, without: Sequence[str]
) -> Iterator[tuple[str, str, str]]:
    """(name, document that names it, where in its body) for the current documents of one kind."""
    for path in user.references.get(kind, ()):
        rows = fetch(
            session,
            "SELECT v #>> '{}', d.name FROM platform.configuration_document d, jsonb_path_query(d.body, %s::jsonpath) v"
            " WHERE d.kind = %s AND d.current AND NOT d.deleted AND v #>> '{}' = ANY(%s) AND d.name <> ALL(%s)"
            " ORDER BY d.name, 1 LIMIT %s",
            (path, user.name, list(names), list(without), _SHOWN),
        )
        yield from ((name, by, path.removeprefix("$.")) for name, by in dict.fromkeys(rows))
    if user.find_references:
        for document in current_documents(session, user.name):
            if document.name not in without:
                for other, name, where in dict.fromkeys(user.find_references(document.body)):
                    if other == kind and name in names:
                        yield name, document.name, where


def _refuse_used(problems: Sequence[Problem], documents: int) -> None:
    if problems:
        what = "this document is in use" if documents == 1 else "some of these documents are in use"
        raise Refused(
            f"{what} and cannot be deleted", problems=problems[:_SHOWN], remedy="end its use first"
        )


def _last_versions(session: Session, kind: str, names: Sequence[str]) -> dict[str, int]:
    table = ConfigurationDocument
    query = select(table.name, func.max(table.version)).where(table.kind == kind, _among(names))
    return {name: version for name, version in session.execute(query.group_by(table.name))}


def _store(
    session: Session,
    documents: Sequence[Document],
    *,
    at: datetime,
    actor: str,
    deleted: bool = False,
) -> None:
    table = ConfigurationDocument
    session.execute(
        update(table)
        .where(table.kind == documents[0].kind, _among([d.name for d in documents]), table.current)
        .values(current=False)
    )
    session.execute(
        insert(table),
        [
            {
                "kind": d.kind,
                "name": d.name,
                "version": d.version,
                "current": True,
                "deleted": deleted,
                "digest": digest(d.body),
                "body": d.body,
                "at": at,
                "actor": actor,
            }
            for d in documents
        ],
    )


@dataclass(frozen=True, slots=True)
class LastChange:
    """When and by whom a kind of document was last changed."""

    at: datetime
    actor: str


def last_change(session: Session, kind: str) -> LastChange:
    """Return the last change of any document of `kind`. Raises NotFound when there is none."""
    rows = fetch_as(
        session,
        LastChange,
        "SELECT at, actor FROM platform.configuration_document"
        " WHERE kind = %s ORDER BY id DESC LIMIT 1",
        (kind,),
    )
    if not rows:
        raise NotFound(f"no {kind} document was ever applied", where="kind")
    return rows[0]


def latest_bodies(session: Session, kind: str, names: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return the newest bodies by name, including those of deleted documents."""
    rows = fetch(
        session,
        "SELECT name, body FROM platform.configuration_document"
        " WHERE kind = %s AND name = ANY(%s) AND current",
        (kind, list(names)),
    )
    return dict(rows)
