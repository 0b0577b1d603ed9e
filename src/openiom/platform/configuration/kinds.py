"""Kinds of documents, and the changes that applying them makes."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.kernel import Problem
from openiom.platform.bulk import fetch

from .store import Document

DeletionGuard = Callable[[Session, Sequence[str]], Iterable[Problem]]
"""(session, names) -> why documents of these names must stay."""


BatchCheck = Callable[
    [Session, Sequence[Document], Mapping[str, Collection[str]]], Iterable[Problem]
]
"""(session, documents, names of the same request by kind) -> problems of these documents."""


@dataclass(frozen=True)
class DocumentKind:
    """A kind of document that a package lets users configure.

    schema           pydantic model of the body; it forbids unknown fields
    order            kinds are applied in ascending order, so that references exist
    check            (session, name, body) -> problems that only other documents reveal
    check_all        (session, documents, given names by kind) -> problems, for many in one query
    on_apply         (session, documents): update the read model after new versions are stored
    on_delete        (session, names): update the read model after documents are deleted
    references       other kind -> JSON paths of this kind's body that hold names of that kind
    find_references  body -> (other kind, name, where), for names that no JSON path reaches
    deletion_guard   why these must stay although no document names them, such as stock at a source
    encrypt          (body, stored body or None) -> body to store, with its secrets encrypted
    redact           body -> body for reading and export, with its secrets masked
    """

    name: str
    schema: type[BaseModel]
    order: int = 50
    check: Callable[[Session, str, dict[str, Any]], Sequence[Problem]] | None = None
    check_all: BatchCheck | None = None
    on_apply: Callable[[Session, Sequence[Document]], None] | None = None
    on_delete: Callable[[Session, Sequence[str]], None] | None = None
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    find_references: Callable[[dict[str, Any]], Iterable[tuple[str, str, str]]] | None = None
    deletion_guard: DeletionGuard | None = None
    encrypt: Callable[[dict[str, Any], dict[str, Any] | None], dict[str, Any]] | None = None
    redact: Callable[[dict[str, Any]], dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class UseQuery:
    """A deletion guard for documents of `kind` that asks the database.

    `query` has one parameter, an array of names, and returns those of them that are in use; `what`
    says how, and `remedy` what ends that use. An instance is called as a `DeletionGuard`.
    """

    kind: str
    what: str
    remedy: str
    query: str

    def __call__(self, session: Session, names: Sequence[str]) -> list[Problem]:
        rows = fetch(session, self.query, (list(names),))
        return [Problem(f"{self.kind} {name}", self.what, self.remedy) for (name,) in rows]


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """What applying or deleting one document changes; `paths` are those of a changed body."""

    kind: str
    name: str
    change: Literal["added", "changed", "unchanged", "removed"]
    version: int
    paths: tuple[str, ...] = ()
